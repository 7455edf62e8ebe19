"""Every address is walked by staff, by the person and by others: who is shown somebody's data leaves one entry."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import Resolver404, get_resolver, resolve
from openpyxl import load_workbook

from tests.architecture.test_structure import patterns
from weimin.apps.taskadmission import testing as task_help
from weimin.base import clock
from weimin.base.identifiers import mask_id, mask_name, mask_phone
from weimin.config.api import api
from weimin.kernel.accounts.actions import create_client
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases import testing as cast_help
from weimin.kernel.cases.models import Case, CaseFile, Paper
from weimin.kernel.deadlines.models import CalendarNotice
from weimin.kernel.directory import actions as directory
from weimin.kernel.evaluation import actions as evaluation
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions as residents
from weimin.kernel.residents.models import ReadEntry
from weimin.kernel.rights import actions as rights
from weimin.kernel.supervision import actions as supervision
from weimin.kernel.supervision import testing as watch_help
from weimin.kernel.supervision.models import Warning

pytestmark = pytest.mark.django_db
NAME, NUMBER, PHONE = "张演示", "340300190001010011", "13900000051"
ACCOUNT = cast_help.ANSWERS["account"]
#: What stands in full nowhere, and what shows whose data it is.
WHOLE = (NUMBER, PHONE, ACCOUNT)
TOKENS = (NAME, mask_name(NAME), mask_id(NUMBER), mask_phone(PHONE))
#: Answers that are a person's data by their kind, whatever stands in them.
BY_KIND = {
    "desk/papers/<int:paper_id>/",
    "desk/files/<int:file_id>/",
    "desk/cases/<str:number>/clocks/<int:clock_id>/",
    "desk/cases/<str:number>/clocks/<int:clock_id>.pdf",
    "desk/cases/<str:number>/reveal/",
    "desk/correct/reveal/",
    "desk/read-queries/",
    "desk/rights/copies/<int:copy_id>.zip",
    "desk/rights/<int:request_id>/evidence",
    "api/v1/matters/<number>",
    "api/v1/matters/<number>/clocks",
    "api/v1/matters/<number>/clocks/<clock_id>",
}
REASON = "核对银行卡是否本人"
#: What is sent to the views that take only posts, or show people only then.
POSTS: dict[str, dict[str, str]] = {
    "desk/new/person/": {"id": NUMBER},
    "desk/correct/": {"step": "find", "id_number": NUMBER},
    "desk/correct/reveal/": {"id_number": NUMBER, "field": "phone", "reason": REASON},
    "desk/cases/<str:number>/reveal/": {"field": "answer:account", "reason": REASON},
    "desk/cases/<str:number>/<str:take>/": {"step": "0"},
    "desk/audit.xlsx": {},
    "desk/find/": {"q": NUMBER},
    "desk/rights/counter/": {"id_number": NUMBER, "kind": ""},
}
ADDRESSES = sorted({(address, view) for address, view in patterns(get_resolver())}, key=lambda one: one[0])


@dataclass
class World:
    """A made-up applicant's matters in every state that pages show, and who walks."""

    applicant: Actor
    cast: cast_help.Cast
    values: dict[str, Any]
    walkers: dict[str, tuple[Actor, Client]]
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any, city: None) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_world()
        transaction.set_rollback(True)


