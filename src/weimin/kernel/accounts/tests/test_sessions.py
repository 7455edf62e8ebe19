"""Sessions: new keys at log-ins, ends that come, a list that its owner can act on, nothing usable in the table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from weimin.base import clock
from weimin.base.errors import Invalid
from weimin.kernel.accounts import actions, queries
from weimin.kernel.accounts.actions.sessions import NotSecurity, SessionUnknown
from weimin.kernel.accounts.models import Account, Session
from weimin.kernel.accounts.testing import (
    AT,
    OPERATOR,
    PASSWORD,
    WHY,
    ask_for_code,
    give_code,
    last_code,
    log_in_by_phone,
    make_staff,
)
from weimin.kernel.accounts.web.sessions import digest
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
PHONE = "13900000001"
TOWN = "340321113000"
ANDROID = "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36"


def staff(username: str = "zhangwei", *roles: str) -> int:
    account_id = make_staff(username, "张伟")
    centre = next(one for one in places.list_agencies(division_code=TOWN) if one.kind == "centre")
    at = clock.now()
    officer = directory.add_officer(by=OPERATOR, at=at, name="张伟", account_id=account_id)
    directory.appoint(
        by=OPERATOR, at=at, officer_id=officer, agency_id=centre.pk, roles=roles or ("front_desk",), title="窗口"
    )
    return account_id


def logged_in(username: str = "zhangwei", agent: str = "") -> Client:
    client = Client(headers={"user-agent": agent})
    client.post("/desk/login/", {"login": username, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def is_in(client: Client) -> bool:
    return client.get("/desk/account/").status_code == 200


# --- keys ----------------------------------------------------------------------------------------------------
def test_a_fixed_session_is_worth_nothing_after_the_log_in() -> None:
    staff()
    attacker = Client()
    attacker.get("/desk/login/")
    session = attacker.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    victim = Client()
    victim.cookies["sessionid"] = planted
    victim.post("/desk/login/", {"login": "zhangwei", "password": PASSWORD})
    assert is_in(victim)
    assert victim.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert not is_in(thief)


def test_a_made_up_session_key_is_not_taken_over() -> None:
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    ask_for_code(client, PHONE)
    assert client.cookies["sessionid"].value != "a" * 32


def test_the_table_of_sessions_opens_nobodys_session() -> None:
    staff()
    client = logged_in()
    key = client.session.session_key
    kept = Session.objects.get(account__username="zhangwei")
    assert kept.pk == digest(key) != key
    thief = Client()
    thief.cookies["sessionid"] = kept.pk
    assert not is_in(thief)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_session s WHERE s::text LIKE %s", [f"%{key}%"])
        assert cursor.fetchone() == (0,)


def test_logging_out_deletes_the_row() -> None:
    staff()
    client = logged_in()
    client.post("/desk/logout/")
    assert not Session.objects.filter(account__isnull=False).exists()


# --- ends ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("hours", "alive"), [(0, True), (11.9, True), (12.1, False)])
def test_a_log_in_ends_after_twelve_hours_however_much_it_is_used(hours: float, alive: bool) -> None:
    staff()
    client = logged_in()
    session = client.session
    session["began"] = (clock.now() - timedelta(hours=hours)).isoformat()
    session.save()  # any use that saves
    assert is_in(client) is alive


@pytest.mark.parametrize(("minutes", "alive"), [(239, True), (241, False)])
def test_an_unused_log_in_ends(minutes: int, alive: bool) -> None:
    staff()
    client = logged_in()
    Session.objects.filter(account__isnull=False).update(seen_at=clock.now() - timedelta(minutes=minutes))
    assert is_in(client) is alive


def test_the_last_use_is_kept_to_ten_minutes_only() -> None:
    staff()
    client = logged_in()
    rows = Session.objects.filter(account__isnull=False)
    recent, older = clock.now() - timedelta(minutes=9), clock.now() - timedelta(minutes=11)
    rows.update(seen_at=recent)
    is_in(client)
    assert rows.get().seen_at == recent
    rows.update(seen_at=older)
    is_in(client)
    assert rows.get().seen_at > recent


def test_expired_sessions_are_swept() -> None:
    staff()
    logged_in()
    assert actions.forget_expired(at=clock.now()) == 0
    assert actions.forget_expired(at=clock.now() + timedelta(hours=13)) >= 1
    assert not Session.objects.exists()


# --- the list -------------------------------------------------------------------------------------------------------
def test_staff_see_where_they_are_logged_in_and_end_one() -> None:
    staff()
    here, other = logged_in(), logged_in(agent=ANDROID)
    page = here.get("/desk/account/").content.decode()
    assert "安卓手机上的 Chrome 浏览器" in page
    assert "就是现在这个" in page
    assert "用口令" in page
    here.post("/desk/account/", {"session": digest(other.session.session_key)})
    assert is_in(here)
    assert not is_in(other)
    assert AuditEntry.objects.filter(verb="accounts.session.ended").count() == 1


def test_all_others_end_at_once() -> None:
    staff()
    here, *others = [logged_in() for _ in range(3)]
    here.post("/desk/account/", {"which": "others"})
    assert is_in(here)
    assert not any(is_in(one) for one in others)


def test_residents_have_the_same_page() -> None:
    here, other = Client(), Client(headers={"user-agent": ANDROID})
    log_in_by_phone(here, PHONE)
    log_in_by_phone(other, PHONE)
    page = here.get("/my/sessions/").content.decode()
    assert "安卓手机上的 Chrome 浏览器" in page
    assert "用短信验证码" in page
    here.post("/my/sessions/", {"which": "others"})
    assert here.get("/my/sessions/").status_code == 200
    assert other.get("/my/sessions/").status_code == 302


def test_nobody_ends_a_session_of_somebody_else() -> None:
    staff("zhangwei")
    staff("lina")
    mine, theirs = logged_in("zhangwei"), logged_in("lina")
    answer = mine.post("/desk/account/", {"session": digest(theirs.session.session_key)})
    assert answer.status_code == 404
    assert is_in(theirs)
    resident = Client()
    log_in_by_phone(resident, PHONE)
    assert resident.post("/my/sessions/", {"session": digest(theirs.session.session_key)}).status_code == 404
    assert is_in(theirs)


@pytest.mark.parametrize("typed", ["", "x", "0" * 64, "' OR 1=1", "9" * 500])
def test_a_session_that_is_none_is_said_in_words(typed: str) -> None:
    staff()
    client = logged_in()
    assert client.post("/desk/account/", {"session": typed}).status_code == 404
    assert is_in(client)


def test_no_address_and_no_browser_text_is_kept() -> None:
    staff()
    client = Client(headers={"user-agent": ANDROID + " secret-build-77"}, REMOTE_ADDR="203.0.113.77")
    client.post("/desk/login/", {"login": "zhangwei", "password": PASSWORD})
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" t WHERE t::text ~ %s',  # noqa: S608
                ["203\\.0\\.113\\.77|secret-build-77"],
            )
            assert cursor.fetchone() == (0,), table
    assert "secret-build-77" not in str(dict(client.session))


def test_a_log_in_is_written_down_with_its_way() -> None:
    account_id = staff()
    logged_in(agent=ANDROID)
    entry = AuditEntry.objects.get(verb="accounts.session.began")
    assert entry.subject_id == str(account_id)
    assert entry.changes == {"ways": "password", "device": "安卓手机上的 Chrome 浏览器"}


# --- the security administrator -----------------------------------------------------------------------------------
def admin(role: str = "security_admin", account_id: int = 1) -> Actor:
    return Actor(kind="staff", name="安全", via="desk", account_id=account_id, post_id=1, roles=frozenset({role}))


def test_a_security_administrator_ends_all_sessions_of_somebody() -> None:
    account_id = staff()
    clients = [logged_in() for _ in range(2)]
    assert actions.end_all_sessions(by=admin(), at=AT, account_id=account_id, reason=WHY) == 2
    assert not any(is_in(one) for one in clients)
    assert queries.list_sessions(account_id=account_id, here="", at=clock.now()) == []


@pytest.mark.parametrize("role", ["system_admin", "audit_admin", "operator", "leader", "front_desk"])
def test_nobody_else_does(role: str) -> None:
    account_id = staff()
    with pytest.raises(NotSecurity):
        actions.end_all_sessions(by=admin(role), at=AT, account_id=account_id, reason=WHY)


def test_not_for_oneself_and_not_for_nobody() -> None:
    account_id = staff()
    with pytest.raises(NotSecurity):
        actions.end_all_sessions(by=admin(account_id=account_id), at=AT, account_id=account_id, reason=WHY)
    with pytest.raises(SessionUnknown):
        actions.end_all_sessions(by=admin(), at=AT, account_id=0, reason=WHY)


# --- codes by phone, replayed ------------------------------------------------------------------------------------------
def test_a_code_that_was_used_opens_nothing_again() -> None:
    client = Client()
    ask_for_code(client, PHONE)
    code = last_code()
    before = client.cookies["sessionid"].value
    give_code(client, code)
    assert client.get("/my/sessions/").status_code == 200
    replay = Client()
    replay.cookies["sessionid"] = before
    assert give_code(replay, code)["Location"] == "/login/"
    assert replay.get("/my/sessions/").status_code == 302
    assert Account.objects.get(kind="resident").phone_verified


@pytest.mark.parametrize("reason", ["", "  ", "丢了"])
def test_what_touches_another_person_says_why(reason: str) -> None:
    account_id = staff()
    client = logged_in()
    for do in (actions.end_all_sessions, actions.reset_second_factor, actions.give_temporary_password):
        with pytest.raises(Invalid) as told:
            do(by=admin(), at=AT, account_id=account_id, reason=reason)
        assert set(told.value.fields) == {"reason"}
    assert is_in(client)
