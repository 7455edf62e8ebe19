"""Help for anyone's tests: an actor who loads, a moment, and short ways to enter what clocks need."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import yaml

from weimin.kernel.deadlines import actions
from weimin.kernel.deadlines.rules import read_shipped_notices, shipped_calendar
from weimin.kernel.deadlines.rules.laws import DATA
from weimin.kernel.deadlines.types import ClockRef, ClockSpec, Limit
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
#: Far enough behind every day that these tests write down.
LATER = datetime(2026, 12, 31, 1, 30, tzinfo=UTC)
LOADER = Actor.system("装入程序", via="cli")
TWENTY = Limit(20, "workday", "xkl-2019 art. 42")
PERMIT_GROUNDS = (
    "hearing",
    "tender",
    "auction",
    "inspection",
    "testing",
    "quarantine",
    "appraisal",
    "expert_review",
)

__all__ = ["AT", "DATA", "LATER", "LOADER", "read_shipped_notices", "shipped_calendar"]


def read_notices() -> list[dict[str, Any]]:
    """The shipped notice files as they are, oldest year first."""
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DATA.glob("calendar_*.yaml"))]


def read_parameters() -> list[dict[str, Any]]:
    """The shipped legal parameters."""
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / "parameters.yaml").read_text(encoding="utf-8"))
    return rows


def open_permit(
    start: date,
    *,
    statutory: Limit | None = TWENTY,
    committed: Limit | None = None,
    number: str = "1",
    at: datetime = LATER,
    **fields: Any,
) -> ClockRef:
    """A permit's handling clock, with the eight grounds and one extension."""
    values: dict[str, Any] = {
        "purpose": "handle",
        "subject": ("test", number),
        "regime": "permit",
        "grounds": PERMIT_GROUNDS,
        "extend": "permit.decision.extend",
        **fields,
    }
    spec = ClockSpec(start_date=start, statutory=statutory, committed=committed, **values)
    return actions.open_clock(by=LOADER, at=at, spec=spec)


def stand(
    clock_id: int, on: date, *, until: date | None = None, ground: str = "expert_review", at: datetime = LATER
) -> ClockRef:
    """Let a clock stand, with everything that law asks for."""
    standing = actions.Standing(ground, on, until or date(2026, 12, 31), "请专家看图纸", "已书面告知")
    return actions.pause_clock(by=LOADER, at=at, clock_id=clock_id, standing=standing)
