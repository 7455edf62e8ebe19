"""The loop of due moments: each level at its moment, once, after any stop, with many workers, past any bad row."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Barrier, Event, Lock
from typing import Any

import pytest

from weimin.base.attending import LONGEST_WAIT
from weimin.base.clock import day_start
from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.testing import LOADER, apart, open_permit, stand, start_apart, sweep, watching
from weimin.kernel.deadlines.types import Level, LevelChange, Limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
START = date(2026, 3, 2)
OPENED = day_start(START) + timedelta(hours=10)
INSTANT = timedelta(microseconds=1)
#: Twenty working days promised in ten: three left, one left, the day after each end.
MOMENTS = {
    Level.YELLOW: day_start(date(2026, 3, 11)),
    Level.RED: day_start(date(2026, 3, 13)),
    Level.PROMISE: day_start(date(2026, 3, 17)),
    Level.LAW: day_start(date(2026, 3, 31)),
}
YELLOW, LAST = MOMENTS[Level.YELLOW], MOMENTS[Level.LAW]


@dataclass
class Watcher:
    """Who hears of changes, and may fail at one clock."""

    fails_at: int = 0
    changes: list[LevelChange] = field(default_factory=list)
    lock: Any = field(default_factory=Lock)

    def hear(self, *, at: datetime, changes: list[LevelChange]) -> None:
        if any(one.clock_id == self.fails_at for one in changes):
            raise RuntimeError("cannot write this one")
        with self.lock:
            self.changes.extend(changes)

    @property
    def heard(self) -> list[tuple[int, Level, Level]]:
        return [(one.clock_id, one.old, one.new) for one in self.changes]


def open_one(**fields: Any) -> int:
    return open_permit(START, at=OPENED, **{"committed": Limit(10, "workday"), **fields}).clock_id


def attend(at: datetime, **more: Any) -> int:
    return actions.attend_clocks(at=at, **more)


def row(clock: int) -> Clock:
    return Clock.objects.get(pk=clock)


# --- one clock ---------------------------------------------------------------------------------------------
def test_levels_change_at_their_moments_to_the_microsecond_once_and_in_order() -> None:
    clock, watcher = open_one(), Watcher()
    with watching(watcher.hear):
        for level, moment in MOMENTS.items():
            assert row(clock).attention_at == moment
            assert attend(moment - INSTANT) == 0
            assert attend(moment) == 1
            assert attend(moment) == 0, "once"
            assert row(clock).level == level
    steps = [Level.GREEN, *MOMENTS]
    assert watcher.heard == [(clock, old, new) for old, new in itertools.pairwise(steps)]
    assert row(clock).attention_at is None


def test_watchers_hear_what_the_warning_is_about() -> None:
    clock, watcher = open_one(number="77", label="县级核查", place="340321113"), Watcher()
    with watching(watcher.hear):
        for moment in MOMENTS.values():
            attend(moment)
    last = watcher.changes[-1]
    assert (last.clock_id, last.subject_type, last.subject_id, last.purpose) == (clock, "test", "77", "handle")
    assert (last.label, last.place, last.promised) == ("县级核查", "340321113", True)
    assert [one.due for one in watcher.changes] == [*[date(2026, 3, 16)] * 3, date(2026, 3, 30)]


def test_after_days_without_a_worker_everything_passed_is_told_at_once() -> None:
    clock, watcher = open_one(), Watcher()
    with watching(watcher.hear):
        assert attend(LAST + timedelta(days=5)) == 1
    assert watcher.heard == [(clock, Level.GREEN, Level.LAW)], "who hears of it makes up for what lies between"


def test_a_limit_without_a_promise_and_one_by_promise_only() -> None:
    law, promise = open_one(committed=None), open_one(statutory=None, committed=Limit(10, "workday"))
    attend(LAST)
    assert (row(law).level, row(promise).level) == (Level.LAW, Level.PROMISE)
    assert row(law).attention_at is row(promise).attention_at is None


def test_warnings_of_days_go_by_the_day_before_rolling() -> None:
    """Thirty days from 09-02 fall on 10-02 and move to 10-08: red three days before the earlier one."""
    at = day_start(date(2026, 9, 2))
    clock = open_permit(date(2026, 9, 2), at=at, statutory=Limit(30, "day"), regime="service").clock_id
    assert row(clock).due_date == date(2026, 10, 8)
    assert (row(clock).yellow_on, row(clock).red_on) == (date(2026, 9, 23), date(2026, 9, 29))


# --- what may happen between ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "act",
    [
        lambda clock: stand(clock, date(2026, 3, 10), at=OPENED + timedelta(days=10)),
        lambda clock: actions.stop_clock(by=LOADER, at=OPENED, clock_id=clock, on=START),
    ],
    ids=["it stands", "it ended"],
)
def test_a_clock_that_stands_or_ended_asks_for_nothing(act: Callable[[int], object]) -> None:
    clock = open_one()
    act(clock)
    assert attend(LAST) == 0
    assert (row(clock).level, row(clock).attention_at) == (Level.GREEN, None)


def test_going_on_sets_the_next_moment_and_takes_a_warning_back() -> None:
    clock, watcher = open_one(), Watcher()
    attend(YELLOW)
    with watching(watcher.hear):
        stand(clock, date(2026, 3, 11), at=YELLOW)
        actions.resume_clock(by=LOADER, at=YELLOW + timedelta(days=8), clock_id=clock, on=date(2026, 3, 19))
    assert watcher.heard == [(clock, Level.YELLOW, Level.GREEN)]
    assert row(clock).attention_at == day_start(date(2026, 3, 20))
    assert attend(day_start(date(2026, 3, 20))) == 1
    assert row(clock).level == Level.YELLOW


def test_an_end_tells_the_overrun_that_nobody_attended_to() -> None:
    clock, watcher = open_one(), Watcher()
    with watching(watcher.hear):
        actions.stop_clock(by=LOADER, at=LAST + timedelta(days=1), clock_id=clock, on=date(2026, 3, 31))
    assert watcher.heard == [(clock, Level.GREEN, Level.LAW)]
    assert attend(LAST + timedelta(days=9)) == 0


def test_a_clock_from_before_thresholds_were_kept_gets_them_at_its_first_look() -> None:
    clock, watcher = open_one(), Watcher()
    Clock.objects.filter(pk=clock).update(yellow_on=None, red_on=None, attention_at=YELLOW)
    with watching(watcher.hear):
        assert attend(MOMENTS[Level.RED]) == 1
    assert (row(clock).yellow_on, row(clock).red_on) == (date(2026, 3, 11), date(2026, 3, 13))
    assert watcher.heard == [(clock, Level.GREEN, Level.RED)]
    assert row(clock).attention_at == MOMENTS[Level.PROMISE]


# --- a bad row ---------------------------------------------------------------------------------------------
def test_a_failing_row_does_not_block_the_others_and_is_put_off_longer_each_time() -> None:
    first, bad, last = open_one(), open_one(), open_one()
    watcher = Watcher(fails_at=bad)
    with watching(watcher.hear):
        assert attend(YELLOW) == 2
        assert [row(one).level for one in (first, bad, last)] == [Level.YELLOW, Level.GREEN, Level.YELLOW]
        assert [one.pk for one in queries.list_stuck()] == [bad]
        at, waits = YELLOW, []
        for tries in range(1, 12):
            stuck = row(bad)
            assert stuck.attention_tries == tries and stuck.attention_at is not None
            waits.append(stuck.attention_at - at)
            at = stuck.attention_at
            assert attend(at - INSTANT) == 0
            assert attend(at, batch=5) == 0
        assert waits[:4] == [timedelta(minutes=one) for one in (2, 4, 8, 16)]
        assert waits == sorted(waits) and waits[-1] == LONGEST_WAIT
        watcher.fails_at = 0
        assert attend(at + LONGEST_WAIT) == 1
    assert (row(bad).attention_tries, row(bad).level) == (0, Level.YELLOW)
    assert queries.list_stuck() == []
    assert Counter(clock for clock, _, _ in watcher.heard) == {first: 1, bad: 1, last: 1}


def test_oldest_moments_come_first() -> None:
    clocks = [open_permit(START - timedelta(days=days), at=OPENED, number=str(days)).clock_id for days in (0, 2, 5)]
    watcher = Watcher()
    with watching(watcher.hear):
        while attend(day_start(date(2026, 3, 20)), batch=1):
            pass
    assert [clock for clock, _, _ in watcher.heard] == [clocks[2], clocks[1], clocks[0]]


def test_when_all_fail_each_is_tried_once_and_the_loop_ends() -> None:
    failing = [open_one() for _ in range(3)]

    def fail(*, at: datetime, changes: list[LevelChange]) -> None:
        raise RuntimeError("cannot write any")

    with watching(fail):
        assert [attend(YELLOW, batch=2) for _ in range(3)] == [0, 0, 0]
    assert {row(one).attention_tries for one in failing} == {1}
    assert {row(one).level for one in failing} == {Level.GREEN}


# --- many workers ------------------------------------------------------------------------------------------
def test_many_workers_attend_to_each_clock_exactly_once() -> None:
    workers, watcher = 4, Watcher()
    barrier = Barrier(workers)

    def work() -> int:
        barrier.wait(30)
        done = 0
        while batch := attend(YELLOW, batch=3):
            done += batch
        return done

    try:
        clocks = apart(lambda: [open_one(number=str(place)) for place in range(40)])
        with watching(watcher.hear), ThreadPoolExecutor(workers) as pool:
            done = [one.result(60) for one in [start_apart(pool, work) for _ in range(workers)]]
        assert sum(done) + apart(lambda: attend(YELLOW)) == len(clocks)
        assert Counter(watcher.heard) == {(clock, Level.GREEN, Level.YELLOW): 1 for clock in clocks}
        assert apart(lambda: set(Clock.objects.values_list("level", flat=True))) == {Level.YELLOW}
    finally:
        apart(sweep)


def test_a_second_worker_passes_over_the_rows_of_the_first() -> None:
    working, may_end, heard = Event(), Event(), Watcher()

    def hear(*, at: datetime, changes: list[LevelChange]) -> None:
        if not working.is_set():
            working.set()
            assert may_end.wait(30)
        heard.hear(at=at, changes=changes)

    try:
        clocks = apart(lambda: [open_one(number=str(place)) for place in range(5)])
        with watching(hear), ThreadPoolExecutor(1) as pool:
            first = start_apart(pool, lambda: attend(YELLOW, batch=2))
            assert working.wait(30)
            assert apart(lambda: attend(YELLOW, batch=10)) == 3
            may_end.set()
            assert first.result(30) == 2
        assert [clock for clock, _, _ in heard.heard] == [*clocks[2:], *clocks[:2]]
    finally:
        may_end.set()
        apart(sweep)
