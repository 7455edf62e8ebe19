"""Loading a city: divisions, agencies, calendar, limits, procedures, items, offers, and the demonstration.

Every load is one or more actions, is idempotent, and tells how far it is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction
from pypinyin import lazy_pinyin

from weimin.base.clock import local_date
from weimin.config import admissions, delegations, examples, migrating
from weimin.config.demonstration import LOADER, TOWNSHIP
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.catalogue import actions as catalogue
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.directory.types import ROLES
from weimin.kernel.procedures import actions as procedures
from weimin.kernel.rights import actions as rights

#: progress(what, done, total)
Progress = Callable[[str, int, int], None]
DEMO_PASSWORD = "demo-2026"  # noqa: S105 — printed on the log-in page of the demonstration
#: The list was in force before it was loaded here.
OFFERED_SINCE = timedelta(days=90)
#: Demonstration posts of a township centre and its stations: suffix, title, roles.
CENTRE_POSTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("shouli", "综合窗口工作人员", ("front_desk", "decider", "issuer")),
    ("chujian", "出件窗口工作人员", ("issuer",)),
    ("dangan", "档案管理人员", ("archive_keeper",)),
)
STATION_POSTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("shenhe", "承办人员", ("reviewer",)),
    ("shenpi", "负责人", ("decider", "reviewer")),
)
#: The head of a township government or of every body of a county; one made-up person each.
HEAD = ("lingdao", "领导", ("leader",))


def _quiet(what: str, done: int, total: int) -> None:
    pass


def load_city(*, at: datetime, progress: Progress = _quiet) -> dict[str, int]:
    """Load divisions and agencies."""
    rows = directory.read_divisions()
    count = directory.load_divisions(by=LOADER, at=at, rows=rows)
    progress("区划", count, count)
    agencies = directory.load_agencies(by=LOADER, at=at, progress=lambda done, total: progress("机构", done, total))
    return {"divisions": count, "agencies": agencies}


def load_calendar(*, at: datetime, progress: Progress = _quiet) -> dict[str, int]:
    """Load holiday notices and legal parameters."""
    parameters = deadlines.load_parameters(by=LOADER, at=at)
    deadlines.load_grounds(by=LOADER, at=at)
    years = deadlines.load_calendar_files(by=LOADER, at=at)
    progress("日历和法定参数", years, years)
    return {"years": years, "parameters": parameters}


def load_items(*, at: datetime, progress: Progress = _quiet) -> dict[str, int]:
    """Load procedures, life events, items, and offer every item in every township."""
    loaded = procedures.load_procedures(by=LOADER, at=at)
    progress("办理流程", len(loaded.published), len(loaded.published))
    catalogue.load_life_events(by=LOADER, at=at)
    rights.load_assessments(by=LOADER, at=at)
    records = catalogue.read_item_files()
    made = catalogue.load_items(
        by=LOADER,
        at=at,
        records=records,
        progress=lambda done, total: progress("事项", done, total),
    )
    rows = catalogue.load_lists(by=LOADER, at=at)
    offers = catalogue.load_offers(
        by=LOADER,
        at=at,
        valid_from=local_date(at) - OFFERED_SINCE,
        progress=lambda done, total: progress("事项进驻", done, total),
    )
    return {"items": len(records), "new_versions": made, "list_rows": rows, "new_offers": offers}


def _slug(name: str) -> str:
    for tail in ("街道", "镇", "乡", "县", "区", "回族乡"):
        name = name.removesuffix(tail)
    return "".join(lazy_pinyin(name))


def load_demo(*, at: datetime, progress: Progress = _quiet) -> dict[str, int]:
    """Make the demonstration's made-up staff, and a few matters for them.

    Staff stand at every township's counter and stations and in every county body.

    The main township's people handle every field; their user names are short: liucheng.shouli.
    """
    plan = _demo_plan()
    made = 0
    secret = make_password(DEMO_PASSWORD)
    with transaction.atomic():
        for done, (username, name, posts) in enumerate(plan, start=1):
            if not accounts.username_taken(username):
                account = accounts.create_staff_account(
                    by=LOADER, at=at, username=username, name=name, password_hash=secret
                )
                officer = directory.add_officer(by=LOADER, at=at, name=name, account_id=account)
                for agency_id, roles, title in posts:
                    directory.appoint(
                        by=LOADER, at=at, officer_id=officer, agency_id=agency_id, roles=roles, title=title
                    )
                made += 1
            if done % 25 == 0 or done == len(plan):
                progress("演示人员", done, len(plan))
    matters = examples.load_matters(at=at, progress=progress)
    return {
        "accounts": made,
        "matters": matters,
        "delegations": delegations.load_delegations(at=at),
        "tasks": admissions.load_tasks(at=at),
    }


#: The three administrators of the demonstration; two for security, so that one can confirm what the other proposes.
ADMINISTRATOR_LOGINS = (
    ("xitong", "system_admin"),
    ("anquan", "security_admin"),
    ("anquan2", "security_admin"),
    ("shenji", "audit_admin"),
)
Posts = list[tuple[int, tuple[str, ...], str]]


def _demo_plan() -> list[tuple[str, str, Posts]]:
    plan: list[tuple[str, str, Posts]] = []
    used: set[str] = set()

    def add(stem: str, suffix: str, title: str, posts: Posts) -> None:
        username = f"{stem}.{suffix}"
        if username in used:
            username = f"{stem}{len(used)}.{suffix}"
        used.add(username)
        plan.append((username, f"演示{title[:2]}{len(used):03d}", posts))

    for town in sorted(places.list_townships(), key=lambda one: one.code != TOWNSHIP):
        stem = _slug(town.name)
        bodies = places.list_agencies(division_code=town.code)
        centre = next(one for one in bodies if one.kind == "centre")
        stations = [one for one in bodies if one.kind in ("station", "government")]
        stations.sort(key=lambda one: "民政局" not in one.lead_keys)
        for suffix, title, roles in CENTRE_POSTS:
            add(stem, suffix, title, [(centre.pk, roles, title)])
        for suffix, title, roles in STATION_POSTS:
            add(stem, suffix, title, [(one.pk, roles, title) for one in stations])
        add(stem, HEAD[0], HEAD[1], [(one.pk, HEAD[2], HEAD[1]) for one in stations if one.kind == "government"])
    village = places.children_of(TOWNSHIP)[0]
    agents = next(one for one in places.list_agencies(division_code=village.code) if one.kind == "agent_station")
    add(_slug("榴城镇"), "daiban", "代办员", [(agents.pk, ("agent",), "代办员")])
    counties = {town.parent_code: town.county_name for town in places.list_townships()}
    for code, name in counties.items():
        offices = [one for one in places.list_agencies(division_code=code) if one.kind == "department"]
        offices.sort(key=lambda one: "民政局" not in one.lead_keys)
        for suffix, title, roles in STATION_POSTS:
            add(_slug(name), suffix, title, [(one.pk, roles, title) for one in offices])
        add(_slug(name), HEAD[0], HEAD[1], [(one.pk, HEAD[2], HEAD[1]) for one in offices])
        office = next((one for one in offices if "编办" in one.lead_keys), offices[0])
        add(_slug(name), "zhunru", "任务准入员", [(office.pk, ("admission_office",), "领导小组办公室任务准入员")])
        add(_slug(name), "qingdan", "清单管理员", [(office.pk, ("list_keeper",), "清单管理员")])
    city = next(one for one in places.list_agencies(division_code="340300000000") if "数据资源局" in one.lead_keys)
    add("shi", "qingdan", "清单管理员", [(city.pk, ("list_keeper",), "清单管理员")])
    justice = next(one for one in places.list_agencies(division_code="340300000000") if "司法局" in one.lead_keys)
    office = next(one for one in places.list_agencies(division_code="340300000000") if "政府办" in one.lead_keys)
    add("shi", "qingdan2", "清单管理员", [(city.pk, ("list_keeper",), "清单管理员")])
    add("shi", "fazhi", "合法性审核员", [(justice.pk, ("legal_reviewer",), "合法性审核员")])
    add("shi", "lingdao", "负责人", [(office.pk, ("leader",), "负责人")])
    for suffix in ("guize", "guize2"):
        add("shi", suffix, "规则管理员", [(city.pk, ("procedure_keeper",), "规则管理员")])
    add("shi", "jiandu", "监督员", [(city.pk, ("supervisor",), "监督员")])
    add("shi", "yunwei", "运行维护员", [(city.pk, ("operator",), "运行维护员")])
    for suffix, role in ADMINISTRATOR_LOGINS:
        add("shi", suffix, ROLES[role], [(city.pk, (role,), ROLES[role])])
    return plan


def prepare_database() -> None:
    """Bring the tables to the state this version needs."""
    migrating.bring_up()
    call_command("createcachetable", verbosity=0)


def demo_logins() -> list[tuple[str, str]]:
    """Who can log in as what in the demonstration: user name and what they do."""
    return [
        ("liucheng.shouli", "榴城镇便民服务中心 受理窗口"),
        ("liucheng.shenhe", "榴城镇各站所 审核"),
        ("liucheng.shenpi", "榴城镇各站所 审批"),
        ("liucheng.chujian", "榴城镇便民服务中心 出件窗口"),
        ("huaiyuan.shenhe", "怀远县各部门 审核"),
        ("huaiyuan.shenpi", "怀远县各部门 审批"),
        ("liucheng.lingdao", "榴城镇人民政府 领导"),
        ("liucheng.dangan", "榴城镇便民服务中心 档案管理"),
        ("liucheng.daiban", "榴城镇一个村的代办点 代办员"),
        ("huaiyuan.lingdao", "怀远县各部门 领导"),
        ("huaiyuan.zhunru", "怀远县编办（领导小组办公室） 任务准入"),
        ("huaiyuan.qingdan", "怀远县编办 清单管理（赋权、委托）"),
        ("shi.qingdan", "市数据资源局 清单管理"),
        ("shi.qingdan2", "市数据资源局 清单管理（另一人，复核用）"),
        ("shi.fazhi", "市司法局 合法性审核"),
        ("shi.lingdao", "市人民政府办公室 负责人（批准清单）"),
        ("shi.guize", "市数据资源局 规则管理（装入放假安排、改法定参数）"),
        ("shi.guize2", "市数据资源局 规则管理（另一人，批准用）"),
        ("shi.jiandu", "市数据资源局 监督督办"),
        ("shi.yunwei", "市数据资源局 运行维护"),
        ("shi.xitong", "市数据资源局 系统管理员"),
        ("shi.anquan", "市数据资源局 安全管理员"),
        ("shi.anquan2", "市数据资源局 安全管理员（另一人，确认提名用）"),
        ("shi.shenji", "市数据资源局 审计管理员"),
    ]


def is_loaded() -> bool:
    """Whether a city is there already."""
    return bool(places.list_townships())
