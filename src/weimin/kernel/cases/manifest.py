"""What matters bring: audit verbs, notices to people, and how long their tables are kept."""

from weimin.kernel.cases.actions.redating import redate_cases, remind_supplements
from weimin.kernel.cases.queries import count_open_matters
from weimin.kernel.catalogue.registry import register_matters
from weimin.kernel.deadlines.registry import register_subject, register_watcher
from weimin.kernel.messages.registry import Template, register_templates
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "cases.case.received": "收件",
    "cases.supplement.asked": "一次性告知补正",
    "cases.supplement.answered": "提交补正",
    "cases.case.accepted": "受理",
    "cases.case.refused": "不予受理",
    "cases.step.claimed": "领办",
    "cases.step.handed_back": "交回",
    "cases.steps.handed_over": "移交工作",
    "cases.step.reviewed": "办理环节",
    "cases.case.decided": "作出决定",
    "cases.result.made": "制作结果",
    "cases.result.sent": "寄出结果",
    "cases.case.closed": "发放结果，办结",
    "cases.case.withdrawn": "撤回申请",
    "cases.case.lapsed": "逾期未补正终止",
    "cases.decision.corrected": "更正决定书文字",
    "cases.comment.added": "内部意见",
    "cases.unsent.forgotten": "清除没提交的草稿和文件",
    "cases.case.destroyed": "保管期满，销毁内容",
    "cases.clock.paused": "停钟",
    "cases.clock.resumed": "恢复计时",
    "cases.clock.corrected": "更正时钟台账",
    "cases.extension.asked": "申请延长期限",
    "cases.extension.refused": "不同意延长期限",
    "cases.case.extended": "批准延长期限",
    "cases.case.renewed": "视为准予延续",
    "cases.authority.ended": "收回授权，在办件另行安排",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "case": "办件",
    "step": "环节",
}
RETENTION = {
    "Case": "10 年（文书档案定期，按本地保管期限表核对）",
    "CaseCounter": "随办件编号永久",
    "Step": "随办件",
    "Supplement": "随办件",
    "Draft": "90 天未动即清除",
    "CaseFile": "随办件",
    "Decision": "随办件",
    "Paper": "随办件",
    "TimelineEntry": "随办件",
    "Comment": "随办件",
}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset(
    {"Case", "Step", "Supplement", "Draft", "CaseFile", "Decision", "Paper", "TimelineEntry", "Comment"}
)
TEMPLATES = {
    "cases.case.received": Template(
        "已收到您的申请", "您申请的“{item_name}”已收件，编号 {number}。{due_on} 前会告诉您是否受理。"
    ),
    "cases.supplement.asked": Template(
        "需要您补正材料", "您申请的“{item_name}”（{number}）需要补：{names}。请在 {due_on} 前补齐。"
    ),
    "cases.supplement.answered": Template(
        "补正材料已收到", "“{item_name}”（{number}）的补正材料已收到，{due_on} 前会告诉您是否受理。"
    ),
    "cases.case.accepted": Template("申请已受理", "您申请的“{item_name}”（{number}）已受理，预计 {due_on} 前办结。"),
    "cases.case.refused": Template(
        "申请不予受理", "您申请的“{item_name}”（{number}）不予受理，理由和救济途径请看决定书。"
    ),
    "cases.case.decided": Template(
        "已作出决定", "您申请的“{item_name}”（{number}）已作出决定：{outcome_text}。结果正在制作。"
    ),
    "cases.result.made": Template(
        "结果可以领取", "您申请的“{item_name}”（{number}）结果已出，凭取件码 {pickup_code} 到窗口领取。"
    ),
    "cases.result.sent": Template("结果已寄出", "您申请的“{item_name}”（{number}）结果已寄出。"),
    "cases.case.closed": Template(
        "已办结，请评价", "您申请的“{item_name}”（{number}）已办结。办得怎么样，请给个评价。"
    ),
    "cases.case.withdrawn": Template("已撤回", "您已撤回“{item_name}”（{number}）的申请，可以随时重新申请。"),
    "cases.clock.paused": Template(
        "办理期限暂停计算", "您申请的“{item_name}”（{number}）因{ground}，时间不计入办理期限，预计到 {until}。"
    ),
    "cases.clock.resumed": Template(
        "继续计算办理期限", "您申请的“{item_name}”（{number}）继续办理，最迟 {due_on} 办结。"
    ),
    "cases.case.extended": Template(
        "办理期限延长", "您申请的“{item_name}”（{number}）经批准延长，最迟 {due_on} 办结。理由：{reason}"
    ),
    "cases.case.renewed": Template(
        "视为准予延续", "您申请的“{item_name}”（{number}）到期前没有作出决定，依法视为准予延续，请留意领取新证的通知。"
    ),
    "cases.overrun.explained": Template(
        "为什么没有按期办结", "“{item_name}”（{number}）没有按期办结，承办单位说明：{reason}"
    ),
    "cases.supplement.reminded": Template(
        "补正快到期了", "您申请的“{item_name}”（{number}）请在 {due_on} 前补齐材料，逾期本次申请会终止。"
    ),
    "cases.due.moved": Template(
        "期限有变化", "“{item_name}”（{number}）的期限由 {old_due_on} 改为 {due_on}。原因：{why}。"
    ),
    "cases.case.lapsed": Template(
        "申请已终止", "“{item_name}”（{number}）逾期没有补正，本次申请终止。材料备齐后可以重新申请。"
    ),
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS)
    register_matters(count_open_matters)
    register_templates(TEMPLATES)
    register_subject("case", moved=redate_cases)
    register_watcher(remind_supplements)
