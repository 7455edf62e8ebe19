"""Writes the reference pages that can be generated; `make docs` runs it."""

from __future__ import annotations

from weimin.config.cli.answering import setup


def main() -> None:
    """Write every generated page."""
    setup()
    from weimin.config import api

    api.write_openapi()


if __name__ == "__main__":
    main()
