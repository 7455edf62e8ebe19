"""Guessing is slowed down without locking the owner out: OWASP's device cookies."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from weimin.base import clock
from weimin.kernel.accounts.models import DemoSms
from weimin.kernel.accounts.testing import PASSWORD, ask_for_code, last_code, log_in_by_phone, make_staff
from weimin.kernel.accounts.web.devices import COOKIE
from weimin.kernel.record.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
LOGIN = "/desk/login/"
PHONE = "13900000001"


def log_in(client: Client, username: str = "zhangwei", password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": username, "password": password})


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def known_client(username: str = "zhangwei") -> Client:
    """A browser that logged into the account before and is logged out again."""
    client = Client()
    log_in(client, username)
    assert is_logged_in(client)
    client.post("/desk/logout/")
    return client


def attack(times: int, *, addresses: int = 200, username: str = "zhangwei") -> list[int]:
    return [
        log_in(Client(REMOTE_ADDR=f"203.0.113.{n % addresses}"), username, f"guess-{n}").status_code
        for n in range(times)
    ]


def test_a_thousand_wrong_guesses_do_not_lock_the_owner_out() -> None:
    make_staff()
    owner = known_client()
    began = clock.now()
    answers = attack(1000)
    refilled = (clock.now() - began).total_seconds() / 30
    assert answers.count(200) <= 11 + refilled  # so many were looked at
    assert answers[-1] == 429
    log_in(owner)
    assert is_logged_in(owner)


def test_a_strange_browser_is_held_off_even_with_the_right_password() -> None:
    make_staff()
    attack(10)
    stranger = Client(REMOTE_ADDR="198.51.100.1")
    answer = log_in(stranger)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 30
    assert "试的次数太多，请过" in answer.content.decode()
    assert not is_logged_in(stranger)


def test_unknown_and_known_names_are_held_off_alike() -> None:
    make_staff()
    assert attack(14, username="zhangwei") == attack(14, username="nobody")


def test_a_known_browser_has_a_budget_of_its_own_only() -> None:
    make_staff()
    mine, office = known_client(), known_client()
    for _ in range(10):
        log_in(mine, password="wrong")
    assert log_in(mine).status_code == 429
    log_in(office)
    assert is_logged_in(office)
    stranger = Client()
    log_in(stranger)
    assert is_logged_in(stranger)


def test_good_log_ins_use_nothing_up() -> None:
    make_staff()
    for _ in range(30):
        client = Client()
        log_in(client)
        assert is_logged_in(client)


def test_a_device_of_one_account_is_strange_to_another() -> None:
    make_staff("zhangwei")
    make_staff("lina", "李娜")
    attackers_own = known_client("lina")
    attack(10, username="zhangwei")
    assert log_in(attackers_own, "zhangwei").status_code == 429


@pytest.mark.parametrize("forged", ["", "x", "AAAA", "eyJhIjoxfQ==", "é"])
def test_a_forged_device_is_a_strange_one(forged: str) -> None:
    make_staff()
    attack(10)
    client = Client()
    client.cookies[COOKIE] = forged
    assert log_in(client).status_code == 429


@pytest.mark.parametrize("username", ["zhangwei", "nobody"])
def test_a_wrong_password_costs_one_hash_whether_the_name_is_known_or_not(username: str, monkeypatch: Any) -> None:
    make_staff()
    hashed = []
    for name in ("encode", "verify"):
        work = getattr(Argon2PasswordHasher, name)

        def counted(*given: Any, work: Any = work, **named: Any) -> Any:
            hashed.append(1)
            return work(*given, **named)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    log_in(Client(), username, "wrong")
    assert len(hashed) == 1


def test_one_address_cannot_try_name_after_name(settings: Any) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"login.address": "5/m"}
    make_staff()
    answers = [log_in(Client(REMOTE_ADDR="203.0.113.1"), f"name{n}").status_code for n in range(7)]
    assert answers == [200] * 5 + [429] * 2
    owner = Client(REMOTE_ADDR="203.0.113.2")
    log_in(owner)
    assert is_logged_in(owner)


def test_a_known_browser_behind_the_attackers_address_goes_on(settings: Any) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"login.address": "5/m"}
    make_staff()
    owner = known_client()
    for n in range(9):
        log_in(Client(), f"name{n}")
    log_in(owner)
    assert is_logged_in(owner)


def test_the_cookie_is_for_this_server_only_and_admits_nobody() -> None:
    make_staff()
    client = Client()
    cookie = log_in(client).cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    thief = Client()
    thief.cookies[COOKIE] = cookie.value
    assert thief.get("/desk/").status_code == 302
    assert log_in(thief, password="wrong").status_code == 200
    assert not is_logged_in(thief)


def test_an_attack_is_written_down_once_in_a_while_and_not_a_thousand_times() -> None:
    account_id = make_staff()
    attack(40)
    entry = AuditEntry.objects.get(verb="accounts.login.held")
    assert (entry.subject_id, entry.changes) == (str(account_id), {"known_device": False})


# --- codes by phone ---------------------------------------------------------------------------------------------
def test_who_uses_up_a_phones_codes_does_not_keep_its_owner_out() -> None:
    owner = Client()
    log_in_by_phone(owner, PHONE)
    owner.post("/logout/")
    answers = [ask_for_code(Client(REMOTE_ADDR=f"203.0.113.{n}"), PHONE).status_code for n in range(50)]
    assert answers[-1] == 429
    sent = DemoSms.objects.count()
    assert sent <= 6
    assert ask_for_code(owner, PHONE).status_code == 302
    assert DemoSms.objects.count() == sent + 1
    owner.post("/login/code/", {"action": "verify", "code": last_code()})
    assert is_logged_in(owner)
