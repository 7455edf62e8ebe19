"""Second factors of staff: set up, asked for at the log-in, used once, required by role, reset after a loss."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from weimin.base import clock
from weimin.kernel.accounts import actions
from weimin.kernel.accounts.actions.factors import FactorUnknown
from weimin.kernel.accounts.actions.sessions import NotSecurity
from weimin.kernel.accounts.models import Account, FactorSecret
from weimin.kernel.accounts.rules.onetime import PERIOD
from weimin.kernel.accounts.testing import (
    AT,
    PASSWORD,
    WHY,
    at_one_moment,
    digits,
    log_in_by_phone,
    make_staff,
    set_up_app,
    tables_holding,
)
from weimin.kernel.accounts.tests.test_sessions import admin, is_in, logged_in, staff
from weimin.kernel.record.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
SECOND, APP, CODES = "/desk/login/second/", "/desk/account/app/", "/desk/account/codes/"


@pytest.fixture
def required(settings: Any) -> None:
    settings.WEIMIN_SECOND_FACTOR = True


def first_step(client: Client, **more: str) -> Any:
    return client.post("/desk/login/", {"login": "zhangwei", "password": PASSWORD, **more})


def second_step(client: Client, code: str) -> Any:
    return client.post(SECOND, {"code": code})


def set_up_on_page(client: Client) -> str:
    """Set the app up as a person does; gives the secret that the page showed."""
    page = client.get(APP).content.decode()
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found
    secret = found[1].replace(" ", "")
    assert "<svg" in page
    assert client.post(APP, {"code": digits(secret)}).status_code == 302
    return secret


def let_time_pass(account_id: int) -> None:
    """As if the digits used last were long ago."""
    Account.objects.filter(pk=account_id).update(totp_step=0)


# --- the log-in -----------------------------------------------------------------------------------------------
def test_the_password_alone_does_not_open_the_desk() -> None:
    set_up_app(staff())
    client = Client()
    answer = first_step(client)
    assert (answer.status_code, answer["Location"]) == (302, SECOND)
    assert "_auth_user_id" not in client.session
    assert client.get("/desk/").status_code == 302
    assert client.get("/desk/account/")["Location"].startswith("/desk/login/")


def test_the_digits_of_the_app_open_it() -> None:
    secret = set_up_app(staff())
    client = Client()
    first_step(client, next="/desk/figures/")
    before = client.session.session_key
    answer = second_step(client, digits(secret))
    assert (answer.status_code, answer["Location"]) == (302, "/desk/figures/")
    assert client.session.session_key != before
    entry = AuditEntry.objects.get(verb="accounts.session.began")
    assert entry.changes["ways"] == "password,totp"
    assert "用口令和验证器" in client.get("/desk/account/").content.decode()


@pytest.mark.parametrize("code", ["", "000000", "abc", "1" * 500, "<script>", "١٢٣٤٥٦"])
def test_wrong_digits_are_refused_in_words(code: str) -> None:
    set_up_app(staff())
    client = Client()
    first_step(client)
    page = second_step(client, code).content.decode()
    assert 'role="alert"' in page
    assert "<script>" not in page.replace('<script type="module"', "").replace('<script id="passkey-data"', "")
    assert "_auth_user_id" not in client.session


def test_the_second_step_without_the_first_leads_to_the_log_in() -> None:
    secret = set_up_app(staff())
    client = Client()
    assert client.get(SECOND)["Location"] == "/desk/login/"
    assert second_step(client, digits(secret))["Location"] == "/desk/login/"
    assert "_auth_user_id" not in client.session


def test_one_can_start_again() -> None:
    set_up_app(staff())
    client = Client()
    first_step(client)
    assert client.get("/desk/login/again/")["Location"].startswith("/desk/login/")
    assert client.get(SECOND)["Location"] == "/desk/login/"


# --- used once -------------------------------------------------------------------------------------------------
def test_digits_that_were_used_open_nothing_again() -> None:
    secret = set_up_app(staff())
    code = digits(secret)
    watched, thief = Client(), Client()
    first_step(watched)
    first_step(thief)
    second_step(watched, code)
    assert is_in(watched)
    assert "已经用过" in second_step(thief, code).content.decode()
    assert "_auth_user_id" not in thief.session


def test_older_digits_are_dead_once_newer_ones_were_used() -> None:
    account_id = staff()
    secret = set_up_app(account_id)
    at = clock.now()
    old, new = digits(secret, steps=-1), digits(secret)
    assert actions.spend_totp(at=at, account_id=account_id, secret=secret, code=new)
    assert not actions.spend_totp(at=at, account_id=account_id, secret=secret, code=old)
    later = at + timedelta(seconds=PERIOD)
    assert actions.spend_totp(at=later, account_id=account_id, secret=secret, code=digits(secret, steps=1))


def test_digits_brought_by_many_at_one_moment_are_good_once() -> None:
    username, secret, at = f"t-{secrets.token_hex(4)}", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", clock.now()
    code = digits(secret)

    def make() -> int:
        return Account.objects.create(kind="staff", username=username, display_name="同时", created_at=AT).pk

    [account_id] = at_one_moment(1, make)
    try:
        good = at_one_moment(6, lambda: actions.spend_totp(at=at, account_id=account_id, secret=secret, code=code))
    finally:
        at_one_moment(1, lambda: Account.objects.filter(pk=account_id).delete())
    assert sorted(good) == [False] * 5 + [True]


def test_digits_used_for_setting_up_are_used_up() -> None:
    staff()
    secret = set_up_on_page(logged_in())
    client = Client()
    first_step(client)
    second_step(client, digits(secret))
    assert "_auth_user_id" not in client.session


def test_guessing_digits_is_held_off_and_keeps_nobody_else_out() -> None:
    account_id = staff()
    owner = logged_in()  # before the app was set up; a known browser
    owner.post("/desk/logout/")
    secret = set_up_app(account_id)
    for n in range(5):
        client = Client()
        first_step(client)
        assert second_step(client, f"{n:06d}").status_code == 200
    thief = Client()
    first_step(thief)
    answer = second_step(thief, digits(secret))
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    first_step(owner)
    second_step(owner, digits(secret))
    assert is_in(owner)


# --- setting up -------------------------------------------------------------------------------------------------
def test_setting_up_shows_recovery_codes_once_and_ends_other_sessions() -> None:
    account_id = staff()
    client, other = logged_in(), logged_in()
    before = client.session.session_key
    set_up_on_page(client)
    assert client.session.session_key != before
    assert not is_in(other)
    page = client.get(CODES).content.decode()
    codes = re.findall(r"<code>(\d{8})</code>", page)
    assert len(codes) == 10
    again = client.get(CODES).content.decode()
    assert not any(code in again for code in codes)
    assert AuditEntry.objects.get(verb="accounts.factor.added").subject_id == str(account_id)


def test_neither_secret_nor_recovery_code_stands_in_a_table() -> None:
    staff()
    client = logged_in()
    secret = set_up_on_page(client)
    codes = re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())
    assert tables_holding(secret) == []
    assert tables_holding(codes[0]) == []


def test_wrong_digits_set_nothing_up() -> None:
    staff()
    client = logged_in()
    client.get(APP)
    answer = client.post(APP, {"code": "000000"})
    assert answer.status_code == 422
    assert "数字不对" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_a_recovery_code_opens_the_desk_once() -> None:
    account_id = staff()
    client = logged_in()
    set_up_on_page(client)
    code = re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())[0]
    for good in (True, False):
        visitor = Client()
        first_step(visitor)
        second_step(visitor, code)
        assert ("_auth_user_id" in visitor.session) is good
    let_time_pass(account_id)
    assert "恢复码还剩 9 个" in client.get("/desk/account/").content.decode()


def test_new_recovery_codes_make_the_old_worthless() -> None:
    staff()
    client = logged_in()
    set_up_on_page(client)
    old = re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())
    client.post(CODES)
    new = re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())
    assert len(new) == 10
    assert FactorSecret.objects.count() == 2
    assert not set(old) & set(new)
    visitor = Client()
    first_step(visitor)
    second_step(visitor, old[0])
    assert "_auth_user_id" not in visitor.session


def test_a_while_after_the_log_in_changes_need_the_password_again() -> None:
    staff()
    client = logged_in()
    session = client.session
    session["began"] = (clock.now() - timedelta(minutes=30)).isoformat()
    session.save()
    answer = client.get(APP)
    assert answer["Location"].startswith("/desk/account/confirm/")
    assert "口令不对" in client.post("/desk/account/confirm/", {"password": "wrong"}).content.decode()
    answer = client.post("/desk/account/confirm/", {"password": PASSWORD, "next": APP})
    assert answer["Location"] == APP
    set_up_on_page(client)


def test_the_last_factor_takes_the_recovery_codes_with_it() -> None:
    account_id = staff()
    client = logged_in()
    set_up_on_page(client)
    number = Authenticator.objects.get(user_id=account_id, type="totp").pk
    client.post("/desk/account/factor/drop/", {"factor": str(number)})
    assert not Authenticator.objects.filter(user_id=account_id).exists()
    assert not FactorSecret.objects.exists()
    visitor = Client()
    first_step(visitor)
    assert is_in(visitor)


@pytest.mark.parametrize("typed", ["", "0", "x", "-1", "9" * 30])
def test_no_factor_of_somebody_else_can_be_taken_away(typed: str) -> None:
    set_up_app(make_staff("lina", "李娜"))
    staff()
    client = logged_in()
    theirs = str(Authenticator.objects.get(type="totp").pk)
    for factor in (typed, theirs):
        assert client.post("/desk/account/factor/drop/", {"factor": factor}).status_code == 404
    assert Authenticator.objects.count() == 1


@pytest.mark.parametrize("path", ["/desk/account/", APP, CODES, "/desk/account/key/", "/desk/account/password/"])
def test_residents_and_strangers_have_no_business_there(path: str) -> None:
    resident = Client()
    log_in_by_phone(resident, "13900000001")
    for client in (resident, Client()):
        assert client.get(path)["Location"].startswith("/desk/login/")


# --- required by role -------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("required")
def test_who_must_have_one_reaches_only_the_page_to_set_it_up() -> None:
    staff("zhangwei", "operator")
    client = logged_in()
    for path in ("/desk/", "/desk/operations/", "/desk/figures/"):
        assert client.get(path)["Location"] == "/desk/account/"
    assert client.post("/desk/post/", {"post": "1"})["Location"] == "/desk/account/"
    assert "您的岗位要求第二因素" in client.get("/desk/account/").content.decode()
    set_up_on_page(client)
    assert client.get("/desk/operations/").status_code == 200


@pytest.mark.usefixtures("required")
def test_another_post_of_the_same_person_is_no_way_round() -> None:
    account_id = staff("zhangwei", "front_desk")
    client = logged_in()
    assert client.get("/desk/").status_code == 200
    from weimin.kernel.accounts.testing import OPERATOR
    from weimin.kernel.directory import actions as directory
    from weimin.kernel.directory import queries as places

    actor = places.get_actor_for_account(account_id=account_id, post_id=None, at=clock.now(), via="desk")
    assert actor.officer_id and actor.agency_id
    directory.appoint(
        by=OPERATOR,
        at=clock.now(),
        officer_id=actor.officer_id,
        agency_id=actor.agency_id,
        roles=("supervisor",),
        title="监督员",
    )
    assert client.get("/desk/")["Location"] == "/desk/account/"  # acting at the counter, at once


@pytest.mark.usefixtures("required")
def test_others_need_none() -> None:
    staff("zhangwei", "front_desk")
    assert logged_in().get("/desk/").status_code == 200


def test_the_demonstration_asks_for_none_and_says_so(settings: Any) -> None:
    settings.WEIMIN_SECOND_FACTOR = False
    settings.WEIMIN_DEMO = True
    staff("zhangwei", "operator")
    assert "演示环境没有要求第二因素" in Client().get("/desk/login/").content.decode()
    assert logged_in().get("/desk/operations/").status_code == 200


# --- a lost device -------------------------------------------------------------------------------------------------
def test_a_security_administrator_resets_a_lost_device() -> None:
    account_id = staff()
    client = logged_in()
    set_up_on_page(client)
    assert actions.reset_second_factor(by=admin(), at=AT, account_id=account_id, reason=WHY) == 2
    assert not is_in(client)
    assert AuditEntry.objects.get(verb="accounts.factor.reset").changes == {"factors": 2, "reason": WHY}
    assert not FactorSecret.objects.exists()
    visitor = Client()
    first_step(visitor)
    assert is_in(visitor)


@pytest.mark.parametrize("role", ["system_admin", "audit_admin", "operator", "leader"])
def test_nobody_else_resets(role: str) -> None:
    account_id = staff()
    set_up_app(account_id)
    with pytest.raises(NotSecurity):
        actions.reset_second_factor(by=admin(role), at=AT, account_id=account_id, reason=WHY)
    with pytest.raises(NotSecurity):
        actions.reset_second_factor(by=admin(account_id=account_id), at=AT, account_id=account_id, reason=WHY)
    with pytest.raises(FactorUnknown):
        actions.reset_second_factor(by=admin(), at=AT, account_id=0, reason=WHY)
    assert Authenticator.objects.count() == 1


# --- passkeys: what needs no device; the ceremony itself is a journey -------------------------------------------------
@pytest.mark.parametrize(
    "credential",
    [
        "",
        "x",
        "null",
        "[]",
        "7",
        '"a"',
        "{}",
        '{"response": []}',
        '{"response": {"userHandle": "!"}}',
        "{" * 200,
        '{"id":"a","rawId":"a","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA",'
        '"signature":"AA","userHandle":"MQ"}}',
        '{"a":"' + "x" * 30_000 + '"}',
    ],
)
def test_what_is_no_answer_of_a_key_is_refused(credential: str) -> None:
    account_id = staff()
    client = Client()
    assert "challenge" in str(client.get("/desk/login/passkey/", headers={"accept": "application/json"}).json())
    answer = client.post("/desk/login/passkey/", {"credential": credential})
    assert answer["Location"].startswith("/desk/login/?why=key")
    set_up_app(account_id)
    first_step(client)
    answer = client.post(SECOND, {"credential": credential})
    assert answer.status_code == 200
    assert "没有认出您的通行密钥" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    owner = Client()
    Authenticator.objects.all().delete()
    first_step(owner)
    assert "没有收到设备的确认" in owner.post("/desk/account/key/", {"credential": credential}).content.decode()
    assert not Authenticator.objects.exists()
