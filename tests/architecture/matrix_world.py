"""Who walks the access matrix, and what each address is called with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from tests.architecture.test_reads import NAME, NUMBER, REASON, World, build_world
from weimin.base import clock
from weimin.kernel.accounts.actions import create_client, revoke_client
from weimin.kernel.accounts.models import Account, ApiClient
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases import testing as cast_help
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.types import SupplementItem, UploadedFile
from weimin.kernel.cases.web.desk import STEPS
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.deadlines.actions import Standing
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory.models import Post
from weimin.kernel.evaluation.models import ReadQuery, Repair
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.types import Actor
from weimin.kernel.rights import actions as rights
from weimin.kernel.rights import testing as rights_help
from weimin.kernel.rights.models import Destruction, Hold
from weimin.kernel.supervision import testing as watch_help
from weimin.kernel.supervision.models import Finding

TOWN, OTHER_TOWN = cast_help.TOWN, cast_help.OTHER_TOWN
HANDLERS = ("front_desk", "reviewer", "decider", "issuer")
#: Everybody, in the order of the page, with who that is. The matter and all that hangs on it belong to one township.
PEOPLE = {
    "nobody": "not logged in",
    "applicant": "the resident whose matter it is",
    "neighbour": "another resident",
    "clerk": "the window clerk who took the matter in",
    "reviewer": "the reviewer of the township's office that works on it",
    "county-reviewer": "the reviewer of the county body that works on it",
    "decider": "the decider of that county body",
    "issuer": "who hands out results at the same window",
    "leader": "the head of the township",
    "county-leader": "the head of that county body",
    "supervisor": "a supervisor of the city",
    "list-keeper": "keeps the lists, at the township",
    "procedure-keeper": "keeps the law's parameters and the calendar, at the township",
    "operator": "runs the platform, at the township",
    "auditor": "the audit administrator, at the township",
    "security": "the security administrator, at the township",
    "system-admin": "the system administrator, at the township",
    "archive-keeper": "keeps the archive, at the township",
    "legal-reviewer": "checks the lists for legality, at the city",
    "agent": "a village agent whose post is at the same window, without a mandate of the applicant",
    "far-clerk": "a window clerk of another township",
    "far-officer": "an officer of another township in every role that works on matters",
    "far-leader": "the head of another township",
    "far-supervisor": "a supervisor of another county",
    "far-keeper": "keeps the archive of another township",
    "left": "a clerk of the same window whose post ended yesterday; the account is open, the session too",
    "agent-ended": "an agent whose post ended yesterday",
    "closed": "a clerk of the same window whose account was closed; the session is still there",
    "password-due": "a clerk of the same window who has to change a temporary password",
    "factor-due": "a clerk of the same window whose second factor is due",
}
#: Who must get nothing of the matter, whatever they ask and send.
OUTSIDERS = frozenset(
    [
        "nobody",
        "neighbour",
        "agent",
        "far-clerk",
        "far-officer",
        "far-leader",
        "far-supervisor",
        "far-keeper",
        "left",
        "agent-ended",
        "closed",
        "password-due",
        "factor-due",
    ]
)
CLIENTS = {
    "none": "no token",
    "session": "the clerk's browser session and no token",
    "clerk": "a client of the clerk's post",
    "reviewer": "a client of the reviewer's post",
    "county-reviewer": "a client of the county reviewer's post",
    "decider": "a client of the decider's post",
    "issuer": "a client of the issuer's post",
    "leader": "a client of the township head's post",
    "county-leader": "a client of the post of the county body's head",
    "read-only": "a client of the clerk's post that may only read",
    "agent": "a client of the agent's post",
    "far-clerk": "a client of a post in another township",
    "far-officer": "a client of the post of another township with every role",
    "left": "a client of the post that ended yesterday",
    "revoked": "a client of the clerk's post that was revoked",
}
OUTSIDE_CLIENTS = frozenset(["none", "session", "agent", "far-clerk", "far-officer", "left", "revoked"])

#: Parts of addresses that name something of somebody: outsiders never get an answer about it.
OF_SOMEBODY = frozenset(
    {
        *("number", "paper_id", "file_id", "clock_id", "warning_id", "order_id", "entry_id", "officer_id", "take"),
        *("request_id", "copy_id", "opinion_file"),
    }
)  # a new one goes here …
#: … or here, when what it names is public (or named by its own rule, as the items of the lists).
OF_EVERYBODY = frozenset(
    [
        *("code", "township", "page", "version_id", "notice_id", "day", "part", "path", "kind"),
        *("list_code", "import_id", "shelf", "which", "miss_id", "letter"),
        *("task_id", "matter_id"),
    ]
)

DO_ALL = {
    "step": "{step}",
    "revision": "",
    "reason": REASON,
    "reasons": "材料不齐，不符合规定。",
    "basis": "法律第一条",
}
ADMIN_REASON = "演示走查，核对管理员的权限"
DRAFTED = {"bank": "social", "account": "6222000000000000001"}
#: Values of parts of addresses that differ from the world's at one address.
OTHERWISE: dict[str, dict[str, Any]] = {
    "desk/law/<str:code>/": {"code": "receipt.portal.next_workday_after_close"},
    "desk/retention/<str:number>/": {"number": "{listed}"},
    "desk/retention/<str:number>.xlsx": {"number": "{listed}"},
    "desk/retention/<str:number>.pdf": {"number": "{destroyed}"},
    "my/data/ask/<str:kind>/": {"kind": "delete"},
    "rows/<str:code>/": {"code": "CW-01"},
}
#: What stands behind the question mark where an address needs it.
ASKED: dict[str, dict[str, str]] = {"desk/find/": {"q": "{number}"}}
#: What each address is sent: (name of the row, the stage of the matter, the body). One without a row is sent nothing.
#: {step} and the like stand for what the world holds.
SENT: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "elder/": [("", "", {"on": "1"})],
    "desk/new/person/": [("", "", {"id": NUMBER})],
    "desk/correct/": [("find", "", {"step": "find", "id_number": NUMBER})],
    "desk/correct/reveal/": [("", "", {"id_number": NUMBER, "field": "phone", "reason": REASON})],
    "desk/cases/<str:number>/reveal/": [("", "", {"field": "answer:account", "reason": REASON})],
    "desk/warnings/<int:warning_id>/": [
        ("contest", "", {"do": "contest", "reason": "当天系统停机，无法办理。"}),
        ("judge", "", {"do": "judge", "verdict": "lift", "reason": "情况属实。"}),
        ("order", "", {"do": "order", "text": "请在三日内办结。"}),
    ],
    "desk/orders/<int:order_id>/": [
        ("answer", "", {"do": "answer", "answer": "已经联系申请人并办理。"}),
        ("review", "", {"do": "review", "verdict": "accept", "review": "情况属实。"}),
    ],
    "desk/repairs/": [("", "", {"repair": "{repair}", "answer": "已经向申请人道歉并改进。"})],
    "desk/read-queries/": [("", "", {"query": "{query}", "answer": "办理申请时核对身份，已告知。"})],
    "desk/overruns/": [("", "", {"overrun": "{overrun}", "reason-{overrun}": "当月集中受理，人手不足。"})],
    "desk/integrity/": [
        ("scan", "", {"do": "scan"}),
        ("explain", "", {"finding": "{finding}", "sound": "yes", "words": "集中办理，属正常。"}),
    ],
    "desk/rights/": [
        ("", "", {"request": "{request_id}", "outcome": "refused", "answer": "登记的信息和户口簿一致，无需更正。"})
    ],
    "desk/rights/counter/": [
        ("find", "", {"id_number": NUMBER}),
        ("copy", "", {"id_number": NUMBER, "kind": "copy"}),
        ("ask", "", {"id_number": NUMBER, "kind": "delete"}),
    ],
    "desk/assessments/": [
        (
            "",
            "",
            {
                **dict.fromkeys(
                    ("title", "processing", "necessity", "risks", "measures"), "演示用的影响评估，十个字以上"
                ),
                **{"scope": "A9-99", "made_on": "{today}", "review_on": "2099-01-01"},
            },
        )
    ],
    "desk/retention/<str:number>/": [
        ("check", "", {"do": "check"}),
        ("approve", "checked", {"do": "approve"}),
        ("reject", "checked", {"do": "reject", "reason": "其中有信访未结的办件"}),
        ("hold", "", {"do": "hold", "matter": "{listed_matter}", "kind": "lawsuit", "note": "（2026）演示1号"}),
        ("lift", "checked", {"do": "lift", "matter": "{held_matter}"}),
        ("nothing that there is", "", {"do": "x"}),
    ],
    "desk/admin/": [
        ("propose", "", {"username": "walker", "role": "system_admin", "reason": ADMIN_REASON}),
        ("decide", "", {"proposal": "{proposal}", "decide": "confirm", "reason": ADMIN_REASON}),
    ],
    "desk/admin/staff/": [("", "", {"username": "matrix-new", "name": "演示新人"})],
    "desk/admin/staff/<int:officer_id>/": [
        (what, "", {"do": what, "reason": ADMIN_REASON, **more})
        for what, more in {
            "close": {},
            "open": {},
            "sessions": {},
            "factors": {},
            "password": {},
            "client": {"client": "{client}"},
            "appoint": {"agency": "{agency}", "roles": "list_keeper", "title": "演示"},
            "end_post": {"post": "{post}"},
        }.items()
    ],
    "desk/admin/glass/": [
        ("open", "", {"place": TOWN, "purpose": "演示1号", "reason": ADMIN_REASON}),
        ("end", "", {"end": "{glass}"}),
        ("seen", "", {"seen": "{glass}"}),
    ],
    "desk/handover/<int:officer_id>/": [
        ("hand over", "", {"do": "hand", "to": "all"}),
        ("end", "", {"do": "end", "post": "{post}", "on": "2099-01-01"}),
    ],
    "rows/<str:code>/": [("", "", {"text": "建议写得再明白一些。"})],
    "desk/post/": [("somebody else's post", "", {"post": "{post}"})],
    "my/reads/<int:entry_id>/": [("", "", {"question": "为什么看我的资料？"})],
    "my/matters/<str:number>/supplement/": [("", "asked", {"reply_bank_card": "已重拍"})],
    "my/matters/<str:number>/withdraw/": [("", "fresh", {"reason": "不办了"})],
    "my/matters/<str:number>/rate/": [("", "ended", {"grade": "1"})],
}
TAKES: dict[str, tuple[str, dict[str, Any]]] = {
    "accept": ("fresh", {}),
    "ask": ("fresh", {"ask": "bank_card", "what_bank_card": "请重拍"}),
    "refuse": ("fresh", {}),
    "review": ("reviewing", {"outcome": "agree", "opinion": "属实"}),
    "decide": ("deciding", {"outcome": "approve"}),
    "result": ("making", {}),
    "hand-out": ("issuing", {"signed_by": "张演示"}),
    "send": ("issuing", {"tracking": "EMS123456789"}),
    "confirm": ("closed", {}),
    "claim": ("fresh", {}),
    "hand-back": ("fresh", {}),
    "comment": ("fresh", {"text": "请核对"}),
    "correct": ("closed", {"wrong": "准予", "right": "准许"}),
    "pause": ("reviewing", {"ground": "expert_review", "on": "{today}", "until": "{today}", "reason": "组织专家评审"}),
    "resume": ("paused", {"resume_on": "{today}"}),
    "ask-extension": ("reviewing", {"extend_reason": "情况复杂，需要实地核查"}),
    "extend": ("extending", {"outcome": "extend"}),
    "correct-clock": (
        "reviewing",
        {"clock": "{clock}", "entry": "{entry}", "right_on": "{today}", "correct_reason": "日期录错了，请更正"},
    ),
}
assert set(TAKES) == set(STEPS), "a new step of the case page says at which stage it is tried, and with what"
_STEP = {"step_id": "{step}"}
#: What each operation of the API is sent; one that is not here fails the test.
API_SENT: dict[str, tuple[str, dict[str, Any]]] = {
    "api/v1/matters": (
        "",
        {
            "item_code": cast_help.ITEM,
            "township_code": TOWN,
            "person": {
                "name": "张演示",
                "id_number": NUMBER,
                "phone": "13900000051",
                "division_code": cast_help.VILLAGE,
            },
            "answers": cast_help.ANSWERS,
            "materials_seen": ["bank_card"],
        },
    ),
    "api/v1/matters/files": ("", {}),
    "api/v1/matters/<number>/accept": ("fresh", _STEP),
    "api/v1/matters/<number>/answer-supplement": ("asked", {"replies": {"bank_card": "已重拍"}}),
    "api/v1/matters/<number>/ask-supplement": (
        "fresh",
        {**_STEP, "items": [{"code": "bank_card", "name": "银行卡", "what": "请重拍"}]},
    ),
    "api/v1/matters/<number>/confirm-delivery": ("closed", {}),
    "api/v1/matters/<number>/decide": (
        "deciding",
        {**_STEP, "outcome": "approve", "reasons": "符合条件，准予。", "basis": "法律第一条"},
    ),
    "api/v1/matters/<number>/extension": ("reviewing", {"reason": "情况复杂，需要实地核查"}),
    "api/v1/matters/<number>/extension/decide": (
        "extending",
        {**_STEP, "outcome": "extend", "reason": "情况复杂，需要实地核查"},
    ),
    "api/v1/matters/<number>/hand-out": ("issuing", {**_STEP, "signed_by": "张演示"}),
    "api/v1/matters/<number>/make-result": ("making", _STEP),
    "api/v1/matters/<number>/pause": (
        "reviewing",
        {"ground": "expert_review", "on": "{today}", "until": "{today}", "reason": "组织专家评审"},
    ),
    "api/v1/matters/<number>/rating": ("ended", {"grade": 1}),
    "api/v1/matters/<number>/refuse": ("fresh", {**_STEP, "reasons": "不在受理范围之内", "basis": "法律第一条"}),
    "api/v1/matters/<number>/resume": ("paused", {"on": "{today}"}),
    "api/v1/matters/<number>/review": ("reviewing", {**_STEP, "outcome": "agree", "opinion": "属实"}),
    "api/v1/matters/<number>/send": ("issuing", {**_STEP, "tracking": "EMS123456789"}),
    "api/v1/matters/<number>/withdraw": ("fresh", {"reason": "不办了"}),
}


@dataclass
class Member:
    """One of the cast: a browser or a token, and settings that hold while they walk."""

    client: Client
    token: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def walking(self) -> Iterator[None]:
        """Their settings hold, and their browser forgets what happens."""
        kept = self.client.cookies.copy()
        try:
            with override_settings(**self.settings):
                yield
        finally:
            self.client.cookies = kept


@dataclass
class Matrix:
    """The world with its matters at every stage, and everybody."""

    world: World
    stages: dict[str, dict[str, Any]]
    people: dict[str, Member]
    clients: dict[str, Member]

    def fill(self, value: Any, stage: str) -> Any:
        """A body with what stands in braces filled in."""
        if isinstance(value, dict):
            return {self.fill(name, stage): self.fill(one, stage) for name, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one, stage) for one in value]
        if isinstance(value, str) and "{" in value:
            known = {**self.world.values, **self.stages.get(stage, {})}
            return re.sub(r"{(\w+)}", lambda part: str(known[part.group(1)]), value)
        return value

    def values(self, stage: str, address: str = "") -> dict[str, Any]:
        """What the parts of addresses are filled with."""
        return {**self.world.values, **self.fill(OTHERWISE.get(address, {}), ""), **self.stages.get(stage, {})}


def build_matrix() -> Matrix:
    """The world of the read walk, more matters at more stages, and everybody."""
    world, at = build_world(), clock.now()
    cast = world.cast
    stages = {name: _stage(_at_stage(name, cast, at)) for name in _STAGES}
    repair = Repair.objects.filter(answered_at=None).first()
    late = watch_help.owe_reason(at, stages["fresh"]["number"])
    world.values |= {
        "repair": repair.pk if repair else 0,
        "query": ReadQuery.objects.filter(answered_at=None).latest("pk").pk,
        "overrun": late.pk,
        "post": Post.objects.filter(officer_id=world.values["officer_id"]).latest("pk").pk,
        "today": clock.local_date(at).isoformat(),
    }
    # a post that began today does not end today
    Post.objects.filter(pk=world.values["post"]).update(valid_from=clock.local_date(at) - timedelta(30))
    _complete(world, cast, stages, at)
    _keep(world, cast, stages, at)
    people = _people(world, cast, at)
    return Matrix(world, stages, people, _clients(people, at))


def _complete(world: World, cast: cast_help.Cast, stages: dict[str, dict[str, Any]], at: datetime) -> None:
    """What hangs on matters beside them: a message, a claimed step, words to colleagues, a draft, a loose file, a smell."""
    while deliver_outbox(at=at):
        pass
    me = {"by": cast.applicant, "at": at}
    cases.claim_step(by=cast.reviewer, at=at, step_id=stages["reviewing"]["step"])
    cases.add_comment(
        by=cast.clerk, at=at, case_id=Case.objects.get(number=stages["fresh"]["number"]).pk, text=f"{NAME}请核对"
    )
    world.values["draft"] = cases.save_draft(**me, item_code=cast_help.ITEM, township_code=TOWN, answers=DRAFTED)
    upload = UploadedFile("卡.png", cast_help.PICTURE)
    loose = cases.attach_file(**me, material_code="bank_card", upload=upload, allowed=("png",))
    smell = Finding.objects.create(
        **{"pattern": "burst", "key": "matrix", "subject_id": stages["fresh"]["number"], "place": TOWN},
        **{"on": clock.local_date(at), "evidence": "十秒内办结五件", "found_at": at},
    )
    # the cast's item knows neither extension nor pause; its clocks get both
    for stage in ("reviewing", "extending", "paused"):
        rows = Clock.objects.filter(pk=stages[stage]["clock"])
        rows.update(extend_code="permit.decision.extend", grounds=["expert_review"])
    today = clock.local_date(at)
    standing = Standing("expert_review", today, today + timedelta(3), "组织专家评审", "")
    cases.pause_case(by=cast.reviewer, at=at, case_id=stages["paused"]["number"], standing=standing)
    cases.ask_extension(by=cast.reviewer, at=at, case_id=stages["extending"]["number"], reason="情况复杂，需要实地核查")
    stages["extending"]["step"] = Step.objects.get(case__number=stages["extending"]["number"], kind="extend").pk
    world.values |= {"loose": loose, "finding": smell.pk}


def _keep(world: World, cast: cast_help.Cast, stages: dict[str, dict[str, Any]], at: datetime) -> None:
    """A copy made at the counter; a list for destruction, a checked one with a held matter, and a destroyed one."""
    copy = rights.ask_copy(by=cast.clerk, at=at, resident_id=cast.applicant.resident_id)
    rights.make_copy(at=at, payload={"copy_id": copy})
    listed = rights_help.end_long_ago(cast, at)
    rights.propose_destructions(by=cast_help.SYSTEM, at=at)
    proposed = Destruction.objects.get(lines__case=listed)
    made = {}
    for state in ("checked", "done"):
        made[state] = rights_help.end_long_ago(cast, at)
        row = Destruction.objects.create(
            number=f"XH-{state}", township_id=TOWN, klass=proposed.klass, state=state, proposed_at=at, checked_at=at
        )
        if state == "done":
            Destruction.objects.filter(pk=row.pk).update(approved_at=at, done_at=at, digest="0" * 64)
        row.lines.create(
            case=made[state],
            number=made[state].number,
            item_name=made[state].item_name,
            ended_on=clock.local_date(rights_help.LONG_AGO),
            destroyed_at=at if state == "done" else None,
        )
    Hold.objects.create(case=made["checked"], kind="lawsuit", note="演示", placed_at=at, placed_by="演示")
    stages["checked"] = {"number": "XH-checked"}
    world.values |= {"copy_id": copy, "listed": proposed.number, "destroyed": "XH-done"}
    world.values |= {"listed_matter": listed.number, "held_matter": made["checked"].number}


def _administer(world: World, actors: dict[str, Actor], at: datetime) -> None:
    """A proposal that the security administrator of the cast may confirm, and an open break-glass session."""
    other, worker = watch_help.serve(at, f"{TOWN}-gov", "security_admin"), world.walkers["worker"][0]
    proposed = directory.add_officer(by=cast_help.SYSTEM, at=at, name="演示提名")
    world.values |= {
        "proposal": directory.propose_administrator(
            **{"by": other, "at": at, "officer_id": proposed, "agency_id": other.agency, "role": "system_admin"},
            **{"title": "系统管理员", "reason": ADMIN_REASON},
        ),
        "glass": directory.open_glass(
            by=actors["system-admin"], at=at, place_code=TOWN, purpose="演示1号", reason=ADMIN_REASON
        ),
        "client": ApiClient.objects.filter(post_id=worker.post_id).latest("pk").pk,
        "agency": worker.agency,
    }


_STAGES = ("fresh", "asked", "reviewing", "extending", "paused", "deciding", "making", "issuing", "closed", "ended")


def _at_stage(stage: str, cast: cast_help.Cast, at: datetime) -> Case:
    """A matter of the applicant as far as a stage; the ended one is not rated yet."""
    case = Case.objects.get(number=cast_help.hand_in(cast, at).number)
    step = {"at": at, "case_id": case.pk}
    if stage == "asked":
        me = cast_help.open_step(case.pk, cast.clerk)
        missing = [SupplementItem("bank_card", "银行卡", "请重拍")]
        cases.ask_supplement(by=cast.clerk, **step, step_id=me, items=missing)
    if stage in ("reviewing", "extending", "paused"):
        cases.accept_application(by=cast.clerk, **step, step_id=cast_help.open_step(case.pk, cast.clerk))
    if stage in ("deciding", "making", "issuing", "closed"):
        cast_help.take_to_decision(cast, at, case.pk)
    if stage in ("making", "issuing", "closed"):
        cases.decide_case(
            by=cast.decider,
            **step,
            step_id=cast_help.open_step(case.pk, cast.decider),
            outcome="approve",
            reasons="符合条件，准予。",
            basis="社会救助法第二十四条",
        )
    if stage in ("issuing", "closed"):
        cases.make_result(by=cast.county, **step, step_id=cast_help.open_step(case.pk, cast.county))
    if stage == "closed":
        me = cast_help.open_step(case.pk, cast.issuer)
        cases.hand_out_result(by=cast.issuer, **step, step_id=me, signed_by="张演示")
    if stage == "ended":
        cases.withdraw_application(by=cast.applicant, **step)
    case.refresh_from_db()
    return case


def _stage(case: Case) -> dict[str, Any]:
    step = Step.objects.filter(case=case, state__in=("open", "waiting")).first()
    return {"number": case.number, "step": step.pk if step else 0, "clock": case.clock_id, "entry": _entry(case)}


def _entry(case: Case) -> int:
    entries = deadlines.list_entries(case.clock_id or 0)
    return entries[-1].pk if entries else 0


def _people(world: World, cast: cast_help.Cast, at: datetime) -> dict[str, Member]:
    window, government = f"{TOWN}-centre", f"{TOWN}-gov"

    def serve(where: str, *roles: str) -> Actor:
        return watch_help.serve(at, where, *roles)

    actors = {
        "applicant": world.applicant,
        "neighbour": world.walkers["neighbour"][0],
        "clerk": cast.clerk,
        "reviewer": cast.reviewer,
        "county-reviewer": cast.county,
        "decider": cast.decider,
        "issuer": cast.issuer,
        "leader": serve(government, "leader"),
        "county-leader": serve(f"{watch_help.COUNTY}-d01", "leader"),
        "supervisor": serve(f"{watch_help.CITY}-d18", "supervisor"),
        "list-keeper": serve(government, "list_keeper"),
        "procedure-keeper": serve(government, "procedure_keeper"),
        "operator": serve(government, "operator"),
        "auditor": serve(government, "audit_admin"),
        "security": serve(government, "security_admin"),
        "system-admin": serve(government, "system_admin"),
        "archive-keeper": serve(government, "archive_keeper"),
        "legal-reviewer": serve(f"{watch_help.CITY}-d13", "legal_reviewer"),
        "agent": serve(window, "agent"),
        "far-clerk": cast.stranger,
        "far-officer": serve(f"{OTHER_TOWN}-centre", *HANDLERS),
        "far-leader": serve(f"{OTHER_TOWN}-gov", "leader"),
        "far-supervisor": serve(f"{watch_help.OTHER_COUNTY}-d18", "supervisor"),
        "far-keeper": serve(f"{OTHER_TOWN}-gov", "archive_keeper"),
        "left": serve(window, *HANDLERS),
        "agent-ended": serve(window, "agent"),
        "closed": serve(window, *HANDLERS),
        "password-due": serve(window, *HANDLERS),
        "factor-due": serve(window, *HANDLERS),
    }
    _administer(world, actors, at)
    # everybody has a password, so that the pages of one's own account ask for it again
    Account.objects.filter(kind="staff").update(password=make_password("x"))
    members = {name: Member(watch_help.browse(who)) for name, who in actors.items()}
    members["nobody"] = Member(Client())
    members["factor-due"].settings = {
        "WEIMIN_SECOND_FACTOR": True,
        "WEIMIN_SECOND_FACTOR_ROLES": frozenset(HANDLERS),
    }
    for name in ("left", "agent-ended"):
        _end(actors[name], at)
    Account.objects.filter(pk=actors["closed"].account_id).update(is_active=False)
    Account.objects.filter(pk=actors["password-due"].account_id).update(password_is_temporary=True)
    return {name: members[name] for name in PEOPLE if name in members}


def _end(actor: Actor, at: datetime) -> None:
    today = clock.local_date(at)
    Post.objects.filter(pk=actor.post_id).update(valid_from=today - timedelta(30), valid_until=today - timedelta(1))


def _clients(people: dict[str, Member], at: datetime) -> dict[str, Member]:
    posts = _posts(people)
    made = {"none": Member(Client()), "session": people["clerk"]}
    for name in CLIENTS:
        if name in made:
            continue
        post = posts[{"read-only": "clerk", "revoked": "clerk"}.get(name, name)]
        scopes = ("read",) if name == "read-only" else ("read", "write")
        token = create_client(by=cast_help.SYSTEM, at=at, name=name, post_id=post, scopes=scopes)
        if name == "revoked":
            revoke_client(by=cast_help.SYSTEM, at=at, client_id=ApiClient.objects.latest("pk").pk)
        made[name] = Member(Client(), token)
    return {name: made[name] for name in CLIENTS}


def _posts(people: dict[str, Member]) -> dict[str, int]:
    """The post of everybody who has or had one."""
    accounts = {name: int(one.client.session.get("_auth_user_id", 0)) for name, one in people.items()}
    found = dict(Post.objects.values_list("officer__account_id", "pk"))
    return {name: found[account] for name, account in accounts.items() if account in found}


def picture() -> SimpleUploadedFile:
    """A file to send."""
    return SimpleUploadedFile("卡.png", cast_help.PICTURE, content_type="image/png")
