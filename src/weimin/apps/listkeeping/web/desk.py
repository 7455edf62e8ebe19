"""Lists on the desk: what waits for whom, the rows of a list, one version on its way, proposals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.listkeeping.web.shown import ShownSection, show_row
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.codes import check_record
from weimin.kernel.catalogue.rules.comparing import Difference
from weimin.kernel.catalogue.rules.lists import ListKind, list_kinds
from weimin.kernel.catalogue.types import IN_PROCESS, STAGES, STATUSES, TRIGGERS, VersionView
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown

WORKERS = {"list_keeper", "legal_reviewer", "leader", "supervisor"}
#: Which stage a version on its way waits for.
_STAGE_OF = {"lead": "lead", "legal": "legal", "approve": "approve"}


@dataclass
class VersionPage:
    """One version: what it says, what it changes, who did what, what one may do with it."""

    version: VersionView
    kind: ListKind
    sections: list[ShownSection]
    differences: tuple[Difference, ...]
    before: VersionView | None
    impact: lists.Impact
    may: frozenset[str]
    stage: str
    fields: list[Shown] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    done: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def shows_impact(self) -> bool:
        """Whether it is still to be published, so that what that touches matters."""
        return self.version.status in IN_PROCESS


@access("staff", roles=WORKERS)
@require_GET
def overview(request: Any) -> HttpResponse:
    """What waits for the viewer, what is on its way, what was proposed, and every list."""
    counts = lists.count_rows(on=request.today)
    context: dict[str, Any] = {
        "waiting": lists.list_waiting(viewer=request.actor),
        "waiting_batches": lists.list_batches(viewer=request.actor, waiting=True),
        "on_way": lists.list_in_process(viewer=request.actor),
        "batches": lists.list_batches(viewer=request.actor, waiting=False),
        "proposals": lists.list_proposals(viewer=request.actor, open_only=True),
        "kinds": [(one, counts[one.code]) for one in list_kinds().values()],
        "names": {code: one.name for code, one in list_kinds().items()},
        "keeper": "list_keeper" in request.actor.roles,
        "statuses": STATUSES,
    }
    context["waiting_count"] = len(context["waiting"]) + len(context["waiting_batches"])
    context["on_way_count"] = len(context["on_way"]) + len(context["batches"])
    return render(request, "listkeeping/desk_overview.html", context)


@access("staff", roles=WORKERS)
@require_http_methods(["GET", "POST"])
def rows(request: Any, list_code: str) -> HttpResponse:
    """One list with its rows; a keeper begins a new version or a new row."""
    kind = lists.get_kind(list_code)
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            version = actions.begin_draft(
                by=request.actor, at=request.at, list_code=list_code, code=request.POST.get("code", "").strip()
            )
            return HttpResponseRedirect(reverse("desk:list_edit", args=[version]))
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    q = request.GET.get("q", "").strip()[:60]
    found = Paginator(lists.list_rows(list_code=list_code, on=request.today, text=q), 100)
    new = Shown(
        name="code",
        label="新增一行：代码",
        value=request.POST.get("code", ""),
        error=errors.get("code", ""),
        help="字母、数字和连字符，全平台不重复，以后不能改",
        max_length=40,
    )
    context = {
        "kind": kind,
        "rows": found.get_page(request.GET.get("page")),
        "q": q,
        "keeper": "list_keeper" in request.actor.roles,
        "field": new,
        "problem": problem,
    }
    return render(request, "listkeeping/desk_rows.html", context, status=status)


@access("staff", roles=WORKERS)
@require_http_methods(["GET", "POST"])
def version(request: Any, version_id: int) -> HttpResponse:
    """One version: read it, compare it with what is in force, and do the next step when it is one's own."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            said = _act(request, version_id)
            return HttpResponseRedirect(f"{reverse('desk:list_version', args=[version_id])}?done={said}")
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    page = _version_page(request, version_id)
    page.fields = [_opinion(request.POST, errors)]
    page.errors, page.problem = errors, problem
    page.done = _DONE.get(request.GET.get("done", ""), "")
    return render(request, "listkeeping/desk_version.html", {"page": page}, status=status)


