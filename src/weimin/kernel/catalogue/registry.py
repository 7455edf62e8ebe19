"""Where packages above plug in: what must hold before an item is published, what runs on an item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from weimin.kernel.record.types import Actor

#: gate(by=, at=, record=): refuse a record by raising.
Gate = Callable[..., None]
_gates: list[Gate] = []
#: count(viewer, item_code): open matters by the number of the version they run on.
CountMatters = Callable[[Actor, str], Mapping[int, int]]
_counters: list[CountMatters] = []


def register_gate(gate: Gate) -> None:
    """Register what is asked before an item record is put in force."""
    if gate not in _gates:
        _gates.append(gate)


def check_gates(*, by: Actor, at: datetime, record: dict[str, Any]) -> None:
    """Ask everything that must hold; the first that does not raises."""
    for gate in _gates:
        gate(by=by, at=at, record=record)


def register_matters(count: CountMatters) -> None:
    """Say who counts what is open on the versions of an item."""
    if count not in _counters:
        _counters.append(count)


def count_matters(viewer: Actor, item_code: str) -> dict[int, int]:
    """The open matters that a viewer answers for, by the number of the version they run on.

    Cost:   one query of each package that registered
    """
    return {number: count for one in _counters for number, count in one(viewer, item_code).items()}
