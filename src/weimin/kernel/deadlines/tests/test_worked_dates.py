"""The worked dates: every row by its start, limit and what makes it a good test."""

from __future__ import annotations

from datetime import date

import pytest

from weimin.kernel.deadlines.rules import Calendar, count_ledger, read_pause
from weimin.kernel.deadlines.types import Extension, Limit

#: name, start (day 0), count, unit, last day
ROWS = [
    ("sunday 09-20 works", "2026-09-18", 5, "workday", "2026-09-24"),
    ("spans mid-autumn, national day and 10-10", "2026-09-18", 20, "workday", "2026-10-22"),
    ("mid-autumn", "2026-09-24", 1, "workday", "2026-09-28"),
    ("national day", "2026-09-30", 1, "workday", "2026-10-08"),
    ("saturday 10-10 works", "2026-09-30", 5, "workday", "2026-10-13"),
    ("ends on a make-up saturday", "2026-02-13", 1, "workday", "2026-02-14"),
    ("spring festival", "2026-02-13", 5, "workday", "2026-02-27"),
    ("both ends are make-up days", "2026-02-14", 5, "workday", "2026-02-28"),
    ("05-09 works", "2026-04-30", 5, "workday", "2026-05-11"),
    ("ends on a make-up sunday", "2025-01-24", 1, "workday", "2025-01-26"),
    ("crosses years, needs two notices", "2025-12-31", 1, "workday", "2026-01-04"),
    ("twenty across the year", "2025-12-31", 20, "workday", "2026-01-29"),
    ("no holiday", "2026-03-02", 20, "workday", "2026-03-30"),
    ("relief case of thirty", "2026-06-18", 30, "workday", "2026-07-31"),
    ("15 days fall on 10-01", "2026-09-16", 15, "day", "2026-10-08"),
    ("petition of 60 days falls on 10-02", "2026-08-03", 60, "day", "2026-10-08"),
    ("penalty of 90 days falls on 10-06", "2026-07-08", 90, "day", "2026-10-08"),
    ("30 days fall on 02-15", "2026-01-16", 30, "day", "2026-02-24"),
    ("15 days fall on 05-05", "2026-04-20", 15, "day", "2026-05-06"),
]
#: The day on which a calendar-day limit falls before a holiday moves it: it is shown too.
UNROLLED = {
    "2026-09-16": "2026-10-01",
    "2026-08-03": "2026-10-02",
    "2026-07-08": "2026-10-06",
    "2026-01-16": "2026-02-15",
    "2026-04-20": "2026-05-05",
}


@pytest.mark.parametrize(("start", "count", "unit", "last"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_worked_date(shipped: Calendar, start: str, count: int, unit: str, last: str) -> None:
    ledger = count_ledger(start=date.fromisoformat(start), limit=Limit(count, unit), calendar=shipped)
    assert ledger.due == date.fromisoformat(last)
    assert ledger.provisional is False
    expected = UNROLLED[start] if unit == "day" else last
    assert ledger.unrolled == date.fromisoformat(expected)


def test_worked_date_expert_review_stops_the_clock(shipped: Calendar) -> None:
    ledger = count_ledger(
        start=date(2026, 3, 2),
        limit=Limit(20, "workday", "xkl-2019 art. 42"),
        calendar=shipped,
        pauses=[read_pause("2026-03-09..2026-03-18")],
    )
    assert ledger.due == date(2026, 4, 10)
    assert [(line.kind, line.due_after) for line in ledger.lines] == [
        ("start", None),
        ("limit", date(2026, 3, 30)),
        ("pause", date(2026, 4, 10)),
    ]


def test_worked_date_extended_by_ten(shipped: Calendar) -> None:
    ledger = count_ledger(
        start=date(2026, 3, 2),
        limit=Limit(20, "workday", "xkl-2019 art. 42"),
        calendar=shipped,
        extensions=[Extension(date(2026, 3, 25), 10, "案情复杂", "xkl-2019 art. 42")],
    )
    assert ledger.due == date(2026, 4, 14)
    assert ledger.lines[-1].due_after == date(2026, 4, 14)
    assert ledger.lines[-1].text == "2026年3月25日批准延长 10 个工作日：案情复杂。"
    assert ledger.due == count_ledger(start=date(2026, 3, 2), limit=Limit(30, "workday"), calendar=shipped).due


@pytest.mark.parametrize(
    ("start", "months", "matching", "last"),
    [
        ("2026-01-31", 1, "2026-02-28", "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29", "2024-02-29"),
        ("2025-01-31", 1, "2025-02-28", "2025-02-28"),
        ("2026-03-10", 6, "2026-09-10", "2026-09-10"),
        ("2026-08-31", 1, "2026-09-30", "2026-09-30"),
        ("2026-04-02", 6, "2026-10-02", "2026-10-08"),
        ("2025-10-15", 3, "2026-01-15", "2026-01-15"),
        ("2025-12-31", 2, "2026-02-28", "2026-02-28"),
    ],
)
def test_months_end_on_the_matching_day_or_the_last_of_the_month(
    shipped: Calendar, start: str, months: int, matching: str, last: str
) -> None:
    """Civil Code art. 202, then 203 where that day is off."""
    ledger = count_ledger(start=date.fromisoformat(start), limit=Limit(months, "month"), calendar=shipped)
    assert ledger.unrolled == date.fromisoformat(matching)
    assert ledger.due == date.fromisoformat(last)
