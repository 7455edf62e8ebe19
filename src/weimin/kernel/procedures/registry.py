"""Where packages above say what of theirs uses a procedure or a decision table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from weimin.kernel.procedures.types import Use

Kind = Literal["procedure", "table"]
#: A function of (kind, code) that lists what uses it.
FindUses = Callable[[Kind, str], tuple[Use, ...]]
_FINDERS: dict[str, FindUses] = {}


def register_uses(name: str, find: FindUses) -> None:
    """Tell how to find what of a package uses a procedure or table; the same name again replaces it."""
    _FINDERS[name] = find


def find_uses(kind: Kind, code: str) -> tuple[Use, ...]:
    """Everything above that uses a procedure or a table, package by package.

    Cost:   what each package needs, one query each
    """
    return tuple(use for name in sorted(_FINDERS) for use in _FINDERS[name](kind, code))
