"""Pages of the gate and of the right to take part: forms, the desk of office, bodies and townships, the public's."""
