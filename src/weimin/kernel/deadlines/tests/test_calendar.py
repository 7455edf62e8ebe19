"""The shipped notices: against three other calendars day by day, and against themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest
from tyme4py.holiday import LegalHoliday

from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.testing import read_notices

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
DAYS = [FIRST + timedelta(days=offset) for offset in range((LAST - FIRST).days + 1)]
_CHINA = holidays.country_holidays("CN", years=(2024, 2025, 2026))


def _tyme(day: date) -> bool:
    found = LegalHoliday.from_ymd(day.year, day.month, day.day)
    return day.weekday() < 5 if found is None else bool(found.is_work())


JUDGES: dict[str, Callable[[date], bool]] = {
    "chinesecalendar": chinese_calendar.is_workday,
    "tyme4py": _tyme,
    "holidays": _CHINA.is_working_day,
}


@pytest.mark.parametrize("judge", JUDGES)
def test_every_day_of_2024_to_2026_is_what_another_calendar_says(shipped: Calendar, judge: str) -> None:
    assert [day for day in DAYS if shipped.works(day) != JUDGES[judge](day)] == []


@pytest.mark.parametrize(("year", "count"), [(2024, 251), (2025, 248), (2026, 248)])
def test_working_days_of_a_year(shipped: Calendar, year: int, count: int) -> None:
    assert sum(shipped.works(day) for day in DAYS if day.year == year) == count


def test_make_up_days_are_those_of_the_notices() -> None:
    notices = {notice["year"]: notice for notice in read_notices()}
    assert [f"{day:%m-%d}" for day in notices[2025]["work"]] == ["01-26", "02-08", "04-27", "09-28", "10-11"]
    assert [f"{day:%m-%d}" for day in notices[2026]["work"]] == ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"]
    assert notices[2025]["notice"] == "国办发明电〔2024〕12号"
    assert notices[2026]["notice"] == "国办发明电〔2025〕7号"


@pytest.mark.parametrize("notice", read_notices(), ids=lambda notice: str(notice["year"]))
def test_a_notice_holds_together(notice: dict) -> None:
    off = [day for days in notice["off"].values() for day in days]
    assert len(off) == len(set(off)), "a day off is named once"
    assert not set(off) & set(notice["work"])
    assert {day.year for day in [*off, *notice["work"]]} == {notice["year"]}
    assert all(day.weekday() >= 5 for day in notice["work"]), "only a weekend is made up"
    assert notice["source"]
    # what the notice gives on weekdays it takes back on weekends, save the legal holidays themselves
    given = sum(day.weekday() < 5 for day in off)
    assert given - len(notice["work"]) <= 13


@pytest.mark.parametrize(
    ("day", "kind", "note"),
    [
        (date(2026, 2, 14), "makeup", "调休上班"),
        (date(2026, 2, 17), "off", "春节"),
        (date(2026, 3, 7), "off", ""),
        (date(2026, 3, 8), "off", ""),
        (date(2026, 3, 9), "works", ""),
        (date(2026, 5, 4), "off", "劳动节"),
        (date(2026, 6, 1), "works", ""),
    ],
)
def test_kind_of_a_day(shipped: Calendar, day: date, kind: str, note: str) -> None:
    assert shipped.kind(day) == kind
    assert shipped.notes.get(day, "") == note


def test_an_unknown_year_counts_plain_weekends_and_is_not_known(shipped: Calendar) -> None:
    assert shipped.works(date(2027, 10, 1)) is True
    assert shipped.works(date(2027, 10, 2)) is False
    assert [shipped.knows(date(year, 6, 1)) for year in (2023, 2024, 2026, 2027)] == [False, True, True, False]


def test_next_workday(shipped: Calendar) -> None:
    assert shipped.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)
    assert shipped.next_workday(date(2026, 10, 10)) == date(2026, 10, 10)
