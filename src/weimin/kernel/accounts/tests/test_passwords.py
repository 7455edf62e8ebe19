"""Staff passwords: chosen well, changed by their owner, and what a change ends."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from weimin.kernel.accounts import actions
from weimin.kernel.accounts.actions.passwords import AccountUnknown
from weimin.kernel.accounts.actions.sessions import NotSecurity
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import AT, OPERATOR, PASSWORD, WHY
from weimin.kernel.accounts.tests.test_sessions import admin, is_in, logged_in, staff
from weimin.kernel.record.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
PAGE = "/desk/account/password/"
NEW = "huaihe-river-in-spring"


def change(client: Client, new: str = NEW, old: str = PASSWORD, again: str | None = None) -> Any:
    return client.post(PAGE, {"old": old, "new": new, "again": new if again is None else again})


def test_a_new_password_takes_the_place_of_the_old() -> None:
    account_id = staff()
    client = logged_in()
    answer = change(client)
    assert (answer.status_code, answer["Location"]) == (302, "/desk/account/")
    account = Account.objects.get(pk=account_id)
    assert account.check_password(NEW)
    assert not account.check_password(PASSWORD)
    assert account.password.startswith("argon2$argon2id$")
    assert account.password_changed_at is not None
    assert AuditEntry.objects.get(verb="accounts.password.changed").changes == {}
    assert is_in(client)


def test_a_stolen_session_is_dead_after_the_change() -> None:
    staff()
    owner, thief, copy = logged_in(), logged_in(), Client()
    copy.cookies["sessionid"] = owner.session.session_key  # the owner's own cookie, stolen
    assert is_in(thief)
    assert is_in(copy)
    change(owner)
    assert is_in(owner)
    assert not is_in(thief)
    assert not is_in(copy)


def test_a_session_brought_back_from_a_backup_is_dead_too() -> None:
    from weimin.kernel.accounts.models import Session

    staff()
    owner, thief = logged_in(), logged_in()
    rows = list(Session.objects.all())
    change(owner)
    Session.objects.bulk_create(rows, ignore_conflicts=True)
    assert not is_in(thief)


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ("short-one", "10"),
        ("password123", "常见"),
        ("zhangwei2026", "相似"),
        (PASSWORD, "一样"),
        ("x" * 129, "最多 128"),
        ("", "10"),
    ],
)
def test_a_password_that_may_not_be_chosen_is_refused_in_words(new: str, says: str) -> None:
    staff()
    client = logged_in()
    answer = change(client, new)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert not new or new not in page
    log_in = Client()
    log_in.post("/desk/login/", {"login": "zhangwei", "password": PASSWORD})
    assert is_in(log_in)


def test_a_breached_password_is_refused(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "breached.txt"
    words = ["huaihe-river-in-spring", "another-long-secret", "third-long-secret"]
    path.write_text(
        "\r\n".join(
            sorted(hashlib.sha1(one.encode(), usedforsecurity=False).hexdigest().upper() + ":3" for one in words)
        )
    )
    settings.WEIMIN_BREACHED_PASSWORDS = str(path)
    staff()
    client = logged_in()
    assert "泄露过的口令" in change(client, NEW).content.decode()
    assert change(client, "fourth-long-secret").status_code == 302


def test_a_list_that_cannot_be_read_lets_no_password_through(settings: Any, tmp_path: Path) -> None:
    settings.WEIMIN_BREACHED_PASSWORDS = str(tmp_path / "gone.txt")
    staff()
    client = logged_in()
    answer = change(client)
    assert answer.status_code == 503
    assert "请稍后再换" in answer.content.decode()
    assert Account.objects.get(username="zhangwei").check_password(PASSWORD)


def test_the_old_password_is_asked_for_and_guessing_it_is_counted() -> None:
    staff()
    client = logged_in()
    assert "现在的口令不对" in change(client, old="wrong").content.decode()
    answers = [change(client, old=f"wrong-{n}").status_code for n in range(12)]
    assert answers[-1] == 429


def test_both_new_passwords_must_be_the_same() -> None:
    staff()
    client = logged_in()
    answer = change(client, again="something-else-long")
    assert answer.status_code == 422
    assert "不一样" in answer.content.decode()


def test_nobody_changes_the_password_of_another() -> None:
    account_id = staff("zhangwei")
    with pytest.raises(AccountUnknown):
        actions.change_password(by=admin(), at=AT, account_id=account_id, old=PASSWORD, new=NEW)


# --- temporary passwords ----------------------------------------------------------------------------------------------
def test_a_temporary_password_must_be_changed_before_the_desk_opens() -> None:
    account_id = staff()
    stolen = logged_in()
    given = actions.give_temporary_password(by=admin(), at=AT, account_id=account_id, reason=WHY)
    assert not is_in(stolen)
    client = Client()
    client.post("/desk/login/", {"login": "zhangwei", "password": given})
    for path in ("/desk/", "/desk/figures/", "/desk/new/"):
        assert client.get(path)["Location"] == PAGE
    assert client.post("/desk/post/", {"post": "1"})["Location"] == PAGE
    assert "临时口令" in client.get(PAGE).content.decode()
    assert change(client, old=given).status_code == 302
    assert client.get("/desk/").status_code == 200


def test_a_new_account_may_start_with_a_temporary_password() -> None:
    pk = actions.create_staff_account(
        by=OPERATOR, at=AT, username="lina", name="李娜", password="hand-out-4711", temporary=True
    )
    client = Client()
    client.post("/desk/login/", {"login": "lina", "password": "hand-out-4711"})
    assert client.get("/desk/")["Location"] == PAGE
    change(client, old="hand-out-4711")
    assert not Account.objects.get(pk=pk).password_is_temporary


def test_a_temporary_password_is_in_no_trail_and_never_the_same() -> None:
    account_id = staff()
    given = {actions.give_temporary_password(by=admin(), at=AT, account_id=account_id, reason=WHY) for _ in range(3)}
    assert len(given) == 3
    assert all(len(one) == 19 for one in given)
    entries = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert not any(one in entries for one in given)


def test_only_a_security_administrator_hands_one_out_and_not_to_a_resident() -> None:
    account_id = staff()
    with pytest.raises(NotSecurity):
        actions.give_temporary_password(by=admin("system_admin"), at=AT, account_id=account_id, reason=WHY)
    resident = actions.ensure_resident_account(at=AT, phone="13900000001")
    with pytest.raises(AccountUnknown):
        actions.give_temporary_password(by=admin(), at=AT, account_id=resident.pk, reason=WHY)
