"""The API of matters: submit one, take each step of it, follow it. One operation a verb.

A request is one unit of work and any error undoes all of it, so nothing here opens a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse
from ninja import File, Header, Router, Schema, Status, UploadedFile
from pydantic import Field

from weimin.base.crypto import sm3_hex
from weimin.base.errors import WeiminError
from weimin.base.shapes import Input, Revision, RowId
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.types import (
    STATE_TEXT,
    Channel,
    Guardian,
    NextStep,
    PostalAddress,
    StepTaken,
    Submission,
    SupplementItem,
)
from weimin.kernel.cases.types import UploadedFile as Upload
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.record.actions import do_once
from weimin.kernel.residents import actions as residents

router = Router(tags=["matters"])
KEY: Any = Header(..., alias="Idempotency-Key", min_length=8, max_length=80)


class Person(Input):
    """The person applied for, who is registered when new."""

    name: str = Field(max_length=60)
    id_number: str = Field(max_length=24)
    phone: str = Field(max_length=16)
    division_code: str = Field(pattern="^[0-9]{12}$")


class PostTo(Input):
    """Where the result is posted to; an empty phone means the one registered."""

    name: str = Field(max_length=60)
    phone: str = Field(default="", max_length=16)
    address: str = Field(max_length=200)


class GuardianIn(Input):
    """Who acts for a child under fourteen."""

    name: str = Field(default="", max_length=40)
    relation: str = Field(max_length=20)


class SubmitIn(Input):
    """An application."""

    item_code: str = Field(max_length=40)
    township_code: str = Field(pattern="^[0-9]{12}$")
    person: Person
    answers: dict[str, Any] = {}
    file_ids: list[RowId] = []
    materials_seen: list[str] = Field(default=[], description="materials checked on paper by a clerk")
    delivery: str = Field(default="pickup", pattern="^(pickup|post)$")
    post_to: PostTo | None = Field(default=None, description="needed with delivery by post")
    guardian: GuardianIn | None = Field(default=None, description="needed when the matter is about a child under 14")
    notice: str = Field(
        default="",
        max_length=12,
        description="the version of the privacy notice that the person was shown; see /privacy/",
    )


class NextOut(Schema):
    """A step that somebody has to take next."""

    step_id: int
    kind: str
    agency_id: int


class SubmitOut(Schema):
    """The receipt."""

    number: str
    receipt_code: str
    next_steps: list[NextOut]


class StepIn(Input):
    """A step to take, on the matter as last seen."""

    step_id: RowId
    revision: Revision | None = None
    opinion: str = Field(default="", max_length=2000)


class OutcomeIn(StepIn):
    """A step with an outcome."""

    outcome: str = Field(max_length=12)


class DecisionIn(StepIn):
    """A decision or refusal."""

    outcome: str = Field(default="", max_length=12)
    reasons: str = Field(max_length=4000)
    basis: str = Field(max_length=2000)


class AskItem(Input):
    """One thing that is missing."""

    code: str = Field(max_length=40)
    name: str = Field(max_length=120)
    what: str = Field(max_length=300)


class AskIn(StepIn):
    """The one complete list of what is missing."""

    items: list[AskItem]
    note: str = Field(default="", max_length=300)


class AnswerIn(Input):
    """The answer to a supplement list."""

    file_ids: list[RowId] = []
    replies: dict[str, str] = {}


class HandOutIn(StepIn):
    """The result goes out against a code or a signature."""

    code: str = Field(default="", max_length=12)
    signed_by: str = Field(default="", max_length=40)


class SendIn(StepIn):
    """The result goes out by post."""

    tracking: str = Field(max_length=40)


class WithdrawIn(Input):
    """Why an application is withdrawn."""

    reason: str = Field(default="", max_length=200)


class TakenOut(Schema):
    """What a step led to."""

    number: str
    state: str
    state_text: str
    revision: int
    next_steps: list[NextOut]


class FileOut(Schema):
    """A file that was taken in."""

    file_id: int


class StepOut(Schema):
    """A step of a matter."""

    step_id: int
    name: str
    kind: str
    agency: str
    role: str
    state: str
    outcomes: list[str]
    outcome: str
    due_on: date | None
    done_at: datetime | None


class LineOut(Schema):
    """A line of the timeline."""

    at: datetime
    text: str
    due_on: date | None


class LedgerOut(Schema):
    """One entry of the reckoning behind a date."""

    kind: str
    on: date
    text: str
    article: str
    due_after: date | None


class SeenOut(Schema):
    """A material that a clerk saw on paper."""

    code: str
    name: str
    by: str
    at: datetime


class MatterOut(Schema):
    """A matter as it stands."""

    number: str
    item_code: str
    item_name: str
    state: str
    state_text: str
    revision: int
    submitted_at: datetime
    due_on: date | None
    statutory_due_on: date | None
    provisional: bool
    outcome: str
    materials_seen: list[SeenOut]
    steps: list[StepOut]
    timeline: list[LineOut]
    why: list[LedgerOut]


class InboxLine(Schema):
    """A step that waits."""

    step_id: int
    number: str
    item_name: str
    applicant: str
    kind: str
    step_name: str
    due_on: date | None


class InboxOut(Schema):
    """A page of the inbox; `after` asks for the next."""

    rows: list[InboxLine]
    after: str


def _once(request: Any, response: HttpResponse, key: str, body: Any, run: Callable[[], dict[str, Any]]) -> Any:
    """Do a write once for a key; a repeat gets the first answer and says so in a header."""
    answer, repeated = do_once(
        at=request.at,
        scope=f"api:{request.client_id}",
        key=key,
        request={"path": request.path, "body": body},
        run=run,
    )
    if repeated:
        response["Idempotency-Replayed"] = "true"
    return answer


def _taken(done: StepTaken) -> dict[str, Any]:
    return {
        "number": done.number,
        "state": str(done.state),
        "state_text": STATE_TEXT[done.state],
        "revision": done.revision,
        "next_steps": _next(done.next_steps),
    }


def _next(steps: tuple[NextStep, ...]) -> list[dict[str, Any]]:
    return [{"step_id": one.step_id, "kind": one.kind, "agency_id": one.agency_id} for one in steps]


def take_step(
    request: Any,
    response: HttpResponse,
    number: str,
    key: str,
    body: Schema,
    verb: Callable[..., StepTaken],
    **fields: Any,
) -> Any:
    """Take one step of a matter by its number."""

    def run() -> dict[str, Any]:
        return _taken(verb(by=request.actor, at=request.at, case_id=number, **fields))

    return _once(request, response, key, body.model_dump(mode="json"), run)


@router.post("", response={201: SubmitOut}, operation_id="submit_matter")
def submit_matter(request: Any, response: HttpResponse, body: SubmitIn, key: str = KEY) -> Any:
    """Submit an application for a person; a repeat with the same key gives the same receipt."""
    applicant = _register(request, body.person)
    done = actions.submit(
        by=request.actor,
        at=request.at,
        key=sm3_hex(f"api:{key}".encode()),
        submission=Submission(
            item_code=body.item_code,
            township_code=body.township_code,
            applicant_id=applicant,
            channel=Channel.API,
            answers=body.answers,
            file_ids=tuple(body.file_ids),
            waived_materials=tuple(body.materials_seen),
            delivery=body.delivery,
            post_to=PostalAddress(**body.post_to.model_dump()) if body.post_to else None,
            notice=body.notice,
            guardian=Guardian(**body.guardian.model_dump()) if body.guardian else None,
        ),
    )
    if done.repeated:
        response["Idempotency-Replayed"] = "true"
    return Status(201, {"number": done.number, "receipt_code": done.receipt_code, "next_steps": _next(done.next_steps)})


def _register(request: Any, person: Person) -> int:
    """The person applied for, registered when new; faults name the fields as the API calls them."""
    try:
        return residents.register_resident(
            by=request.actor,
            at=request.at,
            name=person.name,
            id_number=person.id_number,
            phone=person.phone,
            division_code=person.division_code,
        )
    except WeiminError as fault:
        fields = {{"division": "division_code"}.get(name, name): text for name, text in fault.fields.items()}
        fault.fields = {f"person.{name}": text for name, text in fields.items()}
        raise


@router.post("/files", response={201: FileOut}, operation_id="upload_file")
def upload_file(request: Any, item_code: str, material_code: str, file: UploadedFile = File(...)) -> Any:  # noqa: B008
    """Take in a file for a material of an item, before submitting."""
    spec = catalogue.get_current(code=item_code)
    allowed = next((m.accept for m in spec.materials if m.code == material_code), ("jpg", "png", "pdf"))
    file_id = actions.add_file(
        by=request.actor,
        at=request.at,
        material_code=material_code,
        upload=Upload(file.name or "", file.read()),
        allowed=allowed or ("jpg", "png", "pdf"),
    )
    return Status(201, {"file_id": file_id})


@router.get("/inbox", response=InboxOut, operation_id="list_inbox")
def list_inbox(request: Any, kind: str = "", after: str = "") -> Any:
    """List the steps that wait for the client's post, what falls due first."""
    page = queries.get_inbox(request.actor, kind=kind[:12], after=after[:40])
    return {"rows": [InboxLine.model_validate(one, from_attributes=True) for one in page.rows], "after": page.after}


