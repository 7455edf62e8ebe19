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
from weimin.kernel.cases.types import DELIVERY_TEXT, PAPER_TEXT, Event, PaperKind, State, UploadedFile
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


def _ask_rows(request: Any, view: queries.CaseView, errors: dict[str, str]) -> list[dict[str, Any]]:
    """What is asked for, with the files taken in so far and the words typed in a refused attempt."""
    kept = queries.list_loose_files(request.actor, ids=_kept_ids(request, view.case.number))
    rows = []
    for one in view.supplement.items if view.supplement else []:
        name, reply = f"material_{one['code']}", f"reply_{one['code']}"
        rows.append(
            {
                **one,
                "shown": Shown(
                    name=name,
                    label=one["name"],
                    type="file",
                    help=f"{one['what']}（可以一次选几个）",
                    error=errors.get(name, ""),
                    accept=".jpg,.jpeg,.png,.pdf",
                    multiple=True,
                ),
                "files": [file for file in kept if file.material_code == one["code"]],
                "reply": reply,
                "said": request.POST.get(reply, ""),
            }
        )
    return rows


def _kept_ids(request: Any, number: str) -> list[int]:
    """The files that were taken in for a supplement that is not sent yet."""
    return [int(one) for one in request.session.get(f"supplement-{number}", [])]


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
        "asked": _ask_rows(request, view, errors) if state is State.SUPPLEMENT else [],
        "errors": errors,
        "answers": forms.answers_in_words(view.spec.form.fields, view.answers),
        "handed_in": _handed_in(view),
        "delivery": DELIVERY_TEXT[case.delivery],
        "post_to": view.post_to,
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
        "again": request.GET.get("again") == "1",
        "section": "mine",
    }
    return render(request, "cases/matter.html", context, status=status)


def _handed_in(view: queries.CaseView) -> list[dict[str, Any]]:
    """What came in, by material: files, and what a clerk saw on paper."""
    names = {one.code: one.name for one in view.spec.materials}
    codes = dict.fromkeys([*view.seen_papers, *(one.material_code for one in view.files)])
    return [
        {
            "name": names.get(code, "补交的其他材料"),
            "files": [one for one in view.files if one.material_code == code],
            "seen": view.seen_papers.get(code),
        }
        for code in codes
    ]


def _take_files(request: Any, view: queries.CaseView, ids: list[int]) -> dict[str, str]:
    """Take out the files that are no longer ticked, take in the new ones; gives what was refused."""
    errors: dict[str, str] = {}
    for file_id in [one for one in ids if str(one) not in request.POST.getlist("keep")]:
        actions.remove_file(by=request.actor, at=request.at, file_id=file_id)
        ids.remove(file_id)
    for one in view.supplement.items if view.supplement else []:
        for upload in request.FILES.getlist(f"material_{one['code']}"):
            try:
                ids.append(
                    actions.attach_file(
                        by=request.actor,
                        at=request.at,
                        material_code=one["code"],
                        upload=UploadedFile(upload.name, upload.read()),
                        allowed=("jpg", "png", "pdf"),
                    )
                )
            except WeiminError as fault:
                name = f"material_{one['code']}"
                errors[name] = errors.get(name, "") + fault.message
    request.session[f"supplement-{view.case.number}"] = ids
    return errors


@access("resident")
@require_http_methods(["GET", "POST"])
def supplement(request: Any, number: str) -> HttpResponse:
    """Hand in what was asked for, all at once; files already taken in are kept when one is wrong."""
    if request.method == "GET":
        return HttpResponseRedirect(reverse("portal:matter", args=[number]))
    actor = request.actor
    view = queries.get_case(actor, number)
    ids = [one.pk for one in queries.list_loose_files(actor, ids=_kept_ids(request, number))]
    errors = _take_files(request, view, ids)
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
