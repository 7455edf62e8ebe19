"""Warnings as clocks pass their thresholds, and what follows from an overrun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from weimin.base.clock import local_date
from weimin.kernel.cases import queries as cases
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import LEVEL_TEXT, PURPOSE_TEXT, ClockRef, ClockSpec, Level, LevelChange, Move
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.actions.tallying import note_changed
from weimin.kernel.supervision.models import Order, OverrunReason, Warning
from weimin.kernel.supervision.types import AUDIENCE

SYSTEM = Actor.system("系统（期限监督）")
#: Whose limit is the applicant's is no warning to an office.
NOT_OURS = frozenset({"answer"})
#: The limits whose overrun has to be explained in public.
EXPLAINED = frozenset({"check", "handle", "deliver"})


def watch_levels(*, at: datetime, changes: list[LevelChange]) -> None:
    """Keep a warning for every threshold that a clock passed, and ease those that no longer hold.

    Called by the clocks' package inside its transaction; may be called twice for one change.

    Law:    yhys-722 art. 36
    Cost:   at most five statements and one for the names of the matters; a dozen more when some are overrun
    """
    ours = [one for one in changes if one.purpose not in NOT_OURS]
    titles = _titles(ours)
    _ease(ours, at)
    rows = [_warning(one, level, at, titles) for one in ours for level in _passed(one)]
    if not rows:
        return
    _raise_again(rows, at)
    kept = Warning.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["clock", "level"],
        update_fields=["eased_at", "due"],
        batch_size=1000,
    )
    note_changed("warning", [one.pk for one in kept], at=at)
    _follow(ours, at, titles)


def _ease(changes: list[LevelChange], at: datetime) -> None:
    """Warnings beyond the level that a clock came back to no longer hold."""
    back = defaultdict(list)
    for one in changes:
        if one.new < one.old:
            back[one.new].append(one.clock_id)
    for level, clocks in back.items():
        Warning.objects.filter(clock_id__in=clocks, level__gt=level, eased_at=None).update(eased_at=at)


def _raise_again(rows: list[Warning], at: datetime) -> None:
    """A warning that was eased and holds again counts from now, and can be contested from now.

    What was judged was the warning before; the judgement stays in the trail. A contest that waits still waits.
    """
    eased = Warning.objects.filter(clock_id__in=[one.clock_id for one in rows]).exclude(eased_at=None)
    again = {(one.clock_id, one.level) for one in rows}
    found = [pk for pk, clock, level in eased.values_list("pk", "clock_id", "level") if (clock, level) in again]
    if found:
        raised = Warning.objects.filter(pk__in=found)
        raised.update(raised_at=at)
        raised.exclude(contest="contested").update(contest="", contest_clock=None, judged_at=None)


def _passed(one: LevelChange) -> list[Level]:
    levels = [level for level in Level if one.old < level <= one.new]
    return [level for level in levels if level is not Level.PROMISE or one.promised]


def _titles(changes: list[LevelChange]) -> dict[str, cases.CaseName]:
    numbers = {one.subject_id for one in changes if one.subject_type == "case"}
    return cases.list_names(numbers=sorted(numbers)) if numbers else {}


def _title(one: LevelChange, titles: dict[str, cases.CaseName]) -> str:
    named = titles.get(one.subject_id)
    what = PURPOSE_TEXT.get(one.purpose, one.purpose)
    name = f"{named.item_name} · " if named else ""
    return f"{name}{one.label or what}"[:160]


def _warning(one: LevelChange, level: Level, at: datetime, titles: dict[str, cases.CaseName]) -> Warning:
    return Warning(
        clock_id=one.clock_id,
        level=int(level),
        audience=AUDIENCE[level],
        subject_type=one.subject_type,
        subject_id=one.subject_id,
        title=_title(one, titles),
        agency_id=one.agency_id,
        place=one.place,
        due=one.due if level is one.new else one.shown,
        raised_at=at,
    )


def _follow(changes: list[LevelChange], at: datetime, titles: dict[str, cases.CaseName]) -> None:
    """An overrun of a published limit opens the duty to explain it; any limit of law overrun opens an order."""
    over = [one for one in changes if one.new >= Level.PROMISE and one.new > one.old and one.subject_type == "case"]
    if not over:
        return
    ids = [one.clock_id for one in over]
    owed = [one for one in over if one.purpose in EXPLAINED]
    explained = set(OverrunReason.objects.filter(subject_clock_id__in=ids).values_list("subject_clock_id", flat=True))
    _raise_reasons([one for one in owed if one.clock_id in explained])
    _open_reasons([one for one in owed if one.clock_id not in explained], at, titles)
    ordered = set(
        Order.objects.filter(warning__clock_id__in=ids, issued_agency=None).values_list("warning__clock_id", flat=True)
    )
    late = [one for one in over if one.new is Level.LAW and one.clock_id not in ordered and one.agency_id]
    _open_orders(late, at, titles)


def _raise_reasons(over: list[LevelChange]) -> None:
    """A duty that was opened for the promise is for the law's limit now."""
    further = defaultdict(list)
    for one in over:
        further[one.new, one.due].append(one.clock_id)
    for (level, due), clocks in further.items():
        OverrunReason.objects.filter(level__lt=level, subject_clock_id__in=clocks).update(level=level, due=due)


