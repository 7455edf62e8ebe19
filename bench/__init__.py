"""Measurements. `make bench` runs all and writes docs/reference/performance.md; nothing here is a test."""
