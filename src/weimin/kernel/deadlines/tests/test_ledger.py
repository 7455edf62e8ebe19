"""The ledger: what is refused, what a pause may do, what stands in the strip, what is left."""

from __future__ import annotations

from datetime import date

import pytest

from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.rules import Calendar, LedgerBroken, LimitInvalid, count_ledger
from weimin.kernel.deadlines.rules.counting import HORIZON_DAYS
from weimin.kernel.deadlines.types import Extension, Ledger, Limit, Pause

START = date(2026, 3, 2)


def pause(text: str) -> Pause:
    return rules.read_pause(text)


def due(calendar: Calendar, count: int, unit: str, *pauses: str, start: date = START) -> Ledger:
    limit = Limit(count, unit)
    return count_ledger(start=start, limit=limit, calendar=calendar, pauses=[pause(one) for one in pauses])


@pytest.mark.parametrize(
    ("count", "unit"), [(0, "workday"), (-1, "day"), (5, "week"), (5, ""), (2001, "workday"), (500, "month")]
)
def test_a_limit_that_cannot_be_counted_is_refused(shipped: Calendar, count: int, unit: str) -> None:
    with pytest.raises(LimitInvalid):
        due(shipped, count, unit)


def test_a_start_too_far_away_is_refused_and_not_an_overflow(shipped: Calendar) -> None:
    for unit in ("workday", "day", "month"):
        with pytest.raises(LimitInvalid):
            due(shipped, 20, unit, start=date(9999, 12, 30))


def test_a_pause_of_ten_years_is_refused_and_does_not_end_the_count_early(shipped: Calendar) -> None:
    with pytest.raises(LimitInvalid, match="停钟太久"):
        due(shipped, 20, "workday", "2026-03-09..2036-12-31")


@pytest.mark.parametrize(
    "pauses",
    [
        ("2026-03-01..2026-03-05",),
        ("2026-03-05..2026-03-10", "2026-03-10..2026-03-12"),
        ("2026-03-10..2026-03-12", "2026-03-05..2026-03-10"),
        ("2026-03-02..2026-03-06", "2026-03-02..2026-03-03"),
        ("2026-03-05..", "2026-03-10..2026-03-12"),
        ("2026-03-05..2026-03-20", "2026-03-10..2026-03-12"),
    ],
    ids=[
        "before the start",
        "shares a day",
        "shares a day, told backwards",
        "both on day 0",
        "after an open one",
        "inside",
    ],
)
def test_pauses_that_cannot_be_are_refused(shipped: Calendar, pauses: tuple[str, ...]) -> None:
    with pytest.raises(LedgerBroken):
        due(shipped, 20, "workday", *pauses)


def test_a_pause_that_ends_before_it_begins_is_refused(shipped: Calendar) -> None:
    with pytest.raises(LedgerBroken):
        count_ledger(
            start=START,
            limit=Limit(20, "workday"),
            calendar=shipped,
            pauses=[Pause(date(2026, 3, 10), date(2026, 3, 9))],
        )


@pytest.mark.parametrize(
    ("extension", "error"),
    [
        (Extension(date(2026, 3, 1), 10), LedgerBroken),
        (Extension(date(2026, 3, 5), 0), LimitInvalid),
        (Extension(date(2026, 3, 5), -10), LimitInvalid),
    ],
    ids=["before the start", "nothing", "shortens"],
)
def test_an_extension_that_cannot_be_is_refused(
    shipped: Calendar, extension: Extension, error: type[Exception]
) -> None:
    with pytest.raises(error):
        count_ledger(start=START, limit=Limit(20, "workday"), calendar=shipped, extensions=[extension])


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-03-09..2026-03-18", date(2026, 3, 9), date(2026, 3, 18)),
        ("2026-03-09..2026-03-09", date(2026, 3, 9), date(2026, 3, 9)),
        ("2026-03-09..", date(2026, 3, 9), None),
    ],
)
def test_a_pause_is_read(text: str, since: date, until: date | None) -> None:
    assert pause(text) == Pause(since, until)


@pytest.mark.parametrize(
    "text", ["", "..", "2026-03-09", "2026-03-18..2026-03-09", "2026-02-30..2026-03-01", "x..y", "..2026-03-09"]
)
def test_a_pause_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(LimitInvalid):
        pause(text)


