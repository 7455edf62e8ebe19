"""Whole lists in spreadsheets: one to fill, and the workbooks that were brought, with every fault by its row."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.listkeeping.web.desk import WORKERS
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.lists import list_kinds
from weimin.kernel.catalogue.rules.workbooks import fill_sheets
from weimin.kernel.catalogue.types import TRIGGERS
from weimin.ui.answers import read_day, status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import spreadsheets

_WORKING = ("queued", "reading")


@access("staff", roles=WORKERS)
@require_GET
def template(request: Any, list_code: str) -> FileResponse:
    """A list as a workbook that can be filled and brought back."""
    kind = lists.get_kind(list_code)
    rows = [(one.item.code, one.doc) for one in lists.list_rows(list_code=list_code, on=request.today, whole=True)]
    return spreadsheets(f"{kind.code}-{request.today:%Y%m%d}.xlsx", fill_sheets(list_code, rows))


@access("staff", roles=WORKERS)
@require_http_methods(["GET", "POST"])
def imports(request: Any) -> HttpResponse:
    """The workbooks that were brought, and the way to bring one."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            made = actions.start_import(by=request.actor, at=request.at, workbook=_workbook(request))
            return HttpResponseRedirect(reverse("desk:list_import", args=[made]))
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    context = {
        "rows": lists.list_imports(viewer=request.actor),
        "names": {code: one.name for code, one in list_kinds().items()},
        "fields": _fields(request.POST, errors, today=request.today.isoformat()),
        "errors": errors,
        "problem": "" if errors else problem,
        "keeper": "list_keeper" in request.actor.roles,
    }
    return render(request, "listkeeping/imports.html", context, status=status)


def _workbook(request: Any) -> actions.Workbook:
    """What was sent.

    Raises: Invalid — no file, no day
    """
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("请选择要导入的表格。", fields={"file": "请选择 xlsx 文件。"})
    try:
        day = read_day(request.POST.get("valid_from", ""), request.today)
    except Invalid as fault:
        raise Invalid(fault.message, fields={"valid_from": fault.message}) from None
    return actions.Workbook(
        list_code=request.POST.get("list_code", ""),
        name=sent.name or "",
        content=sent.read(),
        trigger=request.POST.get("trigger", ""),
        reason=request.POST.get("reason", ""),
        valid_from=day,
    )


def _fields(post: Any, errors: dict[str, str], *, today: str) -> list[Shown]:
    kinds = [("", [(code, one.name) for code, one in list_kinds().items()])]
    triggers = [("", [(code, name) for code, name in TRIGGERS.items() if code != "loaded"])]
    return [
        Shown("list_code", "哪张清单", "select", post.get("list_code", ""), errors.get("list_code", ""), groups=kinds),
        Shown("file", "表格", "file", "", errors.get("file", ""), "xlsx，20 MB 以内", accept=".xlsx"),
        Shown("trigger", "起因", "select", post.get("trigger", ""), errors.get("trigger", ""), groups=triggers),
        Shown(
            "reason", "为什么调整", "textarea", post.get("reason", ""), errors.get("reason", ""), "公布时群众看得到",
            max_length=500,
        ),
        Shown("valid_from", "从哪天起生效", "date", post.get("valid_from", today), errors.get("valid_from", "")),
    ]  # fmt: skip


@access("staff", roles=WORKERS)
@require_http_methods(["GET", "POST"])
def one_import(request: Any, import_id: int) -> HttpResponse:
    """One workbook: how far it is, what is wrong row by row, its drafts, and their way as one batch."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            actions.move_batch(
                by=request.actor,
                at=request.at,
                import_id=import_id,
                do=request.POST.get("do", ""),
                opinion=request.POST.get("opinion", ""),
            )
            return HttpResponseRedirect(reverse("desk:list_import", args=[import_id]))
        except WeiminError as fault:
            problem, status = fault.message, status_of(fault)
    job, versions = lists.get_import(viewer=request.actor, import_id=import_id)
    context = {
        "job": job,
        "kind": lists.get_kind(job.list_code),
        "versions": versions,
        "working": job.state in _WORKING,
        "percent": job.done * 100 // job.total if job.total else 0,
        "acts": [(one, _ACT_TEXT[one]) for one in lists.list_batch_acts(viewer=request.actor, versions=versions)],
        "problem": problem,
        "opinion": request.POST.get("opinion", ""),
    }
    return render(request, "listkeeping/import.html", context, status=status)


_ACT_TEXT = {
    "submit": "整批送审",
    "passed": "整批通过",
    "returned": "整批退回",
    "refused": "整批不同意",
    "publish": "整批公布",
}
