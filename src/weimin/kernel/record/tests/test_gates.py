"""The gate that packages above hang their checks on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from weimin.kernel.record import registry
from weimin.kernel.record.types import Blocker

AT = datetime(2026, 3, 2, tzinfo=UTC)


def one(*, subject_id: str, at: datetime) -> list[Blocker]:
    return [Blocker("one", f"还差第一样：{subject_id}", "某法第一条")]


def none(*, subject_id: str, at: datetime) -> list[Blocker]:
    return []


def broken(*, subject_id: str, at: datetime) -> list[Blocker]:
    raise ValueError("cannot tell")


@pytest.fixture(autouse=True)
def gates() -> Iterator[None]:
    yield
    registry._gates.pop("thing", None)


def found() -> list[str]:
    return [b.code for b in registry.check_gates(subject_kind="thing", subject_id="7", at=AT)]


def test_checks_add_up_and_stand_once() -> None:
    registry.register_gate("thing", none)
    assert found() == []
    registry.register_gate("thing", one)
    registry.register_gate("thing", one)
    assert found() == ["one"]


def test_a_blocker_carries_its_sentence_and_clause() -> None:
    registry.register_gate("thing", one)
    (blocker,) = registry.check_gates(subject_kind="thing", subject_id="7", at=AT)
    assert (blocker.text, blocker.clause) == ("还差第一样：7", "某法第一条")


def test_a_gate_where_nobody_stands_or_whose_check_fails_lets_nothing_through() -> None:
    with pytest.raises(LookupError):
        found()
    registry.register_gate("thing", broken)
    with pytest.raises(ValueError, match="cannot tell"):
        found()
