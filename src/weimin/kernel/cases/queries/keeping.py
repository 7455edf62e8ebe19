"""What is kept of one person, and which matters' time of keeping is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import F

from weimin.base.clock import day_start
from weimin.kernel.cases import access
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.queries.drafts import draft_answers, open_answers, open_guardian, open_post
from weimin.kernel.cases.types import CHANNEL_TEXT, ENDED, STATE_TEXT, Channel, State
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.record.types import Actor


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of one person, to be put into their copy."""

    file_id: int
    blob_id: int
    name: str
    number: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class EndedMatter:
    """An ended matter whose content is still there."""

    case_id: int
    number: str
    item_name: str
    type_code: str
    township: str
    ended_on: datetime


def list_files_of(person: Actor) -> list[KeptFile]:
    """Every file that a person handed in, with matters and without.

    Cost:   one query
    """
    rows = access.FILES.visible(person)
    return [
        KeptFile(one.pk, one.blob_id, one.name, one.case.number if one.case else "", one.blob.size_bytes)
        for one in rows.select_related("blob", "case").order_by("pk")
    ]


def export_matters(person: Actor) -> list[dict[str, Any]]:
    """A person's matters with all that is theirs: answers, course, decisions, what they were asked.

    What staff wrote to each other and their opinions are the office's, not part of it.

    Law:    pipl-2021 art. 45
    Cost:   one query, and five for each matter
    """
    rows = access.visible_cases(person).filter(destroyed_under="").order_by("pk")
    return [_export(one) for one in rows.select_related("township")]


def _export(case: Case) -> dict[str, Any]:
    spec = catalogue.get_spec(case.item_version_id)
    labels = {one.name: one.label for one in spec.form.fields}
    post_to, guardian = open_post(case.post_sealed), open_guardian(case.guardian_sealed)
    return {
        "编号": case.number,
        "事项": case.item_name,
        "受理地": case.township.name,
        "渠道": CHANNEL_TEXT[Channel(case.channel)],
        "状态": STATE_TEXT[State(case.state)],
        "提交时间": case.submitted_at.isoformat(),
        "告知书版本": case.notice,
        "填写的内容": {labels.get(k, k): v for k, v in open_answers(case.answers_sealed).items()},
        "监护人": {"姓名": guardian.name, "关系": guardian.relation} if guardian else None,
        "邮寄": {"收件人": post_to.name, "电话": post_to.phone, "地址": post_to.address} if post_to else None,
        "经过": [
            {"时间": one.at.isoformat(), "内容": one.public_text, "单位": one.agency_name}
            for one in case.timeline.exclude(public_text="").order_by("pk")
        ],
        "决定": [{"理由": d.reasons, "依据": d.basis, "时间": d.decided_at.isoformat()} for d in case.decisions.all()],
        "补正": [{"时间": s.asked_at.isoformat(), "要补": s.items, "说明": s.note} for s in case.supplements.all()],
        "文书": [{"名称": p.get_kind_display(), "时间": p.made_at.isoformat()} for p in case.papers.order_by("pk")],
    }


def export_drafts(person: Actor) -> list[dict[str, Any]]:
    """What a person filled in and did not send.

    Cost:   one query
    """
    rows = access.visible_drafts(person).select_related("item_version")
    return [
        {"事项": one.item_version.name, "更新时间": one.updated_at.isoformat(), "已填": draft_answers(one)}
        for one in rows
    ]


def count_unsent(person: Actor) -> tuple[int, int]:
    """How many drafts and loose files an account has.

    Cost:   two queries
    """
    return access.visible_drafts(person).count(), access.FILES.visible(person, "hold").count()


def count_matters(person: Actor) -> int:
    """How many matters are kept of a person.

    Cost:   one query
    """
    return access.visible_cases(person).count()


def list_ended(*, before: date, limit: int = 5000) -> list[EndedMatter]:
    """Matters that ended before a day and whose content is still there, the oldest first.

    Cost:   one query
    """
    rows = Case.objects.filter(state__in=ENDED, destroyed_under="").exclude(ended_at=None)
    rows = rows.filter(ended_at__lt=day_start(before)).annotate(type_code=F("item_version__type_code"))
    return [
        EndedMatter(one.pk, one.number, one.item_name, one.type_code, one.township_id, one.ended_at)  # type: ignore[attr-defined]
        for one in rows.order_by("ended_at", "pk")[:limit]
        if one.ended_at
    ]
