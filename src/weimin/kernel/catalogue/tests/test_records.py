"""Records as people edit them: untouched is unchanged, every edit is one difference, wrong input is named by place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.actions.loading import read_list_files
from weimin.kernel.catalogue.rules.comparing import compare
from weimin.kernel.catalogue.rules.items import check_item
from weimin.kernel.catalogue.rules.records import (
    as_typed,
    choice_names,
    read_record,
    read_value,
    sections_of,
    typed_record,
)

RECORDS = {one["code"]: one for one in actions.read_item_files()}
OTHERS = {one["code"]: one for one in read_list_files()}


@pytest.mark.parametrize("code", sorted(RECORDS))
def test_an_item_saved_untouched_is_the_same(code: str) -> None:
    record = RECORDS[code]
    assert read_record("service", record, *typed_record("service", record)) == (record, {})


@pytest.mark.parametrize("code", sorted(OTHERS))
def test_a_row_of_another_list_saved_untouched_is_the_same(code: str) -> None:
    row = {key: value for key, value in OTHERS[code].items() if key not in ("code", "list")}
    assert read_record(OTHERS[code]["list"], row, *typed_record(OTHERS[code]["list"], row)) == (row, {})


def test_each_edit_is_one_difference_and_the_rest_stays() -> None:
    record = RECORDS["A1-01"]
    typed, rows = typed_record("service", record)
    typed["limits.committed.value"] = "3"
    rows["materials"][0]["copies"] = "2"
    after, faults = read_record("service", record, typed, rows)
    assert faults == {}
    assert [one.label for one in compare(record, after)] == ["材料·“医院诊断证明”·复印件份数", "时限·承诺·天数"]
    assert check_item(after) == {}


def test_ticks_in_another_order_are_no_edit_and_no_difference() -> None:
    record = RECORDS["A4-22"]
    typed, rows = typed_record("service", record)
    typed["life_events"] = "\n".join(reversed(record["life_events"]))
    typed["channels"] = "\n".join(reversed(record["channels"]))
    assert read_record("service", record, typed, rows) == (record, {})
    turned = {**record, "life_events": record["life_events"][::-1], "conditions": record["conditions"][::-1]}
    assert [one.label for one in compare(record, turned, names=choice_names("service"))] == ["受理条件"]


def test_codes_are_told_apart_by_their_names_in_values_groups_and_questions() -> None:
    record = RECORDS["A4-22"]
    typed, rows = typed_record("service", record)
    typed |= {"life_events": "ageing", "limits.committed.unit": "day"}
    rows["materials"][0]["kind"] = "copy"
    rows["form.pages"][5]["type"] = "text"
    after, _ = read_record("service", record, typed, rows)
    found = {one.label: (one.old, one.new) for one in compare(record, after, names=choice_names("service"))}
    assert found == {
        "人生事件": ("困难救助、养老", "养老"),
        "时限·承诺·单位": ("工作日", "自然日"),
        "材料·“书面声明和承诺书”·提交方式": ("照片", "复印件"),
        "表单·页·“生活情况”·问题·“哪些事自己做不了”·怎么填": ("多选", "一行字"),
    }


def test_rows_are_added_dropped_and_moved() -> None:
    record = RECORDS["A1-01"]
    typed, rows = typed_record("service", record)
    new = {"_was": "", "code": "letter", "name": "申请书", "required": "yes", "kind": "original", "basis": "某条"}
    rows["materials"] = [new, rows["materials"][1]]
    after, faults = read_record("service", record, typed, rows)
    assert faults == {}
    assert [one["code"] for one in after["materials"]] == ["letter", "household"]
    assert after["materials"][0]["required"] is True
    assert after["materials"][1] == record["materials"][1]


def test_questions_stand_on_the_page_they_name() -> None:
    record = RECORDS["A1-01"]
    typed, rows = typed_record("service", record)
    new = {
        "_was": "",
        "_page": "孩子的情况",
        "name": "grade",
        "label": "几年级",
        "type": "choice",
        "choices": "1=一年级\n2=二年级",
    }
    rows["form.pages"].insert(3, new)
    after, faults = read_record("service", record, typed, rows)
    assert faults == {}
    assert [page["title"] for page in after["form"]["pages"]] == [page["title"] for page in record["form"]["pages"]]
    assert after["form"]["pages"][0]["fields"][3]["choices"] == [["1", "一年级"], ["2", "二年级"]]
    assert after["form"]["pages"][1] == record["form"]["pages"][1]
    assert check_item(after) == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [("name", ""), ("name", "长" * 121), ("visits", "两次"), ("area", "A77"), ("audience", "1\n99"), ("type", "")],
)
def test_what_cannot_be_read_is_named_by_its_place(path: str, text: str) -> None:
    record = RECORDS["A1-01"]
    typed, rows = typed_record("service", record)
    _, faults = read_record("service", record, {**typed, path: text}, rows)
    assert list(faults) == [path]


@pytest.mark.parametrize(("part", "text"), [("choices", "没有等号"), ("columns", "只有一段"), ("max_length", "长")])
def test_a_broken_question_is_named_by_its_row(part: str, text: str) -> None:
    record = RECORDS["A1-01"]
    typed, rows = typed_record("service", record)
    rows["form.pages"][2][part] = text
    _, faults = read_record("service", record, typed, rows)
    assert list(faults) == [f"form.pages.2.{part}"]


def test_labels_are_read_as_well_as_codes_for_those_who_fill_spreadsheets() -> None:
    (part,) = [one for section in sections_of("service") for one in section.parts if one.path == "area"]
    assert read_value(part, "基本养老服务") == ("A5", "")


@given(st.text(max_size=60), st.sampled_from([part for one in sections_of("service") for part in one.parts]))
def test_nothing_typed_breaks_the_reading(text: str, part: Any) -> None:
    value, wrong = read_value(part, text)
    assert isinstance(wrong, str)
    if not wrong and part.type not in ("number", "yes_no"):
        assert read_value(part, as_typed(part, value)) == (value, "")
