"""The desk answers requests, makes copies at the counter, and keeps the assessments."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import NotFound, WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.residents import queries as residents
from weimin.kernel.rights import actions, queries
from weimin.kernel.rights.access import ASSESSORS, may_assess
from weimin.kernel.rights.types import OUTCOME_TEXT, REQUEST_TEXT
from weimin.kernel.rights.web.portal import read_evidence, read_wish, zip_response
from weimin.ui.answers import status_of


@access("staff", roles={"front_desk", "leader"}, reads="答复个人信息请求")
@require_http_methods(["GET", "POST"])
def requests(request: Any) -> HttpResponse:
    """The requests that I answer, by due day."""
    errors: dict[str, str] = {}
    status, chosen = 200, request.POST.get("request", "")
    if request.method == "POST":
        try:
            actions.answer_request(
                by=request.actor,
                at=request.at,
                request_id=read_id(chosen),
                outcome=request.POST.get("outcome", ""),
                answer=request.POST.get("answer", ""),
            )
        except WeiminError as fault:
            errors, status = fault.fields or {"answer": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:rights"))
    context = {
        "rows": queries.list_requests(request.actor),
        "outcomes": OUTCOME_TEXT.items(),
        "today": request.today,
        "errors": errors,
        "chosen": chosen,
        "typed": {name: request.POST.get(name, "") for name in ("outcome", "answer")},
        "counter": "front_desk" in request.actor.roles,
    }
    return render(request, "rights/requests.html", context, status=status)


@access("staff", roles={"front_desk", "leader"}, reads="答复个人信息请求")
@require_GET
def evidence(request: Any, request_id: int) -> HttpResponse:
    """The evidence of a request."""
    found = queries.find_evidence(request.actor, request_id)
    if found is None:
        raise NotFound("没有这份证明，或者不归您查看。")
    answer = HttpResponse(queries.read_blob(found), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="evidence-{request_id}"'
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@access("staff", roles={"front_desk"}, reads="当面办理个人信息请求")
@require_http_methods(["GET", "POST"])
def at_counter(request: Any) -> HttpResponse:
    """For the person in front, who has no phone: a copy of their data, or a request."""
    typed = {name: request.POST.get(name, "").strip() for name in ("id_number", "kind")} | read_wish(request)
    context: dict[str, Any] = {"typed": typed, "errors": {}, "card": None, "done": ""}
    status = 200
    if request.method == "POST":
        try:
            context["card"], context["done"] = _for_person(request, typed)
        except WeiminError as fault:
            context["errors"], status = fault.fields or {"id_number": fault.message}, status_of(fault)
    copies = queries.list_copies(request.actor, at=request.at)
    context |= {"kinds": REQUEST_TEXT.items(), "copies": copies, "waiting": any(one.blob_id is None for one in copies)}
    return render(request, "rights/at_counter.html", context, status=status)


def _for_person(request: Any, typed: dict[str, str]) -> tuple[Any, str]:
    """Find the person; then do what they ask for. Gives their card and what was done."""
    found = residents.find_by_id_number(typed["id_number"])
    if found is None:
        raise residents.ResidentUnknown("这个身份证号没有登记过，平台没有他的信息。")
    card = residents.get_card(resident_id=found, about="个人信息请求")
    if typed["kind"] == "copy":
        actions.ask_copy(by=request.actor, at=request.at, resident_id=found)
        return card, "资料副本正在做，做好了在本页下面下载，交给本人。"
    if typed["kind"]:
        actions.ask(
            by=request.actor,
            at=request.at,
            kind=typed["kind"],
            wish=typed,
            evidence=read_evidence(request),
            resident_id=found,
        )
        return card, "请求已登记，在“个人信息请求”里答复。"
    return card, ""


@access("staff", roles={"front_desk"}, reads="当面给本人资料副本")
@require_GET
def counter_copy(request: Any, copy_id: int) -> HttpResponse:
    """The copy that was made for the person in front."""
    return zip_response(actions.fetch_copy(by=request.actor, at=request.at, copy_id=copy_id))


@access("staff", roles=ASSESSORS)
@require_http_methods(["GET", "POST"])
def assessments(request: Any) -> HttpResponse:
    """The impact assessments, and a form for a new one."""
    names = ("scope", "title", "processing", "necessity", "risks", "measures", "made_on", "review_on")
    typed = {name: request.POST.get(name, "").strip() for name in names}
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            actions.record_assessment(
                by=request.actor,
                at=request.at,
                scope=typed["scope"][:40],
                texts=typed,
                made_on=_date(typed["made_on"]) or request.today,
                review_on=_date(typed["review_on"]) or request.today,
            )
        except WeiminError as fault:
            errors, status = fault.fields or {"scope": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("desk:assessments"))
    context = {"rows": queries.list_assessments(), "typed": typed, "errors": errors, "today": request.today}
    context["may"] = may_assess(request.actor)
    return render(request, "rights/assessments.html", context, status=status)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
