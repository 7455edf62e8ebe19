"""Weimin (为民), the township government service platform."""
