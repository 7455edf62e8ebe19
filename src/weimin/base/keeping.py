"""What a process keeps for some seconds, so that a change by another process reaches it soon."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from time import monotonic
from typing import Generic, TypeVar

#: How long a process may go on with what it has read.
KEEP_SECONDS = 10.0
T = TypeVar("T")
_all: list[Kept] = []  # type: ignore[type-arg]


class Kept(Generic[T]):
    """A reader whose answer stands for some seconds, or until it is forgotten."""

    def __init__(self, read: Callable[[], T], seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._found: tuple[float, T] | None = None
        update_wrapper(self, read)

    def __call__(self) -> T:
        found = self._found  # one look: another thread may forget meanwhile
        if found is None or monotonic() >= found[0]:
            # noted before it is read: what changes meanwhile is not kept any longer for that
            found = self._found = (monotonic() + self._seconds, self._read())
        return found[1]

    def give(self, value: T) -> None:
        """Have a value stand that was read another way."""
        self._found = (monotonic() + self._seconds, value)

    def forget(self) -> None:
        """Have the next question read anew."""
        self._found = None


def keep_for(seconds: float) -> Callable[[Callable[[], T]], Kept[T]]:
    """Keep what a reader gives for so many seconds, or until `forget`."""

    def kept(read: Callable[[], T]) -> Kept[T]:
        found = Kept(read, seconds)
        _all.append(found)
        return found

    return kept


def keep(read: Callable[[], T]) -> Kept[T]:
    """Keep what a reader gives for as long as a process may go on with what it has read, or until `forget`."""
    return keep_for(KEEP_SECONDS)(read)


def forget() -> None:
    """Drop what is kept in the process; after writes and in tests."""
    for one in _all:
        one.forget()
