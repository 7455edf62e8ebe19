"""The desk: the inbox, the case page, and the posts that take a step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.queries.drafts import open_guardian
from weimin.kernel.cases.types import (
    OUTCOME_TEXT,
    PAPER_TEXT,
    STATE_TEXT,
    STEP_TEXT,
    PaperKind,
    State,
    SupplementItem,
)
from weimin.kernel.cases.web.clocks import CLOCK_STEPS, clock_context
from weimin.kernel.cases.web.portal import file_response, paper_response
from weimin.kernel.cases.web.reveal import list_masked
from weimin.kernel.catalogue import forms
from weimin.kernel.catalogue.types import ItemSpec
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.residents import queries as residents
from weimin.ui.answers import status_of


@access("staff", reads="查看待办列表")
@require_GET
def inbox(request: Any) -> HttpResponse:
    """What waits for me, what falls due first."""
    actor, today = request.actor, request.today
    mine, kind = request.GET.get("mine") == "1", request.GET.get("kind", "")
    page = queries.get_inbox(
        actor,
        mine=mine,
        kind=kind if kind in STEP_TEXT else "",
        item=request.GET.get("item", "")[:40],
        after=request.GET.get("after", "")[:40],
    )
    soon = today + timedelta(days=3)
    rows = [
        {
            "row": row,
            "left": deadlines.days_left(today=today, due=row.due_on) if row.due_on else None,
            "urgency": "calm" if row.due_on is None or row.due_on > soon else "late" if row.due_on < today else "soon",
        }
        for row in page.rows
    ]
    context = {
        "rows": rows,
        "after": page.after,
        "counts": queries.count_inbox(actor, today=today),
        "kinds": STEP_TEXT,
        "kind": kind,
        "mine": mine,
        "item": request.GET.get("item", ""),
    }
    return render(request, "cases/inbox.html", context)


@access("staff", reads="在窗口查找办件", glass=True)
@require_http_methods(["GET", "POST"])
def find(request: Any) -> HttpResponse:
    """Go to a matter by its number; or list those of a person by identity number or whole name, which are posted."""
    text = (request.POST if request.method == "POST" else request.GET).get("q", "")[:90]
    if request.method == "POST" and queries.is_about_people(text):
        return _found_people(request, text)
    try:
        number = queries.find_number(request.actor, text)
    except WeiminError as fault:
        return render(request, "cases/not_found.html", {"message": fault.message}, status=422)
    if number is None:
        message = "没有这个编号的办件，或者它不归您查看。请对照凭证核对编号。"
        return render(request, "cases/not_found.html", {"message": message}, status=404)
    return HttpResponseRedirect(reverse("desk:case", args=[number]))


def _found_people(request: Any, text: str) -> HttpResponse:
    try:
        found = queries.find_matters(request.actor, text)
    except WeiminError as fault:
        return render(request, "cases/not_found.html", {"message": fault.message}, status=422)
    if not found:
        message = "没有归您查看的办件。请核对证件号，或者输入完整的姓名、单位名称；还没有办过事的，请从“新办件”收件。"
        return render(request, "cases/not_found.html", {"message": message}, status=404)
    if len(found) == 1:
        return HttpResponseRedirect(reverse("desk:case", args=[found[0].number]))
    rows = [(one, STATE_TEXT[State(one.state)]) for one in found]
    return render(request, "cases/found.html", {"rows": rows, "full": len(found) == queries.FOUND})


@access("staff", reads="办理", glass=True)
@require_GET
def case_page(request: Any, number: str) -> HttpResponse:
    """One matter: the file, the clock, the way, and the step that is mine to take."""
    return show_case(request, number)


def show_case(request: Any, number: str, *, problem: WeiminError | None = None, status: int = 200) -> HttpResponse:
    """The case page, with what went wrong and what was typed kept."""
    actor = request.actor
    view = queries.get_case(actor, number)
    case = view.case
    card = (
        residents.get_card(resident_id=case.applicant_id, matter=case.number, about=case.item_name)
        if case.applicant_id
        else None
    )
    mine = [one for one in view.open_steps if one.agency_id == actor.agency_id and one.role in actor.roles]
    step = next((one for one in mine if one.state == "open"), None)
    context = {
        "view": view,
        "case": case,
        "spec": view.spec,
        "card": card,
        "step": step,
        "outcomes": [(one, OUTCOME_TEXT.get(one, one)) for one in step.outcomes.split()] if step else [],
        "reasons_hint": _default_basis(view),
        "answers": forms.answers_in_words(view.spec.form.fields, view.answers, masked=True),
        "verdicts": procedures.list_verdicts(view.spec.decision_tables, answers=view.answers),
        "masked": list_masked(view),
        "materials": _materials(view),
        **clock_context(request, view),
        "days_left": deadlines.days_left(today=request.today, due=case.due_on) if case.due_on else None,
        "papers": [(one, PAPER_TEXT[PaperKind(one.kind)]) for one in view.papers],
        "steps_text": procedures.list_steps_text(view.spec.procedure_version_id),
        "place": directory.full_name(case.township_id),
        "problem": problem,
        "again": request.GET.get("again") == "1",
        "typed": request.POST,
        "may_correct": bool(view.decisions) and "decider" in actor.roles,
        "may_confirm": State(case.state) is State.ISSUED and "issuer" in actor.roles,
        "asked_before": view.supplement is not None,
        "guardian": open_guardian(view.case.guardian_sealed),
        "post_to": view.post_to if _posts(view, step, actor) else None,
        "asking": _asking(view.spec, request.POST),
    }
    return render(request, "cases/case.html", context, status=status)


def _status_again(fault: WeiminError) -> int:
    """The status of the page that is shown again: 403 and 409 as they are, all else is something to put right."""
    return status_of(fault) if fault.kind in ("conflict", "forbidden") else 422


def _default_basis(view: queries.CaseView) -> str:
    return "；".join(f"《{b['law']}》{b['article']}" for b in view.spec.doc.get("basis") or [])


def _materials(view: queries.CaseView) -> list[dict[str, Any]]:
    known = {one.code for one in view.spec.materials}
    rows: list[dict[str, Any]] = [
        {
            "material": one,
            "files": [f for f in view.files if f.material_code == one.code],
            "seen": view.seen_papers.get(one.code),
        }
        for one in view.spec.materials
    ]
    other = [f for f in view.files if f.material_code not in known]
    if other:
        rows.append({"material": None, "files": other})
    return rows


def _posts(view: queries.CaseView, step: Any, actor: Any) -> bool:
    """Whether a viewer is the one who posts the result, or asks whether it has arrived: only they see the address."""
    posting = step is not None and step.kind == "issue"
    return posting or (State(view.case.state) is State.ISSUED and "issuer" in actor.roles)


def _askable(spec: ItemSpec) -> dict[str, str]:
    """What a person may be asked for again, by code: the item's materials that are handed in, and anything else."""
    return {one.code: one.name for one in spec.materials if not one.shared} | {"other": "其他"}


