"""Reads of residents. Identifiers come masked; staff's looks are written down by `actions.record_read`."""

from __future__ import annotations

from weimin.base import crypto
from weimin.base.errors import NotFound
from weimin.base.identifiers import check_id_number, mask_id, mask_phone
from weimin.kernel.directory import queries as directory
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.residents.types import ReadLine, ResidentCard

ID = "residents.id"
PHONE = "residents.phone"


class ResidentUnknown(NotFound):
    """No such person."""

    code = "residents.unknown"


def id_index(number: str) -> bytes:
    """The blind index of an identity number or credit code."""
    return crypto.blind_index(number, purpose=ID)


def find_resident_id(*, account_id: int) -> int | None:
    """The resident of an account, once they gave their name and number.

    Cost:   one query
    """
    return Resident.objects.filter(account_id=account_id).values_list("pk", flat=True).first()


def is_other_person(*, account_id: int, id_number: str) -> bool:
    """Whether an account is registered to somebody with another identity number.

    Cost:   one query
    """
    known = Resident.objects.filter(account_id=account_id).values_list("id_index", flat=True).first()
    return known is not None and bytes(known) != id_index(id_number)


def find_by_id_number(number: str) -> int | None:
    """The person with an identity number, if registered.

    Raises: IdentifierInvalid — not an identity number
    Cost:   one query
    """
    index = id_index(check_id_number(number).number)
    return Resident.objects.filter(id_index=index).values_list("pk", flat=True).first()


def get_name(*, resident_id: int) -> str:
    """A person's full name, for their own papers.

    Raises: ResidentUnknown — no such person
    """
    name = Resident.objects.filter(pk=resident_id).values_list("name", flat=True).first()
    if name is None:
        raise ResidentUnknown("没有这个人的登记，请先登记身份信息。")
    return name


def get_card(*, resident_id: int) -> ResidentCard:
    """A person as shown, identifiers masked.

    Raises: ResidentUnknown — no such person
    Cost:   one query
    """
    row = Resident.objects.filter(pk=resident_id).first()
    if row is None:
        raise ResidentUnknown("没有这个人的登记，请先登记身份信息。")
    phone = crypto.unseal(row.phone_sealed, purpose=PHONE) if row.phone_sealed else ""
    return ResidentCard(
        resident_id=row.pk,
        kind=row.kind,
        name=row.name,
        id_masked=mask_id(crypto.unseal(row.id_sealed, purpose=ID)),
        phone_masked=mask_phone(phone) if phone else "",
        division_code=row.division_id or "",
        place=directory.full_name(row.division_id) if row.division_id else "",
        birth_date=row.birth_date,
    )


def phone_for_notices(*, resident_id: int) -> str:
    """The number that notices go to; '' without one. For sending only, never for showing.

    Cost:   one query
    """
    sealed = Resident.objects.filter(pk=resident_id).values_list("phone_sealed", flat=True).first()
    return crypto.unseal(sealed, purpose=PHONE) if sealed else ""


def list_reads(*, resident_id: int, limit: int = 100) -> list[ReadLine]:
    """Who looked at a person's data, newest first.

    Cost:   one query
    """
    rows = ReadEntry.objects.filter(resident_id=resident_id).order_by("-at")[:limit]
    return [ReadLine(row.at, row.who, row.why, row.subject) for row in rows]
