"""Procedures and decision tables on the desk: the list, one of them with its draft, and what publishing touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.procedures import actions, queries
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.rules.starting import renamed
from weimin.kernel.procedures.types import Difference, DraftView, Finding, Impact, KeptRow, VersionView
from weimin.kernel.procedures.web.showing import ShownTable, shown_table
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown

KINDS: dict[str, Kind] = {"flows": "procedure", "tables": "table"}
NAMES = {"flows": "办理流程", "tables": "决策表"}
ENDINGS = {"flows": "bpmn", "tables": "dmn"}


def kind_of(shelf: str) -> Kind:
    """The kind that an address names; an unknown one is no page."""
    if shelf not in KINDS:
        raise Http404
    return KINDS[shelf]


@dataclass(slots=True)
class ListPage:
    """Every procedure and table, and the form for a new one."""

    flows: tuple[KeptRow, ...]
    tables: tuple[KeptRow, ...]
    fields: list[Shown]
    errors: dict[str, str]
    problem: str


@dataclass(slots=True)
class KeptPage:
    """One procedure or table: what is in force, its draft, what publishing touches, every version and saving."""

    shelf: str
    what: str
    ending: str
    code: str
    name: str
    current: VersionView | None
    versions: list[tuple[VersionView, str]]
    steps: tuple[str, ...]
    table: ShownTable | None
    draft: DraftView | None
    findings: tuple[Finding, ...]
    differences: tuple[Difference, ...] | None
    impact: Impact
    saves: list[Any]
    own: bool
    reason: Shown
    errors: dict[str, str]
    problem: str

    @property
    def faulty(self) -> bool:
        """Whether the draft cannot be proposed yet."""
        return any(one.level == "error" for one in self.findings)


@access("staff", roles={"list_keeper"})
@require_http_methods(["GET", "POST"])
def procedures(request: Any) -> HttpResponse:
    """Every procedure and decision table; a new one begins as a copy of one that is in force."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            shelf, code = _begin(request)
        except WeiminError as fault:
            errors, problem, status = fault.fields, "" if fault.fields else fault.message, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:procedure_edit", args=[shelf, code]))
    page = _list_page(request, errors, problem)
    return render(request, "procedures/list.html", {"page": page}, status=status)


def _begin(request: Any) -> tuple[str, str]:
    """Start a new procedure or table from a copy; gives its address.

    Raises: Invalid — nothing to copy chosen, or the code is taken
    """
    shelf, _, source = request.POST.get("copy", "").partition(":")
    code, name = request.POST.get("code", "").strip(), request.POST.get("name", "").strip()
    if shelf not in KINDS:
        raise Invalid("请选择照哪一个起草。", fields={"copy": "请选择照哪一个起草。"})
    kind = KINDS[shelf]
    current = queries.get_current(kind, code=source)
    text = queries.get_text(request.actor, kind=kind, code=source, which=str(current.number))
    taken = {one.code for one in queries.list_kept(request.actor, kind=kind)}
    if code in taken:
        raise Invalid("这个代码已经有了。", fields={"code": "这个代码已经有了，请换一个，或者直接改那一个。"})
    actions.save_draft(
        by=request.actor,
        at=request.at,
        kind=kind,
        code=code,
        name=name,
        xml=renamed(text, name),
        revision=0,
    )
    return shelf, code


def _list_page(request: Any, errors: dict[str, str], problem: str) -> ListPage:
    flows = queries.list_kept(request.actor, kind="procedure")
    tables = queries.list_kept(request.actor, kind="table")
    options = [(f"flows:{one.code}", f"流程：{one.name}") for one in flows if one.version_id]
    options += [(f"tables:{one.code}", f"决策表：{one.name}") for one in tables if one.version_id]
    typed = {name: request.POST.get(name, "") for name in ("copy", "code", "name")}
    fields = [
        Shown("copy", "照哪一个起草", "select", typed["copy"], errors.get("copy", ""), groups=[("", options)]),
        Shown(
            "code",
            "代码",
            value=typed["code"],
            error=errors.get("code", ""),
            max_length=40,
            help="小写英文，定了不能改，如 old_age_card。",
        ),
        Shown("name", "名称", value=typed["name"], error=errors.get("name", ""), max_length=60),
    ]
    return ListPage(flows, tables, fields, errors, problem)


