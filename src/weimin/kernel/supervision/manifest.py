"""What supervision brings: it watches every clock; audit verbs; how long its tables are kept."""

from weimin.kernel.cases.queries.measured import PARTS
from weimin.kernel.cases.types import ENDED, STATE_TEXT, STEP_TEXT
from weimin.kernel.deadlines.registry import register_subject, register_watcher
from weimin.kernel.deadlines.types import LEVEL_TEXT
from weimin.kernel.evaluation.queries import RATED
from weimin.kernel.evaluation.types import GRADES
from weimin.kernel.record.registry import EVERY_TOPIC, listen, register_verbs
from weimin.kernel.supervision.actions.tallying import note_event
from weimin.kernel.supervision.actions.watching import redate_orders, redate_reasons, watch_levels
from weimin.kernel.supervision.queries.figures import WARNED
from weimin.kernel.supervision.registry import Kind, register_measures
from weimin.kernel.supervision.types import CONTEST_TEXT

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
    "supervision.figures.recounted": "按记录重数指标",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "warning": "预警",
    "order": "督办",
    "overrun": "超期说明",
    "finding": "时钟异常",
    "period": "核查",
    "figures": "指标",
}
RETENTION = {
    "Warning": "随办件",
    "Order": "10 年（督办文书，按本地保管期限表核对）",
    "OverrunReason": "随办件；公开的保留公开",
    "Finding": "3 年",
    "Tally": "永久（统计数，不含个人信息）",
    "PlaceTally": "永久（统计数，不含个人信息）",
    "Contribution": "随办件",
    "Recount": "数完即清",
    "FigureCheck": "永久",
}
#: What is counted of matters, by code.
MATTER_MEASURES = {
    "cases.received": "收件",
    **{f"cases.{state}": STATE_TEXT[state] for state in sorted(ENDED)},
    **{f"steps.{kind}": text for kind, text in STEP_TEXT.items()},
    "steps.refuse": "不予受理",
    **{f"rated.{grade}": text for grade, text in GRADES.items()},
}
WARNING_MEASURES = {
    f"warned.{int(level)}{contest and '.'}{contest}": f"{text}{contest and '，'}{words if contest else ''}"
    for level, text in LEVEL_TEXT.items()
    if level
    for contest, words in CONTEST_TEXT.items()
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS.keys() - {"supervision.overrun.explained"})
    register_watcher(watch_levels)
    register_subject("order", moved=redate_orders)
    register_subject("overrun", moved=redate_reasons)
    register_measures(Kind("case", (*PARTS, RATED), MATTER_MEASURES, event_key="case_id"))
    register_measures(Kind("warning", (WARNED,), WARNING_MEASURES))
    listen(EVERY_TOPIC, note_event)
