"""Writes audit entries, or links them, in a process of its own until it is killed; for the test that kills it.

python -m weimin.kernel.record.tests.writing write|link MARK
"""

from __future__ import annotations

import sys
from itertools import count

import django

django.setup()

from django.db import transaction  # noqa: E402

from weimin.kernel.record import actions  # noqa: E402
from weimin.kernel.record.tests.chain_help import AT, write  # noqa: E402


def main(job: str, mark: str) -> None:
    """Work without end; a line on the output says that it began."""
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    for number in count():
        if job == "link":
            actions.chain_entries(at=AT, batch=7)
            continue
        with transaction.atomic():
            write(1 + number % 4, subject=f"{mark}-{number}")
            if number % 5 == 4:
                transaction.set_rollback(True)


if __name__ == "__main__":
    main(*sys.argv[1:])