@access("staff", roles={"list_keeper"})
@require_http_methods(["GET", "POST"])
def kept(request: Any, shelf: str, code: str) -> HttpResponse:
    """One procedure or table; its draft is proposed, approved by another person, or given back here."""
    kind = kind_of(shelf)
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            _judge(request, kind, code)
        except actions.ProcedureRefused as fault:
            problem, status = fault.message, status_of(fault)
        except WeiminError as fault:
            errors, problem, status = fault.fields, "" if fault.fields else fault.message, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:procedure", args=[shelf, code]))
    page = _kept_page(request, shelf, kind, code, errors, problem)
    return render(request, "procedures/kept.html", {"page": page}, status=status)


def _judge(request: Any, kind: Kind, code: str) -> None:
    """Propose, approve or return, as the button says."""
    given = request.POST.get("revision", "")
    revision = int(given) if given.isdecimal() and len(given) < 10 else 0
    common: dict[str, Any] = {
        "by": request.actor,
        "at": request.at,
        "kind": kind,
        "code": code,
        "revision": revision,
    }
    todo, reason = request.POST.get("do", ""), request.POST.get("reason", "")
    if todo == "propose":
        actions.propose_draft(**common, reason=reason)
    elif todo == "approve":
        actions.approve_draft(**common)
    elif todo == "return":
        actions.return_draft(**common, reason=reason)
    else:
        raise Invalid("请用页面上的按钮。")


def _kept_page(request: Any, shelf: str, kind: Kind, code: str, errors: dict[str, str], problem: str) -> KeptPage:
    viewer = request.actor
    name, versions = queries.get_kept(viewer, kind=kind, code=code)
    draft = queries.find_draft_view(viewer, kind=kind, code=code)
    current = next((one for one in versions if one.status == "published"), None)
    in_force = queries.get_text(viewer, kind=kind, code=code, which=str(current.number)) if current else ""
    looked_at = draft.xml if draft else in_force
    if kind == "procedure":
        findings = queries.check_drawing(viewer, xml=draft.xml).findings if draft else ()
        steps = queries.list_steps_text(current.version_id) if current else ()
        table = None
    else:
        findings = queries.check_decision_table(viewer, xml=draft.xml).findings if draft else ()
        steps, table = (), shown_table(queries.check_decision_table(viewer, xml=in_force).table)
    before = [str(one.number) for one in versions[1:]] + [""]
    return KeptPage(
        shelf=shelf,
        what=NAMES[shelf],
        ending=ENDINGS[shelf],
        code=code,
        name=name,
        current=current,
        versions=list(zip(versions, before, strict=True)) if versions else [],
        steps=steps,
        table=table,
        draft=draft,
        findings=findings,
        differences=queries.compare_texts(viewer, kind=kind, before=in_force, after=draft.xml)
        if draft and in_force
        else None,
        impact=queries.get_impact(viewer, kind=kind, code=code, xml=looked_at),
        saves=queries.list_saves(viewer, kind=kind, code=code),
        own=draft is not None and viewer.account_id in (draft.proposed_account_id, draft.saved_account_id),
        reason=Shown(
            "reason",
            "为什么",
            "textarea",
            request.POST.get("reason", ""),
            errors.get("reason", ""),
            help="送审写为什么要改，退回写哪里要改。5 到 300 个字。",
            max_length=300,
        ),
        errors=errors,
        problem=problem,
    )


@access("staff", roles={"list_keeper"})
@require_GET
def text(request: Any, shelf: str, code: str, which: str) -> HttpResponse:
    """The file of one version, of the draft, or of a draft as it was once saved."""
    xml = queries.get_text(request.actor, kind=kind_of(shelf), code=code, which=which)
    answer = HttpResponse(xml, content_type="application/xml")
    if "keep" in request.GET:
        answer["Content-Disposition"] = f'attachment; filename="{code}-{which}.{ENDINGS[shelf]}"'
    return answer