_DONE = {
    "submit": "已送牵头部门审核，审核期间不能再改。",
    "passed": "已通过，转到下一个环节。",
    "returned": "已退回修改。",
    "refused": "已记为不同意，这一版到此为止。",
    "publish": "已经公布。",
    "drop": "草稿已撤掉。",
}


def _opinion(post: Any, errors: dict[str, str]) -> Shown:
    return Shown(
        name="opinion",
        label="意见",
        type="textarea",
        value=post.get("opinion", ""),
        error=errors.get("opinion", ""),
        help="退回、不同意必须写理由；通过可以不写",
        required=False,
        max_length=500,
    )


def _version_page(request: Any, version_id: int) -> VersionPage:
    shown = lists.get_version(viewer=request.actor, version_id=version_id)
    before = lists.find_as_of(code=shown.item_code, on=request.today)
    before = before if before and before.version_id != version_id else None
    kind = lists.get_kind(shown.list_code)
    return VersionPage(
        version=shown,
        kind=kind,
        sections=show_row(shown.list_code, shown.doc),
        differences=lists.find_differences(shown.list_code, before.doc, shown.doc)
        if before and shown.effect == "set"
        else (),
        before=before,
        impact=lists.get_impact(viewer=request.actor, version=shown, on=request.today),
        may=_may(request.actor.roles, shown, mine=lists.is_waiting(viewer=request.actor, version_id=version_id)),
        stage=_STAGE_OF.get(shown.status, ""),
        warnings=check_record(shown.doc)[1] if shown.list_code == "service" else [],
    )


def _may(roles: frozenset[str], shown: VersionView, *, mine: bool) -> frozenset[str]:
    """What the viewer may do with the version now; the action checks it again."""
    keeper = "list_keeper" in roles
    may = {"edit", "submit", "drop"} if keeper and shown.status == "draft" else set()
    if keeper and shown.status == "approved":
        may.add("publish")
    if mine and shown.status in _STAGE_OF:
        may.add("review")
    return frozenset(may)


def _act(request: Any, version_id: int) -> str:
    """Do what the button says; returns what was done."""
    by, at, do = request.actor, request.at, request.POST.get("do", "")
    plain: dict[str, Callable[..., None]] = {
        "submit": actions.submit_draft,
        "drop": actions.drop_draft,
        "publish": actions.publish_version,
    }
    if do in plain:
        plain[do](by=by, at=at, version_id=version_id)
        return do
    stage = request.POST.get("stage", "")
    if stage not in STAGES:
        raise Invalid("请从页面上的按钮操作。")
    actions.review_version(
        by=by, at=at, version_id=version_id, stage=stage, outcome=do, opinion=request.POST.get("opinion", "")
    )
    return do


@access("staff", roles={"list_keeper", "supervisor"})
@require_http_methods(["GET", "POST"])
def proposals(request: Any) -> HttpResponse:
    """Every proposal; a keeper takes one up or says why not."""
    problem, status = "", 200
    typed: dict[str, str] = {}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in ("id", "answer", "code")}
        try:
            made = actions.answer_proposal(
                by=request.actor,
                at=request.at,
                proposal_id=read_id(typed["id"]),
                taken=request.POST.get("do") == "take",
                answer=typed["answer"],
                code=typed["code"],
            )
            there = reverse("desk:list_edit", args=[made]) if made else reverse("desk:list_proposals")
            return HttpResponseRedirect(there)
        except WeiminError as fault:
            problem, status = fault.message, status_of(fault)
    context = {
        "rows": lists.list_proposals(viewer=request.actor),
        "names": {code: one.name for code, one in list_kinds().items()},
        "triggers": TRIGGERS,
        "problem": problem,
        "typed": typed,
        "keeper": "list_keeper" in request.actor.roles,
    }
    return render(request, "listkeeping/desk_proposals.html", context, status=status)
