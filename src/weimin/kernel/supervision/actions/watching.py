"""Warnings as clocks pass their thresholds, and what follows from an overrun."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from weimin.base.clock import local_date
from weimin.kernel.cases import queries as cases
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import LEVEL_TEXT, PURPOSE_TEXT, ClockSpec, Level, LevelChange, Move
from weimin.kernel.record.types import Actor
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
    Cost:   three statements beside the names of the matters; three more for each overrun
    """
    ours = [one for one in changes if one.purpose not in NOT_OURS]
    titles = _titles(ours)
    for one in ours:
        if one.new < one.old:
            Warning.objects.filter(clock_id=one.clock_id, level__gt=one.new, eased_at=None).update(eased_at=at)
    rows = [_warning(one, level, at, titles) for one in ours for level in _passed(one)]
    if not rows:
        return
    _raise_again(rows, at)
    Warning.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["clock", "level"],
        update_fields=["eased_at", "due"],
        batch_size=1000,
    )
    _follow(ours, at, titles)


def _raise_again(rows: list[Warning], at: datetime) -> None:
    """A warning that was eased and holds again counts from now, so that it can be contested from now."""
    eased = Warning.objects.filter(clock_id__in=[one.clock_id for one in rows]).exclude(eased_at=None)
    again = {(one.clock_id, one.level) for one in rows}
    found = [pk for pk, clock, level in eased.values_list("pk", "clock_id", "level") if (clock, level) in again]
    if found:
        Warning.objects.filter(pk__in=found).update(raised_at=at)


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
        due=one.due,
        raised_at=at,
    )


def _follow(changes: list[LevelChange], at: datetime, titles: dict[str, cases.CaseName]) -> None:
    """An overrun opens the duty to explain it; one of the law's limit also opens an order."""
    over = [one for one in changes if one.new >= Level.PROMISE and one.new > one.old]
    explained = set(
        OverrunReason.objects.filter(subject_clock_id__in=[one.clock_id for one in over]).values_list(
            "subject_clock_id", flat=True
        )
    )
    ordered = set(
        Order.objects.filter(warning__clock_id__in=[one.clock_id for one in over], issued_agency=None).values_list(
            "warning__clock_id", flat=True
        )
    )
    for one in over:
        if one.subject_type != "case" or one.purpose not in EXPLAINED:
            continue
        if one.clock_id in explained:
            OverrunReason.objects.filter(Q(level__lt=one.new), subject_clock_id=one.clock_id).update(
                level=one.new, due=one.due
            )
        else:
            _open_reason(one, at, titles)
        if one.new is Level.LAW and one.clock_id not in ordered and one.agency_id:
            _order(one, at, titles)


def _open_reason(one: LevelChange, at: datetime, titles: dict[str, cases.CaseName]) -> None:
    named = titles.get(one.subject_id)
    limit, _ = limits.get_limit(code="overrun.publish", on=local_date(at))
    clock = deadlines.open_clock(
        by=SYSTEM,
        at=at,
        spec=ClockSpec(
            purpose="publish",
            subject=("overrun", str(one.clock_id)),
            start_date=local_date(at),
            committed=limit,
            label="说明超期原因",
            agency_id=one.agency_id,
            place=one.place,
        ),
    )
    OverrunReason.objects.create(
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


def _order(one: LevelChange, at: datetime, titles: dict[str, cases.CaseName]) -> None:
    assert one.agency_id is not None
    warning = Warning.objects.get(clock_id=one.clock_id, level=int(Level.LAW))
    order = Order.objects.create(
        warning=warning,
        agency_id=one.agency_id,
        place=one.place,
        subject_id=one.subject_id,
        title=_title(one, titles),
        text=f"{LEVEL_TEXT[Level.LAW]}，请说明原因、现在办到哪一步、什么时候办完。",
        issued_by="系统",
        issued_at=at,
        state="open",
    )
    start_answer(by=SYSTEM, at=at, order=order)


def start_answer(*, by: Actor, at: datetime, order: Order) -> None:
    """Open the clock by which an order has to be answered, and show its date on the order.

    Cost:   three statements
    """
    limit, _ = limits.get_limit(code="order.answer", on=local_date(at))
    clock = deadlines.open_clock(
        by=by,
        at=at,
        spec=ClockSpec(
            purpose="order",
            subject=("order", str(order.pk)),
            start_date=local_date(at),
            committed=limit,
            label=f"督办答复：{order.title}"[:60],
            agency_id=order.agency_id,
            place=order.place,
        ),
    )
    order.clock_id, order.due_on = clock.clock_id, clock.shown
    order.save(update_fields=["clock", "due_on"])


def redate_orders(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the orders that show them.

    Called by the clocks' package inside its transaction.

    Cost:   one statement an order
    """
    for one in moves:
        Order.objects.filter(clock_id=one.clock_id).update(due_on=one.new.shown)


def redate_reasons(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the duties to explain that show them.

    Called by the clocks' package inside its transaction.

    Cost:   one statement a duty
    """
    for one in moves:
        OverrunReason.objects.filter(clock_id=one.clock_id).update(due_on=one.new.shown)
