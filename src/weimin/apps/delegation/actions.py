"""Every write on delegations: propose, assess, decide, sign, run, evaluate, withdraw."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from weimin.apps.delegation import access, rules
from weimin.apps.delegation.models import Delegation, DelegationMatter, DelegationStep, Evaluation
from weimin.apps.delegation.types import (
    KINDS,
    LEVELS,
    LISTS,
    OPEN_MATTERS,
    ORIGINS,
    POWERS,
    RECIPIENTS,
    RESULTS,
    STATES,
    Fault,
    Instrument,
    Readiness,
)  # fmt: skip
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Invalid, Refused
from weimin.kernel.cases import actions as cases
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.types import ClockSpec
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class Reserved(Refused):
    """The law does not let this power be handed on, or not by or to this body; the attempt is on record."""

    code = "delegation.reserved"


class Incomplete(Invalid):
    """The instrument, the evidence or the publication lacks something; the fields say what and by which article."""

    code = "delegation.incomplete"


class Overlapping(Conflict):
    """The township holds the matter by another delegation in the same time."""

    code = "delegation.overlapping"


class WrongState(Conflict):
    """The delegation is not at the step at which this is done."""

    code = "delegation.wrong_state"


def propose_delegation(*, by: Actor, at: datetime, instrument: Instrument) -> str:
    """Propose to hand matters to a township; gives the number. What the law forbids is refused and put on record.

    Raises: NotYours · Reserved — with the article · Incomplete — with the fields
    Law:    ctl-2021 art. 18, 20, 21, 24; xkl-2019 art. 24; qzf-2011 art. 13, 17
    Cost:   about eight queries
    """
    access.check_keeper(by, instrument.township)
    _check_known(instrument)
    today = local_date(at)
    faults = rules.check_instrument(instrument, on=today)
    if banned := [one for one in faults if one.banned]:
        record_audit(
            by=by,
            at=at,
            verb="delegation.attempt.refused",
            subject_type="township",
            subject_id=instrument.township,
            changes={
                "kind": instrument.kind,
                "items": list(instrument.items),
                "powers": list(instrument.powers),
                "recipient": instrument.recipient,
                "why": [one.sentence for one in banned],
            },
        )
        told = "；".join(one.sentence for one in banned)
        raise Reserved(f"不能这样赋权或委托：{told}。这次尝试已经记录。", fields=_fields(tuple(banned)))
    if faults:
        raise Incomplete("还缺法律要求的内容。", fields=_fields(faults))
    names = _names(instrument, today)
    with transaction.atomic():
        row = _create(instrument, today)
        DelegationMatter.objects.bulk_create(
            DelegationMatter(
                delegation=row,
                item_code=code,
                item_name=name,
                township_id=row.township_id,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
            )
            for code, name in names.items()
        )
        _step(row, by, at, "提出", KINDS[row.kind])
        _audit(row, by, at, "delegation.proposed", {"items": list(names)})
    return row.number


def _check_known(one: Instrument) -> None:
    known = {
        "kind": (KINDS, one.kind),
        "list_kind": (LISTS, one.list_kind),
        "focus": (rules.focus_areas(), one.focus),
        "issuer_level": (LEVELS, one.issuer_level),
        "recipient": (RECIPIENTS, one.recipient),
        "origin": (ORIGINS, one.origin),
    }
    faults = {name: "请从列表中选择。" for name, (choices, value) in known.items() if value not in choices}
    if set(one.powers) - set(POWERS):
        faults["powers"] = "请从列表中选择。"
    if not directory.division_exists(one.township) or directory.get_division(one.township).level != "township":
        faults["township"] = "请选择乡镇（街道）。"
    for name, most in (("issuer_name", 80), ("document", 80), ("limits", 400), ("basis", 400)):
        if len(getattr(one, name)) > most:
            faults[name] = f"最多 {most} 个字。"
    if faults:
        raise Incomplete("有几处需要改一下。", fields=faults)
    directory.check_agency(one.department_id)
    if directory.get_agency(one.department_id).division_id != directory.get_division(one.township).parent_code:
        raise Incomplete("有几处需要改一下。", fields={"department": "请选择这个乡镇所在县（区）的部门。"})


def _names(instrument: Instrument, on: date) -> dict[str, str]:
    names = {}
    for code in dict.fromkeys(instrument.items):
        found = lists.find_as_of(code=code[:40], on=on)
        if found is None:
            raise Incomplete("有几处需要改一下。", fields={"items": f"清单上没有现行的“{code[:40]}”。"})
        names[code] = found.name
    return names


def _create(one: Instrument, today: date) -> Delegation:
    # the township's rows are locked one after another, so that two proposals get two numbers
    stem = f"{one.township[:9]}-{today.year}-"
    last = Delegation.objects.select_for_update().filter(number__startswith=stem).order_by("-number").first()
    place = int(last.number.rsplit("-", 1)[1]) + 1 if last else 1
    fields: dict[str, Any] = {k: v for k, v in asdict(one).items() if k not in ("township", "items", "powers")}
    return Delegation.objects.create(
        number=f"{stem}{place:03d}", township_id=one.township, powers=list(one.powers), **fields
    )


def assess_readiness(*, by: Actor, at: datetime, number: str, readiness: Readiness) -> None:
    """Write down the evidence that the township can carry the power.

    Raises: NotYours · WrongState · Incomplete — with what is lacking
    Law:    ctl-2021 art. 21, 24, 42, 58
    """
    with transaction.atomic():
        row = _open(number, "assess")
        access.check_keeper(by, row.township_id)
        if faults := rules.missing_readiness(readiness, on=local_date(at)):
            raise Incomplete("承接条件还不够。", fields=_fields(faults))
        kept = asdict(readiness)
        kept["certificates"] = [[no, last.isoformat()] for no, last in readiness.certificates]
        row.readiness = kept
        _move(row, by, at, "assess", "评估承接条件", "通过", fields=["readiness"])


def refuse_delegation(*, by: Actor, at: datetime, number: str, reason: str) -> None:
    """End a proposal that the township cannot carry or that is not needed.

    Raises: NotYours · WrongState · Incomplete — no reason
    """
    with transaction.atomic():
        row = _open(number, "refuse")
        access.check_keeper(by, row.township_id)
        _move(row, by, at, "refuse", "不赋予", _reason(reason))


def publish_decision(*, by: Actor, at: datetime, number: str, by_issuer: str, by_recipient: str = "") -> None:
    """Write down that the decision was made and where both sides published it; from here its periods are its own.

    Raises: NotYours · WrongState · Incomplete — who must publish · Overlapping — another delegation has the matter
    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    """
    try:
        with transaction.atomic():
            row = _open(number, "decide")
            access.check_keeper(by, row.township_id)
            faults = rules.missing_publication(
                row.kind, by_issuer=by_issuer, by_recipient=by_recipient, on=local_date(at)
            )
            if faults:
                raise Incomplete("还没有公布。", fields=_fields(faults))
            row.published_by_issuer, row.published_by_recipient = by_issuer.strip()[:200], by_recipient.strip()[:200]
            row.matters.update(decided=True)
            _move(
                row, by, at, "decide", "决定公布", row.document,
                fields=["published_by_issuer", "published_by_recipient"],
            )  # fmt: skip
    except IntegrityError as fault:
        if "delegation_matter_apart" not in str(fault):
            raise
        raise Overlapping("这个乡镇在同一段时间已经按另一份赋权、委托办其中的事项，期限不能重叠。") from None


def sign_confirmation(*, by: Actor, at: datetime, number: str) -> str:
    """Sign the confirmation letter for one's side; with both signatures it is signed. Gives the side.

    Raises: NotYours · WrongState
    """
    with transaction.atomic():
        row = _open(number, "sign")
        side = access.signing_side(by, row)
        name = f"signed_by_{side}"
        setattr(row, name, by.label[:120])
        row.save(update_fields=[name])
        text = "乡镇签确认书" if side == "township" else "部门签确认书"
        if row.signed_by_township and row.signed_by_department:
            _move(row, by, at, "sign", text, "双方都已签字")
        else:
            _step(row, by, at, text, "")
            _audit(row, by, at, "delegation.moved", {"signed": side})
    return side


def begin_running(*, by: Actor, at: datetime, number: str, trial: bool = True) -> None:
    """Let the township decide from now on, on trial or in full; the evaluation's clock starts.

    Raises: NotYours · WrongState
    Law:    ctl-2021 art. 24
    """
    with transaction.atomic():
        row = _open(number, "run")
        access.check_keeper(by, row.township_id)
        _start_evaluation(row, by, at)
        _move(
            row, by, at, "run", "开始运行", "试运行" if trial else "正式运行",
            state="trial" if trial else "full", fields=["evaluate_on", "clock_id"],
        )  # fmt: skip


def _start_evaluation(row: Delegation, by: Actor, at: datetime) -> None:
    today = local_date(at)
    if row.clock_id is not None:
        deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=today)
    spec = ClockSpec(
        purpose="lists",
        subject=("delegation", row.number),
        start_date=today,
        label=f"评估赋权、委托 {row.number}",
        agency_id=row.department_id,
        place=row.township_id,
    )
    clock = deadlines.open_dated(by=by, at=at, code="delegation.evaluate", spec=spec, by_law=True)
    row.clock_id, row.evaluate_on = clock.clock_id, clock.due_date


def evaluate_delegation(*, by: Actor, at: datetime, number: str, result: str, text: str, limits: str = "") -> None:
    """Write down a periodic evaluation: go on, go from trial to full, or change the limits; the next one is due again.

    Raises: NotYours · WrongState · Incomplete — no result, no words, no new limits
    Law:    ctl-2021 art. 24
    """
    with transaction.atomic():
        row = _open(number, "evaluate")
        access.check_keeper(by, row.township_id)
        faults = {} if result in RESULTS else {"result": "请选择结果。"}
        if not 4 <= len(text.strip()) <= 500:
            faults["text"] = "请写评估意见，4 到 500 个字。"
        if result == "adjust" and not 4 <= len(limits.strip()) <= 400:
            faults["limits"] = "请写调整以后的权限，4 到 400 个字。"
        if faults:
            raise Incomplete("评估还没有写完整。", fields=faults)
        today = local_date(at)
        Evaluation.objects.create(
            delegation=row, due_on=row.evaluate_on or today, done_on=today, result=result, text=text.strip()
        )
        _start_evaluation(row, by, at)
        if result == "adjust":
            row.limits = limits.strip()
        state = "full" if result == "full" else row.state
        _move(
            row, by, at, "evaluate", f"评估：{RESULTS[result]}", text.strip(),
            state=state, fields=["evaluate_on", "clock_id", "limits"],
        )  # fmt: skip


def withdraw_delegation(*, by: Actor, at: datetime, number: str, reason: str, open_matters: str) -> int:
    """Take the powers back from today on and say what happens to open matters; gives how many there were.

    Raises: NotYours · WrongState · Incomplete — no reason, or not said who finishes open matters
    Cost:   about ten queries, and four for each open matter
    """
    with transaction.atomic():
        row = _open(number, "withdraw")
        access.check_keeper(by, row.township_id)
        if open_matters not in OPEN_MATTERS:
            raise Incomplete("收回时要写明在办件怎么办。", fields={"open_matters": "请选择在办件怎么办。"})
        said, today = _reason(reason), local_date(at)
        until = max(row.valid_from, min(today, row.valid_until or today))
        row.valid_until, row.open_matters, row.evaluate_on = until, open_matters, None
        row.matters.update(valid_until=until)
        if row.clock_id is not None:
            deadlines.stop_clock(by=by, at=at, clock_id=row.clock_id, on=today)
            row.clock_id = None
        moved = cases.end_authority(by=by, at=at, delegation=number, hand_up=open_matters == "hand_up", reason=said)
        note = f"{said}。在办 {moved} 件{OPEN_MATTERS[open_matters]}"[:500]
        _move(
            row, by, at, "withdraw", "收回", note,
            fields=["valid_until", "open_matters", "evaluate_on", "clock_id"],
        )  # fmt: skip
    return moved


def _open(number: str, move: str) -> Delegation:
    row = Delegation.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise access.DelegationUnknown("没有这一份赋权、委托。")
    if not rules.may_move(move, row.state):
        raise WrongState(f"这一份现在是“{STATES[row.state]}”，不能办这一步，请重新打开看最新情况。")
    return row


def _move(
    row: Delegation, by: Actor, at: datetime, move: str, what: str, note: str, *, state: str = "", fields: Any = ()
) -> None:
    old, row.state = row.state, state or rules.MOVES[move][1]
    row.save(update_fields=["state", *fields])
    _step(row, by, at, what, note)
    _audit(row, by, at, "delegation.moved", {"state": [old, row.state], "note": note[:200]})


def _step(row: Delegation, by: Actor, at: datetime, what: str, note: str) -> None:
    DelegationStep.objects.create(delegation=row, what=what, note=note[:500], at=at, by_label=by.label[:120] or "系统")


def _audit(row: Delegation, by: Actor, at: datetime, verb: str, changes: dict[str, Any]) -> None:
    record_audit(by=by, at=at, verb=verb, subject_type="delegation", subject_id=row.number, changes=changes)


def _reason(text: str) -> str:
    if not 4 <= len(text.strip()) <= 400:
        raise Incomplete("请写明理由。", fields={"reason": "请写明理由，4 到 400 个字。"})
    return text.strip()


def _fields(faults: tuple[Fault, ...]) -> dict[str, str]:
    said: dict[str, str] = {}
    for one in faults:
        said[one.field] = "；".join(filter(None, (said.get(one.field, ""), one.sentence)))
    return said
