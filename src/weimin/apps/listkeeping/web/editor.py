"""The editor of a draft: questions by section, rows added and moved, a preview, a try-out without traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.apps.listkeeping.web.desk import WORKERS
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.catalogue import actions, forms
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.forms import FormBroken, check_answers, read_form
from weimin.kernel.catalogue.rules.items import read_limit, read_materials
from weimin.kernel.catalogue.rules.lists import ListKind
from weimin.kernel.catalogue.rules.records import (
    MOST_ROWS,
    Part,
    Section,
    read_record,
    rows_of,
    sections_of,
    typed_record,
    typed_rows,
)
from weimin.kernel.catalogue.types import TRIGGERS, Form, VersionView
from weimin.ui.answers import read_day, status_of
from weimin.ui.fields import Shown

_SHOWN_TYPES = {"long": "textarea", "lines": "textarea", "pairs": "textarea", "cells": "textarea", "yes_no": "select"}
Typed = dict[str, str]
Rows = dict[str, list[Typed]]


@dataclass
class EditedRow:
    """One row of a group as the editor shows it."""

    place: int
    title: str
    was: str
    fields: list[Shown]
    open: bool


@dataclass
class EditedSection:
    """One section of the editor."""

    section: Section
    fields: list[Shown] = field(default_factory=list)
    rows: list[EditedRow] = field(default_factory=list)
    error: str = ""


@dataclass
class EditorPage:
    """The editor of one draft."""

    version: VersionView
    kind: ListKind
    sections: list[EditedSection]
    about: list[Shown]
    revision: int
    faults: dict[str, str]
    problem: str = ""
    done: str = ""
    changed: bool = False


@access("staff", roles={"list_keeper"})
@require_http_methods(["GET", "POST"])
def edit(request: Any, version_id: int) -> HttpResponse:
    """Edit a draft; what is typed is saved even where it is still wrong, and what is wrong is said."""
    shown = lists.get_version(viewer=request.actor, version_id=version_id)
    if shown.status != "draft":
        return HttpResponseRedirect(reverse("desk:list_version", args=[version_id]))
    if request.method == "GET":
        typed, rows = typed_record(shown.list_code, shown.doc)
        page = _page(shown, typed, rows, _about(shown), {}, revision=shown.revision)
        page.done = "已保存。" if request.GET.get("done") == "saved" else ""
        return render(request, "listkeeping/edit.html", {"page": page})
    typed, rows = read_typed(shown.list_code, request.POST)
    about = {name: request.POST.get(name, "") for name in ("trigger", "reason", "valid_from", "effect")}
    do = request.POST.get("do", "save")
    if ":" in do:
        rows = _moved(rows, do)
        page = _page(shown, typed, rows, about, {}, revision=_revision(request.POST))
        page.changed = True
        return render(request, "listkeeping/edit.html", {"page": page})
    return _save(request, shown, typed, rows, about)


def _save(request: Any, shown: VersionView, typed: Typed, rows: Rows, about: Typed) -> HttpResponse:
    """Save; a page again with what is wrong, or on to the version."""
    doc, faults = read_record(shown.list_code, shown.doc, typed, rows)
    problem, status, revision = "", 200, _revision(request.POST)
    try:
        drafting = actions.Drafting(
            doc=doc,
            trigger=about["trigger"],
            reason=about["reason"],
            valid_from=_day(about["valid_from"], request.today),
            effect=about["effect"] or "set",
        )
        wrong = actions.save_draft(
            by=request.actor, at=request.at, version_id=shown.version_id, revision=revision, drafting=drafting
        )
        faults = {**wrong, **faults}
        revision += 1
        if not faults and request.POST.get("do") == "done":
            return HttpResponseRedirect(reverse("desk:list_version", args=[shown.version_id]))
        problem = "已保存。还有几处要改，改好才能送审。" if faults else ""
    except WeiminError as fault:
        faults, problem, status = {**faults, **fault.fields}, fault.message, status_of(fault)
    if not faults and not problem:
        return HttpResponseRedirect(f"{reverse('desk:list_edit', args=[shown.version_id])}?done=saved")
    rows = _renumbered(rows) if revision > _revision(request.POST) else rows
    page = _page(shown, typed, _renamed(shown.list_code, rows, doc, faults), about, faults, revision=revision)
    page.problem, page.changed = problem, status != 200
    return render(request, "listkeeping/edit.html", {"page": page}, status=status)


def _day(text: str, today: date) -> date:
    if not text.strip():
        raise Invalid("请写从哪天起生效。", fields={"valid_from": "请选一天。"})
    try:
        return read_day(text, today)
    except Invalid as fault:
        raise Invalid(fault.message, fields={"valid_from": fault.message}) from None


def _revision(post: Any) -> int:
    text = post.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 9 else -1


# --- what was typed ------------------------------------------------------------------------------------
def read_typed(list_code: str, post: Any) -> tuple[Typed, Rows]:
    """What a page sent back, by part and by row."""
    typed: Typed = {}
    rows: Rows = {}
    for section in sections_of(list_code):
        if not section.group:
            typed |= {part.path: _sent(part, part.path, post) for part in section.parts}
            continue
        rows[section.group] = []
        for place in range(MOST_ROWS):
            start = f"{section.group}.{place}."
            if f"{start}_was" not in post:
                break
            row = {part.path: _sent(part, start + part.path, post) for part in section.parts}
            rows[section.group].append({"_was": post[f"{start}_was"], **row})
    return typed, rows


def _sent(part: Part, name: str, post: Any) -> str:
    return "\n".join(post.getlist(name)) if part.type == "choices" else str(post.get(name, ""))


def _moved(rows: Rows, do: str) -> Rows:
    """The rows after a button: add:materials, drop:materials.2, up:materials.2."""
    act, _, where = do.partition(":")
    group, _, place = where.rpartition(".") if act != "add" else (where, "", "")
    found = rows.get(group)
    if found is None:
        return rows
    if act == "add" and len(found) < MOST_ROWS:
        last = found[-1].get("_page", "") if found else ""
        found.append({"_was": "", "_page": last})
    elif place.isdecimal() and int(place) < len(found):
        row = found.pop(int(place))
        if act == "up":
            found.insert(max(0, int(place) - 1), row)
    return rows


def _renumbered(rows: Rows) -> Rows:
    """After a save the rows' places are those of the saved record."""
    return {group: [{**row, "_was": str(place)} for place, row in enumerate(found)] for group, found in rows.items()}


