"""What the app brings: audit verbs, the gate of county matters, dates that move, and how long its tables are kept."""

from weimin.apps.taskadmission.actions import list_blockers, redate_opinions, redate_reports, redate_tasks
from weimin.apps.taskadmission.actions.matters import GATE
from weimin.kernel.deadlines.registry import register_subject
from weimin.kernel.record.registry import register_gate, register_verbs

AUDIT_VERBS = {
    "taskadmission.task.submitted": "县级部门申请下达任务",
    "taskadmission.task.decided": "任务准入决定",
    "taskadmission.task.withdrawn": "县级部门撤回任务",
    "taskadmission.target.moved": "乡镇对任务提异议或报完成",
    "taskadmission.objection.answered": "答复乡镇对任务的异议",
    "taskadmission.bypass.reported": "反映绕开准入下任务",
    "taskadmission.bypass.answered": "答复绕开准入的反映",
    "taskadmission.matter.raised": "就涉乡镇事项征求意见",
    "taskadmission.matter.passed": "涉乡镇事项通过",
    "taskadmission.matter.withdrawn": "涉乡镇事项撤回",
    "taskadmission.opinion.given": "乡镇回复意见",
    "taskadmission.opinion.silent": "乡镇到期没有回复，记为沉默",
    "taskadmission.opinion.answered": "县级部门答复乡镇意见",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "task": "任务",
    "task_report": "绕开准入的反映",
    "county_matter": "涉乡镇事项",
}
RETENTION = {
    "Task": "永久：谁向乡镇下过什么任务",
    "Attempt": "永久：每一次申请都留底",
    "Target": "永久：随任务",
    "Report": "10 年，公开的统计永久",
    "Matter": "永久：涉乡镇事项的决策过程",
    "Opinion": "永久：随事项",
    "OpinionFile": "永久：随意见",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS)
    register_gate(GATE, list_blockers)
    register_subject("task", moved=redate_tasks)
    register_subject("task_target", moved=redate_tasks)
    register_subject("task_report", moved=redate_reports)
    register_subject("township_opinion", moved=redate_opinions)
