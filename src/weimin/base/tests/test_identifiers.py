"""Identity numbers and credit codes; every person and body here is synthetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from weimin.base import identifiers
from weimin.base.errors import Invalid

GOOD_IDS = [
    ("340300190001010011", "男"),
    ("34030019000101002X", "女"),
    ("34032119000615004X", None),
    ("34032119000615004x", None),
    ("340321190002281237", "男"),
    ("340322190003032466", "女"),
    ("340322190009090050", "男"),
    ("340323190012317777", "男"),
    ("340311190010150082", "女"),
]
BAD_IDS = [
    ("340321190002281230", "校验不通过"),
    ("340321190002281327", "校验不通过"),
    ("340321190002291232", "不存在"),
    ("340321190013011232", "不存在"),
    ("", "18 位"),
    ("34032119000228123", "18 位"),
    ("34032119000228123７7", "18 位"),
    ("X40321190002281237", "18 位"),
]
GOOD_CODES = [
    "11340321000000019A",
    "123403210000000272",
    "52340321MJ00000T7A",
    "513403005000000A9T",
    "93340321MA00000318",
    "91340300MA00000X7E",
    "N2340321MF0000072F",
]
BAD_CODES = [("113403210000000190", "校验"), ("1134032100000001IA", "不会出现"), ("1134", "18 位")]


@pytest.mark.parametrize(("number", "sex"), GOOD_IDS)
def test_good_identity_numbers(number: str, sex: str | None) -> None:
    found = identifiers.check_id_number(number)
    assert found.number == number.upper()
    assert found.birth_date.year == 1900
    assert sex is None or found.sex == sex


@pytest.mark.parametrize(("number", "why"), BAD_IDS)
def test_bad_identity_numbers_say_why(number: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        identifiers.check_id_number(number)


def test_fifteen_digits_are_upgraded() -> None:
    found = identifiers.check_id_number("340321000101001")
    assert found.number == "340321190001010013"
    assert found.upgraded


@pytest.mark.parametrize("code", GOOD_CODES)
def test_good_credit_codes(code: str) -> None:
    assert identifiers.check_uscc(code.lower()) == code


@pytest.mark.parametrize(("code", "why"), BAD_CODES)
def test_bad_credit_codes_say_why(code: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        identifiers.check_uscc(code)


@given(st.text("0123456789X", min_size=18, max_size=18))
def test_agrees_with_another_library_on_identity_numbers(number: str) -> None:
    try:
        identifiers.check_id_number(number)
    except Invalid:
        assert not ric.is_valid(number)
    # the other library also refuses birth places that it does not know, so a yes here proves nothing there


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17))
def test_a_credit_code_that_passes_passes_elsewhere(body: str) -> None:
    for last in "0123456789ABCDEFGHJKLMNPQRTUWXY":
        try:
            code = identifiers.check_uscc(body + last)
        except Invalid:
            continue
        assert uscc.calc_check_digit(code[:17]) == code[17]


def test_masks_show_little() -> None:
    assert identifiers.mask_id("340300190001010011") == "340300***********1"
    assert identifiers.mask_phone("13900000001") == "139******01"
    assert identifiers.mask_name("欧阳演示") == "欧***"


@pytest.mark.parametrize("text", ["13900000001", "+86 139 0000 0001", "139-0000-0001"])
def test_phones(text: str) -> None:
    assert identifiers.check_phone(text) == "13900000001"


@pytest.mark.parametrize("text", ["", "1390000000", "23900000001", "139000000012"])
def test_bad_phones(text: str) -> None:
    with pytest.raises(Invalid, match="11 位"):
        identifiers.check_phone(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("6222000000000000001", "6222***********0001"),
        ("6222 0000 0000 0000 001", "6222***********0001"),
        ("卡号6222-0000-0000-0000，开户行农行", "卡号6222********0000，开户行农行"),
        ("34030019000101002X", "340300***********X"),
        ("儿子34030019000101002x已登记", "儿子340300***********x已登记"),
        ("电话13900000001。", "电话139******01。"),
        ("139 0000 0001", "139******01"),
        ("3200元，2026-03-05 起", "3200元，2026-03-05 起"),
        ("", ""),
    ],
)
def test_long_numbers_are_masked_wherever_they_stand(text: str, shown: str) -> None:
    assert identifiers.mask_numbers(text) == shown
