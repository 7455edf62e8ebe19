"""A delegation is proposed, and its written letter attached."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from weimin.apps.delegation import access, rules
from weimin.apps.delegation.actions.steps import (
    Incomplete,
    Reserved,
    WrongState,
    audit_row,
    fields_of,
    note_step,
    open_row,
)
from weimin.apps.delegation.models import Delegation, DelegationMatter
from weimin.apps.delegation.types import (
    HELD,
    KINDS,
    LETTER_FILES,
    LEVELS,
    LISTS,
    ORIGINS,
    POWERS,
    RECIPIENTS,
    Fault,
    Instrument,
)
from weimin.base.clock import local_date
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import record_audit, store_blob
from weimin.kernel.record.types import Actor


def propose_delegation(*, by: Actor, at: datetime, instrument: Instrument) -> str:
    """Propose to hand matters to a township; gives the number. What the law forbids is refused and put on record.

    Raises: NotYours · Reserved — with the article · Incomplete — with the fields · WrongState — somebody else took the
            number in the same moment
    Law:    ctl-2021 art. 18, 20, 21, 24; xkl-2019 art. 24; qzf-2011 art. 13, 17; tdgl-2019 art. 78
    Cost:   about eight queries
    """
    access.check_proposer(by, instrument.township)
    _check_known(instrument)
    today = local_date(at)
    rows = {code: lists.find_as_of(code=code[:40], on=today) for code in dict.fromkeys(instrument.items)}
    faults = rules.check_instrument(instrument, on=today, names=tuple(one.name for one in rows.values() if one))
    if banned := tuple(one for one in faults if one.banned):
        _refuse(by, at, instrument, banned)
    if faults:
        raise Incomplete("还缺法律要求的内容。", fields=fields_of(faults))
    for code, one in rows.items():
        if one is None:
            raise Incomplete("有几处需要改一下。", fields={"items": f"清单上没有现行的“{code[:40]}”。"})
        if said := rules.not_to_be_moved(str(one.doc.get("decision_level") or "")):
            raise Incomplete("有几处需要改一下。", fields={"items": f"“{code} {one.name}”{said}"})
    names = {code: one.name for code, one in rows.items() if one}
    replaced = _replaced(instrument, len(names))
    try:
        with transaction.atomic():
            row = _create(instrument, today, replaced)
            _add_matters(row, names)
            note_step(row, by, at, "提出", KINDS[row.kind] + (f"，置换 {replaced.number}" if replaced else ""))
            audit_row(row, by, at, "delegation.proposed", {"items": list(names)})
    except IntegrityError as fault:
        if "number" not in str(fault):
            raise
        raise WrongState("同一时刻有人也给这个乡镇提出了一份，编号被用掉了。请再按一次“提出”。") from None
    return row.number


def _refuse(by: Actor, at: datetime, instrument: Instrument, banned: tuple[Fault, ...]) -> None:
    """Put a forbidden attempt on record, then refuse it.

    Raises: Reserved
    """
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
    raise Reserved(f"不能这样赋权或委托：{told}。这次尝试已经记录。", fields=fields_of(banned))


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


def _replaced(one: Instrument, count: int) -> Delegation | None:
    """The delegation that a swap takes the place of; None where nothing is swapped.

    Raises: Incomplete — none named, another township's, ended, or another number of matters
    """
    if one.origin != "swap":
        return None
    row = Delegation.objects.filter(number=one.replaces.strip()[:40], township_id=one.township, state__in=HELD).first()
    if row is None:
        raise Incomplete(
            "有几处需要改一下。", fields={"replaces": "置换要写明换掉这个乡镇现有的哪一份，请填它的编号。"}
        )
    if (had := row.matters.count()) != count:
        raise Incomplete(
            "有几处需要改一下。",
            fields={"items": f"置换前后的事项数要一样：{row.number} 有 {had} 项，这里写了 {count} 项。"},
        )
    return row


def _create(one: Instrument, today: date, replaced: Delegation | None) -> Delegation:
    # the township's rows are locked one after another, so that two proposals get two numbers; the first of a year has
    # no row to lock, there the unique number decides
    stem = f"{one.township[:9]}-{today.year}-"
    last = Delegation.objects.select_for_update().filter(number__startswith=stem).order_by("-number").first()
    place = int(last.number.rsplit("-", 1)[1]) + 1 if last else 1
    apart = ("township", "items", "powers", "replaces")
    fields: dict[str, Any] = {name: value for name, value in asdict(one).items() if name not in apart}
    return Delegation.objects.create(
        number=f"{stem}{place:03d}",
        township_id=one.township,
        powers=list(one.powers),
        replaces=replaced,
        first_origin=(replaced.first_origin or replaced.origin) if replaced else one.origin,
        **fields,
    )


def _add_matters(row: Delegation, names: dict[str, str]) -> None:
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


def attach_letter(*, by: Actor, at: datetime, number: str, name: str, content: bytes) -> None:
    """Attach the written decision or letter of entrustment as a file; before the publication it may be changed.

    Raises: NotYours · WrongState — published already · FileRefused — not a file that is taken
    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    Cost:   about eight queries, one file write
    """
    with transaction.atomic():
        row = open_row(number, "letter")
        access.DELEGATIONS.check(by, "keep", row)
        stored = store_blob(at=at, content=content, name=name, allowed=LETTER_FILES)
        before = row.letter_name
        row.letter_id, row.letter_name = stored.blob_id, stored.name[:120]
        row.save(update_fields=["letter", "letter_name"])
        note_step(row, by, at, "附上书面决定（委托书）" if not before else "换上书面决定（委托书）", row.letter_name)
        audit_row(
            row, by, at, "delegation.letter.attached", {"name": [before, row.letter_name], "sha256": stored.sha256}
        )
