"""Ages in full years, and names as they stand on identity cards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.residents.rules import NameInvalid, age_on, check_name, find_bursts


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        (date(1946, 3, 2), date(2026, 3, 1), 79),
        (date(1946, 3, 2), date(2026, 3, 2), 79),  # on the birthday: not yet
        (date(1946, 3, 2), date(2026, 3, 3), 80),  # the day after: a year older
        (date(1946, 12, 31), date(2026, 12, 31), 79),
        (date(1946, 12, 31), date(2027, 1, 1), 80),
        (date(1948, 2, 29), date(2026, 2, 28), 77),  # born on a leap day
        (date(1948, 2, 29), date(2026, 3, 1), 78),
        (date(1948, 2, 29), date(2028, 2, 29), 79),
        (date(1948, 2, 29), date(2028, 3, 1), 80),
        (date(2026, 3, 2), date(2026, 3, 2), 0),  # the day of birth
        (date(2026, 3, 2), date(2027, 3, 2), 0),
        (date(2026, 3, 2), date(2027, 3, 3), 1),
        (date(1900, 1, 1), date(2026, 1, 2), 126),
    ],
)
def test_mfd_1259_full_years_from_the_day_after_the_birthday(birth: date, on: date, years: int) -> None:
    assert age_on(birth, on) == years


births = st.dates(date(1900, 1, 1), date(2026, 12, 31))


@given(births, st.integers(0, 150 * 366))
def test_age_never_falls_and_grows_by_one_at_most_a_day(birth: date, days: int) -> None:
    on = birth + timedelta(days=days)
    assert 0 <= age_on(birth, on + timedelta(days=1)) - age_on(birth, on) <= 1


@given(births, st.integers(1, 120))
def test_one_is_as_old_as_the_birthdays_that_have_passed(birth: date, years: int) -> None:
    day = birth.day if (birth.month, birth.day) != (2, 29) else 28
    birthday = date(birth.year + years, birth.month, day)
    assert age_on(birth, birthday) == years - 1
    assert age_on(birth, birthday + timedelta(days=2)) == years


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("王秀英", "王秀英"),
        ("  王秀英 ", "王秀英"),
        ("王 秀 英", "王秀英"),
        ("王\u3000秀英", "王秀英"),
        ("欧阳修", "欧阳修"),
        ("丁一", "丁一"),
        ("阿迪力·买买提", "阿迪力·买买提"),
        ("阿迪力•买买提", "阿迪力·买买提"),
        ("阿迪力・买买提", "阿迪力·买买提"),
        ("阿迪力．买买提", "阿迪力·买买提"),
        ("阿迪力.买买提", "阿迪力·买买提"),
        ("阿迪力 · 买买提", "阿迪力·买买提"),
        ("古丽·阿不都·热合曼", "古丽·阿不都·热合曼"),
        ("王〇一", "王〇一"),
        ("张㛃", "张㛃"),  # extension A
        ("李𬎆", "李𬎆"),  # extension E, GB 18030-2022
        ("陈𠅤", "陈𠅤"),  # extension B
        ("朱镕基", "朱镕基"),
        ("Maria  Silva", "Maria Silva"),
        ("O'Neil Jean-Luc", "O'Neil Jean-Luc"),
        ("汉" * 40, "汉" * 40),
    ],
)
def test_names_as_people_type_them(typed: str, name: str) -> None:
    assert check_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    ["", " ", "王", "汉" * 41, "王2", "123", "王秀英先生!", "<b>王</b>", "·", "··", "·王", "王·", "王··秀", "😀😀",
     "王\x00秀", "A", "王Anna", "卐\u200b", "１２３", "䷀䷁", "王秀英(曾用名)", "\u202e王秀"],
)  # fmt: skip
def test_what_is_no_name_says_what_to_do(typed: str) -> None:
    with pytest.raises(NameInvalid, match="请按身份证填写"):
        check_name(typed)


@given(st.text(max_size=60))
def test_a_checked_name_stays_as_it_is(text: str) -> None:
    try:
        name = check_name(text)
    except NameInvalid:
        return
    assert check_name(name) == name
    assert 2 <= len(name) <= 60


NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("looks", "bursts"),
    [
        ([], []),
        ([(0, [1, 2, 3])], []),  # three are not more than three
        ([(0, [1, 2, 3, 4])], [(0, 0, 4, 1)]),  # one list of four
        ([(0, [1, 1, 2, 2, 3])], []),  # the same person twice is one
        ([(0, [1, 2]), (10, [3, 4])], [(0, 10, 4, 2)]),  # ten minutes, both ends included
        ([(0, [1, 2]), (11, [3, 4])], []),  # longer than ten
        ([(0, [1, 2]), (5, [3, 4]), (12, [5, 6])], [(0, 12, 4, 3)]),  # windows that touch are one
        ([(0, [1, 2, 3, 4]), (60, [1, 2, 3, 4, 5])], [(0, 0, 4, 1), (60, 60, 5, 1)]),
        ([(m, [m]) for m in range(0, 60, 4)], []),  # steady work all hour
        ([(m, [m]) for m in range(10)], [(0, 9, 10, 10)]),
    ],
)
def test_many_people_in_a_short_time_are_a_burst(
    looks: list[tuple[int, list[int]]], bursts: list[tuple[int, int, int, int]]
) -> None:
    told = [(NINE + timedelta(minutes=minute), "某人", people) for minute, people in looks]
    found = [
        ((one.since - NINE).seconds // 60, (one.until - NINE).seconds // 60, one.people, one.looks)
        for one in find_bursts(told, TEN_MINUTES, 3)
    ]
    assert found == bursts


@given(st.lists(st.tuples(st.integers(0, 90), st.lists(st.integers(1, 12), max_size=5)), max_size=20))
def test_bursts_are_those_that_counting_every_window_finds(looks: list[tuple[int, list[int]]]) -> None:
    told = sorted((NINE + timedelta(minutes=m), "某人", people) for m, people in looks)
    crowded = [
        end
        for end, _, _ in told
        if len({p for at, _, people in told if end - TEN_MINUTES <= at <= end for p in people}) > 5
    ]
    found = list(find_bursts(told, TEN_MINUTES, 5))
    assert all(any(one.since <= end <= one.until for one in found) for end in crowded)
    assert bool(found) == bool(crowded)
