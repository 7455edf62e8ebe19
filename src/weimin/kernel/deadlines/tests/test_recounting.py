"""A calendar change is the same as having known it from the start, for random ledgers written through actions."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.testing import (
    LOADER,
    OF_2027,
    OTHER_KEEPER,
    PERMIT_GROUNDS,
    changed_2026,
    take_in,
    text_of,
    work_through,
)
from weimin.kernel.deadlines.types import ClockSpec, Limit
from weimin.kernel.directory.testing import body
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
DAY = timedelta(days=1)
NOW = datetime(2027, 3, 31, 3, tzinfo=UTC)
LEDGERS = 220
#: Made up: days of September and December off, Saturdays of October and December worked.
CORRECTED = changed_2026(off=[date(2026, 9, 21), date(2026, 12, 28)], work=[date(2026, 10, 17), date(2026, 12, 5)])
MOST = {"workday": 60, "day": 90, "month": 4}


@dataclass(frozen=True)
class Plan:
    """A ledger to write: its limits, pauses (the last perhaps without an end), and the day of an extension."""

    start: date
    law: Limit | None
    promise: Limit | None
    pauses: tuple[tuple[date, date | None], ...]
    extended: date | None


def draw(dice: random.Random) -> Plan:
    start = date(2026, 8, 1) + DAY * dice.randrange(180)
    unit = dice.choice(("workday", "workday", "day", "month"))
    law = Limit(dice.randint(1, MOST[unit]), unit)
    promise = Limit(dice.randint(1, law.value), unit) if dice.random() < 0.5 else None
    pauses: list[tuple[date, date | None]] = []
    since = start + DAY * dice.randrange(10)
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        until = since + DAY * dice.randrange(15)
        pauses.append((since, until))
        since = until + DAY * dice.randint(1, 10)
    if pauses and dice.random() < 0.2:
        pauses[-1] = (pauses[-1][0], None)
    extended = start if unit == "workday" and dice.random() < 0.3 else None
    return Plan(start, law if promise is None or dice.random() < 0.8 else None, promise, tuple(pauses), extended)


def write(plans: list[Plan], head: Actor) -> list[int]:
    """Open a clock for each plan and enter what happened; what comes after the limit is over is left out."""
    specs = [
        ClockSpec(
            purpose="handle",
            subject=("test", str(place)),
            start_date=plan.start,
            statutory=plan.law,
            committed=plan.promise,
            regime="permit",
            grounds=PERMIT_GROUNDS,
            extend="permit.decision.extend",
            agency_id=head.agency_id,
        )
        for place, plan in enumerate(plans)
    ]
    refs = actions.turn_clocks(by=LOADER, at=NOW, stop=(), on=plans[0].start, specs=specs)
    for ref, plan in zip(refs, plans, strict=True):
        clock, last = ref.clock_id, ref.due_date or ref.committed_due_date
        if plan.extended:
            more = actions.extend_clock(by=head, at=NOW, clock_id=clock, on=plan.extended, reason="雨雪封山，看不了")
            last = more.due_date or more.committed_due_date
        for since, until in plan.pauses:
            if last is None or since > last:
                break
            standing = actions.Standing("appraisal", since, date(2027, 12, 31), "鉴定", "文书1")
            stands = actions.pause_clock(by=LOADER, at=NOW, clock_id=clock, standing=standing)
            if until is not None:
                stands = actions.resume_clock(by=LOADER, at=NOW, clock_id=clock, on=until)
            last = stands.due_date or stands.committed_due_date
    return [one.clock_id for one in refs]


SHOWN = (
    *("start_date", "state", "due_date", "committed_due_date", "provisional", "yellow_on", "red_on"),
    *("level", "attention_at"),
)


def shown(clocks: list[int]) -> list[dict[str, Any]]:
    return list(Clock.objects.filter(pk__in=clocks).order_by("pk").values(*SHOWN))


def carry_out(text: str, clocks: list[int]) -> int:
    """Approve a notice; it moves what it said that it would, and nothing else. Gives how many."""
    before = shown(clocks)
    notice = take_in(text, at=NOW)
    said = {one.clock_id: (one.new_due, one.new_promise) for one in queries.list_shifts(notice, limit=LEDGERS)}
    actions.approve_notice(by=OTHER_KEEPER, at=NOW, notice_id=notice)
    work_through(NOW + timedelta(minutes=1), chunk=50)
    moved = {}
    for clock, was, row in zip(clocks, before, shown(clocks), strict=True):
        dates = (row["due_date"], row["committed_due_date"])
        if dates != (was["due_date"], was["committed_due_date"]):
            moved[clock] = dates
    assert moved == said
    return len(moved)


def test_a_calendar_change_equals_having_known_it_from_the_start() -> None:
    dice = random.Random(20270101)
    plans = [draw(dice) for _ in range(LEDGERS)]
    head = Actor("staff", "负责人", post_id=1, officer_id=1, agency_id=body(), roles=frozenset({"leader"}))
    old = write(plans, head)
    assert carry_out(text_of(OF_2027), old) >= 40, "a year that was not out"
    assert carry_out(CORRECTED, old) >= 40, "a correction"
    known = write(plans, head)
    # what the old calendar still allowed may come after the limit by the new one, and the reverse
    same = [place for place in range(LEDGERS) if _told(old[place]) == _told(known[place])]
    recounted, fresh = shown(old), shown(known)
    assert [(plans[place], recounted[place], fresh[place]) for place in same if recounted[place] != fresh[place]] == []
    seen = Counter((row["state"], bool(row["committed_due_date"])) for row in recounted)
    assert len(same) >= 200 and seen["paused", False] >= 15 and seen["running", True] >= 80, (len(same), seen)
    assert not [one for _, faults in queries.verify_clocks(today=date(2027, 3, 31)) for one in faults]


def _told(clock: int) -> list[tuple[str, date]]:
    return [(row.kind, row.on) for row in queries.list_entries(clock) if row.kind != "calendar"]


def test_a_year_without_a_notice_is_provisional_until_it_is_out() -> None:
    start = date(2026, 12, 21)
    spec = {"purpose": "handle", "start_date": start}
    longs = ClockSpec(subject=("test", "1"), statutory=Limit(20, "workday"), **spec)
    shorts = ClockSpec(subject=("test", "2"), statutory=Limit(5, "workday"), **spec)
    late = ClockSpec(subject=("test", "3"), purpose="handle", start_date=date(2027, 11, 1), statutory=Limit(10, "day"))
    at = datetime(2027, 11, 1, 3, tzinfo=UTC)
    refs = actions.turn_clocks(by=LOADER, at=at, stop=(), on=start, specs=[longs, shorts, late])
    assert [one.provisional for one in refs] == [True, False, True]
    why = queries.explain_clock(clock_id=refs[0].clock_id).statutory
    assert why and why.provisional and "暂定" in why.lines[-1].text
    take_in(text_of(OF_2027), at=at)
    assert Clock.objects.filter(provisional=True).count() == 2, "a draft settles nothing"
    actions.load_notice(by=LOADER, at=at, notice=OF_2027)
    assert not Clock.objects.filter(provisional=True).exists()
    why = queries.explain_clock(clock_id=refs[0].clock_id).statutory
    assert why and not why.provisional
    assert (refs[0].due_date, why.due) == (date(2027, 1, 18), date(2027, 1, 19))
