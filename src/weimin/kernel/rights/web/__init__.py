"""Pages on the rights of the person and on the end of keeping."""
