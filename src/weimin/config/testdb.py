"""Starts a second, forgetful embedded database for the tests, and prints its address."""

from __future__ import annotations

import sys

from weimin.base import embedded


def main() -> None:
    """Start it and print the address, or stop it."""
    data = embedded.data_folder() / "test"
    if "stop" in sys.argv[1:]:
        embedded.stop(data)
    else:
        print(embedded.ensure_started(data, fast=True))


if __name__ == "__main__":
    main()
