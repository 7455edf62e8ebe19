"""Writes of second factors: spend a one-time password once, take a factor away, reset after a loss."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from weimin.base import crypto
from weimin.base.errors import NotFound
from weimin.kernel.accounts.actions.sessions import check_reason, check_security
from weimin.kernel.accounts.models import Account, FactorSecret, Session
from weimin.kernel.accounts.queries import SECRET
from weimin.kernel.accounts.rules import find_step
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class FactorUnknown(NotFound):
    """No such second factor of this account."""

    code = "accounts.factor_unknown"


def spend_totp(*, at: datetime, account_id: int, secret: str, code: str) -> bool:
    """Whether a one-time password is right and was not used before; it is used up by asking.

    A code, and every older one, is refused from then on, also when two requests bring it at one moment.

    Cost:   one conditional update when the code is right
    """
    step = find_step(secret=secret, code=code, at=at)
    if step is None:
        return False
    return bool(Account.objects.filter(pk=account_id, totp_step__lt=step).update(totp_step=step))


def keep_secret(text: str) -> str:
    """Seal the secret of a second factor; gives the number under which it is found."""
    return str(FactorSecret.objects.create(secret_sealed=crypto.seal(text, purpose=SECRET)).pk)


def _delete(rows: QuerySet[Authenticator]) -> int:
    """Delete second factors and their secrets; gives how many factors."""
    numbers = [row.data.get("secret") or row.data.get("seed") for row in rows]
    gone, _ = rows.delete()
    FactorSecret.objects.filter(pk__in=[int(one) for one in numbers if one]).delete()
    return gone


def drop_recovery_codes(*, account_id: int) -> None:
    """Make the recovery codes of an account worthless; new ones are made in the same transaction."""
    _delete(Authenticator.objects.filter(user_id=account_id, type="recovery_codes"))


def drop_factor(*, by: Actor, at: datetime, factor_id: int) -> None:
    """Take away one of one's own second factors; the recovery codes go with the last one.

    Raises: FactorUnknown — there is none such, or it is somebody else's
    """
    rows = Authenticator.objects.filter(user_id=by.account)
    with transaction.atomic():
        row = rows.select_for_update().filter(pk=factor_id).exclude(type="recovery_codes").first()
        if row is None:
            raise FactorUnknown("这个验证方式已经取消了。")
        _delete(rows.filter(pk=factor_id))
        if not rows.exclude(type="recovery_codes").exists():
            _delete(rows)
        record_factor(by=by, at=at, verb="accounts.factor.dropped", account_id=by.account, kind=row.type)


def record_factor(*, by: Actor, at: datetime, verb: str, account_id: int, kind: str) -> None:
    """Write a change of second factors into the trail."""
    record_audit(by=by, at=at, verb=verb, subject_type="account", subject_id=account_id, changes={"kind": str(kind)})


def reset_second_factor(*, by: Actor, at: datetime, account_id: int, reason: str = "") -> int:
    """Take away all second factors of somebody who lost theirs, and end their sessions; gives how many went.

    Who must have one sets up a new one at the next log-in. The security administrator has seen the person.

    Raises: NotSecurity — by is not a security administrator, or it is their own account
            Invalid — no reason
            FactorUnknown — no such staff account
    """
    check_security(by, account_id)
    reason = check_reason(by, reason)
    with transaction.atomic():
        if not Account.objects.select_for_update().filter(pk=account_id, kind="staff").exists():
            raise FactorUnknown("没有这个工作人员账号。")
        gone = _delete(Authenticator.objects.filter(user_id=account_id))
        Session.objects.filter(account_id=account_id).delete()
        record_audit(
            by=by,
            at=at,
            verb="accounts.factor.reset",
            subject_type="account",
            subject_id=account_id,
            changes={"factors": gone} | ({"reason": reason} if reason else {}),
        )
    return gone