def build_world() -> World:
    """Everybody and everything that the walks of all addresses need; a new part of an address gets its value here."""
    at = clock.now()
    cast = cast_help.make_cast(at)
    _closed(cast, at)
    open_one = cast_help.hand_in(cast, at)
    agency = cast.clerk.agency
    worker = _post(at, cast.clerk, ("front_desk", "reviewer", "decider", "issuer", "list_keeper", "operator"))
    leader = watch_help.serve(at, f"{cast_help.TOWN}-gov", "leader")
    supervisor = watch_help.serve(at, f"{watch_help.CITY}-d18", "supervisor")
    auditor = watch_help.serve(at, f"{cast_help.TOWN}-gov", "audit_admin")
    entry = residents.record_read(
        by=worker, at=at, shown=[(cast.applicant.resident_id or 0, open_one.number)], why="办理", path="desk:case"
    )
    assert entry
    evaluation.ask_about_read(by=cast.applicant, at=at, entry_id=entry, question=f"{NAME}想问为什么看")
    late = watch_help.warn(at, open_one.number, kind="case")
    order = supervision.issue_order(by=supervisor, at=at, warning_id=late.pk, text="请尽快办理并答复。")
    case = Case.objects.get(number=open_one.number)
    # the warning of the very clock that the applicant's own steps moved
    Warning.objects.filter(pk=late.pk).update(clock_id=case.clock_id)
    values = {
        "number": open_one.number,
        "paper_id": Paper.objects.filter(case=case).first().pk,  # type: ignore[union-attr]
        "file_id": CaseFile.objects.filter(case=case).first().pk,  # type: ignore[union-attr]
        "clock_id": case.clock_id,
        "code": cast_help.ITEM,
        "township": cast_help.TOWN,
        "page": "1",
        "take": "accept",
        "shelf": "flows",
        "which": "1",
        "warning_id": late.pk,
        "order_id": order,
        "letter": "none",
        **task_help.make_one_of_each(at, body=task_help.head(), town=leader, picture=cast_help.PICTURE),
        "notice_id": getattr(CalendarNotice.objects.first(), "pk", 1),
        "version_id": 1,
        "list_code": "village_duty",
        "import_id": 1,
        "miss_id": 1,
        "entry_id": entry,
        "officer_id": worker.officer_id,
        "day": clock.local_date(at).isoformat(),
        "part": 1,
        "path": "x",
        "kind": "correct",
        "request_id": rights.ask(
            by=cast.applicant,
            at=at,
            kind="correct",
            wish={"text": f"{NAME}的名字写错了"},
            evidence=("户口簿.png", cast_help.PICTURE),
        ),
        "copy_id": rights.ask_copy(by=worker, at=at, resident_id=cast.applicant.resident_id),
    }
    rights.make_copy(at=at, payload={"copy_id": values["copy_id"]})
    staff = {"worker": worker, "leader": leader, "supervisor": supervisor, "auditor": auditor}
    people = {"applicant": cast.applicant, "neighbour": cast.neighbour, "stranger": cast.stranger}
    walkers = {name: (who, watch_help.browse(who)) for name, who in (staff | people).items()}
    walkers["nobody"] = (Actor.anonymous(), Client())
    made = {
        name: create_client(
            by=cast_help.SYSTEM, at=at, name="市里的系统", post_id=who.post_id or 0, scopes=("read", "write")
        )
        for name, who in (staff | {"stranger": cast.stranger}).items()
    }
    assert agency == worker.agency
    return World(cast.applicant, cast, values, walkers, made)


def _post(at: Any, like: Actor, roles: tuple[str, ...]) -> Actor:
    """Somebody in the same agency who takes every step there."""
    from weimin.kernel.accounts import actions as accounts
    from weimin.kernel.directory import queries as places

    account = accounts.create_staff_account(
        by=cast_help.SYSTEM, at=at, username="walker", name="演示走查", password_hash="!"
    )
    person = directory.add_officer(by=cast_help.SYSTEM, at=at, name="演示走查", account_id=account)
    directory.appoint(by=cast_help.SYSTEM, at=at, officer_id=person, agency_id=like.agency, roles=roles, title="综合岗")
    return places.get_actor_for_account(account_id=account, post_id=None, at=at, via="desk")


def _closed(cast: cast_help.Cast, at: Any) -> None:
    """A matter that ended, rated badly in words that name the person."""
    done = cast_help.hand_in(cast, at)
    case_id = Case.objects.get(number=done.number).pk
    cast_help.take_to_decision(cast, at, case_id)
    step = cast_help.open_step
    cases.decide_case(
        by=cast.decider,
        at=at,
        case_id=case_id,
        step_id=step(case_id, cast.decider),
        outcome="approve",
        reasons="符合条件，准予。",
        basis="社会救助法第二十四条",
    )
    cases.make_result(by=cast.county, at=at, case_id=case_id, step_id=step(case_id, cast.county))
    cases.hand_out_result(by=cast.issuer, at=at, case_id=case_id, step_id=step(case_id, cast.issuer), signed_by=NAME)
    evaluation.rate_case(by=cast.applicant, at=at, number=done.number, grade=5, comment=f"{NAME}等了很久")


@dataclass
class Walked:
    """What one walk of an address met."""

    faults: list[str] = field(default_factory=list)
    proven: bool = False


