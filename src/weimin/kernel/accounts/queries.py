"""Reads of accounts and API clients."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from weimin.base import crypto
from weimin.kernel.accounts.models import Account, ApiClient, DemoSms

PHONE = "accounts.phone"


def phone_index(phone: str) -> bytes:
    """The blind index of a phone number."""
    return crypto.blind_index(phone, purpose=PHONE)


def find_by_phone(phone: str) -> Account | None:
    """The resident account of a phone number.

    Cost:   one query
    """
    return Account.objects.filter(phone_index=phone_index(phone)).first()


def phone_of(account: Account) -> str:
    """An account's phone number in clear; '' without one."""
    return crypto.unseal(account.phone_sealed, purpose=PHONE) if account.phone_sealed else ""


def phone_by_id(account_id: int) -> str:
    """The phone number of an account by id; '' without one."""
    account = Account.objects.filter(pk=account_id).first()
    return phone_of(account) if account else ""


def token_digest(token: str) -> str:
    """What is kept of an API token."""
    return crypto.sm3_hex(token.encode())


def find_client(*, token: str, at: datetime) -> tuple[int, int, str, list[str]] | None:
    """The valid API client of a token: id, post, name, scopes.

    Cost:   one query
    """
    return (
        ApiClient.objects.filter(Q(revoked_at=None), token_digest=token_digest(token), expires_at__gt=at)
        .values_list("pk", "post_id", "name", "scopes")
        .first()
    )


def list_demo_sms(*, at: datetime) -> list[DemoSms]:
    """The demonstration's messages of the last hour, newest first."""
    return list(DemoSms.objects.filter(sent_at__gt=at - timedelta(hours=1)).order_by("-pk")[:30])


def find_staff_id(username: str) -> int | None:
    """The staff account of a user name."""
    return Account.objects.filter(username__iexact=username).values_list("pk", flat=True).first()
