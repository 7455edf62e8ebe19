"""Forms as data: one definition checks answers, draws questions and publishes a schema."""

from __future__ import annotations

from datetime import date
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.catalogue.actions import read_item_files
from weimin.kernel.catalogue.forms import answers_in_words, show_fields
from weimin.kernel.catalogue.rules import forms
from weimin.kernel.catalogue.rules.items import check_item

TODAY = date(2026, 9, 18)
RECORDS = read_item_files()


def one(**raw: Any) -> forms.Form:
    return forms.read_form(
        {"pages": [{"title": "页", "fields": [{"name": "x", "label": "项", "required": True, **raw}]}]}
    )


def check(form: forms.Form, value: Any) -> tuple[Any, str]:
    clean, errors = forms.check_answers(form.fields, {"x": value}, today=TODAY)
    return clean.get("x"), errors.get("x", "")


@pytest.mark.parametrize(
    ("raw", "value", "clean"),
    [
        ({"type": "text"}, "  两 个  空格 ", "两 个 空格"),
        ({"type": "number"}, "1,200.50", "1200.50"),
        ({"type": "money"}, "3.5", "3.5"),
        ({"type": "date"}, "2026年3月5日", "2026-03-05"),
        ({"type": "date"}, "20260305", "2026-03-05"),
        ({"type": "choice", "choices": [["a", "甲"]]}, "a", "a"),
        ({"type": "choices", "choices": [["a", "甲"], ["b", "乙"]]}, ["b", "b"], ["b"]),
        ({"type": "id_number"}, "34032119000615004x", "34032119000615004X"),
        ({"type": "phone"}, "+8613900000001", "13900000001"),
    ],
)
def test_answers_are_made_tidy(raw: dict[str, Any], value: Any, clean: Any) -> None:
    assert check(one(**raw), value) == (clean, "")


@pytest.mark.parametrize(
    ("raw", "value", "why"),
    [
        ({"type": "date"}, "2026-02-30", "不是存在的日期"),
        ({"type": "date", "max": "today"}, "2026-09-19", "不能晚于"),
        ({"type": "number", "min": 1}, "0", "不能小于"),
        ({"type": "number"}, "NaN", "应填数字"),
        ({"type": "number"}, "1e999", "太长|不能|数字"),
        ({"type": "money"}, "-1", "不能小于"),
        ({"type": "money"}, "1.234", "两位小数"),
        ({"type": "choice", "choices": [["a", "甲"]]}, "z", "选项"),
        ({"type": "text", "max_length": 3}, "四个字呀", "最多 3 个字"),
        ({"type": "text", "pattern": "[0-9]+"}, "a", "格式不对"),
        ({"type": "division"}, "1", "列表"),
        ({"type": "table", "columns": [{"name": "a", "label": "甲"}]}, "x", "无法识别"),
        ({"type": "text"}, "   ", "请填写"),
        ({"type": "phone"}, "1", "11 位"),
    ],
)
def test_wrong_answers_get_a_sentence(raw: dict[str, Any], value: Any, why: str) -> None:
    import re

    clean, said = check(one(**raw), value)
    assert clean is None
    assert re.search(why, said), said


def test_hidden_questions_are_neither_asked_nor_kept() -> None:
    form = forms.read_form(
        {
            "pages": [
                {
                    "title": "页",
                    "fields": [
                        {
                            "name": "who",
                            "type": "choice",
                            "label": "谁",
                            "required": True,
                            "choices": [["me", "我"], ["kin", "家人"]],
                        },
                        {
                            "name": "name",
                            "type": "text",
                            "label": "姓名",
                            "required": True,
                            "show_if": {"field": "who", "equals": "kin"},
                        },
                    ],
                }
            ]
        }
    )
    assert forms.check_answers(form.fields, {"who": "me", "name": "多余"}, today=TODAY) == ({"who": "me"}, {})
    assert "name" in forms.check_answers(form.fields, {"who": "kin"}, today=TODAY)[1]


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "a", "type": "magic", "label": "甲"}],
        [{"name": "a", "type": "text", "label": "甲"}, {"name": "a", "type": "text", "label": "乙"}],
        [{"name": "a", "type": "text", "label": "甲", "show_if": {"field": "b", "equals": "1"}}],
    ],
)
def test_broken_definitions_are_refused(fields: list[dict[str, Any]]) -> None:
    with pytest.raises(forms.FormBroken):
        forms.read_form({"pages": [{"title": "页", "fields": fields}]})


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r["code"])
def test_every_item_keeps_the_rules_and_publishes_a_schema(record: dict[str, Any]) -> None:
    assert check_item(record) == {}
    form = forms.read_form(record["form"])
    schema = forms.json_schema(form, title=record["name"], schema_id="urn:test")
    jsonschema.Draft202012Validator.check_schema(schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"not_a_field": 1}, schema)


@given(
    st.dictionaries(st.sampled_from([f.name for f in forms.read_form(RECORDS[0]["form"]).fields]), st.text(max_size=30))
)
def test_any_text_is_answered_kindly(raw: dict[str, str]) -> None:
    form = forms.read_form(RECORDS[0]["form"])
    clean, errors = forms.check_answers(form.fields, raw, today=TODAY)
    assert not set(clean) & set(errors)
    assert all(text.endswith("。") for text in errors.values())


@pytest.mark.django_db
def test_what_was_typed_and_what_is_wrong_are_shown(city: None) -> None:
    form = one(type="id_number")
    shown = show_fields(form.fields, {"x": "340300190001010011"}, {"x": "有错"})[0]
    assert (shown.value, shown.error, shown.required) == ("340300190001010011", "有错", True)
    assert answers_in_words(form.fields, {"x": "340300190001010011"}, masked=True) == [("项", "340300***********1")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"basis": []}, "basis"),
        ({"fee": {"charged": True, "basis": ""}}, "fee"),
        ({"type": "77"}, "type"),
        ({"area": "B1"}, "area"),
        ({"visits": 1, "visit_reason": ""}, "visit_reason"),
        ({"channels": ["2"]}, "channels"),
        (
            {"limits": {"statutory": {"value": 5, "unit": "workday"}, "committed": {"value": 6, "unit": "workday"}}},
            "limits",
        ),
        ({"type": "01", "limits": {"statutory": {"value": 20, "unit": "day"}}}, "limits"),
        (
            {"type": "01", "limits": {"statutory": {"value": 20, "unit": "workday"}, "pause_grounds": ["领导出差"]}},
            "pause_grounds",
        ),
        (
            {"materials": [{"code": "a", "name": "户口簿", "required": True, "kind": "shared", "basis": "x"}]},
            "materials",
        ),
        (
            {"materials": [{"code": "a", "name": "奇怪证明", "required": True, "kind": "copy", "basis": ""}]},
            "materials",
        ),
    ],
)
def test_an_item_that_breaks_a_rule_is_refused_with_the_article(change: dict[str, Any], field: str) -> None:
    assert field in check_item({**RECORDS[0], **change})
