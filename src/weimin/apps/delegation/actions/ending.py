"""A delegation is withdrawn: today, or on a later day that a job carries out."""

from __future__ import annotations

import logging
from datetime import date, datetime

from django.db import transaction

from weimin.apps.delegation import access
from weimin.apps.delegation.actions.steps import Incomplete, audit_row, check_reason, move_row, note_step, open_row
from weimin.apps.delegation.models import Delegation
from weimin.apps.delegation.rules import MOVES
from weimin.apps.delegation.types import OPEN_MATTERS
from weimin.base.clock import local_date
from weimin.kernel.cases import actions as cases
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.record.types import Actor

log = logging.getLogger("weimin.delegation")
JOB = Actor.system("系统（到期收回）")


def withdraw_delegation(
    *, by: Actor, at: datetime, number: str, reason: str, open_matters: str, on: date | None = None
) -> int | None:
    """Take the powers back from a day on and say what happens to open matters; gives how many were open.

    On a later day nothing happens yet but that the period ends there: the township decides until the day before,
    matters taken in meanwhile know the day, and `carry_out_withdrawals` does the rest; the answer is None then. A day
    once named may be brought forward, not put off: what was announced stands.

    Raises: NotYours · WrongState · Incomplete — no reason, not said who finishes open matters, a day that is past or
            after the end
    Cost:   about ten queries, and four for each open matter
    """
    today = local_date(at)
    with transaction.atomic():
        row = open_row(number, "withdraw")
        access.DELEGATIONS.check(by, "keep", row)
        if open_matters not in OPEN_MATTERS:
            raise Incomplete("收回时要写明在办件怎么办。", fields={"open_matters": "请选择在办件怎么办。"})
        said, day = check_reason(reason), _day(row, on or today, today)
        row.open_matters, row.withdraw_on, row.withdraw_reason = open_matters, day, said
        if day <= today:
            return _carry_out(row, by, at)
        row.valid_until = max(row.valid_from, day)
        row.matters.update(valid_until=row.valid_until)
        row.save(update_fields=["open_matters", "withdraw_on", "withdraw_reason", "valid_until"])
        cases.shorten_authority(delegation=number, until=day)
        note_step(row, by, at, "定下收回", f"{day.isoformat()} 收回：{said}。在办件{OPEN_MATTERS[open_matters]}")
        audit_row(row, by, at, "delegation.moved", {"withdraw_on": day.isoformat(), "open_matters": open_matters})
    return None


def _day(row: Delegation, day: date, today: date) -> date:
    """The day of a withdrawal; a delegation whose term is over is withdrawn on the day that it ended.

    Raises: Incomplete
    """
    if day < today:
        raise Incomplete("收回日不对。", fields={"on": "不能写过去的日子，最早是今天。"})
    latest = row.withdraw_on or row.valid_until
    if day > today and latest is not None and day >= latest:
        what = "已经定下的收回日只能提前" if row.withdraw_on else "要早于写明的终止日"
        raise Incomplete("收回日不对。", fields={"on": f"{what}：{latest.isoformat()}。"})
    return day


def carry_out_withdrawals(*, at: datetime, batch: int = 20) -> int:
    """Withdraw what was to be withdrawn on a day that has come; safe with many workers and when run twice.

    One that fails is logged, holds up no other, and is tried again at the next round.

    Shape:  how many were withdrawn; 0 when none waits
    Cost:   one query, and what a withdrawal costs for each
    """
    waiting = Delegation.objects.filter(withdraw_on__lte=local_date(at), state__in=MOVES["withdraw"][0])
    done = 0
    for number in list(waiting.order_by("withdraw_on", "pk").values_list("number", flat=True)):
        if done == batch:
            break
        try:
            with transaction.atomic():
                row = waiting.select_for_update(skip_locked=True).filter(number=number).first()
                if row is not None:
                    _carry_out(row, JOB, at)
                    done += 1
        except Exception:
            log.exception("the withdrawal of %s failed and is tried again", number)
    return done


def _carry_out(row: Delegation, by: Actor, at: datetime) -> int:
    today, day = local_date(at), row.withdraw_on
    assert day is not None
    until = max(row.valid_from, min(day, row.valid_until or day))
    row.valid_until, row.evaluate_on = until, None
    row.matters.update(valid_until=until)
    if row.clock_id is not None:
        deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=today)
        row.clock_id = None
    said, hand_up = row.withdraw_reason, row.open_matters == "hand_up"
    moved = cases.end_authority(by=by, at=at, delegation=row.number, hand_up=hand_up, reason=said)
    note = f"{said}。在办 {moved} 件{OPEN_MATTERS[row.open_matters]}"
    move_row(
        row, by, at, move="withdraw", what="收回", note=note,
        fields=["valid_until", "open_matters", "evaluate_on", "clock_id", "withdraw_on", "withdraw_reason"],
    )  # fmt: skip
    return moved
