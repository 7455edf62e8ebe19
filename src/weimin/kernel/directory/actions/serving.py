"""Writes of who serves: register officers, open and close their log-ins, appoint them, end posts."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.directory import queries
from weimin.kernel.directory.models import Officer, Post
from weimin.kernel.directory.types import ROLES
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import ADMINISTRATORS, Actor


class AccountTaken(Conflict):
    """The account is somebody else's already."""

    code = "directory.account_taken"


class NotAdministrator(Forbidden):
    """Another administrator does this, or nobody does it for themselves."""

    code = "directory.not_administrator"


class AdministratorAlone(Conflict):
    """An administrator's role cannot be held together with another role at one time."""

    code = "directory.administrator_alone"


class LastAdministrator(Conflict):
    """Nobody would be left who could appoint and reset."""

    code = "directory.last_administrator"


def check_role(by: Actor, role: str, *, officer_id: int | None = None) -> None:
    """Let the platform, and holders of a role, act on another officer.

    Raises: NotAdministrator — another role, or oneself
    """
    if by.kind == "system":
        return
    if by.kind != "staff" or not by.is_staff or role not in by.roles:
        raise NotAdministrator(f"这件事由{ROLES[role]}办理。")
    if officer_id is not None and officer_id == by.officer_id:
        raise NotAdministrator("不能给自己办，请由另一位管理员办理。")


def _check_text(field: str, label: str, text: str) -> str:
    text = text.strip()
    if not 1 <= len(text) <= 40 or not text.isprintable():
        sentence = f"{label}要写 1 到 40 个字，不能有换行等特殊符号。"
        raise Invalid(sentence, fields={field: sentence})
    return text


def appoint(
    *,
    by: Actor,
    at: datetime,
    officer_id: int,
    agency_id: int,
    roles: tuple[str, ...],
    title: str,
    valid_until: date | None = None,
    reason: str = "",
) -> int:
    """Put somebody into a post from today. Gives the post's id.

    Administrators' roles are proposed by one and confirmed by another (`propose_administrator`); only the platform
    gives them here.

    Raises: Invalid — a role that does not exist, a title that cannot stand, an end before the beginning, no reason
            OfficerUnknown, AgencyUnknown — nobody, or nowhere
            NotAdministrator — not a security administrator, oneself, or an administrator's role
            AdministratorAlone — the officer holds an administrator's role then, or is to hold one beside another
    Cost:   one query, two inserts; one more query for an agency not named before in the process
    """
    check_role(by, "security_admin", officer_id=officer_id)
    if by.kind != "system" and ADMINISTRATORS & set(roles):
        raise NotAdministrator("管理员岗位要一人提名、另一人确认，请到“管理员”页面提名。")
    why = accounts.check_reason(by, reason)
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        sentence = f"没有这种岗位职责：{'、'.join(sorted(unknown)) or '（空）'}。"
        raise Invalid(sentence, fields={"roles": sentence})
    title = _check_text("title", "职务", title)
    if valid_until is not None and valid_until <= local_date(at):
        raise Invalid("任期要在今天以后结束。", fields={"valid_until": "要在今天以后。"})
    queries.check_officer(officer_id)
    queries.check_agency(agency_id)
    return _put_in_post(by, at, officer_id, agency_id, roles, title, valid_until, why)


def _constraint_of(fault: IntegrityError) -> str:
    """The name of the constraint that refused."""
    return str(getattr(getattr(fault.__cause__, "diag", None), "constraint_name", "") or "")


def _put_in_post(
    by: Actor,
    at: datetime,
    officer_id: int,
    agency_id: int,
    roles: tuple[str, ...],
    title: str,
    valid_until: date | None,
    why: str,
) -> int:
    """The insert and its entry; what the database refuses becomes our own error."""
    try:
        with transaction.atomic():
            post = Post.objects.create(
                officer_id=officer_id,
                agency_id=agency_id,
                roles=sorted(set(roles)),
                title=title,
                valid_from=local_date(at),
                valid_until=valid_until,
            )
            changes = {"officer": officer_id, "agency": agency_id, "roles": post.roles}
            record_audit(
                by=by,
                at=at,
                verb="directory.post.appointed",
                subject_type="post",
                subject_id=post.pk,
                changes=changes | ({"reason": why} if why else {}),
            )
    except IntegrityError as fault:
        if _constraint_of(fault) != "directory_administrator_alone":
            raise
        told = "系统管理员、安全管理员、审计管理员不能由一人兼任，也不能兼任办件岗位；请先结束原来的岗位。"
        raise AdministratorAlone(told) from fault
    return post.pk


