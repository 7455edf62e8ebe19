"""What procedures and decision tables bring: their audit verbs and how long their tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "procedures.draft.saved": "保存流程草稿",
    "procedures.draft.proposed": "送审流程",
    "procedures.draft.returned": "退回流程草稿",
    "procedures.version.published": "发布流程",
    "procedures.table.saved": "保存决策表草稿",
    "procedures.table.proposed": "送审决策表",
    "procedures.table.returned": "退回决策表草稿",
    "procedures.table.published": "发布决策表",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "procedure": "办理流程",
    "decision_table": "决策表",
}
RETENTION = {
    "Procedure": "永久",
    "ProcedureVersion": "永久：办件按开始时的流程办，要能查当时的图",
    "DecisionTable": "永久",
    "DecisionTableVersion": "永久：要能查当时是怎么对照的",
    "DraftSave": "永久：谁什么时候改了什么；不含群众信息",
    "Instance": "随办件一同保管",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS)
