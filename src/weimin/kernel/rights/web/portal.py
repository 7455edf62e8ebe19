"""The privacy notice for everybody; my data: what is kept, a copy, requests with their answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, NotFound, WeiminError
from weimin.base.guard import access, limited, shared
from weimin.kernel.cases.queries import notices
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents import queries as residents
from weimin.kernel.rights import actions, queries, rules
from weimin.kernel.rights.types import REQUEST_TEXT
from weimin.ui import paper
from weimin.ui.answers import status_of


@access("public", shared=shared("item"))
@require_GET
def privacy(request: Any) -> HttpResponse:
    """The privacy notice in force and the earlier ones; with an item, what it collects and why."""
    code = request.GET.get("item", "")[:40]
    about = _about(code) if code else None
    context = {
        "notice": notices.get_notice(on=request.today),
        "earlier": [one for one in notices.list_notices() if one.valid_from <= request.today][1:],
        "about": about,
        "code": code,
        "classes": queries.list_classes().values(),
    }
    return render(request, "rights/privacy.html", context)


def _about(code: str) -> Any:
    try:
        return notices.item_notice(catalogue.get_current(code=code))
    except NotFound:
        return None


@access("public")
@limited("verify")
@require_GET
def privacy_pdf(request: Any, code: str) -> HttpResponse:
    """The notice for one item as a paper, for the counter to print."""
    notice = notices.get_notice(on=request.today)
    about = notices.item_notice(catalogue.get_current(code=code))
    content = {
        "title": "处理个人信息告知书",
        "version": notice.version,
        "valid_from": notice.valid_from.isoformat(),
        "item": about.name,
        "basis": list(about.basis),
        "collected": [
            f"{one.label}（敏感：{one.sensitive}）" if one.sensitive else one.label for one in about.collected
        ],
        "parts": [list(one) for one in notice.parts],
    }
    answer = HttpResponse(paper.draw(queries.TYPST / "notice.typ", content), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="notice-{notice.version}.pdf"'
    return answer


@access("resident")
@require_http_methods(["GET", "POST"])
def my_data(request: Any) -> HttpResponse:
    """What is kept about me, a copy of it, and my requests."""
    actor = request.actor
    if actor.resident_id is None:
        return HttpResponseRedirect(f"{reverse('portal:profile')}?next={reverse('portal:my_data')}")
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            actions.ask_copy(by=actor, at=request.at)
        except WeiminError as fault:
            errors, status = {"copy": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("portal:my_data"))
    context = {
        "card": residents.get_card(resident_id=actor.resident_id),
        "kept": queries.describe_kept(actor),
        "copies": queries.list_copies(actor, at=request.at),
        "requests": queries.list_my_requests(actor),
        "kinds": REQUEST_TEXT.items(),
        "errors": errors,
        "section": "mine",
    }
    return render(request, "rights/my_data.html", context, status=status)


@access("resident")
@require_GET
def my_copy(request: Any, copy_id: int) -> HttpResponse:
    """Fetch my copy."""
    return zip_response(actions.fetch_copy(by=request.actor, at=request.at, copy_id=copy_id))


def zip_response(content: bytes) -> HttpResponse:
    """A copy, saved and kept in no cache."""
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = (
        "attachment; filename=\"my-data.zip\"; filename*=UTF-8''%E6%88%91%E7%9A%84%E8%B5%84%E6%96%99.zip"
    )
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@access("resident")
@require_http_methods(["GET", "POST"])
def ask(request: Any, kind: str) -> HttpResponse:
    """Ask for a correction, a deletion, the end of my log-in, or a dead relative's data."""
    actor = request.actor
    if kind not in REQUEST_TEXT:
        return HttpResponseRedirect(reverse("portal:my_data"))
    if actor.resident_id is None:
        return HttpResponseRedirect(f"{reverse('portal:profile')}?next={reverse('portal:my_data')}")
    errors: dict[str, str] = {}
    status, typed = 200, read_wish(request)
    if request.method == "POST":
        try:
            actions.ask(by=actor, at=request.at, kind=kind, wish=typed, evidence=read_evidence(request))
        except Invalid as fault:
            errors, status = fault.fields or {"evidence": fault.message}, 422
        except WeiminError as fault:
            errors, status = {"text": fault.message}, status_of(fault)
        else:
            return HttpResponseRedirect(reverse("portal:my_data"))
    card = residents.get_card(resident_id=actor.resident_id)
    kept = queries.describe_kept(actor) if kind in ("delete", "close") else None
    context = {
        "kind": kind,
        "title": REQUEST_TEXT[kind],
        "typed": typed,
        "errors": errors,
        "card": card,
        "villages": directory.children_of(directory.township_of(card.division_code)) if card.division_code else [],
        "lines": rules.describe_deletion(kept, closing=kind == "close") if kept else [],
        "section": "mine",
    }
    return render(request, "rights/ask.html", context, status=status)


def read_wish(request: Any) -> dict[str, str]:
    """What was typed of a request."""
    return {
        name: request.POST.get(name, "").strip()
        for name in ("text", "name", "phone", "division", "dead_name", "relation")
    }


def read_evidence(request: Any) -> tuple[str, bytes] | None:
    """The file that came with a request."""
    upload = request.FILES.get("evidence")
    return (upload.name, upload.read()) if upload else None
