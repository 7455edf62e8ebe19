"""Staff and their log-ins, as the administrators see them: the list, one account's page and what may be done there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, NotFound, WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.accounts import queries as logins
from weimin.kernel.accounts.types import FactorLine, SessionLine
from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.models import Officer, Post
from weimin.kernel.directory.types import ROLES, HeldLine, OfficerLine
from weimin.kernel.record.types import ADMINISTRATORS
from weimin.ui.answers import status_of
from weimin.ui.sheets import moment, spreadsheet

EXPORT = 100_000


@dataclass(frozen=True, slots=True)
class StaffPage:
    """The list of staff, and the form for a new one."""

    rows: list[OfficerLine]
    text: str
    after: int
    may_register: bool
    held: list[HeldLine]
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfficerPage:
    """One officer: log-in, factors, sessions, posts, and what the viewer may do."""

    officer: Officer
    posts: list[Post]
    serving: list[Post]
    factors: list[FactorLine]
    sessions: list[SessionLine]
    clients: list[Any]
    same_name: list[OfficerLine]
    roles: list[tuple[str, str]]
    agencies: list[tuple[int, str]]
    place: str
    system: bool
    security: bool
    own: bool
    done: str = ""
    password: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def _text(request: Any) -> str:
    return str(request.GET.get("q", "")).replace("\x00", "").strip()[:40]


@access("staff", roles=ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def staff(request: Any) -> HttpResponse:
    """Everybody who serves, by name, user name or agency; the system administrator registers a new one."""
    errors: dict[str, str] = {}
    typed = {name: request.POST.get(name, "").replace("\x00", "")[:60] for name in ("username", "name")}
    if request.method == "POST":
        try:
            officer, _ = actions.register_staff(by=request.actor, at=request.at, **typed)
        except Invalid as fault:
            errors = fault.fields or {"username": fault.message}
        else:
            return HttpResponseRedirect(reverse("desk:officer", args=[officer]))
    after = request.GET.get("after", "")
    size = queries.administrators.PAGE
    rows = queries.list_officers(
        request.actor,
        text=_text(request),
        on=request.today,
        after=read_id(after),
        limit=size + 1,
    )
    page = StaffPage(
        rows=rows[:size],
        text=_text(request),
        after=rows[size - 1].officer_id if len(rows) > size else 0,
        may_register="system_admin" in request.actor.roles,
        held=queries.list_held(request.actor, at=request.at),
        typed=typed,
        errors=errors,
    )
    return render(request, "directory/staff.html", {"page": page}, status=422 if errors else 200)


@access("staff", roles=ADMINISTRATORS)
@require_GET
def export_staff(request: Any) -> FileResponse:
    """What the list shows as a spreadsheet."""
    rows = queries.list_officers(request.actor, text=_text(request), on=request.today, limit=EXPORT)
    head = ["编号", "姓名", "用户名", "账号", "最近登录", "岗位"]
    cells = (
        [one.officer_id, one.name, one.username, _state(one), moment(one.last_login), "；".join(one.posts)]
        for one in rows
    )
    return spreadsheet(f"staff-{request.today:%Y%m%d}.xlsx", "工作人员", head, cells)


def _state(one: OfficerLine) -> str:
    if not one.account_id:
        return "没有账号"
    return "可用" if one.is_active else "停用"


class OfficerGone(NotFound):
    """No such officer."""

    code = "directory.officer_gone"


def _close(request: Any, officer: Officer, reason: str, *, to_open: bool) -> str:
    actions.open_account(
        by=request.actor, at=request.at, account_id=officer.account_id or 0, to_open=to_open, reason=reason
    )
    return "账号已启用。" if to_open else "账号已停用，已登录的也退出了。"


def _end_sessions(request: Any, officer: Officer, reason: str) -> str:
    gone = accounts.end_all_sessions(by=request.actor, at=request.at, account_id=officer.account_id or 0, reason=reason)
    return f"已结束 {gone} 次登录。"


def _reset(request: Any, officer: Officer, reason: str) -> str:
    accounts.reset_second_factor(by=request.actor, at=request.at, account_id=officer.account_id or 0, reason=reason)
    return "第二因素已重置，已登录的也退出了。本人下次登录时重新设置。"


def _revoke(request: Any, officer: Officer, reason: str) -> str:
    number = read_id(request.POST.get("client", ""))
    mine = {one.pk for one in logins.list_clients(post_ids=[one.pk for one in queries.list_posts_of(officer.pk)])}
    if number not in mine:
        raise OfficerGone("没有这个接口凭证。")
    accounts.revoke_client(by=request.actor, at=request.at, client_id=number, reason=reason)
    return "接口凭证已吊销。"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as broken:
        raise Invalid("日期请写成 2026-11-24。", fields={"valid_until": "日期请写成 2026-11-24。"}) from broken


def _appoint(request: Any, officer: Officer, reason: str) -> str:
    agency = read_id(request.POST.get("agency", ""))
    if not agency:
        raise Invalid("请选择机构。", fields={"agency": "请先找到并选择机构。"})
    actions.appoint(
        by=request.actor,
        at=request.at,
        officer_id=officer.pk,
        agency_id=agency,
        roles=tuple(request.POST.getlist("roles"))[:20],
        title=request.POST.get("title", "").replace("\x00", ""),
        valid_until=_day(request.POST.get("valid_until", "")),
        reason=reason,
    )
    return "已任职。"


def _end_post(request: Any, officer: Officer, reason: str) -> str:
    number = read_id(request.POST.get("post", ""))
    if number not in {one.pk for one in queries.list_posts_of(officer.pk)}:
        raise OfficerGone("没有这个岗位。")
    actions.end_post(by=request.actor, at=request.at, post_id=number, on=request.today, reason=reason)
    return "岗位已结束。"


_DOING: dict[str, Callable[[Any, Officer, str], str]] = {
    "close": lambda request, officer, reason: _close(request, officer, reason, to_open=False),
    "open": lambda request, officer, reason: _close(request, officer, reason, to_open=True),
    "sessions": _end_sessions,
    "factors": _reset,
    "client": _revoke,
    "appoint": _appoint,
    "end_post": _end_post,
}


@access("staff", roles=ADMINISTRATORS)
@never_cache
@sensitive_variables("password")
@require_http_methods(["GET", "POST"])
def officer(request: Any, officer_id: int) -> HttpResponse:
    """One officer's log-in and posts; each form is one action with its reason."""
    found = queries.find_officer(officer_id)
    if found is None:
        raise OfficerGone("没有这个工作人员。")
    done = password = ""
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            done, password = _do(request, found)
        except WeiminError as fault:
            if fault.kind == "not_found":
                raise
            errors = {"": fault.message} | dict(getattr(fault, "fields", {}) or {})
            status = status_of(fault)
        found = queries.find_officer(officer_id) or found
    page = _page(request, found, done=done, password=password, errors=errors)
    return render(request, "directory/officer.html", {"page": page}, status=status)


