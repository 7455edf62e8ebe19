"""How long what is kept, the lists of what may be destroyed, and their certificates."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.rights import actions, queries
from weimin.kernel.rights.types import HOLD_TEXT
from weimin.ui.answers import status_of
from weimin.ui.sheets import moment, spreadsheet

ROLES = frozenset({"archive_keeper", "leader", "supervisor"})


@access("staff", roles=ROLES)
@require_GET
def retention(request: Any) -> HttpResponse:
    """The classes with their basis, and the lists of my place."""
    rules: dict[str, list[str]] = {}
    for one in queries.list_rules():
        rules.setdefault(one.klass, []).append(one.table)
    context = {
        "classes": [(one, rules.get(one.code, [])) for one in queries.list_classes().values()],
        "lists": queries.list_destructions(request.actor),
    }
    return render(request, "rights/retention.html", context)


@access("staff", roles=ROLES)
@require_http_methods(["GET", "POST"])
def destruction(request: Any, number: str) -> HttpResponse:
    """One list: what is on it, who decided; check, approve, refuse, hold."""
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        queries.get_destruction(request.actor, number)  # who may not see it is told so first, whatever they send
        try:
            _do(request, number, request.POST.get("do", ""))
        except WeiminError as fault:
            errors, status = fault.fields or {"do": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:destruction", args=[number]))
    view = queries.get_destruction(request.actor, number)
    context = {
        "view": view,
        "summary": queries.summary_of(view.lines),
        "lines": [(one, view.held.get(one.case_id)) for one in view.lines],
        "holds": HOLD_TEXT.items(),
        "errors": errors,
        "keeper": "archive_keeper" in request.actor.roles,
        "leader": "leader" in request.actor.roles and request.actor.account_id != view.row.checker_id,
    }
    return render(request, "rights/destruction.html", context, status=status)


def _do(request: Any, number: str, verb: str) -> None:
    by, at, post = request.actor, request.at, request.POST
    if verb == "check":
        actions.check_destruction(by=by, at=at, number=number)
    elif verb in ("approve", "reject"):
        actions.decide_destruction(
            by=by, at=at, number=number, approve=verb == "approve", reason=post.get("reason", "")
        )
    elif verb == "hold":
        actions.place_hold(
            by=by, at=at, number=post.get("matter", ""), kind=post.get("kind", ""), note=post.get("note", "")
        )
    elif verb == "lift":
        actions.lift_hold(by=by, at=at, number=post.get("matter", ""))
    else:
        raise Invalid("没有这个操作。")


@access("staff", roles=ROLES)
@require_GET
def export_destruction(request: Any, number: str) -> FileResponse:
    """The matters of one list as a spreadsheet, to be held against the paper archive."""
    view = queries.get_destruction(request.actor, number)
    head = ["办件编号", "事项", "办结", "暂停销毁", "说明", "销毁时间"]
    rows = (
        [
            one.number,
            one.item_name,
            one.ended_on,
            HOLD_TEXT[hold.kind] if hold else "",
            hold.note if hold else "",
            moment(one.destroyed_at),
        ]
        for one, hold in ((one, view.held.get(one.case_id)) for one in view.lines)
    )
    return spreadsheet(f"destruction-{number}.xlsx", "销毁清册", head, rows)


@access("staff", roles=ROLES)
@require_GET
def certificate(request: Any, number: str) -> HttpResponse:
    """The certificate of a destruction as PDF."""
    answer = HttpResponse(queries.draw_certificate(request.actor, number), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="destruction-{number}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer
