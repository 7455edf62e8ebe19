"""On which day something counts as received."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from weimin.base.clock import SHANGHAI
from weimin.kernel.deadlines.rules.calendars import Calendar


def receipt_date(*, at: datetime, closes: time | None, next_workday: bool, calendar: Calendar) -> date:
    """The day of receipt: the day itself, or the next working day after closing where the rule says so.

    Without that rule a day ends at 24:00; with it, what comes in after `closes` or on a day off is
    received on the next working day.

    Law:    mfd-2020 art. 203
    """
    local = at.astimezone(SHANGHAI)
    day = local.date()
    if not next_workday:
        return day
    if calendar.works(day) and (closes is None or local.timetz().replace(tzinfo=None) <= closes):
        return day
    return calendar.next_workday(day + timedelta(days=1))
