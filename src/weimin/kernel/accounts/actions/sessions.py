"""Writes of sessions: who logged in, and the ending of sessions by their owner or a security administrator."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.base.errors import Forbidden, Invalid, NotFound
from weimin.kernel.accounts.models import Account, Session
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class SessionUnknown(NotFound):
    """No such session of this account."""

    code = "accounts.session_unknown"


class NotSecurity(Forbidden):
    """Only a security administrator does this for somebody else."""

    code = "accounts.not_security"


def check_security(by: Actor, account_id: int) -> None:
    """Let the platform and security administrators act on the log-ins of others, nobody on their own this way.

    Raises: NotSecurity — somebody else, or one's own account
    """
    if by.kind == "system":
        return
    if "security_admin" not in by.roles or by.account_id == account_id:
        raise NotSecurity("这件事由安全管理员办理，且不能给自己办；请联系另一位安全管理员。")


def check_reason(by: Actor, reason: str) -> str:
    """A reason of at least five characters, for what touches another person; the platform needs none.

    Raises: Invalid — too short to mean anything
    """
    said = " ".join(reason.split())[:200]
    if by.kind != "system" and len(said) < 5:
        raise Invalid("请写明为什么，至少 5 个字，会记入审计。", fields={"reason": "请写明为什么，至少 5 个字。"})
    return said


def record_log_in(*, by: Actor, at: datetime, account_id: int, ways: str, device: str) -> None:
    """Write down that somebody logged in, by what way and from what kind of device."""
    record_audit(
        by=by,
        at=at,
        verb="accounts.session.began",
        subject_type="account",
        subject_id=account_id,
        changes={"ways": ways, "device": device},
    )


def end_session(*, by: Actor, at: datetime, session_id: str) -> None:
    """End one of one's own sessions.

    Raises: SessionUnknown — there is none such, or it is somebody else's
    """
    with transaction.atomic():
        gone, _ = Session.objects.filter(pk=session_id, account_id=by.account).delete()
        if not gone:
            raise SessionUnknown("这次登录已经结束了。")
        _record(by, at, by.account, gone)


def end_other_sessions(*, by: Actor, at: datetime, keep: str) -> int:
    """End all of one's own sessions but the one in use; gives how many."""
    with transaction.atomic():
        gone, _ = Session.objects.filter(account_id=by.account).exclude(pk=keep).delete()
        if gone:
            _record(by, at, by.account, gone)
    return gone


def end_all_sessions(*, by: Actor, at: datetime, account_id: int, reason: str = "") -> int:
    """End every session of somebody else's account at once; gives how many.

    Raises: NotSecurity — by is not a security administrator, or it is their own account
            Invalid — no reason
            SessionUnknown — no such account
    """
    check_security(by, account_id)
    reason = check_reason(by, reason)
    if not Account.objects.filter(pk=account_id).exists():
        raise SessionUnknown("没有这个账号。")
    with transaction.atomic():
        gone, _ = Session.objects.filter(account_id=account_id).delete()
        _record(by, at, account_id, gone, reason)
    return gone


def _record(by: Actor, at: datetime, account_id: int, count: int, reason: str = "") -> None:
    record_audit(
        by=by,
        at=at,
        verb="accounts.session.ended",
        subject_type="account",
        subject_id=account_id,
        changes={"sessions": count} | ({"reason": reason} if reason else {}),
    )


def forget_expired(*, at: datetime) -> int:
    """Delete sessions whose time is over."""
    return Session.objects.filter(expire_date__lte=at).delete()[0]
