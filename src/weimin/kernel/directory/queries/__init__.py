"""Reads of the directory. What rarely changes is kept in the process until its edition is another."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db.models import Q, QuerySet

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, NotFound
from weimin.base.keeping import forget as forget_kept
from weimin.base.keeping import keep
from weimin.kernel.directory.models import (
    Agency,
    AgencyName,
    AgencySuccession,
    Division,
    OfficeHours,
    Officer,
    Post,
)
from weimin.kernel.directory.queries.administrators import count_glasses_unseen as count_glasses_unseen
from weimin.kernel.directory.queries.administrators import find_officer as find_officer
from weimin.kernel.directory.queries.administrators import find_officer_by_username as find_officer_by_username
from weimin.kernel.directory.queries.administrators import find_officer_of as find_officer_of
from weimin.kernel.directory.queries.administrators import find_open_glass as find_open_glass
from weimin.kernel.directory.queries.administrators import list_administrators as list_administrators
from weimin.kernel.directory.queries.administrators import list_glasses as list_glasses
from weimin.kernel.directory.queries.administrators import list_held as list_held
from weimin.kernel.directory.queries.administrators import list_officers as list_officers
from weimin.kernel.directory.queries.administrators import list_posts_of as list_posts_of
from weimin.kernel.directory.queries.administrators import list_proposals as list_proposals
from weimin.kernel.directory.queries.administrators import lock_administrators as lock_administrators
from weimin.kernel.directory.queries.administrators import lock_first_administrators as lock_first_administrators
from weimin.kernel.directory.queries.administrators import may_notice as may_notice
from weimin.kernel.directory.queries.administrators import may_reset_instead as may_reset_instead
from weimin.kernel.directory.queries.administrators import noticeable_glasses as noticeable_glasses
from weimin.kernel.directory.queries.administrators import visible_glasses as visible_glasses
from weimin.kernel.directory.queries.editions import forget as forget_edition
from weimin.kernel.directory.queries.editions import of_edition
from weimin.kernel.directory.queries.tree import is_above_townships as is_above_townships
from weimin.kernel.directory.queries.tree import is_within as is_within
from weimin.kernel.directory.queries.tree import level_of as level_of
from weimin.kernel.directory.queries.tree import upward as upward
from weimin.kernel.directory.queries.tree import within as within
from weimin.kernel.directory.types import DivisionView, PostView, StaffView
from weimin.kernel.record.types import ADMINISTRATORS, Actor


class DivisionUnknown(NotFound):
    """No division has this code."""

    code = "directory.division_unknown"


class AgencyUnknown(NotFound):
    """No such agency."""

    code = "directory.agency_unknown"


class OfficerUnknown(NotFound):
    """No such officer."""

    code = "directory.officer_unknown"


class AgencyRuleUnknown(Invalid):
    """A procedure names an agency rule that does not exist."""

    code = "directory.agency_rule_unknown"


@of_edition
def _places() -> dict[str, DivisionView]:
    rows = Division.objects.values_list("code", "name", "level", "parent_id", "county_code")
    names = dict(Division.objects.filter(level="county").values_list("code", "name"))
    return {
        code: DivisionView(code, name, level, parent or "", names.get(county, ""))
        for code, name, level, parent, county in rows
    }


def get_division(code: str) -> DivisionView:
    """A division by its code.

    Raises: DivisionUnknown — no such code
    Cost:   no query but the edition's every ten seconds
    """
    found = _places().get(code)
    if found is None:
        raise DivisionUnknown("没有这个区划代码，请从列表中选择。")
    return found


def division_exists(code: str) -> bool:
    """Whether a code names a division."""
    return code in _places()


def full_name(code: str) -> str:
    """A place's name from county down: 怀远县榴城镇某某村."""
    names: list[str] = []
    place = _places().get(code)
    while place is not None and place.level in ("county", "township", "village"):
        names.insert(0, place.name)
        place = _places().get(place.parent_code)
    return "".join(names)


def place_name(code: str) -> str:
    """Any place's name: from county down in full, a city's or province's own; a code that names none as it is."""
    return full_name(code) or (_places()[code].name if code in _places() else code)


def township_of(code: str) -> str:
    """The township that a village is in; a township's own code as it is; '' above."""
    place = _places().get(code)
    while place is not None and place.level == "village":
        place = _places().get(place.parent_code)
    return place.code if place is not None and place.level == "township" else ""


@of_edition
def _below() -> dict[str, list[DivisionView]]:
    groups: dict[str, list[DivisionView]] = {}
    for code in Division.objects.order_by("sort_key").values_list("code", flat=True):
        place = _places()[code]
        groups.setdefault(place.parent_code, []).append(place)
    return groups


def children_of(code: str) -> list[DivisionView]:
    """The divisions directly below one, by pinyin, from the kept directory."""
    return _below().get(code, [])


@of_edition
def _ordered_townships() -> tuple[DivisionView, ...]:
    rows = Division.objects.filter(level="township").order_by("parent_id", "sort_key")
    return tuple(_places()[code] for code in rows.values_list("code", flat=True))


