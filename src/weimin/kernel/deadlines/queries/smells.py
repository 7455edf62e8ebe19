"""Patterns in clocks that a person should look at, each with its evidence. Honest work rarely shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import QuerySet

from weimin.base.clock import day_start, local_date
from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.queries.calendars import get_calendar
from weimin.kernel.deadlines.queries.clocks import limit_of, to_entry
from weimin.kernel.deadlines.queries.law import find_ground, get_parameter, get_share
from weimin.kernel.deadlines.rules.counting import cn_day
from weimin.kernel.deadlines.types import Smell


def _written(since: date, until: date, kinds: tuple[str, ...]) -> QuerySet[ClockEntry]:
    """Entries that a person wrote in a period; what followed by itself in a sister clock is left out."""
    rows = ClockEntry.objects.filter(at__gte=day_start(since), at__lt=day_start(until + timedelta(days=1)))
    return rows.filter(kind__in=kinds, cause=None).select_related("clock").order_by("id")


def count_clocks(*, since: date, until: date) -> int:
    """How many clocks ran in a period.

    Cost:   one query
    """
    return Clock.objects.filter(start_date__lte=until).exclude(stopped_on__lt=since).count()


def _smell(entry: ClockEntry, evidence: str) -> Smell:
    clock = entry.clock
    return Smell(f"entry:{entry.pk}", clock.subject_id, clock.pk, clock.agency_id, clock.place, entry.on, evidence)


def find_late_pauses(*, since: date, until: date) -> Iterator[Smell]:
    """Pauses that were opened within the last tenth of a limit, or after it.

    Cost:   two queries
    """
    pauses = list(_written(since, until, ("pause",)))
    ledgers: dict[int, list[ClockEntry]] = defaultdict(list)
    for row in ClockEntry.objects.filter(clock_id__in={one.clock_id for one in pauses}).order_by("id"):
        ledgers[row.clock_id].append(row)
    calendar = get_calendar()
    for one in pauses:
        limit = limit_of(one.clock, "committed") or limit_of(one.clock, "statutory")
        if limit is None:
            continue
        share = get_share(code="integrity.late_pause", on=one.on)
        before = rules.sum_entries([to_entry(row) for row in ledgers[one.clock_id] if row.pk < one.pk])
        dates = rules.count_dates(
            start=before.start,
            limit=limit,
            calendar=calendar,
            pauses=before.pauses,
            extensions=before.extensions,
            shares=(share, share),
        )
        if dates.red_on is not None and dates.due is not None and one.on >= dates.red_on:
            yield _smell(
                one,
                f"{cn_day(one.on)}停钟（{one.reason}），期限到{cn_day(dates.due)}，"
                f"{cn_day(dates.red_on)}起已进入最后一段。记录人：{one.by_label}。",
            )


def find_bare_pauses(*, since: date, until: date) -> Iterator[Smell]:
    """Pauses on a ground that asks for a written notice, without one.

    Law:    xkl-2019 art. 45
    Cost:   one query
    """
    for one in _written(since, until, ("pause",)).filter(notice=""):
        ground = find_ground(regime=one.clock.regime, code=one.ground, on=one.on)
        if ground is None or ground.notice:
            yield _smell(one, f"{cn_day(one.on)}停钟（{one.reason}），台账里没有书面告知。记录人：{one.by_label}。")


def find_long_pauses(*, since: date, until: date) -> Iterator[Smell]:
    """Clocks that still stand though the time that was told is over.

    Cost:   one query
    """
    standing = Clock.objects.filter(state="paused", planned_until__lt=until, parent=None)
    pauses = ClockEntry.objects.filter(clock__in=standing, kind="pause").select_related("clock")
    calendar = get_calendar()
    for pause in pauses.order_by("clock_id", "-id").distinct("clock_id"):
        told = pause.clock.planned_until
        late = rules.working_days_left(today=until, due=told, calendar=calendar) if told else 0
        if told and late < -1:
            yield _smell(pause, f"{cn_day(pause.on)}停钟，告知到{cn_day(told)}，过了 {-late} 个工作日还停着。")


def find_backdated(*, since: date, until: date) -> Iterator[Smell]:
    """Entries whose day lies more working days before they were written than the list allows.

    Cost:   one query
    """
    calendar = get_calendar()
    rows = _written(since, until, ("start", "pause", "resume", "extend", "correct")).exclude(
        by_label__startswith="系统"
    )
    for one in rows:
        written = local_date(one.at)
        if one.on >= written:
            continue
        allowed = get_parameter(code="integrity.backdated", on=written).value
        behind = sum(
            calendar.works(one.on + timedelta(days=offset)) for offset in range(1, (written - one.on).days + 1)
        )
        if behind > allowed:
            what = one.get_kind_display()
            yield _smell(
                one, f"{cn_day(written)}才记{cn_day(one.on)}的{what}，晚了 {behind} 个工作日。记录人：{one.by_label}。"
            )
