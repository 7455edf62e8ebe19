"""Writes of the gate and of the right to take part."""

from weimin.apps.taskadmission.actions.matters import (
    MatterBlocked,
    MatterBroken,
    MatterPassed,
    OpinionDone,
    answer_opinion,
    give_opinion,
    list_blockers,
    pass_matter,
    raise_matter,
    record_silences,
    redate_opinions,
)
from weimin.apps.taskadmission.actions.reports import ReportBroken, answer_report, redate_reports, report_bypass
from weimin.apps.taskadmission.actions.tasks import (
    TaskBroken,
    TaskDone,
    TaskUnknown,
    answer_objection,
    decide_task,
    object_to_task,
    redate_tasks,
    report_done,
    submit_task,
)

__all__ = [
    "MatterBlocked",
    "MatterBroken",
    "MatterPassed",
    "OpinionDone",
    "ReportBroken",
    "TaskBroken",
    "TaskDone",
    "TaskUnknown",
    "answer_objection",
    "answer_opinion",
    "answer_report",
    "decide_task",
    "give_opinion",
    "list_blockers",
    "object_to_task",
    "pass_matter",
    "raise_matter",
    "record_silences",
    "redate_opinions",
    "redate_reports",
    "redate_tasks",
    "report_bypass",
    "report_done",
    "submit_task",
]
