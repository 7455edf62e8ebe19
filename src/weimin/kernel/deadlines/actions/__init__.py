"""Every write of law, calendar and clocks."""

from weimin.kernel.deadlines.actions.attending import attend_clocks
from weimin.kernel.deadlines.actions.clocks import (
    ClockRefused,
    GroundRefused,
    Standing,
    correct_entry,
    extend_clock,
    open_clock,
    pause_clock,
    resume_clock,
    stop_clock,
    turn_clocks,
)
from weimin.kernel.deadlines.actions.law import (
    ParameterInvalid,
    ParameterOverlap,
    ParameterVersion,
    change_parameter,
    load_grounds,
    load_parameters,
    withdraw_parameter,
)
from weimin.kernel.deadlines.actions.notices import (
    NoticeBroken,
    approve_notice,
    load_calendar_files,
    load_notice,
    propose_notice,
    reject_notice,
    work_on_notices,
)

__all__ = [
    "ClockRefused",
    "GroundRefused",
    "NoticeBroken",
    "ParameterInvalid",
    "ParameterOverlap",
    "ParameterVersion",
    "Standing",
    "approve_notice",
    "attend_clocks",
    "change_parameter",
    "correct_entry",
    "extend_clock",
    "load_calendar_files",
    "load_grounds",
    "load_notice",
    "load_parameters",
    "open_clock",
    "pause_clock",
    "propose_notice",
    "reject_notice",
    "resume_clock",
    "stop_clock",
    "turn_clocks",
    "withdraw_parameter",
    "work_on_notices",
]
