"""Clocks: their dates from their entries, and why a date is what it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from django.db.models import Max

from weimin.base import attending
from weimin.base.errors import NotFound
from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.queries.calendars import calendar_at, get_calendar
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.rules.counting import cn_day
from weimin.kernel.deadlines.types import (
    PURPOSE_TEXT,
    ClockRef,
    Entry,
    Explanation,
    Ledger,
    Level,
    Limit,
    Summed,
)


class ClockUnknown(NotFound):
    """No such clock."""

    code = "deadlines.clock_unknown"


def to_entry(row: ClockEntry) -> Entry:
    """A stored entry as a value."""
    return Entry(
        row.pk,
        row.kind,
        row.on,
        row.until,
        row.value,
        row.ground,
        row.reason,
        row.article,
        row.by_label,
        row.corrects_id,
        row.struck,
        row.cause_id,
    )


def limit_of(clock: Clock, which: str) -> Limit | None:
    """A clock's statutory or committed limit."""
    value = getattr(clock, f"{which}_value")
    if value is None:
        return None
    article = clock.article if which == "statutory" else "承诺时限"
    return Limit(value, getattr(clock, f"{which}_unit"), article)


def to_ref(clock: Clock) -> ClockRef:
    """A clock as its owner keeps it."""
    return ClockRef(clock.pk, clock.due_date, clock.committed_due_date, clock.provisional)


def _ledger(clock: Clock, summed: Summed, which: str, calendar: Calendar) -> Ledger | None:
    limit = limit_of(clock, which)
    if limit is None:
        return None
    return rules.count_ledger(
        start=summed.start,
        limit=limit,
        calendar=calendar,
        pauses=summed.pauses,
        extensions=summed.extensions,
        strip=True,
    )


def explain_clock(*, clock_id: int) -> Explanation:
    """Why this date: every entry with its article and who entered it, and the strip of days.

    An ended clock is explained by the calendar of the moment when it ended.

    Raises: ClockUnknown — no such clock
    Cost:   two queries; three for an ended clock
    """
    found = explain_clocks(Clock.objects.filter(pk=clock_id))
    if not found:
        raise ClockUnknown("找不到这个时钟。")
    return found[0]


def explain_subject(*, subject_type: str, subject_id: str) -> list[Explanation]:
    """Every clock of one thing, oldest first, each explained.

    Cost:   two queries, and one for every ended clock
    """
    return explain_clocks(Clock.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("id"))


def explain_clocks(clocks: Iterable[Clock]) -> list[Explanation]:
    """Explain some clocks."""
    rows = list(clocks)
    entries: dict[int, list[ClockEntry]] = {one.pk: [] for one in rows}
    for entry in ClockEntry.objects.filter(clock_id__in=list(entries)).order_by("id"):
        entries[entry.clock_id].append(entry)
    return [_explain(one, entries[one.pk]) for one in rows]


def _explain(clock: Clock, rows: Sequence[ClockEntry]) -> Explanation:
    values = [to_entry(row) for row in rows]
    summed = rules.sum_entries(values)
    calendar = calendar_at(clock.stopped_at) if clock.stopped_at else get_calendar()
    law, promise = (_ledger(clock, summed, which, calendar) for which in ("statutory", "committed"))
    return Explanation(
        clock_id=clock.pk,
        purpose=PURPOSE_TEXT.get(clock.purpose, clock.purpose) + "期限",
        label=clock.label,
        state=clock.state,
        level=Level(clock.level),
        statutory=_signed(law, values),
        committed=_signed(rules.cap_ledger(promise, law), values),
        stopped_on=clock.stopped_on,
        planned_until=clock.planned_until,
    )


def _signed(ledger: Ledger | None, entries: Sequence[Entry]) -> Ledger | None:
    """The ledger with who opened it, and the entries that change no sum: corrections, notices, the end."""
    if ledger is None:
        return None
    opened = next((one.by for one in entries if one.kind == "start"), "")
    lines = [replace(line, by=opened) if line.kind == "start" else line for line in ledger.lines]
    for one in entries:
        if one.kind == "correct":
            what = "取消" if one.struck else f"改为{cn_day(one.on)}"
            lines.append(rules.ledger_line("correct", one.on, f"更正：{what}。{one.reason}", one.article, by=one.by))
        elif one.kind == "calendar":
            lines.append(rules.ledger_line("calendar", one.on, one.reason, one.article, by=one.by))
        elif one.kind == "stop":
            lines.append(rules.ledger_line("stop", one.on, f"{cn_day(one.on)}结束计时。", "", by=one.by))
    return replace(ledger, lines=tuple(lines))


def list_clock_ids(*, subject_type: str, subject_id: str) -> list[int]:
    """The clocks of one thing, oldest first."""
    rows = Clock.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("id")
    return list(rows.values_list("pk", flat=True))


def find_clock(*, clock_id: int | None) -> Clock | None:
    """A clock's row for its owner; None for no clock.

    Cost:   one query
    """
    return Clock.objects.filter(pk=clock_id).first() if clock_id else None


def list_running(*, subject_type: str, subject_id: str) -> list[Clock]:
    """The clocks of one thing that have not ended, oldest first.

    Cost:   one query
    """
    rows = Clock.objects.filter(subject_type=subject_type, subject_id=subject_id).exclude(state="stopped")
    return list(rows.order_by("id"))


def list_entries(clock_id: int) -> list[ClockEntry]:
    """A clock's ledger as it was written.

    Cost:   one query
    """
    return list(ClockEntry.objects.filter(clock_id=clock_id).order_by("id"))


def worst_levels(*, subject_type: str, subject_ids: list[str]) -> dict[str, int]:
    """The worst level that any clock of each of some things reached; the applicant's own limits left out.

    Cost:   one query
    """
    rows = Clock.objects.filter(subject_type=subject_type, subject_id__in=subject_ids).exclude(purpose="answer")
    return dict(rows.values_list("subject_id").annotate(worst=Max("level")))


def list_stuck(*, limit: int = 50) -> list[Clock]:
    """Clocks whose due moment failed, for the operator.

    Cost:   one query
    """
    return attending.list_stuck(Clock.objects.all(), limit=limit)


def count_open() -> int:
    """How many clocks have not ended.

    Cost:   one query on a partial index
    """
    return Clock.objects.exclude(state="stopped").count()


def verify_clocks(*, today: date, batch: int = 2000) -> Iterable[tuple[int, list[str]]]:
    """Recompute every open clock from its ledger and tell what is not as shown, batch by batch.

    Shape:  (how many were looked at so far, sentences about those that differ)
    Cost:   two queries a batch
    """
    seen, cursor = 0, 0
    while rows := list(Clock.objects.exclude(state="stopped").filter(pk__gt=cursor).order_by("pk")[:batch]):
        cursor = rows[-1].pk
        faults = []
        for clock, why in zip(rows, explain_clocks(rows), strict=True):
            law = why.statutory.due if why.statutory else None
            promise = why.committed.due if why.committed else None
            if (law, promise) != (clock.due_date, clock.committed_due_date):
                faults.append(
                    f"时钟 {clock.pk}（{clock.subject_id}）显示 {clock.due_date}/{clock.committed_due_date}，"
                    f"台账算出 {law}/{promise}"
                )
        seen += len(rows)
        yield seen, faults
