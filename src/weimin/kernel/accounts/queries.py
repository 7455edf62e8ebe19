"""Reads of accounts and API clients."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q

from weimin.base import crypto
from weimin.base.errors import NotReady
from weimin.kernel.accounts.models import Account, ApiClient, DemoSms, FactorSecret, Session
from weimin.kernel.accounts.rules import is_breached, seen_words
from weimin.kernel.accounts.types import WAYS, FactorLine, SessionLine

PHONE = "accounts.phone"
SECRET = "accounts.second_factor"  # noqa: S105 — the name of a purpose


class BreachedPasswords:
    """Django's password validator over the file of breached passwords that the settings name."""

    def validate(self, password: str, user: Account | None = None) -> None:
        """Refuse a password that stands in the list.

        Raises: NotReady — the list cannot be read
        """
        path = settings.WEIMIN_BREACHED_PASSWORDS
        try:
            found = bool(path) and is_breached(Path(path), password)
        except OSError as fault:
            raise NotReady("现在不能核对新口令是否泄露过，请稍后再换，或联系运维人员。") from fault
        if found:
            raise ValidationError("这个口令在泄露过的口令里出现过，别人会先试它。")

    def get_help_text(self) -> str:
        """What is asked for."""
        return "不能是泄露过的口令。"


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


def find_staff(username: str) -> Account | None:
    """The staff account of a user name, whatever its case.

    Cost:   one query
    """
    return Account.objects.filter(username__iexact=username).first() if username else None


def find_staff_id(username: str) -> int | None:
    """The staff account of a user name."""
    return Account.objects.filter(username__iexact=username).values_list("pk", flat=True).first()


def list_sessions(*, account_id: int, here: str, at: datetime) -> list[SessionLine]:
    """The sessions of an account that are not over, the one in use first, then the latest.

    Cost:   one query
    """
    idle = at - timedelta(minutes=settings.WEIMIN_IDLE_MINUTES)
    rows = Session.objects.filter(account_id=account_id, expire_date__gt=at, seen_at__gt=idle).order_by("-began_at")
    lines = [
        SessionLine(
            session_id=row.pk,
            device=row.device or "不认识的设备",
            began_at=row.began_at,
            seen=seen_words(row.seen_at, at=at),
            ways=ways_words(row.ways),
            here=row.pk == here,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda one: not one.here)


def ways_words(ways: str) -> str:
    """The ways of a log-in in words: 口令和验证器."""
    return "和".join(WAYS[one] for one in ways.split(",") if one in WAYS)


def list_factors(*, account_id: int) -> list[FactorLine]:
    """The second factors of an account, recovery codes left out.

    Cost:   one query
    """
    rows = Authenticator.objects.filter(user_id=account_id).exclude(type="recovery_codes").order_by("pk")
    return [
        FactorLine(
            factor_id=row.pk,
            kind=row.type,
            name=row.data.get("name", "") if row.type == "webauthn" else "验证器",
            added_at=row.created_at,
            used_at=row.last_used_at,
        )
        for row in rows
    ]


def open_secret(number: str) -> str:
    """The secret of a second factor by its number."""
    return crypto.unseal(FactorSecret.objects.get(pk=int(number)).secret_sealed, purpose=SECRET)


def has_second_factor(*, account_id: int) -> bool:
    """Whether an account has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user_id=account_id).exclude(type="recovery_codes").exists()


def count_recovery_codes(*, account_id: int) -> int:
    """How many recovery codes of an account are left."""
    row = Authenticator.objects.filter(user_id=account_id, type="recovery_codes").first()
    return len(row.wrap().get_unused_codes()) if row else 0


def list_clients(*, post_ids: list[int]) -> list[ApiClient]:
    """The API clients that act for some posts, the latest first."""
    return list(ApiClient.objects.filter(post_id__in=post_ids).order_by("-pk")) if post_ids else []


def list_usernames(*, ids: set[int]) -> dict[int, str]:
    """The user names of staff accounts by id.

    Cost:   one query, none for no accounts
    """
    rows = Account.objects.filter(pk__in=ids, kind="staff").values_list("pk", "username") if ids else ()
    return {pk: username or "" for pk, username in rows}
