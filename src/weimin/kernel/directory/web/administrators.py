"""Who holds the three administrators' roles, who is proposed, and the break-glass sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.actions.appointing import may_decide
from weimin.kernel.directory.models import AdminProposal, Glass
from weimin.kernel.directory.types import GLASS, ROLES, AdministratorView
from weimin.kernel.record.types import ADMINISTRATORS, MAY_BREAK_GLASS
from weimin.ui.answers import status_of
from weimin.ui.sheets import moment, spreadsheet

SEE = ADMINISTRATORS | {"leader"}


@dataclass(frozen=True, slots=True)
class AdministratorsPage:
    """Who holds which role, the proposals, and the form for a new one."""

    held: list[AdministratorView]
    missing: list[str]
    proposals: list[tuple[AdminProposal, bool]]
    may_propose: bool
    roles: list[tuple[str, str]]
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GlassPage:
    """Break-glass sessions, the open one of this browser, and the form for a new one."""

    rows: list[tuple[Glass, str, bool, bool]]
    mine: Glass | None
    may_open: bool
    minutes: int
    a_day: int
    places: list[tuple[str, list[Any]]]
    counties: list[Any]
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def _said(request: Any, *names: str) -> dict[str, str]:
    return {name: request.POST.get(name, "").replace("\x00", "")[:300] for name in names}


@access("staff", roles=SEE)
@require_http_methods(["GET", "POST"])
def administrators(request: Any) -> HttpResponse:
    """Who holds which role; one security administrator proposes, another person confirms."""
    typed, errors, status = _said(request, "username", "role", "reason"), {}, 200
    if request.method == "POST":
        try:
            _propose_or_decide(request, typed)
            return HttpResponseRedirect(reverse("desk:administrators"))
        except WeiminError as fault:
            errors, status = dict(getattr(fault, "fields", {}) or {}) | {"": fault.message}, status_of(fault)
    held = queries.list_administrators(on=request.today)
    page = AdministratorsPage(
        held=held,
        missing=[ROLES[role] for role in sorted(ADMINISTRATORS) if role not in {one.role for one in held}],
        proposals=[(one, one.outcome == "open" and may_decide(request.actor, one)) for one in queries.list_proposals()],
        may_propose="security_admin" in request.actor.roles,
        roles=[(role, ROLES[role]) for role in ("system_admin", "security_admin", "audit_admin")],
        typed=typed,
        errors=errors,
    )
    return render(request, "directory/administrators.html", {"page": page}, status=status)


def _propose_or_decide(request: Any, typed: dict[str, str]) -> None:
    if "proposal" in request.POST:
        actions.decide_administrator(
            by=request.actor,
            at=request.at,
            proposal_id=read_id(request.POST["proposal"]),
            confirmed=request.POST.get("decide") == "confirm",
            reason=typed["reason"],
        )
        return
    found = queries.find_officer_by_username(typed["username"])
    if found is None:
        raise Invalid("没有这个用户名的工作人员。", fields={"username": "没有这个用户名，请先登记账号。"})
    actions.propose_administrator(
        by=request.actor,
        at=request.at,
        officer_id=found.pk,
        agency_id=request.actor.agency,
        role=typed["role"],
        title=ROLES.get(typed["role"], ""),
        reason=typed["reason"],
    )


def _state(one: Glass, at: datetime) -> str:
    if one.ended_at:
        return "已提前结束"
    return "正在进行" if at < one.until else "已到期"


@access("staff", roles=SEE)
@require_http_methods(["GET", "POST"])
def glass(request: Any) -> HttpResponse:
    """Open, end and look over break-glass sessions; a leader of the place takes notice."""
    typed, errors, status = _said(request, "place", "purpose", "reason"), {}, 200
    if request.method == "POST":
        try:
            _open_or_end(request, typed)
            return HttpResponseRedirect(reverse("desk:glass"))
        except WeiminError as fault:
            errors, status = dict(getattr(fault, "fields", {}) or {}) | {"": fault.message}, status_of(fault)
    actor = request.actor
    mine = queries.find_open_glass(actor, glass_id=request.session.get(GLASS), at=request.at)
    towns = queries.townships_by_county()
    page = GlassPage(
        rows=[
            (one, _state(one, request.at), _may_end(request, one), queries.may_notice(actor, one))
            for one in queries.list_glasses(actor)
        ],
        mine=mine,
        may_open=bool(actor.roles & MAY_BREAK_GLASS) and mine is None,
        minutes=settings.WEIMIN_GLASS_MINUTES,
        a_day=settings.WEIMIN_GLASS_A_DAY,
        places=towns,
        counties=[queries.get_division(some[0].parent_code) for _, some in towns if some],
        typed=typed,
        errors=errors,
    )
    return render(request, "directory/glass.html", {"page": page}, status=status)


def _may_end(request: Any, one: Glass) -> bool:
    mine = one.officer_id == request.actor.officer_id or "security_admin" in request.actor.roles
    return mine and one.ended_at is None and request.at < one.until


def _open_or_end(request: Any, typed: dict[str, str]) -> None:
    if "end" in request.POST:
        actions.end_glass(by=request.actor, at=request.at, glass_id=read_id(request.POST["end"]))
    elif "seen" in request.POST:
        actions.note_glass_seen(by=request.actor, at=request.at, glass_id=read_id(request.POST["seen"]))
    else:
        request.session[GLASS] = actions.open_glass(
            by=request.actor,
            at=request.at,
            place_code=typed["place"],
            purpose=typed["purpose"],
            reason=typed["reason"],
        )


@access("staff", roles=SEE)
@require_GET
def export_glass(request: Any) -> FileResponse:
    """The break-glass sessions that one may see as a spreadsheet."""
    head = ["编号", "谁", "身份", "范围", "依据", "理由", "打开", "到期", "提前结束", "签收人", "签收时间"]
    cells = (
        [
            one.pk,
            one.who,
            ROLES[one.role],
            queries.full_name(one.place_id),
            one.purpose,
            one.reason,
            moment(one.opened_at),
            moment(one.until),
            moment(one.ended_at),
            one.seen_by.name if one.seen_by else "",
            moment(one.seen_at),
        ]
        for one in queries.list_glasses(request.actor, limit=100_000)
    )
    return spreadsheet(f"break-glass-{request.today:%Y%m%d}.xlsx", "应急查看", head, cells)
