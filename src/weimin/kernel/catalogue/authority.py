"""Where the app of delegations plugs in: who decides an item in a township on a day, and in whose name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Authority:
    """A delegation in force: the township decides, in this name, until a day (half-open; None is without end).

    Shape:  kind is empower, entrust or statutory; text is the sentence that a decision prints
    """

    delegation: str
    kind: str
    name_of: str
    text: str
    until: date | None = None

    def stored(self) -> dict[str, Any]:
        """What a matter keeps of it."""
        return {**asdict(self), "until": self.until.isoformat() if self.until else "", "decider": "township"}


Finder = Callable[[str, str, date], Authority | None]
_finders: list[Finder] = []


def register_authority(finder: Finder) -> None:
    """Say who knows which delegations are in force."""
    if finder not in _finders:
        _finders.append(finder)


def decision_authority(item_code: str, township: str, on: date) -> Authority | None:
    """The delegation under which a township decides an item on a day; None where the county decides.

    Cost:   one query of the app that registered
    """
    return next((found for one in _finders if (found := one(item_code, township, on)) is not None), None)
