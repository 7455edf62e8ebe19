"""A matter's clock and its lawful changes: let it stand, let it go on, ask for and decide an extension, correct."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.cases import access
from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.actions.checking import applicant_name
from weimin.kernel.cases.actions.turning import Turn
from weimin.kernel.cases.models import Case, Step, TimelineEntry
from weimin.kernel.cases.rules import states
from weimin.kernel.cases.types import PaperKind, State, StepTaken
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import APPROVER_TEXT, ClockRef, Limit
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import queue_event
from weimin.kernel.record.types import Actor

EXTEND = "extend"


class ClockNotHere(Conflict):
    """The clock is not a running one of this matter."""

    code = "cases.clock_not_here"


def _handling(turn: Turn) -> None:
    """Refuse when the matter is not being handled, or the actor has no open step of it."""
    if State(turn.case.state) is not State.HANDLING:
        raise states.NotAllowed("只有受理后、决定前的办件才能停钟、恢复或延长。")
    if not access.workable_steps(turn.by).filter(case=turn.case).exists():
        raise Forbidden("停钟、恢复和申请延长由正在承办这个办件的岗位办理。")


def _check_clock(turn: Turn, clock_id: int | None) -> int:
    """The clock meant: the whole one, or a running part of it.

    Raises: ClockNotHere — another matter's, or ended
    """
    meant = clock_id or turn.case.clock_id
    running = limits.list_running(subject_type="case", subject_id=turn.case.number)
    if meant not in {one.pk for one in running}:
        raise ClockNotHere("这个时钟不是这个办件正在走的时钟，请重新打开办件。")
    assert meant is not None
    return meant


def _show(turn: Turn) -> ClockRef:
    """Carry the whole clock's dates to the case row."""
    clock = limits.find_clock(clock_id=turn.case.clock_id)
    assert clock is not None
    ref = limits.to_ref(clock)
    turn.set(due_on=ref.shown, statutory_due_on=ref.due_date, due_provisional=ref.provisional)
    return ref


def pause_case(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    standing: deadlines.Standing,
    clock_id: int | None = None,
    seen: int | None = None,
) -> StepTaken:
    """Let a matter's clock stand on a lawful ground; the applicant is told in writing how long it needs.

    Raises: GroundRefused, ClockRefused — the law does not allow it, or not so
            Forbidden — not an office that handles the matter; NotAllowed — not in handling
    Law:    xkl-2019 art. 45
    Cost:   about eighteen statements; locks the case row until commit
    """
    if len(standing.reason.strip()) < 5:
        raise Invalid("请写明停钟的事由（至少 5 个字），申请人会看到。", fields={"reason": "请写明事由。"})
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        _handling(turn)
        meant = _check_clock(turn, clock_id)
        ground = limits.find_ground(regime=turn.spec.regime, code=standing.ground, on=standing.on)
        name = ground.name if ground else standing.ground
        paper = turning.make_paper(
            turn,
            PaperKind.PAUSE,
            applicant=applicant_name(turn.case),
            agency=by.agency_name,
            ground=name,
            article=limits.article_text(ground.article) if ground else "",
            since=standing.on.isoformat(),
            until=standing.until.isoformat() if standing.until else "",
            reason=standing.reason.strip(),
        )
        told = deadlines.Standing(standing.ground, standing.on, standing.until, standing.reason.strip(), f"文书{paper}")
        deadlines.pause_clock(by=by, at=at, clock_id=meant, standing=told)
        _show(turn)
        until = f"，预计到 {standing.until:%Y年%m月%d日}" if standing.until else ""
        turn.say(
            "paused",
            public=f"因{name}，从 {standing.on:%Y年%m月%d日} 起的时间不计入办理期限{until}。{standing.reason}"[:400],
            inner=f"停钟（{name}）：{standing.reason}"[:400],
        )
        return turn.finish(
            verb="cases.clock.paused",
            notice={"ground": name, "until": standing.until.isoformat() if standing.until else "另行告知的日子"},
        )


