"""A person rates how it went."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.cases import queries as cases
from weimin.kernel.evaluation import actions, queries
from weimin.kernel.evaluation.types import GRADES


@access("resident")
@require_http_methods(["GET", "POST"])
def rate(request: Any, number: str) -> HttpResponse:
    """Rate a matter, or see the rating and the office's answer."""
    case_id, _ = cases.find_case_id(request.actor, number)
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            actions.rate_case(
                by=request.actor,
                at=request.at,
                number=number,
                grade=read_id(request.POST.get("grade", "")),
                comment=request.POST.get("comment", ""),
            )
        except WeiminError as fault:
            errors, status = fault.fields or {"grade": fault.message}, 422
        else:
            return HttpResponseRedirect(reverse("portal:rate", args=[number]))
    context = {
        "number": number,
        "rating": queries.find_rating(request.actor, case_id=case_id),
        "errors": errors,
        "grades": [(str(k), v) for k, v in GRADES.items()],
        "section": "mine",
        "comment": request.POST.get("comment", ""),
    }
    return render(request, "evaluation/rate.html", context, status=status)