def _asking(spec: ItemSpec, post: Any) -> dict[str, Any]:
    """The form of the one supplement list, with the ticks and texts of a refused attempt."""
    ticked = post.getlist("ask")
    rows = [
        {
            "code": code,
            "name": name,
            "ticked": code in ticked,
            "what": post.get(f"what_{code}", ""),
            "hint": "要补什么、怎么补" if code == "other" else "要怎么补，如：照片看不清，请重拍",
        }
        for code, name in _askable(spec).items()
    ]
    note = post.get("note", "")
    return {"rows": rows, "note": note, "open": bool(ticked or note or any(row["what"] for row in rows))}


def _step_id(request: Any) -> int:
    return read_id(request.POST.get("step", ""))


def _accept(request: Any, case_id: int, seen: int | None) -> None:
    actions.accept_application(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        opinion=request.POST.get("opinion", ""),
        seen=seen,
    )


def _ask(request: Any, case_id: int, seen: int | None) -> None:
    names = _askable(queries.get_spec(request.actor, case_id))
    chosen = request.POST.getlist("ask")
    if unknown := [code for code in chosen if code not in names]:
        raise Invalid(f"这个事项没有这些材料：{'、'.join(unknown)[:100]}。请从列出的材料里选。")
    items = [SupplementItem(code, names[code], request.POST.get(f"what_{code}", "")) for code in chosen]
    actions.ask_supplement(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        items=items,
        note=request.POST.get("note", ""),
        seen=seen,
    )


