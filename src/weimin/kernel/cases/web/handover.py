"""Leaders: who of their bodies holds what, handing it over, and the end of a post."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, NotFound, WeiminError
from weimin.base.guard import access
from weimin.kernel.cases import actions, queries
from weimin.kernel.directory import actions as directory_actions
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import StaffView
from weimin.ui.answers import status_of


class OfficerNotYours(NotFound):
    """The officer neither serves in the leader's bodies nor holds anything there."""

    code = "cases.officer_not_yours"


@dataclass
class OfficerPage:
    """One officer: their posts, what they hold, and to whom it may go."""

    officer_id: int
    name: str
    posts: list[StaffView]
    steps: list[Any]
    colleagues: dict[int, str]
    errors: dict[str, str] = field(default_factory=dict)
    typed: Any = None
    done: str = ""


def _staff(request: Any) -> list[StaffView]:
    led = directory.list_led_agencies(agency_id=request.actor.agency)
    return directory.list_staff(agency_ids=led, on=request.today)


@access("staff", roles={"leader"})
@require_GET
def handover(request: Any) -> HttpResponse:
    """Everybody in the leader's bodies with what they hold; those who have left while holding something first."""
    staff, held = _staff(request), queries.count_held(request.actor)
    here = {one.officer_id for one in staff}
    counts = {(officer_id, agency_id): n for officer_id, _, agency_id, n in held}
    context = {
        "rows": [(one, counts.get((one.officer_id, one.agency_id), 0)) for one in staff],
        "left": [(officer_id, name, n) for officer_id, name, _, n in held if officer_id not in here],
    }
    return render(request, "cases/handover.html", context)


@access("staff", roles={"leader"})
@require_http_methods(["GET", "POST"])
def handover_officer(request: Any, officer_id: int) -> HttpResponse:
    """One officer: the open steps they hold, to hand over; their posts, to end."""
    shown, status = _page(request, officer_id), 200
    if request.method == "POST":
        try:
            done = _act(request, shown)
        except WeiminError as fault:
            shown.errors, shown.typed = fault.fields or {"send": fault.message}, request.POST
            status = status_of(fault)
        else:
            here = reverse("desk:handover_officer", args=[officer_id])
            return HttpResponseRedirect(f"{here}?{urlencode({'done': done})}")
    return render(request, "cases/handover_officer.html", vars(shown), status=status)


def _page(request: Any, officer_id: int) -> OfficerPage:
    staff = _staff(request)
    posts = [one for one in staff if one.officer_id == officer_id]
    steps = queries.list_held(request.actor, officer_id)
    if not posts and not steps and not (request.GET.get("done") and _served(request, officer_id)):
        raise OfficerNotYours("本单位没有这位工作人员。")
    return OfficerPage(
        officer_id=officer_id,
        name=directory.officer_name(officer_id),
        posts=posts,
        steps=steps,
        colleagues={
            one.officer_id: f"{one.name}（{one.agency_name} {one.roles_text}）"
            for one in staff
            if one.officer_id != officer_id
        },
        done=_said(request.GET.get("done", "")),
    )


def _served(request: Any, officer_id: int) -> bool:
    led = directory.list_led_agencies(agency_id=request.actor.agency)
    return directory.has_served(officer_id, agency_ids=led)


def _said(done: str) -> str:
    kind, _, rest = done.partition(".")
    numbers = rest.split(".")
    if kind == "hand" and len(numbers) == 2 and all(one.isdecimal() for one in numbers):
        tail = f"，{numbers[1]} 步接手的同事没有相应岗位，已放回待办，谁有岗位谁领" if numbers[1] != "0" else ""
        return f"已移交 {numbers[0]} 步{tail}。"
    return "已登记离任。" if kind == "end" else ""


def _act(request: Any, shown: OfficerPage) -> str:
    """Hand over, or end a post; gives what the page says afterwards."""
    by, at = request.actor, request.at
    if request.POST.get("do") == "end":
        post_id = request.POST.get("post", "")
        if post_id not in {str(one.post_id) for one in shown.posts}:
            raise Invalid("请选择要结束的岗位。", fields={"post": "请选择要结束的岗位。"})
        directory_actions.end_post(by=by, at=at, post_id=int(post_id), on=_day(request.POST.get("on", "")))
        return "end"
    chosen = request.POST.get("to", "")
    if chosen != "all" and chosen not in {str(one) for one in shown.colleagues}:
        raise Invalid("请选择交给谁。", fields={"to": "请选择交给谁。"})
    to = None if chosen == "all" else int(chosen)
    said = actions.hand_over_steps(by=by, at=at, from_officer_id=shown.officer_id, to_officer_id=to)
    return f"hand.{said.moved + (said.freed if to is None else 0)}.{said.freed if to else 0}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as broken:
        told = "请填写从哪天起不再任职，写成 2026-03-05 这样的日期。"
        raise Invalid(told, fields={"on": told}) from broken
