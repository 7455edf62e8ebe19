"""Between acceptance and decision: claim, review, decide, make the result, mend a slip of the pen."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.cases import access
from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.actions.authorities import check_authority, printed_authority
from weimin.kernel.cases.actions.checking import (
    applicant_name,
    check_reasons,
    keep_decision,
)
from weimin.kernel.cases.models import Comment, Step
from weimin.kernel.cases.rules import numbers
from weimin.kernel.cases.types import (
    OUTCOME_TEXT,
    STEP_TEXT,
    Event,
    HandedOver,
    PaperKind,
    StepTaken,
)
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

REVIEWS = ("review", "survey", "notice")
CHOOSE = "请先选择结论。"


class OutcomeUnknown(Invalid):
    """The step does not offer this outcome."""

    code = "cases.outcome_unknown"


class StepClaimed(Conflict):
    """Another officer has the step."""

    code = "cases.step_claimed"


def claim_step(*, by: Actor, at: datetime, step_id: int) -> None:
    """Take an open step onto one's own desk; of two who try, one succeeds and the other is told who.

    Raises: StepClaimed — with the name of who has it
    Cost:   three statements
    """
    with transaction.atomic():
        changed = (
            access.workable_steps(by)
            .filter(pk=step_id, assignee=None)
            .update(assignee_id=by.officer_id, assignee_name=by.name[:60])
        )
        if changed != 1:
            _explain_claim(by, step_id)
            return
        _audit_step(by, at, step_id, "cases.step.claimed")


def _explain_claim(by: Actor, step_id: int) -> None:
    step = Step.objects.filter(pk=step_id).first()
    if step is None:
        raise access.CaseUnknown("找不到这个环节，请重新打开办件。")
    access.check_step(by, step)
    if step.state != "open":
        raise turning.StepTakenAlready("这一步已经办完，请重新打开办件看最新情况。")
    if step.assignee_id != by.officer_id:
        raise StepClaimed(f"这一步已由{step.assignee_name}领办。需要换人时，请他先交回。")


def _audit_step(by: Actor, at: datetime, step_id: int, verb: str) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type="step", subject_id=step_id, changes={"officer": by.name})


def hand_back_step(*, by: Actor, at: datetime, step_id: int) -> None:
    """Put one's own claimed step back for the colleagues.

    Raises: StepTakenAlready — not one's own, or no longer open
    Cost:   two statements
    """
    with transaction.atomic():
        changed = (
            access.workable_steps(by)
            .filter(pk=step_id, assignee_id=by.officer_id)
            .update(assignee=None, assignee_name="")
        )
        if changed != 1:
            raise turning.StepTakenAlready("这一步不在您手上，或者已经办完。")
        _audit_step(by, at, step_id, "cases.step.handed_back")


def hand_over_steps(*, by: Actor, at: datetime, from_officer_id: int, to_officer_id: int | None) -> HandedOver:
    """Hand all open steps of somebody who leaves to a colleague, or back to all.

    What the colleague's posts do not cover goes back to all: nobody may hold a step that they cannot take.

    Raises: Forbidden — the actor does not lead the agency
            Invalid — the colleague does not serve there, or is the one who leaves
    Cost:   about seven statements
    """
    if not by.roles & {"leader", "operator"} or by.agency_id is None:
        raise Forbidden("移交工作由本单位领导办理。")
    led = directory.list_led_agencies(agency_id=by.agency_id)
    staff = directory.list_staff(agency_ids=led, on=local_date(at))
    posts = [one for one in staff if one.officer_id == to_officer_id] if to_officer_id else []
    if to_officer_id is not None and (not posts or to_officer_id == from_officer_id):
        raise Invalid("请选择本单位在任的另一位同事。", fields={"to": "请重新选择。"})
    with transaction.atomic():
        held = Step.objects.filter(
            state__in=("open", "waiting"), assignee_id=from_officer_id, agency_id__in=led
        ).select_for_update()
        ids = list(held.values_list("pk", flat=True))
        steps = Step.objects.filter(pk__in=ids)
        fits = [Q(agency_id=post.agency_id, role__in=post.roles) for post in posts]
        moved = (
            steps.filter(reduce(or_, fits)).update(assignee_id=to_officer_id, assignee_name=posts[0].name[:60])
            if fits
            else 0
        )
        freed = steps.filter(assignee_id=from_officer_id).update(assignee_id=None, assignee_name="")
        record_audit(
            by=by,
            at=at,
            verb="cases.steps.handed_over",
            subject_type="officer",
            subject_id=from_officer_id,
            changes={"to": to_officer_id, "steps": moved, "freed": freed},
        )
    return HandedOver(moved, freed)


def complete_review(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    step_id: int,
    outcome: str,
    opinion: str,
    seen: int | None = None,
) -> StepTaken:
    """Give an opinion on a review, a survey or a public notice; the procedure says who is next.

    Raises: OutcomeUnknown — the step does not offer it; Invalid — a negative opinion without words
    Cost:   about thirteen statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=(*REVIEWS, "register"))
        _check_outcome(step, outcome)
        if outcome in ("disagree", "return") and len(opinion.strip()) < 5:
            raise Invalid("不同意或退回时，请写明理由（至少 5 个字）。", fields={"opinion": "请写明理由。"})
        turning.complete_step(turn, step, outcome=outcome, opinion=opinion.strip())
        label = STEP_TEXT[step.kind]
        turn.say(
            "reviewed",
            public=f"{turn.by.agency_name}已完成{label}。",
            inner=f"{step.name}：{OUTCOME_TEXT.get(outcome, outcome)}。{opinion}"[:400],
        )
        return turn.finish(verb="cases.step.reviewed", notice={"step": step.name})


