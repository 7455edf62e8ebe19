"""Reads of requests, copies, assessments and destructions; what is kept of a person in plain words."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from weimin.base import crypto, looking
from weimin.base.clock import local_date
from weimin.base.errors import NotFound
from weimin.kernel.cases.queries import keeping
from weimin.kernel.messages import queries as messages
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents
from weimin.kernel.rights import access, rules
from weimin.kernel.rights.models import Assessment, DataCopy, DataRequest, Destruction, DestructionLine, Hold
from weimin.kernel.rights.queries.retention import class_of_matter as class_of_matter
from weimin.kernel.rights.queries.retention import kept_until as kept_until
from weimin.kernel.rights.queries.retention import list_classes as list_classes
from weimin.kernel.rights.queries.retention import list_rules as list_rules
from weimin.kernel.rights.queries.retention import over_before as over_before
from weimin.kernel.rights.types import DeletionLine, Kept
from weimin.ui import paper

WISH = "rights.wish"
TYPST = Path(__file__).parents[1] / "typst"


class CopyUnknown(NotFound):
    """No such copy for this viewer, or its time is over."""

    code = "rights.copy_unknown"


class DestructionUnknown(NotFound):
    """No such list for destruction for this viewer."""

    code = "rights.destruction_unknown"


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request with what was asked, in clear."""

    row: DataRequest
    wish: dict[str, str]
    name: str = ""
    lines: tuple[DeletionLine, ...] = ()


@dataclass(frozen=True, slots=True)
class DestructionView:
    """A list for destruction with its matters, those held apart."""

    row: Destruction
    lines: list[DestructionLine]
    held: dict[int, Hold]
    klass: rules.RetentionClass


def open_wish(row: DataRequest) -> dict[str, str]:
    """What was asked, in clear."""
    found: dict[str, str] = json.loads(crypto.unseal(bytes(row.wish_sealed), purpose=WISH))
    return found


def describe_kept(person: Actor) -> Kept:
    """What is kept of a person, counted.

    Law:    pipl-2021 art. 45
    Cost:   six queries
    """
    drafts, loose = keeping.count_unsent(person)
    own = person.resident_id or 0
    return Kept(
        matters=keeping.count_matters(person),
        drafts=drafts,
        loose_files=loose,
        messages=len(messages.list_messages(person, limit=1000)),
        looks=len(residents.list_reads(resident_id=own, limit=1000)),
        phone=bool(residents.phone_for_notices(resident_id=own)),
        account=person.account_id is not None,
    )


def list_my_requests(viewer: Actor) -> list[RequestView]:
    """A resident's own requests, newest first.

    Cost:   one query
    """
    if viewer.kind != "resident":
        return []
    rows = access.visible_requests(viewer).select_related("agency").order_by("-pk")[:50]
    return [RequestView(one, open_wish(one)) for one in rows]


def list_requests(viewer: Actor, *, limit: int = 100) -> list[RequestView]:
    """The open requests that a viewer answers, by due day; each names its person in the read log.

    Cost:   two queries, one for each request
    """
    rows = access.answerable_requests(viewer).select_related("agency", "resident").order_by("due_on", "pk")[:limit]
    found = []
    for one in rows:
        looking.note(one.resident_id, about=one.get_kind_display())
        found.append(RequestView(one, open_wish(one), one.resident.name))
    return found


def find_evidence(viewer: Actor, request_id: int) -> int | None:
    """The blob of a request's evidence, for whoever answers it or asked it."""
    row = access.visible_requests(viewer).filter(pk=request_id).first()
    if row is None or row.evidence_id is None:
        return None
    looking.note(row.resident_id, about=row.get_kind_display())
    return row.evidence_id


def list_copies(viewer: Actor, *, at: datetime) -> list[DataCopy]:
    """The copies that a viewer may fetch, newest first.

    Cost:   one query
    """
    return list(access.visible_copies(viewer).filter(expires_at__gt=at).order_by("-pk")[:20])


def get_copy(viewer: Actor, copy_id: int, *, at: datetime) -> DataCopy:
    """One finished copy.

    Raises: CopyUnknown — not the viewer's, not finished, or its time is over
    Cost:   one query
    """
    row = access.visible_copies(viewer).filter(pk=copy_id, expires_at__gt=at).exclude(blob=None).first()
    if row is None:
        raise CopyUnknown("没有这份副本，或者已经过期删除。可以重新要一份。")
    looking.note(row.resident_id, about="资料副本")
    return row


def list_assessments() -> list[Assessment]:
    """Every impact assessment, the newest of each scope first."""
    return list(Assessment.objects.order_by("scope", "-made_on"))


