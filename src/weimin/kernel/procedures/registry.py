"""Where packages above say what of theirs uses a procedure or a decision table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Literal

from weimin.kernel.procedures.types import Use

Kind = Literal["procedure", "table"]
#: A function of (kind, code) that lists what uses it.
FindUses = Callable[[Kind, str], tuple[Use, ...]]
#: A function of a kind that counts what uses each code.
CountUses = Callable[[Kind], Mapping[str, int]]
_FINDERS: dict[str, FindUses] = {}
_COUNTERS: dict[str, CountUses] = {}


def register_uses(name: str, find: FindUses, count: CountUses) -> None:
    """Tell how to find and count what of a package uses procedures and tables; the same name again replaces it."""
    _FINDERS[name], _COUNTERS[name] = find, count


def find_uses(kind: Kind, code: str) -> tuple[Use, ...]:
    """Everything above that uses a procedure or a table, package by package.

    Cost:   what each package needs, one query each
    """
    return tuple(use for name in sorted(_FINDERS) for use in _FINDERS[name](kind, code))


def count_uses(kind: Kind) -> Mapping[str, int]:
    """How much above uses each code.

    Cost:   what each package needs, one query each
    """
    found: Counter[str] = Counter()
    for count in _COUNTERS.values():
        found.update(count(kind))
    return found