def list_townships() -> list[DivisionView]:
    """Every township and subdistrict, by county and pinyin."""
    return list(_ordered_townships())


def townships_by_county() -> list[tuple[str, list[DivisionView]]]:
    """Townships grouped under their county's name, for choosing."""
    groups: dict[str, list[DivisionView]] = {}
    for place in _ordered_townships():
        groups.setdefault(place.county_name, []).append(place)
    return list(groups.items())


@of_edition
def _bodies() -> dict[tuple[str, str], int]:
    """(division code, lead key or kind) → agency id."""
    found: dict[tuple[str, str], int] = {}
    rows = Agency.objects.exclude(kind__in=("committee", "agent_station"))
    for pk, kind, division, keys in rows.values_list("pk", "kind", "division_id", "lead_keys"):
        for key in keys:
            found[(division, key)] = pk
        if kind in ("centre", "government"):
            found[(division, kind)] = pk
    return found


#: Where an item's field goes when no body carries its lead's name.
_AREA_LEADS = {
    "A1": "民政局",
    "A2": "人社局",
    "A3": "人社局",
    "A4": "民政局",
    "A5": "民政局",
    "A6": "民政局",
    "A7": "卫生健康委",
    "A8": "文化和旅游局",
    "A9": "政府办",
}


def resolve_agency(*, rule: str, township_code: str, lead_key: str, area: str = "") -> int | None:
    """Which agency a rule means in a township: accepting, township or county.

    The township's own body for the lead's field, else for the item's area, else the government.

    Shape:  None where there is no such body, or no such township
    Raises: AgencyRuleUnknown — another word than these three
    Cost:   no query but the edition's every ten seconds
    """
    bodies = _bodies()
    if rule == "accepting":
        return bodies.get((township_code, "centre"))
    if rule == "county":
        town = _places().get(township_code)
        return bodies.get((town.parent_code, lead_key)) if town and town.level == "township" else None
    if rule != "township":
        raise AgencyRuleUnknown(f"流程里的机构规则“{rule}”不存在，只能是 accepting、township 或 county。")
    return (
        bodies.get((township_code, lead_key))
        or bodies.get((township_code, _AREA_LEADS.get(area, "")))
        or bodies.get((township_code, "government"))
    )


@of_edition
def agency_name(agency_id: int) -> str:
    """An agency's present name; '' when unknown."""
    return Agency.objects.filter(pk=agency_id).values_list("name", flat=True).first() or ""


def check_agency(agency_id: int) -> None:
    """Make sure that an agency exists.

    Raises: AgencyUnknown — no such agency
    Cost:   no query for an agency named before in the process
    """
    if not agency_name(agency_id) and not Agency.objects.filter(pk=agency_id).exists():
        raise AgencyUnknown("没有这个机构，请从机构目录中选择。")


def check_officer(officer_id: int) -> None:
    """Make sure that an officer is registered.

    Raises: OfficerUnknown — no such officer
    Cost:   one query
    """
    if not Officer.objects.filter(pk=officer_id).exists():
        raise OfficerUnknown("没有登记这个工作人员，请先登记再任职。")


def get_agency(agency_id: int) -> Agency:
    """An agency with its division.

    Raises: AgencyUnknown — no such agency
    """
    found = Agency.objects.select_related("division").filter(pk=agency_id).first()
    if found is None:
        raise AgencyUnknown("没有这个机构。")
    return found


def find_agency_id(code: str) -> int | None:
    """The agency of a code."""
    return Agency.objects.filter(code=code).values_list("pk", flat=True).first()


def list_agencies(*, division_code: str) -> QuerySet[Agency]:
    """The agencies of one place."""
    return Agency.objects.filter(division_id=division_code).order_by("kind", "name")


def list_county_fields() -> list[str]:
    """The fields of county departments, as `resolve_agency` knows them, sorted.

    Cost:   one query
    """
    rows = Agency.objects.filter(kind="department", division__level="county").values_list("lead_keys", flat=True)
    return sorted({key for keys in rows for key in keys})


def name_on(agency_id: int, *, on: date) -> str:
    """The name a body bore on a day: papers keep the name of their day.

    Cost:   one query, two when no dated name covers the day
    """
    row = (
        AgencyName.objects.filter(Q(valid_until=None) | Q(valid_until__gt=on), agency_id=agency_id)
        .filter(valid_from__lte=on)
        .order_by("-valid_from", "pk")
        .values_list("name", flat=True)
        .first()
    )
    return row or agency_name(agency_id)


def list_successions() -> QuerySet[AgencySuccession]:
    """Which body of today took over from which of 2017."""
    return AgencySuccession.objects.select_related("agency").order_by("old_name", "agency__name")


def list_led_agencies(*, agency_id: int) -> list[int]:
    """An agency and those of the same place below it."""
    children = Agency.objects.filter(parent_id=agency_id).values_list("pk", flat=True)
    return [agency_id, *children]


