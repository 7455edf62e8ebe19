"""Reads of the calendar, parameters and clocks.

The calendar and the parameters are kept in the process and read again after some seconds, so that
a notice loaded by another process (the command line, another worker) reaches every process.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from time import monotonic
from typing import TypeVar

from weimin.base.errors import NotFound, NotReady
from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.models import CalendarDay, CalendarYear, Clock, ClockEntry, LegalParameter
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.types import Explanation, Extension, Ledger, Limit, Parameter, Pause

#: How long a process may go on with what it has read.
KEEP_SECONDS = 10.0
Kept = TypeVar("Kept")
_kept: dict[str, tuple[float, object]] = {}


def _keep(read: Callable[[], Kept]) -> Callable[[], Kept]:
    """Keep what a reader gives for some seconds, or until `forget`."""

    @wraps(read)
    def kept() -> Kept:
        found = _kept.get(read.__name__)
        if found is None or monotonic() >= found[0]:
            found = _kept[read.__name__] = (monotonic() + KEEP_SECONDS, read())
        return found[1]  # type: ignore[return-value]

    return kept


class ParameterMissing(NotReady):
    """No row of a legal parameter covers the day: a refusal, never a default."""

    code = "deadlines.parameter_missing"


class ClockUnknown(NotFound):
    """No such clock."""

    code = "deadlines.clock_unknown"


@_keep
def get_calendar() -> Calendar:
    """The calendar of all years whose notice is loaded.

    Cost:   two queries every ten seconds in a process
    """
    days = list(CalendarDay.objects.values_list("date", "works", "note"))
    return Calendar(
        special={day: works for day, works, _ in days},
        known_years=frozenset(CalendarYear.objects.values_list("year", flat=True)),
        notes={day: note for day, _, note in days},
    )


@_keep
def _parameters() -> dict[str, list[LegalParameter]]:
    rows: dict[str, list[LegalParameter]] = {}
    for row in LegalParameter.objects.order_by("code", "-valid_from"):
        rows.setdefault(row.code, []).append(row)
    return rows


def get_parameter(*, code: str, on: date) -> Parameter:
    """A legal number by id and day; of rows that overlap the one that came into force last.

    Raises: ParameterMissing — no row covers the day
    Cost:   one query every ten seconds in a process
    """
    for row in _parameters().get(code, []):
        if row.valid_from <= on and (row.valid_until is None or on < row.valid_until):
            return Parameter(row.code, row.value, row.unit, row.article, row.certainty)
    raise ParameterMissing(f"没有 {on.isoformat()} 适用的法定参数“{code}”，请联系清单管理员补录。")


def list_parameters() -> list[LegalParameter]:
    """Every row of every parameter, for list keepers."""
    return list(LegalParameter.objects.order_by("code", "valid_from"))


def list_years() -> list[CalendarYear]:
    """The years whose notice is loaded."""
    return list(CalendarYear.objects.order_by("year"))


def count_from(*, start: date, limit: Limit) -> date:
    """The last day of a limit without pauses."""
    due = rules.count_ledger(start=start, limit=limit, calendar=get_calendar()).due
    assert due is not None
    return due


def days_left(*, today: date, due: date) -> int:
    """Working days left until a due day; negative when overdue.

    Units:  working days
    """
    return rules.working_days_left(today=today, due=due, calendar=get_calendar())


def ledger_of(clock: Clock, entries: list[ClockEntry], *, which: str, strip: bool = False) -> Ledger | None:
    """The ledger of a clock's statutory or committed limit, from its entries."""
    value = getattr(clock, f"{which}_value")
    if value is None:
        return None
    pauses: list[Pause] = []
    extensions: list[Extension] = []
    for entry in entries:
        if entry.kind == "pause":
            pauses.append(Pause(entry.on, None, entry.reason, entry.article))
        elif entry.kind == "resume":
            held = pauses.pop()
            pauses.append(Pause(held.since, entry.on, held.reason, held.article))
        elif entry.kind == "extend" and entry.value:
            extensions.append(Extension(entry.on, entry.value, entry.reason, entry.article))
    article = clock.article if which == "statutory" else "承诺时限"
    return rules.count_ledger(
        start=clock.start_date,
        limit=Limit(value, getattr(clock, f"{which}_unit"), article),
        calendar=get_calendar(),
        pauses=pauses,
        extensions=extensions,
        strip=strip,
    )


def explain_clock(*, clock_id: int) -> Explanation:
    """Why this date: every entry with its article, and the strip of days.

    Raises: ClockUnknown — no such clock
    Cost:   two queries
    """
    clock = Clock.objects.filter(pk=clock_id).first()
    if clock is None:
        raise ClockUnknown("找不到这个时钟。")
    entries = list(clock.entries.order_by("id"))
    return Explanation(
        purpose=PURPOSES.get(clock.purpose, clock.purpose),
        statutory=ledger_of(clock, entries, which="statutory", strip=True),
        committed=ledger_of(clock, entries, which="committed", strip=True),
        stopped_on=clock.stopped_on,
    )


PURPOSES = {"check": "审查期限", "handle": "办理期限", "deliver": "送达期限"}


def list_clock_ids(*, subject_type: str, subject_id: str) -> list[int]:
    """The clocks of one thing, oldest first."""
    rows = Clock.objects.filter(subject_type=subject_type, subject_id=subject_id).order_by("id")
    return list(rows.values_list("pk", flat=True))


def forget() -> None:
    """Drop what is kept in the process; after loading and in tests."""
    _kept.clear()
