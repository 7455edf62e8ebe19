"""Putting the house together: settings, URLs, the API, jobs, the command line."""
