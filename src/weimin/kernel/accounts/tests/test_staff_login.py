"""Staff log in by user name and password and choose the post they act in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from weimin.base import clock
from weimin.kernel.accounts.actions import create_staff_account
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import AT, OPERATOR, PASSWORD, ask_for_code, log_in_by_phone, make_staff
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.directory.models import Post

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
LOGIN = "/desk/login/"
TOWN = "340321113000"
MISMATCH = "用户名或口令不对，请重新输入。"


def log_in(client: Client, username: str, password: str, **more: str) -> Any:
    return client.post(LOGIN, {"login": username, "password": password, **more})


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def serve(account_id: int, *roles: str) -> list[int]:
    """Two posts in the township's centre; gives their ids."""
    centre = next(one for one in places.list_agencies(division_code=TOWN) if one.kind == "centre")
    at = clock.now()
    officer = directory.add_officer(by=OPERATOR, at=at, name="张伟", account_id=account_id)
    return [
        directory.appoint(by=OPERATOR, at=at, officer_id=officer, agency_id=centre.pk, roles=(role,), title=role)
        for role in roles
    ]


# --- right and wrong ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("typed", ["zhangwei", "ZhangWei", " zhangwei "])
def test_the_right_password_opens_the_desk(client: Client, typed: str) -> None:
    serve(make_staff("zhangwei"), "front_desk")
    answer = log_in(client, typed, PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/desk/")
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("zhangwei", "wrong"),
        ("zhangwei", PASSWORD.upper()),
        ("zhangwei", PASSWORD + " "),
        ("nobody", PASSWORD),
        ("zhangwei@example.com", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("<script>alert(1)</script>", PASSWORD),
    ],
)
def test_wrong_user_and_wrong_password_get_the_same_sentence(client: Client, username: str, password: str) -> None:
    make_staff("zhangwei")
    page = log_in(client, username, password).content.decode()
    assert MISMATCH in page
    assert "<script>alert" not in page
    assert not is_logged_in(client)


@pytest.mark.parametrize(("username", "password"), [("", PASSWORD), ("zhangwei", ""), ("", ""), ("a\x00b", PASSWORD)])
def test_an_empty_or_broken_field_is_named(client: Client, username: str, password: str) -> None:
    make_staff("zhangwei")
    page = log_in(client, username, password).content.decode()
    assert 'role="alert"' in page
    assert "用户名：" in page or "口令：" in page
    assert not is_logged_in(client)


def test_what_was_typed_stays_and_the_password_does_not(client: Client) -> None:
    page = log_in(client, "zhangwei", "secret-typed").content.decode()
    assert 'value="zhangwei"' in page
    assert "secret-typed" not in page


def test_ten_wrong_tries_close_the_door_for_a_while(client: Client) -> None:
    make_staff("zhangwei")
    for _ in range(10):
        assert MISMATCH in log_in(client, "zhangwei", "wrong").content.decode()
    assert "试的次数太多" in log_in(client, "zhangwei", PASSWORD).content.decode()
    assert not is_logged_in(client)
    make_staff("lina", "李娜")
    log_in(client, "lina", PASSWORD)
    assert is_logged_in(client)


def test_a_closed_account_is_told_so_only_with_the_right_password(client: Client) -> None:
    account_id = make_staff("zhangwei")
    Account.objects.filter(pk=account_id).update(is_active=False)
    assert "已停用" not in client.post(LOGIN, {"login": "zhangwei", "password": "wrong"}, follow=True).content.decode()
    answer = client.post(LOGIN, {"login": "zhangwei", "password": PASSWORD}, follow=True)
    assert "这个账号已停用" in answer.content.decode()
    assert answer.request["PATH_INFO"] == LOGIN
    assert not is_logged_in(client)


def test_an_account_without_a_password_cannot_log_in(client: Client) -> None:
    create_staff_account(by=OPERATOR, at=AT, username="zhangwei", name="张伟")
    for password in ("", "!", "None"):
        log_in(client, "zhangwei", password)
        assert not is_logged_in(client)


def test_a_residents_number_is_no_user_name(client: Client) -> None:
    ask_for_code(Client(), "13900000001")
    assert MISMATCH in log_in(client, "13900000001", "anything").content.decode()
    assert not is_logged_in(client)


