"""What becomes of a task where it is carried: a township objects or reports it done, the office answers objections."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.apps.taskadmission import access
from weimin.apps.taskadmission.actions.clocking import office_of, open_limit, stop_limit
from weimin.apps.taskadmission.actions.tasks import TaskDone, TaskUnknown, read_reason
from weimin.apps.taskadmission.models import Target, Task
from weimin.kernel.deadlines.types import Move
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


def object_to_task(*, by: Actor, at: datetime, target_id: int, reason: str) -> None:
    """A township says why it should not carry a task; the leading group's office answers by a day.

    Raises: NotYourPart · TaskBroken — no reasons · TaskUnknown · TaskDone — not open there
    Cost:   about seven queries
    """
    text = read_reason(reason, "objection", "请写明异议的理由")
    with transaction.atomic():
        row = _target(by, target_id, "speak")
        if row.state != "open" or row.replied_at is not None:
            raise TaskDone("这个任务已经提过异议或者已经办完。")
        row.state, row.objection, row.objected_at, row.objected_by = "objected", text, at, by.label[:120]
        row.clock_id, row.due_on = open_limit(
            by=by,
            at=at,
            code="tasks.objection",
            subject=("task_target", row.pk),
            label="答复乡镇对任务的异议",
            place=row.township_id,
            agency_id=office_of(access.county_of(by)),
        )
        row.save(update_fields=["state", "objection", "objected_at", "objected_by", "clock", "due_on"])
        _audit_target(by, at, row, "open")


def answer_objection(*, by: Actor, at: datetime, target_id: int, upheld: bool, reply: str) -> None:
    """Answer a township's objection: it is released from the task, or the task stands with reasons.

    Raises: NotYourPart · TaskBroken — no reasons · TaskUnknown · TaskDone — answered already
    Cost:   five queries
    """
    text = read_reason(reply, "reply", "请写明异议成立不成立的理由")
    with transaction.atomic():
        row = _target(by, target_id, "answer")
        if row.state != "objected":
            raise TaskDone("这条异议已经答复过。")
        row.state, row.reply = "released" if upheld else "open", text
        row.replied_at, row.replied_by = at, by.label[:120]
        row.save(update_fields=["state", "reply", "replied_at", "replied_by"])
        stop_limit(by=by, at=at, clock_id=row.clock_id)
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.objection.answered",
            subject_type="task",
            subject_id=row.task_id,
            changes={"state": ["objected", row.state], "place": row.place_id},
        )


def report_done(*, by: Actor, at: datetime, target_id: int, note: str) -> None:
    """A township reports that a task is done, and how.

    Raises: NotYourPart · TaskBroken — no words · TaskUnknown · TaskDone — not open there
    Cost:   four queries
    """
    text = read_reason(note, "note", "请写明完成情况")
    with transaction.atomic():
        row = _target(by, target_id, "speak")
        if row.state != "open":
            raise TaskDone("这个任务在您这里不是在办状态。")
        row.state, row.done_note, row.done_at, row.done_by = "done", text, at, by.label[:120]
        row.save(update_fields=["state", "done_note", "done_at", "done_by"])
        _audit_target(by, at, row, "open")


def redate_tasks(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the tasks and objections that show them; inside the clocks' transaction.

    Cost:   two statements a move
    """
    for one in moves:
        due = one.new.shown or one.old.shown
        Task.objects.filter(clock_id=one.clock_id, state="asked").update(due_on=due)
        Target.objects.filter(clock_id=one.clock_id, state="objected").update(due_on=due)


def _target(by: Actor, target_id: int, verb: str) -> Target:
    """One place of a task that the actor sees and may do this to, locked; withdrawn tasks stand still."""
    row: Target | None = access.find(access.TARGETS, by, target_id, lock=True)
    if row is None:
        raise TaskUnknown("找不到这个任务。")
    access.TARGETS.check(by, verb, row)
    if row.task.state == "withdrawn":
        raise TaskDone("部门已经撤回这个任务，不用再办。")
    return row


def _audit_target(by: Actor, at: datetime, row: Target, old: str) -> None:
    record_audit(
        by=by,
        at=at,
        verb="taskadmission.target.moved",
        subject_type="task",
        subject_id=row.task_id,
        changes={"state": [old, row.state], "place": row.place_id},
    )