def add_officer(*, by: Actor, at: datetime, name: str, account_id: int | None = None) -> int:
    """Register somebody who serves. Gives their id.

    Raises: Invalid — no name
            AccountTaken — the account serves somebody else already
            NotAdministrator — not a system administrator
    """
    check_role(by, "system_admin")
    name = _check_text("name", "姓名", name)
    try:
        with transaction.atomic():
            officer = Officer.objects.create(name=name, account_id=account_id)
            record_audit(
                by=by,
                at=at,
                verb="directory.officer.added",
                subject_type="officer",
                subject_id=officer.pk,
                changes={"name": name},
            )
    except IntegrityError as fault:
        raise AccountTaken("这个账号已经登记给别的工作人员，请换一个账号。") from fault
    return officer.pk


def register_staff(*, by: Actor, at: datetime, username: str, name: str) -> tuple[int, int]:
    """Register somebody with a log-in that nobody can use yet: the security administrator gives the password.

    Shape:  the officer's and the account's id
    Raises: Invalid — no name, or a user name that is taken or cannot be one
            NotAdministrator — not a system administrator
    """
    check_role(by, "system_admin")
    name = _check_text("name", "姓名", name)
    with transaction.atomic():
        account = accounts.create_staff_account(
            by=by, at=at, username=username, name=name, password_hash=make_password(None), temporary=True
        )
        return add_officer(by=by, at=at, name=name, account_id=account), account


def open_account(*, by: Actor, at: datetime, account_id: int, to_open: bool, reason: str) -> None:
    """Close somebody's log-in, which ends their sessions, or open it again.

    Raises: NotAdministrator — not a system administrator, or one's own
            Invalid — no reason
            LastAdministrator — the only security administrator's
            AccountUnknown, AccountAsBefore — no staff account, or it is so already
    """
    check_role(by, "system_admin")
    if by.kind != "system" and by.account_id == account_id:
        raise NotAdministrator("不能停用或启用自己的账号，请由另一位系统管理员办理。")
    why = accounts.check_reason(by, reason)
    with transaction.atomic():
        if not to_open:
            _check_not_last(at, account_id=account_id)
        accounts.set_account_open(by=by, at=at, account_id=account_id, to_open=to_open, reason=why)


def _check_not_last(at: datetime, **who: int) -> None:
    """Refuse to lose the only security administrator; two who would lose each other wait for one another."""
    held = queries.lock_administrators(role="security_admin", on=local_date(at))
    left = [one for one in held if any(getattr(one, name) != value for name, value in who.items())]
    if held and not left:
        raise LastAdministrator("这是唯一的安全管理员，请先任命另一位。")


def end_post(*, by: Actor, at: datetime, post_id: int, on: date, reason: str = "") -> None:
    """End a post on a day; what its holder did stays theirs.

    Units:  the day itself no longer counts as served
    Raises: Invalid — no such post, it has ended, or the day is not after its first
            Forbidden — neither a security administrator nor a leader of the post's body, or one's own post
            LastAdministrator — the only security administrator's
    """
    post = Post.objects.filter(pk=post_id).first()
    agency_id, officer_id, roles = (post.agency_id, post.officer_id, set(post.roles)) if post else (0, 0, set())
    if by.kind != "system":
        leads = "leader" in by.roles and agency_id in queries.list_led_agencies(agency_id=by.agency)
        if "security_admin" not in by.roles and (not leads or ADMINISTRATORS & roles):
            raise Forbidden("离任由本单位领导或安全管理员登记；管理员的离任由安全管理员登记。")
        if officer_id == by.officer_id:
            raise Forbidden("自己的岗位不能自己结束，请由上级单位或另一位安全管理员登记。")
    why = accounts.check_reason(by, reason) if "security_admin" in by.roles else reason
    with transaction.atomic():
        if "security_admin" in roles:
            _check_not_last(at, officer_id=officer_id)
        changed = Post.objects.filter(pk=post_id, valid_until=None, valid_from__lt=on).update(valid_until=on)
        if changed != 1:
            raise Invalid("这个岗位不存在、已经结束，或者结束日期不晚于任职日期。")
        record_audit(
            by=by,
            at=at,
            verb="directory.post.ended",
            subject_type="post",
            subject_id=post_id,
            changes={"valid_until": [None, on.isoformat()]} | ({"reason": why} if why else {}),
        )
