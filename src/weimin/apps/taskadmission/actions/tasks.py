"""A county body asks for work; the gate answers; the leading group's office decides; townships object or do it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from weimin.apps.taskadmission import access, rules
from weimin.apps.taskadmission.actions.clocking import office_of, open_limit, stop_limit
from weimin.apps.taskadmission.models import Attempt, Target, Task
from weimin.apps.taskadmission.types import LISTS_OF, OUTCOMES, Answer, Reading, Wanted
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, NotFound
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.types import VersionView
from weimin.kernel.deadlines.types import Move
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import do_once, record_audit
from weimin.kernel.record.types import Actor

HEAD, LEADING_OFFICE, TOWN_HEAD = "县级部门负责人", "领导小组办公室", "承接任务的乡镇（街道）负责人"


class TaskBroken(Invalid):
    """Too few words, or a choice that is none."""

    code = "taskadmission.task_broken"


class TaskDone(Conflict):
    """Decided, answered or ended already."""

    code = "taskadmission.task_done"


class TaskUnknown(NotFound):
    """No such task for this viewer."""

    code = "taskadmission.task_unknown"


def submit_task(*, by: Actor, at: datetime, wanted: Wanted, key: str) -> Answer:
    """Bring a task to the gate: complete and on the list it is admitted at once, off the list the office decides.

    A form that is incomplete or that law bars raises nothing: it stays on record as an attempt, and the answer says
    by field what is wrong. The same key gives the first answer again.

    Raises: NotYourPart — not the head of a county body · KeyReused — the key came before with another form
    Law:    cwh-2025 art. 6; cwh-2025 art. 43
    Cost:   about six queries, one more with a clock
    """
    access.check_part(access.may_ask(by), HEAD)
    today = local_date(at)
    reading = rules.read_task(wanted, today=today)
    row = lists.find_as_of(code=wanted.row_code.strip(), on=today) if wanted.row_code.strip() else None
    faults = reading.faults | _list_faults(wanted, row) | _place_faults(by, wanted) | reading.barred

    def run() -> dict[str, Any]:
        if faults:
            outcome, task_id = ("barred" if reading.barred else "incomplete"), None
        else:
            outcome, task_id = _take_in(by, at, wanted, reading, row)
        Attempt.objects.create(
            agency_id=by.agency,
            county_id=by.division_code,
            at=at,
            by_label=by.label[:120],
            title=wanted.title.strip()[:100],
            outcome=outcome,
            typed=wanted.typed(),
            faults=faults,
            task_id=task_id,
        )
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.task.submitted",
            subject_type="task",
            subject_id=task_id or "",
            changes={"outcome": [None, outcome], "faults": sorted(faults)},
        )
        return {"outcome": outcome, "task_id": task_id, "faults": faults}

    request = wanted.typed()
    said, _ = do_once(at=at, scope=f"taskadmission:{by.account}", key=key, request=request, run=run)
    return Answer(str(said["outcome"]), said["task_id"], dict(said["faults"]))


def _list_faults(wanted: Wanted, row: VersionView | None) -> dict[str, str]:
    """What is wrong with the list row that a form names; an empty one asks for admission."""
    if not wanted.row_code.strip():
        return {}
    if row is None:
        return {"row_code": "这一条今天不在现行清单上。确实不在清单上就选“不在清单上”，转准入办审核。"}
    if row.list_code not in LISTS_OF.get(wanted.target, ()):
        return {"row_code": "这一条不是承接层级的清单，不能作为下达的根据。"}
    return {}


def _place_faults(by: Actor, wanted: Wanted) -> dict[str, str]:
    """Places must be townships or villages of the body's own county."""
    for code in wanted.places:
        if not directory.division_exists(code):
            return {"places": "选的地方不存在，请重新选择。"}
        place = directory.get_division(code)
        town = directory.township_of(code)
        if place.level != wanted.target or not town or directory.get_division(town).parent_code != by.division_code:
            return {"places": "只能选本县区的承接单位，请重新选择。"}
    return {}