def test_passwords_are_kept_as_argon2() -> None:
    assert Account.objects.get(pk=make_staff()).password.startswith("argon2$argon2id$")


# --- where to next ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("wanted", "landed"),
    [("/desk/figures/", "/desk/figures/"), ("https://evil.example/", "/desk/"), ("//evil.example", "/desk/")],
)
def test_the_log_in_returns_to_where_it_was_needed_and_nowhere_else(client: Client, wanted: str, landed: str) -> None:
    serve(make_staff(), "front_desk")
    assert log_in(client, "zhangwei", PASSWORD, next=wanted)["Location"] == landed


def test_the_page_carries_the_wish_on(client: Client) -> None:
    answer = client.get("/desk/figures/", follow=True)
    assert answer.request["PATH_INFO"] == LOGIN
    assert re.search(r'name="next" value="/desk/figures/"', answer.content.decode())


def test_somebody_logged_in_is_sent_on(client: Client) -> None:
    serve(make_staff(), "front_desk")
    log_in(client, "zhangwei", PASSWORD)
    answer = client.get(LOGIN, {"next": "/desk/figures/"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/figures/")


def test_a_resident_at_the_desk_gets_its_log_in_page_not_a_loop(client: Client) -> None:
    log_in_by_phone(client, "13900000001")
    answer = client.get("/desk/", follow=True)
    assert answer.status_code == 200
    assert answer.request["PATH_INFO"] == LOGIN
    account_id = make_staff()
    serve(account_id, "front_desk")
    log_in(client, "zhangwei", PASSWORD)
    assert client.session["_auth_user_id"] == str(account_id)
    assert client.get("/desk/").status_code == 200


def test_logging_out_needs_a_button(client: Client) -> None:
    serve(make_staff(), "front_desk")
    log_in(client, "zhangwei", PASSWORD)
    assert client.get("/desk/logout/").status_code == 405
    assert is_logged_in(client)
    assert client.post("/desk/logout/")["Location"] == LOGIN
    assert not is_logged_in(client)


# --- posts -----------------------------------------------------------------------------------------------------
def test_staff_without_a_post_are_told_whom_to_ask(client: Client) -> None:
    make_staff()
    log_in(client, "zhangwei", PASSWORD)
    answer = client.get("/desk/")
    assert answer.status_code == 403
    assert "您现在没有在任的岗位" in answer.content.decode()


def test_one_acts_in_the_first_post_until_another_is_chosen(client: Client) -> None:
    first, second = serve(make_staff(), "front_desk", "operator")
    log_in(client, "zhangwei", PASSWORD)
    assert client.get("/desk/").wsgi_request.actor.post_id == first
    assert client.get("/desk/operations/").status_code == 403
    client.post("/desk/post/", {"post": str(second)})
    assert client.get("/desk/").wsgi_request.actor.post_id == second
    assert client.get("/desk/operations/").status_code == 200


@pytest.mark.parametrize("typed", ["", "0", "-1", "abc", "²", "٣", "9" * 40, "1.5"])
def test_a_post_that_is_none_changes_nothing(client: Client, typed: str) -> None:
    first, _ = serve(make_staff(), "front_desk", "reviewer")
    log_in(client, "zhangwei", PASSWORD)
    assert client.post("/desk/post/", {"post": typed}).status_code == 302
    assert client.get("/desk/").wsgi_request.actor.post_id == first


def test_nobody_takes_a_colleagues_post(client: Client) -> None:
    mine = serve(make_staff("zhangwei"), "front_desk")
    theirs = serve(make_staff("lina", "李娜"), "operator")
    log_in(client, "zhangwei", PASSWORD)
    client.post("/desk/post/", {"post": str(theirs[0])})
    assert client.get("/desk/").wsgi_request.actor.post_id == mine[0]
    assert client.get("/desk/operations/").status_code == 403


def test_an_ended_post_ends_at_once(client: Client) -> None:
    posts = serve(make_staff(), "front_desk")
    log_in(client, "zhangwei", PASSWORD)
    assert client.get("/desk/").status_code == 200
    today = clock.local_date(clock.now())
    Post.objects.filter(pk__in=posts).update(valid_from=today - timedelta(days=9), valid_until=today)
    assert client.get("/desk/").status_code == 403
