"""Writes of residents: register, link an account, note who looked."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from weimin.base import crypto
from weimin.base.clock import local_date
from weimin.base.errors import Conflict, Forbidden, Invalid, Refused
from weimin.base.identifiers import check_id_number, check_phone, check_uscc
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.accounts import queries as account_queries
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import access as wall
from weimin.kernel.record import actions as record
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import rules
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.residents.queries import ID, PHONE, ResidentUnknown, id_index


class NameDiffers(Refused):
    """The number is registered under another name."""

    code = "residents.name_differs"


class AlreadyLinked(Conflict):
    """The person is linked to another log-in, or the log-in to another person."""

    code = "residents.already_linked"


class NotAtCounter(Forbidden):
    """Only the counter corrects what is registered, with the person's papers in hand."""

    code = "residents.not_at_counter"


def register_resident(*, by: Actor, at: datetime, name: str, id_number: str, phone: str, division_code: str) -> int:
    """Register a person, or find the one already registered under the number. Gives their id.

    A resident who registers links their own log-in; staff register a person who is present.

    Raises: Invalid — with a sentence for each wrong field
            NameDiffers — the number is registered under another name
            AlreadyLinked — the person or the log-in is linked elsewhere
    Law:    pipl-2021 art. 34
    Cost:   about four queries
    """
    values, errors = _check(at, name, id_number, phone, division_code)
    if errors:
        raise Invalid("有几处需要改一下。", fields=errors)
    account_id = by.account_id if by.kind == "resident" else None
    wall.seek(person=id_index(values["id_number"]))
    with transaction.atomic():
        row, made = _find_or_create(by, at, values, account_id)
        if not made and not _link(row, values, account_id):
            return row.pk
        if account_id is not None:
            accounts.rename_account(account_id=account_id, name=row.name)
        record_audit(
            by=by,
            at=at,
            verb="residents.resident.registered",
            subject_type="resident",
            subject_id=row.pk,
            changes={"via": by.via},
        )
    return row.pk


def _check(
    at: datetime, name: str, id_number: str, phone: str, division_code: str
) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {"birth_date": None, "kind": "person"}
    errors: dict[str, str] = {}

    def take(field: str, check: Any, text: str, missing: str) -> None:
        try:
            if not text.strip():
                raise Invalid(missing)
            values[field] = check(text)
        except Invalid as fault:
            errors[field] = fault.message

    take("name", rules.check_name, name, "请填写姓名。")
    take("id_number", check_id_number, id_number, "请填写身份证号。")
    take("phone", check_phone, phone, "请填写手机号。")
    if "id_number" in values:
        values["birth_date"] = values["id_number"].birth_date
        values["id_number"] = values["id_number"].number
        if values["birth_date"] > local_date(at):
            errors["id_number"] = "身份证号里的出生日期还没有到，请核对第 7 到 14 位。"
    if not directory.township_of(division_code):
        errors["division"] = "请选择所在的村或社区。"
    values["division"] = division_code
    return values, errors


def _find_or_create(by: Actor, at: datetime, values: dict[str, Any], account_id: int | None) -> tuple[Resident, bool]:
    """The locked row of a number; made when there is none, also when somebody else makes it meanwhile."""
    index = id_index(values["id_number"])
    found = Resident.objects.select_for_update().filter(id_index=index).first()
    if found is not None:
        return found, False
    _require_free(account_id)
    try:
        with transaction.atomic():
            return _create(by, at, values, account_id), True
    except IntegrityError as clash:
        found = Resident.objects.select_for_update().filter(id_index=index).first()
        if found is None:
            raise AlreadyLinked(_TAKEN) from clash
        return found, False


def _create(by: Actor, at: datetime, values: dict[str, Any], account_id: int | None) -> Resident:
    return Resident.objects.create(
        kind=values["kind"],
        name=values["name"],
        birth_date=values["birth_date"],
        id_sealed=crypto.seal(values["id_number"], purpose=ID),
        id_index=id_index(values["id_number"]),
        phone_sealed=crypto.seal(values["phone"], purpose=PHONE),
        division_id=values["division"],
        account_id=account_id,
        created_at=at,
        created_via=by.via,
    )


