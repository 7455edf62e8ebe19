"""Administrators are made by two: proposed by a security administrator, confirmed by somebody else."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, NotFound
from weimin.kernel.accounts.actions import check_reason
from weimin.kernel.directory import queries
from weimin.kernel.directory.actions.serving import (
    NotAdministrator,
    _check_text,
    _put_in_post,
    check_role,
)
from weimin.kernel.directory.models import AdminProposal
from weimin.kernel.directory.types import ROLES
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import ADMINISTRATORS, Actor


class ProposalUnknown(NotFound):
    """No such proposal, or it is decided already."""

    code = "directory.proposal_unknown"


class ProposalOpen(Conflict):
    """Somebody is proposed already."""

    code = "directory.proposal_open"


class HeldAlready(Conflict):
    """The first administrator of a role is made once."""

    code = "directory.held_already"


def propose_administrator(
    *, by: Actor, at: datetime, officer_id: int, agency_id: int, role: str, title: str, reason: str
) -> int:
    """Propose somebody for an administrator's role; it counts when another person confirms. Gives the proposal's id.

    Raises: NotAdministrator — not a security administrator, or oneself
            Invalid — not an administrator's role, no title, no reason
            ProposalOpen — the officer is proposed already
            OfficerUnknown, AgencyUnknown — nobody, or nowhere
    """
    check_role(by, "security_admin", officer_id=officer_id)
    if by.officer_id is None:
        raise NotAdministrator("提名要由一位安全管理员本人提出。")
    why = check_reason(by, reason)
    if role not in ADMINISTRATORS:
        raise Invalid("请选择三种管理员之一。", fields={"role": "请选择。"})
    title = _check_text("title", "职务", title)
    queries.check_officer(officer_id)
    queries.check_agency(agency_id)
    try:
        with transaction.atomic():
            row = AdminProposal.objects.create(
                officer_id=officer_id,
                agency_id=agency_id,
                role=role,
                title=title,
                reason=why,
                proposed_by_id=by.officer_id,
                proposed_at=at,
            )
            _record(by, at, row, "directory.administrator.proposed", {"reason": why})
    except IntegrityError as fault:
        raise ProposalOpen("这个人已经有待确认的提名。") from fault
    return row.pk


def _record(by: Actor, at: datetime, row: AdminProposal, verb: str, more: dict[str, object]) -> None:
    changes = {"officer": row.officer_id, "agency": row.agency_id, "role": row.role} | more
    record_audit(by=by, at=at, verb=verb, subject_type="officer", subject_id=row.officer_id, changes=changes)


def may_decide(by: Actor, row: AdminProposal) -> bool:
    """Whether somebody may confirm: another security administrator, or the head of the body or of the one above it."""
    if by.kind != "staff" or by.officer_id in (None, row.proposed_by_id, row.officer_id):
        return False
    heads = {row.agency_id, queries.find_head(row.agency_id)}
    return "security_admin" in by.roles or ("leader" in by.roles and by.agency_id in heads)


def decide_administrator(*, by: Actor, at: datetime, proposal_id: int, confirmed: bool, reason: str = "") -> int | None:
    """Confirm or refuse a proposal; gives the post's id when it was confirmed.

    Raises: ProposalUnknown — none such, or somebody decided meanwhile
            NotAdministrator — who proposed, who is proposed, or somebody who may not confirm
            AdministratorAlone — the officer holds another role by now
    """
    why = check_reason(by, reason)
    with transaction.atomic():
        row = AdminProposal.objects.select_for_update().filter(pk=proposal_id, outcome="open").first()
        if row is None:
            raise ProposalUnknown("没有这个提名，或者已经有人处理了。")
        if not may_decide(by, row):
            told = "提名由另一位安全管理员或者该单位领导确认；提名的人和被提名的人都不能确认。"
            raise NotAdministrator(told)
        row.outcome, row.decided_by_id, row.decided_at = "confirmed" if confirmed else "refused", by.officer_id, at
        row.save(update_fields=["outcome", "decided_by", "decided_at"])
        verb = "directory.administrator.confirmed" if confirmed else "directory.administrator.refused"
        _record(by, at, row, verb, {"proposed_by": row.proposed_by_id, "reason": why})
        if not confirmed:
            return None
        return _put_in_post(by, at, row.officer_id, row.agency_id, (row.role,), row.title, None, why)


def make_first_administrator(*, by: Actor, at: datetime, officer_id: int, agency_id: int, role: str) -> int:
    """Put the first holder of an administrator's role into office, at the installation; gives the post's id.

    Raises: HeldAlready — somebody holds it; further ones are proposed and confirmed
            NotAdministrator — anybody but the operator at the command line
    """
    if by.kind != "system":
        raise NotAdministrator("首任管理员由运维人员在服务器上设立。")
    with transaction.atomic():
        queries.lock_first_administrators()
        held = queries.list_administrators(on=local_date(at), role=role)
        if held:
            names = "、".join(one.name for one in held)
            raise HeldAlready(f"{ROLES[role]}已经有人担任（{names}）；再任命要在“管理员”页面提名并由另一人确认。")
        return _put_in_post(by, at, officer_id, agency_id, (role,), ROLES[role], None, "首任")
