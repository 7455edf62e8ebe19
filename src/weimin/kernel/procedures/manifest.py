"""What procedures bring: their audit verbs and how long their tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "procedures.draft.saved": "保存流程草稿",
    "procedures.version.published": "发布流程",
}
RETENTION = {
    "Procedure": "永久",
    "ProcedureVersion": "永久：办件按开始时的流程办，要能查当时的图",
    "Instance": "随办件一同保管",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS)
