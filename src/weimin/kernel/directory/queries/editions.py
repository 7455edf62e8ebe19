"""What a process keeps of the directory, for as long as nobody changes it, on this machine or another.

A number in the database grows with every change of places and bodies. A process asks for it at most every ten seconds;
when it is another, everything read under the former one is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from weimin.base.keeping import keep
from weimin.kernel.directory.models import Edition

Read = TypeVar("Read", bound=Callable[..., Any])
_kept: dict[str, dict[tuple[Any, ...], Any]] = {}
_of: list[int] = [0]


@keep
def edition() -> int:
    """The number of the directory as it stands.

    Cost:   one query every ten seconds in a process
    """
    return Edition.objects.values_list("number", flat=True).first() or 0


def of_edition(read: Read) -> Read:
    """Keep what a reader gives for its arguments, until the directory changes.

    Cost:   a change by another process shows after ten seconds
    """
    name = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def kept(*asked: Any) -> Any:
        now = edition()
        if now != _of[0]:
            forget()
            _of[0] = now
        found = _kept.setdefault(name, {})
        if asked not in found:
            # read into what was there at the beginning: a change in between drops it with the rest
            found[asked] = read(*asked)
        return found[asked]

    return kept  # type: ignore[return-value]


def forget() -> None:
    """Drop what is kept in the process."""
    _kept.clear()