@router.get("/{number}", response=MatterOut, operation_id="get_matter")
def get_matter(request: Any, number: str) -> Any:
    """Follow a matter: state, steps, dates and why they are what they are."""
    view = queries.get_case(request.actor, number)
    case = view.case
    why = deadlines.explain_clock(clock_id=case.clock_id) if case.clock_id else None
    ledger = (why.committed or why.statutory) if why else None
    return {
        "number": case.number,
        "item_code": view.spec.code,
        "item_name": case.item_name,
        "state": case.state,
        "state_text": view.state_text,
        "revision": case.revision,
        "submitted_at": case.submitted_at,
        "due_on": case.due_on,
        "statutory_due_on": case.statutory_due_on,
        "provisional": case.due_provisional,
        "outcome": case.outcome,
        "materials_seen": [SeenOut.model_validate(s, from_attributes=True) for s in view.seen_papers.values()],
        "steps": [
            {
                "step_id": s.pk,
                "name": s.name,
                "kind": s.kind,
                "agency": s.agency.name,
                "role": s.role,
                "state": s.state,
                "outcomes": s.outcomes.split(),
                "outcome": s.outcome,
                "due_on": s.due_on,
                "done_at": s.done_at,
            }
            for s in view.steps
        ],
        "timeline": [{"at": t.at, "text": t.inner_text or t.public_text, "due_on": t.due_on} for t in view.timeline],
        "why": [LedgerOut.model_validate(one, from_attributes=True) for one in (ledger.lines if ledger else ())],
    }


