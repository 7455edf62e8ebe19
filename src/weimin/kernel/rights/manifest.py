"""What the rights of the person bring: audit verbs, notices, listeners, and how long their tables are kept."""

from weimin.kernel.catalogue.registry import register_gate
from weimin.kernel.deadlines.registry import register_subject
from weimin.kernel.messages.registry import Template, register_templates
from weimin.kernel.record.registry import listen, register_verbs
from weimin.kernel.rights.actions import carry_out, carry_out_deletion, check_assessed, make_copy, redate_requests

AUDIT_VERBS = {
    "rights.copy.asked": "要一份资料副本",
    "rights.copy.fetched": "下载资料副本",
    "rights.request.asked": "提出个人信息请求",
    "rights.request.answered": "答复个人信息请求",
    "rights.deletion.done": "执行删除、注销",
    "rights.assessment.recorded": "登记影响评估",
    "rights.destruction.proposed": "提出销毁清册",
    "rights.destruction.checked": "核对销毁清册",
    "rights.destruction.approved": "批准销毁",
    "rights.destruction.rejected": "不同意销毁",
    "rights.destruction.done": "到期销毁",
    "rights.log.forgotten": "删除到期的查看记录",
    "rights.hold.placed": "暂停销毁",
    "rights.hold.lifted": "解除暂停销毁",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "assessment": "影响评估",
    "destruction": "销毁清册",
    "log": "查看记录（到期）",
    "request": "个人信息请求",
}
RETENTION = {
    "DataRequest": "10 年",
    "DataCopy": "7 天后连同内容删除",
    "Assessment": "至少 3 年（个人信息保护法第五十六条）",
    "Destruction": "永久：销毁证书",
    "DestructionLine": "永久：只有编号、事项和日期",
    "Hold": "随办件",
}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"DataRequest", "DataCopy", "DestructionLine", "Hold"})
TEMPLATES = {
    "rights.request.answered": Template(
        "您的个人信息请求有答复了", "您提出的“{kind}”已经答复：{outcome_text}。理由请到“我的信息”里看。"
    ),
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS)
    register_templates(TEMPLATES)
    register_subject("request", moved=redate_requests)
    register_gate(check_assessed)
    listen("rights.copy.asked", make_copy)
    listen("rights.deletion.granted", carry_out_deletion)
    listen("rights.destruction.approved", carry_out)
