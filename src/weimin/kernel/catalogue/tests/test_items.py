"""The shipped sixty items: what law.md of the reference fixes, row by row, and what no record may be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.rules.forms import read_form
from weimin.kernel.catalogue.rules.items import check_item, read_materials

RECORDS = {one["code"]: one for one in actions.read_item_files()}
#: Never on a list: children, sickness and family hardship, health, disability, disputes of persons.
NEVER = [
    "A1-01", "A1-02", "A1-03", "A1-04", "A4-24", "A4-25", "A4-26", "A4-27", "A7-40", "A7-42", "A7-43", "A7-44",
    "A6-35", "A6-36", "A6-37", "A6-38", "A9-55", "A9-58",
]  # fmt: skip


def test_there_are_sixty() -> None:
    assert len(RECORDS) == 60


@pytest.mark.parametrize("code", sorted(RECORDS))
def test_every_record_may_come_into_force(code: str) -> None:
    assert check_item(RECORDS[code]) == {}


@pytest.mark.parametrize("code", NEVER)
def test_what_touches_children_health_and_hardship_is_never_public(code: str) -> None:
    assert RECORDS[code]["publication"]["class"] == "never"


@pytest.mark.parametrize("code", ["A9-53", "A9-54", "A9-56"])
def test_filings_are_received_or_returned_never_approved(code: str) -> None:
    assert RECORDS[code]["legal_effect"] == "filing"
    assert RECORDS[code]["procedure"].startswith("filing")
    assert "procedure" in check_item({**RECORDS[code], "procedure": "promise"})


def asks_for_a_file(**changes: Any) -> dict[str, Any]:
    """An item whose form asks for a file beside a word."""
    question = {
        "name": "stamp",
        "type": "file",
        "label": "盖章的证明",
        "required": True,
        "basis": "某规定第三条",
        **changes,
    }
    word = {"name": "word", "type": "text", "label": "说明"}
    return {**RECORDS["A5-31"], "form": {"pages": [{"title": "一页", "fields": [word, question]}]}}


def test_a_question_for_a_file_is_handed_in_like_any_material() -> None:
    record = asks_for_a_file()
    assert check_item(record) == {}
    material = read_materials(record)[-1]
    assert (material.code, material.name, material.required) == ("stamp", "盖章的证明", True)
    assert [one.name for one in read_form(record["form"]).fields] == ["word"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"basis": ""}, "materials"),
        ({"name": "bank_card"}, "materials"),
        ({"show_if": {"field": "word", "equals": "x"}}, "form"),
    ],
    ids=["no basis", "the code of a material", "a condition"],
)
def test_a_question_for_a_file_that_cannot_be_is_named(changes: dict[str, Any], field: str) -> None:
    assert field in check_item(asks_for_a_file(**changes))


def test_nothing_else_goes_the_way_of_filings() -> None:
    assert "procedure" in check_item({**RECORDS["A5-31"], "procedure": "filing"})


def test_a_verified_basis_names_law_article_and_version() -> None:
    broken: dict[str, Any] = {**RECORDS["A5-31"], "basis": [{"law": "某法", "id": "", "article": "", "version": ""}]}
    broken["certainty"] = {**broken["certainty"], "basis": "verified"}
    assert "basis" in check_item(broken)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "refused", "told"),
    [
        ("A5-31", False, "60 日内向"),
        ("A5-31", False, "6 个月内向"),
        ("A9-55", False, "30 日内向"),
        ("A9-60", False, "应当先"),
        ("A9-56", False, "12345"),
        ("A8-45", False, "12345"),
        ("A8-45", True, "行政复议"),
    ],
)
def test_remedies_are_those_of_the_item(city: None, code: str, refused: bool, told: str) -> None:
    text = queries.remedy_text(queries.get_current(code=code), on=date(2026, 11, 25), refused=refused)
    assert told in text
    if told == "12345":
        assert "诉讼" not in text
