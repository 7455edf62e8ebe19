"""Writes of staff passwords: change one's own, hand out a temporary one."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from weimin.base.errors import Invalid, NotFound
from weimin.kernel.accounts.actions.sessions import check_reason, check_security
from weimin.kernel.accounts.models import Account, Session
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

#: Longer is no better and only costs time to hash.
MAX_LENGTH = 128
#: Letters and digits that are not taken for one another when read aloud.
_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"


class AccountUnknown(NotFound):
    """No such staff account."""

    code = "accounts.account_unknown"


def check_password(account: Account, password: str) -> None:
    """Check that a password may be chosen: long enough, not like the name, in no list of known ones.

    Raises: Invalid — with the sentence for the field `new`
    """
    try:
        if len(password) > MAX_LENGTH:
            raise ValidationError(f"口令最多 {MAX_LENGTH} 个字。")
        validate_password(password, account)
    except ValidationError as fault:
        text = "".join(str(one).rstrip("。") + "。" for one in fault.messages)
        raise Invalid("新口令还不行，请换一个。", fields={"new": text}) from fault


def change_password(*, by: Actor, at: datetime, account_id: int, old: str, new: str, keep: str = "") -> None:
    """Change one's own password, and end every other session of the account.

    Raises: Invalid — the old one is wrong, or the new one may not be chosen
            AccountUnknown — no such account, or somebody else's
    Cost:   three hashes
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=account_id, kind="staff").first()
        if account is None or by.account_id != account_id:
            raise AccountUnknown("没有这个账号。")
        if not account.check_password(old):
            raise Invalid("现在的口令不对。", fields={"old": "现在的口令不对，请重新输入。"})
        if old == new:
            raise Invalid("新口令和现在的一样。", fields={"new": "新口令和现在的一样，请换一个。"})
        check_password(account, new)
        _set(account, new, at=at, temporary=False, keep=keep)
        record_audit(
            by=by,
            at=at,
            verb="accounts.password.changed",
            subject_type="account",
            subject_id=account_id,
            changes={},
        )


def give_temporary_password(*, by: Actor, at: datetime, account_id: int, reason: str = "") -> str:
    """Replace somebody's lost password by one that must be changed at the next log-in; gives it, this once.

    Raises: NotSecurity — by is not a security administrator, or it is their own account
            Invalid — no reason
            AccountUnknown — no such staff account
    """
    check_security(by, account_id)
    reason = check_reason(by, reason)
    password = "-".join("".join(secrets.choice(_PLAIN) for _ in range(4)) for _ in range(4))
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=account_id, kind="staff").first()
        if account is None:
            raise AccountUnknown("没有这个工作人员账号。")
        _set(account, password, at=None, temporary=True, keep="")
        record_audit(
            by=by,
            at=at,
            verb="accounts.password.given",
            subject_type="account",
            subject_id=account_id,
            changes={"reason": reason} if reason else {},
        )
    return password


def _set(account: Account, password: str, *, at: datetime | None, temporary: bool, keep: str) -> None:
    account.password = make_password(password)
    account.password_is_temporary = temporary
    account.password_changed_at = at
    account.save(update_fields=["password", "password_is_temporary", "password_changed_at"])
    Session.objects.filter(account=account).exclude(pk=keep).delete()
