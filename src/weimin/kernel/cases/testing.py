"""The cast of the tests, and how far they take a matter."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.test import Client

from weimin.base import clock
from weimin.base.clock import local_date
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.queries.notices import get_notice
from weimin.kernel.cases.types import Channel, Submission, Submitted, UploadedFile
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.record.testing import empty_tables
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions as residents

TOWN, OTHER_TOWN = "340321113000", "340321104000"
VILLAGE = "340321100200"
#: A made-up picture: a real, tiny PNG.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f0003860180"
    "5a34a16b0000000049454e44ae426082"
)
ITEM = "A3-13"
ANSWERS = {"bank": "social", "account": "6222000000000000001", "other": "no"}
SYSTEM = Actor.system("测试")


def earlier_today() -> datetime:
    """An hour ago, or today's first moment: what begins then, requests go on with on the same day."""
    now = clock.now()
    return max(now - timedelta(hours=1), clock.day_start(clock.local_date(now)))


@dataclass
class Cast:
    """Who is who."""

    clerk: Actor
    reviewer: Actor
    county: Actor
    decider: Actor
    issuer: Actor
    stranger: Actor
    supervisor: Actor
    leader: Actor
    applicant: Actor
    neighbour: Actor


def officer(at: datetime, rule: str, roles: tuple[str, ...], *, town: str = TOWN, lead: str = "人社局") -> Actor:
    """Somebody in a post of the agency that a rule means."""
    agency = places.resolve_agency(rule=rule, township_code=town, lead_key=lead)
    assert agency is not None
    name = f"演示{roles[0]}{secrets.token_hex(3)}"
    account = accounts.create_staff_account(
        by=SYSTEM, at=at, username=f"t-{secrets.token_hex(6)}", name=name, password="x"
    )
    person = directory.add_officer(by=SYSTEM, at=at, name=name, account_id=account)
    directory.appoint(by=SYSTEM, at=at, officer_id=person, agency_id=agency, roles=roles, title="演示")
    return places.get_actor_for_account(account_id=account, post_id=None, at=at, via="desk")


def resident(at: datetime, phone: str, name: str, id_number: str) -> Actor:
    """Somebody who has logged in and given their identity."""
    account = accounts.ensure_resident_account(at=at, phone=phone)
    me = Actor(kind="resident", name=name, via="portal", account_id=account.pk)
    found = residents.register_resident(
        by=me, at=at, name=name, id_number=id_number, phone=phone, division_code=VILLAGE
    )
    return Actor(kind="resident", name=name, via="portal", account_id=account.pk, resident_id=found)


def make_cast(at: datetime) -> Cast:
    """The whole cast."""
    return Cast(
        clerk=officer(at, "accepting", ("front_desk",)),
        reviewer=officer(at, "township", ("reviewer",)),
        county=officer(at, "county", ("reviewer",)),
        decider=officer(at, "county", ("decider",)),
        issuer=officer(at, "accepting", ("issuer",)),
        stranger=officer(at, "accepting", ("front_desk",), town=OTHER_TOWN),
        supervisor=officer(at, "county", ("supervisor",), lead="政府办"),
        leader=officer(at, "township", ("leader",), lead="司法局"),
        applicant=resident(at, "13900000051", "张演示", "340300190001010011"),
        neighbour=resident(at, "13900000052", "李演示", "34030019000101002X"),
    )


def current_notice(at: datetime) -> str:
    """The version of the privacy notice that a page shows then."""
    return get_notice(on=local_date(at)).version


def hand_in(cast: Cast, at: datetime, *, key: str = "", **changes: Any) -> Submitted:
    """An application by the applicant, with its photo."""
    photo = actions.add_file(
        by=cast.applicant,
        at=at,
        material_code="bank_card",
        upload=UploadedFile("卡.png", PICTURE),
        allowed=("jpg", "png", "pdf"),
    )
    fields: dict[str, Any] = {
        "item_code": ITEM,
        "township_code": TOWN,
        "applicant_id": cast.applicant.resident_id,
        "channel": Channel.PORTAL,
        "answers": ANSWERS,
        "file_ids": (photo,),
        "notice": current_notice(at),
    }
    submission = Submission(**{**fields, **changes})
    return actions.submit(by=cast.applicant, at=at, key=key or secrets.token_hex(8), submission=submission)


def client_of(actor: Actor) -> Client:
    """A browser in which somebody has logged in."""
    client = Client()
    client.force_login(Account.objects.get(pk=actor.account), backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer: Any) -> str:
    """The text of an answer."""
    return str(answer.content.decode())


def apart(work: Callable[[], Any]) -> Any:
    """Do something in a thread with a connection of its own, committed."""
    said: list[Any] = []

    def run() -> None:
        try:
            said.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return said[0]


def sweep() -> None:
    """Take away what was committed, so that other tests find the city as it was."""
    empty_tables(
        *("cases_case", "cases_casefile", "cases_casecounter", "deadlines_clock", "procedures_instance"),
        *("record_blob", "record_outboxmessage", "record_auditentry", "record_rememberedanswer"),
        *("residents_resident", "residents_readentry", "directory_officer", "accounts_account"),
        *("supervision_recount", "supervision_contribution", "supervision_tally"),
        "supervision_placetally",
    )


def open_step(case_id: int, actor: Actor) -> int:
    """The step of a matter that waits for an actor."""
    number = queries.access.Case.objects.values_list("number", flat=True).get(pk=case_id)
    page = queries.get_inbox(actor)
    return next(row.step_id for row in page.rows if row.number == number)


def take_to_decision(cast: Cast, at: datetime, case_id: int) -> None:
    """Accept and review, up to where the county decides."""
    actions.accept_application(by=cast.clerk, at=at, case_id=case_id, step_id=open_step(case_id, cast.clerk))
    for who in (cast.reviewer, cast.county):
        actions.complete_review(
            by=who, at=at, case_id=case_id, step_id=open_step(case_id, who), outcome="agree", opinion="属实"
        )
