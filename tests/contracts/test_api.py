"""The API as other systems use it: a whole life, and what each kind of bad input gets."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.config.demonstration import LOADER
from weimin.kernel.record.testing import asked

pytestmark = pytest.mark.django_db
TOWN = "340321113000"
PERSON = {"name": "演示甲", "id_number": "340300190001010011", "phone": "13900000041", "division_code": "340321100200"}
ANSWERS = {
    "disease": "慢性病",
    "paid": "3200",
    "from_date": "2026-01-05",
    "bank": "social",
    "account": "6222000000000000001",
}
#: Transaction control is not counted.


class Caller:
    """A client of one post."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.statements = 0

    def post(self, path: str, body: dict[str, Any], key: str = "") -> Any:
        with CaptureQueriesContext(connection) as caught:
            answer = Client().post(
                f"/api/v1/matters{path}",
                body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or secrets.token_hex(12)},
            )
        self.statements = asked(caught)
        return answer

    def get(self, path: str) -> Any:
        return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture
def callers(city: None) -> dict[str, Caller]:
    """One caller for each post that a life needs, and one of another township."""
    from weimin.kernel.accounts.actions import create_client
    from weimin.kernel.directory import actions as directory
    from weimin.kernel.directory import queries as places

    at = clock.now()

    def caller(
        rule: str, roles: tuple[str, ...], town: str = TOWN, scopes: tuple[str, ...] = ("read", "write")
    ) -> Caller:
        agency = places.resolve_agency(rule=rule, township_code=town, lead_key="医保局", area="A4")
        assert agency is not None
        officer = directory.add_officer(by=LOADER, at=at, name="演示人员")
        post = directory.appoint(by=LOADER, at=at, officer_id=officer, agency_id=agency, roles=roles, title="演示")
        return Caller(create_client(by=LOADER, at=at, name="测试", post_id=post, scopes=scopes))

    return {
        "clerk": caller("accepting", ("front_desk", "issuer")),
        "station": caller("township", ("reviewer",)),
        "county": caller("county", ("reviewer", "decider")),
        "stranger": caller("accepting", ("front_desk",), town="340321104000"),
        "reader": caller("accepting", ("front_desk",), scopes=("read",)),
    }


def application(**changes: Any) -> dict[str, Any]:
    return {"item_code": "A4-24", "township_code": TOWN, "person": PERSON, "answers": ANSWERS, **changes}


def test_a_whole_life(callers: dict[str, Caller]) -> None:
    clerk, station, county = callers["clerk"], callers["station"], callers["county"]
    counts: dict[str, int] = {}

    def taken(who: Caller, name: str, path: str, **body: Any) -> dict[str, Any]:
        answer = who.post(path, body)
        assert answer.status_code in (200, 201), answer.content.decode()
        counts[name] = who.statements
        found: dict[str, Any] = answer.json()
        return found

    for _ in range(2):  # the second life finds everything warm
        said = taken(clerk, "submit", "", **application())
        number = said["number"]

        def step(answer: dict[str, Any]) -> int:
            return int(answer["next_steps"][0]["step_id"])

        said = taken(clerk, "accept", f"/{number}/accept", step_id=step(said))
        assert said["state"] == "handling"
        said = taken(station, "review", f"/{number}/review", step_id=step(said), outcome="agree", opinion="属实")
        said = taken(county, "review", f"/{number}/review", step_id=step(said), outcome="agree", opinion="属实")
        said = taken(
            county,
            "decide",
            f"/{number}/decide",
            step_id=step(said),
            outcome="approve",
            reasons="符合条件，准予。",
            basis="社会救助法第二十四条",
        )
        said = taken(county, "result", f"/{number}/make-result", step_id=step(said))
        said = taken(clerk, "hand-out", f"/{number}/hand-out", step_id=step(said), signed_by="演示甲")
        assert said["state"] == "closed"
        taken(clerk, "rate", f"/{number}/rating", grade=1)
    matter = clerk.get(f"/matters/{number}").json()
    assert [one["kind"] for one in matter["steps"]] == ["accept", "review", "review", "decide", "result", "issue"]
    assert max(counts.values()) <= 20, counts


def test_the_same_key_twice_makes_one_matter(callers: dict[str, Caller]) -> None:
    key = secrets.token_hex(12)
    first = callers["clerk"].post("", application(), key)
    again = callers["clerk"].post("", application(), key)
    assert first.status_code == again.status_code == 201
    assert (first.json()["number"], first.json()["receipt_code"]) == (
        again.json()["number"],
        again.json()["receipt_code"],
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    other = callers["clerk"].post("", application(answers={**ANSWERS, "disease": "别的"}), key)
    assert other.status_code == 409
    assert other.json()["code"] == "record.key_reused"
    number, step = first.json()["number"], first.json()["next_steps"][0]["step_id"]
    key = secrets.token_hex(12)
    once = callers["clerk"].post(f"/{number}/accept", {"step_id": step}, key)
    twice = callers["clerk"].post(f"/{number}/accept", {"step_id": step}, key)
    assert once.json() == twice.json()
    late = callers["clerk"].post(f"/{number}/accept", {"step_id": step})
    assert late.status_code in (409, 422)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"answers": {**ANSWERS, "from_date": "2026-02-30"}}, 422, "from_date"),
        ({"answers": {**ANSWERS, "hack": "1"}}, 422, "hack"),
        ({"answers": {}}, 422, "disease"),
        ({"person": {**PERSON, "id_number": "340321190002281230"}}, 422, "person.id_number"),
        ({"person": {**PERSON, "phone": "1"}}, 422, "person.phone"),
        ({"township_code": "1"}, 422, "township_code"),
    ],
)
def test_bad_input_names_the_field(
    callers: dict[str, Caller], changes: dict[str, Any], status: int, field: str
) -> None:
    answer = callers["clerk"].post("", application(**changes))
    assert answer.status_code == status
    assert field in answer.json()["fields"], answer.json()


