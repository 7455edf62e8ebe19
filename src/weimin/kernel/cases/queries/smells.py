"""What smells in the matters of a period: bursts, supplements asked twice, matters that came again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from weimin.base.clock import day_start, local_date
from weimin.kernel.cases.models import Case
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import LEVEL_TEXT, Level, Smell


def find_bursts(*, since: date, until: date) -> Iterator[Smell]:
    """Officers who finished steps of many matters within seconds, whenever the seconds begin; a long burst is one.

    Cost:   one query
    """
    least = limits.get_parameter(code="integrity.burst.count", on=until).value
    seconds = limits.get_parameter(code="integrity.burst.seconds", on=until).value
    begun: dict[tuple[int, int], datetime] = {}
    for officer, agency, name, first, number, place, n in _list_bursts(since, until, seconds, least):
        before = begun.get((officer, agency))
        begun[officer, agency] = first
        if before is not None and first - before <= timedelta(seconds=seconds):
            continue
        yield Smell(
            f"burst:{officer}:{agency}:{int(first.timestamp())}",
            number,
            None,
            agency,
            place,
            local_date(first),
            f"{name}在 {seconds} 秒内办结了 {n} 件的环节，最后一件 {number}。",
        )


def _list_bursts(since: date, until: date, seconds: int, least: int) -> list[tuple[Any, ...]]:
    """Each step with which so many seconds begin that hold enough matters of one officer; a matter counts once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH steps AS (SELECT s.assignee_id, s.agency_id, s.assignee_name, s.done_at, c.number, c.township_id,"
            " lag(s.done_at) OVER (PARTITION BY s.assignee_id, s.agency_id, s.case_id ORDER BY s.done_at) AS before"
            " FROM cases_step s JOIN cases_case c ON c.id = s.case_id"
            " WHERE s.state = 'done' AND s.assignee_id IS NOT NULL"
            " AND s.kind IN ('review', 'survey', 'decide', 'issue', 'notice')"
            " AND s.done_at >= %(since)s AND s.done_at < %(until)s),"
            " spans AS (SELECT *, count(*) OVER span AS n, last_value(number) OVER span AS last_number,"
            " last_value(township_id) OVER span AS last_place FROM steps"
            " WHERE before IS NULL OR done_at - before > make_interval(secs => %(seconds)s)"
            " WINDOW span AS (PARTITION BY assignee_id, agency_id ORDER BY done_at"
            " RANGE BETWEEN CURRENT ROW AND make_interval(secs => %(seconds)s) FOLLOWING))"
            " SELECT assignee_id, agency_id, assignee_name, done_at, last_number, last_place, n FROM spans"
            " WHERE n >= %(least)s ORDER BY assignee_id, agency_id, done_at",
            {
                "since": day_start(since),
                "until": day_start(until + timedelta(days=1)),
                "seconds": seconds,
                "least": least,
            },
        )
        return cursor.fetchall()


def _later_of_same(since: date, until: date, within: int) -> QuerySet[Any]:
    """Matters received in a period that follow an ended one of the same person, item and place within some days.

    Shape:  cases with `before`, the number of the earlier one
    """
    earlier = Case.objects.filter(
        applicant_id=OuterRef("applicant_id"),
        offer_id=OuterRef("offer_id"),
        state__in=("withdrawn", "lapsed"),
        ended_at__lte=OuterRef("submitted_at"),
        ended_at__gte=OuterRef("submitted_at") - timedelta(days=within),
    ).order_by("-ended_at")
    return (
        Case.objects.filter(submitted_at__gte=day_start(since), submitted_at__lt=day_start(until + timedelta(days=1)))
        .exclude(applicant=None)
        .annotate(before=Subquery(earlier.values("number")[:1]))
        .exclude(before=None)
    )


def find_supplements_twice(*, since: date, until: date) -> Iterator[Smell]:
    """People who were asked for a supplement, had to begin anew, and were asked again.

    Law:    xkl-2019 art. 32
    Cost:   one query
    """
    again = _later_of_same(since - timedelta(days=90), until, 90).filter(supplements__isnull=False)
    asked = Case.objects.filter(number=OuterRef("before"), supplements__isnull=False)
    rows = again.filter(Exists(asked), supplements__asked_at__gte=day_start(since))
    for case in rows.order_by("id"):
        yield Smell(
            f"supplement:{case.number}",
            case.number,
            None,
            None,
            case.township_id,
            local_date(case.submitted_at),
            f"{case.before} 要求补正后终止（撤回），重新申请的 {case.number} 又要求补正。",
        )


def find_reopened(*, since: date, until: date) -> Iterator[Smell]:
    """Matters that were withdrawn or ended near or after their due day, and came in again days later.

    Cost:   two queries
    """
    cases = list(_later_of_same(since, until, 7).order_by("id"))
    levels = limits.worst_levels(subject_type="case", subject_ids=[one.before for one in cases])
    for case in cases:
        if levels.get(case.before, 0) >= Level.RED:
            stood = LEVEL_TEXT[Level(levels[case.before])]
            yield Smell(
                f"reopened:{case.number}",
                case.number,
                None,
                None,
                case.township_id,
                local_date(case.submitted_at),
                f"{case.before} 在“{stood}”时撤回（终止），几天后同一人又收 {case.number}。",
            )
