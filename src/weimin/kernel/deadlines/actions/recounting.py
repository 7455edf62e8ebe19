"""The dates of a clock's row from its ledger, and what watchers hear when its level changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from weimin.kernel.deadlines import queries, registry, rules
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.rules.levels import level_on, next_moment
from weimin.kernel.deadlines.types import Dates, Entry, Level, LevelChange, Pause
from weimin.kernel.record.types import Actor

#: What a recount may change on a clock's row.
COUNTED = (
    "start_date",
    "state",
    "due_date",
    "committed_due_date",
    "provisional",
    "yellow_on",
    "red_on",
    "level",
    "planned_until",
    "attention_at",
)
NO_DATES = Dates(None, None, True)


def shares_of(regime: str, on: date) -> tuple[float, float]:
    """What is left of a limit when it turns yellow and red, by kind of item.

    Raises: ParameterMissing — no row covers the day
    """
    return (
        queries.get_share(code=f"warning.{regime}.yellow", on=on),
        queries.get_share(code=f"warning.{regime}.red", on=on),
    )


def recount(clock: Clock, entries: Sequence[Entry], *, today: date, counting: rules.Counting | None = None) -> None:
    """Set a clock's dates, level and next moment from its entries; writes nothing.

    Raises: LedgerBroken, ClockRefused — the entries cannot be a ledger
    """
    counting = counting or rules.Counting(queries.get_calendar())
    summed = rules.sum_entries(entries)
    if any(one.on < summed.start for one in summed.extensions):
        raise rules.LedgerBroken("延长的日期早于起算日，请核对。")
    clock.start_date = summed.start
    if clock.state != "stopped":
        clock.state = "paused" if summed.stands else "running"
    extended = sum(one.value for one in summed.extensions)
    set_dates(clock, summed.pauses, extended, counting, today=today)


def set_dates(clock: Clock, pauses: tuple[Pause, ...], extended: int, counting: rules.Counting, *, today: date) -> None:
    """Set a clock's dates, level and next moment from its pauses and extension; writes nothing."""
    shares = shares_of(clock.regime, clock.start_date)
    law, promise = (_count(clock, which, pauses, extended, counting, shares) for which in ("statutory", "committed"))
    promise = rules.cap_dates(promise, law)
    shown = promise if clock.committed_value is not None else law
    clock.due_date, clock.committed_due_date = law.due, promise.due
    clock.provisional = not (law.known and promise.known)
    clock.yellow_on, clock.red_on = shown.yellow_on, shown.red_on
    marks = {"yellow_on": shown.yellow_on, "red_on": shown.red_on, "promise": promise.due, "law": law.due}
    clock.level = int(level_on(today, **marks))
    clock.attention_at = None if clock.state == "paused" and shown.due is None else next_moment(today, **marks)


def _count(
    clock: Clock,
    which: str,
    pauses: tuple[Pause, ...],
    extended: int,
    counting: rules.Counting,
    shares: tuple[float, float],
) -> Dates:
    limit = queries.limit_of(clock, which)
    return counting.dates(limit, clock.start_date, pauses, extended, shares) if limit else NO_DATES


def set_levels(*, at: datetime, levels: dict[int, Level]) -> None:
    """Write new levels of clocks and tell the watchers.

    Cost:   two statements beside what the watchers do
    """
    clocks = list(Clock.objects.filter(pk__in=list(levels)).order_by("id"))
    changes = [level_change(clock, Level(clock.level), levels[clock.pk]) for clock in clocks]
    for clock in clocks:
        clock.level = int(levels[clock.pk])
    Clock.objects.bulk_update(clocks, ["level"])
    registry.tell_changed(at=at, changes=changes)


def level_change(clock: Clock, old: Level, new: Level) -> LevelChange:
    """What watchers hear of a clock that passed a threshold."""
    shown = clock.committed_due_date or clock.due_date
    return LevelChange(
        clock.pk,
        clock.subject_type,
        clock.subject_id,
        clock.purpose,
        clock.label,
        clock.agency_id,
        clock.place,
        old,
        new,
        clock.due_date if new is Level.LAW else shown,
        clock.committed_value is not None,
        shown,
    )


def label_of(by: Actor) -> str:
    """How a ledger names who wrote an entry."""
    return "申请人" if by.kind == "resident" else by.label[:120] or "系统"