def _renamed(list_code: str, rows: Rows, doc: Mapping[str, Any], faults: Mapping[str, str]) -> Rows:
    """The rows with their conditions by the names that questions have now, where these could be read."""
    for section in sections_of(list_code):
        parts = [part.path for part in section.parts if part.type == "condition"]
        for place, now in enumerate(typed_rows(section, rows_of(section, doc)) if parts else ()):
            for path in parts:
                if f"{section.group}.{place}.{path}" not in faults and place < len(rows[section.group]):
                    rows[section.group][place][path] = now[path]
    return rows


# --- the page -------------------------------------------------------------------------------------------
#: Where a rule names several values of a record, or one that the editor does not ask: the field at which it is mended.
_MENDED_AT = {
    "limits": "limits.committed.value",
    "stages": "procedure",
    "decision_tables": "procedure",
    "pause_grounds": "limits.pause_grounds",
    "fee": "fee.basis",
    "form": "form.pages",
    "renewal": "form.pages",
}


def placed_faults(list_code: str, faults: Mapping[str, str]) -> dict[str, str]:
    """The faults of a record by the field, row or group of the editor at which each is mended."""
    known = {part.path for one in sections_of(list_code) if not one.group for part in one.parts}
    placed: dict[str, str] = {}
    for name, text in faults.items():
        at = name if name in known else _MENDED_AT.get(name, name)
        placed[at] = placed.get(at, "") + text
    return placed


def _page(
    shown: VersionView, typed: Typed, rows: Rows, about: Typed, faults: dict[str, str], *, revision: int
) -> EditorPage:
    sections, faults = [], placed_faults(shown.list_code, faults)
    for section in sections_of(shown.list_code):
        edited = EditedSection(section, error=faults.get(section.group, ""))
        if section.group:
            edited.rows = [_row(section, place, row, faults) for place, row in enumerate(rows.get(section.group, []))]
        else:
            edited.fields = [_shown(part, part.path, typed.get(part.path, ""), faults) for part in section.parts]
        sections.append(edited)
    kind = lists.get_kind(shown.list_code)
    return EditorPage(shown, kind, sections, _about_fields(about, faults), revision, faults)


def _row(section: Section, place: int, row: Typed, faults: dict[str, str]) -> EditedRow:
    start = f"{section.group}.{place}."
    titles = [row.get(one, "") for one in ("name", "label", "law", "q", "code")]
    title = row.get("label", "") if section.pages else next((one for one in titles if one), "")
    fields = [_shown(part, start + part.path, row.get(part.path, ""), faults) for part in section.parts]
    wrong = any(name.startswith(start) for name in faults)
    return EditedRow(place, title, row.get("_was", ""), fields, open=wrong or not row.get("_was"))


