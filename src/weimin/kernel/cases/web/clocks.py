"""A matter's clocks on screen and paper: why each date is what it is, and the posts that change them lawfully."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.errors import Invalid
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.types import State
from weimin.kernel.cases.web.portal import pdf_response
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.deadlines.actions import Standing


def _day(request: Any, name: str, label: str, *, needed: bool = True) -> date | None:
    text = request.POST.get(name, "").strip()
    if not text and not needed:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as broken:
        told = f"请填写{label}，写成 2026-03-05 这样的日期。"
        raise Invalid(told, fields={name: told}) from broken


def _id(request: Any, name: str) -> int | None:
    return read_id(request.POST.get(name, "")) or None


def pause(request: Any, case_id: int, seen: int | None) -> None:
    """Let the clock stand."""
    on = _day(request, "on", "从哪一天起停")
    assert on is not None
    standing = Standing(
        request.POST.get("ground", ""),
        on,
        _day(request, "until", "预计到哪一天", needed=False),
        request.POST.get("reason", ""),
        "",
    )
    actions.pause_case(
        by=request.actor, at=request.at, case_id=case_id, standing=standing, clock_id=_id(request, "clock"), seen=seen
    )


def resume(request: Any, case_id: int, seen: int | None) -> None:
    """Let the clock go on."""
    on = _day(request, "resume_on", "停到哪一天")
    assert on is not None
    actions.resume_case(
        by=request.actor, at=request.at, case_id=case_id, on=on, clock_id=_id(request, "clock"), seen=seen
    )


def ask_extension(request: Any, case_id: int, seen: int | None) -> None:
    """Ask for an extension."""
    actions.ask_extension(
        by=request.actor, at=request.at, case_id=case_id, reason=request.POST.get("extend_reason", ""), seen=seen
    )


def decide_extension(request: Any, case_id: int, seen: int | None) -> None:
    """Decide on an extension."""
    actions.decide_extension(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        step_id=_id(request, "step") or 0,
        outcome=request.POST.get("outcome", ""),
        reason=request.POST.get("reason", ""),
        seen=seen,
    )


def correct(request: Any, case_id: int, seen: int | None) -> None:
    """Put an entry of the ledger right."""
    strike = request.POST.get("strike") == "1"
    actions.correct_clock(
        by=request.actor,
        at=request.at,
        case_id=case_id,
        clock_id=_id(request, "clock") or 0,
        entry_id=_id(request, "entry") or 0,
        on=None if strike else _day(request, "right_on", "正确的日期"),
        reason=request.POST.get("correct_reason", ""),
        seen=seen,
    )


#: The clock's steps that the case page posts, by the last part of the address.
CLOCK_STEPS = {
    "pause": pause,
    "resume": resume,
    "ask-extension": ask_extension,
    "extend": decide_extension,
    "correct-clock": correct,
}


def clock_context(request: Any, view: queries.CaseView) -> dict[str, Any]:
    """What the case page shows of the clocks: running and ended ones, and what this viewer may do to them.

    Cost:   three queries; two more for a leader
    """
    case, actor = view.case, request.actor
    clocks = deadlines.explain_subject(subject_type="case", subject_id=case.number)
    running = [one for one in clocks if one.state != "stopped"]
    mine = any(one.agency_id == actor.agency_id and one.role in actor.roles for one in view.open_steps)
    handling = State(case.state) is State.HANDLING and mine and actor.is_staff
    whole = deadlines.find_clock(clock_id=case.clock_id) if handling else None
    corrects = bool(actor.roles & {"leader", "supervisor"}) and bool(running)
    return {
        "clocks": running,
        "ended_clocks": [one for one in clocks if one.state == "stopped"],
        "grounds": deadlines.list_grounds(regime=whole.regime, on=request.today, allowed=whole.grounds)
        if whole is not None
        else [],
        "may_clock": handling,
        "may_extend": whole is not None and bool(whole.extend_code),
        "standing": [one for one in running if one.state == "paused"],
        "entries": [(one, deadlines.list_entries(one.clock_id)) for one in running] if corrects else [],
    }


def _explanation(request: Any, number: str, clock_id: int) -> Any:
    # the ledger names who entered each line, the applicant among them
    queries.find_case(request.actor, number, shown=True)
    if clock_id not in deadlines.list_clock_ids(subject_type="case", subject_id=number):
        raise queries.FileUnknown("这个办件没有这条期限。")
    return deadlines.explain_clock(clock_id=clock_id)


@access("staff", reads="查看期限的算法")
@require_GET
def desk_why(request: Any, number: str, clock_id: int) -> HttpResponse:
    """Why a date of a matter is what it is, for staff; made to be printed."""
    context = {"why": _explanation(request, number, clock_id), "number": number}
    return render(request, "cases/desk_why.html", context)


@access("staff", reads="查看期限的算法")
@require_GET
def desk_why_pdf(request: Any, number: str, clock_id: int) -> HttpResponse:
    """The same as PDF."""
    return _pdf(request, number, clock_id)


@access("resident")
@require_GET
def why(request: Any, number: str, clock_id: int) -> HttpResponse:
    """Why a date of my matter is what it is."""
    context = {"why": _explanation(request, number, clock_id), "number": number, "section": "mine"}
    return render(request, "cases/why.html", context)


@access("resident")
@require_GET
def why_pdf(request: Any, number: str, clock_id: int) -> HttpResponse:
    """The same as PDF."""
    return _pdf(request, number, clock_id)


def _pdf(request: Any, number: str, clock_id: int) -> HttpResponse:
    explanation = _explanation(request, number, clock_id)
    return pdf_response(
        "为什么是这一天", number, queries.draw_why(request.actor, number, explanation, on=request.today)
    )
