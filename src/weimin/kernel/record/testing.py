"""Help for anyone's tests: entries linked inside a test's own transaction."""

from __future__ import annotations

from datetime import datetime

from weimin.kernel.record.actions.chaining import link_below


def link_all(at: datetime) -> int:
    """Link every entry that can be seen, also those of the transaction that the test itself is in."""
    linked = 0
    while done := link_below(at=at, batch=1000, below=2**62):
        linked += done
    return linked