def find_assessment(*, code: str, area: str, on: date) -> Assessment | None:
    """The assessment that covers an item on a day: its own, or its area's; None when none is valid.

    Law:    pipl-2021 art. 55
    Cost:   one query
    """
    rows = Assessment.objects.filter(scope__in=[code, area], made_on__lte=on, review_on__gte=on)
    return max(rows, key=lambda one: (one.scope == code, one.made_on), default=None)


def list_destructions(viewer: Actor) -> list[Destruction]:
    """The lists for destruction that a viewer may see, newest first.

    Cost:   one query
    """
    return list(access.visible_destructions(viewer).order_by("-pk")[:100])


def get_destruction(viewer: Actor, number: str) -> DestructionView:
    """One list with its matters, and which of them are held.

    Raises: DestructionUnknown — not the viewer's
    Cost:   three queries
    """
    row = access.visible_destructions(viewer).filter(number=number).first()
    if row is None:
        raise DestructionUnknown("没有这份销毁清册，或者不归您查看。")
    lines = list(row.lines.order_by("pk"))
    holds = access.HOLDS.visible(viewer).filter(case__in=[one.case_id for one in lines], lifted_at=None)
    held = {one.case_id: one for one in holds}
    return DestructionView(row, lines, held, list_classes()[row.klass])


def draw_certificate(viewer: Actor, number: str) -> bytes:
    """The certificate of a destruction as PDF: who decided, the list, and its digest.

    Raises: DestructionUnknown — not the viewer's, or not carried out
    Law:    gb-9704
    """
    view = get_destruction(viewer, number)
    row = view.row
    if row.done_at is None:
        raise DestructionUnknown("还没有销毁，没有证书。")
    return paper.draw(
        TYPST / "certificate.typ",
        {
            "title": "办件档案销毁证书",
            "number": row.number,
            "township": row.township.name,
            "klass": view.klass.name,
            "basis": view.klass.basis,
            "checked": f"{row.checked_by}，{_day(row.checked_at)}",
            "approved": f"{row.approved_by}，{_day(row.approved_at)}",
            "made_on": local_date(row.done_at).isoformat(),
            "digest": row.digest,
            "lines": [[one.number, one.item_name, one.ended_on.isoformat()] for one in view.lines if one.destroyed_at],
            "verify_code": "见审计链",
            "verify_url": f"{settings.WEIMIN_BASE_URL}/audit/",
        },
    )


def _day(at: datetime | None) -> str:
    return local_date(at).isoformat() if at else ""


def collect(person: Actor, *, at: datetime) -> dict[str, Any]:
    """Everything that is kept about a person, as their copy holds it.

    Law:    pipl-2021 art. 45
    Cost:   about eight queries, and five for each matter
    """
    own = person.resident_id or 0
    card = residents.get_card(resident_id=own)
    return {
        "说明": "这是平台保存的关于您的全部个人信息。工作人员的内部意见、审计记录的技术字段不在内。",
        "导出时间": at.isoformat(),
        "关于我": {
            "姓名": card.name,
            "身份证号": residents.own_number(resident_id=own),
            "手机号": residents.phone_for_notices(resident_id=own),
            "出生日期": card.birth_date.isoformat() if card.birth_date else "",
            "所在村（社区）": card.place,
        },
        "办件": keeping.export_matters(person),
        "草稿": keeping.export_drafts(person),
        "文件": [
            {"文件名": one.name, "办件": one.number, "大小": one.size_bytes} for one in keeping.list_files_of(person)
        ],
        "消息": [
            {"时间": one.at.isoformat(), "标题": one.title, "内容": one.body}
            for one in messages.list_messages(person, limit=5000)
        ],
        "谁看过": [
            {
                "时间": one.at.isoformat(),
                "谁": one.who,
                "为什么": one.why,
                "办件": list(one.matters),
                "全号": one.revealed,
            }
            for one in residents.list_reads(resident_id=own, limit=5000)
        ],
        "请求": [
            {
                "类别": one.row.get_kind_display(),
                "时间": one.row.asked_at.isoformat(),
                "内容": one.wish,
                "结果": one.row.get_outcome_display(),
                "答复": one.row.answer,
            }
            for one in list_my_requests(person)
        ],
    }


def summary_of(wanted: list[DestructionLine]) -> list[tuple[str, int]]:
    """How many matters of each item stand on a list, the most first."""
    return Counter(one.item_name for one in wanted).most_common()


def read_blob(blob_id: int) -> bytes:
    """The content of a copy or a request's evidence, opened and checked."""
    return record.read_blob(blob_id)


def find_listed(viewer: Actor, number: str) -> int:
    """The matter on a list of the viewer's place that a hold is for.

    Raises: DestructionUnknown — not on a list that the viewer may see
    Cost:   one query
    """
    rows = access.LINES.visible(viewer).filter(number=number)
    found = rows.order_by("-pk").values_list("case_id", flat=True).first()
    if found is None:
        raise DestructionUnknown("这件不在您能看的销毁清册上。")
    return found
