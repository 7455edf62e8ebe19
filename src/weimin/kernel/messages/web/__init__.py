"""The message centre."""