def _check_outcome(step: Step, outcome: str) -> None:
    offered = step.outcomes.split() or ["done"]
    if not outcome:
        raise OutcomeUnknown(CHOOSE, fields={"outcome": CHOOSE})
    if outcome not in offered:
        shown = "、".join(OUTCOME_TEXT.get(one, one) for one in offered)
        raise OutcomeUnknown(f"这一步可以选：{shown}。", fields={"outcome": "请重新选择。"})


def decide_case(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    step_id: int,
    outcome: str,
    reasons: str,
    basis: str,
    seen: int | None = None,
) -> StepTaken:
    """Decide, signed by a person, with reasons and basis; the delivery clock starts.

    Raises: ReasonsMissing — no reasons or basis; OutcomeUnknown — nothing chosen, or not offered
            Forbidden — no person signs; NotInForce — the township's delegation is not in force
    Law:    xkl-2019 art. 38, 44; pipl-2021 art. 24
    Cost:   about seventeen statements; locks the case row until commit
    """
    check_reasons(reasons, basis, missing=None if outcome else {"outcome": CHOOSE})
    if by.officer_id is None:
        raise Forbidden("决定必须由在任的工作人员作出，系统和接口不能代签。")
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=("decide",))
        _check_outcome(step, outcome)
        turning.check_running(turn)
        check_authority(turn.case, turn.today)
        turn.move(Event.DECIDE)
        turn.set(decided_at=at, outcome=outcome, attention_at=None)
        start_delivery(turn)
        turning.complete_step(turn, step, outcome=outcome, opinion=reasons)
        keep_decision(turn, kind="decision", outcome=outcome, reasons=reasons, basis=basis)
        text = OUTCOME_TEXT.get(outcome, outcome)
        turn.say(
            "decided",
            public=f"已作出决定：{text}。",
            inner=f"决定：{text}。{reasons}"[:400],
            due_on=turn.case.due_on,
        )
        turning.make_paper(
            turn,
            PaperKind.DECISION,
            applicant=applicant_name(turn.case),
            **({"agency": by.agency_name} | printed_authority(turn.case)),
            outcome=outcome,
            outcome_text=text,
            reasons=reasons,
            basis=basis,
            result_name=str((turn.spec.doc.get("result") or {}).get("name") or ""),
            remedy_text=catalogue.remedy_text(turn.spec, on=turn.today),
            **_filed(turn, outcome),
        )
        return turn.finish(verb="cases.case.decided", notice={"outcome_text": text})


def _filed(turn: turning.Turn, outcome: str) -> dict[str, str]:
    """A filing ends with a receipt or goes back; neither is a decision."""
    titles = {"file": "备案回执", "send_back": "备案退回更正通知书"}
    return {"title": titles[outcome]} if turn.spec.legal_effect == "filing" and outcome in titles else {}


