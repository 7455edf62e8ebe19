"""Clocks in the database: what each entry does to the dates, what is refused, what it costs."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.rules import LedgerBroken, LimitInvalid
from weimin.kernel.deadlines.testing import AT, LOADER
from weimin.kernel.deadlines.types import ClockRef, Limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]

START = date(2026, 3, 2)
STATUTORY = Limit(20, "workday", "xkl-2019 art. 42")
COMMITTED = Limit(7, "workday")
ART_45 = "xkl-2019 art. 45"


def opened(
    statutory: Limit | None = STATUTORY, committed: Limit | None = COMMITTED, start: date = START, number: str = "1"
) -> ClockRef:
    return actions.open_clock(
        by=LOADER,
        at=AT,
        purpose="handle",
        subject=("case", number),
        start_date=start,
        statutory=statutory,
        committed=committed,
    )


def pause(clock_id: int, on: date) -> ClockRef:
    return actions.pause_clock(by=LOADER, at=AT, clock_id=clock_id, on=on, reason="专家评审", article=ART_45)


def resume(clock_id: int, on: date) -> ClockRef:
    return actions.resume_clock(by=LOADER, at=AT, clock_id=clock_id, on=on)


def extend(clock_id: int, on: date, value: int = 10) -> ClockRef:
    return actions.extend_clock(
        by=LOADER, at=AT, clock_id=clock_id, on=on, value=value, reason="案情复杂", article="xkl-2019 art. 42"
    )


def stop(clock_id: int, on: date) -> None:
    actions.stop_clock(by=LOADER, at=AT, clock_id=clock_id, on=on)


def row(clock_id: int) -> Clock:
    return Clock.objects.get(pk=clock_id)


def test_opening_gives_both_dates_in_two_statements(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        ref = opened()
    assert (ref.due_date, ref.committed_due_date, ref.provisional) == (date(2026, 3, 30), date(2026, 3, 11), False)
    kept = row(ref.clock_id)
    assert (kept.due_date, kept.committed_due_date, kept.state) == (ref.due_date, ref.committed_due_date, "running")
    assert [(one.kind, one.on, one.article, one.by_label) for one in kept.entries.all()] == [
        ("start", START, "xkl-2019 art. 42", "装入程序")
    ]


def test_a_clock_may_have_one_limit_only() -> None:
    assert opened(committed=None).committed_due_date is None
    only_promised = opened(statutory=None)
    assert (only_promised.due_date, only_promised.committed_due_date) == (None, date(2026, 3, 11))
    with pytest.raises(actions.ClockRefused):
        opened(statutory=None, committed=None)
    assert Clock.objects.count() == 2


def test_a_limit_that_cannot_be_counted_leaves_no_clock() -> None:
    with pytest.raises(LimitInvalid):
        opened(statutory=Limit(0, "workday"))
    assert not Clock.objects.exists() and not ClockEntry.objects.exists()


def test_a_clock_that_runs_into_an_unknown_year_is_provisional() -> None:
    ref = opened(start=date(2026, 12, 18))
    assert ref.provisional and row(ref.clock_id).provisional
    assert not opened(start=date(2026, 12, 1), committed=None).provisional


def test_expert_review_stops_the_clock_and_both_dates_move() -> None:
    """Permit Law art. 45, and the worked date of 2026-03-02 with 03-09 … 03-18 standing."""
    ref = opened()
    standing = pause(ref.clock_id, date(2026, 3, 9))
    assert (standing.due_date, standing.committed_due_date) == (None, None)
    assert row(ref.clock_id).state == "paused"
    after = resume(ref.clock_id, date(2026, 3, 18))
    assert (after.due_date, after.committed_due_date) == (date(2026, 4, 10), date(2026, 3, 23))
    assert row(ref.clock_id).state == "running"


def test_a_clock_that_is_late_stays_late_when_it_is_stopped() -> None:
    ref = opened(committed=None)
    assert pause(ref.clock_id, date(2026, 4, 1)).due_date == date(2026, 3, 30)


def test_stopping_when_only_the_promise_is_over() -> None:
    ref = opened()
    standing = pause(ref.clock_id, date(2026, 3, 20))
    assert (standing.due_date, standing.committed_due_date) == (None, date(2026, 3, 11))


def test_extension_by_ten() -> None:
    """Permit Law art. 42, and the worked date of 20 + 10."""
    ref = extend(opened(committed=None).clock_id, date(2026, 3, 25))
    assert ref.due_date == date(2026, 4, 14)


def test_extending_a_standing_clock_leaves_it_standing() -> None:
    ref = opened()
    pause(ref.clock_id, date(2026, 3, 9))
    assert extend(ref.clock_id, date(2026, 3, 10)).due_date is None
    assert row(ref.clock_id).state == "paused"
    assert resume(ref.clock_id, date(2026, 3, 18)).due_date == date(2026, 4, 24)


def test_an_ended_clock_keeps_its_dates() -> None:
    ref = opened()
    stop(ref.clock_id, date(2026, 3, 10))
    kept = row(ref.clock_id)
    assert (kept.state, kept.stopped_on, kept.due_date) == ("stopped", date(2026, 3, 10), date(2026, 3, 30))
    stop(ref.clock_id, date(2026, 3, 12))
    assert row(ref.clock_id).stopped_on == date(2026, 3, 10)
    assert [one.kind for one in kept.entries.order_by("id")] == ["start", "stop"]


def test_ending_an_unknown_clock_does_nothing() -> None:
    stop(987654321, START)
    assert not ClockEntry.objects.exists()


REFUSED: dict[str, tuple[Callable[[int], object], Callable[[int], object]]] = {
    "resume without a pause": (lambda _: None, lambda pk: resume(pk, date(2026, 3, 9))),
    "resume twice": (
        lambda pk: (pause(pk, date(2026, 3, 9)), resume(pk, date(2026, 3, 10))),
        lambda pk: resume(pk, date(2026, 3, 11)),
    ),
    "pause twice": (lambda pk: pause(pk, date(2026, 3, 9)), lambda pk: pause(pk, date(2026, 3, 10))),
    "pause on an ended clock": (lambda pk: stop(pk, date(2026, 3, 9)), lambda pk: pause(pk, date(2026, 3, 10))),
    "resume on an ended clock": (
        lambda pk: (pause(pk, date(2026, 3, 5)), stop(pk, date(2026, 3, 9))),
        lambda pk: resume(pk, date(2026, 3, 10)),
    ),
    "extend an ended clock": (lambda pk: stop(pk, date(2026, 3, 9)), lambda pk: extend(pk, date(2026, 3, 10))),
    "extend twice": (lambda pk: extend(pk, date(2026, 3, 9)), lambda pk: extend(pk, date(2026, 3, 20))),
    "pause before the start": (lambda _: None, lambda pk: pause(pk, date(2026, 3, 1))),
    "extend before the start": (lambda _: None, lambda pk: extend(pk, date(2026, 3, 1))),
    "end before the start": (lambda _: None, lambda pk: stop(pk, date(2026, 3, 1))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_nothing_is_written(name: str) -> None:
    prepare, refused = REFUSED[name]
    ref = opened()
    prepare(ref.clock_id)
    before = (Clock.objects.filter(pk=ref.clock_id).values().get(), ClockEntry.objects.count())
    with pytest.raises(actions.ClockRefused):
        refused(ref.clock_id)
    assert (Clock.objects.filter(pk=ref.clock_id).values().get(), ClockEntry.objects.count()) == before


@pytest.mark.parametrize(
    "entry",
    [
        lambda pk: (pause(pk, date(2026, 3, 9)), resume(pk, date(2026, 3, 8))),
        lambda pk: (pause(pk, date(2026, 3, 9)), resume(pk, date(2026, 3, 12)), pause(pk, date(2026, 3, 12))),
        lambda pk: (pause(pk, date(2026, 3, 9)), resume(pk, date(2026, 3, 12)), pause(pk, date(2026, 3, 5))),
    ],
    ids=["resume before the pause", "stand again on the same day", "stand before an earlier pause"],
)
def test_entries_that_contradict_earlier_ones_are_refused(entry: Callable[[int], object]) -> None:
    ref = opened()
    with pytest.raises(LedgerBroken):
        entry(ref.clock_id)
    found = queries.explain_clock(clock_id=ref.clock_id).statutory
    assert found is not None and found.due == row(ref.clock_id).due_date


def test_an_extension_of_nothing_is_refused() -> None:
    ref = opened()
    with pytest.raises(LimitInvalid):
        extend(ref.clock_id, date(2026, 3, 9), value=-5)
    assert row(ref.clock_id).due_date == date(2026, 3, 30)


@pytest.mark.parametrize(
    "entry",
    [
        lambda pk: pause(pk, START),
        lambda pk: resume(pk, START),
        lambda pk: extend(pk, START),
        lambda pk: queries.explain_clock(clock_id=pk),
    ],
    ids=["pause", "resume", "extend", "explain"],
)
def test_an_unknown_clock_is_told_in_words(entry: Callable[[int], object]) -> None:
    with pytest.raises(queries.ClockUnknown):
        entry(987654321)


def test_why_this_date_in_two_queries(django_assert_num_queries: Any) -> None:
    ref = opened()
    pause(ref.clock_id, date(2026, 3, 9))
    resume(ref.clock_id, date(2026, 3, 18))
    extend(ref.clock_id, date(2026, 3, 20))
    stop(ref.clock_id, date(2026, 3, 23))
    with django_assert_num_queries(2):
        found = queries.explain_clock(clock_id=ref.clock_id)
    assert found.purpose == "办理期限"
    assert found.stopped_on == date(2026, 3, 23)
    assert found.statutory is not None and found.committed is not None
    assert [(line.kind, line.article) for line in found.statutory.lines] == [
        ("start", "mfd-2020 art. 201"),
        ("limit", "xkl-2019 art. 42"),
        ("pause", ART_45),
        ("extend", "xkl-2019 art. 42"),
    ]
    assert found.statutory.due == row(ref.clock_id).due_date == found.statutory.strip[-1].day
    assert found.committed.lines[1].article == "承诺时限"
    assert {one.kind for one in found.statutory.strip} == {"works", "off", "paused"}


def test_clocks_of_one_thing_oldest_first() -> None:
    ids = [opened(number="A").clock_id, opened(number="B").clock_id, opened(number="A").clock_id]
    assert queries.list_clock_ids(subject_type="case", subject_id="A") == [ids[0], ids[2]]
    assert queries.list_clock_ids(subject_type="case", subject_id="C") == []


def test_days_left_and_dates_without_a_clock() -> None:
    assert queries.count_from(start=START, limit=STATUTORY) == date(2026, 3, 30)
    assert queries.days_left(today=START, due=date(2026, 3, 30)) == 20
    assert queries.days_left(today=date(2026, 4, 1), due=date(2026, 3, 30)) == -2


@pytest.mark.parametrize("seed", range(25))
def test_after_any_life_the_kept_dates_are_the_sum_of_the_entries(seed: int) -> None:
    """Entries at random, lawful or not: what is kept equals what the entries add up to, entries only grow."""
    dice = random.Random(seed)
    ref = opened(start=START + timedelta(days=dice.randrange(200)))
    day, entries = row(ref.clock_id).start_date, 1
    for _ in range(12):
        day += timedelta(days=dice.randrange(6))
        verb = dice.choice((pause, resume, pause, resume, extend, stop))
        if verb is stop and dice.random() < 0.8:
            continue
        with suppress(actions.ClockRefused, LedgerBroken):
            verb(ref.clock_id, day)
        kept = row(ref.clock_id)
        written = list(kept.entries.order_by("id"))
        assert len(written) >= entries
        entries = len(written)
        for which, date_kept in (("statutory", kept.due_date), ("committed", kept.committed_due_date)):
            ledger = queries.ledger_of(kept, written, which=which)
            assert ledger is not None and ledger.due == date_kept