def resume_case(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    on: date,
    clock_id: int | None = None,
    seen: int | None = None,
) -> StepTaken:
    """Let a matter's clock go on; `on` is the last day that does not count. The applicant hears the new date.

    Raises: ClockRefused — the clock does not stand, or the day is wrong
    Law:    xkl-2019 art. 45
    Cost:   about sixteen statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        _handling(turn)
        deadlines.resume_clock(by=by, at=at, clock_id=_check_clock(turn, clock_id), on=on)
        ref = _show(turn)
        shown = f"新的最迟办结日是 {ref.shown:%Y年%m月%d日}。" if ref.shown else ""
        turn.say(
            "resumed",
            public=f"停钟到 {on:%Y年%m月%d日} 为止，继续计算办理期限。{shown}",
            inner=f"恢复计时，停到 {on:%Y年%m月%d日}",
            due_on=ref.shown,
        )
        return turn.finish(verb="cases.clock.resumed")


def ask_extension(*, by: Actor, at: datetime, case_id: int | str, reason: str, seen: int | None = None) -> StepTaken:
    """Ask the post that the law names to extend the matter's limit; the request waits in their inbox.

    Raises: Conflict — nothing allows an extension, it was extended, or a request waits already
            Invalid — no reason
    Law:    xkl-2019 art. 42
    Cost:   about ten statements; locks the case row until commit
    """
    if len(reason.strip()) < 5:
        raise Invalid("请写明为什么要延长（至少 5 个字）。", fields={"reason": "请写明理由。"})
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        _handling(turn)
        clock = limits.find_clock(clock_id=turn.case.clock_id)
        if clock is None or not clock.extend_code:
            raise Conflict("这个事项没有可以延长期限的规定。")
        if any(one.kind == "extend" for one in limits.list_entries(clock.pk)):
            raise Conflict("期限只能延长一次，已经延长过。")
        asked = Step.objects.filter(case=turn.case, kind=EXTEND)
        if asked.filter(state="open").exists():
            raise Conflict("已经申请延长，正在等批准。")
        row = limits.get_parameter(code=clock.extend_code, on=clock.start_date)
        if row.approver == "government_head":
            head = directory.resolve_agency(
                rule="township", township_code=turn.case.township_id, lead_key="政府", area=""
            )
        else:
            head = directory.find_head(clock.agency_id or by.agency)
        step = Step.objects.create(
            case=turn.case,
            task_id=f"extend#{asked.count() + 1}",
            bpmn_id="",
            kind=EXTEND,
            name=f"延长期限审批（{Limit(row.value, row.unit).text}，{APPROVER_TEXT.get(row.approver, '负责人')}批准）"[
                :60
            ],
            outcomes="extend keep",
            agency_id=head or by.agency,
            role="leader",
            state="open",
            due_on=turn.case.due_on,
            opened_at=at,
            opinion=reason.strip(),
        )
        turn.opened.append(step)
        turn.say("extension_asked", inner=f"申请延长期限：{reason.strip()}"[:400])
        return turn.finish(verb="cases.extension.asked")


def decide_extension(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    step_id: int,
    outcome: str,
    reason: str,
    seen: int | None = None,
) -> StepTaken:
    """Extend the matter's limit once, by the post that the law names, or refuse to; the applicant hears why.

    Raises: ApproverWrong — another post must approve; ClockRefused — extended before, or the limit is over
            Invalid — no reason, or neither yes nor no
    Law:    xkl-2019 art. 42
    Cost:   about eighteen statements; locks the case row until commit
    """
    if outcome not in ("extend", "keep"):
        raise Invalid("请选择同意延长或不同意延长。", fields={"outcome": "请选择。"})
    if len(reason.strip()) < 5:
        raise Invalid("请写明理由（至少 5 个字），同意延长的理由要告知申请人。", fields={"reason": "请写明理由。"})
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        step = turning.take_step(turn, step_id=step_id, kinds=(EXTEND,))
        asked = step.opinion
        Step.objects.filter(pk=step.pk).update(
            state="done",
            done_at=at,
            outcome=outcome,
            opinion=f"申请：{asked}　批复：{reason.strip()}",
            assignee_id=by.officer_id,
            assignee_name=by.name[:60],
        )
        if outcome == "keep":
            turn.say("extension_refused", inner=f"不同意延长：{reason.strip()}"[:400])
            return turn.finish(verb="cases.extension.refused")
        return _extend(turn, reason.strip())


def _extend(turn: Turn, reason: str) -> StepTaken:
    clock_id = turn.case.clock_id
    if clock_id is None:
        raise ClockNotHere("这个办件没有正在走的时钟。")
    old = turn.case.due_on
    deadlines.extend_clock(by=turn.by, at=turn.at, clock_id=clock_id, on=turn.today, reason=reason)
    ref = _show(turn)
    shown = f"新的最迟办结日是 {ref.shown:%Y年%m月%d日}。" if ref.shown else ""
    turn.say(
        "extended",
        public=f"经批准延长办理期限。理由：{reason}。{shown}"[:400],
        inner=f"批准延长：{reason}"[:400],
        due_on=ref.shown,
    )
    entry = next(one for one in reversed(limits.list_entries(clock_id)) if one.kind == "extend")
    turning.make_paper(
        turn,
        PaperKind.EXTENSION,
        applicant=applicant_name(turn.case),
        agency=turn.by.agency_name,
        reason=reason,
        article=limits.article_text(entry.article),
        days=entry.value,
        old_due=old.isoformat() if old else "",
        new_due=ref.shown.isoformat() if ref.shown else "",
    )
    return turn.finish(verb="cases.case.extended", notice={"reason": reason})


def correct_clock(
    *,
    by: Actor,
    at: datetime,
    case_id: int | str,
    clock_id: int,
    entry_id: int,
    on: date | None,
    reason: str,
    seen: int | None = None,
) -> StepTaken:
    """Put an entry of a matter's ledger right, by the body's leader or a supervisor; the applicant hears the new date.

    Raises: ClockRefused — the ledger would contradict itself; Forbidden — another post
    Cost:   about fourteen statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        meant = _check_clock(turn, clock_id)
        deadlines.correct_entry(by=by, at=at, clock_id=meant, entry_id=entry_id, on=on, reason=reason)
        _show(turn)
        turn.say("clock_corrected", inner=f"更正时钟台账：{reason.strip()}"[:400])
        return turn.finish(verb="cases.clock.corrected")


def tell_overrun(*, by: Actor, at: datetime, number: str, reason: str) -> None:
    """Tell the applicant why their matter was not finished in time; an unknown number is nothing to tell.

    Law:    yhys-722 art. 36
    Cost:   four statements
    """
    case = Case.objects.filter(number=number).first()
    if case is None:
        return
    text = f"没有按期办结，承办单位说明原因：{reason}"[:400]
    TimelineEntry.objects.create(
        case=case,
        at=at,
        kind="overrun",
        public_text=text,
        inner_text=text,
        by_label=by.label[:120],
        agency_name=by.agency_name[:80],
    )
    queue_event(
        at=at,
        topic="cases.overrun.explained",
        payload={
            "case_id": case.pk,
            "number": number,
            "resident_id": case.applicant_id,
            "item_name": case.item_name,
            "reason": reason,
        },
    )
