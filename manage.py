#!/usr/bin/env python
"""Django's own command line; operators use `weimin`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weimin.config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
