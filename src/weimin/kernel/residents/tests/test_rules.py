"""Ages in full years, and names as they stand on identity cards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.residents.rules import NameInvalid, age_on, check_name


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
