"""A delegation's way from the evidence to its evaluations: assess, decide, sign, run, evaluate."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction

from weimin.apps.delegation import access, rules
from weimin.apps.delegation.actions.steps import (
    Incomplete,
    Overlapping,
    WrongState,
    audit_row,
    check_reason,
    fields_of,
    move_row,
    note_step,
    open_row,
)
from weimin.apps.delegation.models import Delegation, Evaluation
from weimin.apps.delegation.types import RESULTS, Readiness
from weimin.base.clock import local_date
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.types import ClockSpec
from weimin.kernel.record.types import Actor


def assess_readiness(*, by: Actor, at: datetime, number: str, readiness: Readiness) -> None:
    """Write down the evidence that the township can carry the power.

    Raises: NotYours · WrongState · Incomplete — with what is lacking
    Law:    ctl-2021 art. 21, 24, 42, 58
    """
    with transaction.atomic():
        row = open_row(number, "assess")
        access.DELEGATIONS.check(by, "keep", row)
        if faults := rules.missing_readiness(readiness, on=local_date(at)):
            raise Incomplete("承接条件还不够。", fields=fields_of(faults))
        kept = asdict(readiness)
        kept["certificates"] = [[no, last.isoformat()] for no, last in readiness.certificates]
        row.readiness = kept
        move_row(row, by, at, move="assess", what="评估承接条件", note="通过", fields=["readiness"])


def refuse_delegation(*, by: Actor, at: datetime, number: str, reason: str) -> None:
    """End a proposal that the township cannot carry or that is not needed.

    Raises: NotYours · WrongState · Incomplete — no reason
    """
    with transaction.atomic():
        row = open_row(number, "refuse")
        access.DELEGATIONS.check(by, "keep", row)
        move_row(row, by, at, move="refuse", what="不赋予", note=check_reason(reason))


def publish_decision(*, by: Actor, at: datetime, number: str, by_issuer: str, by_recipient: str = "") -> None:
    """Write down that the decision was made and where both sides published it; from here its periods are its own.

    Raises: NotYours · WrongState · Incomplete — who must publish · Overlapping — another delegation has the matter
    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    """
    try:
        with transaction.atomic():
            row = open_row(number, "decide")
            access.DELEGATIONS.check(by, "keep", row)
            faults = rules.missing_publication(
                row.kind, by_issuer=by_issuer, by_recipient=by_recipient, letter=row.letter_name, on=local_date(at)
            )
            if faults:
                raise Incomplete("还没有公布。", fields=fields_of(faults))
            row.published_by_issuer, row.published_by_recipient = by_issuer.strip()[:200], by_recipient.strip()[:200]
            row.matters.update(decided=True)
            move_row(
                row, by, at, move="decide", what="决定公布", note=row.document,
                fields=["published_by_issuer", "published_by_recipient"],
            )  # fmt: skip
    except IntegrityError as fault:
        if "delegation_matter_apart" not in str(fault):
            raise
        raise Overlapping("这个乡镇在同一段时间已经按另一份赋权、委托办其中的事项，期限不能重叠。") from None


def sign_confirmation(*, by: Actor, at: datetime, number: str, read: bool) -> str:
    """Sign the confirmation letter for one's side, having read it; with both signatures it is signed. Gives the side.

    Raises: NotYours · WrongState — also when one's side signed before · Incomplete — not read
    """
    with transaction.atomic():
        row = open_row(number, "sign")
        side = access.signing_side(by, row)
        name = f"signed_by_{side}"
        if getattr(row, name):
            raise WrongState(f"您这一方已经由 {getattr(row, name)} 签过，等另一方签字。")
        if not read:
            raise Incomplete("签字以前请先看完。", fields={"read": "请先看书面决定、事项、权限和承接条件，再勾选。"})
        setattr(row, name, by.label[:120])
        row.save(update_fields=[name])
        text = "乡镇签确认书" if side == "township" else "部门签确认书"
        if row.signed_by_township and row.signed_by_department:
            move_row(row, by, at, move="sign", what=text, note="双方都已签字")
        else:
            note_step(row, by, at, text, "")
            audit_row(row, by, at, "delegation.moved", {"signed": side})
    return side


def begin_running(*, by: Actor, at: datetime, number: str, trial: bool = True) -> None:
    """Let the township decide from now on, on trial or in full; the evaluation's clock starts.

    Raises: NotYours · WrongState
    Law:    ctl-2021 art. 24
    """
    with transaction.atomic():
        row = open_row(number, "run")
        access.DELEGATIONS.check(by, "keep", row)
        if row.replaces is not None and row.replaces.state != "withdrawn":
            raise WrongState(f"被置换的 {row.replaces.number} 还没有收回，请先收回它，再开始运行这一份。")
        _start_evaluation(row, by, at)
        move_row(
            row, by, at, move="run", what="开始运行", note="试运行" if trial else "正式运行",
            state="trial" if trial else "full", fields=["evaluate_on", "clock_id"],
        )  # fmt: skip


def _start_evaluation(row: Delegation, by: Actor, at: datetime) -> None:
    today = local_date(at)
    if row.clock_id is not None:
        deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=today)
    spec = ClockSpec(
        purpose="lists",
        subject=("delegation", row.number),
        start_date=today,
        label=f"评估赋权、委托 {row.number}",
        agency_id=row.department_id,
        place=row.township_id,
    )
    clock = deadlines.open_dated(by=by, at=at, code="delegation.evaluate", spec=spec)
    row.clock_id, row.evaluate_on = clock.clock_id, clock.shown


def evaluate_delegation(*, by: Actor, at: datetime, number: str, result: str, text: str, limits: str = "") -> None:
    """Write down a periodic evaluation: go on, go from trial to full, or change the limits; the next one is due again.

    Raises: NotYours · WrongState · Incomplete — no result, no words, no new limits
    Law:    ctl-2021 art. 24
    """
    with transaction.atomic():
        row = open_row(number, "evaluate")
        access.DELEGATIONS.check(by, "keep", row)
        faults = {} if result in RESULTS else {"result": "请选择结果。"}
        if not 4 <= len(text.strip()) <= 500:
            faults["text"] = "请写评估意见，4 到 500 个字。"
        if result == "adjust" and not 4 <= len(limits.strip()) <= 400:
            faults["limits"] = "请写调整以后的权限，4 到 400 个字。"
        if faults:
            raise Incomplete("评估还没有写完整。", fields=faults)
        today = local_date(at)
        Evaluation.objects.create(
            delegation=row, due_on=row.evaluate_on or today, done_on=today, result=result, text=text.strip()
        )
        _start_evaluation(row, by, at)
        if result == "adjust":
            row.limits = limits.strip()
        state = "full" if result == "full" else row.state
        move_row(
            row, by, at, move="evaluate", what=f"评估：{RESULTS[result]}", note=text.strip(),
            state=state, fields=["evaluate_on", "clock_id", "limits"],
        )  # fmt: skip
