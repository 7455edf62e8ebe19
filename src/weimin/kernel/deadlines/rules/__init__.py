"""Pure rules of time: the calendar, counting, ledgers, receipt. No database, no clock."""

from weimin.kernel.deadlines.rules.calendars import (
    Calendar,
    NoticeBroken,
    calendar_of,
    changed_days,
    check_notice,
    read_notice,
)
from weimin.kernel.deadlines.rules.counting import (
    CommittedTooLong,
    Counting,
    LedgerBroken,
    LimitInvalid,
    add_months,
    check_promise,
    count_dates,
    count_ledger,
    day_strip,
    ledger_line,
    read_pause,
    working_days_left,
)
from weimin.kernel.deadlines.rules.entries import (
    ClockRefused,
    GroundRefused,
    check_cap,
    check_entry,
    check_ground,
    sum_entries,
)
from weimin.kernel.deadlines.rules.laws import article_text, list_laws
from weimin.kernel.deadlines.rules.receipt import receipt_date
from weimin.kernel.deadlines.rules.shipped import read_shipped_notices, read_shipped_parameters, shipped_calendar

__all__ = [
    "Calendar",
    "ClockRefused",
    "CommittedTooLong",
    "Counting",
    "GroundRefused",
    "LedgerBroken",
    "LimitInvalid",
    "NoticeBroken",
    "add_months",
    "article_text",
    "calendar_of",
    "changed_days",
    "check_cap",
    "check_entry",
    "check_ground",
    "check_notice",
    "check_promise",
    "count_dates",
    "count_ledger",
    "day_strip",
    "ledger_line",
    "list_laws",
    "read_notice",
    "read_pause",
    "read_shipped_notices",
    "read_shipped_parameters",
    "receipt_date",
    "shipped_calendar",
    "sum_entries",
    "working_days_left",
]
