"""My information, given once and shown masked."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents import actions, queries


@access("resident")
def profile(request: Any) -> HttpResponse:
    """Give name, number and village once; afterwards see them masked."""
    actor = request.actor
    if actor.resident_id is not None:
        card = queries.get_card(resident_id=actor.resident_id)
        return render(request, "residents/profile.html", {"card": card})
    typed = {"name": "", "id_number": "", "division": "", "township": ""}
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in typed}
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
            status = 422
        else:
            return HttpResponseRedirect(_next(request))
    context = {
        "typed": typed,
        "errors": errors,
        "next": _next(request),
        "card": None,
        "villages": _villages(),
    }
    return render(request, "residents/profile.html", context, status=status)


def _next(request: Any) -> str:
    wanted = request.GET.get("next") or request.POST.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if wanted and safe else reverse("portal:my_matters")


def _villages() -> list[tuple[str, list[Any]]]:
    """Villages grouped by township, for a select that works without script."""
    return [
        (f"{place.county_name}{place.name}", directory.children_of(place.code)) for place in directory.list_townships()
    ]
