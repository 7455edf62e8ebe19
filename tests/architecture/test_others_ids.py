"""The ids of others in every parameter: refused, or nothing of them in the answer, and nothing of theirs is changed."""

from __future__ import annotations

import html
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings
from django.urls import get_resolver

from tests.architecture.matrix import LOGINS, Row, judge
from tests.architecture.matrix_world import (
    OF_SOMEBODY,
    OTHER_TOWN,
    SENT,
    TOWN,
    Matrix,
    Member,
    build_matrix,
)
from tests.architecture.test_reads import NAME, NUMBER, PHONE, _text, fill_address
from tests.architecture.test_structure import patterns
from weimin.base import clock
from weimin.base.identifiers import mask_id, mask_name, mask_phone
from weimin.kernel.accounts.models import Session
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases import testing as cast_help
from weimin.kernel.cases.models import Case, CaseFile, Draft, Step
from weimin.kernel.cases.types import SupplementItem
from weimin.kernel.deadlines.models import ClockEntry
from weimin.kernel.directory.models import Post

pytestmark = pytest.mark.django_db
#: Who sends: somebody with a matter of their own, and the people of another township who work on it.
SENDERS = ("neighbour", "far-clerk", "far-officer", "far-leader", "far-supervisor", "agent")
#: Parameters that are no names of things, and whole identity numbers, which open their person by design.
NOT_NAMES = {"id", "id_number", "revision", "phone", "code"}


@dataclass
class Others:
    """The world; what of it belongs to the one person (theirs), and what to the senders (own)."""

    matrix: Matrix
    theirs: dict[str, Any]
    own: dict[str, Any]
    tokens: set[str]

    def snapshot(self) -> list[Any]:
        """Everything of the person that somebody else might change by an id."""
        mine = self.matrix.world.applicant
        return [
            list(Case.objects.filter(applicant_id=mine.resident_id).order_by("pk").values_list("state", "revision")),
            list(
                Step.objects.filter(case__applicant_id=mine.resident_id)
                .order_by("pk")
                .values_list("state", "assignee_id", "due_on")
            ),
            list(CaseFile.objects.filter(owner_account_id=mine.account_id).order_by("pk").values_list("pk", "case_id")),
            list(Draft.objects.filter(account_id=mine.account_id).order_by("pk").values_list("pk", "updated_at")),
            list(ClockEntry.objects.filter(clock_id=self.theirs["clock"]).order_by("pk").values_list("pk", "kind")),
            Session.objects.filter(account_id=mine.account_id).count(),
            Post.objects.get(pk=self.theirs["post"]).valid_until,
        ]


@pytest.fixture(scope="module")
def others(django_db_setup: Any, django_db_blocker: Any, city: None, tmp_path_factory: Any) -> Iterator[Others]:
    files = str(tmp_path_factory.mktemp("files"))
    with django_db_blocker.unblock(), override_settings(WEIMIN_FILES=files), transaction.atomic():
        yield _others()
        transaction.set_rollback(True)


def _others() -> Others:
    matrix, at = build_matrix(), clock.now()
    world = matrix.world
    far = replace(world.cast, applicant=world.walkers["neighbour"][0], clerk=world.cast.stranger)
    fresh, asked = (Case.objects.get(number=_hand_in(far, at)) for _ in range(2))
    step = cast_help.open_step(asked.pk, far.clerk)
    missing = [SupplementItem("bank_card", "银行卡", "请重拍")]
    cases.ask_supplement(by=far.clerk, at=at, case_id=asked.pk, step_id=step, items=missing)
    theirs = {**world.values, **matrix.stages["fresh"]}
    theirs["session"] = Session.objects.filter(account_id=world.applicant.account_id).latest("pk").pk
    theirs["officer"] = world.values["officer_id"]
    theirs["key"] = Draft.objects.get(pk=theirs["draft"]).key
    own = {
        "number": fresh.number,
        "asked": asked.number,
        "step": cast_help.open_step(fresh.pk, far.clerk),
        "clock": fresh.clock_id,
        "officer": world.cast.stranger.officer_id,
    }
    numbers = Case.objects.filter(applicant_id=world.applicant.resident_id).values_list("number", flat=True)
    tokens = {NAME, mask_name(NAME), mask_id(NUMBER), mask_phone(PHONE), NUMBER, PHONE, *numbers}
    return Others(matrix, theirs, own, tokens)


def _hand_in(cast: cast_help.Cast, at: Any) -> str:
    return cast_help.hand_in(cast, at, township_code=OTHER_TOWN).number


