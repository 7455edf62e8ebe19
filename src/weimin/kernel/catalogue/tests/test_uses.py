"""A form, its stages and the procedure and tables behind them fit each other, and a misfit is named from both sides."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.models import ItemVersion
from weimin.kernel.catalogue.queries.uses import count_uses, find_uses, list_misfits
from weimin.kernel.catalogue.rules.items import check_item
from weimin.kernel.procedures import actions, queries
from weimin.kernel.procedures.testing import SHIPPED
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
KEEPER = Actor(kind="staff", name="清单员", post_id=1, account_id=71, roles=frozenset({"list_keeper"}))
URGENT = (
    SHIPPED["county_decides_notice"]
    .read_text(encoding="utf-8")
    .replace('isExecutable="true"', 'isExecutable="true" weimin:data="urgent=yes|no"', 1)
)


def record(code: str) -> dict[str, Any]:
    return copy.deepcopy(catalogue.get_current(code=code).doc)


def without(doc: dict[str, Any], name: str) -> dict[str, Any]:
    for page in doc["form"]["pages"]:
        page["fields"] = [one for one in page["fields"] if one["name"] != name]
    return doc


def test_every_item_of_the_city_fits_its_procedure_and_tables(city: None) -> None:
    for version in catalogue.list_in_force():
        assert version.procedure_id is not None
        assert list_misfits(version.doc, procedure_version_id=version.procedure_id) == {}, version.item.code


def test_a_form_field_that_a_table_needs_cannot_be_removed(city: None) -> None:
    spec = catalogue.get_current(code="A4-22")
    faults = list_misfits(without(record("A4-22"), "ability"), procedure_version_id=spec.procedure_version_id)
    assert list(faults) == ["form"] and "ability" in faults["form"]
    lost = {**record("A4-22"), "decision_tables": ["nothing"]}
    assert "没有已发布的决策表" in list_misfits(lost, procedure_version_id=spec.procedure_version_id)["decision_tables"]


def test_stages_speak_of_drawn_steps_only(city: None) -> None:
    spec = catalogue.get_current(code="A4-22")
    doc = record("A4-22")
    doc["limits"]["stages"] = [{"name": "公示", "steps": ["ghost"], "value": 3, "unit": "workday"}]
    assert "ghost" in list_misfits(doc, procedure_version_id=spec.procedure_version_id)["stages"]


def test_a_procedure_that_asks_for_more_names_the_items_that_do_not_say_it(city: None) -> None:
    impact = queries.get_impact(KEEPER, kind="procedure", code="county_decides_notice", xml=URGENT)
    assert {one.code for one in impact.misfits} == {one.code for one in impact.uses} != set()
    assert all("urgent" in told for one in impact.misfits for told in one.faults)
    version = actions.publish_procedure(by=KEEPER, at=AT, code="county_decides_notice", name="上报", xml=URGENT)
    doc = record("A4-22")
    assert "urgent" in list_misfits(doc, procedure_version_id=version.version_id)["form"]
    question = {
        "name": "urgent",
        "type": "choice",
        "label": "急不急",
        "required": True,
        "choices": [["yes", "急"], ["no", "不急"]],
    }
    doc["form"]["pages"][0]["fields"].append(question)
    assert list_misfits(doc, procedure_version_id=version.version_id) == {}
    assert queries.pick_start_data(version.version_id, {"urgent": "yes", "other": "1"}) == {"urgent": "yes"}
    question["choices"].append(["maybe", "说不准"])  # type: ignore[attr-defined]
    assert "maybe" in list_misfits(doc, procedure_version_id=version.version_id)["form"]


def test_uses_are_counted_as_they_are_found(city: None) -> None:
    for kind in ("procedure", "table"):
        counted = count_uses(kind)
        assert counted and {code: len(find_uses(kind, code)) for code in counted} == counted


def test_the_table_reads_what_the_item_asks(city: None) -> None:
    spec = catalogue.get_current(code="A4-22")
    (verdict,) = queries.list_verdicts(spec.decision_tables, answers={"ability": ["eat", "dress", "bed", "bath"]})
    assert verdict.answer.results == (("self_care", "自理能力", "完全丧失生活自理能力"),)
    assert "第 3 行" in verdict.answer.why


def test_a_procedure_that_a_keeper_added_can_be_used_by_an_item(city: None) -> None:
    actions.publish_procedure(
        by=KEEPER, at=AT, code="quick_look", name="快看快办", xml=SHIPPED["promise"].read_text("utf-8")
    )
    doc = {**record("A4-22"), "procedure": "quick_look"}
    doc["limits"]["stages"] = []
    assert "procedure" not in check_item(doc)
    version = queries.get_current_version(code="quick_look")
    assert list_misfits(doc, procedure_version_id=version.version_id) == {}
    assert "procedure" in check_item({**doc, "procedure": "Quick Look"})
    changed = ItemVersion.objects.filter(item__code="A4-22", status="in_force")
    changed.update(doc=doc, procedure_id=version.version_id)
    catalogue.get_spec.cache_clear()
    assert catalogue.get_current(code="A4-22").procedure_text == "快看快办"
    catalogue.get_spec.cache_clear()


def test_no_item_begins_with_what_goes_on_from_a_decision_of_the_law(city: None) -> None:
    version = queries.get_current_version(code="tacit_renewal")
    assert list(list_misfits(record("A4-22"), procedure_version_id=version.version_id)) == ["procedure"]
