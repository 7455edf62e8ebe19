"""Properties of a ledger: no day is made or lost, however the clock was stopped, extended or told."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from weimin.kernel.deadlines.rules import Calendar, count_ledger
from weimin.kernel.deadlines.testing import shipped_calendar
from weimin.kernel.deadlines.tests.oracle import how_many_days
from weimin.kernel.deadlines.types import Extension, Ledger, Limit, Pause

CALENDAR = shipped_calendar()
DAY = timedelta(days=1)
MOST = {"workday": 40, "day": 60, "month": 3}


@dataclass(frozen=True)
class Told:
    """What a clock was told: start, limit, pauses, extensions."""

    start: date
    limit: Limit
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def count(self, calendar: Calendar = CALENDAR) -> Ledger:
        return count_ledger(
            start=self.start, limit=self.limit, calendar=calendar, pauses=self.pauses, extensions=self.extensions
        )

    def due(self) -> date:
        found = self.count().due
        assert found is not None
        return found


def days_between(after: date, to: date) -> list[date]:
    """The days after one day up to and with another."""
    return [after + DAY * step for step in range(1, (to - after).days + 1)]


def days_of(pause: Pause) -> list[date]:
    """Every day of a closed pause."""
    assert pause.until is not None
    return days_between(pause.since - DAY, pause.until)


def counts(day: date, unit: str) -> bool:
    """Whether a day outside pauses uses up a limit of the unit."""
    return unit != "workday" or CALENDAR.works(day)


def works(days: list[date]) -> list[date]:
    """Those of the days that offices work."""
    return [day for day in days if CALENDAR.works(day)]


# The last start leaves room for the longest ledger below to end in 2026: 40 + 2 x 10 working days
# (under 90 days) or 5 months, four pauses of 12 days and a week of 国庆 to roll past.
starts = st.dates(date(2024, 1, 1), date(2026, 3, 1))
units = st.sampled_from(sorted(MOST))


@st.composite
def limits(draw: st.DrawFn, only: str | None = None) -> Limit:
    unit = only or draw(units)
    return Limit(draw(st.integers(1, MOST[unit])), unit)


@st.composite
def tolds(draw: st.DrawFn, only: str | None = None) -> Told:
    start, limit = draw(starts), draw(limits(only))
    pauses: list[Pause] = []
    since = start
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 12)), max_size=4)):
        since += DAY * gap
        pauses.append(Pause(since, since + DAY * (length - 1)))
        since += DAY * length
    added = draw(st.lists(st.tuples(st.integers(0, 30), st.integers(1, max(1, MOST[limit.unit] // 4))), max_size=2))
    return Told(start, limit, tuple(pauses), tuple(Extension(start + DAY * on, value) for on, value in added))


@settings(max_examples=200, deadline=None)
@given(tolds())
def test_no_day_is_made_or_lost(told: Told) -> None:
    ledger = told.count()
    assert ledger.unrolled is not None and ledger.due is not None
    stood = {day for pause in told.pauses for day in days_of(pause)}
    unit = told.limit.unit
    counted = [day for day in days_between(told.start, ledger.unrolled) if day not in stood and counts(day, unit)]
    total = told.limit.value + sum(one.value for one in told.extensions)
    assert len(counted) == how_many_days(told.start, total, unit)
    assert counted[-1] == ledger.unrolled
    rolled = days_between(ledger.unrolled - DAY, ledger.due)
    assert [day for day in rolled if day not in stood and CALENDAR.works(day)] == [ledger.due]


@settings(max_examples=200, deadline=None)
@given(starts, limits("workday"), st.data())
def test_a_pause_inside_moves_the_end_by_the_working_days_in_it(start: date, limit: Limit, data: st.DataObject) -> None:
    before = Told(start, limit).due()
    inside = days_between(start, before)
    first = data.draw(st.integers(0, len(inside) - 1), label="first")
    last = data.draw(st.integers(first, len(inside) - 1), label="last")
    pause = Pause(inside[first], inside[last])
    after = Told(start, limit, (pause,)).due()
    lost = len(works(days_of(pause)))
    assert len(works(days_between(before, after))) == lost
    assert len([day for day in works(days_between(start, after)) if day not in days_of(pause)]) == limit.value
    assert CALENDAR.works(after)
    assert (after == before) == (lost == 0)


@settings(max_examples=200, deadline=None)
@given(tolds(), st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(told: Told, dice: random.Random) -> None:
    pauses, extensions = list(told.pauses), list(told.extensions)
    dice.shuffle(pauses)
    dice.shuffle(extensions)
    other = Told(told.start, told.limit, tuple(pauses), tuple(extensions)).count()
    ledger = told.count()
    assert (other.due, other.unrolled, other.provisional) == (ledger.due, ledger.unrolled, ledger.provisional)


@settings(max_examples=200, deadline=None)
@given(tolds(), st.data())
def test_one_pause_or_two_that_touch_give_the_same_end(told: Told, data: st.DataObject) -> None:
    cut: list[Pause] = []
    for pause in told.pauses:
        days = days_of(pause)
        at = data.draw(st.integers(1, len(days)), label="days before the cut")
        cut.append(Pause(days[0], days[at - 1]))
        if at < len(days):
            cut.append(Pause(days[at], days[-1]))
    halves = Told(told.start, told.limit, tuple(cut), told.extensions).count()
    ledger = told.count()
    assert (halves.due, halves.unrolled, halves.provisional) == (ledger.due, ledger.unrolled, ledger.provisional)


@settings(max_examples=200, deadline=None)
@given(tolds(), st.data())
def test_a_shorter_commitment_never_ends_after_the_statutory_limit(told: Told, data: st.DataObject) -> None:
    pauses = told.pauses
    standing = data.draw(st.booleans(), label="still standing")
    if pauses and standing:
        pauses = (*pauses[:-1], Pause(pauses[-1].since, None))
    less = Limit(data.draw(st.integers(1, told.limit.value), label="committed"), told.limit.unit)
    committed = Told(told.start, less, pauses, told.extensions).count().due
    statutory = Told(told.start, told.limit, pauses, told.extensions).count().due
    if committed is None:
        assert statutory is None
    if committed is not None and statutory is not None:
        assert committed <= statutory


def only(*years: int) -> Calendar:
    """The shipped calendar as it was when only these years' notices were out."""
    return Calendar(
        special={day: works for day, works in CALENDAR.special.items() if day.year in years},
        known_years=frozenset(years),
        notes={day: note for day, note in CALENDAR.notes.items() if day.year in years},
    )