def _natural(name: str, theirs: dict[str, Any]) -> list[Any]:
    """What a parameter of this name may name of somebody else's; any other gets a number and an id all the same."""
    known: dict[str, list[Any]] = {
        "before": [10**9, theirs["entry_id"] + 1, "9999-12-31"],
        "after": ["0001-01-01_0", "9999-12-31T00:00:00.000000Z_999999", f"{theirs['today']}_0"],
        "to": [theirs["officer"], "all"],
        "township": [TOWN],
        "done": ["end", "hand.1"],
        "kept": [theirs["loose"], theirs["file_id"]],
        "taken": [theirs["loose"]],
        "keep": [theirs["loose"]],
        "remove": [theirs["loose"], theirs["file_id"]],
        "n": [theirs["number"]],
        "q": [theirs["number"], theirs["number"][-5:]],
        "item": [theirs["number"], "%"],
    }
    return known.get(name, [theirs[name]] if name in theirs else [theirs["number"], theirs["step"]])


def _names(view: Any) -> list[tuple[str, str]]:
    """The parameters that a view's module reads: (GET or POST, name); a new one is tried without being told of."""
    source = inspect.getsource(sys.modules[inspect.unwrap(view).__module__])
    found = set(re.findall(r"(GET|POST)\.get(?:list)?\(\"([a-z_]+)\"", source))
    found |= {("POST", name) for name in re.findall(r"post\.get\(\"([a-z_]+)\"", source)}
    return sorted(one for one in found if one[1] not in NOT_NAMES)


PAGES = sorted(
    (
        (address, view)
        for address, view in patterns(get_resolver())
        if hasattr(view, "access_rule") and view.access_rule.who in ("public", "resident", "staff")
    ),
    key=lambda one: one[0],
)


@pytest.mark.parametrize(("address", "view"), PAGES, ids=[address for address, _ in PAGES])
def test_the_ids_of_others_as_parameters_show_and_change_nothing(others: Others, address: str, view: Any) -> None:
    """One's own page with somebody else's ids behind it, one by one."""
    values = {**others.theirs, **others.own} if set(re.findall(r"(\w+)>", address)) & OF_SOMEBODY else others.theirs
    values |= {"officer_id": others.own["officer"], "clock_id": others.own["clock"], "take": "comment"}
    path, before = fill_address(address, values), others.snapshot()
    base = others.matrix.fill((SENT.get(address) or [("", "", {})])[0][2], "fresh")
    if NUMBER in base.values():
        base = {}  # who gives the whole number is shown its person, by design
    told = []
    for method, name in _names(view):
        for value in _natural(name, others.theirs):
            for sender in SENDERS:
                member = others.matrix.people[sender]
                body = {**base, name: value} if method == "POST" else {name: value}
                with transaction.atomic(), member.walking():
                    text, after = _send(member, method, path, body), others.snapshot()
                    transaction.set_rollback(True)
                shown = {one for one in others.tokens if one in text} - {str(one) for one in body.values()}
                if shown or after != before:
                    told.append(f"{sender} {method} {path} {name}={value}: {shown or 'something changed'}")
    assert not told


def _send(member: Member, method: str, path: str, body: dict[str, Any]) -> str:
    call = member.client.get if method == "GET" else member.client.post
    answer = call(path, body)
    assert answer.status_code < 500, f"{method} {path} {body}"
    if answer.status_code in (301, 302) and not answer["Location"].startswith(LOGINS):
        # what a page says after it sent one on is part of what was told
        return _text(member.client.get(answer["Location"]))
    return html.unescape(_text(answer))


#: Somebody else's ids inside of a form about one's own matter: (who, address, what is sent); {…} of theirs, [[…]] own.
FORGED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "their step on one's own matter": ("far-clerk", "desk/cases/[[number]]/accept/", {"step": "{step}"}),
    "their step refused": (
        "far-clerk",
        "desk/cases/[[number]]/refuse/",
        {"step": "{step}", "reasons": "不在受理范围之内", "basis": "法律第一条"},
    ),
    "their step claimed": ("far-clerk", "desk/cases/[[number]]/claim/", {"step": "{step}"}),
    "their step handed back": ("far-clerk", "desk/cases/[[number]]/hand-back/", {"step": "{step}"}),
    "their clock paused": (
        "far-officer",
        "desk/cases/[[number]]/pause/",
        {"clock": "{clock}", "ground": "expert_review", "on": "{today}", "reason": "组织专家评审"},
    ),
    "their ledger corrected": (
        "far-leader",
        "desk/cases/[[number]]/correct-clock/",
        {"clock": "{clock}", "entry": "{entry}", "right_on": "{today}", "correct_reason": "日期录错了，请更正"},
    ),
    "their entry of a ledger, one's own clock": (
        "far-leader",
        "desk/cases/[[number]]/correct-clock/",
        {"clock": "[[clock]]", "entry": "{entry}", "right_on": "{today}", "correct_reason": "日期录错了，请更正"},
    ),
    "their file kept for one's own supplement": (
        "neighbour",
        "my/matters/[[asked]]/supplement/",
        {"keep": "{loose}", "reply_other": "x"},
    ),
    "their file removed": ("neighbour", f"apply/A3-13/{OTHER_TOWN}/materials/", {"remove": "{loose}"}),
    "their file at the counter": ("far-clerk", "desk/new/A3-13/", {"kept": "{loose}", "id": NUMBER}),
    "their file taken back at the counter": ("far-clerk", "desk/new/A3-13/", {"taken": "{loose}"}),
    "their session ended": ("neighbour", "my/sessions/", {"session": "{session}"}),
    "their post ended": (
        "far-leader",
        "desk/handover/[[officer]]/",
        {"do": "end", "post": "{post}", "on": "2099-01-01"},
    ),
    "one's own work to their colleague": (
        "far-leader",
        "desk/handover/[[officer]]/",
        {"do": "hand", "to": "{officer}"},
    ),
    "their draft's key": ("neighbour", f"apply/A3-13/{TOWN}/review/", {"key": "{key}"}),
}


