"""Every write of supervision."""

from weimin.kernel.supervision.actions.acting import (
    answer_order,
    contest_warning,
    explain_finding,
    explain_overrun,
    issue_order,
    judge_contest,
    review_order,
)
from weimin.kernel.supervision.actions.scanning import forget_findings, scan_clocks, scan_period
from weimin.kernel.supervision.actions.tallying import (
    check_months,
    fold_figures,
    rebuild_figures,
    reconcile_figures,
)
from weimin.kernel.supervision.actions.watching import watch_levels

__all__ = [
    "answer_order",
    "check_months",
    "contest_warning",
    "explain_finding",
    "explain_overrun",
    "fold_figures",
    "forget_findings",
    "issue_order",
    "judge_contest",
    "rebuild_figures",
    "reconcile_figures",
    "review_order",
    "scan_clocks",
    "scan_period",
    "watch_levels",
]
