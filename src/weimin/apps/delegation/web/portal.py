"""Delegations in public: what each township decides, under which instrument, on any day."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.apps.delegation import queries
from weimin.apps.delegation.rules import focus_areas
from weimin.apps.delegation.types import LISTS, POWERS
from weimin.apps.delegation.web.shown import sheet_of
from weimin.base.guard import access, limited, shared
from weimin.kernel.directory import queries as directory
from weimin.ui.answers import asked_day, read_day

SHOWN = 300


@access("public", shared=shared("on", "township"))
@limited("search")
@require_GET
def delegations(request: Any) -> HttpResponse:
    """The three lists of a day, of all townships or of one."""
    on, problem, status = asked_day(request)
    township = _township(request)
    rows = list(queries.list_on(viewer=request.actor, on=on, township=township)[:SHOWN])
    context = {
        "lists": [(name, [one for one in rows if one.list_kind == code]) for code, name in LISTS.items()],
        "count": len(rows),
        "full": len(rows) == SHOWN,
        "on": on,
        "today": request.today,
        "township": township,
        "townships": directory.townships_by_county(),
        "problem": problem,
        "section": "lists",
    }
    return render(request, "delegation/public.html", context, status=status)


def _township(request: Any) -> str:
    asked: str = request.GET.get("township", "")
    return asked if directory.division_exists(asked) else ""


@access("public")
@limited("data")
@require_GET
def export_delegations(request: Any) -> FileResponse:
    """The same list as a spreadsheet, whole; of today where no day was asked for."""
    on = read_day(request.GET.get("on", ""), request.today)
    found = queries.list_on(viewer=request.actor, on=on, township=_township(request))
    return sheet_of(found, name=f"delegations-{on:%Y%m%d}.xlsx")


@access("public", shared=shared())
@limited("search")
@require_GET
def delegation(request: Any, letter: str) -> HttpResponse:
    """One delegation: what, within which limits, by whom, from when to when, and what became of it."""
    row = queries.get_delegation(viewer=request.actor, number=letter)
    context = {
        "row": row,
        "focus": focus_areas().get(row.focus, ""),
        "powers": "、".join(POWERS.get(one, one) for one in row.powers),
        "place": directory.full_name(row.township_id),
        "section": "lists",
    }
    return render(request, "delegation/public_one.html", context)
