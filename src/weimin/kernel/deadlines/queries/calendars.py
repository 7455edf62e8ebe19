"""The calendar in force, as it was at any moment, and as shipped."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet

from weimin.base.errors import NotFound
from weimin.base.keeping import keep
from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.models import CalendarNotice, NoticeShift
from weimin.kernel.deadlines.rules import Calendar, calendar_of
from weimin.kernel.deadlines.types import Limit, Notice, NoticeDay


class NoticeUnknown(NotFound):
    """No such holiday notice."""

    code = "deadlines.notice_unknown"


def to_notice(row: CalendarNotice) -> Notice:
    """A stored notice as a value."""
    days = tuple(NoticeDay(date.fromisoformat(day), works, name) for day, works, name in row.days)
    return Notice(row.year, row.number, row.source, days)


def _in_force() -> QuerySet[CalendarNotice]:
    return CalendarNotice.objects.filter(approved_at__isnull=False, replaced_at=None).order_by("year")


@keep
def get_calendar() -> Calendar:
    """The calendar of all years whose notice is in force.

    Cost:   one query every ten seconds in a process
    """
    return calendar_of([to_notice(row) for row in _in_force()])


@keep
def _ever_in_force() -> list[CalendarNotice]:
    return list(CalendarNotice.objects.filter(approved_at__isnull=False).order_by("year", "version"))


def calendar_at(moment: datetime) -> Calendar:
    """The calendar as it was in force at a moment.

    Cost:   one query every ten seconds in a process
    """
    rows = [
        row
        for row in _ever_in_force()
        if row.approved_at and row.approved_at <= moment and (row.replaced_at is None or row.replaced_at > moment)
    ]
    return calendar_of([to_notice(row) for row in rows])


def calendar_with(row: CalendarNotice) -> Calendar:
    """The calendar as it would be with a notice in place of its year's present one.

    Cost:   one query
    """
    others = [to_notice(one) for one in _in_force().exclude(year=row.year)]
    return calendar_of(sorted([*others, to_notice(row)], key=lambda one: one.year))


def list_years() -> list[CalendarNotice]:
    """The notices in force, one a year."""
    return list(_in_force())


def list_notices() -> list[CalendarNotice]:
    """Every version of every year's notice, newest first."""
    return list(CalendarNotice.objects.order_by("-year", "-version"))


def get_notice(notice_id: int) -> CalendarNotice:
    """A notice by its id.

    Raises: NoticeUnknown — no such notice
    """
    row = CalendarNotice.objects.filter(pk=notice_id).first()
    if row is None:
        raise NoticeUnknown("找不到这一版放假安排。")
    return row


def list_shifts(notice_id: int, *, after: int = 0, limit: int = 50) -> list[NoticeShift]:
    """The clocks that a notice moves, paged by key.

    Cost:   one query
    """
    return list(NoticeShift.objects.filter(notice_id=notice_id, pk__gt=after).order_by("pk")[:limit])


def count_from(*, start: date, limit: Limit) -> date:
    """The last day of a limit without pauses."""
    due = rules.count_dates(start=start, limit=limit, calendar=get_calendar()).due
    assert due is not None
    return due


def days_left(*, today: date, due: date) -> int:
    """Working days left until a due day; negative when overdue.

    Units:  working days
    """
    return rules.working_days_left(today=today, due=due, calendar=get_calendar())
