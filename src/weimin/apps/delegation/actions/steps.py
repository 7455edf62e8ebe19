"""What every step of a delegation shares: its errors, the row under lock, the move with its trace."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from weimin.apps.delegation import access, rules
from weimin.apps.delegation.models import Delegation, DelegationStep
from weimin.apps.delegation.types import STATES, Fault
from weimin.base.errors import Conflict, Invalid, Refused
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class Reserved(Refused):
    """The law does not let this power be handed on, or not by or to this body; the attempt is on record."""

    code = "delegation.reserved"


class Incomplete(Invalid):
    """The instrument, the evidence or the publication lacks something; the fields say what and by which article."""

    code = "delegation.incomplete"


class Overlapping(Conflict):
    """The township holds the matter by another delegation in the same time."""

    code = "delegation.overlapping"


class WrongState(Conflict):
    """The delegation is not at the step at which this is done."""

    code = "delegation.wrong_state"


def open_row(number: str, move: str) -> Delegation:
    """The delegation, locked, when it may take a move.

    Raises: DelegationUnknown · WrongState
    """
    row = Delegation.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise access.DelegationUnknown("没有这一份赋权、委托。")
    if not rules.may_move(move, row.state):
        raise WrongState(f"这一份现在是“{STATES[row.state]}”，不能办这一步，请重新打开看最新情况。")
    return row


def move_row(
    row: Delegation,
    by: Actor,
    at: datetime,
    *,
    move: str,
    what: str,
    note: str,
    state: str = "",
    fields: Iterable[str] = (),
) -> None:
    """Bring a delegation into its next state and write down what was done."""
    old, row.state = row.state, state or rules.MOVES[move][1]
    row.save(update_fields=["state", *fields])
    note_step(row, by, at, what, note)
    audit_row(row, by, at, "delegation.moved", {"state": [old, row.state], "note": note[:200]})


def note_step(row: Delegation, by: Actor, at: datetime, what: str, note: str) -> None:
    """One line of what was done with a delegation."""
    DelegationStep.objects.create(delegation=row, what=what, note=note[:500], at=at, by_label=by.label[:120] or "系统")


def audit_row(row: Delegation, by: Actor, at: datetime, verb: str, changes: dict[str, Any]) -> None:
    """One audit entry about a delegation."""
    record_audit(by=by, at=at, verb=verb, subject_type="delegation", subject_id=row.number, changes=changes)


def check_reason(text: str) -> str:
    """A reason that says something.

    Raises: Incomplete
    """
    if not 4 <= len(text.strip()) <= 400:
        raise Incomplete("请写明理由。", fields={"reason": "请写明理由，4 到 400 个字。"})
    return text.strip()


def fields_of(faults: Iterable[Fault]) -> dict[str, str]:
    """Faults by field, each with its article."""
    said: dict[str, str] = {}
    for one in faults:
        said[one.field] = "；".join(filter(None, (said.get(one.field, ""), one.sentence)))
    return said
