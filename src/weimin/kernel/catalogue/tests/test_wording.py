"""Conditions and patterns in words: what stands is told, what is told is read, what has no words is never lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.catalogue.actions import read_item_files
from weimin.kernel.catalogue.rules.forms import check_answers, read_form
from weimin.kernel.catalogue.rules.items import check_item
from weimin.kernel.catalogue.rules.records import read_record, rows_of, sections_of, typed_record
from weimin.kernel.catalogue.rules.wording import OWN, condition_words, pattern_words, read_condition, read_pattern
from weimin.kernel.catalogue.tests.test_forms import TODAY

RECORDS = {one["code"]: one for one in read_item_files()}
FIELDS: list[dict[str, Any]] = [
    {
        "name": "who_for",
        "label": "给谁申请",
        "choices": [["self", "本人"], ["ward", "孩子或我照顾的家人"], ["x", "邻居"]],
    },
    {"name": "note", "label": "说明"},
    {"name": "note2", "label": "说明"},
]
QUESTIONS = next(one for one in sections_of("service") if one.pages)


@pytest.mark.parametrize(
    ("show", "words"),
    [
        (None, ""),
        ({"field": "who_for", "equals": "ward"}, "“给谁申请”选了“孩子或我照顾的家人”"),
        ({"field": "who_for", "in": ["ward", "x"]}, "“给谁申请”选了“孩子或我照顾的家人”或“邻居”"),
        ({"field": "note2", "equals": "急"}, "“note2”选了“急”"),
        ({"field": "gone", "equals": "1"}, "“gone”选了“1”"),
    ],
)
def test_a_condition_is_told_in_words(show: Any, words: str) -> None:
    assert condition_words(show, FIELDS) == words


@pytest.mark.parametrize(
    ("words", "show"),
    [
        ("", None),
        ("“给谁申请”选了“邻居”", {"field": "who_for", "equals": "x"}),
        ('"给谁申请"选了"本人"或者"邻居"的时候', {"field": "who_for", "in": ["self", "x"]}),
        ("“who_for”选了“ward”", {"field": "who_for", "equals": "ward"}),
        ("“note2”写了“急”", {"field": "note2", "equals": "急"}),
        ("“原来的叫法”选了“邻居”", {"field": "who_for", "equals": "x"}),
    ],
)
def test_a_condition_is_read_from_its_words(words: str, show: Any) -> None:
    assert read_condition(words, FIELDS, [{"name": "who_for", "label": "原来的叫法"}]) == (show, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("给家人的时候", "要写成"),
        ("“给谁申请”", "要写成"),
        ("“替谁”选了“邻居”", "没有叫“替谁”的问题"),
        ("“给谁申请”选了“亲戚”", "只能是：本人、孩子或我照顾的家人、邻居"),
        ("“说明”选了“急”", "有几个问题都叫"),
        ("“给谁申请”没有选“邻居”", "要写成"),
        ("“给谁申请”不是“邻居”", "要写成"),
        ("除了“给谁申请”选了“邻居”", "要写成"),
        ("“给谁申请”选了“邻居”而且“note”写了“急”", "要写成"),
    ],
)
def test_what_a_condition_cannot_mean_is_said(words: str, told: str) -> None:
    show, wrong = read_condition(words, FIELDS)
    assert show is None
    assert told in wrong


@pytest.mark.parametrize("words", ["6 位数字", "12 到 21 位数字", "18 位字母或数字", "只写汉字", ""])
def test_a_pattern_goes_to_words_and_back(words: str) -> None:
    pattern, wrong = read_pattern(words)
    assert (wrong, pattern_words(pattern)) == ("", words)


@pytest.mark.parametrize("words", ["任意", "1 位数字", "0 位数字", "9 到 3 位数字", "200 位数字", "[0-9]+"])
def test_what_is_no_pattern_is_said_with_what_would_be(words: str) -> None:
    assert read_pattern(words)[0] == ""
    assert "6 位数字" in read_pattern(words)[1]


def test_patterns_without_words_stay_what_they_are() -> None:
    record = RECORDS["A4-19"]
    typed, rows = typed_record("service", record)
    kept = [row["pattern"] for row in rows["form.pages"]]
    assert OWN in kept
    rows["form.pages"][0]["help"] = "改一个字"
    after, faults = read_record("service", record, typed, rows)
    assert faults == {}
    patterns = [[one.get("pattern") for one in rows_of(QUESTIONS, doc)] for doc in (record, after)]
    assert patterns[0] == patterns[1]


def edited(code: str, place: int, **typed_over: str) -> tuple[dict[str, Any], dict[str, str]]:
    typed, rows = typed_record("service", RECORDS[code])
    rows["form.pages"][place] |= typed_over
    return read_record("service", RECORDS[code], typed, rows)


def test_a_question_gets_a_condition_a_new_one_and_none() -> None:
    places = {one["name"]: place for place, one in enumerate(rows_of(QUESTIONS, RECORDS["A4-22"]))}
    after, faults = edited("A4-22", places["ability"], show_if="“属于哪一种”选了“60 岁以上老人”或“残疾人”")
    assert faults == {}
    assert rows_of(QUESTIONS, after)[places["ability"]]["show_if"] == {"field": "kind", "in": ["old", "disabled"]}
    assert check_item(after) == {}
    after, faults = edited("A4-22", places["for_name"], show_if="")
    assert faults == {}
    assert "show_if" not in rows_of(QUESTIONS, after)[places["for_name"]]


def test_a_question_that_others_hang_on_may_be_renamed_in_the_same_save() -> None:
    record = RECORDS["A4-22"]
    typed, rows = typed_record("service", record)
    rows["form.pages"][0]["label"] = "替谁申请"
    after, faults = read_record("service", record, typed, rows)
    assert faults == {}
    assert rows_of(QUESTIONS, after)[1]["show_if"] == rows_of(QUESTIONS, record)[1]["show_if"]
    assert typed_record("service", after)[1]["form.pages"][1]["show_if"] == "“替谁申请”选了“家人”"


def test_a_condition_that_cannot_be_read_is_named_by_its_row_and_changes_nothing() -> None:
    after, faults = edited("A4-22", 1, show_if="“替谁”选了“邻居”")
    assert list(faults) == ["form.pages.1.show_if"]
    assert after == RECORDS["A4-22"]


def test_a_condition_on_a_later_question_is_refused() -> None:
    after, faults = edited("A4-22", 0, show_if="“属于哪一种”选了“残疾人”")
    assert faults == {}
    assert "引用了后面" in check_item(after)["form"]


def test_an_answer_against_the_pattern_is_told_what_it_should_be() -> None:
    pattern, _ = read_pattern("6 位数字")
    field = {"name": "x", "label": "邮政编码", "type": "text", "pattern": pattern}
    form = read_form({"pages": [{"title": "页", "fields": [field]}]})
    assert check_answers(form.fields, {"x": "233 400"}, today=TODAY)[1] == {}
    assert check_answers(form.fields, {"x": "2334"}, today=TODAY)[1] == {
        "x": "邮政编码的格式应该是：6 位数字。请核对。"
    }


@given(st.text(max_size=40))
def test_nothing_typed_breaks_the_reading(text: str) -> None:
    show, wrong = read_condition(text, FIELDS)
    assert show is None or not wrong
    pattern, told = read_pattern(text)
    assert not (pattern and told)


def test_a_sheet_without_the_column_leaves_conditions_and_patterns_alone() -> None:
    record = RECORDS["A4-22"]
    typed, rows = typed_record("service", record)
    bare = [{key: text for key, text in row.items() if key not in ("show_if", "pattern")} for row in rows["form.pages"]]
    assert read_record("service", record, typed, {**rows, "form.pages": bare}) == (record, {})