def start_delivery(turn: turning.Turn) -> None:
    """End the handling clock and start the follow-on one: the result is delivered in ten working days.

    Law:    xkl-2019 art. 44
    """
    if turn.case.applicant_id is None:
        turning.stop_clock(turn)
        return
    limit, promised = turning.parameter("permit.deliver", turn.today)
    turning.start_clock(turn, purpose="deliver", start=turn.today, statutory=limit, committed=promised)


def make_result(
    *, by: Actor, at: datetime, case_id: int | str, step_id: int, note: str = "", seen: int | None = None
) -> StepTaken:
    """Make the result document ready and send it to the window; the applicant gets a pick-up code.

    Law:    xkl-2019 art. 39, 44
    Cost:   about thirteen statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=("result",))
        turn.move(Event.MAKE_RESULT)
        turning.complete_step(turn, step, outcome=_only(step), opinion=note)
        if turn.finished:
            return _archive(turn)
        code = numbers.pickup_code(turn.case.number)
        due = turn.case.due_on
        told = f"结果已出，凭取件码 {code} 到窗口领取。"
        turn.say(
            "result_made",
            public="结果已出，会按您填的地址寄出。" if turn.case.delivery == "post" else told,
            inner="结果已制作，转出件窗口",
            due_on=due,
        )
        return turn.finish(verb="cases.result.made", notice={"pickup_code": code})


def _archive(turn: turning.Turn) -> StepTaken:
    """The procedure ends with its result: nobody waits for it at a window."""
    turn.move(Event.ARCHIVE)
    turning.stop_clock(turn)
    turn.set(ended_at=turn.at)
    turn.say("closed", inner="登记归档，办结")
    return turn.finish(verb="cases.case.closed")


def _only(step: Step) -> str:
    return (step.outcomes.split() or ["done"])[0]


def correct_decision(
    *, by: Actor, at: datetime, case_id: int | str, wrong: str, right: str, seen: int | None = None
) -> StepTaken:
    """Mend a clerical error by a further decision row that names the one it corrects.

    Raises: Invalid — the two texts are empty or equal
            Conflict — nothing was decided yet
    Cost:   about eight statements; locks the case row until commit
    """
    if not wrong.strip() or not right.strip() or wrong.strip() == right.strip():
        raise Invalid("请写明原来的错字和更正后的文字，两者不能相同。", fields={"right": "请填写更正后的文字。"})
    if not by.roles & {"decider"} or by.officer_id is None:
        raise Forbidden("更正由作出决定的岗位办理。")
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        decision = turn.case.decisions.filter(agency_id=by.agency).exclude(kind="erratum").last()
        if decision is None:
            raise Conflict("本机构还没有对这个办件作出决定，没有可更正的内容。")
        reasons = f"将“{wrong.strip()}”更正为“{right.strip()}”。"
        keep_decision(
            turn,
            kind="erratum",
            outcome="correct",
            reasons=reasons,
            basis="笔误更正，决定内容不变",
            corrects_id=decision.pk,
        )
        turn.say("corrected", public=f"决定书文字更正：{reasons}"[:400], inner=reasons[:400])
        turning.make_paper(
            turn,
            PaperKind.CORRECTION,
            applicant=applicant_name(turn.case),
            agency=by.agency_name,
            wrong=wrong.strip(),
            right=right.strip(),
            decided_on=decision.decided_at.isoformat(),
        )
        return turn.finish(verb="cases.decision.corrected")


def add_comment(*, by: Actor, at: datetime, case_id: int, text: str) -> int:
    """Say something to colleagues on a matter; the applicant never sees it. Gives the comment's id.

    Raises: Invalid — nothing was written
    Cost:   three statements
    """
    if not text.strip():
        raise Invalid("请先写点内容。", fields={"text": "请填写。"})
    if not by.is_staff:
        raise Forbidden("内部意见只供工作人员使用。")
    with transaction.atomic():
        case = access.visible_cases(by).filter(pk=case_id).first()
        if case is None:
            raise access.CaseUnknown("找不到这个办件，或者它不归您办理。")
        comment = Comment.objects.create(case=case, at=at, by_label=by.label[:120], text=text.strip()[:2000])
        record_audit(
            by=by,
            at=at,
            verb="cases.comment.added",
            subject_type="case",
            subject_id=case.number,
            changes={"comment": comment.pk},
        )
    return comment.pk
