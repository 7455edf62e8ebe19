"""What evaluation brings: audit verbs, a notice, and how long its tables are kept."""

from weimin.kernel.deadlines.registry import register_subject
from weimin.kernel.evaluation.actions import redate_read_queries, redate_repairs
from weimin.kernel.messages.registry import Template, register_templates
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "evaluation.case.rated": "评价",
    "evaluation.repair.answered": "回复差评",
    "evaluation.read.asked": "询问查看记录",
    "evaluation.read.answered": "答复查看询问",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "read": "查看记录",
    "repair": "差评整改",
}
RETENTION = {"Rating": "随办件", "Repair": "随办件", "ReadQuery": "随查看记录，至少 3 年"}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"Rating", "Repair", "ReadQuery"})
TEMPLATES = {
    "evaluation.repair.answered": Template(
        "您的意见有回复了", "您对“{item_name}”（{number}）的评价，承办单位已回复整改情况，请查看。"
    ),
    "evaluation.read.answered": Template(
        "您问的查看记录有答复了", "您询问为什么查看您的资料，{agency}已经答复，请到“谁看过我的资料”里看。"
    ),
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS)
    register_templates(TEMPLATES)
    register_subject("rating", moved=redate_repairs)
    register_subject("read", moved=redate_read_queries)
