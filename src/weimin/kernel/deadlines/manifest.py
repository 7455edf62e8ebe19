"""What deadlines bring: their audit verbs and how long their tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {"deadlines.calendar.loaded": "装入放假安排", "deadlines.parameters.loaded": "装入法定参数"}
RETENTION = {
    "CalendarYear": "永久",
    "CalendarDay": "永久：重算旧期限要用",
    "LegalParameter": "永久：按日期适用",
    "Clock": "随办件保管",
    "ClockEntry": "随办件保管，只增不改",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS)
