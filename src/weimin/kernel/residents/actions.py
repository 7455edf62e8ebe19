"""Writes of residents: register, link an account, note who looked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from weimin.base import crypto
from weimin.base.errors import Conflict, Invalid, Refused
from weimin.base.identifiers import check_id_number, check_phone, check_uscc
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import rules
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.residents.queries import ID, PHONE, id_index


class NameDiffers(Refused):
    """The number is registered under another name."""

    code = "residents.name_differs"


class AlreadyLinked(Conflict):
    """The person is linked to another log-in, or the log-in to another person."""

    code = "residents.already_linked"


def register_resident(*, by: Actor, at: datetime, name: str, id_number: str, phone: str, division_code: str) -> int:
    """Register a person, or find the one already registered under the number. Gives their id.

    A resident who registers links their own log-in; staff register a person who is present.

    Raises: Invalid — with a sentence for each wrong field
            NameDiffers — the number is registered under another name
            AlreadyLinked — the person or the log-in is linked elsewhere
    Law:    pipl-2021 art. 34
    Cost:   about four queries
    """
    values, errors = _check(name, id_number, phone, division_code)
    if errors:
        raise Invalid("有几处需要改一下。", fields=errors)
    account_id = by.account_id if by.kind == "resident" else None
    number = values["id_number"]
    with transaction.atomic():
        row = Resident.objects.select_for_update().filter(id_index=id_index(number)).first()
        if row is None:
            row = _create(by, at, values, account_id)
        elif not _link(row, values, account_id):
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


def _check(name: str, id_number: str, phone: str, division_code: str) -> tuple[dict[str, Any], dict[str, str]]:
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
    if not directory.township_of(division_code):
        errors["division"] = "请选择所在的村或社区。"
    values["division"] = division_code
    return values, errors


def _create(by: Actor, at: datetime, values: dict[str, Any], account_id: int | None) -> Resident:
    if account_id is not None and Resident.objects.filter(account_id=account_id).exists():
        raise AlreadyLinked("这个登录账号已经登记了另一个人的身份，请用本人的手机号登录。")
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


def _link(row: Resident, values: dict[str, Any], account_id: int | None) -> bool:
    """Check that the person is the one meant; link a log-in. Gives whether anything changed."""
    if row.name != values["name"]:
        raise NameDiffers(
            "这个身份证号登记的是另一个姓名，请核对姓名和号码；确实改过名的，请带户口簿到窗口更正。",
            fields={"name": "和已登记的姓名不一致。"},
        )
    if account_id is None or row.account_id == account_id:
        return False
    if row.account_id is not None:
        raise AlreadyLinked("这个身份已经绑定另一个手机号。换号的，请带身份证到窗口办理。")
    known = crypto.unseal(row.phone_sealed, purpose=PHONE) if row.phone_sealed else ""
    if known != values["phone"]:
        raise AlreadyLinked("窗口登记的手机号和现在这个不一致，请带身份证到窗口更新手机号。")
    row.account_id = account_id
    row.save(update_fields=["account"])
    return True


def register_body(*, by: Actor, at: datetime, name: str, uscc: str, phone: str, division_code: str) -> int:
    """Register a body by its credit code, or find it. Gives its id.

    Raises: IdentifierInvalid — the code cannot be one
    """
    code = check_uscc(uscc)
    row, made = Resident.objects.get_or_create(
        id_index=id_index(code),
        defaults={
            "kind": "body",
            "name": name.strip()[:80],
            "id_sealed": crypto.seal(code, purpose=ID),
            "phone_sealed": crypto.seal(check_phone(phone), purpose=PHONE),
            "division_id": division_code,
            "created_at": at,
            "created_via": by.via,
        },
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


def record_read(*, by: Actor, at: datetime, resident_id: int, why: str, subject: str = "") -> None:
    """Write down a look at a person's data; the person can read the entry. Own looks are not kept.

    Cost:   one insert
    """
    if by.kind == "resident" and by.resident_id == resident_id:
        return
    ReadEntry.objects.create(
        at=at,
        resident_id=resident_id,
        account_id=by.account_id,
        who=by.label[:120],
        agency_id=by.agency_id,
        why=why[:80],
        subject=subject[:64],
        via=by.via,
    )
