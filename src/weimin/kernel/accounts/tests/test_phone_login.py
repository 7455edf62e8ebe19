"""Residents log in by phone code: first visit, wrong, old, used and too many codes."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client

from weimin.base import clock
from weimin.base.errors import NotReady
from weimin.kernel.accounts import actions, queries
from weimin.kernel.accounts.models import Account, Allowance, DemoSms
from weimin.kernel.accounts.registry import sms_provider
from weimin.kernel.accounts.testing import (
    AT,
    CODE_PATH,
    PHONE_PATH,
    age_code,
    ask_for_code,
    give_code,
    last_code,
    log_in_by_phone,
    make_staff,
    tables_holding,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
PHONE = "13900000001"


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


# --- page one: the number ------------------------------------------------------------------------
@pytest.mark.parametrize("typed", [PHONE, "+86 139 0000 0001", "139-0000-0001", " 13900000001 "])
def test_plain_and_spaced_numbers_are_one_account(client: Client, typed: str) -> None:
    answer = ask_for_code(client, typed)
    assert (answer.status_code, answer["Location"]) == (302, CODE_PATH)
    assert queries.find_by_phone(PHONE) is not None
    assert Account.objects.filter(kind="resident").count() == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "手机号"),
        ("1390000000", "11 位"),
        ("139000000011", "11 位"),
        ("23900000001", "以 1 开头"),
        ("12900000001", "以 1 开头"),
        ("+1 2025550100", "11 位"),
        ("０1390000000", "11 位"),
        ("abc<b>", "11 位"),
        ("1390000000\x00", "手机号"),
    ],
)
def test_a_wrong_number_gets_a_sentence_and_stays_in_the_field(client: Client, typed: str, says: str) -> None:
    answer = ask_for_code(client, typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'role="alert"' in page
    assert says in page
    assert "<b>" not in page
    assert not Account.objects.filter(kind="resident").exists()
    assert not DemoSms.objects.exists()


def test_the_page_is_for_phones_and_names_the_other_way(client: Client) -> None:
    page = client.get(PHONE_PATH).content.decode()
    assert 'autocomplete="tel"' in page
    assert "便民服务中心窗口" in page


# --- the first log-in makes the account ----------------------------------------------------------------
def test_an_unknown_number_gets_a_code_and_an_account(client: Client) -> None:
    ask_for_code(client, PHONE)
    account = queries.find_by_phone(PHONE)
    assert account is not None
    assert (account.kind, account.username, account.phone_verified) == ("resident", None, False)
    assert not account.has_usable_password()
    assert re.fullmatch(r"登录验证码 \d{6}，5 分钟内有效。工作人员不会向您要验证码。", DemoSms.objects.get().text)
    answer = give_code(client, last_code())
    assert (answer.status_code, answer["Location"]) == (302, "/")
    account.refresh_from_db()
    assert account.phone_verified
    assert account.last_login is not None
    assert client.session["_auth_user_id"] == str(account.pk)


def test_a_known_number_logs_into_the_same_account(client: Client) -> None:
    first = log_in_by_phone(client, PHONE)
    other = Client()
    assert log_in_by_phone(other, PHONE) == first
    assert Account.objects.filter(kind="resident").count() == 1


def test_the_code_page_hides_the_number(client: Client) -> None:
    ask_for_code(client, PHONE)
    page = client.get(CODE_PATH).content.decode()
    assert "139******01" in page
    assert PHONE not in page
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page


def test_the_session_changes_its_key_at_the_log_in(client: Client) -> None:
    ask_for_code(client, PHONE)
    before = client.session.session_key
    give_code(client, last_code())
    assert client.session.session_key != before


def test_no_table_holds_the_number_in_clear(client: Client) -> None:
    ask_for_code(client, PHONE)
    assert tables_holding(PHONE) == []
    give_code(client, last_code())
    assert tables_holding(PHONE) == []


def test_sealed_twice_is_never_the_same_and_opens_to_the_number() -> None:
    one = actions.ensure_resident_account(at=AT, phone=PHONE)
    two = actions.ensure_resident_account(at=AT, phone="13900000002")
    assert queries.phone_of(Account.objects.get(pk=one.pk)) == PHONE
    assert queries.phone_by_id(two.pk) == "13900000002"
    assert bytes(one.phone_sealed or b"") != bytes(two.phone_sealed or b"")
    assert queries.phone_by_id(0) == ""


# --- wrong codes -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["", "abc", "12345", "0000000", "<script>"])
def test_something_that_is_no_code_is_refused_in_words(client: Client, typed: str) -> None:
    ask_for_code(client, PHONE)
    answer = give_code(client, typed)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'role="alert"' in page
    assert "<script>" not in page
    assert not is_logged_in(client)


def test_a_wrong_code_may_be_put_right(client: Client) -> None:
    ask_for_code(client, PHONE)
    code = last_code()
    page = give_code(client, wrong(code)).content.decode()
    assert "验证码不对，请看清最新一条短信里的 6 位数字再填。" in page
    assert code not in page
    assert not is_logged_in(client)
    give_code(client, f" {code[:3]} {code[3:]} ")
    assert is_logged_in(client)


def test_five_wrong_codes_ask_for_a_new_one(client: Client) -> None:
    ask_for_code(client, PHONE)
    code = last_code()
    for _ in range(4):
        assert give_code(client, wrong(code)).status_code == 200
    answer = client.post(CODE_PATH, {"action": "verify", "code": wrong(code)}, follow=True)
    assert "验证码填错的次数太多" in answer.content.decode()
    assert answer.request["PATH_INFO"] == PHONE_PATH
    give_code(client, code)
    assert not is_logged_in(client)
    log_in_by_phone(client, PHONE)


def test_a_code_works_only_where_it_was_asked_for(client: Client) -> None:
    ask_for_code(client, PHONE)
    stranger = Client()
    assert give_code(stranger, last_code()).status_code == 302
    assert not is_logged_in(stranger)
    ask_for_code(stranger, "13900000002")
    own = last_code()
    ask_for_code(client, "13900000003")
    give_code(client, own)
    assert not is_logged_in(client)


def test_a_code_works_once(client: Client) -> None:
    ask_for_code(client, PHONE)
    code = last_code()
    give_code(client, code)
    client.post("/logout/")
    answer = give_code(client, code)
    assert (answer.status_code, answer["Location"]) == (302, PHONE_PATH)
    assert not is_logged_in(client)


def test_the_code_page_without_a_code_asked_for_goes_back(client: Client) -> None:
    answer = client.get(CODE_PATH)
    assert (answer.status_code, answer["Location"]) == (302, PHONE_PATH)


# --- time ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "good"), [(0, True), (290, True), (301, False), (3600, False)])
def test_a_code_lives_five_minutes(client: Client, seconds: int, good: bool) -> None:
    ask_for_code(client, PHONE)
    code = last_code()
    age_code(client, seconds=seconds)
    answer = client.post(CODE_PATH, {"action": "verify", "code": code}, follow=True)
    assert is_logged_in(client) is good
    if not good:
        assert "验证码已经过期" in answer.content.decode()


# --- again, and too often -----------------------------------------------------------------------------------
def test_a_code_is_not_sent_again_within_a_minute(client: Client) -> None:
    ask_for_code(client, PHONE)
    age_code(client, seconds=50)
    answer = client.post(CODE_PATH, {"action": "resend"})
    page = answer.content.decode()
    assert answer.status_code == 429
    assert re.search(r"请过 \d+ 秒", page)
    assert DemoSms.objects.count() == 1
    give_code(client, last_code())
    assert is_logged_in(client)


def test_after_a_minute_a_new_code_replaces_the_old(client: Client) -> None:
    ask_for_code(client, PHONE)
    old = last_code()
    age_code(client, seconds=290)
    answer = client.post(CODE_PATH, {"action": "resend"})
    assert (answer.status_code, answer["Location"]) == (302, CODE_PATH)
    new = last_code()
    assert DemoSms.objects.count() == 2
    if old != new:
        give_code(client, old)
        assert not is_logged_in(client)
    age_code(client, seconds=200)  # 490 s after the first, 200 s after the second
    give_code(client, new)
    assert is_logged_in(client)


def test_wrong_tries_are_counted_over_a_resend(client: Client) -> None:
    ask_for_code(client, PHONE)
    for _ in range(3):
        give_code(client, wrong(last_code()))
    age_code(client, seconds=61)
    client.post(CODE_PATH, {"action": "resend"})
    code = last_code()
    for _ in range(2):
        give_code(client, wrong(code))
    give_code(client, code)
    assert not is_logged_in(client)


def test_a_code_is_sent_again_twice_at_most(client: Client) -> None:
    ask_for_code(client, PHONE)
    for _ in range(3):
        age_code(client, seconds=61)
        client.post(CODE_PATH, {"action": "resend"})
    assert DemoSms.objects.count() == 3
    assert "再发一次" not in client.get(CODE_PATH).content.decode()


def test_one_number_gets_five_codes_in_ten_minutes(client: Client) -> None:
    for _ in range(5):
        assert ask_for_code(Client(), PHONE).status_code == 302
    answer = ask_for_code(client, PHONE)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 120
    assert "试的次数太多，请过" in answer.content.decode()
    assert DemoSms.objects.count() == 5
    assert ask_for_code(client, "13900000002").status_code == 302


def test_sending_again_counts_for_the_number_too(client: Client) -> None:
    for _ in range(4):
        ask_for_code(Client(), PHONE)
    ask_for_code(client, PHONE)
    age_code(client, seconds=61)
    answer = client.post(CODE_PATH, {"action": "resend"})
    assert answer.status_code == 429
    assert "试的次数太多" in answer.content.decode()
    assert DemoSms.objects.count() == 5


def test_one_address_cannot_fill_the_table_of_accounts(client: Client) -> None:
    for last in range(20):
        assert ask_for_code(Client(), f"139000001{last:02d}").status_code == 302
    assert ask_for_code(client, "13900000999").status_code == 429
    assert queries.find_by_phone("13900000999") is None
    assert DemoSms.objects.count() == 20


def test_a_limit_key_gives_neither_number_nor_address_away(client: Client) -> None:
    ask_for_code(client, PHONE)
    keys = [bytes(key) for key in Allowance.objects.values_list("key", flat=True)]
    assert keys and all(len(key) == 32 for key in keys)
    guesses = [PHONE, f"code|{PHONE}", "127.0.0.1", "code.address|20/60|127.0.0.1"]
    assert not {hashlib.sha256(one.encode()).digest() for one in guesses} & set(keys)
    assert not any(b"127.0.0.1" in key for key in keys)


# --- who may not ---------------------------------------------------------------------------------------------
def test_a_closed_account_is_told_so_and_stays_out(client: Client) -> None:
    account = actions.ensure_resident_account(at=AT, phone=PHONE)
    Account.objects.filter(pk=account.pk).update(is_active=False)
    ask_for_code(client, PHONE)
    answer = client.post(CODE_PATH, {"action": "verify", "code": last_code()}, follow=True)
    assert "账号已停用" in answer.content.decode()
    assert not is_logged_in(client)


def test_closing_an_account_ends_its_session(client: Client) -> None:
    account_id = log_in_by_phone(client, PHONE)
    assert client.get("/my/profile/").status_code == 200
    Account.objects.filter(pk=account_id).update(is_active=False)
    assert client.get("/my/profile/").status_code == 302


def test_a_text_that_cannot_be_sent_is_said_in_words(client: Client, monkeypatch: Any) -> None:
    def fail(self: Any, *, phone: str, text: str) -> None:
        raise NotReady("短信暂时发不出去，请过几分钟再试，或到窗口办理。")

    monkeypatch.setattr(actions.DemoSmsProvider, "send", fail)
    answer = ask_for_code(client, PHONE)
    assert answer.status_code == 503
    assert "短信暂时发不出去" in answer.content.decode()


# --- where to next ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wanted", "landed"),
    [
        ("/my/profile/", "/my/profile/"),
        ("/items/?q=高龄", "/items/?q=高龄"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("\\\\evil.example", "/"),
    ],
)
def test_the_log_in_returns_to_where_it_was_needed_and_nowhere_else(client: Client, wanted: str, landed: str) -> None:
    first = ask_for_code(client, PHONE, next=wanted)
    page = client.get(first["Location"]).content.decode()
    hidden = re.search(r'name="next" value="([^"]*)"', page)
    answer = give_code(client, last_code(), **({"next": hidden.group(1)} if hidden else {}))
    assert answer.status_code == 302
    assert unquote(answer["Location"]) == landed


def test_next_survives_a_wrong_code_too_many(client: Client) -> None:
    ask_for_code(client, PHONE, next="/my/profile/")
    for _ in range(5):
        answer = give_code(client, wrong(last_code()), next="/my/profile/")
    assert "next=%2Fmy%2Fprofile%2F" in answer["Location"]


def test_another_number_may_be_given_while_a_code_waits(client: Client) -> None:
    ask_for_code(client, PHONE)
    assert client.get(PHONE_PATH).status_code == 200
    account_id = log_in_by_phone(client, "13900000002")
    assert queries.phone_by_id(account_id) == "13900000002"


def test_a_logged_in_resident_need_not_log_in_again(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    answer = client.get(PHONE_PATH, {"next": "/my/profile/"})
    assert (answer.status_code, answer["Location"]) == (302, "/my/profile/")


def test_staff_at_a_residents_page_get_the_phone_page_not_a_loop(client: Client) -> None:
    client.force_login(Account.objects.get(pk=make_staff()), backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/my/profile/", follow=True)
    assert answer.status_code == 200
    assert answer.request["PATH_INFO"] == PHONE_PATH
    account_id = log_in_by_phone(client, PHONE)
    assert Account.objects.get(pk=account_id).kind == "resident"


# --- the way out ---------------------------------------------------------------------------------------------------
def test_logging_out_empties_the_session_and_needs_a_button(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    key = client.session.session_key
    assert client.get("/logout/").status_code == 405
    assert is_logged_in(client)
    assert client.post("/logout/").status_code == 302
    assert not is_logged_in(client)
    assert not client.session.exists(key)


def test_a_form_without_its_token_is_refused_in_words() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(PHONE_PATH, {"phone": PHONE})
    assert answer.status_code == 403
    assert "页面停留太久" in answer.content.decode()
    assert not DemoSms.objects.exists()


# --- the demonstration's page of texts ---------------------------------------------------------------------------
def test_the_demonstration_shows_codes_with_the_number_hidden(client: Client, settings: Any) -> None:
    settings.WEIMIN_DEMO = True
    ask_for_code(client, PHONE)
    page = client.get("/demo/codes/").content.decode()
    assert last_code() in page
    assert "139******01" in page
    assert PHONE not in page
    assert "/demo/codes/" in client.get(CODE_PATH).content.decode()


def test_outside_the_demonstration_there_is_no_such_page(client: Client, settings: Any) -> None:
    settings.WEIMIN_DEMO = False
    ask_for_code(client, PHONE)
    assert client.get("/demo/codes/").status_code == 404
    assert "/demo/codes/" not in client.get(CODE_PATH).content.decode()


def test_the_page_of_texts_keeps_to_the_last_hour() -> None:
    now = clock.now()
    for minutes in (1, 59, 61):
        DemoSms.objects.create(phone_shown="139******01", text=str(minutes), sent_at=now - timedelta(minutes=minutes))
    assert {row.text for row in queries.list_demo_sms(at=now)} == {"1", "59"}


def test_the_console_gateway_logs_neither_number_nor_code(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    settings.WEIMIN_SMS_PROVIDER = "weimin.kernel.accounts.registry.ConsoleSms"
    with caplog.at_level("WARNING", logger="weimin.sms"):
        sms_provider().send(phone=PHONE, text="登录验证码 123456")
    assert "139******01" in caplog.text
    assert PHONE not in caplog.text
    assert "123456" not in caplog.text
