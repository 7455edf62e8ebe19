"""Writes of the calendar, parameters and clocks."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from weimin.base.errors import Refused
from weimin.kernel.deadlines import queries
from weimin.kernel.deadlines.models import CalendarDay, CalendarYear, Clock, ClockEntry, LegalParameter
from weimin.kernel.deadlines.types import ClockRef, Limit
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

DATA = Path(__file__).parent / "data"


class ClockRefused(Refused):
    """The entry cannot follow the ones before it."""

    code = "deadlines.clock_refused"


class NoticeBroken(Refused):
    """A holiday notice contradicts itself."""

    code = "deadlines.notice_broken"


def load_calendar(*, by: Actor, at: datetime, year_data: dict[str, Any]) -> int:
    """Load one year's notice, replacing what stood for that year. Gives the number of special days.

    Raises: NoticeBroken — a day outside the year, or both off and worked
    """
    year = int(year_data["year"])
    off = {day: name for name, days in year_data["off"].items() for day in days}
    work = set(year_data["work"])
    wrong = [day for day in [*off, *work] if day.year != year] + sorted(work & set(off))
    if wrong:
        raise NoticeBroken(f"{year} 年放假安排有矛盾：{wrong[0].isoformat()}。请核对原文后重新装入。")
    with transaction.atomic():
        CalendarDay.objects.filter(date__year=year).delete()
        rows = [CalendarDay(date=day, works=False, note=name) for day, name in off.items()]
        rows += [CalendarDay(date=day, works=True, note="调休上班") for day in work]
        CalendarDay.objects.bulk_create(rows)
        CalendarYear.objects.update_or_create(
            year=year,
            defaults={"notice": year_data["notice"], "source": year_data["source"], "loaded_at": at},
        )
        record_audit(
            by=by,
            at=at,
            verb="deadlines.calendar.loaded",
            subject_type="calendar",
            subject_id=year,
            changes={"notice": year_data["notice"], "days": len(rows)},
        )
    queries.forget()
    return len(rows)


def load_calendar_files(*, by: Actor, at: datetime) -> int:
    """Load the notices that come with the platform. Gives the number of years."""
    paths = sorted(DATA.glob("calendar_*.yaml"))
    for path in paths:
        load_calendar(by=by, at=at, year_data=yaml.safe_load(path.read_text(encoding="utf-8")))
    return len(paths)


PARAMETER_FIELDS = ("value", "unit", "article", "valid_until", "certainty")


def load_parameters(*, by: Actor, at: datetime, rows: list[dict[str, Any]] | None = None) -> int:
    """Load legal parameters, adding and renewing by code and first day; idempotent. Gives the number of rows.

    Cost:   one query when nothing is new; else an upsert and one audit entry with what was and is
    """
    if rows is None:
        rows = yaml.safe_load((DATA / "parameters.yaml").read_text(encoding="utf-8"))
    given = {(row["code"], row["valid_from"]): [row.get(name) for name in PARAMETER_FIELDS] for row in rows}
    found = LegalParameter.objects.values_list("code", "valid_from", *PARAMETER_FIELDS)
    old = {(code, since): values for code, since, *values in found}
    changed = {key: values for key, values in given.items() if old.get(key) != values}
    if changed:
        with transaction.atomic():
            LegalParameter.objects.bulk_create(
                [
                    LegalParameter(code=code, valid_from=since, **dict(zip(PARAMETER_FIELDS, values, strict=True)))
                    for (code, since), values in changed.items()
                ],
                update_conflicts=True,
                unique_fields=["code", "valid_from"],
                update_fields=PARAMETER_FIELDS,
            )
            record_audit(
                by=by,
                at=at,
                verb="deadlines.parameters.loaded",
                subject_type="parameters",
                subject_id=len(changed),
                changes={
                    f"{code} {since}": [_plain(old.get((code, since))), _plain(values)]
                    for (code, since), values in changed.items()
                },
            )
    queries.forget()
    return len(rows)


def _plain(values: list[Any] | None) -> str:
    return " ".join(str(one) for one in values if one is not None) if values else ""


def open_clock(
    *,
    by: Actor,
    at: datetime,
    purpose: str,
    subject: tuple[str, str],
    start_date: date,
    statutory: Limit | None,
    committed: Limit | None,
) -> ClockRef:
    """Start a clock with its statutory and committed limit; the start day is not counted.

    Raises: ClockRefused — neither limit
    Law:    mfd-2020 art. 201
    Cost:   two inserts
    """
    if statutory is None and committed is None:
        raise ClockRefused("没有期限可以计时。")
    clock = Clock(
        purpose=purpose,
        subject_type=subject[0],
        subject_id=subject[1],
        start_date=start_date,
        statutory_value=statutory.value if statutory else None,
        statutory_unit=statutory.unit if statutory else "",
        committed_value=committed.value if committed else None,
        committed_unit=committed.unit if committed else "",
        article=(statutory.article if statutory else "")[:120],
        state="running",
    )
    _recount(clock, [])
    clock.save(force_insert=True)
    ClockEntry.objects.create(
        clock=clock,
        kind="start",
        on=start_date,
        by_label=by.label[:120] or "系统",
        at=at,
        article=clock.article[:80],
    )
    return _ref(clock)


def _recount(clock: Clock, entries: list[ClockEntry]) -> None:
    statutory = queries.ledger_of(clock, entries, which="statutory")
    committed = queries.ledger_of(clock, entries, which="committed")
    clock.due_date = statutory.due if statutory else None
    clock.committed_due_date = committed.due if committed else None
    clock.provisional = any(one.provisional for one in (statutory, committed) if one)


def _ref(clock: Clock) -> ClockRef:
    return ClockRef(clock.pk, clock.due_date, clock.committed_due_date, clock.provisional)


def _add(
    by: Actor, at: datetime, clock_id: int, *, kind: str, on: date, state: str | None = None, **fields: Any
) -> ClockRef:
    """Add an entry to a locked clock and recount; without a state the clock keeps its own."""
    with transaction.atomic():
        clock = Clock.objects.select_for_update().filter(pk=clock_id).first()
        if clock is None:
            raise queries.ClockUnknown("找不到这个时钟。")
        _check_entry(clock, kind, on)
        entry = ClockEntry(clock=clock, kind=kind, on=on, by_label=by.label[:120] or "系统", at=at, **fields)
        entries = [*clock.entries.order_by("id"), entry]
        clock.state = state or clock.state
        _recount(clock, entries)
        entry.save()
        clock.save(update_fields=["state", "due_date", "committed_due_date", "provisional"])
    return _ref(clock)


def _check_entry(clock: Clock, kind: str, on: date) -> None:
    if clock.state == "stopped":
        raise ClockRefused("这个时钟已经结束，不能再记。")
    if on < clock.start_date:
        raise ClockRefused("日期早于起算日，请核对。")
    if kind == "pause" and clock.state == "paused":
        raise ClockRefused("时钟已经停着，不能再停一次。")
    if kind == "resume" and clock.state != "paused":
        raise ClockRefused("时钟没有停，不能恢复。")
    if kind == "extend" and clock.entries.filter(kind="extend").exists():
        raise ClockRefused("期限只能延长一次。")


def pause_clock(*, by: Actor, at: datetime, clock_id: int, on: date, reason: str, article: str) -> ClockRef:
    """Stop the count from a day on lawful ground; the day itself does not count.

    Raises: ClockRefused — already standing, ended, or before the start
    Law:    xkl-2019 art. 45
    """
    return _add(by, at, clock_id, kind="pause", on=on, state="paused", reason=reason, article=article)


def resume_clock(*, by: Actor, at: datetime, clock_id: int, on: date) -> ClockRef:
    """Let the count go on; `on` is the last day that does not count.

    Raises: ClockRefused — the clock does not stand
    """
    return _add(by, at, clock_id, kind="resume", on=on, state="running")


def extend_clock(
    *, by: Actor, at: datetime, clock_id: int, on: date, value: int, reason: str, article: str
) -> ClockRef:
    """Add days to the limit, once.

    Raises: ClockRefused — extended before, or ended
    Law:    xkl-2019 art. 42
    """
    return _add(by, at, clock_id, kind="extend", on=on, value=value, reason=reason, article=article)


def stop_clock(*, by: Actor, at: datetime, clock_id: int, on: date) -> None:
    """End the count on a day; an ended or unknown clock stays as it is.

    Raises: ClockRefused — the day is before the start
    Cost:   two statements
    """
    open_ones = Clock.objects.filter(pk=clock_id).exclude(state="stopped")
    with transaction.atomic():
        if open_ones.filter(start_date__lte=on).update(state="stopped", stopped_on=on):
            ClockEntry.objects.create(clock_id=clock_id, kind="stop", on=on, by_label=by.label[:120] or "系统", at=at)
        elif open_ones.exists():
            raise ClockRefused("日期早于起算日，请核对。")
