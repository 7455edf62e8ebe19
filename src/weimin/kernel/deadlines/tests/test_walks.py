"""Random walks through actions: whatever is written and refused, every clock shows the oracle's date.

The model keeps what was told to each clock of a family and nothing else. From it the oracle counts day
by day; the clocks are compared with that after every act.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from weimin.base.errors import Refused
from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.testing import LOADER, PERMIT_GROUNDS
from weimin.kernel.deadlines.tests.oracle import Stand, days_stood, oracle_due
from weimin.kernel.deadlines.types import ClockSpec, Limit
from weimin.kernel.directory.testing import body
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
DAY = timedelta(days=1)
FIRST = date(2026, 2, 2)
KINDS = ("pause", "pause", "pause", "resume", "resume", "extend", "strike", "move", "move", "open", "stop")


@dataclass
class Told:
    """What one clock was told: its start, limits, own pauses and extension by the id of their entry."""

    start: date
    law: Limit
    promise: Limit | None
    parent: int | None
    pauses: dict[int, Stand] = field(default_factory=dict)
    resumed: dict[int, int] = field(default_factory=dict)
    added: dict[int, int] = field(default_factory=dict)
    ended: date | None = None

    @property
    def own(self) -> list[Stand]:
        """Its own pauses; one that has no end, ends with the clock."""
        spans = [(since, until or self.ended) for since, until in self.pauses.values()]
        return [one for one in spans if one[1] is None or one[0] <= one[1]]


class Walk:
    """A family on its way, and what it was told."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.head = Actor("staff", "负责人", post_id=1, officer_id=1, agency_id=body(), roles=frozenset({"leader"}))
        self.today = FIRST + DAY * self.dice.randrange(60)
        self.told: dict[int, Told] = {}
        self.whole = self.open(None)
        for _ in range(self.dice.randrange(3)):
            self.open(self.whole)

    @property
    def at(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 3, tzinfo=UTC)

    def open(self, parent: int | None) -> int:
        unit = self.dice.choice(("workday", "workday", "day", "month"))
        law = Limit(self.dice.randint(*{"workday": (5, 40), "day": (8, 60), "month": (1, 2)}[unit]), unit)
        promise = Limit(self.dice.randint(1, law.value), unit) if self.dice.random() < 0.5 else None
        start = self.today - DAY * self.dice.randrange(3)
        spec = ClockSpec(
            purpose="body" if parent else "handle", subject=("test", "1"), start_date=start, statutory=law,
            committed=promise, regime="permit", grounds=PERMIT_GROUNDS, extend="permit.decision.extend",
            agency_id=self.head.agency_id, parent_id=parent,
        )  # fmt: skip
        clock = actions.open_clock(by=LOADER, at=self.at, spec=spec).clock_id
        self.told[clock] = Told(start, law, promise, parent)
        return clock

    def step(self) -> str:
        """Do something; what was refused has written nothing. Gives what was done."""
        self.today += DAY * self.dice.randrange(4)
        kind = self.dice.choice(KINDS)
        clock = self.dice.choice(self._likely(kind))
        on = self.today - DAY * self.dice.choice((0, 0, 1, 3, 8))
        before = ClockEntry.objects.count(), list(Clock.objects.order_by("pk").values())
        try:
            getattr(self, f"do_{kind}")(clock, self.told[clock], on)
        except Refused:
            assert (ClockEntry.objects.count(), list(Clock.objects.order_by("pk").values())) == before
            return f"{kind} refused"
        return kind

    def _likely(self, kind: str) -> list[int]:
        """The clocks for which an act makes sense, four times in five; all that run, else."""
        running = {one: told for one, told in self.told.items() if told.ended is None}
        open_pause = {one for one, told in running.items() if any(until is None for _, until in told.pauses.values())}
        fits = {
            "pause": set(running) - open_pause,
            "resume": open_pause,
            "strike": {one for one, told in running.items() if told.pauses or told.added},
            "move": {one for one, told in running.items() if told.pauses},
            "stop": set(running) - {self.whole},
        }.get(kind, set())
        return sorted(fits) if fits and self.dice.random() < 0.8 else sorted(running)

    def written(self, clock: int, kind: str) -> int:
        return ClockEntry.objects.filter(clock_id=clock, kind=kind, cause=None).latest("pk").pk

    def do_open(self, clock: int, told: Told, on: date) -> None:
        if len(self.told) < 5:
            self.open(self.whole)

    def do_stop(self, clock: int, told: Told, on: date) -> None:
        if told.parent is not None:
            actions.stop_clock(by=LOADER, at=self.at, clock_id=clock, on=max(on, told.start))
            told.ended = max(on, told.start)

    def do_pause(self, clock: int, told: Told, on: date) -> None:
        standing = actions.Standing("appraisal", on, date(2026, 12, 31), "鉴定", "文书1")
        actions.pause_clock(by=LOADER, at=self.at, clock_id=clock, standing=standing)
        told.pauses[self.written(clock, "pause")] = (on, None)

    def do_resume(self, clock: int, told: Told, on: date) -> None:
        actions.resume_clock(by=LOADER, at=self.at, clock_id=clock, on=on)
        (entry,) = (one for one, (_, until) in told.pauses.items() if until is None)
        told.pauses[entry] = (told.pauses[entry][0], on)
        told.resumed[self.written(clock, "resume")] = entry

    def do_extend(self, clock: int, told: Told, on: date) -> None:
        actions.extend_clock(by=self.head, at=self.at, clock_id=clock, on=on, reason="雨雪封山，看不了")
        told.added[self.written(clock, "extend")] = 10

    def do_move(self, clock: int, told: Told, on: date) -> None:
        entry = self._correct(clock, told, on)
        if entry in told.pauses:
            told.pauses[entry] = (on, told.pauses[entry][1])
        elif entry in told.resumed:
            told.pauses[told.resumed[entry]] = (told.pauses[told.resumed[entry]][0], on)
        elif entry not in told.added:
            told.start = on

    def do_strike(self, clock: int, told: Told, on: date) -> None:
        entry = self._correct(clock, told, None)
        if entry in told.pauses:
            del told.pauses[entry]
            told.resumed = {one: pause for one, pause in told.resumed.items() if pause != entry}
        elif entry in told.resumed:
            pause = told.resumed.pop(entry)
            told.pauses[pause] = (told.pauses[pause][0], None)
        else:
            del told.added[entry]

    def _correct(self, clock: int, told: Told, on: date | None) -> int:
        start = ClockEntry.objects.get(clock_id=clock, kind="start").pk
        others = [*told.pauses, *told.resumed, *told.added]
        entry = self.dice.choice(others if others and self.dice.random() < 0.9 else [start])
        actions.correct_entry(
            by=self.head, at=self.at, clock_id=clock, entry_id=entry, on=on, reason="日期记错了，按签收单"
        )
        return entry

    def stands(self, told: Told) -> list[Stand]:
        """When a clock stands: by itself, and because of its whole or its parts."""
        (mine,) = (clock for clock, one in self.told.items() if one is told)
        others = [one for clock, one in self.told.items() if told.parent == clock or one.parent == mine]
        return [*told.own, *(span for one in others for span in one.own)]

    def check(self) -> None:
        """Every open clock shows the oracle's dates, and stands on the days on which it was told to."""
        rows = {one.pk: one for one in Clock.objects.exclude(state="stopped")}
        for clock, told in self.told.items():
            if told.ended is not None:
                continue
            stands = self.stands(told)
            told_days, days = (
                {day for day in days_stood(spans) if day > told.start} for spans in (stands, _by_ledger(clock))
            )
            assert days == told_days, "the days stand that were told, and no other; day 0 is never counted"
            more = list(told.added.values())
            law = oracle_due(told.start, told.law.value, told.law.unit, stands, more)
            promise = told.promise and oracle_due(told.start, told.promise.value, told.law.unit, stands, more)
            row = rows.pop(clock)
            assert (row.due_date, row.committed_due_date) == (law, promise)
            assert (row.state == "paused") == any(until is None for _, until in stands)
            assert row.start_date == told.start
        assert not rows
        assert not [one for _, faults in queries.verify_clocks(today=self.today) for one in faults]


