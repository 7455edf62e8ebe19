"""Properties of the count: no order of pauses makes or loses a day, and a slow plain count agrees."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weimin.kernel.deadlines.rules import Calendar, Span, count_ledger, join_spans, without_spans, working_days_left
from weimin.kernel.deadlines.testing import shipped_calendar
from weimin.kernel.deadlines.types import Extension, Limit, Pause

CALENDAR = shipped_calendar()
DAY = timedelta(days=1)
COUNTED = ("workday", "day")


@dataclass(frozen=True)
class Told:
    """A start, a limit and closed pauses that do not overlap."""

    start: date
    limit: Limit
    pauses: tuple[Pause, ...]

    @property
    def stood(self) -> set[date]:
        return {
            one.since + DAY * step
            for one in self.pauses
            if one.until
            for step in range((one.until - one.since).days + 1)
        }

    def due(self, calendar: Calendar = CALENDAR) -> date:
        found = count_ledger(start=self.start, limit=self.limit, calendar=calendar, pauses=self.pauses).due
        assert found is not None
        return found


def tell(start: date, limit: Limit, gaps: list[tuple[int, int]]) -> Told:
    """Pauses from pairs of days between and days standing."""
    pauses: list[Pause] = []
    since = start
    for gap, length in gaps:
        since += DAY * gap
        pauses.append(Pause(since, since + DAY * (length - 1)))
        since += DAY * length
    return Told(start, limit, tuple(pauses))


GAPS = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 15)), max_size=6)
STARTS = st.dates(date(2023, 12, 1), date(2026, 12, 31))
COUNTS = st.integers(1, 90)
LEDGERS = st.builds(tell, STARTS, st.builds(Limit, COUNTS, st.sampled_from(COUNTED)), GAPS)
ANY_LEDGERS = st.one_of(LEDGERS, st.builds(tell, STARTS, st.builds(Limit, st.integers(1, 14), st.just("month")), GAPS))


def plain_count(told: Told, calendar: Calendar) -> date:
    """The slow oracle: write down the days after the start one by one, strike out what does not count, take the nth."""
    stood, wanted = told.stood, told.limit.value
    if told.limit.unit == "month":
        month, year = told.start.month, told.start.year
        for _ in range(told.limit.value):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        match, number = None, told.start.day
        while match is None:
            try:
                match = date(year, month, number)
            except ValueError:
                number -= 1
        wanted = (match - told.start).days
    listed: list[date] = []
    day = told.start
    while len(listed) < wanted:
        day = day + DAY
        if day in stood:
            continue
        if told.limit.unit == "workday" and not calendar.works(day):
            continue
        listed.append(day)
    last = listed[-1]
    while last in stood or not calendar.works(last):
        last = last + DAY
    return last


def _random_told(seed: int) -> Told:
    dice = random.Random(seed)
    start = date(2023, 12, 1) + DAY * dice.randrange(1200)
    unit = dice.choice(("workday", "workday", "day", "month"))
    value = dice.randint(1, 12) if unit == "month" else dice.randint(1, 90)
    return tell(
        start, Limit(value, unit), [(dice.randint(0, 20), dice.randint(1, 15)) for _ in range(dice.randrange(6))]
    )


@pytest.mark.parametrize("batch", range(6))
def test_a_slow_plain_count_agrees_on_hundreds_of_ledgers(batch: int) -> None:
    for seed in range(batch * 100, batch * 100 + 100):
        told = _random_told(seed)
        assert told.due() == plain_count(told, CALENDAR), (seed, told)


@given(ANY_LEDGERS)
def test_a_slow_plain_count_agrees_on_what_hypothesis_thinks_of(told: Told) -> None:
    assert told.due() == plain_count(told, CALENDAR)


@given(LEDGERS)
def test_no_pauses_make_or_lose_a_day(told: Told) -> None:
    """Between start and the last counted day there are exactly as many counted days as the limit has."""
    ledger = count_ledger(start=told.start, limit=told.limit, calendar=CALENDAR, pauses=told.pauses)
    assert ledger.unrolled is not None and ledger.due is not None
    span = [told.start + DAY * step for step in range(1, (ledger.unrolled - told.start).days + 1)]
    counted = [day for day in span if day not in told.stood and (told.limit.unit == "day" or CALENDAR.works(day))]
    assert len(counted) == told.limit.value
    assert counted[-1] == ledger.unrolled
    assert CALENDAR.works(ledger.due) and ledger.due not in told.stood
    passed = [ledger.unrolled + DAY * step for step in range((ledger.due - ledger.unrolled).days)]
    assert all(day in told.stood or not CALENDAR.works(day) for day in passed)


@given(ANY_LEDGERS, st.randoms(use_true_random=False))
def test_the_order_in_which_pauses_are_told_does_not_matter(told: Told, dice: random.Random) -> None:
    shuffled = list(told.pauses)
    dice.shuffle(shuffled)
    assert Told(told.start, told.limit, tuple(shuffled)).due() == told.due()


@given(ANY_LEDGERS, st.data())
def test_resuming_and_stopping_again_the_next_day_changes_nothing(told: Told, data: st.DataObject) -> None:
    cut: list[Pause] = []
    for one in told.pauses:
        assert one.until is not None
        middle = one.since + DAY * data.draw(st.integers(0, (one.until - one.since).days))
        cut.append(Pause(one.since, middle))
        if middle < one.until:
            cut.append(Pause(middle + DAY, one.until))
    assert Told(told.start, told.limit, tuple(cut)).due() == told.due()


@given(ANY_LEDGERS, st.integers(1, 40), st.integers(1, 40))
def test_a_pause_after_the_end_changes_nothing(told: Told, after: int, length: int) -> None:
    end = told.due()
    before = tuple(one for one in told.pauses if one.until and one.until <= end)
    since = end + DAY * after
    assert Told(told.start, told.limit, before).due() == end
    assert Told(told.start, told.limit, (*before, Pause(since, since + DAY * length))).due() == end
    standing = count_ledger(start=told.start, limit=told.limit, calendar=CALENDAR, pauses=(*before, Pause(since, None)))
    assert standing.due == end


@given(ANY_LEDGERS)
def test_a_pause_never_brings_the_end_nearer(told: Told) -> None:
    for kept in range(len(told.pauses)):
        fewer = Told(told.start, told.limit, told.pauses[:kept])
        assert fewer.due() <= Told(told.start, told.limit, told.pauses[: kept + 1]).due()


@given(LEDGERS, st.integers(1, 30))
def test_an_extension_is_a_longer_limit(told: Told, more: int) -> None:
    longer = Told(told.start, Limit(told.limit.value + more, told.limit.unit), told.pauses).due()
    extended = count_ledger(
        start=told.start,
        limit=told.limit,
        calendar=CALENDAR,
        pauses=told.pauses,
        extensions=[Extension(told.start, more)],
    )
    assert extended.due == longer >= told.due()


@given(STARTS, COUNTS)
def test_later_starts_and_longer_limits_never_end_earlier(start: date, count: int) -> None:
    for unit in COUNTED:
        end = Told(start, Limit(count, unit), ()).due()
        assert end <= Told(start + DAY, Limit(count, unit), ()).due()
        assert end <= Told(start, Limit(count + 1, unit), ()).due()
        assert end > start


@given(STARTS, st.integers(0, 1500))
def test_worked_days_are_counted_as_if_each_were_asked(start: date, days: int) -> None:
    one_by_one = sum(CALENDAR.works(start + DAY * (n + 1)) for n in range(days))
    assert CALENDAR.count_worked(after=start, until=start + DAY * days) == one_by_one


@given(STARTS, COUNTS)
def test_on_day_0_all_the_working_days_are_left(start: date, count: int) -> None:
    end = Told(start, Limit(count, "workday"), ()).due()
    assert working_days_left(today=start, due=end, calendar=CALENDAR) == count
    assert working_days_left(today=end, due=end, calendar=CALENDAR) == 0
    assert working_days_left(today=end + DAY, due=end, calendar=CALENDAR) == -1


@settings(max_examples=60)
@given(ANY_LEDGERS)
def test_the_strip_is_the_whole_way_and_ends_at_the_limit(told: Told) -> None:
    ledger = count_ledger(start=told.start, limit=told.limit, calendar=CALENDAR, pauses=told.pauses, strip=True)
    assert ledger.due is not None
    if (ledger.due - told.start).days > 400:
        assert len(ledger.strip) == 400
        return
    assert [one.day for one in ledger.strip] == [
        told.start + DAY * step for step in range(1, (ledger.due - told.start).days + 1)
    ]
    assert {one.day for one in ledger.strip if one.kind == "paused"} == {
        day for day in told.stood if told.start < day <= ledger.due
    }
    if told.limit.unit != "month":
        assert ledger.strip[-1].count == told.limit.value
    assert [one.count for one in ledger.strip] == sorted(one.count for one in ledger.strip)


@given(ANY_LEDGERS)
def test_lines_add_up_to_the_due_day(told: Told) -> None:
    ledger = count_ledger(start=told.start, limit=told.limit, calendar=CALENDAR, pauses=told.pauses)
    assert ledger.lines[0].kind == "start"
    assert ledger.lines[-1].due_after == ledger.due
    assert sum(line.kind == "pause" for line in ledger.lines) == len(told.pauses)
    assert (ledger.due != ledger.unrolled) == any(line.kind == "rolled" for line in ledger.lines)


@given(ANY_LEDGERS, st.sets(st.sampled_from((2024, 2025, 2026))))
def test_a_date_that_is_not_provisional_stays_when_more_notices_are_loaded(told: Told, years: set[int]) -> None:
    some = Calendar({day: works for day, works in CALENDAR.special.items() if day.year in years}, frozenset(years))
    ledger = count_ledger(start=told.start, limit=told.limit, calendar=some, pauses=told.pauses)
    if not ledger.provisional:
        assert ledger.due == told.due()


SPANS = st.lists(
    st.builds(
        lambda first, length: (STARTS_AT + DAY * first, STARTS_AT + DAY * (first + length)),
        st.integers(0, 40),
        st.integers(0, 12),
    ),
    max_size=6,
)
STARTS_AT = date(2026, 3, 2)


def days_of(spans: list[Span]) -> list[date]:
    return [
        STARTS_AT + DAY * step
        for since, until in spans
        for step in range(60)
        if since <= STARTS_AT + DAY * step and (until is None or STARTS_AT + DAY * step <= until)
    ]


@given(SPANS, SPANS, st.booleans())
def test_spans_are_sets_of_days_as_few_as_they_can_be(some: list[Span], taken: list[Span], without_end: bool) -> None:
    if without_end and some:
        some = [*some[:-1], (some[-1][0], None)]
    joined, left = join_spans(some), without_spans(some, taken)
    assert days_of(joined) == sorted(set(days_of(some)))
    assert days_of(left) == sorted(set(days_of(some)) - set(days_of(taken)))
    for one, following in pairwise(joined):
        assert one[1] is not None and one[1] + DAY < following[0]
    if without_end and some:
        assert joined[-1][1] is None