def joined(one: Calendar, other: Calendar) -> Calendar:
    """A calendar with another's notices added later."""
    return Calendar(
        special={**one.special, **other.special},
        known_years=one.known_years | other.known_years,
        notes={**one.notes, **other.notes},
    )


@settings(max_examples=200, deadline=None)
@given(tolds(), st.permutations((2024, 2025, 2026)))
def test_a_notice_loaded_later_is_as_if_known_from_the_start(told: Told, order: list[int]) -> None:
    early = only(*order[:2])
    first = told.count(early)
    later = told.count(joined(early, only(order[2])))
    assert later == told.count()
    assert later == told.count(joined(only(order[2]), early))
    assert first == told.count(early), "counting again with the old calendar gives the old ledger"
    assert later.due is not None and later.due.year <= 2026
    assert not later.provisional
    if not first.provisional:
        assert first.due == later.due


def test_a_provisional_end_is_settled_when_its_notice_comes() -> None:
    told = Told(date(2025, 12, 22), Limit(20, "workday"))
    early = only(2024, 2025)
    before, after = told.count(early), told.count(joined(early, only(2026)))
    assert (before.provisional, after.provisional) == (True, False)
    assert any(line.kind == "provisional" for line in before.lines)
    assert not any(line.kind == "provisional" for line in after.lines)
    assert before.due == date(2026, 1, 19), "plain weekends"
    assert after.due == date(2026, 1, 20), "2 days off at new year, 1 make-up Sunday"
