"""The shipped sixty items: what law.md of the reference fixes, row by row, and what no record may be."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.rules.items import check_item

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
