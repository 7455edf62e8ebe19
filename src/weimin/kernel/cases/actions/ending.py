"""What ends or moves a matter without an office: withdrawal, silence, an unanswered supplement list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from weimin.base.attending import attend
from weimin.base.errors import Refused
from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.actions.checking import applicant_name, enter_handling
from weimin.kernel.cases.actions.handling import start_delivery
from weimin.kernel.cases.models import Case, Decision, Step
from weimin.kernel.cases.types import Event, PaperKind, State, StepTaken
from weimin.kernel.directory import queries as directory
from weimin.kernel.procedures import actions as procedures
from weimin.kernel.procedures import queries as procedure_queries
from weimin.kernel.record.types import Actor


def withdraw_application(
    *, by: Actor, at: datetime, case_id: int | str, reason: str = "", seen: int | None = None
) -> StepTaken:
    """Withdraw one's application before it is decided.

    Raises: NotAllowed — already decided or ended
    Cost:   about eight statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen, to="speak_for")
        turn.move(Event.WITHDRAW)
        _end(turn)
        tail = f"原因：{reason.strip()}" if reason.strip() else ""
        turn.say("withdrawn", public="您已撤回申请，随时可以重新申请。", inner=f"申请人撤回。{tail}"[:400])
        return turn.finish(verb="cases.case.withdrawn")


def _end(turn: turning.Turn) -> None:
    turning.stop_clock(turn)
    turn.set(ended_at=turn.at, attention_at=None)
    Step.objects.filter(case=turn.case, state__in=("open", "waiting")).update(state="cancelled", done_at=turn.at)
    if turn.case.instance_id is not None:
        procedures.stop_instance(by=turn.by, at=turn.at, instance_id=turn.case.instance_id, reason="办件结束")


def lapse_case(*, by: Actor, at: datetime, case_id: int | str) -> StepTaken:
    """End a matter whose applicant did not answer the supplement list in time; they may apply anew.

    Raises: NotAllowed — nothing is waited for any more
    Cost:   about eight statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id)
        turn.move(Event.LAPSE)
        _end(turn)
        turn.say("lapsed", public="逾期没有补正，本次申请终止。材料备齐后可以重新申请。", inner="逾期未补正，终止")
        return turn.finish(verb="cases.case.lapsed")


def accept_silently(*, by: Actor, at: datetime, case_id: int | str) -> StepTaken:
    """Silence is acceptance, dated back to receipt: no clerk said anything within five working days.

    Raises: NotAllowed — somebody acted in time
    Law:    xkl-2019 art. 32
    Cost:   about fourteen statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id)
        enter_handling(turn, Event.ACCEPT_BY_SILENCE, accepted_at=turn.case.submitted_at)
        step = Step.objects.get(case=turn.case, kind="accept", state="open")
        turning.complete_step(turn, step, outcome="accept", opinion="逾期未告知，视为受理")
        return turn.finish(verb="cases.case.accepted")


def renew_silently(*, by: Actor, at: datetime, case_id: int | str) -> StepTaken:
    """No decision on a renewal by the permit's expiry is renewal; the window makes out and hands over the new paper.

    Raises: NotAllowed — decided or ended in time
    Law:    xkl-2019 art. 50
    Cost:   about twenty statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id)
        turn.move(Event.RENEW_BY_SILENCE)
        case = turn.case
        if case.renews_until is None or turn.today <= case.renews_until:
            raise Refused("原来的许可还没有到期，不能视为准予延续。")
        start_delivery(turn)
        Step.objects.filter(case=case, state__in=("open", "waiting")).update(state="cancelled", done_at=at)
        if case.instance_id is not None:
            procedures.stop_instance(by=by, at=at, instance_id=case.instance_id, reason="依法视为准予延续")
        version = procedure_queries.get_current_version(code="tacit_renewal").version_id
        started = procedures.start_instance(by=by, at=at, version_id=version, data={}, place=case.township_id)
        turn.set(instance_id=started.instance_id, decided_at=at, outcome="approve", attention_at=None)
        told = f"原许可到 {case.renews_until:%Y年%m月%d日} 到期前没有作出是否准予延续的决定，依法视为准予延续。"
        agency_id = turning.deciding_agency(turn)
        basis = "《中华人民共和国行政许可法》第五十条"
        Decision.objects.create(
            case=case,
            kind="tacit",
            outcome="approve",
            reasons=told,
            basis=basis,
            decided_at=at,
            agency_id=agency_id,
            officer_name="（依法视为准予，没有人作出决定）",
        )
        turning.open_steps(turn, started.ready)
        turn.say("renewed", public=told, inner=told, due_on=case.due_on)
        turning.make_paper(
            turn,
            PaperKind.RENEWAL,
            applicant=applicant_name(case),
            agency=directory.agency_name(agency_id),
            expired_on=case.renews_until.isoformat(),
            reasons=told,
            basis=basis,
        )
        return turn.finish(verb="cases.case.renewed", notice={"until": case.renews_until.isoformat()})


def attend_due(*, at: datetime, batch: int = 200) -> int:
    """Do what the law does by itself at a due moment, for every matter whose moment has come.

    Safe with many workers and after a stop: each matter is locked, looked at again, and moved once.
    A matter that fails is put off, longer each time, and does not block the others.

    Shape:  how many matters moved
    """
    by = Actor.system("系统（期限届满）")

    def act(case: Case) -> None:
        effect = EFFECTS.get(State(case.state))
        if effect is not None:
            effect(by=by, at=at, case_id=case.pk)

    return attend(Case, at=at, act=act, batch=batch)


#: What silence until the due moment leads to, by legal state.
EFFECTS: dict[State, Callable[..., StepTaken]] = {
    State.RECEIVED: accept_silently,
    State.SUPPLEMENT: lapse_case,
    State.HANDLING: renew_silently,
}
