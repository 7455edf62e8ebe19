"""Impact assessments: written down before an item that asks sensitive data is published."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import yaml
from django.db import IntegrityError, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, Refused
from weimin.kernel.cases.rules.notices import sensitive_kind
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.rights import access, queries
from weimin.kernel.rights.models import Assessment
from weimin.kernel.rights.queries.retention import DATA

_TEXTS = {
    "title": "名称",
    "processing": "处理什么",
    "necessity": "必要性",
    "risks": "风险",
    "measures": "措施",
}


class AssessmentMissing(Refused):
    """The item asks for sensitive data and no valid impact assessment covers it."""

    code = "rights.assessment_missing"


def record_assessment(
    *, by: Actor, at: datetime, scope: str, texts: dict[str, str], made_on: date, review_on: date
) -> int:
    """Write an impact assessment down. Gives its id.

    Raises: AssessmentNotYours — no keeper, supervisor or auditor of a county or the city
            Invalid — a part is missing, or the next review is not later
            Conflict — this scope was assessed on that day already
    Law:    pipl-2021 art. 56
    """
    if not access.may_assess(by):
        raise access.AssessmentNotYours("影响评估由县级以上的清单管理、监督或审计管理人员登记。")
    errors = {
        k: f"请写清楚“{label}”，至少 10 个字。" for k, label in _TEXTS.items() if len(texts.get(k, "").strip()) < 10
    }
    if not scope.strip():
        errors["scope"] = "请填写事项代码，或者服务领域（如 A4）。"
    if made_on > local_date(at):
        errors["made_on"] = "评估日期不能晚于今天。"
    if review_on <= made_on:
        errors["review_on"] = "下次评估要晚于评估日期。"
    if errors:
        raise Invalid("有几处需要改一下。", fields=errors)
    values = {k: texts[k].strip() for k in _TEXTS}
    try:
        with transaction.atomic():
            row = Assessment.objects.create(
                scope=scope.strip(),
                made_on=made_on,
                review_on=review_on,
                made_by=(texts.get("made_by") or by.label)[:120],
                **values,
            )
            record_audit(
                by=by,
                at=at,
                verb="rights.assessment.recorded",
                subject_type="assessment",
                subject_id=row.pk,
                changes={"scope": row.scope, "review_on": review_on.isoformat()},
            )
    except IntegrityError as twice:
        raise Conflict("这个范围当天已经登记过评估。") from twice
    return row.pk


def load_assessments(*, by: Actor, at: datetime) -> int:
    """Load the assessments that come with the items; those already there stay. Gives how many are new."""
    rows = yaml.safe_load((DATA / "assessments.yaml").read_text(encoding="utf-8"))
    known = set(Assessment.objects.values_list("scope", "made_on"))
    fresh = [row for row in rows if (row["scope"], row["made_on"]) not in known]
    for row in fresh:
        Assessment.objects.create(**row)
    return len(fresh)


def check_assessed(*, by: Actor, at: datetime, record: dict[str, Any]) -> None:
    """Refuse to publish an item whose form asks for sensitive data before its impact was assessed.

    Files that come with the platform are loaded with their assessments, so the platform itself is not asked.

    Raises: AssessmentMissing — with what to do
    Law:    pipl-2021 art. 55
    Cost:   one query where the form asks for sensitive data
    """
    if by.kind == "system":
        return
    pages = (record.get("form") or {}).get("pages") or ()
    fields = [one for page in pages for one in page.get("fields") or ()]
    kinds = {sensitive_kind(str(one.get("label", "")), str(one.get("type", ""))) for one in fields}
    kinds |= {sensitive_kind(str(one.get("name", ""))) for one in record.get("materials") or ()}
    kinds.discard("")
    code, area = str(record.get("code", "")), str(record.get("area", ""))
    if kinds and queries.find_assessment(code=code, area=area, on=local_date(at)) is None:
        told = f"这个事项要收敏感个人信息（{'、'.join(sorted(kinds))}），发布前先做个人信息保护影响评估并登记。"
        raise AssessmentMissing(told, fields={"assessment": told})