@router.post("/{number}/accept", response=TakenOut, operation_id="accept_matter")
def accept(request: Any, response: HttpResponse, number: str, body: StepIn, key: str = KEY) -> Any:
    """Accept the application."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.accept_application,
        step_id=body.step_id,
        opinion=body.opinion,
        seen=body.revision,
    )


@router.post("/{number}/ask-supplement", response=TakenOut, operation_id="ask_supplement")
def ask(request: Any, response: HttpResponse, number: str, body: AskIn, key: str = KEY) -> Any:
    """Ask once for what is missing."""
    items = [SupplementItem(one.code, one.name, one.what) for one in body.items]
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.ask_supplement,
        step_id=body.step_id,
        items=items,
        note=body.note,
        seen=body.revision,
    )


@router.post("/{number}/answer-supplement", response=TakenOut, operation_id="answer_supplement")
def answer(request: Any, response: HttpResponse, number: str, body: AnswerIn, key: str = KEY) -> Any:
    """Hand in what was asked for, on the applicant's behalf."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.answer_supplement,
        file_ids=tuple(body.file_ids),
        replies=body.replies,
    )


@router.post("/{number}/refuse", response=TakenOut, operation_id="refuse_matter")
def refuse(request: Any, response: HttpResponse, number: str, body: DecisionIn, key: str = KEY) -> Any:
    """Refuse to accept, with reasons."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.refuse_application,
        step_id=body.step_id,
        reasons=body.reasons,
        basis=body.basis,
        seen=body.revision,
    )


@router.post("/{number}/review", response=TakenOut, operation_id="review_matter")
def review(request: Any, response: HttpResponse, number: str, body: OutcomeIn, key: str = KEY) -> Any:
    """Give an opinion."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.complete_review,
        step_id=body.step_id,
        outcome=body.outcome,
        opinion=body.opinion,
        seen=body.revision,
    )


@router.post("/{number}/decide", response=TakenOut, operation_id="decide_matter")
def decide(request: Any, response: HttpResponse, number: str, body: DecisionIn, key: str = KEY) -> Any:
    """Decide, signed by the person whose post the client acts for."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.decide_case,
        step_id=body.step_id,
        outcome=body.outcome,
        reasons=body.reasons,
        basis=body.basis,
        seen=body.revision,
    )


@router.post("/{number}/make-result", response=TakenOut, operation_id="make_result")
def make_result(request: Any, response: HttpResponse, number: str, body: StepIn, key: str = KEY) -> Any:
    """Make the result."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.make_result,
        step_id=body.step_id,
        note=body.opinion,
        seen=body.revision,
    )


@router.post("/{number}/hand-out", response=TakenOut, operation_id="hand_out_result")
def hand_out(request: Any, response: HttpResponse, number: str, body: HandOutIn, key: str = KEY) -> Any:
    """Hand the result out at the window."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.hand_out_result,
        step_id=body.step_id,
        code=body.code,
        signed_by=body.signed_by,
        seen=body.revision,
    )


@router.post("/{number}/send", response=TakenOut, operation_id="send_result")
def send(request: Any, response: HttpResponse, number: str, body: SendIn, key: str = KEY) -> Any:
    """Send the result by post."""
    return take_step(
        request,
        response,
        number,
        key,
        body,
        actions.send_result,
        step_id=body.step_id,
        tracking=body.tracking,
        seen=body.revision,
    )


@router.post("/{number}/confirm-delivery", response=TakenOut, operation_id="confirm_delivery")
def confirm(request: Any, response: HttpResponse, number: str, body: WithdrawIn, key: str = KEY) -> Any:
    """A posted result has arrived."""
    return take_step(request, response, number, key, body, actions.confirm_delivery)


@router.post("/{number}/withdraw", response=TakenOut, operation_id="withdraw_matter")
def withdraw(request: Any, response: HttpResponse, number: str, body: WithdrawIn, key: str = KEY) -> Any:
    """Withdraw the application on the applicant's behalf."""
    return take_step(request, response, number, key, body, actions.withdraw_application, reason=body.reason)