def test_materials_must_be_there(callers: dict[str, Caller]) -> None:
    body = application(item_code="A3-13", answers={"bank": "social", "account": "6222000000000000001", "other": "no"})
    answer = callers["clerk"].post("", body)
    assert answer.status_code == 422
    assert "material_bank_card" in answer.json()["fields"]
    assert callers["clerk"].post("", {**body, "materials_seen": ["bank_card"]}).status_code == 201


def test_staff_take_in_for_their_own_place_unless_the_item_allows_any(callers: dict[str, Caller]) -> None:
    answer = callers["stranger"].post("", application())
    assert (answer.status_code, answer.json()["code"]) == (422, "cases.other_township"), answer.json()
    assert "怀远县榴城镇" in answer.json()["message"]
    body = application(item_code="A6-35", answers={})
    assert callers["stranger"].post("", body).json()["code"] == "cases.application_incomplete", "past the door"
    answer = callers["county"].post("", application())
    assert (answer.status_code, answer.json()["code"]) == (403, "cases.not_for_them"), "a reviewer takes nothing in"


def test_what_an_office_begins_is_not_applied_for(callers: dict[str, Caller]) -> None:
    answer = callers["clerk"].post("", application(item_code="A1-04", answers={}))
    assert (answer.status_code, answer.json()["code"]) == (422, "cases.not_applied")


def test_post_needs_an_address(callers: dict[str, Caller]) -> None:
    clerk = callers["clerk"]
    answer = clerk.post("", application(delivery="post"))
    assert answer.status_code == 422
    assert set(answer.json()["fields"]) == {"post_name", "post_address"}, "the phone is the registered one"
    to = {"name": "演示甲", "address": "榴城镇柳树村 3 组 12 号"}
    assert clerk.post("", application(delivery="post", post_to=to)).status_code == 201


def test_papers_seen_are_kept(callers: dict[str, Caller]) -> None:
    body = application(item_code="A3-13", answers={"bank": "social", "account": "6222000000000000001", "other": "no"})
    number = callers["clerk"].post("", {**body, "materials_seen": ["bank_card"]}).json()["number"]
    (seen,) = callers["clerk"].get(f"/matters/{number}").json()["materials_seen"]
    assert (seen["code"], seen["by"].endswith("演示人员")) == ("bank_card", True)
    wrong = callers["clerk"].post("", {**body, "materials_seen": ["bank_card", "wedding"]})
    assert "wedding" in wrong.json()["fields"]["materials_seen"]


def test_strangers_see_nothing(callers: dict[str, Caller]) -> None:
    said = callers["clerk"].post("", application()).json()
    number, step = said["number"], said["next_steps"][0]["step_id"]
    assert callers["stranger"].get(f"/matters/{number}").status_code == 404
    assert callers["stranger"].post(f"/{number}/accept", {"step_id": step}).status_code == 404
    assert callers["station"].post(f"/{number}/accept", {"step_id": step}).status_code in (403, 404)
    assert callers["reader"].get(f"/matters/{number}").status_code == 200
    assert callers["reader"].post(f"/{number}/accept", {"step_id": step}).status_code == 403
    assert Client().get(f"/api/v1/matters/{number}").status_code == 401
    assert Client().get(f"/api/v1/matters/{number}", headers={"Authorization": "Bearer nope"}).status_code == 401
    assert callers["clerk"].get("/matters/340321113-200101-00001").status_code == 404


def test_items_are_open_to_all(city: None) -> None:
    found = Client().get("/api/v1/items", {"q": "老人补贴"}).json()
    assert found["items"][0]["code"] == "A5-31"
    assert Client().get("/api/v1/items/A5-31").json()["name"] == "高龄津贴"
    assert Client().get("/api/v1/items/A5-31/schema").json()["additionalProperties"] is False
    assert Client().get("/api/v1/items/NO-1").status_code == 404


def test_the_checked_in_document_is_the_generated_one() -> None:
    from openapi_spec_validator import validate

    from weimin.config import api

    assert json.loads(api.FILE.read_text(encoding="utf-8")) == api.schema()
    validate(api.schema())
    assert api.schema()["openapi"].startswith("3.1")
    assert Client().get("/api/v1/openapi.json").status_code == 200


def test_unreadable_and_unstorable_input_is_answered_in_the_same_shape(callers: dict[str, Caller]) -> None:
    token = callers["clerk"].token
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "12345678"}
    broken = Client().post("/api/v1/matters", b"{", content_type="application/json", headers=headers)
    assert broken.status_code == 400
    assert broken.json()["code"] == "api.unreadable"
    nul = Client().get("/api/v1/items", {"area": "\x00"})
    assert nul.status_code == 422
    assert nul.json()["code"] == "api.unstorable"
    assert Client().get("/api/v1/nothing").json()["code"] == "http.404"
    assert Client(raise_request_exception=False).get("/items/", {"event": "\x00"}).status_code == 400
