"""Writes of the directory: load the city, appoint people, end posts."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from pypinyin import lazy_pinyin

from weimin.base.clock import local_date
from weimin.base.errors import Invalid
from weimin.kernel.directory import queries
from weimin.kernel.directory.models import (
    Agency,
    AgencyName,
    AgencySuccession,
    Division,
    Officer,
    Post,
    Window,
)
from weimin.kernel.directory.types import ROLES
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

DATA = Path(__file__).parent / "data"
Progress = Callable[[int, int], None]
#: When the bodies of the 2017 plan are taken to have borne their names.
PLAN_FROM = date(2017, 1, 1)


class DivisionsBroken(Invalid):
    """A divisions file has a row that cannot stand."""

    code = "directory.divisions_broken"


def read_divisions(path: Path = DATA / "divisions_bengbu.csv") -> list[dict[str, str]]:
    """Read a divisions file and check that every row can stand.

    Raises: DivisionsBroken — a code that is not 12 digits, twice the same, or an unknown parent
    """
    with path.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        code = row["code"]
        if not (code.isdecimal() and len(code) == 12) or code in seen:
            raise DivisionsBroken(f"第 {line} 行的区划代码 {code} 不是 12 位数字，或者重复。")
        if row["parent"] and row["parent"] not in seen:
            raise DivisionsBroken(f"第 {line} 行 {row['name']} 的上级 {row['parent']} 不在前面的行里。")
        seen.add(code)
    return rows


def load_divisions(*, by: Actor, at: datetime, rows: list[dict[str, str]]) -> int:
    """Load divisions, adding and renaming; a place that left the file stays.

    Shape:  how many places the file holds
    """
    places = {row["code"]: row for row in rows}

    def above(code: str, level: str) -> str:
        row: dict[str, str] | None = places[code]
        while row is not None and row["level"] != level:
            row = places.get(row["parent"])
        return row["code"] if row else ""

    made = [
        Division(
            code=row["code"],
            name=row["name"],
            level=row["level"],
            parent_id=row["parent"] or None,
            code_system=row["code_system"],
            nbs_code=row.get("nbs_code") or "",
            county_code=above(row["code"], "county"),
            township_code=above(row["code"], "township"),
            sort_key=" ".join(lazy_pinyin(row["name"]))[:120],
        )
        for row in rows
    ]
    with transaction.atomic():
        Division.objects.bulk_create(
            made,
            update_conflicts=True,
            unique_fields=["code"],
            batch_size=1000,
            update_fields=["name", "level", "parent", "nbs_code", "county_code", "township_code", "sort_key"],
        )
        record_audit(
            by=by,
            at=at,
            verb="directory.divisions.loaded",
            subject_type="city",
            subject_id=rows[0]["code"],
            changes={"places": len(made)},
        )
    queries.forget()
    return len(made)


def load_agencies(*, by: Actor, at: datetime, progress: Progress | None = None) -> int:
    """Make the bodies of city, counties, townships and villages; those that exist stay as they are.

    Shape:  how many agencies there are now
    """
    plan = yaml.safe_load((DATA / "agencies.yaml").read_text(encoding="utf-8"))
    places = list(Division.objects.order_by("code").values_list("code", "name", "level", "parent_id"))
    names = {code: name for code, name, _, _ in places}
    rows: list[Agency] = []
    for code, name, level, parent in places:
        if level in ("city", "county"):
            rows += _departments(plan, code, name, level)
        elif level == "township":
            rows += _township_bodies(plan, code, name, names.get(parent or "", ""))
        elif level == "village":
            rows += _village_bodies(code, name)
    with transaction.atomic():
        for start in range(0, len(rows), 500):
            Agency.objects.bulk_create(rows[start : start + 500], ignore_conflicts=True)
            if progress:
                progress(min(start + 500, len(rows)), len(rows))
        _hang_stations()
        _windows(plan)
        _history(plan)
        record_audit(
            by=by,
            at=at,
            verb="directory.agencies.loaded",
            subject_type="city",
            subject_id="agencies",
            changes={"agencies": len(rows)},
        )
    queries.forget()
    return len(rows)


def _departments(plan: dict[str, Any], code: str, place: str, level: str) -> list[Agency]:
    made = []
    for position, row in enumerate(plan["departments"]):
        if level in row["level"]:
            full = f"{place}{row.get('full', row['key'])}"
            if row["key"] == "宣传部":
                full = f"{place[:-1]}{place[-1]}委宣传部"
            made.append(
                Agency(
                    code=f"{code}-d{position:02d}",
                    kind="department",
                    name=full,
                    division_id=code,
                    lead_keys=[row["key"]],
                    hours="工作日 8:30–12:00，14:30–17:30",
                )
            )
    return made


def _township_bodies(plan: dict[str, Any], code: str, town: str, county: str) -> list[Agency]:
    street = town.endswith("街道")
    gov = f"{county}{town}办事处" if street else f"{county}{town}人民政府"
    return [
        Agency(
            code=f"{code}-{row['code']}",
            kind=row["kind"],
            name=row["name"].format(gov=gov, town=town),
            division_id=code,
            lead_keys=row["keys"],
            address=f"{county}{town}便民服务中心一楼" if row["kind"] == "centre" else "",
            hours="周一至周五 8:30–12:00，14:00–17:30；周六上午值班" if row["kind"] == "centre" else "",
        )
        for row in plan["township_bodies"]
    ]


def _village_bodies(code: str, name: str) -> list[Agency]:
    stem = name
    for tail in (
        "村民委员会",
        "社区居民委员会",
        "社区居委会",
        "居民委员会",
        "居委会",
        "村委会",
        "社区",
        "村",
    ):
        if stem.endswith(tail) and len(stem) > len(tail):
            stem = stem.removesuffix(tail)
            break
    urban = "居" in name or "社区" in name
    committee = f"{stem}{'社区居民委员会' if urban else '村民委员会'}"
    return [
        Agency(code=f"{code}-committee", kind="committee", name=committee, division_id=code),
        Agency(
            code=f"{code}-agents",
            kind="agent_station",
            name=f"{stem}{'社区' if urban else '村'}代办点",
            division_id=code,
        ),
    ]


def _hang_stations() -> None:
    governments = dict(Agency.objects.filter(kind="government").values_list("division_id", "pk"))
    below = list(Agency.objects.filter(kind__in=("centre", "station"), parent=None))
    for one in below:
        one.parent_id = governments.get(one.division_id)
    Agency.objects.bulk_update(below, ["parent"], batch_size=1000)


def _windows(plan: dict[str, Any]) -> None:
    centres = Agency.objects.filter(kind="centre").values_list("pk", flat=True)
    Window.objects.bulk_create(
        [Window(agency_id=pk, number=row["number"], name=row["name"]) for pk in centres for row in plan["windows"]],
        ignore_conflicts=True,
    )


def _history(plan: dict[str, Any]) -> None:
    on: date = plan["reform_on"]
    by_key = {row["key"]: row for row in plan["departments"]}
    names, successions = [], []
    bodies = Agency.objects.filter(kind="department").select_related("division")
    for body in bodies:
        row = by_key[body.lead_keys[0]]
        place = body.division.name
        same = row["was"] and f"{place}{row['was'][0]}" == body.name
        start = PLAN_FROM if same else on
        names.append(AgencyName(agency=body, name=body.name, valid_from=start, certainty="memory-high"))
        for was in [] if same else row["was"]:
            old = f"{place}{was}"
            names.append(
                AgencyName(agency=body, name=old, valid_from=PLAN_FROM, valid_until=on, certainty="memory-high")
            )
            successions.append(AgencySuccession(old_name=old, agency=body, on=on, certainty="memory-high"))
        for took in row.get("took", []):
            successions.append(
                AgencySuccession(
                    old_name=f"{place}{took['from']}",
                    agency=body,
                    matter=took["matter"],
                    on=on,
                    certainty="memory-high",
                )
            )
    AgencyName.objects.bulk_create(names, ignore_conflicts=True)
    AgencySuccession.objects.bulk_create(successions, ignore_conflicts=True)


def appoint(*, by: Actor, at: datetime, officer_id: int, agency_id: int, roles: tuple[str, ...], title: str) -> int:
    """Put somebody into a post from today. Gives the post's id.

    Raises: Invalid — a role that does not exist
    Cost:   two inserts
    """
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise Invalid(f"没有这种岗位职责：{'、'.join(sorted(unknown)) or '（空）'}。")
    with transaction.atomic():
        post = Post.objects.create(
            officer_id=officer_id,
            agency_id=agency_id,
            roles=sorted(roles),
            title=title,
            valid_from=local_date(at),
        )
        record_audit(
            by=by,
            at=at,
            verb="directory.post.appointed",
            subject_type="post",
            subject_id=post.pk,
            changes={"agency": agency_id, "roles": sorted(roles)},
        )
    return post.pk


def add_officer(*, by: Actor, at: datetime, name: str, account_id: int | None = None) -> int:
    """Register somebody who serves. Gives their id."""
    officer = Officer.objects.create(name=name, account_id=account_id)
    record_audit(
        by=by,
        at=at,
        verb="directory.officer.added",
        subject_type="officer",
        subject_id=officer.pk,
        changes={"name": name},
    )
    return officer.pk


def end_post(*, by: Actor, at: datetime, post_id: int, on: date) -> None:
    """End a post on a day; what its holder did stays theirs."""
    with transaction.atomic():
        changed = Post.objects.filter(pk=post_id, valid_until=None, valid_from__lt=on).update(valid_until=on)
        if changed != 1:
            raise Invalid("这个岗位已经结束，或者结束日期早于任职日期。")
        record_audit(
            by=by,
            at=at,
            verb="directory.post.ended",
            subject_type="post",
            subject_id=post_id,
            changes={"valid_until": [None, on.isoformat()]},
        )
