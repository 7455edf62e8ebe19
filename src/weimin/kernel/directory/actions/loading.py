"""Writes of the city: load divisions and bodies, set office hours."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from pypinyin import lazy_pinyin

from weimin.base.errors import Forbidden, Invalid
from weimin.base.identifiers import place_prefix
from weimin.kernel.directory import queries
from weimin.kernel.directory.models import (
    Agency,
    AgencyName,
    AgencySuccession,
    Division,
    OfficeHours,
    Window,
)
from weimin.kernel.directory.types import LEVELS
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

DATA = Path(__file__).parents[1] / "data"
#: What a divisions file must have; `nbs_code` may be missing.
COLUMNS = ("code", "name", "level", "parent", "code_system")
Progress = Callable[[int, int], None]
#: When the bodies of the 2017 plan are taken to have borne their names.
PLAN_FROM = date(2017, 1, 1)


class DivisionsBroken(Invalid):
    """A divisions file has a row that cannot stand."""

    code = "directory.divisions_broken"


def read_divisions(path: Path = DATA / "divisions_bengbu.csv") -> list[dict[str, str]]:
    """Read a divisions file and check that every row can stand.

    Raises: DivisionsBroken — not a UTF-8 table with the columns, empty, a code that is not 12 digits or
            stands twice, an unknown level, a parent that is not in an earlier row one level up; above villages a
            code that does not begin like its parent's: the row policies of matters rest on that
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            rows = list(csv.DictReader(source))
    except UnicodeDecodeError as fault:
        raise DivisionsBroken("区划文件不是 UTF-8 编码，请另存为 UTF-8 的 CSV 再装入。") from fault
    if not rows:
        raise DivisionsBroken("区划文件里没有一行区划。")
    missing = [column for column in COLUMNS if rows[0].get(column) is None]
    if missing:
        raise DivisionsBroken(f"区划文件缺少这些列：{'、'.join(missing)}。")
    levels: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        _check_division(line, row, levels)
        levels[row["code"]] = row["level"]
    return rows


def _check_division(line: int, row: dict[str, str], levels: dict[str, str]) -> None:
    code, level, order = row["code"] or "", row["level"] or "", list(LEVELS)
    if not (code.isascii() and code.isdecimal() and len(code) == 12) or code in levels:
        raise DivisionsBroken(f"第 {line} 行的区划代码 {code} 不是 12 位数字，或者重复。")
    if not (row["name"] or "").strip() or level not in LEVELS:
        raise DivisionsBroken(f"第 {line} 行 {code} 没有名称，或者层级 {level} 不是 {'、'.join(LEVELS)} 之一。")
    if row["parent"] and row["parent"] not in levels:
        raise DivisionsBroken(f"第 {line} 行 {row['name']} 的上级 {row['parent']} 不在前面的行里。")
    above = levels.get(row["parent"] or "", "")
    if above != ("" if level == order[0] else order[order.index(level) - 1]):
        raise DivisionsBroken(f"第 {line} 行 {row['name']} 是{LEVELS[level]}级，它的上级应当正好高一级。")
    if level in ("city", "county", "township") and not code.startswith(place_prefix(row["parent"])):
        raise DivisionsBroken(f"第 {line} 行 {row['name']} 的代码 {code} 和上级 {row['parent']} 的开头不同，请核对。")


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
            update_fields=[
                "name",
                "level",
                "parent",
                "code_system",
                "nbs_code",
                "county_code",
                "township_code",
                "sort_key",
            ],
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
        _hours(plan)
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
    for row in plan["departments"]:
        if level in row["level"]:
            full = f"{place}{row.get('full', row['key'])}"
            made.append(
                Agency(
                    code=f"{code}-{row['code']}",
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
    committee, agents = village_names(name)
    return [
        Agency(code=f"{code}-committee", kind="committee", name=committee, division_id=code),
        Agency(code=f"{code}-agents", kind="agent_station", name=agents, division_id=code),
    ]


def village_names(name: str) -> tuple[str, str]:
    """What the committee and the agent station of a place in the list are called.

    The list writes one kind of committee in several ways; an addition in brackets stays at the end, and a place
    whose name tells of no committee (a farm's quarters) keeps its own name.
    """
    bare, bracket, more = name.partition("（")
    more = bracket + more
    for tails, committee, place in (
        (("社区居民委员会", "社区居委会", "居民委员会", "居委会", "社区"), "社区居民委员会", "社区"),
        (("村民委员会", "村委会", "村"), "村民委员会", "村"),
    ):
        for tail in tails:
            stem = bare.removesuffix(tail)
            if stem and stem != bare:
                station = stem if stem.endswith(place) and tail not in ("村", "社区") else stem + place
                return f"{stem}{committee}{more}", f"{station}代办点{more}"
    return name, f"{bare}代办点{more}"


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


def _hours(plan: dict[str, Any]) -> None:
    """Centres without office hours get the shipped ones, which list keepers check."""
    row = plan["office_hours"]
    centres = Agency.objects.filter(kind="centre", office_hours=None).values_list("pk", flat=True)
    OfficeHours.objects.bulk_create(
        OfficeHours(
            agency_id=pk,
            opens_at=time.fromisoformat(row["opens"]),
            closes_at=time.fromisoformat(row["closes"]),
            valid_from=row["valid_from"],
        )
        for pk in centres
    )


def set_hours(*, by: Actor, at: datetime, agency_id: int, opens: time, closes: time, valid_from: date) -> None:
    """Set when a body opens and closes from a day on; what was set before ends there.

    Raises: Invalid — closing before opening, or another setting from that day or later
            Forbidden — not the body's leader or a list keeper
    Cost:   four statements
    """
    leads = "leader" in by.roles and agency_id in queries.list_led_agencies(agency_id=by.agency)
    if not leads and by.kind != "system" and "list_keeper" not in by.roles:
        raise Forbidden("办公时间由本单位领导或清单管理员设定。")
    if closes <= opens:
        raise Invalid("下班时间要晚于上班时间。", fields={"closes": "请重新填写。"})
    with transaction.atomic():
        rows = OfficeHours.objects.filter(agency_id=agency_id)
        if rows.filter(valid_from__gte=valid_from).exists():
            raise Invalid("这一天或以后已经设过办公时间，请换一个日期。", fields={"valid_from": "与已有的重叠。"})
        rows.filter(valid_until=None).update(valid_until=valid_from)
        OfficeHours.objects.create(agency_id=agency_id, opens_at=opens, closes_at=closes, valid_from=valid_from)
        record_audit(
            by=by,
            at=at,
            verb="directory.hours.set",
            subject_type="agency",
            subject_id=agency_id,
            changes={"hours": [None, f"{opens:%H:%M}–{closes:%H:%M}"], "valid_from": valid_from.isoformat()},
        )
    queries.forget()


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
            if len(row["was"]) == 1:  # a body made from several bore none of their names
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
