"""What deadlines bring: their audit verbs and how long their tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "deadlines.parameters.loaded": "装入法定参数",
    "deadlines.parameter.changed": "变更法定参数",
    "deadlines.parameter.withdrawn": "作废法定参数的一版",
    "deadlines.notice.proposed": "装入放假安排",
    "deadlines.notice.approved": "批准放假安排",
    "deadlines.notice.rejected": "不采用放假安排",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "calendar": "放假安排",
    "parameter": "法定参数",
    "parameters": "法定参数",
}
RETENTION = {
    "CalendarNotice": "永久：重算旧期限要用",
    "NoticeShift": "随放假安排",
    "LegalParameter": "永久：按日期适用",
    "PauseGround": "永久：按日期适用",
    "Clock": "随办件保管",
    "ClockEntry": "随办件保管，只增不改",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS)
