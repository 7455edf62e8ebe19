"""Who serves where, as what, from when to when; and who acts when an account logs in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from weimin.base.errors import Conflict, Invalid, NotFound
from weimin.kernel.accounts.actions import create_staff_account
from weimin.kernel.accounts.testing import make_staff
from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.manifest import AUDIT_VERBS
from weimin.kernel.directory.models import Officer, Post
from weimin.kernel.directory.testing import AT, LOADER, TOWN, body, put_in_post
from weimin.kernel.directory.types import ROLES
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.registry import verb_text

pytestmark = pytest.mark.usefixtures("bengbu")
TODAY = date(2026, 3, 2)


def actor(account_id: int, *, post_id: int | None = None, at: datetime = AT) -> Any:
    return queries.get_actor_for_account(account_id=account_id, post_id=post_id, at=at, via="desk")


# --- appointing ---------------------------------------------------------------------------------------------
def test_an_appointment_begins_today_and_is_in_the_trail() -> None:
    officer, post = put_in_post(body(), "reviewer", "decider", "reviewer")
    row = Post.objects.get(pk=post)
    assert (row.officer_id, row.valid_from, row.valid_until) == (officer, TODAY, None)
    assert row.roles == ["decider", "reviewer"]
    entry = AuditEntry.objects.get(verb="directory.post.appointed", subject_id=str(post))
    assert entry.changes == {"officer": officer, "agency": body(), "roles": ["decider", "reviewer"]}
    assert AuditEntry.objects.get(verb="directory.officer.added", subject_id=str(officer)).changes == {
        "name": "演示李娜"
    }


def test_today_is_the_day_in_bengbu() -> None:
    late = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert Post.objects.get(pk=put_in_post(body(), at=late)[1]).valid_from == TODAY
    before = put_in_post(body(), at=late - timedelta(microseconds=1))[1]
    assert Post.objects.get(pk=before).valid_from == TODAY - timedelta(days=1)


@pytest.mark.parametrize("roles", [("king",), (), ("reviewer", "king"), ("Reviewer",), ("",)])
def test_a_role_that_does_not_exist_is_refused(roles: tuple[str, ...]) -> None:
    officer = actions.add_officer(by=LOADER, at=AT, name="演示王芳")
    with pytest.raises(Invalid) as fault:
        actions.appoint(by=LOADER, at=AT, officer_id=officer, agency_id=body(), roles=roles, title="承办人员")
    assert "roles" in fault.value.fields
    assert not Post.objects.filter(officer_id=officer).exists()


@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_held(role: str) -> None:
    assert Post.objects.get(pk=put_in_post(body(), role)[1]).roles == [role]


@pytest.mark.parametrize("text", ["", "  ", "张" * 41, "张\n三", "张\x00三"])
def test_a_name_or_title_that_cannot_stand_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as fault:
        actions.add_officer(by=LOADER, at=AT, name=text)
    assert "name" in fault.value.fields
    officer = actions.add_officer(by=LOADER, at=AT, name="  演示王芳 ")
    assert queries.officer_name(officer) == "演示王芳"
    with pytest.raises(Invalid) as fault:
        actions.appoint(by=LOADER, at=AT, officer_id=officer, agency_id=body(), roles=("agent",), title=text)
    assert "title" in fault.value.fields


def test_nobody_is_appointed_nowhere() -> None:
    officer = actions.add_officer(by=LOADER, at=AT, name="演示王芳")
    with pytest.raises(queries.AgencyUnknown):
        actions.appoint(by=LOADER, at=AT, officer_id=officer, agency_id=10**9, roles=("agent",), title="代办员")
    with pytest.raises(queries.OfficerUnknown) as fault:
        actions.appoint(by=LOADER, at=AT, officer_id=10**9, agency_id=body(), roles=("agent",), title="代办员")
    assert isinstance(fault.value, NotFound)
    assert queries.officer_name(10**9) == ""


def test_an_account_serves_one_person() -> None:
    account = make_staff()
    actions.add_officer(by=LOADER, at=AT, name="演示王芳", account_id=account)
    trail = AuditEntry.objects.count()
    with pytest.raises(actions.AccountTaken) as fault:
        actions.add_officer(by=LOADER, at=AT, name="演示李娜", account_id=account)
    assert isinstance(fault.value, Conflict)
    assert Officer.objects.filter(account_id=account).count() == 1
    assert AuditEntry.objects.count() == trail


def test_officers_without_an_account_are_many() -> None:
    first = actions.add_officer(by=LOADER, at=AT, name="演示王芳")
    assert actions.add_officer(by=LOADER, at=AT, name="演示王芳") != first


# --- ending -------------------------------------------------------------------------------------------------
def test_a_post_ends_once_and_the_day_itself_is_no_longer_served() -> None:
    account = make_staff()
    _, post = put_in_post(body(), account_id=account)
    end = TODAY + timedelta(days=10)
    actions.end_post(by=LOADER, at=AT, post_id=post, on=end)
    assert queries.list_posts(account_id=account, on=TODAY - timedelta(days=1)) == []
    assert len(queries.list_posts(account_id=account, on=TODAY)) == 1
    assert len(queries.list_posts(account_id=account, on=end - timedelta(days=1))) == 1
    assert queries.list_posts(account_id=account, on=end) == []
    entry = AuditEntry.objects.get(verb="directory.post.ended", subject_id=str(post))
    assert entry.changes == {"valid_until": [None, "2026-03-12"]}
    with pytest.raises(Invalid, match="已经结束"):
        actions.end_post(by=LOADER, at=AT, post_id=post, on=end + timedelta(days=1))
    assert Post.objects.get(pk=post).valid_until == end


@pytest.mark.parametrize("days", [0, -1, -400])
def test_a_post_does_not_end_before_it_was_served_a_day(days: int) -> None:
    _, post = put_in_post(body())
    with pytest.raises(Invalid, match="不晚于任职日期"):
        actions.end_post(by=LOADER, at=AT, post_id=post, on=TODAY + timedelta(days=days))
    assert Post.objects.get(pk=post).valid_until is None
    assert not AuditEntry.objects.filter(verb="directory.post.ended", subject_id=str(post)).exists()
    with pytest.raises(IntegrityError, match="directory_post_period"), transaction.atomic():
        Post.objects.filter(pk=post).update(valid_until=TODAY + timedelta(days=days))


def test_a_post_that_never_was_does_not_end() -> None:
    with pytest.raises(Invalid, match="不存在"):
        actions.end_post(by=LOADER, at=AT, post_id=10**9, on=TODAY)


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, 20), length=st.none() | st.integers(1, 20), look=st.integers(-2, 45))
def test_a_period_is_half_open(start: int, length: int | None, look: int) -> None:
    """Served on a day exactly when first day ≤ day < last day, in every reading."""
    with transaction.atomic():
        account = create_staff_account(by=LOADER, at=AT, username="half-open", name="演示李娜", password_hash="!")
        began = AT + timedelta(days=start)
        officer, post = put_in_post(body(), at=began, account_id=account)
        if length is not None:
            actions.end_post(by=LOADER, at=began, post_id=post, on=TODAY + timedelta(days=start + length))
        day = TODAY + timedelta(days=look)
        serves = start <= look and (length is None or look < start + length)
        assert bool(queries.list_posts(account_id=account, on=day)) is serves
        assert (officer in {one for one, _, _ in queries.list_colleagues(agency_id=body(), on=day)}) is serves
        assert (actor(account, at=AT + timedelta(days=look)).post_id == post) is serves
        transaction.set_rollback(True)


# --- who acts -----------------------------------------------------------------------------------------------
def test_the_actor_of_an_account_stands_in_its_post(django_assert_num_queries: Any) -> None:
    account = make_staff()
    officer, post = put_in_post(body(), "reviewer", "decider", account_id=account)
    with django_assert_num_queries(1):
        found = actor(account)
    assert (found.kind, found.via, found.name) == ("staff", "desk", "演示李娜")
    assert (found.account_id, found.officer_id, found.post_id) == (account, officer, post)
    assert (found.agency_id, found.agency_name) == (body(), "榴城镇社会事务办公室")
    assert (found.division_code, found.roles) == (TOWN, frozenset({"reviewer", "decider"}))
    assert found.is_staff and found.resident_id is None


def test_of_several_posts_one_is_chosen_else_the_first() -> None:
    account = make_staff()
    officer, first = put_in_post(body(), account_id=account)
    second = actions.appoint(
        by=LOADER, at=AT, officer_id=officer, agency_id=body("county"), roles=("decider",), title="负责人"
    )
    assert [(one.post_id, one.agency_name) for one in queries.list_posts(account_id=account, on=TODAY)] == [
        (first, "榴城镇社会事务办公室"),
        (second, "怀远县民政局"),
    ]
    assert actor(account).post_id == first
    chosen = actor(account, post_id=second)
    assert (chosen.post_id, chosen.agency_id, chosen.roles) == (second, body("county"), frozenset({"decider"}))
    assert chosen.division_code == "340321000000"


def test_nobody_acts_in_the_post_of_another() -> None:
    mine, theirs = make_staff("mine"), make_staff("theirs")
    _, post = put_in_post(body(), "reviewer", account_id=mine)
    _, other = put_in_post(body("county"), "decider", account_id=theirs, name="演示王芳")
    assert actor(mine, post_id=other).post_id == post
    assert actor(mine, post_id=other).roles == frozenset({"reviewer"})


def test_an_ended_post_gives_no_power_even_when_it_is_still_chosen() -> None:
    account = make_staff()
    officer, first = put_in_post(body(), "decider", account_id=account)
    kept = actions.appoint(
        by=LOADER, at=AT, officer_id=officer, agency_id=body("county"), roles=("reviewer",), title="承办人员"
    )
    actions.end_post(by=LOADER, at=AT, post_id=first, on=TODAY + timedelta(days=1))
    tomorrow = AT + timedelta(days=1)
    assert actor(account, post_id=first).post_id == first
    assert actor(account, post_id=first, at=tomorrow).post_id == kept
    actions.end_post(by=LOADER, at=AT, post_id=kept, on=TODAY + timedelta(days=1))
    gone = actor(account, post_id=first, at=tomorrow)
    assert (gone.kind, gone.account_id, gone.post_id, gone.agency_id) == ("staff", account, None, None)
    assert not gone.is_staff and gone.roles == frozenset() and gone.division_code == ""


def test_an_account_without_a_post_is_nobody_anywhere(django_assert_num_queries: Any) -> None:
    account = make_staff()
    with django_assert_num_queries(1):
        found = actor(account)
    assert (found.kind, found.account_id, found.post_id, found.officer_id) == ("staff", account, None, None)
    assert not found.is_staff


def test_a_machine_client_acts_for_its_post_while_it_lasts(django_assert_num_queries: Any) -> None:
    account = make_staff()
    officer, post = put_in_post(body(), "front_desk", account_id=account)
    with django_assert_num_queries(1):
        found = queries.get_actor_for_post(post_id=post, at=AT, via="api")
    assert (found.kind, found.via, found.post_id, found.officer_id) == ("client", "api", post, officer)
    assert found.account_id == account and found.is_staff
    yesterday = queries.get_actor_for_post(post_id=post, at=AT - timedelta(days=1), via="api")
    assert yesterday.post_id is None and not yesterday.is_staff
    assert not queries.get_actor_for_post(post_id=10**9, at=AT, via="api").is_staff


def test_the_day_changes_at_midnight_in_bengbu() -> None:
    account = make_staff()
    put_in_post(body(), account_id=account)
    midnight = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert actor(account, at=midnight).is_staff
    assert not actor(account, at=midnight - timedelta(microseconds=1)).is_staff


def test_colleagues_are_those_of_the_agency_today(django_assert_num_queries: Any) -> None:
    centre = body("accepting")
    first, _ = put_in_post(centre, "front_desk", name="演示甲")
    second, ended = put_in_post(centre, "issuer", name="演示乙")
    put_in_post(body(), "reviewer", name="演示丙")
    actions.end_post(by=LOADER, at=AT, post_id=ended, on=TODAY + timedelta(days=1))
    with django_assert_num_queries(1):
        today = queries.list_colleagues(agency_id=centre, on=TODAY)
    assert {(one, name) for one, name, _ in today} == {(first, "演示甲"), (second, "演示乙")}
    assert [one for one, _, _ in queries.list_colleagues(agency_id=centre, on=TODAY + timedelta(days=1))] == [first]


def test_every_verb_reads_in_chinese() -> None:
    for verb, text in AUDIT_VERBS.items():
        assert verb_text(verb) == text
