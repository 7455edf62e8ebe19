"""The counter corrects what a person registered, with their papers in hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from weimin.base import looking
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.base.looking import ReasonTooShort
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents import actions, queries

_FIELDS = ("id_number", "name", "phone", "division")
_NAMES = {"name": "姓名", "phone": "手机号", "division": "所在村（社区）"}


@access("staff", roles={"front_desk"}, reads="窗口核对、更正登记信息")
@require_http_methods(["GET", "POST"])
def correct(request: Any) -> HttpResponse:
    """Find a person by their identity number, then correct name, phone or village."""
    typed = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    context: dict[str, Any] = {"typed": typed, "errors": {}, "card": None, "done": None}
    status = 200
    if request.method == "POST":
        try:
            _work(request, typed, context)
        except WeiminError as fault:
            context["errors"] = fault.fields or {"id_number": fault.message}
            status = 422
    context["villages"] = directory.children_of(request.actor.division_code)
    return render(request, "residents/correct.html", context, status=status)


def _work(request: Any, typed: dict[str, str], context: dict[str, Any]) -> None:
    """Find, and on the second step save; fills the page's context."""
    found = queries.find_by_id_number(typed["id_number"])
    if found is None:
        raise Invalid("这个身份证号没有登记过；办件时会一并登记，不用先在这里登记。")
    context["card"] = queries.get_card(resident_id=found)
    if request.POST.get("step") != "save":
        return
    changed = actions.correct_resident(
        by=request.actor,
        at=request.at,
        resident_id=found,
        name=typed["name"],
        phone=typed["phone"],
        division_code=typed["division"],
    )
    context["card"] = queries.get_card(resident_id=found)
    context["done"] = "、".join(_NAMES[field] for field in changed) or "没有变化"
    typed |= {"name": "", "phone": "", "division": ""}


@access("staff", roles={"front_desk"}, reads="显示全号")
@require_POST
def reveal(request: Any) -> HttpResponse:
    """Show one number of a person at the counter whole, for a typed reason."""
    typed = {name: request.POST.get(name, "").strip() for name in ("id_number", "field", "reason")}
    context: dict[str, Any] = {"typed": typed, "errors": {}, "fields": queries.REVEALABLE.items()}
    status = 200
    try:
        found = queries.find_by_id_number(typed["id_number"])
        if found is None:
            raise queries.ResidentUnknown("这个身份证号没有登记过。")
        context["value"] = queries.reveal(resident_id=found, field=typed["field"], reason=typed["reason"])
        context["label"] = queries.REVEALABLE[typed["field"]]
    except ReasonTooShort as fault:
        looking.drop()
        context["errors"], status = fault.fields, 422
    answer = render(request, "residents/reveal.html", context, status=status)
    answer["Cache-Control"] = "private, no-store"
    return answer
