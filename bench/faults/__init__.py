"""Faults made on purpose, and what was promised under them; `make faults` runs them all."""
