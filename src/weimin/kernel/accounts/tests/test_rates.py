"""Limits in PostgreSQL: a burst, then one each share of the time; many at one moment; who is counted."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base.errors import TooOften
from weimin.kernel.accounts import actions
from weimin.kernel.accounts.models import Allowance
from weimin.kernel.accounts.testing import AT, ask_for_code, at_one_moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def rates(settings: Any) -> dict[str, str]:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"one": "5/10s", "two": "3/10s,4/h"}
    found: dict[str, str] = settings.WEIMIN_RATES
    return found


def admitted(limit: str, *, seconds: float = 0, who: str = "me") -> bool:
    try:
        actions.spend(limit=limit, who=who, at=AT + timedelta(seconds=seconds))
    except TooOften:
        return False
    return True


@pytest.mark.usefixtures("rates")
def test_a_burst_then_one_each_share_of_the_time() -> None:
    assert [admitted("one") for _ in range(6)] == [True] * 5 + [False]
    assert not admitted("one", seconds=1.9)
    assert admitted("one", seconds=2)
    assert not admitted("one", seconds=3.9)
    assert admitted("one", seconds=4)
    assert [admitted("one", seconds=100) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.usefixtures("rates")
def test_the_wait_that_is_told_is_the_wait_that_is_needed() -> None:
    for _ in range(5):
        admitted("one")
    with pytest.raises(TooOften) as held:
        actions.spend(limit="one", who="me", at=AT)
    assert held.value.wait_seconds == 2
    assert "请过 2 秒再试" in held.value.message
    assert admitted("one", seconds=held.value.wait_seconds)


@pytest.mark.usefixtures("rates")
def test_being_refused_costs_nothing() -> None:
    for _ in range(5):
        admitted("one")
    before = Allowance.objects.get().full_at
    assert not any(admitted("one") for _ in range(50))
    assert Allowance.objects.get().full_at == before


@pytest.mark.usefixtures("rates")
def test_everybody_has_a_limit_of_their_own() -> None:
    for _ in range(6):
        admitted("one", who="me")
    assert admitted("one", who="you")
    assert admitted("two", who="me")


@pytest.mark.usefixtures("rates")
def test_what_one_rate_refuses_the_other_does_not_count() -> None:
    assert [admitted("two") for _ in range(4)] == [True] * 3 + [False]
    assert not any(admitted("two", seconds=1) for _ in range(9))
    assert admitted("two", seconds=10)  # the fourth of the hour
    assert not admitted("two", seconds=20)


@pytest.mark.usefixtures("rates")
def test_a_use_given_back_is_there_again() -> None:
    for _ in range(5):
        admitted("one")
    actions.give_back(limit="one", who="me", at=AT)
    assert [admitted("one") for _ in range(2)] == [True, False]


@pytest.mark.usefixtures("rates")
def test_giving_back_never_grants_more_than_the_limit() -> None:
    admitted("one")
    for _ in range(9):
        actions.give_back(limit="one", who="me", at=AT)
    assert [admitted("one") for _ in range(6)].count(True) == 5


@pytest.mark.usefixtures("rates")
def test_one_statement_admits() -> None:
    with CaptureQueriesContext(connection) as caught:
        admitted("one")
    assert len(caught) == 1


@pytest.mark.usefixtures("rates")
def test_rows_whose_limit_is_whole_are_swept() -> None:
    admitted("one", who="old")
    admitted("one", who="new", seconds=60)
    assert actions.forget_used_up(at=AT + timedelta(seconds=30)) == 1
    assert Allowance.objects.count() == 1


@pytest.mark.usefixtures("rates")
def test_many_at_one_moment_get_no_more_than_the_limit() -> None:
    who = f"crowd-{secrets.token_hex(4)}"
    try:
        found = at_one_moment(8, lambda: [admitted("one", who=who) for _ in range(10)])
    finally:
        at_one_moment(1, lambda: actions.forget_used_up(at=AT + timedelta(days=1)))
    assert sorted(one for each in found for one in each) == [False] * 75 + [True] * 5


# --- counted by the process --------------------------------------------------------------------------------------
def test_a_process_counts_as_the_database_does_and_writes_nothing(rates: dict[str, str]) -> None:
    tries = [
        ("one", 0),
        ("one", 1),
        *[("one", 2)] * 6,
        ("one", 4),
        ("two", 5),
        *[("two", 6)] * 4,
        ("two", 30),
        ("one", 60),
    ]

    def admitted_by(spend: Any) -> list[bool]:
        found = []
        for limit, seconds in tries:
            try:
                spend(limit=limit, who="me", at=AT + timedelta(seconds=seconds))
            except TooOften as fault:
                found.append(fault.wait_seconds < 1)
            else:
                found.append(True)
        return found

    by_database = admitted_by(actions.spend)
    with CaptureQueriesContext(connection) as caught:
        by_process = admitted_by(actions.spend_here)
    assert by_process == by_database and not caught.captured_queries
    assert True in by_process and False in by_process


def test_a_process_counts_so_many_askers_and_no_more(rates: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from weimin.kernel.accounts.actions import rates as counting

    monkeypatch.setattr(counting, "_MOST_HERE", 10)
    for number in range(50):
        actions.spend_here(limit="two", who=str(number), at=AT)
    assert len(counting._here) == 10


# --- on pages ---------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("city")
@pytest.mark.parametrize(
    ("path", "limit"),
    [("/items/?q=低保", "search"), ("/api/v1/items?q=低保", "search"), ("/verify/?n=1&c=2", "verify")],
)
def test_a_page_over_its_limit_answers_429_and_says_how_long(
    client: Client, settings: Any, path: str, limit: str
) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {limit: "2/m"}
    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get(path)
    assert 1 <= int(answer["Retry-After"]) <= 30
    said = answer.json()["message"] if path.startswith("/api/") else answer.content.decode()
    assert "请过" in said
    assert client.get("/").status_code == 200


@pytest.mark.usefixtures("city")
def test_unknown_tokens_are_counted_by_address(client: Client, settings: Any) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"api.unknown": "2/m"}
    answers = [client.get("/api/v1/matters/1", headers={"Authorization": f"Bearer wm_{n}"}) for n in range(3)]
    assert [one.status_code for one in answers] == [401, 401, 429]
    assert answers[2].json()["code"] == "accounts.too_often"
    assert int(answers[2]["Retry-After"]) >= 1


# --- who is counted: forged addresses --------------------------------------------------------------------------------
def codes_admitted(forwarded: list[str], *, remote: str = "10.0.0.9") -> int:
    answers = [
        ask_for_code(Client(headers={"x-forwarded-for": one}, REMOTE_ADDR=remote), f"139000002{n:02d}")
        for n, one in enumerate(forwarded)
    ]
    return [one.status_code for one in answers].count(302)


@pytest.mark.usefixtures("city")
def test_a_forged_forwarded_address_buys_nothing(settings: Any) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"code.address": "3/m"}
    settings.WEIMIN_PROXIES = 0
    assert codes_admitted([f"203.0.113.{n}" for n in range(9)]) == 3
    settings.WEIMIN_PROXIES = 1
    assert codes_admitted([f"203.0.113.{n}, 198.51.100.7" for n in range(9)]) == 3


@pytest.mark.usefixtures("city")
def test_behind_a_proxy_people_are_told_apart(settings: Any) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | {"code.address": "3/m"}
    settings.WEIMIN_PROXIES = 1
    assert codes_admitted([f"198.51.100.{n}" for n in range(9)]) == 9


def test_what_a_clock_that_ran_ahead_counted_in_a_process_keeps_nobody_out(settings: Any) -> None:
    settings.WEIMIN_RATES = {"two": "2/m"}
    tomorrow = AT + timedelta(days=1)
    for at in (tomorrow, tomorrow, AT, AT):
        actions.spend_here(limit="two", who="x", at=at)
    with pytest.raises(TooOften):
        actions.spend_here(limit="two", who="x", at=AT)
