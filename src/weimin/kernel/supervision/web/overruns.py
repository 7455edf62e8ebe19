"""Reasons for overruns on the desk: what is owed, and what was said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.deadlines.types import LEVEL_TEXT, Level
from weimin.kernel.supervision import access as rights
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.models import OverrunReason
from weimin.kernel.supervision.web.shown import (
    FINE,
    LEVEL_CSS,
    Told,
    lost,
    openable,
    told_of,
)
from weimin.ui.fields import Shown

MANY_REASONS = 100


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A duty to explain; a form when it is owed by the viewer's body."""

    row: OverrunReason
    level: str
    css: str
    late: bool
    is_case: bool
    form: Shown | None


@access("staff")
@require_http_methods(["GET", "POST"])
def overruns(request: Any) -> HttpResponse:
    """The duties to explain an overrun: what is owed first, each with its form."""
    told, chosen = FINE, 0
    if request.method == "POST":
        chosen = read_id(request.POST.get("overrun", ""))
        reason = request.POST.get(f"reason-{chosen}", "")
        try:
            actions.explain_overrun(by=request.actor, at=request.at, reason_id=chosen, reason=reason)
        except WeiminError as fault:
            told = told_of(fault)
            told = replace(told, errors={f"{name}-{chosen}": text for name, text in told.errors.items()})
        else:
            return HttpResponseRedirect(reverse("desk:overruns"))
    rows = queries.list_reasons(request.actor, limit=MANY_REASONS)
    own = rights.own_bodies(request.actor)
    opens = openable(request, rows)
    shown = [_reason_row(request, one, own, told, opens) for one in rows]
    kept = any(one.form is not None and one.row.pk == chosen for one in shown)
    context = {
        "rows": shown,
        "told": told,
        "lost": lost(request, told is FINE or kept, f"reason-{chosen}"),
        "full": len(rows) == MANY_REASONS,
        "many": MANY_REASONS,
    }
    return render(request, "supervision/overruns.html", context, status=told.status)


def _reason_row(request: Any, row: OverrunReason, own: frozenset[int], told: Told, opens: set[str]) -> ReasonRow:
    level, form = Level(row.level), None
    if row.written_at is None and row.agency_id in own:
        name = f"reason-{row.pk}"
        tail = "会公开，也会告诉申请人" if row.public else "只告知本人，不公开"
        form = Shown(
            name,
            "超期的原因",
            "textarea",
            value=request.POST.get(name, ""),
            error=told.errors.get(name, ""),
            max_length=400,
            help=f"这段话{tail}。至少 10 个字，不要写群众的姓名、电话和办件编号。",
        )
    late = row.written_at is None and row.due_on is not None and row.due_on < request.today
    return ReasonRow(row, LEVEL_TEXT[level], LEVEL_CSS[level], late, row.subject_id in opens, form)
