"""A county body asks for work; the gate answers; the leading group's office decides; the body may take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from weimin.apps.taskadmission import access, rules
from weimin.apps.taskadmission.actions.clocking import office_of, open_limit, stop_limit
from weimin.apps.taskadmission.models import Attempt, Target, Task
from weimin.apps.taskadmission.types import LISTS_OF, OUTCOMES, Answer, Reading, Wanted
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, NotFound
from weimin.base.identifiers import mask_numbers
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.types import VersionView
from weimin.kernel.deadlines import queries as law
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import do_once, record_audit
from weimin.kernel.record.types import Actor

#: The first key of the advisory lock of a body at the gate.
_ONE_FORM = 7_203


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

    A form that is incomplete, that law bars or that repeats what stands raises nothing: it stays on record as an
    attempt, and the answer says by field what is wrong. The same key gives the first answer again.

    Raises: NotYourPart — not the head of a county body · KeyReused — the key came before with another form
    Law:    cwh-2025 art. 6; cwh-2025 art. 43
    Cost:   about six queries, one more with a clock
    """
    access.check_part(access.may_ask(by), access.HEAD)
    today = local_date(at)
    reading = rules.read_task(wanted, today=today, laws=law.list_laws())
    row = lists.find_as_of(code=wanted.row_code.strip(), on=today) if wanted.row_code.strip() else None
    faults = reading.faults | _list_faults(wanted, row) | _place_faults(by, wanted) | reading.barred

    def run() -> dict[str, Any]:
        outcome, task_id, said = ("barred" if reading.barred else "incomplete"), None, faults
        if not faults and (repeat := _find_repeat(by, wanted, reading)) is not None:
            outcome, said = "repeated", {"title": repeat}
        elif not faults:
            outcome, task_id = _take_in(by, at, wanted, reading, row)
        Attempt.objects.create(
            agency_id=by.agency,
            county_id=by.division_code,
            at=at,
            by_label=by.label[:120],
            title=mask_numbers(wanted.title.strip())[:100],
            outcome=outcome,
            typed=wanted.typed(),
            faults=said,
            task_id=task_id,
        )
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.task.submitted",
            subject_type="task",
            subject_id=task_id or "",
            changes={"outcome": [None, outcome], "faults": sorted(said)},
        )
        return {"outcome": outcome, "task_id": task_id, "faults": said}

    request = wanted.typed()
    done, _ = do_once(at=at, scope=f"taskadmission:{by.account}", key=key, request=request, run=run)
    return Answer(str(done["outcome"]), done["task_id"], dict(done["faults"]))


def _find_repeat(by: Actor, wanted: Wanted, reading: Reading) -> str | None:
    """What to say when the same task stands already for one of the places in the same time; None when it does not.

    One form of a body at a time is asked this, so that the same one sent twice at once cannot slip through.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ONE_FORM, by.agency])
    same = Task.objects.filter(
        agency_id=by.agency,
        title=wanted.title.strip(),
        row_code=wanted.row_code.strip(),
        state__in=("asked", "admitted"),
        starts__lte=reading.ends,
        ends__gte=reading.starts,
        targets__place_id__in=wanted.places,
    )
    found = same.order_by("-pk").first()
    if found is None:
        return None
    return f"同样的任务 {local_date(found.asked_at)} 已经提过（第 {found.pk} 号），不能重复下达。"


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

    Raises: NotYourPart — not the leading group's office, or its own task · TaskBroken — no reasons
            TaskUnknown · TaskDone — decided or withdrawn already
    Cost:   five queries
    """
    text = read_reason(reason, "reason", "请写明准入或不予准入的理由")
    with transaction.atomic():
        task = _task(by, task_id, "decide")
        if task.state != "asked":
            raise TaskDone("这个任务已经有了决定，或者部门已经撤回。")
        task.state, task.reason = "admitted" if admit else "refused", text
        task.decided_at, task.decided_by = at, by.label[:120]
        task.save(update_fields=["state", "reason", "decided_at", "decided_by"])
        stop_limit(by=by, at=at, clock_id=task.clock_id)
        _audit(by, at, task, "taskadmission.task.decided", "asked")


def withdraw_task(*, by: Actor, at: datetime, task_id: int, reason: str) -> None:
    """Take back a task that waits or was admitted; who carries it need not do it any more. It stays on record.

    Raises: NotYourPart — not the head of the body · TaskBroken — no reasons · TaskUnknown
            TaskDone — refused or withdrawn already
    Cost:   five queries
    """
    text = read_reason(reason, "withdrawal", "请写明撤回的理由")
    with transaction.atomic():
        task = _task(by, task_id, "withdraw")
        if task.state not in ("asked", "admitted"):
            raise TaskDone("这个任务已经了结，不用撤回。")
        if not task.targets.filter(state__in=("open", "objected")).exists():
            raise TaskDone("承接单位都已经办完或者不再承担，不用撤回。")
        old, task.state = task.state, "withdrawn"
        task.withdrawn_at, task.withdrawn_by, task.withdrawal = at, by.label[:120], text
        task.save(update_fields=["state", "withdrawn_at", "withdrawn_by", "withdrawal"])
        if old == "asked":
            stop_limit(by=by, at=at, clock_id=task.clock_id)
        for target in Target.objects.filter(task=task, state="objected"):
            stop_limit(by=by, at=at, clock_id=target.clock_id)
        _audit(by, at, task, "taskadmission.task.withdrawn", old)


def _task(by: Actor, task_id: int, verb: str) -> Task:
    """A task that the actor sees and may do this to, locked."""
    task: Task | None = access.find(access.TASKS, by, task_id, lock=True)
    if task is None:
        raise TaskUnknown("找不到这个任务。")
    access.TASKS.check(by, verb, task)
    return task


def _audit(by: Actor, at: datetime, task: Task, verb: str, old: str) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type="task", subject_id=task.pk, changes={"state": [old, task.state]})


def read_reason(text: str, name: str, ask: str) -> str:
    """Reasons as they will be public: long enough, and without anybody's numbers.

    Raises: TaskBroken — with the field
    """
    words = text.strip()
    if not 4 <= len(words) <= 1000:
        raise TaskBroken(f"{ask}，4 到 1000 个字。", fields={name: f"{ask}，4 到 1000 个字。"})
    if rules.names_somebody(words):
        raise TaskBroken(rules.NO_NUMBERS, fields={name: rules.NO_NUMBERS})
    return words
