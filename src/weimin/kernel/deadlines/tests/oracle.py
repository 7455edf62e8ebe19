"""The slowest, plainest count of a limit: one day at a time, crossing off what the law crosses off.

Written apart from the rules and sharing nothing with them but the shipped notices, which it reads itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from weimin.kernel.deadlines.testing import read_notices

#: A pause as first and last day standing; no last day: still standing.
Stand = tuple[date, date | None]

TOMORROW = timedelta(days=1)
#: No notice is out for the years after.
LAST_KNOWN = date(2026, 12, 31)

DAYS_OFF: set[date] = set()
MAKE_UP_DAYS: set[date] = set()
for _notice in read_notices():
    MAKE_UP_DAYS.update(_notice["work"])
    for _days in _notice["off"].values():
        DAYS_OFF.update(_days)


class BeyondNotices(Exception):
    """The count leads past the last day that a notice covers."""


def offices_work(day: date) -> bool:
    """By the notices; where they are silent, Monday to Friday."""
    if day in MAKE_UP_DAYS:
        return True
    if day in DAYS_OFF:
        return False
    return day.strftime("%a") not in ("Sat", "Sun")


def matching_day(start: date, count: int) -> date:
    """The day of the same number some months on; the month's last day if it has no such day."""
    year, month = start.year, start.month
    for _ in range(count):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    day = date(year, month, 1)
    while day.day < start.day and (day + TOMORROW).month == month:
        day += TOMORROW
    return day


def how_many_days(start: date, value: int, unit: str) -> int:
    """How many days must count until the limit is used up."""
    if unit != "month":
        return value
    match, many = matching_day(start, value), 0
    while start < match:
        start += TOMORROW
        many += 1
    return many


def days_stood(pauses: Sequence[Stand]) -> set[date]:
    """Every single day on which the clock stands, to the end of the notices if it still stands."""
    stood = set()
    for since, until in pauses:
        day = since
        while day <= (LAST_KNOWN if until is None else until):
            stood.add(day)
            day += TOMORROW
    return stood


def oracle_due(
    start: date, value: int, unit: str, pauses: Sequence[Stand] = (), more: Sequence[int] = ()
) -> date | None:
    """The last day of a limit; None while the clock stands without an end.

    Raises: BeyondNotices — the count is not over on the last day that a notice covers
    """
    for added in more:
        value += added
    needed = how_many_days(start, value, unit)
    stood = days_stood(pauses)
    stands_for_good = any(until is None and since <= LAST_KNOWN for since, until in pauses)
    day, counted = start, 0
    while day < LAST_KNOWN:
        day += TOMORROW
        if day in stood:
            continue
        if unit == "workday":
            if offices_work(day):
                counted += 1
        else:
            counted += 1
        if counted >= needed and offices_work(day):
            return day
    if stands_for_good:
        return None
    raise BeyondNotices(start, value, unit)
