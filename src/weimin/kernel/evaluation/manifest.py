"""What evaluation brings: audit verbs, a notice, and how long its tables are kept."""

from weimin.kernel.deadlines.registry import register_subject
from weimin.kernel.evaluation.actions import redate_repairs
from weimin.kernel.messages.registry import Template, register_templates
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {"evaluation.case.rated": "评价", "evaluation.repair.answered": "回复差评"}
RETENTION = {"Rating": "随办件", "Repair": "随办件"}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"Rating", "Repair"})
TEMPLATES = {
    "evaluation.repair.answered": Template(
        "您的意见有回复了", "您对“{item_name}”（{number}）的评价，承办单位已回复整改情况，请查看。"
    ),
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS)
    register_templates(TEMPLATES)
    register_subject("rating", moved=redate_repairs)