_TAKEN = "这个登录账号已经登记了另一个人的身份，请用本人的手机号登录。"


def _require_free(account_id: int | None) -> None:
    if account_id is not None and Resident.objects.filter(account_id=account_id).exists():
        raise AlreadyLinked(_TAKEN)


def _link(row: Resident, values: dict[str, Any], account_id: int | None) -> bool:
    """Check that the person is the one meant; link a log-in. Gives whether anything changed."""
    if row.name != values["name"]:
        raise NameDiffers(
            "这个身份证号登记的是另一个姓名，请核对姓名和号码；确实改过名的，请带户口簿到窗口更正。",
            fields={"name": "这个身份证号登记的是另一个姓名，请核对；改过名的，请带户口簿到窗口更正。"},
        )
    if account_id is None or row.account_id == account_id:
        return False
    if row.account_id is not None:
        raise AlreadyLinked("这个身份已经绑定另一个手机号。换号的，请带身份证到窗口办理。")
    known = crypto.unseal(row.phone_sealed, purpose=PHONE) if row.phone_sealed else ""
    if known != values["phone"]:
        raise AlreadyLinked("窗口登记的手机号和现在这个不一致，请带身份证到窗口更新手机号。")
    _require_free(account_id)
    row.account_id = account_id
    row.save(update_fields=["account"])
    return True


def correct_resident(
    *, by: Actor, at: datetime, resident_id: int, name: str = "", phone: str = "", division_code: str = ""
) -> list[str]:
    """Correct a person's name, phone or village at the counter; what is empty stays. Gives what changed.

    A log-in by another number than the new one is unlinked: it is no longer theirs.

    Raises: NotAtCounter — by is not at a counter
            Invalid — with a sentence for each wrong field
            ResidentUnknown — no such person
    Law:    pipl-2021 art. 46
    """
    if "front_desk" not in by.roles:
        raise NotAtCounter("更正身份信息要由窗口人员当面核对证件后办理。")
    wanted, errors = _check_correction(name, phone, division_code)
    if errors:
        raise Invalid("有几处需要改一下。", fields=errors)
    with transaction.atomic():
        row = Resident.objects.select_for_update().filter(pk=resident_id).first()
        if row is None:
            raise ResidentUnknown("没有这个人的登记，请先登记身份信息。")
        changed = _apply(row, wanted)
        if changed:
            row.save(update_fields=["name", "phone_sealed", "division", "account"])
            record_audit(
                by=by,
                at=at,
                verb="residents.resident.corrected",
                subject_type="resident",
                subject_id=row.pk,
                changes={"fields": changed, "via": by.via},
            )
    return changed


def _check_correction(name: str, phone: str, division_code: str) -> tuple[dict[str, str], dict[str, str]]:
    wanted: dict[str, str] = {}
    errors: dict[str, str] = {}
    for field, check, text in (("name", rules.check_name, name), ("phone", check_phone, phone)):
        try:
            wanted |= {field: check(text)} if text.strip() else {}
        except Invalid as fault:
            errors[field] = fault.message
    if division_code and not directory.township_of(division_code):
        errors["division"] = "请选择所在的村或社区。"
    return wanted | ({"division": division_code} if division_code else {}), errors


def _apply(row: Resident, wanted: dict[str, str]) -> list[str]:
    """Put the wanted values into the row; gives the names of the fields that differ from before."""
    known = crypto.unseal(row.phone_sealed, purpose=PHONE) if row.phone_sealed else ""
    before = {"name": row.name, "phone": known, "division": row.division_id}
    changed = [field for field, value in wanted.items() if value != before[field]]
    if "phone" in changed:
        row.phone_sealed = crypto.seal(wanted["phone"], purpose=PHONE)
        if row.account_id and account_queries.phone_by_id(row.account_id) != wanted["phone"]:
            row.account_id = None
    row.division_id = wanted.get("division", row.division_id)
    if "name" in changed:
        row.name = wanted["name"]
        if row.account_id:
            accounts.rename_account(account_id=row.account_id, name=row.name)
    return changed


