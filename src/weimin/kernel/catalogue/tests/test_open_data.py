"""Open data: CPSV-AP that passes its shapes, CSV, GB/T 39046, feeds; conditional, and nothing about people."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.actions.loading import enter_force
from weimin.kernel.catalogue.models import Item, ItemVersion
from weimin.kernel.catalogue.rules import tables
from weimin.kernel.catalogue.rules.codes import code_sets
from weimin.kernel.record.types import Actor

with warnings.catch_warnings():  # the library warns of itself while it is imported
    warnings.simplefilter("ignore")
    from pyshacl import validate
    from rdflib import Graph, Namespace
    from rdflib.namespace import RDF

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
# Ours, or the file of SEMIC itself where somebody has it: CPSV_AP_SHAPES=cpsv-ap-SHACL.ttl pytest …/test_open_data.py
SHAPES = Path(os.environ.get("CPSV_AP_SHAPES") or Path(__file__).parent / "data/cpsv-ap-3.2-shapes.ttl")
SHACL = Namespace("http://www.w3.org/ns/shacl#")
# How many constraints (least, most, class, datatype) release 3.2.0 sets for each class, counted in the published file.
PUBLISHED = {
    "PublicService": 34, "PublicOrganisation": 4, "Channel": 11, "Evidence": 11, "EvidenceType": 3, "Output": 7,
    "Requirement": 7, "Rule": 10, "Event": 6, "LifeEvent": 1, "BusinessEvent": 1, "Cost": 10, "Participation": 9,
    "ContactPoint": 3, "LegalResource": 1, "Dataset": 9, "Agent": 6, "TemporalEntity": 2, "Collection": 1,
    "Address": 7, "ServiceConcessionContract": 11,
}  # fmt: skip
CPSV = Namespace("http://purl.org/vocab/cpsv#")
FILES = ["items.csv", "materials.csv", "codes.csv", "gbt39046.json", "items.jsonld", "items/A5-31.jsonld"]
FEEDS = ["changes.atom", "changes.json"]


def body(name: str, **more: Any) -> str:
    answer = Client().get(f"/data/{name}", **more)
    assert answer.status_code == 200
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return raw.decode("utf-8-sig")


def graph_of(text: str) -> Graph:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Graph().parse(data=text, format="json-ld")


def faults_of(graph: Graph) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        conforms, _, text = validate(graph, shacl_graph=Graph().parse(SHAPES, format="turtle"))
    return "" if conforms else text


def test_the_whole_catalogue_passes_the_shapes() -> None:
    graph = graph_of(body("items.jsonld"))
    assert len(set(graph.subjects(RDF.type, CPSV.PublicService))) == 60
    assert faults_of(graph) == ""


def test_no_constraint_of_the_published_release_is_left_out() -> None:
    graph = Graph().parse(SHAPES, format="turtle")
    found: dict[str, int] = {}
    for shape, target in graph.subject_objects(SHACL.targetClass):
        count = sum(
            1
            for one in graph.objects(shape, SHACL.property)
            for kind in (SHACL.minCount, SHACL.maxCount, SHACL["class"], SHACL.datatype)
            if (one, kind, None) in graph
        )
        if count:
            found[re.split(r"[#/]", str(target))[-1]] = count
    assert found == PUBLISHED


def test_one_item_passes_the_shapes_by_itself() -> None:
    graph = graph_of(body("items/A5-31.jsonld"))
    assert {str(one) for one in graph.subjects(RDF.type, CPSV.PublicService)} == {
        f"{settings.WEIMIN_BASE_URL}/items/A5-31/"
    }
    assert faults_of(graph) == ""


@pytest.mark.parametrize(
    ("kind", "broken"),
    [
        ("cpsv:PublicService", {"title": None}),
        ("cpsv:PublicService", {"identifier": ["A", "B"]}),
        ("cpsv:PublicService", {"hasCompetentAuthority": "urn:nobody"}),
        ("cv:PublicOrganisation", {"spatial": None}),
        ("cv:Evidence", {"title": None}),
        ("cv:Cost", {"hasValue": "none"}),
    ],
    ids=["no title", "two identifiers", "an authority that is none", "no place", "no name of evidence", "no number"],
)
def test_the_shapes_find_what_is_broken(kind: str, broken: dict[str, Any]) -> None:
    document = json.loads(body("items/A5-31.jsonld"))
    node = next(one for one in document["@graph"] if one["@type"] == kind)
    node |= broken
    assert faults_of(graph_of(json.dumps(document)))


def test_csv_has_its_columns_and_a_row_for_each() -> None:
    items = list(csv.DictReader(io.StringIO(body("items.csv"))))
    assert list(items[0]) == [column.name for column in tables.ITEM_COLUMNS]
    assert len(items) == 60
    row = next(one for one in items if one["事项代码"] == "A5-31")
    assert (row["事项名称"], row["依申请"], row["服务领域"]) == ("高龄津贴", "是", "基本养老服务")
    materials = list(csv.DictReader(io.StringIO(body("materials.csv"))))
    assert {one["事项代码"] for one in materials} <= {one["事项代码"] for one in items}
    assert {one["必交"] for one in materials} == {"是", "否"}
    assert len(body("codes.csv").splitlines()) == 1 + sum(len(one.codes) for one in code_sets().values())


@pytest.mark.parametrize("value", ["=1+1", "+86", "-1", "@x", "\tx"])
def test_no_cell_is_a_formula(value: str) -> None:
    assert tables.cell(value) == "'" + value


def test_records_of_the_standard_carry_its_codes() -> None:
    records = json.loads(body("gbt39046.json"))
    assert len(records) == 60
    sets = code_sets()
    for one in records:
        assert sets["item_type"].holds(one["事项类型代码"])
        assert one["行使层级代码"] in sets["level"].codes
        assert one["办件类型代码"] in sets["case_kind"].codes
        assert set(one["服务对象代码"]) <= set(sets["audience"].codes)
        assert set(one["办理形式代码"]) <= set(sets["channel"].codes)
        assert len(one["办理形式代码"]) == len(set(one["办理形式代码"]))
        assert re.fullmatch(r"\d{8}", one["计划生效日期"])
        assert one["法定办结时限单位"] in ("", "工作日", "自然日")
    assert next(one for one in records if one["平台事项代码"] == "A9-48")["行使层级"] == "镇（乡、街道）级"


@pytest.mark.parametrize("name", [*FILES, *FEEDS])
def test_nothing_about_people_or_for_list_keepers_is_given_out(name: str) -> None:
    text = body(name)
    assert "memory-" not in text
    assert "certainty" not in text
    assert not re.search(r"1[3-9]\d{9}|\d{17}[\dXx]", text)


@pytest.mark.parametrize("name", [*FILES, *FEEDS])
def test_who_has_it_already_is_told_so(name: str) -> None:
    first = Client().get(f"/data/{name}")
    assert first["Cache-Control"].startswith("public, max-age=")
    again = Client().get(f"/data/{name}", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert Client().head(f"/data/{name}")["ETag"] == first["ETag"]
    assert Client().get(f"/data/{name}", headers={"if-none-match": '"other"'}).status_code == 200


def test_a_new_version_is_fetched_anew_and_told_in_the_feeds() -> None:
    old = Client().get("/data/items.csv")["ETag"]
    record = {**queries.get_current(code="A5-31").doc, "plain": "改了一句。"}
    actions.publish_item(by=Actor.system("试"), at=datetime(2026, 3, 2, tzinfo=UTC), record=record)
    answer = Client().get("/data/items.csv", headers={"if-none-match": old})
    assert answer.status_code == 200
    assert answer["ETag"] != old
    assert "改了一句。" in body("items.csv")
    newest = json.loads(body("changes.json"))["items"][0]
    assert newest["_item"] == {
        "code": "A5-31",
        "version": 2,
        "valid_from": "2026-03-02",
        "valid_until": None,
        "taken_off": False,
    }
    assert "高龄津贴 第 2 版" in body("changes.atom")


def test_an_item_that_is_taken_off_leaves_the_files_and_is_told_in_the_feeds() -> None:
    old = Client().get("/data/items.csv")["ETag"]
    last = ItemVersion.objects.get(item__code="A5-31", status="in_force")
    gone = ItemVersion(
        item=last.item,
        number=2,
        effect="end",
        status="approved",
        name=last.name,
        valid_from=date(2026, 3, 2),
        doc=last.doc,
    )
    enter_force(gone, at=datetime(2026, 3, 2, tzinfo=UTC))
    assert Client().get("/data/items.csv")["ETag"] != old
    assert len(json.loads(body("gbt39046.json"))) == 59
    assert Client().get("/data/items/A5-31.jsonld").status_code == 404
    newest = json.loads(body("changes.json"))["items"][0]
    assert (newest["title"], newest["_item"]["taken_off"]) == ("高龄津贴 取消", True)
    assert "高龄津贴 取消" in body("changes.atom")


def test_rows_of_other_lists_are_no_items() -> None:
    mark = Client().get("/data/items.csv")["ETag"]
    row = Item.objects.create(code="BZ-999", list_code="boundary")
    ItemVersion.objects.create(
        item=row, number=1, status="in_force", name="边界", valid_from=date(2026, 3, 2), doc={"code": "BZ-999"}
    )
    assert Client().get("/data/items.csv")["ETag"] == mark
    assert "BZ-999" not in body("items.csv") + body("changes.json")


def test_the_feed_leads_back_to_the_first_version() -> None:
    seen: list[str] = []
    address: str | None = "/data/changes.json"
    while address:
        page = Client().get(address).json()
        seen += [one["id"] for one in page["items"]]
        address = page.get("next_url", "").removeprefix(settings.WEIMIN_BASE_URL) or None
    assert len(seen) == len(set(seen)) >= 60


@pytest.mark.parametrize("before", ["", "x", "-1", "９", "1" * 30, "0"])
def test_an_odd_place_in_the_feed_does_no_harm(before: str) -> None:
    assert Client().get("/data/changes.json", {"before": before}).status_code == 200


def test_an_unknown_item_is_not_found() -> None:
    assert Client().get("/data/items/X-1.jsonld").status_code == 404


def test_too_many_files_a_minute_are_refused(settings: Any) -> None:
    settings.WEIMIN_RATES = {**settings.WEIMIN_RATES, "data": "2/m"}
    codes = [Client().get("/data/items.csv", REMOTE_ADDR="192.0.2.9").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert Client().get("/data/items.csv", REMOTE_ADDR="192.0.2.10").status_code == 200


def test_the_page_tells_of_every_file_column_and_the_licence() -> None:
    page = Client().get("/data/").content.decode()
    for name in [one for one in FILES if "/" not in one] + FEEDS:
        assert f'href="/data/{name}"' in page
    for column in (*tables.ITEM_COLUMNS, *tables.MATERIAL_COLUMNS):
        assert column.meaning in page
    assert settings.WEIMIN_DATA_LICENCE in page
    assert 'href="/data/"' in Client().get("/").content.decode()
    assert 'href="/data/items/A5-31.jsonld"' in Client().get("/items/A5-31/").content.decode()


def test_a_long_catalogue_is_read_in_chunks(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        body("items.jsonld")