def _take_in(
    by: Actor, at: datetime, wanted: Wanted, reading: Reading, row: VersionView | None
) -> tuple[str, int | None]:
    """Write a complete form: admitted where its row is in force, else asked with a clock."""
    village = wanted.target == "village"
    assert reading.starts is not None and reading.ends is not None and reading.amount is not None, "no faults"
    task = Task.objects.create(
        agency_id=by.agency,
        county_id=by.division_code,
        title=wanted.title.strip(),
        content=wanted.content.strip(),
        target=wanted.target,
        form=wanted.form if village else "",
        field=wanted.field,
        responsible=wanted.responsible,
        row_id=row.version_id if row else None,
        row_code=row.item_code if row else "",
        basis=wanted.basis.strip(),
        starts=reading.starts,
        ends=reading.ends,
        amount=reading.amount,
        amount_source=wanted.amount_source.strip()[:200] if reading.amount else "",
        zero_reason="" if reading.amount else wanted.zero_reason.strip()[:300],
        people=wanted.people.strip(),
        contact=wanted.contact.strip(),
        state="admitted" if row else "asked",
        asked_at=at,
        by_label=by.label[:120],
        account_id=by.account_id,
        decided_at=at if row else None,
        decided_by="准入关口（清单核对）" if row else "",
        reason=f"在清单上：{row.name}（{row.item_code}，第 {row.number} 版）。" if row else "",
    )
    places = dict.fromkeys(wanted.places)
    Target.objects.bulk_create(
        Target(task=task, place_id=code, township_id=directory.township_of(code)) for code in places
    )
    if row is None:
        task.clock_id, task.due_on = open_limit(
            by=by,
            at=at,
            code="tasks.admit",
            subject=("task", task.pk),
            label=f"任务准入审核：{task.title}",
            place=task.county_id,
            agency_id=office_of(task.county_id),
        )
        task.save(update_fields=["clock", "due_on"])
    outcome = "admitted" if row else "asked"
    assert outcome in OUTCOMES
    return outcome, task.pk


def decide_task(*, by: Actor, at: datetime, task_id: int, admit: bool, reason: str) -> None:
    """Admit a task that is on no list, or refuse it; either way with reasons.

    Raises: NotYourPart — not the leading group's office, or its own body's task · TaskBroken — no reasons
            TaskUnknown · TaskDone — decided already
    Cost:   five queries
    """
    access.check_part(access.is_office(by), LEADING_OFFICE)
    text = _words(reason, "reason", "请写明准入或不予准入的理由")
    with transaction.atomic():
        task = access.visible_tasks(by).select_for_update(of=("self",)).filter(pk=task_id).first()
        if task is None:
            raise TaskUnknown("找不到这个任务。")
        access.check_part(task.account_id != by.account_id, "领导小组办公室的另一位同事（自己提的自己不能批）")
        if task.state != "asked":
            raise TaskDone("这个任务已经有了决定。")
        task.state, task.reason = "admitted" if admit else "refused", text
        task.decided_at, task.decided_by = at, by.label[:120]
        task.save(update_fields=["state", "reason", "decided_at", "decided_by"])
        stop_limit(by=by, at=at, clock_id=task.clock_id)
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.task.decided",
            subject_type="task",
            subject_id=task.pk,
            changes={"state": ["asked", task.state]},
        )


def object_to_task(*, by: Actor, at: datetime, target_id: int, reason: str) -> None:
    """A township says why it should not carry a task; the leading group's office answers by a day.

    Raises: NotYourPart · TaskBroken — no reasons · TaskUnknown · TaskDone — not open there
    Cost:   about seven queries
    """
    access.check_part(access.may_answer(by), TOWN_HEAD)
    text = _words(reason, "objection", "请写明异议的理由")
    with transaction.atomic():
        row = _target(by, target_id)
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
    access.check_part(access.is_office(by), LEADING_OFFICE)
    text = _words(reply, "reply", "请写明异议成立不成立的理由")
    with transaction.atomic():
        row = _target(by, target_id)
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
    access.check_part(access.may_answer(by), TOWN_HEAD)
    text = _words(note, "note", "请写明完成情况")
    with transaction.atomic():
        row = _target(by, target_id)
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


def _words(text: str, name: str, ask: str) -> str:
    words = text.strip()
    if not 4 <= len(words) <= 1000:
        raise TaskBroken(f"{ask}，4 到 1000 个字。", fields={name: f"{ask}，4 到 1000 个字。"})
    return words


def _target(by: Actor, target_id: int) -> Target:
    row = access.visible_targets(by).select_for_update(of=("self",)).filter(pk=target_id).first()
    if row is None:
        raise TaskUnknown("找不到这个任务。")
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
