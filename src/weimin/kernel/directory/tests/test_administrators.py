"""Three administrators whom nobody is together: the rule in the database, at one moment, by two people, at the end."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Forbidden, Invalid
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import at_one_moment
from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.models import AdminProposal, Officer, Post
from weimin.kernel.directory.testing import AT, LOADER, body, put_in_post
from weimin.kernel.directory.types import ROLES
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import ADMINISTRATORS, Actor
from weimin.kernel.supervision.testing import TOWN, serve

TODAY = local_date(AT)
CITY = "340300000000-d18"
WHY = "工作需要，经批准任职"


def appoint(officer: int, *roles: str, by: Actor = LOADER, agency: int = 0, **more: Any) -> int:
    return actions.appoint(
        by=by, at=AT, officer_id=officer, agency_id=agency or body(), roles=roles, title="岗位", reason=WHY, **more
    )


def propose(by: Actor, officer: int, role: str = "audit_admin") -> int:
    return actions.propose_administrator(
        by=by, at=AT, officer_id=officer, agency_id=body(), role=role, title="管理员", reason=WHY
    )


def decide(by: Actor, proposal: int, *, confirmed: bool = True) -> int | None:
    return actions.decide_administrator(by=by, at=AT, proposal_id=proposal, confirmed=confirmed, reason=WHY)


# --- alone -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("second", sorted(ROLES))
@pytest.mark.parametrize("first", sorted(ADMINISTRATORS))
@pytest.mark.usefixtures("bengbu")
def test_an_administrator_holds_no_other_role_in_whichever_order(first: str, second: str) -> None:
    if first == second:
        officer, _ = put_in_post(body(), first)
        assert appoint(officer, first)  # the same role in another body
        return
    for one, other in ((first, second), (second, first)):
        officer, _ = put_in_post(body(), one)
        with pytest.raises(actions.AdministratorAlone):
            appoint(officer, other)
        with pytest.raises(actions.AdministratorAlone):
            put_in_post(body(), one, other)
    assert not Post.objects.filter(roles__contains=[first, second]).exists()


@pytest.mark.usefixtures("bengbu")
def test_after_the_end_of_one_role_comes_the_other() -> None:
    officer, post = put_in_post(body(), "reviewer", at=AT - timedelta(days=9))
    actions.end_post(by=LOADER, at=AT, post_id=post, on=TODAY)
    assert appoint(officer, "audit_admin")


@pytest.mark.usefixtures("bengbu")
@pytest.mark.parametrize(
    "change",
    [
        {"roles": ["audit_admin", "front_desk"]},
        {"roles": ["security_admin"]},
        {"valid_until": None},
    ],
)
def test_the_database_itself_refuses_what_passes_by_the_actions(change: dict[str, Any]) -> None:
    officer, post = put_in_post(body(), "front_desk", at=AT - timedelta(days=9))
    actions.end_post(by=LOADER, at=AT, post_id=post, on=TODAY)
    admin = appoint(officer, "audit_admin")
    appoint(officer, "audit_admin")
    changed = post if "valid_until" in change else admin
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Post.objects.filter(pk=changed).update(**change)
    assert refused.value.__cause__.diag.constraint_name == "directory_administrator_alone"  # type: ignore[union-attr]


@pytest.mark.usefixtures("city")
def test_of_two_appointments_at_one_moment_one_is_refused(django_db_blocker: Any) -> None:
    roles = ["audit_admin", "security_admin", "front_desk", "system_admin"]

    def setting_up() -> int:
        return actions.add_officer(by=LOADER, at=AT, name="演示同时")

    def give() -> str:
        try:
            appoint(officer, roles.pop())
        except actions.AdministratorAlone:
            return "refused"
        return "appointed"

    def clean() -> None:
        Post.objects.filter(officer_id=officer).delete()
        Officer.objects.filter(pk=officer).delete()

    with django_db_blocker.unblock():
        (officer,) = at_one_moment(1, setting_up)
        try:
            assert sorted(at_one_moment(4, give)) == ["appointed", "refused", "refused", "refused"]
        finally:
            at_one_moment(1, clean)


@pytest.mark.usefixtures("bengbu")
def test_the_migration_names_everybody_who_breaks_the_rule_and_changes_nothing() -> None:
    migration = import_module("weimin.kernel.directory.migrations.0003_separate_administrators")
    people = [put_in_post(body(), "audit_admin", name=name)[0] for name in ("演示甲", "演示乙", "演示丙")]
    with connection.cursor() as cursor:
        cursor.execute(migration.CHECK)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE directory_post DISABLE TRIGGER directory_administrator_alone")
        Post.objects.filter(officer_id=people[0]).update(roles=["audit_admin", "leader"])
        appoint(people[1], "front_desk")
        with pytest.raises(IntegrityError) as told, transaction.atomic():
            cursor.execute(migration.CHECK)
    assert "演示甲" in str(told.value)
    assert "演示乙" in str(told.value)
    assert "演示丙" not in str(told.value)
    assert "先结束其中的岗位" in str(told.value)


# --- who appoints --------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("bengbu")
@pytest.mark.parametrize("role", ["system_admin", "audit_admin", "leader", "operator", "front_desk"])
def test_only_a_security_administrator_appoints(role: str) -> None:
    officer = actions.add_officer(by=LOADER, at=AT, name="演示新人")
    with pytest.raises(actions.NotAdministrator):
        appoint(officer, "front_desk", by=serve(AT, CITY, role))
    with pytest.raises(actions.NotAdministrator):
        propose(serve(AT, CITY, role), officer)


@pytest.mark.usefixtures("bengbu")
def test_a_security_administrator_appoints_others_with_a_reason_and_never_themselves() -> None:
    security = serve(AT, CITY, "security_admin")
    officer = actions.add_officer(by=LOADER, at=AT, name="演示新人")
    post = appoint(officer, "front_desk", by=security, valid_until=TODAY + timedelta(days=30))
    entry = AuditEntry.objects.get(verb="directory.post.appointed", subject_id=str(post))
    assert entry.changes["reason"] == WHY
    assert Post.objects.get(pk=post).valid_until == TODAY + timedelta(days=30)
    with pytest.raises(actions.NotAdministrator):
        appoint(security.officer_id or 0, "security_admin", by=security)
    with pytest.raises(actions.NotAdministrator):
        appoint(officer, "audit_admin", by=security)  # not by one person
    with pytest.raises(Invalid):
        actions.appoint(
            by=security, at=AT, officer_id=officer, agency_id=body(), roles=("agent",), title="代办员", reason="嗯"
        )
    with pytest.raises(Invalid):
        appoint(officer, "front_desk", by=security, valid_until=TODAY)


@pytest.mark.usefixtures("bengbu")
@pytest.mark.parametrize("role", ["security_admin", "audit_admin", "leader", "operator"])
def test_only_a_system_administrator_registers_and_closes(role: str) -> None:
    other = serve(AT, CITY, "front_desk")
    by = serve(AT, CITY, role)
    with pytest.raises(actions.NotAdministrator):
        actions.register_staff(by=by, at=AT, username="xinren", name="演示新人")
    with pytest.raises(actions.NotAdministrator):
        actions.open_account(by=by, at=AT, account_id=other.account, to_open=False, reason=WHY)


@pytest.mark.usefixtures("bengbu")
def test_a_system_administrator_opens_an_account_that_nobody_can_use_yet_and_closes_it() -> None:
    system = serve(AT, CITY, "system_admin")
    _, account = actions.register_staff(by=system, at=AT, username="xinren", name="演示新人")
    row = Account.objects.get(pk=account)
    assert not row.has_usable_password()
    assert row.password_is_temporary
    actions.open_account(by=system, at=AT, account_id=account, to_open=False, reason=WHY)
    assert not Account.objects.get(pk=account).is_active
    with pytest.raises(actions.NotAdministrator):
        actions.open_account(by=system, at=AT, account_id=system.account, to_open=False, reason=WHY)
    with pytest.raises(Invalid):
        actions.open_account(by=system, at=AT, account_id=account, to_open=True, reason="")


# --- by two people --------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("bengbu")
@pytest.mark.parametrize("who", ["another security administrator", "the head of the body"])
def test_what_one_proposes_another_confirms(who: str) -> None:
    first = serve(AT, CITY, "security_admin")
    other = serve(AT, CITY, "security_admin") if "security" in who else serve(AT, f"{TOWN}-gov", "leader")
    officer = actions.add_officer(by=LOADER, at=AT, name="演示审计")
    number = propose(first, officer)
    assert not Post.objects.filter(officer_id=officer).exists()
    post = decide(other, number)
    assert Post.objects.get(pk=post).roles == ["audit_admin"]
    entry = AuditEntry.objects.get(verb="directory.administrator.confirmed")
    assert (entry.actor_id, entry.changes["proposed_by"]) == (other.account_id, first.officer_id)
    with pytest.raises(actions.ProposalUnknown):
        decide(other, number)


@pytest.mark.usefixtures("bengbu")
@pytest.mark.parametrize("role", ["system_admin", "audit_admin", "front_desk", "leader"])
def test_nobody_else_confirms_and_not_who_proposed_or_is_proposed(role: str) -> None:
    first = serve(AT, CITY, "security_admin")
    security = serve(AT, CITY, "security_admin")  # a leader of another body is none of this one
    number = propose(first, security.officer_id or 0, "security_admin")
    for one in (first, security, serve(AT, "340321000000-d01", role)):
        with pytest.raises(actions.NotAdministrator):
            decide(one, number)
    assert AdminProposal.objects.get(pk=number).outcome == "open"


@pytest.mark.usefixtures("bengbu")
def test_one_proposal_at_a_time_and_what_was_refused_gives_no_post() -> None:
    first, other = serve(AT, CITY, "security_admin"), serve(AT, CITY, "security_admin")
    officer = actions.add_officer(by=LOADER, at=AT, name="演示审计")
    number = propose(first, officer)
    with pytest.raises(actions.ProposalOpen):
        propose(other, officer, "system_admin")
    assert decide(other, number, confirmed=False) is None
    assert not Post.objects.filter(officer_id=officer).exists()
    assert propose(other, officer)


@pytest.mark.usefixtures("bengbu")
def test_a_confirmation_is_refused_when_the_person_took_a_desk_meanwhile() -> None:
    first, other = serve(AT, CITY, "security_admin"), serve(AT, CITY, "security_admin")
    officer = actions.add_officer(by=LOADER, at=AT, name="演示审计")
    number = propose(first, officer)
    appoint(officer, "front_desk", by=first)
    with pytest.raises(actions.AdministratorAlone):
        decide(other, number)
    assert AdminProposal.objects.get(pk=number).outcome == "open"


# --- the last one ---------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("bengbu")
def test_the_only_security_administrator_is_neither_closed_nor_ended() -> None:
    yesterday = AT - timedelta(days=1)
    only, system = serve(yesterday, CITY, "security_admin"), serve(yesterday, CITY, "system_admin")
    for lose in (
        lambda: actions.open_account(by=system, at=AT, account_id=only.account, to_open=False, reason=WHY),
        lambda: actions.end_post(by=LOADER, at=AT, post_id=only.post_id or 0, on=TODAY),
    ):
        with pytest.raises(actions.LastAdministrator):
            lose()
    other = serve(yesterday, CITY, "security_admin")
    actions.end_post(by=other, at=AT, post_id=only.post_id or 0, on=TODAY, reason=WHY)
    assert [one.officer_id for one in queries.list_administrators(on=TODAY, role="security_admin")] == [
        other.officer_id
    ]


@pytest.mark.usefixtures("bengbu")
def test_a_leader_ends_no_administrators_post() -> None:
    yesterday = AT - timedelta(days=1)
    auditor, leader = serve(yesterday, f"{TOWN}-gov", "audit_admin"), serve(yesterday, f"{TOWN}-gov", "leader")
    with pytest.raises(Forbidden):
        actions.end_post(by=leader, at=AT, post_id=auditor.post_id or 0, on=TODAY)


@pytest.mark.usefixtures("bengbu")
def test_the_first_administrator_of_a_role_is_made_once_and_only_by_the_operator() -> None:
    officer, other = (actions.add_officer(by=LOADER, at=AT, name=name) for name in ("演示甲", "演示乙"))
    make = {"at": AT, "agency_id": body(), "role": "security_admin"}
    with pytest.raises(actions.NotAdministrator):
        actions.make_first_administrator(by=serve(AT, CITY, "system_admin"), officer_id=officer, **make)
    actions.make_first_administrator(by=LOADER, officer_id=officer, **make)
    with pytest.raises(actions.HeldAlready, match="演示甲"):
        actions.make_first_administrator(by=LOADER, officer_id=other, **make)


@pytest.mark.usefixtures("bengbu")
def test_no_machine_acts_for_an_administrator() -> None:
    posts = [serve(AT, CITY, role).post_id or 0 for role in (*sorted(ADMINISTRATORS), "front_desk")]
    acting = [queries.get_actor_for_post(post_id=one, at=AT, via="api").is_staff for one in posts]
    assert acting == [False, False, False, True]


@pytest.mark.usefixtures("bengbu")
def test_staff_are_listed_to_administrators_by_name_user_name_or_body_page_by_page() -> None:
    auditor = serve(AT, CITY, "audit_admin")
    clerks = [serve(AT, f"{TOWN}-centre", "front_desk") for _ in range(3)]
    found = queries.list_officers(auditor, text=clerks[0].agency_name, on=TODAY)
    assert [one.officer_id for one in found] == [one.officer_id for one in clerks]
    assert all(first.officer_id < second.officer_id for first, second in pairwise(found))
    rest = queries.list_officers(auditor, text=clerks[0].agency_name, on=TODAY, after=clerks[0].officer_id or 0)
    assert len(rest) == 2
    assert queries.list_officers(auditor, text=clerks[1].name, on=TODAY)[0].officer_id == clerks[1].officer_id
    assert queries.list_officers(clerks[0], text="", on=TODAY) == []
