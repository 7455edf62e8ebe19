"""Find an item, read its guide."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from weimin.base.addresses import address_of
from weimin.base.clock import local_date
from weimin.base.errors import TooOften, WeiminError
from weimin.base.guard import access, limited, shared
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.catalogue import actions, queries
from weimin.kernel.catalogue.rules.forms import json_schema
from weimin.kernel.catalogue.types import AREAS, AUDIENCES, CHANNELS, Filters, Found, ItemSpec, OfferView
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import queries as procedures

_SHORT_AUDIENCES = {"1": "个人", "2": "企业", "4": "社会组织", "6": "村集体等组织"}


@dataclass
class SearchPage:
    """What the search page shows."""

    q: str
    filters: Filters
    found: list[Found]
    life_events: list[Any]
    areas: dict[str, str]
    audiences: dict[str, str]
    townships: list[Any]
    township_name: str
    number: str = ""
    section: str = "items"


@dataclass
class GuidePage:
    """What a guide shows."""

    spec: ItemSpec
    doc: dict[str, Any]
    offer: OfferView | None
    offer_problem: str
    townships: list[Any]
    township: str
    channels: list[str]
    audience: list[str]
    accept_agency: Any
    steps: tuple[str, ...]
    statutory: str
    committed: str
    remedy: str
    section: str = "items"
    extra: dict[str, Any] = field(default_factory=dict)


def chosen_township(request: Any) -> str:
    """The township a person looks from: just chosen, or remembered in a cookie."""
    code = request.GET.get("township", request.COOKIES.get("township", ""))
    place = code if directory.division_exists(code) else ""
    return directory.township_of(place) if place else ""


def remember_township(request: Any, response: HttpResponse) -> HttpResponse:
    """Keep the chosen township for the next pages."""
    if "township" in request.GET:
        response.set_cookie(
            "township",
            chosen_township(request),
            max_age=90 * 86400,
            samesite="Lax",
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response


@access("public", shared=shared("q", "area", "audience", "event", "township", "online", cookies=("township",)))
@limited("search")
@require_GET
def search(request: Any) -> HttpResponse:
    """Search and narrow down."""
    township = chosen_township(request)
    filters = Filters(
        area=request.GET.get("area", "") if request.GET.get("area") in AREAS else "",
        audience=request.GET.get("audience", "") if request.GET.get("audience") in AUDIENCES else "",
        life_event=request.GET.get("event", "")[:20],
        township=township,
        online=request.GET.get("online") == "1",
    )
    q = request.GET.get("q", "").strip()[:60]
    number = _matter_number(q)
    found = queries.search_items(text=q, filters=replace(filters, own_motion=bool(q)))
    # what people type is theirs, unless it is a name that the catalogue itself has
    request.unshared = bool(q) and not (found and found[0].why == "name")
    if q and not number and filters == Filters(township=township):
        _count_miss(request, q, found)
    page = SearchPage(
        q=q,
        filters=filters,
        found=found,
        life_events=queries.list_life_events(),
        areas=AREAS,
        audiences=_SHORT_AUDIENCES,
        townships=directory.townships_by_county(),
        township_name=directory.full_name(township) if township else "",
        number=number,
    )
    return remember_township(request, render(request, "catalogue/search.html", vars(page)))


def _count_miss(request: Any, text: str, found: list[Found]) -> None:
    """Tell the list keeper of a question that found nothing sure; each address counts once a day for each question."""
    if found and found[0].why not in ("near", "some"):
        return

    def may_count(question: str) -> bool:
        place = address_of(request)
        try:
            accounts.spend(limit="search.miss", who=f"{place}|{question}", at=request.at)
            accounts.spend(limit="search.misses", who=place, at=request.at)
        except TooOften:
            return False
        return True

    actions.count_miss(at=request.at, text=text, found=bool(found), may_count=may_count)


def _matter_number(text: str) -> str:
    """The matter number that somebody typed where items are searched; '' when it is none."""
    digits = "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "")
    if len(digits) != 20 or not (digits.isascii() and digits.isdecimal()):
        return ""
    return f"{digits[:9]}-{digits[9:15]}-{digits[15:]}"


@access("public", shared=shared("township", cookies=("township",)))
@require_GET
def guide(request: Any, code: str) -> HttpResponse:
    """The guide of an item, for a township when one is chosen."""
    spec = queries.get_current(code=code)
    township = chosen_township(request)
    offer, problem = None, ""
    if township:
        try:
            offer = queries.find_offer(code=code, township_code=township, on=local_date(request.at))
        except WeiminError as fault:
            problem = fault.message
    doc = spec.doc
    page = GuidePage(
        spec=spec,
        doc=doc,
        offer=offer,
        offer_problem=problem,
        townships=directory.townships_by_county(),
        township=township,
        channels=[CHANNELS[one] for one in doc.get("channels") or [] if one in CHANNELS],
        audience=[AUDIENCES[one] for one in doc.get("audience") or [] if one in AUDIENCES],
        accept_agency=directory.get_agency(offer.accept_agency_id) if offer else None,
        steps=procedures.list_steps_text(spec.procedure_version_id),
        statutory=spec.statutory.text,
        committed=spec.committed_within(offer.committed_days if offer else None).text,
        remedy=queries.remedy_text(spec, on=request.today),
    )
    return remember_township(request, render(request, "catalogue/guide.html", vars(page)))


@access("public", shared=shared())
@require_GET
def procedure_xml(request: Any, version_id: int) -> HttpResponse:
    """The published procedure, the very file that runs."""
    response = HttpResponse(procedures.get_picture(version_id), content_type="application/xml")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@access("public", shared=shared())
@require_GET
def form_schema(request: Any, code: str) -> HttpResponse:
    """An item's form as JSON Schema."""
    spec = queries.get_current(code=code)
    address = request.build_absolute_uri(reverse("portal:form_schema", args=[code]))
    schema = json_schema(spec.form, title=spec.name, schema_id=address)
    return JsonResponse(schema, json_dumps_params={"ensure_ascii": False})