@pytest.mark.parametrize(
    ("count", "unit", "pauses", "last"),
    [
        (5, "workday", ("2026-03-03..2026-03-03",), "2026-03-10"),
        (5, "workday", ("2026-03-02..2026-03-02",), "2026-03-09"),
        (5, "workday", ("2026-03-07..2026-03-08",), "2026-03-09"),
        (5, "workday", ("2026-03-09..2026-03-09",), "2026-03-10"),
        (5, "workday", ("2026-03-10..2026-03-20",), "2026-03-09"),
        (5, "workday", ("2026-03-03..2026-03-03", "2026-03-04..2026-03-04"), "2026-03-11"),
        (1, "month", ("2026-03-02..2026-03-02",), "2026-04-02"),
        (1, "month", ("2026-03-10..2026-03-12",), "2026-04-07"),
        (1, "month", ("2026-04-20..2026-04-30",), "2026-04-02"),
        (15, "day", ("2026-03-16..2026-03-17",), "2026-03-19"),
        (15, "day", ("2026-03-18..2026-03-25",), "2026-03-17"),
    ],
    ids=[
        "one day costs one day",
        "day 0 was never counted",
        "a weekend was never counted",
        "the last day itself stands",
        "after the end nothing moves",
        "two in a row",
        "months: day 0 was never counted",
        "months: three days more, then 清明",
        "months: after the end nothing moves",
        "days: two days more",
        "days: after the end nothing moves",
    ],
)
def test_what_a_pause_costs(shipped: Calendar, count: int, unit: str, pauses: tuple[str, ...], last: str) -> None:
    assert due(shipped, count, unit, *pauses).due == date.fromisoformat(last)


def test_a_standing_clock_has_no_due_day(shipped: Calendar) -> None:
    for unit in ("workday", "day", "month"):
        ledger = due(shipped, 5, unit, "2026-03-04..")
        assert (ledger.due, ledger.unrolled, ledger.provisional) == (None, None, False)
        assert ledger.lines[-1].text == "2026年3月4日起停钟（法定事由），尚未恢复。"
        assert ledger.strip == ()


def test_stopping_a_clock_that_is_over_does_not_hide_that_it_is_late(shipped: Calendar) -> None:
    assert due(shipped, 5, "workday", "2026-03-10..").due == date(2026, 3, 9)
    assert due(shipped, 1, "month", "2026-04-03..").due == date(2026, 4, 2)
    assert due(shipped, 5, "workday", "2026-03-09..").due is None


def test_a_limit_moved_past_a_holiday_does_not_end_on_a_day_that_stands(shipped: Calendar) -> None:
    """15 days from 09-16 fall on 10-01 and move to 10-08; that day stands, so does 10-09; 10-10 is a make-up day."""
    ledger = due(shipped, 15, "day", "2026-10-05..2026-10-09", start=date(2026, 9, 16))
    assert (ledger.unrolled, ledger.due) == (date(2026, 10, 1), date(2026, 10, 10))
    assert due(shipped, 15, "day", "2026-10-05..", start=date(2026, 9, 16)).due is None


@pytest.mark.parametrize(
    ("start", "count", "unit", "provisional"),
    [
        ("2026-12-01", 20, "workday", False),
        ("2026-12-30", 1, "workday", False),
        ("2026-12-31", 1, "workday", True),
        ("2026-12-01", 60, "day", True),
        ("2023-12-29", 5, "workday", True),
        ("2023-12-31", 5, "workday", False),
        ("2023-12-20", 30, "day", False),
        ("2024-01-02", 36, "month", True),
        ("2024-01-02", 24, "month", False),
    ],
    ids=[
        "all in a known year",
        "last day of the last known year",
        "first day of an unknown year",
        "days end in an unknown year",
        "counts a day of an unknown year",
        "only day 0 is unknown",
        "days pass an unknown year but end in a known one",
        "months end in an unknown year",
        "months end in a known year",
    ],
)
def test_a_date_that_needs_an_unknown_year_is_provisional(
    shipped: Calendar, start: str, count: int, unit: str, provisional: bool
) -> None:
    ledger = due(shipped, count, unit, start=date.fromisoformat(start))
    assert ledger.provisional is provisional
    assert [line.kind for line in ledger.lines].count("provisional") == provisional


