"""Pages of procedures and decision tables, for those who keep them."""
