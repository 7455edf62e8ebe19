"""An office answers bad ratings."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.evaluation import actions, queries
from weimin.ui.answers import status_of


@access("staff", reads="整改差评")
@require_http_methods(["GET", "POST"])
def repairs(request: Any) -> HttpResponse:
    """Bad ratings of my agency, and their answers."""
    problem, status = "", 200
    if request.method == "POST":
        chosen = request.POST.get("repair", "")
        try:
            actions.answer_repair(
                by=request.actor,
                at=request.at,
                repair_id=read_id(chosen),
                answer=request.POST.get("answer", ""),
            )
        except WeiminError as fault:
            problem, status = fault.message, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:repairs"))
    context = {
        "rows": queries.list_repairs(request.actor),
        "problem": problem,
        "typed": request.POST.get("answer", ""),
        "chosen": request.POST.get("repair", ""),
    }
    return render(request, "evaluation/repairs.html", context, status=status)
