"""Codes of items: 12, 31 and 33 characters, older ones with a warning, and the standard's code sets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.catalogue import actions, types
from weimin.kernel.catalogue.rules import codes
from weimin.kernel.catalogue.rules.items import check_item

RECORDS = {one["code"]: one for one in actions.read_item_files()}
#: Made up: no body bears this code.
BODY = "11340321000000019A"
BASE = "340511901001"
WHOLE = "11340321000000019A5340511901001"
TYPES = [*codes.code_sets()["item_type"].codes, "11", "19", "21", "99"]


def figures(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


bases = st.tuples(figures(2), st.sampled_from(TYPES), figures(8)).map("".join)


def test_the_worked_example() -> None:
    assert codes.make_implementation_code(body=BODY, level="5", base=BASE) == WHOLE
    assert codes.make_handling_code(implementation=WHOLE, serial=1) == WHOLE + "01"
    read = codes.read_handling_code(WHOLE + "01")
    assert (read.body, read.level, read.base, read.serial) == (BODY, "5", BASE, "01")
    assert (read.area, read.type_code, read.warnings) == ("34", "05", ())


@given(base=bases, level=st.sampled_from("1234567"), serial=st.integers(1, 99))
def test_what_is_written_is_read_again(base: str, level: str, serial: int) -> None:
    whole = codes.make_implementation_code(body=BODY, level=level, base=base)
    handling = codes.make_handling_code(implementation=whole, serial=serial)
    assert (len(base), len(whole), len(handling)) == (12, 31, 33)
    read = codes.read_handling_code(handling, type_code=base[2:4])
    assert (read.base, read.level, int(read.serial), read.warnings) == (base, level, serial, ())
    assert codes.read_implementation_code(whole).base == codes.read_base_code(base).base == base


@given(base=bases, place=st.integers(0, 17), letter=st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_of_the_body_is_found(base: str, place: int, letter: str) -> None:
    whole = codes.make_implementation_code(body=BODY, level="5", base=base)
    broken = whole[:place] + letter + whole[place + 1 :]
    if broken == whole:
        assert codes.read_implementation_code(broken).body == BODY
    else:
        with pytest.raises(codes.CodeInvalid):
            codes.read_implementation_code(broken)


def answer(read: Any, text: str) -> str:
    """The code that was read, or the sentence that refuses it."""
    try:
        return read(text).text
    except codes.CodeInvalid as refused:
        return refused.message if refused.message.endswith("。") else ""


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for read in (codes.read_base_code, codes.read_implementation_code, codes.read_handling_code):
        assert answer(read, text)


@given(count=st.integers(1, 10), data=st.data())
def test_older_base_codes_come_in_with_a_warning(count: int, data: Any) -> None:
    read = codes.read_base_code(data.draw(figures(count)))
    assert len(read.warnings) == 1
    assert (read.area, read.type_code) == ("", "")


@pytest.mark.parametrize("length", [1, 18, 24])
def test_older_implementation_codes_come_in_with_a_warning(length: int) -> None:
    assert codes.read_implementation_code("1" * length).warnings


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (codes.read_base_code, ""),
        (codes.read_base_code, "34051190100"),
        (codes.read_base_code, "3405119010011"),
        (codes.read_base_code, "34051190100X"),
        (codes.read_base_code, "３４０５１１９０１００１"),
        (codes.read_implementation_code, WHOLE[:25]),
        (codes.read_implementation_code, WHOLE[:30]),
        (codes.read_implementation_code, WHOLE + "0"),
        (codes.read_implementation_code, WHOLE[:18] + "0" + WHOLE[19:]),
        (codes.read_implementation_code, WHOLE[:18] + "8" + WHOLE[19:]),
        (codes.read_implementation_code, WHOLE[:30] + "A"),
        (codes.read_handling_code, WHOLE),
        (codes.read_handling_code, WHOLE + "00"),
        (codes.read_handling_code, WHOLE + "A1"),
    ],
)
def test_what_is_no_code_is_refused(read: Any, text: str) -> None:
    with pytest.raises(codes.CodeInvalid):
        read(text)


def test_blanks_and_small_letters_are_made_plain() -> None:
    assert codes.read_implementation_code("11340321000000019a 5 340511901001").text == WHOLE


def test_an_older_base_code_is_never_written() -> None:
    with pytest.raises(codes.CodeInvalid):
        codes.make_implementation_code(body=BODY, level="5", base=BASE[:10])


@pytest.mark.parametrize("read", [codes.read_base_code, codes.read_implementation_code])
def test_the_type_in_a_code_is_that_of_the_item(read: Any) -> None:
    text = BASE if read is codes.read_base_code else WHOLE
    assert read(text, type_code="05").type_code == "05"
    with pytest.raises(codes.CodeInvalid):
        read(text, type_code="01")


def test_the_sets_are_the_standards() -> None:
    sets = codes.code_sets()
    assert [one.table for one in sets.values()] == [f"A.{number}" for number in range(1, 9)]
    assert sets["item_type"].codes == types.ITEM_TYPES
    assert sets["audience"].codes == types.AUDIENCES
    assert set(types.CHANNELS) <= set(sets["channel"].codes) | set(sets["channel"].own)
    assert sets["item_type"].holds("15")
    assert not sets["item_type"].holds("1")
    assert not sets["level"].holds("0")


@pytest.mark.parametrize("code", sorted(RECORDS))
def test_the_sixty_items_carry_sound_codes(code: str) -> None:
    assert codes.check_record(RECORDS[code]) == ({}, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "A4-31"}, "code"),
        ({"code": "A5 31"}, "code"),
        ({"base_code": "340111901001"}, "base_code"),
        ({"implementation_code": WHOLE[:-1]}, "implementation_code"),
        ({"handling_code": WHOLE}, "handling_code"),
        ({"base_code": "340511901002", "implementation_code": WHOLE}, "implementation_code"),
    ],
)
def test_a_record_with_a_wrong_code_does_not_come_into_force(changes: dict[str, Any], field: str) -> None:
    assert field in check_item({**RECORDS["A5-31"], **changes})


def test_a_record_with_its_codes_may_come_into_force() -> None:
    record = {**RECORDS["A5-31"], "base_code": BASE, "implementation_code": WHOLE, "handling_code": WHOLE + "01"}
    assert check_item(record) == {}
    assert codes.check_record(
        {**record, "base_code": "3405119010", "implementation_code": "", "handling_code": ""}
    ) == (
        {},
        ["基本编码只有 10 位，是旧编码，请换成 12 位的。"],
    )


@pytest.mark.django_db
def test_loading_tells_of_older_codes(city: None, caplog: pytest.LogCaptureFixture) -> None:
    from datetime import UTC, datetime

    from weimin.kernel.record.types import Actor

    record = {**RECORDS["A5-31"], "base_code": "3405119010"}
    actions.load_items(by=Actor.system("试"), at=datetime(2026, 3, 2, tzinfo=UTC), records=[record])
    assert "A5-31" in caplog.text
    assert "旧编码" in caplog.text
