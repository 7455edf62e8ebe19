"""The shipped notices against the raw lists of other libraries: what test_calendar.py does not ask.

test_calendar.py asks each library whether a day is worked, the working days of a year and the
make-up days of 2025 and 2026 in the notices. Here: the lists behind those answers, each way round.
"""

from __future__ import annotations

from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest

from weimin.kernel.deadlines.rules import Calendar

YEARS = (2024, 2025, 2026)
DAYS = [date(2024, 1, 1) + timedelta(days=offset) for offset in range(366 + 365 + 365)]
CHINA = holidays.country_holidays("CN", years=YEARS, language="en_US")

#: Days on which the holidays library differs from the notices, with the notice that settles it.
DIFFERENCES: dict[date, str] = {}

MAKE_UP = {
    2024: ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}


def raw_works(day: date) -> bool:
    """What the holidays library's own lists say, without its is_working_day."""
    if day in CHINA.weekend_workdays:
        return True
    return day not in CHINA and day.weekday() < 5


def test_the_days_are_the_whole_of_three_years() -> None:
    assert DAYS[-1] == date(2026, 12, 31)
    assert {day.year for day in DAYS} == set(YEARS)


def test_the_lists_of_the_holidays_library_differ_only_where_said(shipped: Calendar) -> None:
    assert {day for day in DAYS if shipped.works(day) != raw_works(day)} == set(DIFFERENCES)
    assert all(DIFFERENCES.values()), "a difference names the notice that settles it"


@pytest.mark.parametrize("year", YEARS)
def test_make_up_days_are_the_same_in_the_calendar_and_both_libraries(shipped: Calendar, year: int) -> None:
    days = [day for day in DAYS if day.year == year]
    expected = [date.fromisoformat(f"{year}-{day}") for day in MAKE_UP[year]]
    assert [day for day in days if shipped.kind(day) == "makeup"] == expected
    assert [day for day in days if day in CHINA.weekend_workdays] == expected
    assert [day for day in sorted(chinese_calendar.workdays) if day.year == year] == expected


@pytest.mark.parametrize("year", YEARS)
def test_every_make_up_day_pays_for_a_weekday_off(shipped: Calendar, year: int) -> None:
    """The holidays library names, for each weekday given in exchange, the weekend day that pays for it."""
    given = {day: name for day, name in CHINA.items() if day.year == year and "substituted from" in name}
    assert len(given) == len(MAKE_UP[year])
    assert all(day.weekday() < 5 and shipped.kind(day) == "off" for day in given)
    paid = {name.rpartition("from ")[2].rstrip(")") for name in given.values()}
    assert paid == {f"{day[:2]}/{day[3:]}/{year}" for day in MAKE_UP[year]}


@pytest.mark.parametrize("year", YEARS)
def test_every_weekday_off_is_a_day_off_of_chinesecalendar_by_name(shipped: Calendar, year: int) -> None:
    days = [day for day in DAYS if day.year == year and day.weekday() < 5 and shipped.kind(day) == "off"]
    assert days == [day for day in sorted(chinese_calendar.holidays) if day.year == year and day.weekday() < 5]
    assert all(shipped.notes.get(day) for day in days), "the strip says which holiday it is"
