"""Items as list keepers see them: with the marks of certainty."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.guard import access
from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.types import AREAS
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.deadlines.types import CERTAINTIES


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
