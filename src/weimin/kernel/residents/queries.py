"""Reads of residents and of the read log. Identifiers come masked; what is given out is noted in `base.looking`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import connection
from django.db.models import BigIntegerField, F, Func, Q, Sum

from weimin.base import crypto, looking
from weimin.base.errors import Forbidden, NotFound
from weimin.base.identifiers import IdentifierInvalid, check_id_number, check_uscc, mask_id, mask_phone
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import access as wall
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import access, rules
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.residents.types import VIA_TEXT, Burst, LookRow, ReadLine, ResidentCard

ID = "residents.id"
PHONE = "residents.phone"


#: What stands masked and can be shown whole, in words.
REVEALABLE = {"id_number": "证件号", "phone": "手机号"}


class ResidentUnknown(NotFound):
    """No such person."""

    code = "residents.unknown"


class FieldUnknown(NotFound):
    """Nothing of that name is masked."""

    code = "residents.field_unknown"


class ReadUnknown(NotFound):
    """No such look at this person."""

    code = "residents.read_unknown"


class LooksClosed(Forbidden):
    """Only the audit administrator sees everybody's looks."""

    code = "residents.looks_closed"


def id_index(number: str) -> bytes:
    """The blind index of an identity number or credit code."""
    return crypto.blind_index(number, purpose=ID)


def find_resident_id(*, account_id: int) -> int | None:
    """The resident of an account, once they gave their name and number.

    Cost:   one query
    """
    return Resident.objects.filter(account_id=account_id).values_list("pk", flat=True).first()


def is_other_person(*, account_id: int, id_number: str) -> bool:
    """Whether an account is registered to somebody with another identity number, asked before anybody is logged in.

    Cost:   two queries; one when the account is nobody's
    """
    linked = list_residents_of(account_ids=[account_id]).get(account_id)
    if linked is None:
        return False
    index = id_index(id_number)
    wall.seek(person=index)
    return not Resident.objects.filter(pk=linked, id_index=index).exists()


def find_by_id_number(number: str) -> int | None:
    """The person with an identity number, if registered.

    Raises: IdentifierInvalid — not an identity number
    Cost:   one query
    """
    return _find_by(check_id_number(number).number)


def find_by_identifier(text: str) -> int | None:
    """The person with an identity number, or the body with a unified social credit code, if registered.

    Raises: IdentifierInvalid — neither of both
    Cost:   one query
    """
    try:
        number = check_id_number(text).number
    except IdentifierInvalid as wrong:
        try:
            number = check_uscc(text)
        except IdentifierInvalid:
            raise wrong from None  # people are sought far more often than bodies
    return _find_by(number)


def _find_by(number: str) -> int | None:
    index = id_index(number)
    wall.seek(person=index)
    return Resident.objects.filter(id_index=index).values_list("pk", flat=True).first()


def get_name(*, resident_id: int) -> str:
    """A person's full name, for their own papers.

    Raises: ResidentUnknown — no such person
    """
    return get_name_and_birth(resident_id=resident_id)[0]


def get_card(*, resident_id: int, matter: str = "", about: str = "") -> ResidentCard:
    """A person as shown, identifiers masked; the request's entry in the read log names them, and for which matter.

    Raises: ResidentUnknown — no such person
    Cost:   one query
    """
    row = Resident.objects.filter(pk=resident_id).first()
    if row is None:
        raise ResidentUnknown("没有这个人的登记，请先登记身份信息。")
    looking.note(row.pk, matter=matter, about=about)
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


def reveal(*, resident_id: int, field: str, reason: str, matter: str = "") -> str:
    """One number of one person whole, for a typed reason that the person can read.

    Raises: ReasonTooShort — no reason
            ResidentUnknown — no such person
            FieldUnknown — nothing of that name is masked
    Law:    pipl-2021 art. 51
    Cost:   one query; the request's entry in the read log names what was shown
    """
    if field not in REVEALABLE:
        raise FieldUnknown("没有这一项全号。")
    looking.note_reveal(REVEALABLE[field], reason=reason)
    row = Resident.objects.filter(pk=resident_id).values_list("id_sealed", "phone_sealed").first()
    if row is None:
        raise ResidentUnknown("没有这个人的登记，请先登记身份信息。")
    looking.note(resident_id, matter=matter)
    if field == "id_number":
        return crypto.unseal(row[0], purpose=ID)
    return crypto.unseal(row[1], purpose=PHONE) if row[1] else "（没有登记）"


