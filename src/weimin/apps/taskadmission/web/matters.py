"""County matters on the desk: raised by a county body, answered by townships, passed when the gate is open."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.taskadmission import access as policy
from weimin.apps.taskadmission import actions, queries
from weimin.apps.taskadmission.models import Matter, Opinion, OpinionFile
from weimin.apps.taskadmission.types import MATTER_KINDS, MATTER_STATES, STANCES, Upload
from weimin.apps.taskadmission.web.shown import key_of, matter_fields
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.record.queries import read_blob
from weimin.kernel.record.types import Blocker
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import moment, spreadsheet

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
    files: dict[int, list[OpinionFile]]
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


@access("staff")
@require_GET
def export_matters(request: Any) -> FileResponse:
    """The same list as a spreadsheet, whole."""
    head = [
        "事项",
        "状态",
        "种类",
        "部门",
        "县区",
        "征求时间",
        "征求",
        "回复",
        "没有回复",
        "已答复",
        "通过时间",
        "撤回时间",
        "撤回理由",
    ]
    rows = map(_cells, queries.list_matters(request.actor).iterator(chunk_size=500))
    return spreadsheet("matters.xlsx", "涉乡镇事项", head, rows)


def _cells(one: Any) -> list[Any]:
    return [
        one.title,
        MATTER_STATES[one.state],
        MATTER_KINDS[one.kind],
        one.agency.name,
        one.county.name,
        moment(one.asked_at),
        one.asked,
        one.given,
        one.silent,
        one.replied,
        moment(one.passed_at),
        moment(one.withdrawn_at),
        one.withdrawal,
    ]


@access("staff", roles={"leader"})
@require_http_methods(["GET", "POST"])
def new(request: Any) -> HttpResponse:
    """Bring a matter and ask the townships that it touches."""
    actor, post = request.actor, request.POST
    policy.check_part(policy.may_ask(actor), policy.HEAD)
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


_SAID = {"given": "本乡镇的意见已经送到。", "answered": "已答复。", "passed": "事项已通过。", "withdrawn": "已经撤回。"}


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
        own=policy.MATTERS.may(actor, "close", row),
        township=policy.township_of(actor) if policy.may_answer(actor) else "",
        files=queries.list_opinion_files(actor, row.pk),
        said=_SAID.get(request.GET.get("said", ""), ""),
        problem=problem,
        errors=errors,
        typed={one: request.POST.get(one, "") for one in ("opinion", "stance", "text", "withdrawal")},
    )
    return render(request, "taskadmission/desk_matter.html", {"page": page}, status=status)


def _act(request: Any, matter_id: int) -> str:
    """Do what the button says; returns what was done."""
    post, by, at = request.POST, request.actor, request.at
    do, chosen, text = post.get("do", ""), read_id(post.get("opinion", "")), post.get("text", "")
    if do == "give":
        files = [Upload(one.name, one.read()) for one in request.FILES.getlist("files")[: actions.MOST_FILES + 1]]
        stance = post.get("stance", "")
        actions.give_opinion(by=by, at=at, opinion_id=chosen, stance=stance, reasons=text, files=files)
        return "given"
    if do in ("take", "decline"):
        actions.answer_opinion(by=by, at=at, opinion_id=chosen, taken=do == "take", reply=text)
        return "answered"
    if do == "pass":
        actions.pass_matter(by=by, at=at, matter_id=matter_id)
        return "passed"
    if do == "withdraw":
        actions.withdraw_matter(by=by, at=at, matter_id=matter_id, reason=post.get("withdrawal", ""))
        return "withdrawn"
    raise actions.MatterBroken("请从页面上的按钮操作。")


@access("staff")
@require_GET
def opinion_file(request: Any, opinion_file: int) -> HttpResponse:
    """A file that a township attached, to save; never shown as anything but what it is, nor under the sender's name."""
    row = queries.get_opinion_file(request.actor, opinion_file)
    answer = HttpResponse(read_blob(row.blob_id), content_type=row.blob.media_type)
    tail = mimetypes.guess_extension(row.blob.media_type) or ""
    answer["Content-Disposition"] = f'attachment; filename="opinion-{row.pk}{tail}"'
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