@keep
def _hours() -> dict[int, list[tuple[date, date | None, time, time]]]:
    rows: dict[int, list[tuple[date, date | None, time, time]]] = {}
    for row in OfficeHours.objects.order_by("valid_from"):
        rows.setdefault(row.agency_id, []).append((row.valid_from, row.valid_until, row.opens_at, row.closes_at))
    return rows


def find_hours(*, agency_id: int, on: date) -> tuple[time, time] | None:
    """When a body opens and closes on a working day; None where nothing is set.

    Cost:   one query every ten seconds in a process
    """
    for since, until, opens, closes in _hours().get(agency_id, []):
        if since <= on and (until is None or on < until):
            return opens, closes
    return None


def find_head(agency_id: int) -> int:
    """The body whose head answers for an agency: the government above a station, else the agency itself.

    Cost:   one query
    """
    return Agency.objects.filter(pk=agency_id).values_list("parent_id", flat=True).first() or agency_id


def officer_name(officer_id: int) -> str:
    """An officer's name; '' when unknown."""
    return Officer.objects.filter(pk=officer_id).values_list("name", flat=True).first() or ""


def has_served(officer_id: int, *, agency_ids: list[int]) -> bool:
    """Whether somebody serves or ever served in one of some bodies.

    Cost:   one query
    """
    return Post.objects.filter(officer_id=officer_id, agency_id__in=agency_ids).exists()


def _serving(on: date) -> QuerySet[Post]:
    return Post.objects.filter(Q(valid_until=None) | Q(valid_until__gt=on), valid_from__lte=on)


def list_posts(*, account_id: int, on: date) -> list[PostView]:
    """The posts an account may act in on a day.

    Cost:   one query
    """
    rows = _serving(on).filter(officer__account_id=account_id).select_related("agency").order_by("pk")
    return [PostView(p.pk, p.agency.name, p.title, tuple(p.roles)) for p in rows]


def list_roles(*, account_id: int, on: date) -> frozenset[str]:
    """The roles of all posts of an account on a day.

    Cost:   one query
    """
    rows = _serving(on).filter(officer__account_id=account_id).values_list("roles", flat=True)
    return frozenset(role for roles in rows for role in roles)


def list_post_titles(*, ids: set[int]) -> dict[int, str]:
    """The titles of some posts, by id, whether they are still held or not.

    Cost:   one query, none for no posts
    """
    return dict(Post.objects.filter(pk__in=ids).values_list("pk", "title")) if ids else {}


def list_colleagues(*, agency_id: int, on: date) -> list[tuple[int, str, str]]:
    """Who serves in an agency on a day: officer id, name, title."""
    rows = _serving(on).filter(agency_id=agency_id).select_related("officer").order_by("officer__name")
    return [(p.officer_id, p.officer.name, p.title) for p in rows]


def list_staff(*, agency_ids: list[int], on: date) -> list[StaffView]:
    """Who serves in some bodies on a day, each post a row, by body and name.

    Cost:   one query
    """
    rows = _serving(on).filter(agency_id__in=agency_ids).select_related("officer", "agency")
    return [
        StaffView(
            post_id=one.pk,
            officer_id=one.officer_id,
            name=one.officer.name,
            title=one.title,
            roles=tuple(one.roles),
            agency_id=one.agency_id,
            agency_name=one.agency.name,
            valid_until=one.valid_until,
        )
        for one in rows.order_by("agency__name", "officer__name", "pk")
    ]


def get_actor_for_account(*, account_id: int, post_id: int | None, at: datetime, via: str) -> Actor:
    """The actor of a staff account in its chosen, or else its first, post of the day.

    Cost:   one query
    """
    rows = _serving(local_date(at)).filter(officer__account_id=account_id)
    return _actor(rows, account_id=account_id, post_id=post_id, via=via)


def get_actor_for_post(*, post_id: int, at: datetime, via: str, kind: str = "client") -> Actor:
    """The actor of a machine client that acts for a post; no machine acts for an administrator.

    Cost:   one query
    """
    rows = _serving(local_date(at)).filter(pk=post_id).exclude(roles__overlap=sorted(ADMINISTRATORS))
    return _actor(rows, account_id=None, post_id=post_id, via=via, kind=kind)


def _actor(
    rows: QuerySet[Post], *, account_id: int | None, post_id: int | None, via: str, kind: str = "staff"
) -> Actor:
    found = list(
        rows.order_by("pk").values_list(
            "pk",
            "officer_id",
            "officer__name",
            "agency_id",
            "agency__name",
            "agency__division_id",
            "roles",
            "officer__account_id",
        )
    )
    if not found:
        return Actor(kind=kind, name="", via=via, account_id=account_id)  # type: ignore[arg-type]
    row = next((one for one in found if one[0] == post_id), found[0])
    return Actor(
        kind=kind,  # type: ignore[arg-type]
        name=row[2],
        via=via,
        account_id=account_id if account_id is not None else row[7],
        officer_id=row[1],
        post_id=row[0],
        agency_id=row[3],
        agency_name=row[4],
        division_code=row[5],
        roles=frozenset(row[6]),
    )


def forget() -> None:
    """Drop what is kept in the process; after loading and in tests."""
    forget_edition()
    forget_kept()
