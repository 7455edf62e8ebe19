"""The API of a matter's clocks: why each date is what it is, and their lawful changes."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from ninja import Router, Schema
from pydantic import Field

from weimin.base.shapes import Input, Revision, RowId
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.api.matters import KEY, TakenOut, take_step
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.deadlines.actions import Standing
from weimin.kernel.deadlines.types import LEVEL_TEXT, Explanation, Ledger

router = Router(tags=["clocks"])


class LedgerLineOut(Schema):
    """One entry of a ledger: what it says, its article, who entered it, and the date that it gives."""

    kind: str
    on: date
    text: str
    article: str
    source: str
    by: str
    due_after: date | None


class DayOut(Schema):
    """One day of the strip: works, off, makeup or paused, and its count."""

    day: date
    kind: str
    count: int
    note: str


class ReckoningOut(Schema):
    """A limit with its ledger, day by day; unrolled is the last day before a day off moved it."""

    value: int
    unit: str
    due: date | None
    unrolled: date | None
    provisional: bool
    lines: list[LedgerLineOut]
    days: list[DayOut]


class ClockOut(Schema):
    """A clock of a matter; statutory and committed stand apart."""

    clock_id: int
    purpose: str
    label: str
    state: str
    level: int
    level_text: str
    stopped_on: date | None
    planned_until: date | None
    statutory: ReckoningOut | None
    committed: ReckoningOut | None


class PauseIn(Input):
    """A clock stands on a lawful ground from a day on; until is the time needed as told to the applicant."""

    ground: str = Field(max_length=30)
    on: date
    until: date | None = None
    reason: str = Field(max_length=200)
    clock_id: RowId | None = None
    revision: Revision | None = None


class ResumeIn(Input):
    """A clock goes on; `on` is the last day that does not count."""

    on: date
    clock_id: RowId | None = None
    revision: Revision | None = None


class AskExtensionIn(Input):
    """Why the limit should be extended."""

    reason: str = Field(max_length=200)
    revision: Revision | None = None


class DecideExtensionIn(Input):
    """The answer of the post that the law names: extend or keep."""

    step_id: RowId
    outcome: str = Field(pattern="^(extend|keep)$")
    reason: str = Field(max_length=200)
    revision: Revision | None = None


def _reckoning(ledger: Ledger | None) -> dict[str, Any] | None:
    if ledger is None:
        return None
    return {
        "value": ledger.limit.value,
        "unit": ledger.limit.unit,
        "due": ledger.due,
        "unrolled": ledger.unrolled,
        "provisional": ledger.provisional,
        "lines": [LedgerLineOut.model_validate(one, from_attributes=True) for one in ledger.lines],
        "days": [DayOut.model_validate(one, from_attributes=True) for one in ledger.strip],
    }


def _clock(one: Explanation) -> dict[str, Any]:
    return {
        "clock_id": one.clock_id,
        "purpose": one.purpose,
        "label": one.label,
        "state": one.state,
        "level": int(one.level),
        "level_text": LEVEL_TEXT[one.level],
        "stopped_on": one.stopped_on,
        "planned_until": one.planned_until,
        "statutory": _reckoning(one.statutory),
        "committed": _reckoning(one.committed),
    }


@router.get("/{number}/clocks", response=list[ClockOut], operation_id="list_clocks")
def list_clocks(request: Any, number: str) -> Any:
    """Why every date of a matter is what it is: each clock's ledger, with articles, day by day."""
    queries.find_case(request.actor, number, shown=True)
    return [_clock(one) for one in deadlines.explain_subject(subject_type="case", subject_id=number)]


@router.post("/{number}/pause", response=TakenOut, operation_id="pause_matter")
def pause_matter(request: Any, response: HttpResponse, number: str, body: PauseIn, key: str = KEY) -> Any:
    """Let a matter's clock stand on a lawful ground; the applicant is told in writing."""
    standing = Standing(body.ground, body.on, body.until, body.reason, "")
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.pause_case,
        standing=standing,
        clock_id=body.clock_id,
        seen=body.revision,
    )


@router.post("/{number}/resume", response=TakenOut, operation_id="resume_matter")
def resume_matter(request: Any, response: HttpResponse, number: str, body: ResumeIn, key: str = KEY) -> Any:
    """Let a matter's clock go on."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.resume_case,
        on=body.on,
        clock_id=body.clock_id,
        seen=body.revision,
    )


@router.post("/{number}/extension", response=TakenOut, operation_id="ask_extension")
def ask_extension(request: Any, response: HttpResponse, number: str, body: AskExtensionIn, key: str = KEY) -> Any:
    """Ask the post that the law names to extend a matter's limit."""
    return take_step(
        request, response, number, key, body, actions.ask_extension, reason=body.reason, seen=body.revision
    )


@router.post("/{number}/extension/decide", response=TakenOut, operation_id="decide_extension")
def decide_extension(request: Any, response: HttpResponse, number: str, body: DecideExtensionIn, key: str = KEY) -> Any:
    """Extend a matter's limit once, or refuse to."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.decide_extension,
        step_id=body.step_id,
        outcome=body.outcome,
        reason=body.reason,
        seen=body.revision,
    )
