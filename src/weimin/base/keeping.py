"""What a process keeps for some seconds, so that a change by another process reaches it soon."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import monotonic
from typing import TypeVar

#: How long a process may go on with what it has read.
KEEP_SECONDS = 10.0
Kept = TypeVar("Kept")
_kept: dict[str, tuple[float, object]] = {}


def keep(read: Callable[[], Kept]) -> Callable[[], Kept]:
    """Keep what a reader gives for some seconds, or until `forget`."""
    name = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def kept() -> Kept:
        found = _kept.get(name)
        if found is None or monotonic() >= found[0]:
            found = _kept[name] = (monotonic() + KEEP_SECONDS, read())
        return found[1]  # type: ignore[return-value]

    return kept


def forget() -> None:
    """Drop what is kept in the process; after writes and in tests."""
    _kept.clear()
