"""Help for anyone's tests: the shipped notices as a calendar without a database, and an actor who loads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import yaml

from weimin.kernel.deadlines.actions import DATA
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
LOADER = Actor.system("装入程序", via="cli")


def read_notices() -> list[dict[str, Any]]:
    """The shipped notices, oldest year first."""
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(DATA.glob("calendar_*.yaml"))]


def read_parameters() -> list[dict[str, Any]]:
    """The shipped legal parameters."""
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / "parameters.yaml").read_text(encoding="utf-8"))
    return rows


def shipped_calendar() -> Calendar:
    """The calendar of the shipped notices."""
    special: dict[date, bool] = {}
    notes: dict[date, str] = {}
    notices = read_notices()
    for notice in notices:
        for name, days in notice["off"].items():
            special |= dict.fromkeys(days, False)
            notes |= dict.fromkeys(days, name)
        special |= dict.fromkeys(notice["work"], True)
    return Calendar(special, frozenset(notice["year"] for notice in notices), notes)
