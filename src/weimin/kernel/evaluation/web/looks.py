"""Looks at people's data on the desk: the audit administrator's list, and the answers that heads of agencies owe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.clock import day_end, day_start
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.evaluation import actions, queries
from weimin.kernel.evaluation.models import ReadQuery
from weimin.kernel.residents import queries as residents
from weimin.kernel.residents.types import Burst, LookRow
from weimin.ui.answers import status_of
from weimin.ui.sheets import moment, spreadsheet

MANY = 200
EXPORT = 100_000


@dataclass(frozen=True, slots=True)
class LooksPage:
    """One day's bursts and looks without a matter, and the questions that nobody answered in time."""

    day: date
    before: date
    after: date | None
    minutes: int
    more_than: int
    bursts: list[Burst]
    rows: list[LookRow]
    full: bool
    overdue: list[ReadQuery]


def _day(request: Any) -> date:
    """The day asked for; today without one, or with one that is none."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return request.today  # type: ignore[no-any-return]
    return min(max(day, date(2000, 1, 1)), request.today)


def _bursts(request: Any, day: date) -> tuple[int, int, list[Burst]]:
    minutes = int(limits.get_parameter(code="reads.burst.minutes", on=day).value)
    more_than = int(limits.get_parameter(code="reads.burst", on=day).value)
    found = residents.list_bursts(
        request.actor,
        since=day_start(day) - timedelta(minutes=minutes),
        until=day_end(day),
        within=timedelta(minutes=minutes),
        more_than=more_than,
    )
    return minutes, more_than, [one for one in found if one.until >= day_start(day)]


@access("staff", roles={"audit_admin"})
@require_GET
def looks(request: Any) -> HttpResponse:
    """What an auditor should ask about on one day: bursts, looks without a matter, questions left unanswered."""
    day = _day(request)
    minutes, more_than, bursts = _bursts(request, day)
    rows = residents.list_looks_without_matter(request.actor, since=day_start(day), until=day_end(day), limit=MANY + 1)
    page = LooksPage(
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < request.today else None,
        minutes=minutes,
        more_than=more_than,
        bursts=bursts,
        rows=rows[:MANY],
        full=len(rows) > MANY,
        overdue=queries.list_overdue_queries(request.actor, today=request.today),
    )
    return render(request, "evaluation/looks.html", {"page": page, "many": MANY})


@access("staff", roles={"audit_admin"})
@require_GET
def export_looks(request: Any) -> FileResponse:
    """The same day as a spreadsheet: bursts first, then every look without a matter."""
    day = _day(request)
    _, _, bursts = _bursts(request, day)
    rows = residents.list_looks_without_matter(request.actor, since=day_start(day), until=day_end(day), limit=EXPORT)
    head = ["类别", "时间", "到", "谁", "看了几人", "几次", "为什么", "全号", "途径", "页面"]
    cells = [
        ["短时间大量查看", moment(b.since), moment(b.until), b.who, b.people, b.looks, None, None, None, None]
        for b in bursts
    ] + [["没有办件的查看", moment(r.at), None, r.who, r.people, 1, r.why, r.revealed, r.via, r.path] for r in rows]
    return spreadsheet(f"looks-{day:%Y%m%d}.xlsx", "查看记录", head, cells)


@access("staff", roles={"leader", "supervisor"}, reads="答复查看询问")
@require_http_methods(["GET", "POST"])
def read_queries(request: Any) -> HttpResponse:
    """The questions of people about looks by my agencies, and my answers."""
    errors: dict[str, str] = {}
    status, chosen = 200, request.POST.get("query", "")
    if request.method == "POST":
        try:
            actions.answer_read_query(
                by=request.actor,
                at=request.at,
                query_id=read_id(chosen),
                answer=request.POST.get("answer", ""),
            )
        except WeiminError as fault:
            errors, status = fault.fields or {"answer": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:read_queries"))
    context = {
        "rows": queries.list_read_queries(request.actor),
        "today": request.today,
        "errors": errors,
        "chosen": chosen,
        "typed": request.POST.get("answer", ""),
    }
    return render(request, "evaluation/read_queries.html", context, status=status)
