"""Counting by law: every worked date, properties of any ledger, and a plain oracle."""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tyme4py.solar import SolarDay

from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.testing import shipped_calendar
from weimin.kernel.deadlines.types import Extension, Limit, Pause

CALENDAR = shipped_calendar()


def due(start: str, value: int, unit: str, **more: object) -> date:
    ledger = rules.count_ledger(
        start=date.fromisoformat(start),
        limit=Limit(value, unit),
        calendar=CALENDAR,
        **more,  # type: ignore[arg-type]
    )
    assert ledger.due is not None
    return ledger.due


WORKED = [
    ("2026-09-18", 5, "workday", "2026-09-24", "mfd-2020 art. 201: a Sunday that works"),
    ("2026-09-18", 20, "workday", "2026-10-22", "xkl-2019 art. 82: across 中秋, 国庆 and a make-up day"),
    ("2026-09-24", 1, "workday", "2026-09-28", "中秋"),
    ("2026-09-30", 1, "workday", "2026-10-08", "国庆"),
    ("2026-09-30", 5, "workday", "2026-10-13", "a Saturday that works"),
    ("2026-02-13", 1, "workday", "2026-02-14", "ends on a make-up Saturday"),
    ("2026-02-13", 5, "workday", "2026-02-27", "春节"),
    ("2026-02-14", 5, "workday", "2026-02-28", "both ends make-up days"),
    ("2026-04-30", 5, "workday", "2026-05-11", "劳动节 and a make-up day"),
    ("2025-01-24", 1, "workday", "2025-01-26", "ends on a make-up Sunday"),
    ("2025-12-31", 1, "workday", "2026-01-04", "two years' notices"),
    ("2025-12-31", 20, "workday", "2026-01-29", "across years"),
    ("2026-03-02", 20, "workday", "2026-03-30", "no holiday"),
    ("2026-06-18", 30, "workday", "2026-07-31", "低保"),
    ("2026-09-16", 15, "day", "2026-10-08", "mfd-2020 art. 203: rolls past 国庆"),
    ("2026-08-03", 60, "day", "2026-10-08", "petition"),
    ("2026-07-08", 90, "day", "2026-10-08", "penalty decision"),
    ("2026-01-16", 30, "day", "2026-02-24", "rolls past 春节"),
    ("2026-04-20", 15, "day", "2026-05-06", "rolls past 劳动节"),
]


@pytest.mark.parametrize(("start", "value", "unit", "last", "why"), WORKED, ids=[w[4] for w in WORKED])
def test_worked_dates(start: str, value: int, unit: str, last: str, why: str) -> None:
    assert due(start, value, unit) == date.fromisoformat(last)


def test_expert_review_stops_the_clock() -> None:
    pause = Pause(date(2026, 3, 9), date(2026, 3, 18), "专家评审", "xkl-2019 art. 45")
    assert due("2026-03-02", 20, "workday", pauses=[pause]) == date(2026, 4, 10)


def test_an_extension_adds_to_the_limit() -> None:
    more = Extension(date(2026, 3, 20), 10, "情况复杂", "xkl-2019 art. 42")
    assert due("2026-03-02", 20, "workday", extensions=[more]) == date(2026, 4, 14)


def test_months_end_on_the_matching_day_or_the_months_last() -> None:
    assert rules.add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert rules.add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert rules.add_months(date(2026, 11, 30), 3) == date(2027, 2, 28)


def test_an_unknown_year_is_provisional_and_says_so() -> None:
    ledger = rules.count_ledger(start=date(2026, 12, 28), limit=Limit(10, "workday"), calendar=CALENDAR)
    assert ledger.provisional
    assert any(line.kind == "provisional" for line in ledger.lines)


def test_a_standing_clock_has_no_date() -> None:
    ledger = rules.count_ledger(
        start=date(2026, 3, 2), limit=Limit(5, "workday"), calendar=CALENDAR, pauses=[Pause(date(2026, 3, 3), None)]
    )
    assert ledger.due is None


