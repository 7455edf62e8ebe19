"""Log-in pages of residents and staff."""
