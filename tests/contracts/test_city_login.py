"""Residents log in at the city's identity provider: a real, certified one that the test starts on loopback."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from django.test import Client

from weimin.base import clock
from weimin.kernel.accounts import actions, queries
from weimin.kernel.accounts.models import Account, CityLink
from weimin.kernel.accounts.testing import AT, log_in_by_phone, make_staff, tables_holding
from weimin.kernel.accounts.web import city as web
from weimin.kernel.accounts.web import provider
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions as residents
from weimin.kernel.residents.models import Resident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city", "offered")]
SCRIPT = Path(__file__).with_name("identity_provider.mjs")
HOME = "http://testserver"
BACK = "/login/city/back/"
PHONE, NUMBER = "13900000061", "340300190001010011"
VILLAGE = "340321100200"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address."""
    node = shutil.which("node")
    assert node, "no Node: run make check, which installs it"
    with subprocess.Popen(
        [node, str(SCRIPT), HOME + BACK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), "the provider did not start"
        yield address
        process.terminate()


@pytest.fixture
def offered(settings: Any, issuer: str) -> Iterator[None]:
    """The provider as an operator sets it up."""
    settings.WEIMIN_OIDC_ISSUER = issuer
    settings.WEIMIN_OIDC_CLIENT_ID = "weimin"
    settings.WEIMIN_OIDC_CLIENT_SECRET = "a-secret-of-the-tests"
    settings.WEIMIN_OIDC_SCOPE = "openid profile phone identity"
    settings.WEIMIN_OIDC_ID_CLAIM = "identity_number"
    provider.forget()
    yield
    provider.forget()


def start(client: Client, wanted: str = "") -> str:
    """Press the button; gives the provider's address that it leads to."""
    return str(client.get("/login/city/", {"next": wanted} if wanted else {})["Location"])


def pass_provider(address: str, person: str, *, cancel: bool = False) -> str:
    """Log in and agree on the provider's own pages; gives where it sends the browser back to."""
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    with requests.Session() as browser:
        answer = browser.get(address, allow_redirects=False, timeout=10)
        for _ in range(12):
            if where := answer.headers.get("Location"):
                address = urljoin(answer.url, where)
                if address.startswith(HOME):
                    return address
                answer = browser.get(address, allow_redirects=False, timeout=10)
                continue
            form = re.search(r'action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            if cancel:
                abort = re.search(r'href="([^"]+/abort)"', answer.text)
                assert abort, answer.text
                answer = browser.get(urljoin(answer.url, abort[1]), allow_redirects=False, timeout=10)
                continue
            assert form and prompt, answer.text
            fields = {"prompt": prompt[1], "login": person, "password": "any"}
            where = urljoin(answer.url, html.unescape(form[1]))
            answer = browser.post(where, fields, allow_redirects=False, timeout=10)
    raise AssertionError("the provider never sent the browser back")


def log_in(client: Client, person: str, wanted: str = "") -> Any:
    """The whole way; gives the answer to the way back."""
    return client.get(pass_provider(start(client, wanted), person))


def account_of(client: Client) -> int | None:
    found = client.session.get("_auth_user_id")
    return int(found) if found else None


# --- the whole way -----------------------------------------------------------------------------------------------
def test_a_new_person_gets_an_account_with_a_verified_phone(client: Client) -> None:
    answer = log_in(client, "wang", "/my/sessions/")
    assert (answer.status_code, answer["Location"]) == (302, "/my/sessions/")
    account = queries.find_by_phone(PHONE)
    assert account is not None
    assert account_of(client) == account.pk
    assert (account.kind, account.phone_verified) == ("resident", True)
    assert "用市统一身份认证" in client.get("/my/sessions/").content.decode()
    assert AuditEntry.objects.get(verb="accounts.session.began").changes["ways"] == "city"


def test_one_phone_is_one_account_whichever_way_comes_first(client: Client) -> None:
    first = log_in_by_phone(Client(), PHONE)
    log_in(client, "wang")
    assert account_of(client) == first
    assert log_in_by_phone(Client(), PHONE) == first
    other = Client()
    log_in(other, "wang")
    assert account_of(other) == first
    assert Account.objects.filter(kind="resident").count() == 1
    assert CityLink.objects.count() == 1


def test_the_session_gets_a_new_key(client: Client) -> None:
    address = start(client)
    before = client.session.session_key
    client.get(pass_provider(address, "wang"))
    assert client.session.session_key != before


def test_what_the_provider_proved_need_not_be_typed(client: Client) -> None:
    log_in(client, "wang")
    page = client.get("/my/profile/").content.decode()
    assert "王演示" in page
    assert "340300***********1" in page
    assert NUMBER not in page
    assert 'name="id_number"' not in page
    answer = client.post("/my/profile/", {"division": VILLAGE, "name": "冒充", "id_number": "34030019000101002X"})
    assert answer.status_code == 302
    row = Resident.objects.get()
    assert (row.name, row.account_id, row.division_id) == ("王演示", account_of(client), VILLAGE)
    assert web.PROVEN not in client.session


def test_no_table_holds_what_the_provider_said(client: Client) -> None:
    log_in(client, "wang")
    for text in (PHONE, NUMBER, "王演示"):
        assert tables_holding(text) == []


def test_without_the_setting_names_and_numbers_are_not_taken(client: Client, settings: Any) -> None:
    settings.WEIMIN_OIDC_ID_CLAIM = ""
    log_in(client, "wang")
    assert account_of(client)
    assert 'name="id_number"' in client.get("/my/profile/").content.decode()


def test_staff_at_the_desk_are_logged_out_first(client: Client) -> None:
    make_staff()
    client.post("/desk/login/", {"login": "zhangwei", "password": "correct-horse-9"})
    log_in(client, "wang")
    assert Account.objects.get(pk=account_of(client)).kind == "resident"
    assert client.get("/desk/account/").status_code == 302


# --- what is asked for -----------------------------------------------------------------------------------------------
def test_the_question_carries_state_nonce_and_a_challenge(client: Client) -> None:
    asked = [parse_qs(urlsplit(start(client)).query) for _ in range(2)]
    for one in asked:
        assert one["response_type"] == ["code"]
        assert one["code_challenge_method"] == ["S256"]
        assert one["redirect_uri"] == [HOME + BACK]
        assert len(one["code_challenge"][0]) == 43
        assert set(one["scope"][0].split()) == {"openid", "profile", "phone", "identity"}
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


def test_the_caller_cannot_add_to_the_question(client: Client) -> None:
    plain = client.get("/login/city/?scope=admin&prompt=none&redirect_uri=https://evil.example/&auth_params=a%3Db")
    assert "evil" not in plain["Location"]
    assert "admin" not in plain["Location"]
    assert "prompt" not in plain["Location"]


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_leads_nowhere_else(client: Client, wanted: str) -> None:
    assert log_in(client, "wang", wanted)["Location"] == "/"


# --- replayed and foreign answers --------------------------------------------------------------------------------------
def test_an_answer_is_good_once(client: Client) -> None:
    back = pass_provider(start(client), "wang")
    client.get(back)
    client.post("/logout/")
    answer = client.get(back)
    assert answer["Location"].startswith("/login/?why=city")
    assert account_of(client) is None


def test_an_answer_works_only_in_the_browser_that_asked(client: Client) -> None:
    back = pass_provider(start(client), "wang")
    victim = Client()
    start(victim)
    assert victim.get(back)["Location"].startswith("/login/?why=city")
    assert account_of(victim) is None


def test_a_stolen_code_is_worth_nothing_with_another_state(client: Client) -> None:
    stolen = parse_qs(urlsplit(pass_provider(start(client), "wang")).query)["code"][0]
    thief = Client()
    own = parse_qs(urlsplit(start(thief)).query)["state"][0]
    answer = thief.get(BACK, {"code": stolen, "state": own})  # their own verifier does not fit the code
    assert answer["Location"].startswith("/login/?why=city")
    assert account_of(thief) is None


@pytest.mark.parametrize(
    "query",
    ["", "?code=x", "?state=x", "?code=x&state=y", "?error=server_error", "?iss=https://evil.example&code=x&state=y"],
)
def test_a_made_up_answer_is_refused(client: Client, query: str) -> None:
    start(client)
    assert client.get(BACK + query)["Location"].startswith("/login/?why=city")
    assert account_of(client) is None


def test_who_gives_up_is_told_of_the_other_way(client: Client) -> None:
    back = pass_provider(start(client), "wang", cancel=True)
    assert "error=access_denied" in back
    answer = client.get(back, follow=True)
    assert "请再试一次，或用手机验证码登录" in answer.content.decode()


# --- who it is ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("person", ["unverified", "phoneless"])
def test_a_new_person_without_a_verified_phone_is_sent_to_the_phone_code(client: Client, person: str) -> None:
    answer = log_in(client, person)
    assert "没有给出已验证的手机号" in client.get(answer["Location"]).content.decode()
    assert account_of(client) is None
    assert not Account.objects.filter(kind="resident").exists()


def test_a_phone_passed_on_opens_nobody_elses_account(client: Client) -> None:
    log_in(Client(), "wang")
    answer = log_in(client, "wang2")
    assert "已经是另一个人的登录账号" in client.get(answer["Location"]).content.decode()
    assert account_of(client) is None


def test_a_phone_whose_account_is_registered_to_another_opens_nothing(client: Client) -> None:
    account_id = log_in_by_phone(Client(), PHONE)
    me = Actor(kind="resident", name="旧主", via="portal", account_id=account_id)
    residents.register_resident(
        by=me, at=clock.now(), name="旧主", id_number="34030019000101002X", phone=PHONE, division_code=VILLAGE
    )
    answer = log_in(client, "wang")
    assert "city_phone_taken" in answer["Location"]
    assert account_of(client) is None
    assert not CityLink.objects.exists()


def test_a_closed_account_stays_closed(client: Client) -> None:
    account = actions.ensure_resident_account(at=AT, phone=PHONE)
    Account.objects.filter(pk=account.pk).update(is_active=False)
    assert "why=inactive" in log_in(client, "wang")["Location"]
    assert account_of(client) is None


# --- set up or not ---------------------------------------------------------------------------------------------------
def test_the_button_is_there_only_when_a_provider_is_set_up(client: Client, settings: Any) -> None:
    assert "用市统一身份认证登录" in client.get("/login/?next=/my/").content.decode()
    settings.WEIMIN_OIDC_ISSUER = ""
    assert "统一身份认证" not in client.get("/login/").content.decode()
    assert client.get("/login/city/").status_code == 404
    assert client.get(BACK).status_code == 404


def test_a_provider_that_does_not_answer_is_said_in_words(client: Client, settings: Any) -> None:
    settings.WEIMIN_OIDC_ISSUER = "http://127.0.0.1:9"
    answer = client.get("/login/city/?next=/my/", follow=True)
    assert "暂时连不上" in answer.content.decode()


def test_a_provider_that_calls_itself_otherwise_is_not_believed(client: Client, settings: Any, issuer: str) -> None:
    settings.WEIMIN_OIDC_ISSUER = issuer.replace("127.0.0.1", "localhost")
    assert "why=city_down" in client.get("/login/city/")["Location"]
