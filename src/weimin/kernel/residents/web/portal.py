"""My information, given once and shown masked."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.identifiers import mask_id
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.accounts.web.city import PROVEN
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents import actions, queries


@access("resident")
def profile(request: Any) -> HttpResponse:
    """Give name, number and village once; afterwards see them masked."""
    actor = request.actor
    if actor.resident_id is not None:
        card = queries.get_card(resident_id=actor.resident_id)
        return render(request, "residents/profile.html", {"card": card})
    typed = {"name": "", "id_number": "", "division": "", "township": _known_township(request)}
    proven = request.session.get(PROVEN) or {}
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in typed} | proven
        typed["township"] = typed["township"] or directory.township_of(typed["division"])
    villages = directory.children_of(typed["township"]) if _is_township(typed["township"]) else []
    if typed["division"] not in {one.code for one in villages}:
        typed["division"] = ""
    if request.method == "POST" and ("choose" not in request.POST or typed["division"]):
        try:
            actions.register_resident(
                by=actor,
                at=request.at,
                name=typed["name"],
                id_number=typed["id_number"],
                phone=accounts.phone_by_id(actor.account_id),
                division_code=typed["division"],
            )
        except WeiminError as fault:
            errors = fault.fields or {"id_number": fault.message}
            if "division" in errors and not villages:
                told = {"township": "请先选乡镇（街道），再选村（社区）。"}
                errors = {name: text for name, text in errors.items() if name != "division"} | told
            status = 422
        else:
            request.session.pop(PROVEN, None)
            return HttpResponseRedirect(_next(request))
    context = {
        "proven": {"name": proven["name"], "id_masked": mask_id(proven["id_number"])} if proven else None,
        "typed": typed,
        "errors": errors,
        "next": _next(request),
        "card": None,
        "townships": directory.townships_by_county(),
        "villages": villages,
        "chosen": "choose" in request.POST,
    }
    return render(request, "residents/profile.html", context, status=status)


def _next(request: Any) -> str:
    wanted = request.GET.get("next") or request.POST.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if wanted and safe else reverse("portal:my_matters")


def _is_township(code: str) -> bool:
    return bool(code) and directory.township_of(code) == code


def _known_township(request: Any) -> str:
    """The township that somebody chose on an earlier page; '' when none."""
    code = request.COOKIES.get("township", "")
    return directory.township_of(code) if directory.division_exists(code) else ""
