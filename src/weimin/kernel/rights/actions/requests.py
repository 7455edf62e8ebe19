"""Requests about one's data: asked with evidence, answered by a day with a reason, carried out by the platform."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from weimin.base import crypto
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.cases import actions as cases
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.types import ClockSpec, Move
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import queue_event, record_audit, store_blob
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions as residents
from weimin.kernel.residents import queries as resident_queries
from weimin.kernel.rights import access, queries, rules
from weimin.kernel.rights.models import DataRequest
from weimin.kernel.rights.types import OUTCOME_TEXT, REASONED, REQUEST_TEXT

SYSTEM = Actor.system("系统（个人信息请求）")
ACCEPTED = ("jpg", "png", "pdf")
#: What a correction may name, and what the counter's correction changes of it.
WISHED = ("text", "name", "phone", "division", "dead_name", "relation")


class AskedBefore(Conflict):
    """A request of this kind is open already."""

    code = "rights.asked_before"


def ask(
    *,
    by: Actor,
    at: datetime,
    kind: str,
    wish: dict[str, str],
    evidence: tuple[str, bytes] | None = None,
    resident_id: int | None = None,
) -> int:
    """Ask for one's data to be corrected or deleted, the log-in closed, or for a dead relative's data. Gives its id.

    At the counter a clerk asks for the person in front.

    Raises: Invalid — with a sentence for each field
            AskedBefore — one of this kind is open
            FileRefused — the evidence cannot be taken
            Forbidden — nobody registered asks, or at the counter of another township than theirs
    Law:    pipl-2021 art. 50
    Cost:   about ten queries
    """
    person = by.resident_id if by.kind == "resident" else resident_id if "front_desk" in by.roles else None
    if person is None:
        raise Forbidden("请先登记身份信息，或者带身份证到窗口提出。")
    wish = {name: wish.get(name, "").strip()[:500] for name in WISHED if wish.get(name, "").strip()}
    if errors := _faults(kind, wish, evidence):
        raise Invalid("有几处需要改一下。", fields=errors)
    township = directory.township_of(resident_queries.get_card(resident_id=person).division_code)
    agency_id = directory.resolve_agency(rule="accepting", township_code=township, lead_key="")
    if agency_id is None:
        raise Conflict("还不知道由哪个乡镇答复您，请先到窗口登记所在的村（社区）。")
    if by.kind != "resident" and not directory.is_within(directory.get_agency(agency_id).division_id, by.division_code):
        raise Forbidden("这个请求由本人所在乡镇答复，请到那里的窗口提出，或者本人在网上提出。")
    try:
        with transaction.atomic():
            return _open(by, at, kind, wish, evidence, person, agency_id)
    except IntegrityError as twice:
        raise AskedBefore("同样的请求已经提过，正在办理，请等答复。") from twice


def _faults(kind: str, wish: dict[str, str], evidence: object) -> dict[str, str]:
    errors: dict[str, str] = {}
    if kind not in REQUEST_TEXT:
        errors["kind"] = "请选择要做什么。"
    if kind in ("correct", "relative") and len(wish.get("text", "")) < 5:
        errors["text"] = (
            "请写清楚哪里不对、应该是什么，至少 5 个字。"
            if kind == "correct"
            else "请写清楚要查什么、为什么，至少 5 个字。"
        )
    if kind == "relative":
        errors |= {
            k: t
            for k, t in (("dead_name", "请填写已故的人的姓名。"), ("relation", "请填写您和他的关系。"))
            if k not in wish
        }
        if not evidence:
            errors["evidence"] = "请上传死亡证明和亲属关系证明（可以拍在一张照片上）。"
    return errors


def _open(
    by: Actor,
    at: datetime,
    kind: str,
    wish: dict[str, str],
    evidence: tuple[str, bytes] | None,
    person: int,
    agency_id: int,
) -> int:
    blob = store_blob(at=at, content=evidence[1], name=evidence[0], allowed=ACCEPTED) if evidence else None
    row = DataRequest(
        resident_id=person,
        kind=kind,
        wish_sealed=crypto.seal(json.dumps(wish, ensure_ascii=False), purpose=queries.WISH),
        evidence_id=blob.blob_id if blob else None,
        asked_at=at,
        asked_via=by.via,
        agency_id=agency_id,
    )
    clock = deadlines.open_dated(
        by=SYSTEM,
        at=at,
        code="rights.answer",
        spec=ClockSpec(
            purpose="rights",
            subject=("request", f"{person}-{kind}-{at.timestamp():.0f}"),
            start_date=local_date(at),
            label=f"个人信息请求：{REQUEST_TEXT[kind]}",
            agency_id=agency_id,
            place=directory.get_agency(agency_id).division_id,
        ),
    )
    assert clock.shown is not None
    row.clock_id, row.due_on = clock.clock_id, clock.shown
    row.save(force_insert=True)
    record_audit(
        by=by,
        at=at,
        verb="rights.request.asked",
        subject_type="request",
        subject_id=row.pk,
        changes={"kind": kind, "resident": person},
    )
    return row.pk


def answer_request(*, by: Actor, at: datetime, request_id: int, outcome: str, answer: str) -> None:
    """Answer a request; what is not granted in full says why. A granted correction is made at once, by the counter.

    Open papers of matters stay as they were: what a paper said when it was made out is part of the matter.

    Raises: Invalid — no outcome, or too few words
            RequestNotYours — another body's, or answered
            NotAtCounter — a leader grants a correction: the counter makes it, with the papers in hand
    Law:    pipl-2021 art. 46, pipl-2021 art. 50
    Cost:   about ten queries
    """
    text = answer.strip()
    if outcome not in OUTCOME_TEXT:
        raise Invalid("请选择结果。", fields={"outcome": "请选择结果。"})
    if len(text) < (10 if outcome in REASONED else 4):
        told = "请写明理由（至少 10 个字），本人会看到。" if outcome in REASONED else "请写一句答复，本人会看到。"
        raise Invalid(told, fields={"answer": told})
    with transaction.atomic():
        row = access.answerable_requests(by).select_for_update(of=("self",)).filter(pk=request_id).first()
        if row is None:
            raise access.RequestNotYours("这个请求已经答复过，或者不由您答复。")
        if row.kind == "correct" and outcome != "refused":
            _correct(by, at, row)
        row.answered_at, row.answered_by, row.outcome, row.answer = at, by.label[:120], outcome, text[:2000]
        row.save(update_fields=["answered_at", "answered_by", "outcome", "answer"])
        deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=local_date(at))
        record_audit(
            by=by,
            at=at,
            verb="rights.request.answered",
            subject_type="request",
            subject_id=row.pk,
            changes={"outcome": outcome},
        )
        if row.kind in ("delete", "close") and outcome != "refused":
            queue_event(at=at, topic="rights.deletion.granted", payload={"request_id": row.pk})
        queue_event(
            at=at,
            topic="rights.request.answered",
            payload={
                "resident_id": row.resident_id,
                "kind": REQUEST_TEXT[row.kind],
                "outcome_text": OUTCOME_TEXT[outcome],
            },
        )


def _correct(by: Actor, at: datetime, row: DataRequest) -> None:
    wish = queries.open_wish(row)
    wanted = {k: wish[k] for k in ("name", "phone") if k in wish}
    if wanted or "division" in wish:
        residents.correct_resident(
            by=by,
            at=at,
            resident_id=row.resident_id,
            name=wanted.get("name", ""),
            phone=wanted.get("phone", ""),
            division_code=wish.get("division", ""),
        )


def carry_out_deletion(*, at: datetime, payload: dict[str, Any]) -> None:
    """Delete what a granted request deletes at once, and write down class by class what stayed and why.

    Run by the worker: nobody at a desk may touch another person's drafts. May run twice.

    Law:    pipl-2021 art. 47
    """
    with transaction.atomic():
        row = DataRequest.objects.select_for_update().filter(pk=payload["request_id"], done_at=None).first()
        if row is None or row.outcome not in ("granted", "partly"):
            return
        account = resident_queries.find_account_id(resident_id=row.resident_id)
        person = Actor(kind="resident", name="", via="job", account_id=account, resident_id=row.resident_id)
        closing = row.kind == "close"
        lines = rules.describe_deletion(queries.describe_kept(person), closing=closing)
        if account is not None:
            cases.forget_unsent(by=SYSTEM, at=at, account_id=account)
        if closing:
            residents.forget_contact(by=SYSTEM, at=at, resident_id=row.resident_id)
            if account is not None:
                accounts.close_account(by=SYSTEM, at=at, account_id=account)
        row.done_at, row.done_lines = at, [asdict(one) for one in lines]
        row.save(update_fields=["done_at", "done_lines"])
        record_audit(
            by=SYSTEM,
            at=at,
            verb="rights.deletion.done",
            subject_type="request",
            subject_id=row.pk,
            changes={"deleted": [one.what for one in lines if one.deleted]},
        )


def redate_requests(*, by: Actor, at: datetime, moves: list[Move]) -> None:
    """Carry dates that moved by themselves to the requests that show them; called inside the clocks' transaction."""
    for one in moves:
        DataRequest.objects.filter(clock_id=one.clock_id, answered_at=None).update(
            due_on=one.new.shown or one.old.shown
        )