@pytest.mark.parametrize(
    "pauses",
    [
        [Pause(date(2026, 3, 1), date(2026, 3, 3))],
        [Pause(date(2026, 3, 9), date(2026, 3, 8))],
        [Pause(date(2026, 3, 9), date(2026, 3, 12)), Pause(date(2026, 3, 12), date(2026, 3, 13))],
        [Pause(date(2026, 3, 9), None), Pause(date(2026, 3, 12), date(2026, 3, 13))],
    ],
)
def test_impossible_pauses_are_refused(pauses: list[Pause]) -> None:
    with pytest.raises(rules.LedgerBroken):
        rules.count_ledger(start=date(2026, 3, 2), limit=Limit(5, "workday"), calendar=CALENDAR, pauses=pauses)


@pytest.mark.parametrize(("value", "unit"), [(0, "workday"), (-1, "day"), (5, "week"), (9999, "day")])
def test_impossible_limits_are_refused(value: int, unit: str) -> None:
    with pytest.raises(rules.LimitInvalid):
        rules.count_ledger(start=date(2026, 3, 2), limit=Limit(value, unit), calendar=CALENDAR)


def oracle(start: date, limit: Limit, pauses: list[Pause]) -> date:
    """The slowest, plainest way: walk the days, cross off what does not count."""
    stood = set()
    for one in pauses:
        day = one.since
        while one.until is not None and day <= one.until:
            stood.add(day)
            day += timedelta(days=1)
    day, counted = start, 0
    while counted < limit.value:
        day += timedelta(days=1)
        if day in stood:
            continue
        if limit.unit == "workday" and not chinese_calendar.is_workday(day):
            continue
        counted += 1
    while limit.unit == "day" and (day in stood or not chinese_calendar.is_workday(day)):
        day += timedelta(days=1)
    return day


days = st.dates(date(2024, 1, 1), date(2026, 5, 31))
limits = st.builds(Limit, st.integers(1, 45), st.sampled_from(["workday", "day"]))
gaps = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 12)), max_size=4)


def pauses_from(start: date, plan: list[tuple[int, int]]) -> list[Pause]:
    made, day = [], start
    for wait, length in plan:
        since = day + timedelta(days=wait)
        day = since + timedelta(days=length)
        made.append(Pause(since, day))
    return made


@settings(max_examples=1000, deadline=None)
@given(days, limits, gaps)
def test_agrees_with_the_oracle(start: date, limit: Limit, plan: list[tuple[int, int]]) -> None:
    pauses = pauses_from(start, plan)
    ledger = rules.count_ledger(start=start, limit=limit, calendar=CALENDAR, pauses=pauses)
    assert ledger.due == oracle(start, limit, pauses)


@settings(max_examples=300, deadline=None)
@given(days, limits, gaps)
def test_no_pause_creates_or_loses_a_day(start: date, limit: Limit, plan: list[tuple[int, int]]) -> None:
    ledger = rules.count_ledger(
        start=start, limit=limit, calendar=CALENDAR, pauses=pauses_from(start, plan), strip=True
    )
    counted = [one for one in ledger.strip if one.count and one.kind != "paused"]
    assert max((one.count for one in ledger.strip), default=0) >= limit.value
    assert all(one.kind in ("works", "makeup") for one in counted if limit.unit == "workday" and one.kind != "off")
    again = rules.count_ledger(start=start, limit=limit, calendar=CALENDAR, pauses=pauses_from(start, plan))
    assert again.due == ledger.due


def test_the_calendar_agrees_with_two_libraries_on_every_day() -> None:
    china = holidays.country_holidays("CN", years=(2024, 2025, 2026))
    day = date(2024, 1, 1)
    while day.year < 2027:
        other = SolarDay.from_ymd(day.year, day.month, day.day).get_legal_holiday()
        third = day.weekday() < 5 if other is None else other.is_work()
        assert CALENDAR.works(day) == third == china.is_working_day(day), day
        day += timedelta(days=1)


def test_days_left() -> None:
    left = rules.working_days_left
    assert left(today=date(2026, 9, 18), due=date(2026, 9, 24), calendar=CALENDAR) == 5
    assert left(today=date(2026, 9, 24), due=date(2026, 9, 24), calendar=CALENDAR) == 0
    assert left(today=date(2026, 9, 24), due=date(2026, 9, 18), calendar=CALENDAR) == -5
