"""The notices and parameters that come with the platform, without a database."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from weimin.kernel.deadlines.rules.calendars import Calendar, calendar_of
from weimin.kernel.deadlines.rules.laws import DATA
from weimin.kernel.deadlines.types import Notice, NoticeDay


def read_shipped_notices() -> list[Notice]:
    """The notices that come with the platform, oldest year first."""
    notices = []
    for path in sorted(DATA.glob("calendar_*.yaml")):
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        days = [NoticeDay(day, False, name) for name, listed in raw["off"].items() for day in listed]
        days += [NoticeDay(day, True, "调休上班") for day in raw["work"]]
        notices.append(Notice(int(raw["year"]), raw["notice"], raw["source"], tuple(sorted(days, key=_day))))
    return notices


def _day(one: NoticeDay) -> date:
    return one.day


def shipped_calendar() -> Calendar:
    """The calendar of the shipped notices, without a database."""
    return calendar_of(read_shipped_notices())


def read_shipped_parameters() -> list[dict[str, Any]]:
    """The rows of legal parameters that come with the platform, as they stand in the file."""
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / "parameters.yaml").read_text(encoding="utf-8"))
    return rows
