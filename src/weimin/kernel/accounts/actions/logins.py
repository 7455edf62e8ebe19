"""Writes of accounts and API clients, and the sending of texts."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from weimin.base import clock, crypto
from weimin.base.errors import Conflict, Invalid
from weimin.base.identifiers import check_phone, mask_phone
from weimin.kernel.accounts import queries
from weimin.kernel.accounts.actions.sessions import check_reason, check_security
from weimin.kernel.accounts.models import Account, ApiClient, DemoSms, Session
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

SCOPES = ("read", "write")
#: A user name; all digits would be taken for a phone number at the log-in.
_USERNAME = re.compile(r"\w[\w.-]{0,59}")


class DemoSmsProvider:
    """Keeps the message for the demonstration's page of codes."""

    def send(self, *, phone: str, text: str, key: str = "") -> None:
        """Store the message with the number masked."""
        DemoSms.objects.create(phone_shown=mask_phone(phone), text=text[:300], sent_at=clock.now())


def create_staff_account(
    *,
    by: Actor,
    at: datetime,
    username: str,
    name: str,
    password: str | None = None,
    password_hash: str | None = None,
    temporary: bool = False,
) -> int:
    """Make an account for somebody who serves; gives its id. A temporary password must be changed at the log-in.

    Raises: Invalid — the user name is taken or cannot be one
    """
    username = username.strip()
    if not _USERNAME.fullmatch(username) or username.isdecimal():
        raise Invalid(
            "用户名由汉字、字母、数字和点、横线、下划线组成，最多 60 个字，不能全是数字。",
            fields={"username": "请换一个。"},
        )
    if Account.objects.filter(username__iexact=username).exists():
        raise Invalid(f"用户名 {username} 已经有人用了。", fields={"username": "请换一个。"})
    account = Account.objects.create(
        kind="staff",
        username=username,
        display_name=name,
        created_at=at,
        password=password_hash or make_password(password),
        password_is_temporary=temporary,
    )
    record_audit(
        by=by,
        at=at,
        verb="accounts.account.created",
        subject_type="account",
        subject_id=account.pk,
        changes={"username": username},
    )
    return account.pk


def ensure_resident_account(*, at: datetime, phone: str) -> Account:
    """The account of a phone number, made when there is none; unverified until a code came back.

    Raises: IdentifierInvalid — not a mobile number
    Cost:   one query, two when it is new
    """
    phone = check_phone(phone)
    account, _ = Account.objects.get_or_create(
        phone_index=queries.phone_index(phone),
        defaults={
            "kind": "resident",
            "display_name": mask_phone(phone),
            "phone_sealed": crypto.seal(phone, purpose=queries.PHONE),
            "password": make_password(None),
            "created_at": at,
        },
    )
    return account


def rename_account(*, account_id: int, name: str) -> None:
    """Show another name on the pages of an account."""
    Account.objects.filter(pk=account_id).update(display_name=name)


def create_client(
    *, by: Actor, at: datetime, name: str, post_id: int, scopes: tuple[str, ...] = SCOPES, days: int = 365
) -> str:
    """Make an API client that acts for a post; gives the token, which is never shown again.

    Raises: Invalid — no name, no or an unknown scope, no days
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid("凭证权限只有 read 和 write 两种，至少选一种。")
    if not name.strip() or days < 1:
        raise Invalid("请写明哪个系统使用，有效期至少 1 天。")
    token = "wm_" + secrets.token_urlsafe(32)
    client = ApiClient.objects.create(
        name=name,
        token_digest=queries.token_digest(token),
        post_id=post_id,
        scopes=list(scopes),
        created_at=at,
        expires_at=at + timedelta(days=days),
    )
    record_audit(
        by=by,
        at=at,
        verb="accounts.client.created",
        subject_type="client",
        subject_id=client.pk,
        changes={"name": name, "scopes": list(scopes)},
    )
    return token


def revoke_client(*, by: Actor, at: datetime, client_id: int, reason: str = "") -> bool:
    """Revoke an API client; False when it was not valid.

    Raises: NotSecurity — neither the platform nor a security administrator
            Invalid — no reason
    """
    check_security(by, 0)
    reason = check_reason(by, reason)
    changed = ApiClient.objects.filter(pk=client_id, revoked_at=None).update(revoked_at=at)
    if changed:
        record_audit(
            by=by,
            at=at,
            verb="accounts.client.revoked",
            subject_type="client",
            subject_id=client_id,
            changes={"reason": reason} if reason else {},
        )
    return bool(changed)


def username_taken(username: str) -> bool:
    """Whether a staff user name is in use."""
    return Account.objects.filter(username__iexact=username).exists()


class AccountAsBefore(Conflict):
    """The account is so already."""

    code = "accounts.account_as_before"


def set_account_open(*, by: Actor, at: datetime, account_id: int, to_open: bool, reason: str) -> None:
    """Close a staff account and end its sessions, or open it again; who may, the directory says.

    Raises: AccountAsBefore — no such staff account, or it is so already
    """
    with transaction.atomic():
        rows = Account.objects.filter(pk=account_id, kind="staff", is_active=not to_open)
        if rows.update(is_active=to_open) != 1:
            raise AccountAsBefore("没有这个工作人员账号，或者它已经是这个状态了。")
        if not to_open:
            Session.objects.filter(account_id=account_id).delete()
        record_audit(
            by=by,
            at=at,
            verb="accounts.account.opened" if to_open else "accounts.account.closed",
            subject_type="account",
            subject_id=account_id,
            changes={"reason": reason},
        )