def test_lines_say_why_in_order_and_name_the_article(shipped: Calendar) -> None:
    ledger = count_ledger(
        start=date(2026, 9, 16),
        limit=Limit(5, "day", "fyf-2023 art. 20"),
        calendar=shipped,
        pauses=[Pause(date(2026, 9, 18), date(2026, 9, 21), "鉴定", "xkl-2019 art. 45")],
        extensions=[Extension(date(2026, 9, 23), 7, "案情复杂", "xkl-2019 art. 42")],
    )
    assert [(line.kind, line.text, line.article, str(line.due_after)) for line in ledger.lines] == [
        ("start", "2026年9月16日起算，当天不计入。", "mfd-2020 art. 201", "None"),
        ("limit", "期限 5 日。", "fyf-2023 art. 20", "2026-09-21"),
        ("pause", "2026年9月18日到2026年9月21日停钟（鉴定），这些天不计入。", "xkl-2019 art. 45", "2026-09-28"),
        ("extend", "2026年9月23日批准延长 7 日：案情复杂。", "xkl-2019 art. 42", "2026-10-08"),
        ("rolled", "2026年10月2日是休息日，顺延到2026年10月8日。", "mfd-2020 art. 203", "2026-10-08"),
    ]
    assert ledger.lines[-1].due_after == ledger.due


def test_strip_shows_each_day_and_counts_as_the_law_does(shipped: Calendar) -> None:
    ledger = count_ledger(
        start=date(2026, 9, 17),
        limit=Limit(5, "workday"),
        calendar=shipped,
        pauses=[pause("2026-09-21..2026-09-22")],
        strip=True,
    )
    assert [(f"{one.day:%m-%d}", one.kind, one.count, one.note) for one in ledger.strip] == [
        ("09-18", "works", 1, ""),
        ("09-19", "off", 1, ""),
        ("09-20", "makeup", 2, "调休上班"),
        ("09-21", "paused", 2, ""),
        ("09-22", "paused", 2, ""),
        ("09-23", "works", 3, ""),
        ("09-24", "works", 4, ""),
        ("09-25", "off", 4, "中秋节"),
        ("09-26", "off", 4, "中秋节"),
        ("09-27", "off", 4, "中秋节"),
        ("09-28", "works", 5, ""),
    ]


def test_strip_of_days_stops_counting_where_the_limit_is_used_up(shipped: Calendar) -> None:
    ledger = count_ledger(start=date(2026, 9, 16), limit=Limit(15, "day"), calendar=shipped, strip=True)
    counts = {one.day: one.count for one in ledger.strip}
    assert counts[date(2026, 9, 19)] == 3
    assert counts[date(2026, 10, 1)] == counts[date(2026, 10, 8)] == 15


@pytest.mark.parametrize(
    ("today", "last", "left"),
    [
        ("2026-03-02", "2026-03-30", 20),
        ("2026-03-27", "2026-03-30", 1),
        ("2026-03-28", "2026-03-30", 1),
        ("2026-03-30", "2026-03-30", 0),
        ("2026-03-31", "2026-03-30", -1),
        ("2026-04-02", "2026-03-30", -3),
        ("2026-03-28", "2026-03-27", -1),
        ("2026-03-30", "2026-03-27", -1),
        ("2026-03-31", "2026-03-27", -2),
        ("2026-09-30", "2026-10-08", 1),
        ("2026-10-01", "2026-09-30", -1),
    ],
    ids=[
        "as many as the limit on day 0",
        "friday before monday",
        "saturday before monday",
        "the day itself",
        "one day over",
        "three over",
        "the weekend after a friday is late",
        "the monday after a friday is the first late day",
        "the tuesday after a friday is the second",
        "holidays between do not count",
        "a holiday after the due day is late",
    ],
)
def test_working_days_left(shipped: Calendar, today: str, last: str, left: int) -> None:
    found = rules.working_days_left(today=date.fromisoformat(today), due=date.fromisoformat(last), calendar=shipped)
    assert found == left


def test_working_days_left_of_a_date_in_another_age_is_bounded(shipped: Calendar) -> None:
    near = rules.working_days_left(today=START, due=date(2500, 1, 1), calendar=shipped)
    assert 0 < near <= HORIZON_DAYS
    assert rules.working_days_left(today=date(2500, 1, 1), due=START, calendar=shipped) < 0