def _shown(part: Part, name: str, text: str, faults: dict[str, str]) -> Shown:
    kind = _SHOWN_TYPES.get(part.type, part.type)
    choices = (("yes", "是"), ("no", "否")) if part.type == "yes_no" else part.choices
    many = part.type == "choices"
    return Shown(
        name=name,
        label=part.label,
        type="select" if part.type == "choice" else kind,
        value=text.split("\n") if many else text,
        error=faults.get(name, ""),
        help=part.help,
        required=part.required,
        choices=part.choices if many else (),
        groups=() if many or not choices else (("", choices),),
        max_length=part.most,
    )


def _about(shown: VersionView) -> Typed:
    return {
        "trigger": shown.trigger if shown.trigger != "loaded" else "",
        "reason": shown.reason,
        "valid_from": shown.valid_from.isoformat(),
        "effect": shown.effect,
    }


def _about_fields(about: Typed, faults: dict[str, str]) -> list[Shown]:
    triggers = [(code, name) for code, name in TRIGGERS.items() if code != "loaded"]
    return [
        Shown(
            name="effect",
            label="这一次是",
            type="select",
            value=about["effect"],
            groups=(("", (("set", "新增或修改"), ("end", "从清单上取消"))),),
        ),
        Shown(
            name="trigger",
            label="起因",
            type="select",
            value=about["trigger"],
            error=faults.get("trigger", ""),
            groups=(("", triggers),),
        ),
        Shown(
            name="reason",
            label="为什么这样调整",
            type="textarea",
            value=about["reason"],
            error=faults.get("reason", ""),
            help="公布时群众看得到",
            max_length=500,
        ),
        Shown(
            name="valid_from",
            label="从哪天起生效",
            type="date",
            value=about["valid_from"],
            error=faults.get("valid_from", ""),
        ),
    ]


# --- preview and try-out ----------------------------------------------------------------------------------
@dataclass
class TriedPage:
    """A draft as a resident would meet it."""

    version: VersionView
    form: Form
    pages: list[tuple[str, list[Shown]]]
    materials: Any
    limit: str
    errors: dict[str, str]
    passed: bool
    words: list[tuple[str, str]]
    problem: str = ""


@access("staff", roles=WORKERS)
@require_http_methods(["GET", "POST"])
def try_out(request: Any, version_id: int) -> HttpResponse:
    """Fill a draft's form as a resident: the checks are the real ones, nothing is stored."""
    shown = lists.get_version(viewer=request.actor, version_id=version_id)
    page = _tried(shown, shown.doc, request)
    return render(request, "listkeeping/try.html", {"page": page}, status=422 if page.errors else 200)


@access("staff", roles={"list_keeper"})
@require_http_methods(["POST"])
def preview(request: Any, version_id: int) -> HttpResponse:
    """The form as it would look with what is typed in the editor now; nothing is stored."""
    shown = lists.get_version(viewer=request.actor, version_id=version_id)
    typed, rows = read_typed(shown.list_code, request.POST)
    doc, _ = read_record(shown.list_code, shown.doc, typed, rows)
    return render(request, "listkeeping/preview.html", {"page": _tried(shown, doc, None)})


def _tried(shown: VersionView, doc: Mapping[str, Any], request: Any) -> TriedPage:
    problem = ""
    try:
        form = read_form(doc.get("form") or {})
    except (FormBroken, KeyError) as broken:
        form, problem = Form(), f"表单还不完整：{broken}"
    answers: dict[str, Any] = {}
    errors: dict[str, str] = {}
    clean: dict[str, Any] = {}
    posted = request is not None and request.method == "POST"
    if posted:
        answers = forms.read_post(form.fields, request.POST)
        clean, errors = check_answers(form.fields, answers, today=request.today)
    return TriedPage(
        version=shown,
        form=form,
        pages=[(one.title, forms.show_fields(one.fields, answers, errors)) for one in form.pages],
        materials=read_materials(doc) if not problem else (),
        limit=read_limit((doc.get("limits") or {}).get("committed") or {}).text,
        errors=errors,
        passed=posted and not errors and not problem,
        words=forms.answers_in_words(form.fields, clean) if posted and not errors else [],
        problem=problem,
    )