def _fill(text: Any, others: Others) -> Any:
    if not isinstance(text, str):
        return text
    text = re.sub(r"\[\[(\w+)\]\]", lambda part: str(others.own[part.group(1)]), text)
    return re.sub(r"{(\w+)}", lambda part: str(others.theirs[part.group(1)]), text)


@pytest.mark.parametrize("what", FORGED)
def test_a_form_about_ones_own_matter_with_somebody_elses_ids_changes_nothing(others: Others, what: str) -> None:
    sender, address, body = FORGED[what]
    member, before = others.matrix.people[sender], others.snapshot()
    sent = {name: _fill(value, others) for name, value in body.items()}
    with transaction.atomic(), member.walking():
        answer = member.client.post("/" + _fill(address, others), sent)
        after = others.snapshot()
        text = html.unescape(_text(answer))
        transaction.set_rollback(True)
    assert after == before
    shown = {one for one in others.tokens if one in text} - set(sent.values())
    assert not shown or sent.get("id") == NUMBER, "who gives the whole number is shown its person"
    word = judge(Row("POST", address), answer)
    refused = {"refused", "not found", "not now", "not right"}
    assert word in refused or (word in ("done", "ok") and what in GOES_ON)


#: What goes on as if nothing had been named, because the id is not among one's own.
GOES_ON = {
    "their draft's key": "the key is of nobody's draft for this sender, who is led to their own",
    "their file removed": "one's own page of materials again",
}

API_FORGED: dict[str, tuple[str, dict[str, Any]]] = {
    "their step on one's own matter": ("[[number]]/accept", {"step_id": "{step}"}),
    "their clock on one's own matter": (
        "[[number]]/pause",
        {"clock_id": "{clock}", "ground": "expert_review", "on": "{today}", "reason": "组织专家评审"},
    ),
    "their file on one's own application": (
        "",
        {
            "item_code": cast_help.ITEM,
            "township_code": OTHER_TOWN,
            "person": {
                "name": "李演示",
                "id_number": "34030019000101002X",
                "phone": "13900000052",
                "division_code": cast_help.VILLAGE,
            },
            "answers": cast_help.ANSWERS,
            "file_ids": ["{loose}"],
        },
    ),
    "their file on one's own supplement": ("[[asked]]/answer-supplement", {"file_ids": ["{loose}"], "replies": {}}),
}


@pytest.mark.parametrize("what", API_FORGED)
def test_the_api_takes_nobody_elses_ids_either(others: Others, what: str) -> None:
    address, body = API_FORGED[what]
    before = others.snapshot()

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(one) for one in value]
        text = _fill(value, others)
        return int(text) if text != value and str(text).isdecimal() else text

    with transaction.atomic():
        answer = Client().post(
            f"/api/v1/matters/{_fill(address, others)}".rstrip("/"),
            {name: filled(value) for name, value in body.items()},
            content_type="application/json",
            headers={
                "Idempotency-Key": "somebody-elses",
                "Authorization": f"Bearer {others.matrix.clients['far-clerk'].token}",
            },
        )
        after = others.snapshot()
        transaction.set_rollback(True)
    assert answer.status_code in (403, 404, 409, 422), answer.content.decode()
    assert after == before
    assert not [one for one in others.tokens if one in _text(answer)]


def test_a_post_that_is_not_ones_own_is_not_acted_in(others: Others) -> None:
    member = others.matrix.people["far-clerk"]
    with transaction.atomic(), member.walking():
        assert member.client.get("/desk/").context["actor"].post_id == others.matrix.world.cast.stranger.post_id
        member.client.post("/desk/post/", {"post": str(others.theirs["post"])})
        assert member.client.get("/desk/").context["actor"].post_id == others.matrix.world.cast.stranger.post_id
        assert member.client.get(f"/desk/cases/{others.theirs['number']}/").status_code == 404
        transaction.set_rollback(True)


def test_a_leader_reads_no_name_of_somebody_who_never_served_there(others: Others) -> None:
    """What a page says after the end of a post is not a way to look at anybody."""
    member = others.matrix.people["far-leader"]
    with member.walking():
        answer = member.client.get(f"/desk/handover/{others.theirs['officer']}/?done=end")
    assert answer.status_code == 404