def list_residents_of(*, account_ids: Iterable[int]) -> dict[int, int]:
    """The people of some log-ins: resident id by account id.

    Cost:   one query
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_id, id FROM residents_of_accounts(%s)", [list(account_ids)])
        return dict(cursor.fetchall())


def own_number(*, resident_id: int) -> str:
    """A person's identity number whole, for their own copy of their data; never for a page.

    Law:    pipl-2021 art. 45
    Cost:   one query
    """
    sealed = Resident.objects.filter(pk=resident_id).values_list("id_sealed", flat=True).first()
    return crypto.unseal(sealed, purpose=ID) if sealed else ""


def get_name_and_birth(*, resident_id: int) -> tuple[str, date | None]:
    """A person's full name, and their date of birth, for deciding who acts for them; None for bodies.

    Raises: ResidentUnknown — no such person
    Cost:   one query
    """
    row = Resident.objects.filter(pk=resident_id).values_list("name", "birth_date").first()
    if row is None:
        raise ResidentUnknown("没有这个人的登记，请先登记身份信息。")
    return row


def find_account_id(*, resident_id: int) -> int | None:
    """The log-in that is linked to a person, if any.

    Cost:   one query
    """
    return Resident.objects.filter(pk=resident_id).values_list("account_id", flat=True).first()


# --- the read log ------------------------------------------------------------------------------------
def list_reads(*, resident_id: int, before: int = 0, limit: int = 100) -> list[ReadLine]:
    """Who looked at a person's data, newest first, from a key on.

    Shape:  before is the entry_id that the page begins after; 0 begins with the newest
    Cost:   two queries
    """
    rows = ReadEntry.objects.filter(access.about(resident_id))
    if before:
        rows = rows.filter(pk__lt=before)
    return _lines(list(rows.order_by("-pk")[:limit]), resident_id)


def get_read(*, resident_id: int, entry_id: int) -> ReadLine:
    """One look at a person's data.

    Raises: ReadUnknown — no such look at this person
    Cost:   two queries
    """
    found = _lines(list(ReadEntry.objects.filter(access.about(resident_id), pk=entry_id)), resident_id)
    if not found:
        raise ReadUnknown("没有这条查看记录，或者看的不是您的资料。")
    return found[0]


def _lines(rows: list[ReadEntry], resident_id: int) -> list[ReadLine]:
    titles = directory.list_post_titles(ids={one.post_id for one in rows if one.post_id})
    return [
        ReadLine(
            row.pk,
            row.at,
            row.who,
            titles.get(row.post_id or 0, ""),
            row.why,
            tuple(
                matter
                for seen, matter in zip(row.residents, row.matters, strict=True)
                if seen == resident_id and matter
            ),
            row.revealed,
            VIA_TEXT.get(row.via, row.via),
            row.agency_id,
        )
        for row in rows
    ]


def find_looker(*, entry_id: int) -> int | None:
    """The account that made a look; for refusing that somebody answers for their own."""
    return ReadEntry.objects.filter(pk=entry_id).values_list("account_id", flat=True).first()


def list_looks_without_matter(viewer: Actor, *, since: datetime, until: datetime, limit: int = 200) -> list[LookRow]:
    """Looks at people that no matter explains, newest first.

    Raises: LooksClosed — not the audit administrator
    Cost:   one query
    """
    _check_auditor(viewer)
    rows = (
        access.READS.visible(viewer).filter(no_matter=True, at__gte=since, at__lt=until).order_by("-at", "-pk")[:limit]
    )
    return [
        LookRow(
            one.at,
            one.who,
            one.agency_id,
            len(set(one.residents)),
            one.why,
            one.revealed,
            one.path,
            VIA_TEXT.get(one.via, one.via),
        )
        for one in rows
    ]


def list_bursts(viewer: Actor, *, since: datetime, until: datetime, within: timedelta, more_than: int) -> list[Burst]:
    """Accounts that looked at more than so many different people within so long, whenever it begins.

    Raises: LooksClosed — not the audit administrator
    Cost:   two queries; the second reads the looks of the period by accounts that showed enough at all
    """
    _check_auditor(viewer)
    rows = access.READS.visible(viewer).filter(at__gte=since, at__lt=until).exclude(account_id=None, post_id=None)
    shown = Sum(Func(F("residents"), function="cardinality"), output_field=BigIntegerField())
    busy = rows.values("account_id", "post_id").annotate(shown=shown).filter(shown__gt=more_than)
    pairs = list(busy.values_list("account_id", "post_id"))
    looks = (
        rows.filter(
            Q(account_id__in=[account for account, _ in pairs if account is not None])
            | Q(account_id=None, post_id__in=[post for account, post in pairs if account is None])
        )
        .order_by("account_id", "post_id", "at", "pk")
        .values_list("account_id", "post_id", "who", "at", "residents")
    )
    found: list[Burst] = []
    for (account, post), group in groupby(looks.iterator(chunk_size=2000), key=lambda row: (row[0], row[1])):
        found += [
            Burst(account, post, one.who, one.since, one.until, one.people, one.looks)
            for one in rules.find_bursts(((at, who, people) for _, _, who, at, people in group), within, more_than)
        ]
    return sorted(found, key=lambda one: -one.people)


def _check_auditor(viewer: Actor) -> None:
    if viewer.kind != "system" and "audit_admin" not in viewer.roles:
        raise LooksClosed("只有审计管理员可以看全部查看记录。")
