"""Where packages above plug in: whose clocks these are, and who hears of warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from weimin.kernel.deadlines.types import LevelChange, Move
from weimin.kernel.record.types import Actor

#: moved(by=, at=, moves=): carry new dates to the rows and people of a kind of subject, in the caller's transaction.
Moved = Callable[..., None]
#: changed(at=, changes=): hear of clocks that passed a threshold, in the caller's transaction; may be called twice.
Changed = Callable[..., None]

_moved: dict[str, Moved] = {}
_changed: list[Changed] = []


def register_subject(kind: str, *, moved: Moved) -> None:
    """Register a kind of subject whose rows show dates of clocks."""
    _moved[kind] = moved


def register_watcher(changed: Changed) -> None:
    """Register who hears of every change of level."""
    if changed not in _changed:
        _changed.append(changed)


def tell_moved(kind: str, *, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Tell the owner of a kind of subject that dates moved."""
    if moves and kind in _moved:
        _moved[kind](by=by, at=at, moves=moves)


def tell_changed(*, at: datetime, changes: Iterable[LevelChange]) -> None:
    """Tell the watchers that levels changed."""
    rows = list(changes)
    for watcher in _changed if rows else ():
        watcher(at=at, changes=rows)