def _do(request: Any, found: Officer) -> tuple[str, str]:
    """Do what a form asks; gives what to say, and a temporary password that is shown this once."""
    what = request.POST.get("do", "")
    reason = request.POST.get("reason", "").replace("\x00", "")
    if found.pk == request.actor.officer_id:
        raise actions.NotAdministrator("自己的账号和岗位不能在这里改，请由另一位管理员办理。")
    if what == "password":
        given = accounts.give_temporary_password(
            by=request.actor, at=request.at, account_id=found.account_id or 0, reason=reason
        )
        return "临时口令已生成，只显示这一次。请当面交给本人，本人登录后要先换掉。", given
    if what not in _DOING:
        raise Invalid("没有这个操作。")
    return _DOING[what](request, found, reason), ""


def _page(request: Any, found: Officer, **more: Any) -> OfficerPage:
    actor, account_id = request.actor, found.account_id or 0
    posts = queries.list_posts_of(found.pk)
    place = request.POST.get("place", "") or request.GET.get("place", "")
    if not queries.division_exists(place):
        place = posts[0].agency.division_id if posts else actor.division_code
    return OfficerPage(
        officer=found,
        posts=posts,
        serving=[one for one in posts if one.valid_until is None or one.valid_until > local_date(request.at)],
        factors=logins.list_factors(account_id=account_id),
        sessions=logins.list_sessions(account_id=account_id, here="", at=request.at),
        clients=logins.list_clients(post_ids=[one.pk for one in posts]),
        same_name=[
            one
            for one in queries.list_officers(actor, text=found.name, on=request.today, limit=20)
            if one.name == found.name and one.officer_id != found.pk
        ],
        roles=[(code, text) for code, text in ROLES.items() if code not in ADMINISTRATORS],
        agencies=[(one.pk, one.name) for one in queries.list_agencies(division_code=place)],
        place=place,
        system="system_admin" in actor.roles,
        security="security_admin" in actor.roles,
        own=found.pk == actor.officer_id,
        typed={name: request.POST.get(name, "") for name in ("reason", "title", "valid_until", "agency", "do")},
        **more,
    )
