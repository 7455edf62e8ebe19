"""Items as list keepers see them: with the marks of certainty; what people asked and did not find."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from weimin.base.guard import access
from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.queries import misses as missed
from weimin.kernel.catalogue.rules.misses import SHOWN_FROM
from weimin.kernel.catalogue.types import AREAS, Filters, Found
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.deadlines.types import CERTAINTIES
from weimin.ui.sheets import spreadsheet

KINDS = {"nothing": "没找到", "likely": "只找到相近的", "word": "事项里没有的词"}


@access("staff", roles={"list_keeper"})
@require_GET
def items(request: Any) -> HttpResponse:
    """Every item in force, and what to check locally."""
    rows = [
        {
            "code": version.item.code,
            "name": version.name,
            "area": AREAS.get(version.area, ""),
            "lead": version.lead_key,
            "number": version.number,
            "marks": {
                key: CERTAINTIES.get(str(value), str(value))
                for key, value in (version.doc.get("certainty") or {}).items()
            },
        }
        for version in queries.list_in_force()
    ]
    context = {
        "rows": rows,
        "parameters": deadlines.list_parameters(),
        "certainties": CERTAINTIES,
        "years": deadlines.list_years(),
    }
    return render(request, "catalogue/desk_items.html", context)


@dataclass(frozen=True, slots=True)
class MissRow:
    """One question that found nothing sure, and what it would find now."""

    miss_id: int
    text: str
    kind: str
    count: int
    first: date
    last: date
    finds: list[Found]


@access("staff", roles={"list_keeper"})
@require_GET
def misses(request: Any) -> HttpResponse:
    """What people asked and did not find, most frequent first, each with what it would find now."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    rows = [
        MissRow(
            miss_id=one.pk,
            text=one.text,
            kind=KINDS[one.kind],
            count=one.count,
            first=one.first_date,
            last=one.last_date,
            finds=queries.search_items(text=one.text, filters=Filters(own_motion=True), limit=3),
        )
        for one in missed.list_misses(kind=kind)
    ]
    context = {"rows": rows, "kind": kind, "kinds": KINDS, "hidden": missed.count_hidden(), "shown_from": SHOWN_FROM}
    return render(request, "catalogue/desk_misses.html", context)


@access("staff", roles={"list_keeper"})
@require_GET
def misses_sheet(request: Any) -> FileResponse:
    """The same as a spreadsheet, all of them."""
    rows = ((one.text, KINDS[one.kind], one.count, one.first_date, one.last_date) for one in missed.all_misses())
    return spreadsheet("没搜到的问法.xlsx", "没搜到的问法", ["问法", "种类", "次数", "最早", "最近"], rows)


@access("staff", roles={"list_keeper"})
@require_POST
def drop_miss(request: Any, miss_id: int) -> HttpResponse:
    """Take one off the list: it was dealt with."""
    actions.drop_miss(by=request.actor, at=request.at, miss_id=miss_id)
    return HttpResponseRedirect(reverse("desk:misses"))
