"""Where packages above plug in: what must hold before an item is published."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from weimin.kernel.record.types import Actor

#: gate(by=, at=, record=): refuse a record by raising.
Gate = Callable[..., None]
_gates: list[Gate] = []


def register_gate(gate: Gate) -> None:
    """Register what is asked before an item record is put in force."""
    if gate not in _gates:
        _gates.append(gate)


def check_gates(*, by: Actor, at: datetime, record: dict[str, Any]) -> None:
    """Ask everything that must hold; the first that does not raises."""
    for gate in _gates:
        gate(by=by, at=at, record=record)
