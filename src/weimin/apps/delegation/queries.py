"""Reads of delegations: in force on a day, overdue evaluations, acts under one, coverage of the eight fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db.models import Prefetch, Q, QuerySet

from weimin.apps.delegation import access
from weimin.apps.delegation.models import Delegation, DelegationMatter, DelegationStep, Evaluation
from weimin.apps.delegation.rules import focus_areas, name_used
from weimin.apps.delegation.types import KINDS, POWERS, RUNNING
from weimin.kernel.catalogue.authority import Authority
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import queries as record
from weimin.kernel.record.types import Actor
from weimin.ui import paper

TYPST = Path(__file__).parent / "typst"


def find_authority(item_code: str, township: str, on: date) -> Authority | None:
    """The delegation under which a township decides an item on a day.

    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    Cost:   one query
    """
    row = (
        DelegationMatter.objects.select_related("delegation__department", "township")
        .filter(item_code=item_code, township_id=township, decided=True, delegation__state__in=RUNNING)
        .filter(_covers(on))
        .first()
    )
    if row is None:
        return None
    one = row.delegation
    town = directory.full_name(township)
    town_name = f"{town}人民政府" if town.endswith(("镇", "乡")) else f"{town}办事处"
    name = name_used(one.kind, township=town_name, department=one.department.name)
    how = {
        "empower": f"依据《{one.document}》赋权，以{name}名义作出",
        "entrust": f"受{name}委托（{one.document}），由{town_name}办理，以{name}名义作出",
        "statutory": f"依据{one.basis}，以{name}名义作出",
    }[one.kind]
    return Authority(one.number, one.kind, name, f"{how}（{KINDS[one.kind]}编号 {one.number}）。", row.valid_until)


def _covers(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_until=None) | Q(valid_until__gt=on))


def list_on(*, viewer: Actor, on: date, township: str = "", list_kind: str = "") -> QuerySet[Delegation]:
    """What was in force on a day; withdrawn ones while they lasted."""
    rows = access.visible_delegations(viewer).filter(_covers(on), state__in=(*RUNNING, "withdrawn"))
    if township:
        rows = rows.filter(township_id=township)
    if list_kind:
        rows = rows.filter(list_kind=list_kind)
    return rows.prefetch_related("matters").order_by("township_id", "number")


def list_for_desk(*, viewer: Actor, state: str = "", township: str = "", focus: str = "") -> QuerySet[Delegation]:
    """Everything that a clerk may see, newest first."""
    rows = access.visible_delegations(viewer)
    for name, value in (("state", state), ("township_id", township), ("focus", focus)):
        if value:
            rows = rows.filter(**{name: value})
    return rows.prefetch_related("matters").order_by("-pk")


def list_overdue(*, viewer: Actor, on: date) -> QuerySet[Delegation]:
    """Running delegations whose evaluation is overdue.

    Law:    ctl-2021 art. 24
    """
    return access.visible_delegations(viewer).filter(state__in=RUNNING, evaluate_on__lt=on).order_by("evaluate_on")


def get_delegation(*, viewer: Actor, number: str) -> Delegation:
    """One delegation with its matters, steps and evaluations.

    Raises: DelegationUnknown — none that the viewer may see
    """
    rows = access.visible_delegations(viewer).prefetch_related(
        "matters",
        Prefetch("steps", DelegationStep.objects.order_by("pk")),
        Prefetch("evaluations", Evaluation.objects.order_by("-pk")),
    )
    found = rows.filter(number=number).first()
    if found is None:
        raise access.DelegationUnknown("没有这一份赋权、委托，或者还没有公布。")
    return found


def get_letter(*, viewer: Actor, number: str) -> Letter:
    """The written decision or letter of entrustment, for the two sides and who stands above them.

    Raises: DelegationUnknown — none that the viewer may see, or no file
    Cost:   four queries at most
    """
    row = get_delegation(viewer=viewer, number=number)
    if row.letter_id is None or not access.DELEGATIONS.may(viewer, "read_letter", row):
        raise access.DelegationUnknown("没有这份书面文件，或者不归您查看。")
    return Letter(row.letter_name, record.get_blob(row.letter_id).media_type, record.read_blob(row.letter_id))


def draw_letter(row: Delegation, *, on: date) -> bytes:
    """The decision or letter of entrustment as a paper with every part that the law asks for, to be stamped.

    Law:    ctl-2021 art. 20, 24; xkl-2019 art. 24
    Cost:   one query; some milliseconds when warm
    """
    place = directory.full_name(row.township_id)
    until = row.valid_until
    return paper.draw(
        TYPST / "letter.typ",
        {
            "title": {"empower": "赋权事项决定书", "entrust": "行政委托书", "statutory": "法定事项确认书"}[row.kind],
            "number": row.number,
            "document": row.document,
            "issuer": row.issuer_name,
            "department": row.department.name,
            "recipient": f"{place} {row.get_recipient_display()}",
            "matters": [f"{one.item_code} {one.item_name}" for one in row.matters.all()],
            "powers": "、".join(POWERS.get(one, one) for one in row.powers),
            "limits": row.limits or "按法律规定",
            "basis": row.basis,
            "valid_from": row.valid_from.isoformat(),
            "valid_until": until.isoformat() if until else "",
            "name_used": f"以{name_used(row.kind, township=place, department=row.department.name)}的名义作出",
            "further": "受委托的机关不得再委托其他组织或者个人。" if row.kind == "entrust" else "",
            "on": on.isoformat(),
        },
    )


@dataclass(frozen=True, slots=True)
class Letter:
    """A written letter as a file."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How many matters a township has in each of the eight fields, in the order of the fields.

    Shape:  cells are (field code, count, heat 0–4)
    """

    township: str
    name: str
    cells: tuple[tuple[str, int, int], ...]
    total: int


def coverage(*, on: date, county: str = "") -> list[CoverageRow]:
    """The picture of the eight fields by township on a day, townships without any too.

    Cost:   one query
    """
    counts: dict[tuple[str, str], int] = {}
    rows = DelegationMatter.objects.filter(_covers(on), decided=True, delegation__state__in=(*RUNNING, "withdrawn"))
    for place, focus in rows.values_list("township_id", "delegation__focus"):
        counts[(place, focus)] = counts.get((place, focus), 0) + 1
    most = max(counts.values(), default=0)
    picture = []
    for town in directory.list_townships():
        if county and town.parent_code != county:
            continue
        cells = [(code, counts.get((town.code, code), 0)) for code in focus_areas()]
        heated = tuple((code, n, -(-n * 4 // most) if n else 0) for code, n in cells)
        picture.append(CoverageRow(town.code, directory.full_name(town.code), heated, sum(n for _, n in cells)))
    return picture