def forget_contact(*, by: Actor, at: datetime, resident_id: int) -> None:
    """Delete a person's phone number and the link to their log-in; name and number stay with the matters.

    Law:    pipl-2021 art. 47
    Cost:   two statements
    """
    with transaction.atomic():
        Resident.objects.filter(pk=resident_id).update(phone_sealed=None, account=None)
        record_audit(
            by=by,
            at=at,
            verb="residents.contact.forgotten",
            subject_type="resident",
            subject_id=resident_id,
            changes={},
        )


def register_body(*, by: Actor, at: datetime, name: str, uscc: str, phone: str, division_code: str) -> int:
    """Register a body by its credit code, or find it. Gives its id.

    Raises: Invalid — with a sentence for each wrong field
            NameDiffers — the code is registered under another name
    """
    wanted, errors = _check_correction("", phone, division_code)
    code = ""
    try:
        code = check_uscc(uscc)
    except Invalid as fault:
        errors["uscc"] = fault.message
    name = " ".join(name.split())
    if not 2 <= len(name) <= 80:
        errors["name"] = "请填写证照上的单位名称，2 到 80 个字。"
    for field, missing in (("phone", "请填写联系手机号。"), ("division", "请选择单位所在的村或社区。")):
        if field not in wanted:
            errors.setdefault(field, missing)
    if errors:
        raise Invalid("有几处需要改一下。", fields=errors)
    index = id_index(code)
    wall.seek(person=index)
    with transaction.atomic():
        row, made = Resident.objects.get_or_create(
            id_index=index,
            defaults={
                "kind": "body",
                "name": name,
                "id_sealed": crypto.seal(code, purpose=ID),
                "phone_sealed": crypto.seal(wanted["phone"], purpose=PHONE),
                "division_id": division_code,
                "created_at": at,
                "created_via": by.via,
            },
        )
        if row.name != name:
            raise NameDiffers(
                "这个信用代码登记的是另一个名称，请核对名称和代码；更过名的，请带证照到窗口更正。",
                fields={"name": "和已登记的名称不一致，请对照证照核对。"},
            )
        if made:
            record_audit(
                by=by,
                at=at,
                verb="residents.resident.registered",
                subject_type="resident",
                subject_id=row.pk,
                changes={"via": by.via},
            )
    return row.pk


def record_read(
    *, by: Actor, at: datetime, shown: Iterable[tuple[int, str]], why: str, path: str, revealed: str = ""
) -> int | None:
    """Write down one look at the data of some people; they can read the entry. Own looks are not kept.

    Shape:  shown are (resident id, matter number or ''); gives the entry's id, None when nothing is kept
    Law:    wlaq-2025 art. 23
    Cost:   one insert, however many people
    """
    own = by.resident_id if by.kind == "resident" else None
    pairs = [(person, matter[:32]) for person, matter in shown if person != own]
    if not pairs:
        return None
    row = ReadEntry.objects.create(
        at=at,
        residents=[person for person, _ in pairs],
        matters=[matter for _, matter in pairs],
        no_matter=any(not matter for _, matter in pairs),
        account_id=by.account_id,
        post_id=by.post_id,
        who=by.label[:120],
        agency_id=by.agency_id,
        why=why[:200],
        revealed=revealed[:60],
        path=path[:60],
        via=by.via,
    )
    return row.pk


def forget_reads(*, before: datetime, keep: Collection[int]) -> int:
    """Delete the looks of before a moment, but those to keep; the database refuses younger ones than three years.

    A whole year of the log goes at once; rows are deleted where a year is not over or one of its looks is kept.

    Law:    pipl-2021 art. 47
    Cost:   two statements a year, or one for 10,000 rows
    """
    gone = record.drop_years(table=ReadEntry._meta.db_table, before=before, keep=keep)
    rows = ReadEntry.objects.filter(at__lt=before).exclude(pk__in=keep).order_by("at").values("pk")
    while batch := ReadEntry.objects.filter(pk__in=rows[:10_000]).delete()[0]:
        gone += batch
    return gone