def fill_address(address: str, values: dict[str, Any]) -> str:
    """An address with its parts filled in; a part that this test does not know is a fault of the test."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values[part.group(1)]), address)


def _text(answer: Any) -> str:
    kind = answer.headers.get("Content-Type", "")
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if "spreadsheet" in kind:
        book = load_workbook(io.BytesIO(body))
        return "\n".join(str(cell) for sheet in book for row in sheet.values for cell in row)
    if re.match(r"application/(\w+\+)?json", kind):
        return json.dumps(json.loads(body), ensure_ascii=False)
    if kind.startswith("text") or "xml" in kind:
        return html.unescape(body.decode())
    return ""


def _judge(world: World, address: str, name: str, answer: Any, before: int, met: Walked, marked: bool) -> None:
    """One answer to one walker: what stands in it, and what entry it left."""
    actor = world.walkers[name][0]
    text, rows = _text(answer), list(ReadEntry.objects.filter(pk__gt=before))
    says = f"{name} {address} {answer.status_code}"
    revealing = address.endswith("/reveal/") and answer.status_code == 200
    if name != "applicant" and not revealing and any(one in text for one in WHOLE):
        typed = address in POSTS and NUMBER in POSTS[address].values() and PHONE not in text and ACCOUNT not in text
        if not typed:
            met.faults.append(f"{says}: a whole number stands there")
    personal = any(one in text for one in TOKENS) or (address in BY_KIND and answer.status_code == 200)
    if name == "applicant" or not personal:
        if rows:
            met.faults.append(f"{says}: an entry of a look that showed nobody, or oneself")
        return
    if len(rows) != 1:
        met.faults.append(f"{says}: {len(rows)} entries, and somebody was shown")
        return
    (row,) = rows
    wanted = (actor.post_id, actor.agency_id, actor.account_id, resolve(answer.request["PATH_INFO"]).view_name)
    if (row.post_id, row.agency_id, row.account_id, row.path) != wanted:
        met.faults.append(f"{says}: {row.post_id, row.agency_id, row.account_id, row.path} is not {wanted}")
    if world.applicant.resident_id not in row.residents or not row.why or row.why == "未注明":
        met.faults.append(f"{says}: {row.residents} for “{row.why}”")
    if not marked:
        met.faults.append(f"{says}: the access rule does not say why")
    met.proven = True


def _last() -> int:
    return ReadEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


@pytest.mark.parametrize(
    ("address", "view"),
    [one for one in ADDRESSES if hasattr(one[1], "access_rule")],
    ids=[address for address, view in ADDRESSES if hasattr(view, "access_rule")],
)
def test_whoever_is_shown_leaves_exactly_one_entry(world: World, address: str, view: Any) -> None:
    met, marked = Walked(), bool(view.access_rule.reads)
    path = fill_address(address, world.values)
    for name, (_, client) in world.walkers.items():
        for post in (None, POSTS[address]) if address in POSTS else (None,):
            before = _last()
            answer = client.get(path) if post is None else client.post(path, post)
            _judge(world, address, name, answer, before, met, marked)
    assert not met.faults
    assert met.proven == marked, "a mark that no walk proves, or data without a mark"


def _operations() -> list[tuple[str, str]]:
    return [
        (path.strip("/").replace("{", "<").replace("}", ">"), method)
        for path, methods in api.get_openapi_schema(path_prefix="/api/v1/")["paths"].items()
        for method in methods
    ]


@pytest.mark.parametrize(("address", "method"), _operations())
def test_what_the_api_answers_is_entered_like_any_page(world: World, address: str, method: str) -> None:
    met = Walked()
    path = fill_address(address, world.values)
    for name, token in world.tokens.items():
        before = _last()
        send = getattr(Client(), method)
        more = {} if method == "get" else {"data": "{}", "content_type": "application/json"}
        answer = send(path, headers={"Authorization": f"Bearer {token}", "Idempotency-Key": f"walk-{name}"}, **more)
        _judge(world, address, name, answer, before, met, True)
        kept = ReadEntry.objects.filter(pk__gt=before).first()
        assert kept is None or kept.why.startswith("接口：市里的系统")
    assert not met.faults
    assert met.proven == (method == "get" and address in BY_KIND | {"api/v1/matters/inbox"})


def test_a_view_that_shows_somebody_unmarked_is_refused_here_and_entered_elsewhere(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from weimin.base.guard import AccessRule
    from weimin.config.looks import Unmarked
    from weimin.kernel.cases.web import desk

    client = world.walkers["worker"][1]
    monkeypatch.setattr(desk.inbox, "access_rule", AccessRule("staff"))
    with pytest.raises(Unmarked):
        client.get("/desk/")
    settings.WEIMIN_READS_STRICT = False
    before = _last()
    assert client.get("/desk/").status_code == 200
    assert [one.why for one in ReadEntry.objects.filter(pk__gt=before)] == [
        f"未注明：{Case.objects.get(number=world.values['number']).item_name}"
    ]
    assert "gives out personal data without saying why" in caplog.text


def test_every_address_is_known_to_the_resolver() -> None:
    with pytest.raises(Resolver404):
        resolve("/no/such/address/")
    assert len(ADDRESSES) > 60
