"""A township or village reports work pushed on it past the gate; the leading group's office finds out and answers."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.apps.taskadmission import access, queries, rules
from weimin.apps.taskadmission.actions.clocking import office_of, open_limit, stop_limit
from weimin.apps.taskadmission.models import Report
from weimin.base.errors import Conflict, Invalid, NotFound
from weimin.kernel.deadlines.types import Move
from weimin.kernel.record.actions import do_once, record_audit
from weimin.kernel.record.types import Actor


class ReportBroken(Invalid):
    """The report or its answer does not say enough."""

    code = "taskadmission.report_broken"


class ReportDone(Conflict):
    """Answered already."""

    code = "taskadmission.report_done"


class ReportUnknown(NotFound):
    """No such report for this viewer."""

    code = "taskadmission.report_unknown"


def report_bypass(*, by: Actor, at: datetime, agency_id: int, text: str, key: str) -> int:
    """Tell the leading group's office of work that came past the gate; the same key gives the first report again.

    What a village says of its own township, the township does not see.

    Raises: NotYourPart — nobody of a township or village · ReportBroken — with the fields
    Cost:   about eight queries
    """
    access.check_part(access.may_report(by), "乡镇（街道）、村（社区）的工作人员")
    county = access.county_of(by)
    faults = {}
    if agency_id not in {pk for _, bodies in queries.list_accusable(by) for pk, _ in bodies}:
        faults["agency"] = "请选择是哪个部门下的任务。"
    if not 10 <= len(text.strip()) <= 1000:
        faults["text"] = "请写清什么任务、什么时候、怎么下来的，10 到 1000 个字。"
    if faults:
        raise ReportBroken("还没有写完整：" + "；".join(faults.values()), fields=faults)

    def run() -> dict[str, object]:
        row = Report.objects.create(
            township_id=access.township_of(by),
            place_id=by.division_code,
            county_id=county,
            agency_id=agency_id,
            text=text.strip(),
            at=at,
            by_label=by.label[:120],
        )
        row.clock_id, row.due_on = open_limit(
            by=by,
            at=at,
            code="tasks.report",
            subject=("task_report", row.pk),
            label="答复绕开准入下任务的反映",
            place=county,
            agency_id=office_of(county),
        )
        row.save(update_fields=["clock", "due_on"])
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.bypass.reported",
            subject_type="task_report",
            subject_id=row.pk,
            changes={"agency": agency_id},
        )
        return {"id": row.pk}

    request = [agency_id, text.strip()]
    said, _ = do_once(at=at, scope=f"taskadmission.report:{by.account}", key=key, request=request, run=run)
    return int(str(said["id"]))


def answer_report(*, by: Actor, at: datetime, report_id: int, upheld: bool, answer: str) -> None:
    """Say what was found out about a report, and what was put right.

    Raises: NotYourPart — not the leading group's office · ReportBroken — too few words, or somebody's numbers
            ReportUnknown · ReportDone — answered already
    Cost:   four queries
    """
    text = answer.strip()
    if not 4 <= len(text) <= 1000:
        raise ReportBroken(
            "请写明查到什么、怎么纠正。", fields={"answer": "请写明查到什么、怎么纠正，4 到 1000 个字。"}
        )
    if rules.names_somebody(text):
        raise ReportBroken(rules.NO_NUMBERS, fields={"answer": rules.NO_NUMBERS})
    with transaction.atomic():
        row: Report | None = access.find(access.REPORTS, by, report_id, lock=True)
        if row is None:
            raise ReportUnknown("找不到这条反映。")
        access.REPORTS.check(by, "answer", row)
        if row.state != "open":
            raise ReportDone("这条反映已经答复过。")
        row.state, row.answer = "upheld" if upheld else "dismissed", text
        row.answered_at, row.answered_by = at, by.label[:120]
        row.save(update_fields=["state", "answer", "answered_at", "answered_by"])
        stop_limit(by=by, at=at, clock_id=row.clock_id)
        record_audit(
            by=by,
            at=at,
            verb="taskadmission.bypass.answered",
            subject_type="task_report",
            subject_id=row.pk,
            changes={"state": ["open", row.state]},
        )


def redate_reports(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the reports that show them; inside the clocks' transaction.

    Cost:   one statement a move
    """
    for one in moves:
        Report.objects.filter(clock_id=one.clock_id, state="open").update(due_on=one.new.shown or one.old.shown)