def _by_ledger(clock: int) -> list[Stand]:
    law = queries.explain_clock(clock_id=clock).statutory
    assert law is not None
    spans = [line.text for line in law.lines if line.kind == "pause"]
    return [_read(one) for one in spans]


def _read(text: str) -> Stand:
    """The days in a ledger's own words: 2026年3月9日到2026年3月18日停钟 or 2026年3月9日起停钟."""
    first, _, last = text.partition("停钟")[0].removesuffix("起").partition("到")
    days = [datetime.strptime(one, "%Y年%m月%d日").date() if one else None for one in (first, last)]
    assert days[0] is not None
    return days[0], days[1]


@pytest.mark.parametrize("seed", range(5))
def test_no_sequence_of_acts_creates_or_loses_a_day(seed: int) -> None:
    seen: Counter[str] = Counter()
    for way in range(5):
        walk = Walk(seed * 100 + way)
        for _ in range(14):
            done = walk.step()
            seen[done] += 1
            if not done.endswith("refused"):
                walk.check()
        actions.stop_clock(by=LOADER, at=walk.at, clock_id=walk.whole, on=walk.today)
    assert min(seen[one] for one in ("pause", "resume", "extend", "move", "strike", "stop")) >= 1, seen
    assert sum(count for one, count in seen.items() if one.endswith("refused")) >= 10, seen
