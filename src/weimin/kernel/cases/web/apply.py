"""Apply step by step: begin or resume, the way from page to page, an item that changed or was withdrawn meanwhile."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import NotFound, Refused
from weimin.base.guard import access
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.actions.drafting import DraftSent
from weimin.kernel.cases.web import apply_pages
from weimin.kernel.cases.web.apply_pages import ApplyPage, pages_of, sent_before
from weimin.kernel.catalogue import forms
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.catalogue.types import OfferView
from weimin.kernel.directory import queries as directory


@access("resident")
@require_http_methods(["GET"])
def start(request: Any, code: str, township: str) -> HttpResponse:
    """Begin or resume: to the first page, by way of the profile when it is missing."""
    if request.actor.resident_id is None:
        here = reverse("portal:apply", args=[code, township])
        return HttpResponseRedirect(f"{reverse('portal:profile')}?next={here}")
    try:
        offer = _open_offer(request, code, township)
    except (Refused, NotFound) as fault:
        return _gone(request, code, township, fault)
    draft = queries.find_older_draft(request.actor, item_code=code, township_code=township)
    if draft is not None and draft.item_version_id != offer.version_id:
        return _renew(request, draft, code, township)
    if draft is None:
        key = secrets.token_hex(16)
        actions.save_draft(by=request.actor, at=request.at, item_code=code, township_code=township, answers={}, key=key)
    return HttpResponseRedirect(_first(code, township, offer.version_id))


def _open_offer(request: Any, code: str, township: str) -> OfferView:
    """The item as it may be applied for online here and now."""
    offer = catalogue.find_offer(code=code, township_code=township, on=local_date(request.at))
    actions.check_door(catalogue.get_spec(offer.version_id), "portal")
    return offer


def _first(code: str, township: str, version_id: int) -> str:
    return reverse("portal:apply_page", args=[code, township, pages_of(catalogue.get_spec(version_id))[0]])


def _renew(request: Any, draft: Any, code: str, township: str) -> HttpResponse:
    """Take a draft of an earlier version over, and begin to check it from the first page."""
    new_id = actions.renew_draft(by=request.actor, at=request.at, draft_id=draft.pk, key=secrets.token_hex(16))
    offer = catalogue.find_offer(code=code, township_code=township, on=local_date(request.at))
    said = "" if new_id == draft.pk else "?newer=1"
    return HttpResponseRedirect(_first(code, township, offer.version_id) + said)


@access("resident")
@require_http_methods(["GET", "POST"])
def page(request: Any, code: str, township: str, page: str) -> HttpResponse:
    """One page: questions, materials, or the review."""
    begin = reverse("portal:apply", args=[code, township])
    if request.actor.resident_id is None:
        return HttpResponseRedirect(begin)
    try:
        offer = _open_offer(request, code, township)
    except (Refused, NotFound) as fault:
        return _gone(request, code, township, fault, page)
    draft = queries.find_draft(request.actor, version_id=offer.version_id, township_code=township)
    if draft is None or request.POST.get("key", draft.key) != draft.key:
        return _no_longer(request, code, township, page)
    spec = catalogue.get_spec(offer.version_id)
    pages = pages_of(spec)
    if page not in pages:
        return HttpResponseRedirect(begin)
    position = pages.index(page)
    back = pages[position - 1] if position else ""
    shown = ApplyPage(
        spec=spec,
        offer=offer,
        page=page,
        position=position + 1,
        total=len(pages),
        title="",
        back=reverse("portal:apply_page", args=[code, township, back])
        if back
        else reverse("portal:guide", args=[code]),
        delivery=draft.delivery,
        key=draft.key,
        newer=request.GET.get("newer") == "1",
    )
    onward = pages[position + 1] if position + 1 < len(pages) else ""
    views = {"review": apply_pages.review, "materials": apply_pages.materials}
    try:
        return views.get(page, apply_pages.questions)(request, shown, draft, onward)
    except DraftSent:
        return _no_longer(request, code, township, page)


def _no_longer(request: Any, code: str, township: str, page: str) -> HttpResponse:
    """A page of a draft that is sent, or of an earlier version: to the matter, or on with what was typed."""
    actor = request.actor
    number = queries.find_sent(actor, key=request.POST.get("key", ""))
    older = queries.find_older_draft(actor, item_code=code, township_code=township)
    if not number and older is None:
        number = queries.find_sent_lately(actor, item_code=code, township_code=township, at=request.at)
    if number:
        return sent_before(number)
    if older is None:
        return HttpResponseRedirect(reverse("portal:apply", args=[code, township]))
    if request.method == "POST":
        _keep_typed(request, older, page)
    return _renew(request, older, code, township)


def _keep_typed(request: Any, draft: Any, page: str) -> None:
    """Save what a page of an item that changed or was withdrawn sent, as that version asked it."""
    spec = catalogue.get_spec(draft.item_version_id)
    by, at = request.actor, request.at
    if page == "materials":
        apply_pages.take_files(request, spec, draft.pk)
    elif page == "review":
        delivery, post_to = apply_pages.read_delivery(request)
        actions.choose_delivery(by=by, at=at, draft_id=draft.pk, delivery=delivery, post_to=post_to)
    elif page in pages_of(spec):
        typed = forms.read_post(spec.form.pages[int(page) - 1].fields, request.POST)
        answers = queries.draft_answers(draft) | typed
        actions.update_draft(by=by, at=at, draft_id=draft.pk, answers=answers)


def _gone(request: Any, code: str, township: str, fault: Refused | NotFound, page: str = "") -> HttpResponse:
    """An item that cannot be applied for any more: what was typed, to read and copy, and whom to ask.

    Raises: the fault — nothing was typed
    """
    draft = queries.find_older_draft(request.actor, item_code=code, township_code=township)
    if draft is None:
        raise fault
    if request.method == "POST":
        _keep_typed(request, draft, page)
        draft.refresh_from_db()
    spec = catalogue.get_spec(draft.item_version_id)
    answers = {name: value for name, value in queries.draft_answers(draft).items() if value not in ("", [])}
    agency_id = directory.resolve_agency(rule="accepting", township_code=township, lead_key="")
    context = {
        "spec": spec,
        "message": fault.message,
        "place": directory.full_name(township),
        "agency": directory.get_agency(agency_id) if agency_id else None,
        "lines": forms.answers_in_words(spec.form.fields, answers),
        "files": queries.draft_files(draft),
        "section": "mine",
    }
    return render(request, "cases/apply_gone.html", context, status=422 if request.method == "POST" else 200)
