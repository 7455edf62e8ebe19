"""What supervision brings: it watches every clock; audit verbs; how long its tables are kept."""

from weimin.kernel.deadlines.registry import register_subject, register_watcher
from weimin.kernel.record.registry import register_verbs
from weimin.kernel.supervision.actions.watching import redate_orders, redate_reasons, watch_levels

AUDIT_VERBS = {
    "supervision.finding.forgotten": "删除到期的时钟异常",
    "supervision.warning.contested": "申诉预警",
    "supervision.warning.judged": "复核申诉",
    "supervision.order.issued": "签发督办单",
    "supervision.order.answered": "答复督办单",
    "supervision.order.accepted": "认可督办答复",
    "supervision.order.returned": "退回督办答复",
    "supervision.overrun.explained": "说明超期原因",
    "supervision.finding.explained": "核查时钟异常",
    "supervision.findings.scanned": "查找时钟异常",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "warning": "预警",
    "order": "督办",
    "overrun": "超期说明",
    "finding": "时钟异常",
    "period": "核查",
}
RETENTION = {
    "Warning": "随办件",
    "Order": "10 年（督办文书，按本地保管期限表核对）",
    "OverrunReason": "随办件；公开的保留公开",
    "Finding": "3 年",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS)
    register_watcher(watch_levels)
    register_subject("order", moved=redate_orders)
    register_subject("overrun", moved=redate_reasons)
