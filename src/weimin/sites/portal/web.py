"""Home, and the switch to large type."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from weimin.base.guard import access, shared
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import AREAS
from weimin.kernel.catalogue.web.portal import chosen_township, remember_township
from weimin.kernel.directory import queries as directory

_OFTEN = ("老人补贴", "低保", "宅基地盖房", "生娃登记", "医保参保", "社保卡")


@access("public", shared=shared("township", cookies=("township",)))
@require_GET
def home(request: Any) -> HttpResponse:
    """Big search first, then life events, areas, townships."""
    township = chosen_township(request)
    context = {
        "life_events": catalogue.list_life_events(),
        "areas": AREAS,
        "townships": directory.townships_by_county(),
        "township": township,
        "township_name": directory.full_name(township) if township else "",
        "often": _OFTEN,
        "section": "home",
    }
    return remember_township(request, render(request, "portal/home.html", context))


@access("public")
@csrf_exempt
@require_POST
def elder(request: Any) -> HttpResponse:
    """Switch the large type on or off, and go back.

    The form stands on pages that everybody shares and carries no token; a browser that says it comes from another
    site changes nothing.
    """
    back = request.POST.get("back", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    answer = HttpResponseRedirect(back if safe else "/")
    if _from_elsewhere(request):
        return answer
    on = request.COOKIES.get("elder") != "1"
    answer.set_cookie(
        "elder",
        "1" if on else "0",
        max_age=365 * 86400,
        samesite="Lax",
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return answer


def _from_elsewhere(request: Any) -> bool:
    """Whether a browser says that a form was sent from a page of another site."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return bool(site != "same-origin")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.get_host()


@access("public")
@require_GET
def health(request: Any) -> HttpResponse:
    """Say that the web process answers; touches nothing."""
    return HttpResponse("ok", content_type="text/plain")
