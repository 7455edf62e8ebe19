"""A person's own matters: the list, one matter, supplement, withdraw, papers, verification."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import WeiminError
from weimin.base.guard import access, limited
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.rules import numbers, states
from weimin.kernel.cases.types import PAPER_TEXT, Event, PaperKind, State, UploadedFile
from weimin.kernel.catalogue import forms
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.record.queries import read_blob
from weimin.ui.fields import Shown


@access("resident")
@require_GET
def my_matters(request: Any) -> HttpResponse:
    """My matters and unsent drafts."""
    context = {
        "cases": queries.list_mine(request.actor),
        "drafts": queries.list_drafts(request.actor),
        "section": "mine",
    }
    return render(request, "cases/my_matters.html", context)


def _ask_rows(view: queries.CaseView, errors: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for one in view.supplement.items if view.supplement else []:
        name = f"material_{one['code']}"
        rows.append(
            {
                **one,
                "shown": Shown(
                    name=name,
                    label=one["name"],
                    type="file",
                    help=one["what"],
                    error=errors.get(name, ""),
                    accept=".jpg,.jpeg,.png,.pdf",
                ),
                "reply": f"reply_{one['code']}",
            }
        )
    return rows


@access("resident")
@require_GET
def matter(request: Any, number: str) -> HttpResponse:
    """One matter: where it stands, every step and date with its reason, what is asked of me."""
    return _matter(request, number, {}, 200)


def _matter(request: Any, number: str, errors: dict[str, str], status: int) -> HttpResponse:
    view = queries.get_case(request.actor, number)
    case = view.case
    state = State(case.state)
    context = {
        "view": view,
        "case": case,
        "spec": view.spec,
        "asked": _ask_rows(view, errors) if state is State.SUPPLEMENT else [],
        "errors": errors,
        "answers": forms.answers_in_words(view.spec.form.fields, view.answers),
        "clocks": [
            one for one in deadlines.explain_subject(subject_type="case", subject_id=number) if one.state != "stopped"
        ],
        "days_left": deadlines.days_left(today=request.today, due=case.due_on) if case.due_on else None,
        "pickup_code": numbers.pickup_code(number) if state is State.RESULT_MADE else "",
        "may_withdraw": states.may(state, Event.WITHDRAW),
        "may_rate": state in (State.CLOSED, State.REFUSED),
        "papers": [(one, PAPER_TEXT[PaperKind(one.kind)]) for one in view.papers],
        "steps_text": procedures.list_steps_text(view.spec.procedure_version_id),
        "receipt_code": numbers.receipt_code(number),
        "sent": request.GET.get("sent") == "1",
        "section": "mine",
    }
    return render(request, "cases/matter.html", context, status=status)


@access("resident")
@require_http_methods(["POST"])
def supplement(request: Any, number: str) -> HttpResponse:
    """Hand in what was asked for, all at once; files already taken in are kept when one is wrong."""
    actor = request.actor
    view = queries.get_case(actor, number)
    errors: dict[str, str] = {}
    ids = [int(one) for one in request.session.get(f"supplement-{number}", [])]
    for one in view.supplement.items if view.supplement else []:
        upload = request.FILES.get(f"material_{one['code']}")
        if upload is not None:
            try:
                ids.append(
                    actions.attach_file(
                        by=actor,
                        at=request.at,
                        material_code=one["code"],
                        upload=UploadedFile(upload.name, upload.read()),
                        allowed=("jpg", "png", "pdf"),
                    )
                )
            except WeiminError as fault:
                errors[f"material_{one['code']}"] = fault.message
    request.session[f"supplement-{number}"] = ids
    if not errors:
        replies = {k.removeprefix("reply_"): v for k, v in request.POST.items() if k.startswith("reply_")}
        try:
            actions.answer_supplement(
                by=actor, at=request.at, case_id=view.case.pk, file_ids=tuple(ids), replies=replies
            )
        except WeiminError as fault:
            errors = fault.fields or {"send": fault.message}
        else:
            request.session.pop(f"supplement-{number}", None)
            return HttpResponseRedirect(reverse("portal:matter", args=[number]))
    return _matter(request, number, errors, 422)


@access("resident")
@require_http_methods(["GET", "POST"])
def withdraw(request: Any, number: str) -> HttpResponse:
    """Withdraw, after a page that asks once more."""
    view = queries.get_case(request.actor, number)
    if request.method == "POST":
        actions.withdraw_application(
            by=request.actor,
            at=request.at,
            case_id=view.case.pk,
            reason=request.POST.get("reason", "")[:200],
        )
        return HttpResponseRedirect(reverse("portal:matter", args=[number]))
    return render(request, "cases/withdraw.html", {"case": view.case, "section": "mine"})


def paper_response(request: Any, paper_id: int) -> HttpResponse:
    """A paper as PDF, for whoever may see its matter."""
    return pdf_response(*queries.draw_paper(request.actor, paper_id))


def pdf_response(title: str, number: str, pdf: bytes) -> HttpResponse:
    """A PDF that no cache keeps."""
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(title)}-{number}.pdf"
    answer["Cache-Control"] = "private, no-store"
    return answer


#: What a browser shows by itself without running anything of the file's; all else is saved.
_SHOWN_INLINE = ("image/jpeg", "image/png", "image/webp")


def file_response(request: Any, file_id: int) -> HttpResponse:
    """A file's content, for whoever may see its matter; never shown as anything but what it is.

    The name it is saved under is ours, not the sender's.
    """
    row = queries.get_file(request.actor, file_id)
    answer = HttpResponse(read_blob(row.blob_id), content_type=row.blob.media_type)
    tail = mimetypes.guess_extension(row.blob.media_type) or ""
    way = "inline" if row.blob.media_type in _SHOWN_INLINE else "attachment"
    answer["Content-Disposition"] = f'{way}; filename="file-{row.pk}{tail}"'
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@access("resident")
@require_GET
def my_paper(request: Any, paper_id: int) -> HttpResponse:
    """One of my papers as PDF."""
    return paper_response(request, paper_id)


@access("resident")
@require_GET
def my_file(request: Any, file_id: int) -> Any:
    """One of my files."""
    return file_response(request, file_id)


@access("public")
@limited("verify")
@require_GET
def verify(request: Any) -> HttpResponse:
    """Check a receipt by its number and code, as its QR code does."""
    number, code = request.GET.get("n", "").strip(), request.GET.get("c", "").strip()
    found = queries.verify_receipt(number=number, code=code) if number and code else None
    context = {"number": number, "code": code, "found": found, "asked": bool(number and code)}
    return render(request, "cases/verify.html", context)
