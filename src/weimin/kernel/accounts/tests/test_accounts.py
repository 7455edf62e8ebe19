"""Accounts and API clients: making, finding, naming, revoking."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from weimin.base.errors import Invalid
from weimin.base.identifiers import IdentifierInvalid
from weimin.kernel.accounts import actions, queries
from weimin.kernel.accounts.manifest import AUDIT_VERBS
from weimin.kernel.accounts.models import Account, ApiClient
from weimin.kernel.accounts.testing import AT, OPERATOR, make_staff, tables_holding
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.registry import verb_text

pytestmark = pytest.mark.django_db
PHONE = "13900000001"


# --- staff -----------------------------------------------------------------------------------------------
def test_a_staff_account_is_written_into_the_trail_without_its_password() -> None:
    account_id = make_staff("zhangwei", password="top-secret-1")
    entry = AuditEntry.objects.get(verb="accounts.account.created")
    assert (entry.subject_id, entry.changes) == (str(account_id), {"username": "zhangwei"})
    assert queries.find_staff_id("ZHANGWEI") == account_id
    assert queries.find_staff_id("nobody") is None
    assert actions.username_taken("ZhangWei")
    assert not actions.username_taken("lina")


@pytest.mark.parametrize("username", ["zhangwei", "ZHANGWEI", " zhangwei "])
def test_a_user_name_is_given_once_whatever_its_case(username: str) -> None:
    make_staff("zhangwei")
    with pytest.raises(Invalid) as fault:
        make_staff(username)
    assert "username" in fault.value.fields
    assert Account.objects.count() == 1


@pytest.mark.parametrize("username", ["", "  ", "张 伟", "a" * 61, "a\x00b", "-x", "13900000001", "a@b"])
def test_a_user_name_that_cannot_be_typed_at_the_log_in_is_refused(username: str) -> None:
    with pytest.raises(Invalid) as fault:
        make_staff(username)
    assert "username" in fault.value.fields


@pytest.mark.parametrize("username", ["zhangwei", "liucheng.shouli", "zhang_wei-2", "张伟", "A1"])
def test_user_names_in_use(username: str) -> None:
    assert queries.find_staff_id(username) is None
    assert make_staff(username) == queries.find_staff_id(username)


def test_a_ready_hash_is_taken_as_it_is() -> None:
    pk = actions.create_staff_account(by=OPERATOR, at=AT, username="a1", name="甲", password_hash="argon2$x")
    assert Account.objects.get(pk=pk).password == "argon2$x"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "staff", "username": None},
        {"kind": "resident", "username": "zhangwei"},
        {"kind": "robot", "username": None},
    ],
)
def test_the_database_keeps_kinds_apart(fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(display_name="甲", created_at=AT, **fields)


# --- residents ----------------------------------------------------------------------------------------------
def test_a_resident_account_is_made_once_and_costs_one_query_after() -> None:
    one = actions.ensure_resident_account(at=AT, phone=PHONE)
    with CaptureQueriesContext(connection) as seen:
        two = actions.ensure_resident_account(at=AT + timedelta(days=1), phone="+86 " + PHONE)
    assert one.pk == two.pk
    assert two.created_at == AT
    assert len(seen) == 1
    assert one.display_name == "139******01"
    assert not one.phone_verified


@pytest.mark.parametrize("phone", ["", "1390000000", "12900000001", "abc", "１３９０００００"])
def test_what_is_no_mobile_number_gets_no_account(phone: str) -> None:
    with pytest.raises(IdentifierInvalid):
        actions.ensure_resident_account(at=AT, phone=phone)
    assert not Account.objects.exists()


def test_a_name_given_later_is_shown() -> None:
    one = actions.ensure_resident_account(at=AT, phone=PHONE)
    actions.rename_account(account_id=one.pk, name="王秀英")
    assert Account.objects.get(pk=one.pk).display_name == "王秀英"
    actions.rename_account(account_id=0, name="没有")


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_indexes_are_equal_only_for_equal_numbers(one: str, two: str) -> None:
    assert (queries.phone_index(one) == queries.phone_index(two)) is (one == two)
    assert one.encode() not in queries.phone_index(one)


# --- API clients ----------------------------------------------------------------------------------------------
def make(**more: Any) -> str:
    return actions.create_client(**({"by": OPERATOR, "at": AT, "name": "省平台", "post_id": 7} | more))


def test_a_token_finds_its_client_in_one_query() -> None:
    token = make(scopes=("read",))
    with CaptureQueriesContext(connection) as seen:
        found = queries.find_client(token=token, at=AT)
    client = ApiClient.objects.get()
    assert found == (client.pk, 7, "省平台", ["read"])
    assert len(seen) == 1


def test_only_the_digest_of_a_token_is_kept() -> None:
    token = make()
    assert token.startswith("wm_")
    assert len(token) >= 43
    assert tables_holding(token) == []
    assert make() != token


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (AT, True),
        (AT + timedelta(days=30, seconds=-1), True),
        (AT + timedelta(days=30), False),
        (AT + timedelta(days=31), False),
    ],
)
def test_a_token_ends_with_its_time(at: datetime, valid: bool) -> None:
    token = make(days=30)
    assert (queries.find_client(token=token, at=at) is not None) is valid


@pytest.mark.parametrize("token", ["", "wm_", "wm_" + "x" * 43, "' OR 1=1", "\x00", "密"])
def test_another_text_is_no_token(token: str) -> None:
    make()
    assert queries.find_client(token=token, at=AT) is None


def test_a_revoked_token_is_dead_at_once_and_revoking_twice_says_so() -> None:
    token = make()
    client = ApiClient.objects.get()
    assert actions.revoke_client(by=OPERATOR, at=AT, client_id=client.pk)
    assert queries.find_client(token=token, at=AT) is None
    assert not actions.revoke_client(by=OPERATOR, at=AT, client_id=client.pk)
    assert not actions.revoke_client(by=OPERATOR, at=AT, client_id=0)
    assert AuditEntry.objects.filter(verb="accounts.client.revoked").count() == 1


@pytest.mark.parametrize(
    "more",
    [{"scopes": ("admin",)}, {"scopes": ("read", "all")}, {"scopes": ()}, {"days": 0}, {"days": -5}, {"name": " "}],
)
def test_a_client_that_makes_no_sense_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        make(**more)
    assert not ApiClient.objects.exists()


def test_every_verb_of_the_trail_has_a_text() -> None:
    for verb, text in AUDIT_VERBS.items():
        assert verb_text(verb) == text
