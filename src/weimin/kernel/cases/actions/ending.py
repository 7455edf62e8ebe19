"""What ends or moves a matter without an office: withdrawal, silence, an unanswered supplement list."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from weimin.kernel.cases.actions import turning
from weimin.kernel.cases.actions.checking import enter_handling
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.types import Event, State, StepTaken
from weimin.kernel.procedures import actions as procedures
from weimin.kernel.record.types import Actor

log = logging.getLogger("weimin.cases")


def withdraw_application(
    *, by: Actor, at: datetime, case_id: int | str, reason: str = "", seen: int | None = None
) -> StepTaken:
    """Withdraw one's application before it is decided.

    Raises: NotAllowed — already decided or ended
    Cost:   about eight statements; locks the case row until commit
    """
    with transaction.atomic():
        turn = turning.open_turn(by=by, at=at, case_id=case_id, seen=seen)
        turn.move(Event.WITHDRAW)
        _end(turn)
        tail = f"原因：{reason.strip()}" if reason.strip() else ""
        turn.say("withdrawn", public="您已撤回申请，随时可以重新申请。", inner=f"申请人撤回。{tail}"[:400])
        return turn.finish(verb="cases.case.withdrawn")


def _end(turn: turning.Turn) -> None:
    turning.stop_clock(turn)
    turn.set(ended_at=turn.at, attention_at=None, due_on=None, statutory_due_on=None, clock_id=None)
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


def attend_due(*, at: datetime, batch: int = 200) -> int:
    """Do what the law does by itself at a due moment, for every matter whose moment has come.

    Safe with many workers and after a stop: each matter is locked, looked at again, and moved once.
    A matter that fails is logged and does not block the others.

    Shape:  how many matters moved
    """
    by = Actor.system("系统（期限届满）")
    due = Case.objects.filter(attention_at__lte=at).order_by("attention_at")
    moved = 0
    for case_id, state in list(due.values_list("pk", "state")[:batch]):
        try:
            if state == State.RECEIVED:
                accept_silently(by=by, at=at, case_id=case_id)
            elif state == State.SUPPLEMENT:
                lapse_case(by=by, at=at, case_id=case_id)
            else:
                Case.objects.filter(pk=case_id, state=state).update(attention_at=None)
                continue
        except Exception:  # one bad matter must not hold up the rest
            log.exception("due moment of case %s failed", case_id)
        else:
            moved += 1
    return moved