def _open_reasons(over: list[LevelChange], at: datetime, titles: dict[str, cases.CaseName]) -> None:
    if not over:
        return
    today = local_date(at)
    limit, _ = limits.get_limit(code="overrun.publish", on=today)
    specs = [
        ClockSpec(
            purpose="publish",
            subject=("overrun", str(one.clock_id)),
            start_date=today,
            committed=limit,
            label="说明超期原因",
            agency_id=one.agency_id,
            place=one.place,
        )
        for one in over
    ]
    clocks = deadlines.turn_clocks(by=SYSTEM, at=at, stop=(), on=today, specs=specs)
    OverrunReason.objects.bulk_create(
        _reason(one, clock, at, titles.get(one.subject_id)) for one, clock in zip(over, clocks, strict=True)
    )


def _reason(one: LevelChange, clock: ClockRef, at: datetime, named: cases.CaseName | None) -> OverrunReason:
    return OverrunReason(
        subject_clock_id=one.clock_id,
        subject_id=one.subject_id,
        title=named.item_name if named else "办件",
        agency_id=one.agency_id,
        place=one.place,
        level=int(one.new),
        due=one.due,
        public=bool(named and named.public),
        opened_at=at,
        clock_id=clock.clock_id,
        due_on=clock.shown,
    )


def _open_orders(late: list[LevelChange], at: datetime, titles: dict[str, cases.CaseName]) -> None:
    if not late:
        return
    beyond = Warning.objects.filter(clock_id__in=[one.clock_id for one in late], level=int(Level.LAW))
    warnings = dict(beyond.values_list("clock_id", "pk"))
    orders = [_order(one, warnings[one.clock_id], at, titles) for one in late]
    start_answers(by=SYSTEM, at=at, orders=Order.objects.bulk_create(orders))


def _order(one: LevelChange, warning_id: int, at: datetime, titles: dict[str, cases.CaseName]) -> Order:
    assert one.agency_id is not None
    return Order(
        warning_id=warning_id,
        agency_id=one.agency_id,
        place=one.place,
        subject_id=one.subject_id,
        title=_title(one, titles),
        text=f"{LEVEL_TEXT[Level.LAW]}，请说明原因、现在办到哪一步、什么时候办完。",
        issued_by="系统",
        issued_at=at,
        state="open",
    )


def start_answer(*, by: Actor, at: datetime, order: Order) -> None:
    """Open the clock by which an order has to be answered, and show its date on the order.

    Cost:   three statements
    """
    start_answers(by=by, at=at, orders=[order])


def start_answers(*, by: Actor, at: datetime, orders: Sequence[Order]) -> None:
    """Open the clocks by which some orders have to be answered, and show their dates on them.

    Cost:   three statements, whatever the number
    """
    today = local_date(at)
    limit, _ = limits.get_limit(code="order.answer", on=today)
    specs = [
        ClockSpec(
            purpose="order",
            subject=("order", str(order.pk)),
            start_date=today,
            committed=limit,
            label=f"督办答复：{order.title}"[:60],
            agency_id=order.agency_id,
            place=order.place,
        )
        for order in orders
    ]
    clocks = deadlines.turn_clocks(by=by, at=at, stop=(), on=today, specs=specs)
    for order, clock in zip(orders, clocks, strict=True):
        order.clock_id, order.due_on = clock.clock_id, clock.shown
    Order.objects.bulk_update(orders, ["clock", "due_on"])


def redate_orders(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the orders that show them.

    Called by the clocks' package inside its transaction.

    Cost:   one statement a date
    """
    _redate(Order.objects.all(), moves)


def redate_reasons(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the duties to explain that show them.

    Called by the clocks' package inside its transaction.

    Cost:   one statement a date
    """
    _redate(OverrunReason.objects.all(), moves)


def _redate(rows: QuerySet[Any], moves: list[Move]) -> None:
    by_day: dict[date | None, list[int]] = defaultdict(list)
    for one in moves:
        by_day[one.new.shown].append(one.clock_id)
    for day, clocks in by_day.items():
        rows.filter(clock_id__in=clocks).update(due_on=day)
