"""Who looked at my data, in plain words; and asking why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.evaluation import actions, queries
from weimin.kernel.evaluation.models import ReadQuery
from weimin.kernel.residents import queries as residents
from weimin.kernel.residents.types import ReadLine
from weimin.ui.answers import status_of

PAGE = 30


@dataclass(frozen=True, slots=True)
class Look:
    """One look with what the person asked about it."""

    line: ReadLine
    asked: ReadQuery | None


@dataclass(frozen=True, slots=True)
class ReadsPage:
    """Looks by day, newest first, and where the next page begins."""

    days: list[tuple[date, list[Look]]]
    next: int
    first: bool


@access("resident")
@require_GET
def reads(request: Any) -> HttpResponse:
    """Who looked at my data: who, for what, when, for which matter, from where."""
    actor, before = request.actor, read_id(request.GET.get("before", ""))
    lines = residents.list_reads(resident_id=actor.resident_id or 0, before=before, limit=PAGE + 1)
    more, lines = len(lines) > PAGE, lines[:PAGE]
    asked = queries.list_my_queries(actor, entry_ids=[one.entry_id for one in lines])
    looks = [Look(one, asked.get(one.entry_id)) for one in lines]
    days = [(day, list(group)) for day, group in groupby(looks, key=lambda one: one.line.day)]
    page = ReadsPage(days, lines[-1].entry_id if more else 0, not before)
    return render(request, "evaluation/reads.html", {"page": page, "section": "mine"})


@access("resident")
@require_http_methods(["GET", "POST"])
def ask(request: Any, entry_id: int) -> HttpResponse:
    """Ask why somebody looked, or see the question with its answer."""
    actor = request.actor
    line = residents.get_read(resident_id=actor.resident_id or 0, entry_id=entry_id)
    errors: dict[str, str] = {}
    status, question = 200, request.POST.get("question", "")
    if request.method == "POST":
        try:
            actions.ask_about_read(by=actor, at=request.at, entry_id=entry_id, question=question)
        except WeiminError as fault:
            errors, status = fault.fields or {"question": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("portal:ask_read", args=[entry_id]))
    asked = queries.list_my_queries(actor, entry_ids=[entry_id]).get(entry_id)
    context = {"look": Look(line, asked), "errors": errors, "question": question, "section": "mine"}
    return render(request, "evaluation/ask_read.html", context, status=status)
