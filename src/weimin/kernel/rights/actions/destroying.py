"""The end of keeping: proposed at night, checked by the keeper, approved by the leader, carried out, certified."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from weimin.base.clock import local_date
from weimin.base.crypto import sm3_hex
from weimin.base.errors import Conflict, Invalid
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.queries import keeping
from weimin.kernel.cases.queries.keeping import EndedMatter
from weimin.kernel.evaluation import actions as evaluation
from weimin.kernel.messages import actions as messages
from weimin.kernel.record.actions import queue_event, record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.rights import access, queries, rules
from weimin.kernel.rights.models import Destruction, DestructionLine, Hold
from weimin.kernel.rights.types import HOLD_TEXT

#: Matters on one list: a list that people can read.
LIST_MAX = 500
#: A refused list is not proposed again before this.
AGAIN_AFTER = timedelta(days=365)


class HeldBefore(Conflict):
    """The matter is held already."""

    code = "rights.held_before"


def propose_destructions(*, by: Actor, at: datetime) -> int:
    """Make lists of ended matters whose time is over, one a township and class; nothing is destroyed. Gives how many.

    Held matters, and those on a list that is open or was refused within a year, are left out.

    Law:    pipl-2021 art. 19, pipl-2021 art. 47
    Cost:   two queries and three for each list
    """
    today = local_date(at)
    newest = max(day for one in queries.list_classes().values() if (day := rules.latest_over(today, one)))
    ended = keeping.list_ended(before=newest)
    open_lists = Q(destruction__state__in=("proposed", "checked", "approved"))
    refused = Q(destruction__state="rejected", destruction__approved_at__gt=at - AGAIN_AFTER)
    listed = set(DestructionLine.objects.filter(open_lists | refused).values_list("case_id", flat=True))
    listed |= set(Hold.objects.filter(lifted_at=None).values_list("case_id", flat=True))
    groups: dict[tuple[str, str], list[EndedMatter]] = defaultdict(list)
    for one in ended:
        klass = queries.class_of_matter(one.type_code)
        over = rules.period_end(local_date(one.ended_on), klass)
        if one.case_id not in listed and over is not None and over <= today:
            groups[one.township, klass.code].append(one)
    for (township, code), matters in sorted(groups.items()):
        _propose(by, at, township, code, matters[:LIST_MAX])
    return len(groups)


def _propose(by: Actor, at: datetime, township: str, code: str, matters: list[EndedMatter]) -> None:
    number = f"XH{township[:9]}-{local_date(at):%Y%m%d}-{code}"
    with transaction.atomic():
        row, made = Destruction.objects.get_or_create(
            number=number,
            defaults={"township_id": township, "klass": code, "state": "proposed", "proposed_at": at},
        )
        if not made:
            return
        DestructionLine.objects.bulk_create(
            DestructionLine(
                destruction=row,
                case_id=one.case_id,
                number=one.number,
                item_name=one.item_name,
                ended_on=local_date(one.ended_on),
            )
            for one in matters
        )
        _audit(by, at, "rights.destruction.proposed", row, matters=len(matters))


def _audit(by: Actor, at: datetime, verb: str, row: Destruction, **changes: object) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type="destruction", subject_id=row.number, changes=changes)


def check_destruction(*, by: Actor, at: datetime, number: str) -> None:
    """The archive keeper has checked a list against the shelves and the table of periods.

    Raises: DestructionNotYours — not the township's archive keeper; Conflict — not proposed any more
    """
    if access.KEEPER not in by.roles:
        raise access.DestructionNotYours("销毁清册由本乡镇的档案管理员核对。")
    view = queries.get_destruction(by, number)
    with transaction.atomic():
        _move(view.row, "proposed", "checked", checked_at=at, checked_by=by.label[:120], checker_id=by.account_id)
        _audit(by, at, "rights.destruction.checked", view.row)


def decide_destruction(*, by: Actor, at: datetime, number: str, approve: bool, reason: str = "") -> None:
    """The leader approves a checked list, or refuses it with a reason; never whoever checked it.

    Raises: DestructionNotYours — not the leader, or the same person
            Invalid — refused without a reason
            Conflict — not checked yet, or decided already
    """
    view = queries.get_destruction(by, number)
    if "leader" not in by.roles or (view.row.checker_id is not None and view.row.checker_id == by.account_id):
        raise access.DestructionNotYours("销毁由领导批准，核对的人不能自己批准。")
    if not approve and len(reason.strip()) < 5:
        raise Invalid("不同意的，请写明理由。", fields={"reason": "请写明理由，至少 5 个字。"})
    with transaction.atomic():
        state = "approved" if approve else "rejected"
        _move(view.row, "checked", state, approved_at=at, approved_by=by.label[:120], reason=reason.strip()[:500])
        if approve:
            _audit(by, at, "rights.destruction.approved", view.row)
            queue_event(at=at, topic="rights.destruction.approved", payload={"number": number})
        else:
            _audit(by, at, "rights.destruction.rejected", view.row)


def _move(row: Destruction, before: str, after: str, **values: object) -> None:
    """Change the state where it still is the old one.

    Raises: Conflict — somebody else did it, or it is another state's turn
    """
    if Destruction.objects.filter(pk=row.pk, state=before).update(state=after, **values) != 1:
        raise Conflict("这份清册的状态已经变了，请刷新页面再看。")


def carry_out(*, at: datetime, payload: dict[str, Any]) -> None:
    """Destroy what an approved list names, except what is held meanwhile, and close the list with its digest.

    Run by the worker, in one transaction: all of it or nothing. May run twice.

    Law:    pipl-2021 art. 47
    Cost:   about sixteen statements a matter
    """
    by = Actor.system("系统（到期销毁）")
    with transaction.atomic():
        row = Destruction.objects.select_for_update().filter(number=payload["number"], state="approved").first()
        if row is None:
            return
        lines = list(row.lines.order_by("pk"))
        held = set(
            Hold.objects.filter(case__in=[one.case_id for one in lines], lifted_at=None).values_list("case", flat=True)
        )
        gone = [one for one in lines if one.case_id not in held]
        for one in gone:
            cases.destroy_case(by=by, at=at, case_id=one.case_id, certificate=row.number)
            messages.forget_matter(number=one.number)
            evaluation.forget_words(case_id=one.case_id)
        row.lines.filter(pk__in=[one.pk for one in gone]).update(destroyed_at=at)
        text = rules.destruction_lines((one.number, one.item_name, one.ended_on.isoformat()) for one in gone)
        row.state, row.done_at, row.digest = "done", at, sm3_hex(text.encode())
        row.save(update_fields=["state", "done_at", "digest"])
        _audit(by, at, "rights.destruction.done", row, matters=len(gone), held=len(held), digest=row.digest)


def place_hold(*, by: Actor, at: datetime, number: str, kind: str, note: str) -> int:
    """Keep a matter from being destroyed while a lawsuit, petition or inspection needs it. Gives the hold's id.

    Raises: DestructionNotYours — neither archive keeper nor leader
            Invalid — no reason; HeldBefore — held already; CaseUnknown — not theirs to see
    """
    if not by.roles & {access.KEEPER, "leader"}:
        raise access.DestructionNotYours("暂停销毁由档案管理员或领导办理。")
    if kind not in HOLD_TEXT or len(note.strip()) < 4:
        raise Invalid("请选择原因，写明案号或信访件编号。", fields={"note": "请写明案号或信访件编号。"})
    case_id = queries.find_listed(by, number)
    try:
        with transaction.atomic():
            row = Hold.objects.create(
                case_id=case_id, kind=kind, note=note.strip()[:200], placed_at=at, placed_by=by.label[:120]
            )
            record_audit(
                by=by, at=at, verb="rights.hold.placed", subject_type="case", subject_id=number, changes={"kind": kind}
            )
    except IntegrityError as twice:
        raise HeldBefore("这件已经暂停销毁。") from twice
    return row.pk


def lift_hold(*, by: Actor, at: datetime, number: str) -> None:
    """End a hold; the matter comes on a list again when its time is over.

    Raises: DestructionNotYours — neither archive keeper nor leader; Conflict — not held
    """
    if not by.roles & {access.KEEPER, "leader"}:
        raise access.DestructionNotYours("解除暂停由档案管理员或领导办理。")
    case_id = queries.find_listed(by, number)
    with transaction.atomic():
        if Hold.objects.filter(case_id=case_id, lifted_at=None).update(lifted_at=at) != 1:
            raise Conflict("这件没有暂停销毁。")
        record_audit(by=by, at=at, verb="rights.hold.lifted", subject_type="case", subject_id=number, changes={})
