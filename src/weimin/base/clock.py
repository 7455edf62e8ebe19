"""The wall clock and the local day. Only `web`, `api`, `jobs` and the command line call `now`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_date(at: datetime) -> date:
    """The calendar day in Asia/Shanghai on which an aware moment falls.

    Raises: ValueError — the moment has no time zone
    """
    if at.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    return at.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """The first moment of a local day, in UTC."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The first moment after a local day, in UTC: limits end at 24:00.

    Law:    mfd-2020 art. 203
    """
    return day_start(day + timedelta(days=1))
