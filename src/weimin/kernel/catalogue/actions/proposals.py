"""Anybody entitled asks that a list be changed, and is answered in time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, NotFound
from weimin.kernel.catalogue import access
from weimin.kernel.catalogue.actions.versions import begin_draft
from weimin.kernel.catalogue.models import Item, Proposal
from weimin.kernel.catalogue.rules.lists import list_kinds
from weimin.kernel.catalogue.types import TRIGGERS
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.types import ClockSpec
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class ProposalBroken(Invalid):
    """The proposal does not say what to change."""

    code = "catalogue.proposal_broken"


class ProposalDone(Conflict):
    """It was answered already."""

    code = "catalogue.proposal_done"


class ProposalUnknown(NotFound):
    """No such proposal for this viewer."""

    code = "catalogue.proposal_unknown"


def propose_change(*, by: Actor, at: datetime, list_code: str, code: str, trigger: str, text: str) -> int:
    """Ask for a change of a row, or with an empty code for a new one; the answer has a clock.

    Raises: ProposalBroken — with the fields
    Cost:   about six queries
    """
    faults = {}
    item = Item.objects.filter(code=code, list_code=list_code).first() if code else None
    if list_code not in list_kinds() or (code and item is None):
        faults["code"] = "清单上没有这一行。"
    if trigger not in TRIGGERS or trigger == "loaded":
        faults["trigger"] = "请选择起因。"
    if not 5 <= len(text.strip()) <= 1000:
        faults["text"] = "请写清建议改什么、为什么，5 到 1000 个字。"
    if faults:
        raise ProposalBroken("建议还没有写完整：" + "；".join(faults.values()), fields=faults)
    with transaction.atomic():
        row = Proposal.objects.create(
            list_code=list_code,
            item=item,
            trigger=trigger if by.is_staff else "remark",
            text=text.strip(),
            at=at,
            by_label=by.label if by.is_staff else "群众",
            account_id=by.account_id,
        )
        clock = deadlines.open_dated(
            by=by,
            at=at,
            code="lists.answer",
            spec=ClockSpec(
                purpose="lists",
                subject=("list_proposal", str(row.pk)),
                start_date=local_date(at),
                label=f"答复清单调整建议：{list_kinds()[list_code].name}",
            ),
        )
        row.clock_id, row.due_on = clock.clock_id, clock.shown
        row.save(update_fields=["clock_id", "due_on"])
        record_audit(
            by=by,
            at=at,
            verb="catalogue.change.proposed",
            subject_type="item",
            subject_id=code or list_code,
            changes={},
        )
    return row.pk


def answer_proposal(
    *, by: Actor, at: datetime, proposal_id: int, taken: bool, answer: str, code: str = ""
) -> int | None:
    """Take a proposal up as a draft, or say why not; the one who asked can read the answer.

    Raises: StageNotYours — not a list keeper of county or city · ProposalDone — answered already
            DraftStands — the row is being changed
    Shape:  the draft's id, None where it was not taken up
    """
    if len(answer.strip()) < 4:
        raise ProposalBroken("请写明采纳或不采纳的理由。", fields={"answer": "至少 4 个字。"})
    with transaction.atomic():
        row = Proposal.objects.select_for_update(of=("self",)).select_related("item").filter(pk=proposal_id).first()
        if row is None:
            raise ProposalUnknown("找不到这条建议。")
        access.PROPOSALS.check(by, "answer", row)
        if row.state != "open":
            raise ProposalDone("这条建议已经答复过了。")
        if taken:
            wanted = row.item.code if row.item else code
            row.version_id = begin_draft(by=by, at=at, list_code=row.list_code, code=wanted)
        row.state, row.answer, row.answered_at = "taken" if taken else "refused", answer.strip()[:1000], at
        row.save(update_fields=["state", "answer", "answered_at", "version"])
        if row.clock_id is not None:
            deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=local_date(at))
        record_audit(
            by=by,
            at=at,
            verb="catalogue.change.answered",
            subject_type="item",
            subject_id=row.item.code if row.item else row.list_code,
            changes={"taken": taken},
        )
        return row.version_id if taken else None
