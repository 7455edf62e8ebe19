"""A resident's log-in is closed: nothing of it stays but that there was one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.base.errors import NotFound
from weimin.kernel.accounts.models import Account, CityLink, Session
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class AccountUnknown(NotFound):
    """No such resident's log-in."""

    code = "accounts.resident_unknown"


def close_account(*, by: Actor, at: datetime, account_id: int) -> None:
    """Close a resident's log-in: number, name, links and sessions are deleted; the number can begin anew.

    Raises: AccountUnknown — no such log-in
    Law:    pipl-2021 art. 47
    Cost:   five statements
    """
    with transaction.atomic():
        closed = Account.objects.filter(pk=account_id, kind="resident").update(
            is_active=False, phone_sealed=None, phone_index=None, phone_verified=False, display_name="已注销"
        )
        if closed != 1:
            raise AccountUnknown("没有这个账号。")
        Session.objects.filter(account_id=account_id).delete()
        CityLink.objects.filter(account_id=account_id).delete()
        record_audit(
            by=by, at=at, verb="accounts.account.closed", subject_type="account", subject_id=account_id, changes={}
        )
