"""The editors: a drawing or table as it stands, saved by a plain form, with the checker's answer in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.procedures import actions, queries
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.rules.parse import KIND_ROLES
from weimin.kernel.procedures.rules.reading import MAX_BYTES
from weimin.kernel.procedures.rules.telling import basis_of, tell_paths
from weimin.kernel.procedures.types import (
    AGENCIES,
    DEFAULT_OUTCOMES,
    KINDS,
    OUTCOME_TEXT,
    OUTCOMES,
    ROLES,
    UNITS,
    Difference,
    DraftView,
    Finding,
    Impact,
    PathText,
    TableAnswer,
)
from weimin.kernel.procedures.web.desk import ENDINGS, NAMES, kind_of
from weimin.kernel.procedures.web.showing import ShownTable, shown_table, trial_fields, try_out
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown

WORDS = json.dumps(
    {
        "kinds": KINDS,
        "agencies": AGENCIES,
        "roles": ROLES,
        "units": UNITS,
        "kind_roles": {kind: [one for one in ROLES if one in able] for kind, able in KIND_ROLES.items()},
        "outcomes": {kind: [one for one in OUTCOME_TEXT if one in some] for kind, some in OUTCOMES.items()},
        "outcome_text": OUTCOME_TEXT,
        "usual": {kind: list(some) for kind, some in DEFAULT_OUTCOMES.items()},
    },
    ensure_ascii=False,
)


@dataclass(slots=True)
class EditPage:
    """A drawing or table in its editor, and what the checker says about it."""

    shelf: str
    what: str
    ending: str
    code: str
    name: str
    text: str
    revision: int
    draft: DraftView | None
    findings: list[tuple[Finding, str]]
    paths: tuple[PathText, ...]
    table: ShownTable | None
    trial: list[Shown]
    answer: TableAnswer | None
    impact: Impact | None
    words: str
    problem: str
    in_force: int
    moved: bool = False
    saved: bool = False
    taken: bool = False

    @property
    def which(self) -> str:
        """How an address names what is shown: the draft, or the version in force."""
        return "draft" if self.draft else str(self.in_force)


@dataclass(slots=True)
class ComparePage:
    """Two versions beside each other: both pictures or tables, and what differs in words."""

    shelf: str
    what: str
    code: str
    name: str
    before: str
    after: str
    sides: list[tuple[str, str, str, ShownTable | None]]
    differences: tuple[Difference, ...] | None
    choices: list[tuple[str, str]]


@access("staff", roles={"list_keeper"})
@require_http_methods(["GET", "POST"])
def edit(request: Any, shelf: str, code: str) -> HttpResponse:
    """Edit the draft; with script by drawing, without by a file. What is sent is never lost, whatever is wrong.

    `?from=` opens an older version or saving instead: taking a change back is a new version.
    """
    kind = kind_of(shelf)
    name, versions = queries.get_kept(request.actor, kind=kind, code=code)
    draft = queries.find_draft_view(request.actor, kind=kind, code=code)
    base = draft.xml if draft else queries.get_text(request.actor, kind=kind, code=code, which=str(versions[0].number))
    page = EditPage(
        shelf=shelf,
        what=NAMES[shelf],
        ending=ENDINGS[shelf],
        code=code,
        name=name,
        text=base,
        revision=draft.revision if draft else 0,
        draft=draft,
        findings=[],
        paths=(),
        table=None,
        trial=[],
        answer=None,
        impact=None,
        words=WORDS,
        problem="",
        in_force=versions[0].number if versions else 0,
        saved="saved" in request.GET,
    )
    status = 200
    if request.method == "POST":
        try:
            page.text = _sent(request, base)
            given = request.POST.get("revision", "")
            actions.save_draft(
                by=request.actor,
                at=request.at,
                kind=kind,
                code=code,
                name=name,
                xml=page.text,
                revision=int(given) if given.isdecimal() and len(given) < 10 else 0,
            )
        except actions.DraftMoved as fault:
            page.problem, page.moved, status = fault.message, True, status_of(fault)
            page.revision = draft.revision if draft else 0
        except WeiminError as fault:
            page.problem, status = fault.message, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:procedure_edit", args=[shelf, code]) + "?saved=1#answer")
    elif "from" in request.GET:
        page.text = queries.get_text(request.actor, kind=kind, code=code, which=request.GET["from"])
        page.taken = True
    _answer(request, kind, page)
    return render(request, "procedures/edit.html", {"page": page}, status=status)


def _sent(request: Any, base: str) -> str:
    """The text that was sent: an uploaded file comes before what the page holds.

    Raises: Invalid — a file too large, or not text
    """
    upload = request.FILES.get("file")
    if upload is None:
        return str(request.POST.get("xml", "")).replace("\r\n", "\n") or base
    if upload.size > MAX_BYTES:
        raise Invalid(f"文件有 {upload.size // 1024} KB，超过 {MAX_BYTES // 1024} KB，没有保存。请拆成几个。")
    try:
        return str(upload.read().decode("utf-8-sig")).replace("\r\n", "\n")
    except UnicodeDecodeError as broken:
        raise Invalid("这个文件不是 UTF-8 文字，没有保存。请用流程图工具重新导出。") from broken


def _answer(request: Any, kind: Kind, page: EditPage) -> None:
    """Put the checker's answer about the shown text on the page."""
    viewer = request.actor
    if kind == "procedure":
        checked = queries.check_drawing(viewer, xml=page.text)
        findings, page.paths = checked.findings, tell_paths(checked)
    else:
        told = queries.check_decision_table(viewer, xml=page.text)
        findings, page.table = told.findings, shown_table(told.table)
        if told.table is not None:
            page.trial = trial_fields(told.table, request.GET)
            if "try" in request.GET:
                page.answer = try_out(told.table, request.GET)
    page.findings = [(one, basis_of(one.rule)) for one in findings]
    page.impact = queries.get_impact(viewer, kind=kind, code=page.code, xml=page.text)


@access("staff", roles={"list_keeper"})
@require_GET
def compare(request: Any, shelf: str, code: str) -> HttpResponse:
    """Two versions side by side."""
    kind = kind_of(shelf)
    name, versions = queries.get_kept(request.actor, kind=kind, code=code)
    choices = [(str(one.number), f"第 {one.number} 版") for one in versions]
    if queries.find_draft_view(request.actor, kind=kind, code=code) is not None:
        choices.insert(0, ("draft", "草稿"))
    choices += [
        (f"save-{one.revision}", f"第 {one.revision} 次保存（{one.saved_by_name}）")
        for one in queries.list_saves(request.actor, kind=kind, code=code)
    ]
    known = [which for which, _ in choices]
    after = request.GET.get("after", "") if request.GET.get("after") in known else known[0]
    before = request.GET.get("before", "") if request.GET.get("before") in known else known[min(1, len(known) - 1)]
    texts = [queries.get_text(request.actor, kind=kind, code=code, which=one) for one in (before, after)]
    differences = queries.compare_texts(request.actor, kind=kind, before=texts[0], after=texts[1])
    marks = {one.where: one.kind for one in differences or ()}
    sides = []
    for which, xml in zip((before, after), texts, strict=True):
        table = shown_table(queries.check_decision_table(request.actor, xml=xml).table) if kind == "table" else None
        sides.append((which, dict(choices)[which], json.dumps(marks), table))
    page = ComparePage(shelf, NAMES[shelf], code, name, before, after, sides, differences, choices)
    return render(request, "procedures/compare.html", {"page": page})
