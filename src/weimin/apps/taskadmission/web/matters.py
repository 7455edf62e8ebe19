"""County matters on the desk: raised by a county body, answered by townships, passed when the gate is open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.taskadmission import access as policy
from weimin.apps.taskadmission import actions, queries
from weimin.apps.taskadmission.models import Matter, Opinion
from weimin.apps.taskadmission.types import STANCES
from weimin.apps.taskadmission.web.shown import key_of, matter_fields, number
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.kernel.record.types import Blocker
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown

PAGE_ROWS = 50


@dataclass
class MattersPage:
    """The matters that a viewer sees."""

    rows: Page[Any]
    may_ask: bool


@dataclass
class NewPage:
    """The form for a matter, as typed."""

    fields: list[Shown]
    errors: dict[str, str]
    key: str
    problem: str = ""


@dataclass
class MatterPage:
    """One matter, every opinion and answer, what shuts the gate, what the viewer may do."""

    matter: Matter
    opinions: list[Opinion]
    blockers: list[Blocker]
    own: bool
    township: str
    said: str = ""
    problem: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    stances: dict[str, str] = field(default_factory=lambda: STANCES)


@access("staff")
@require_GET
def matters(request: Any) -> HttpResponse:
    """The matters of my body, or those that ask my township."""
    found = Paginator(queries.list_matters(request.actor), PAGE_ROWS)
    page = MattersPage(found.get_page(request.GET.get("page")), policy.may_ask(request.actor))
    return render(request, "taskadmission/desk_matters.html", {"page": page})


@access("staff", roles={"leader"})
@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    """Bring a matter and ask the townships that it touches."""
    actor, post = request.actor, request.POST
    policy.check_part(policy.may_ask(actor), actions.HEAD)
    errors: dict[str, str] = {}
    problem, status, key = "", 200, key_of(post)
    if request.method == "POST":
        try:
            made = actions.raise_matter(
                by=actor,
                at=request.at,
                kind=post.get("kind", ""),
                title=post.get("title", ""),
                content=post.get("content", ""),
                townships=post.getlist("townships")[:200],
                key=key,
            )
            return HttpResponseRedirect(reverse("desk:matter", args=[made]))
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    page = NewPage(matter_fields(post, errors, county=actor.division_code), errors, key, "" if errors else problem)
    return render(request, "taskadmission/desk_new_matter.html", {"page": page}, status=status)


_SAID = {"given": "本乡镇的意见已经送到。", "answered": "已答复。", "passed": "事项已通过。"}


@access("staff")
@require_http_methods(["GET", "POST"])
def matter(request: Any, matter_id: int) -> HttpResponse:
    """One matter: a township gives its opinion, the body answers each, and lets it pass when the gate is open."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request, matter_id)
            return HttpResponseRedirect(f"{reverse('desk:matter', args=[matter_id])}?said={said}")
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    actor = request.actor
    row, opinions, blockers = queries.get_matter(actor, matter_id, at=request.at)
    page = MatterPage(
        matter=row,
        opinions=opinions,
        blockers=blockers,
        own=policy.may_ask(actor) and row.agency_id == actor.agency,
        township=policy.township_of(actor) if policy.may_answer(actor) else "",
        said=_SAID.get(request.GET.get("said", ""), ""),
        problem=problem,
        errors=errors,
        typed={one: request.POST.get(one, "") for one in ("opinion", "stance", "text")},
    )
    return render(request, "taskadmission/desk_matter.html", {"page": page}, status=status)


def _act(request: Any, matter_id: int) -> str:
    """Do what the button says; returns what was done."""
    post, by, at = request.POST, request.actor, request.at
    do, chosen, text = post.get("do", ""), number(post.get("opinion", "")), post.get("text", "")
    if do == "give":
        actions.give_opinion(by=by, at=at, opinion_id=chosen, stance=post.get("stance", ""), reasons=text)
        return "given"
    if do in ("take", "decline"):
        actions.answer_opinion(by=by, at=at, opinion_id=chosen, taken=do == "take", reply=text)
        return "answered"
    if do == "pass":
        actions.pass_matter(by=by, at=at, matter_id=matter_id)
        return "passed"
    raise actions.MatterBroken("请从页面上的按钮操作。")