def _refuse(request: Any, case_id: int, seen: int | None) -> None:
    actions.refuse_application(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        reasons=request.POST.get("reasons", ""),
        basis=request.POST.get("basis", ""),
        seen=seen,
    )


def _review(request: Any, case_id: int, seen: int | None) -> None:
    actions.complete_review(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        outcome=request.POST.get("outcome", ""),
        opinion=request.POST.get("opinion", ""),
        seen=seen,
    )


def _decide(request: Any, case_id: int, seen: int | None) -> None:
    actions.decide_case(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        outcome=request.POST.get("outcome", ""),
        reasons=request.POST.get("reasons", ""),
        basis=request.POST.get("basis", ""),
        seen=seen,
    )


def _make_result(request: Any, case_id: int, seen: int | None) -> None:
    actions.make_result(by=request.actor, at=request.at, case_id=case_id, step_id=_step_id(request), seen=seen)


def _hand_out(request: Any, case_id: int, seen: int | None) -> None:
    actions.hand_out_result(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        code=request.POST.get("code", ""),
        signed_by=request.POST.get("signed_by", ""),
        seen=seen,
    )


def _send(request: Any, case_id: int, seen: int | None) -> None:
    actions.send_result(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_step_id(request),
        tracking=request.POST.get("tracking", ""),
        seen=seen,
    )


def _confirm(request: Any, case_id: int, seen: int | None) -> None:
    actions.confirm_delivery(by=request.actor, at=request.at, case_id=case_id, seen=seen)


def _claim(request: Any, case_id: int, seen: int | None) -> None:
    actions.claim_step(by=request.actor, at=request.at, step_id=_step_id(request))


def _hand_back(request: Any, case_id: int, seen: int | None) -> None:
    actions.hand_back_step(by=request.actor, at=request.at, step_id=_step_id(request))


def _comment(request: Any, case_id: int, seen: int | None) -> None:
    actions.add_comment(by=request.actor, at=request.at, case_id=case_id, text=request.POST.get("text", ""))


def _correct(request: Any, case_id: int, seen: int | None) -> None:
    actions.correct_decision(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        wrong=request.POST.get("wrong", ""),
        right=request.POST.get("right", ""),
        seen=seen,
    )


#: The steps that the case page posts, by the last part of the address.
STEPS: dict[str, Callable[[Any, int, int | None], None]] = {
    "accept": _accept,
    "ask": _ask,
    "refuse": _refuse,
    "review": _review,
    "decide": _decide,
    "result": _make_result,
    "hand-out": _hand_out,
    "send": _send,
    "confirm": _confirm,
    "claim": _claim,
    "hand-back": _hand_back,
    "comment": _comment,
    "correct": _correct,
    **CLOCK_STEPS,
}


@access("staff", reads="办理")
@require_http_methods(["GET", "POST"])
def take(request: Any, number: str, take: str) -> HttpResponse:
    """Take one step of a matter and go back to it; a refusal keeps what was typed, at an address that opens again."""
    if request.method == "GET":
        return HttpResponseRedirect(reverse("desk:case", args=[number]))
    case_id, _ = queries.find_case_id(request.actor, number)
    if take not in STEPS:
        raise Http404
    seen = request.POST.get("revision", "")
    try:
        STEPS[take](request, case_id, read_id(seen) if seen.isdecimal() else None)
    except WeiminError as fault:
        return show_case(request, number, problem=fault, status=_status_again(fault))
    if "next_one" in request.POST:
        return HttpResponseRedirect(reverse("desk:home"))
    return HttpResponseRedirect(reverse("desk:case", args=[number]))


@access("staff", reads="查看文书", glass=True)
@require_GET
def desk_paper(request: Any, paper_id: int) -> HttpResponse:
    """A paper of a matter as PDF."""
    return paper_response(request, paper_id)


@access("staff", reads="查看材料", glass=True)
@require_GET
def desk_file(request: Any, file_id: int) -> Any:
    """A file of a matter."""
    return file_response(request, file_id)
