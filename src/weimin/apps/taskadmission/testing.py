"""Help for anyone's tests: a complete form, and heads of county bodies, offices and townships."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from weimin.apps.taskadmission import actions
from weimin.apps.taskadmission.models import Opinion
from weimin.apps.taskadmission.types import Upload, Wanted
from weimin.base.clock import local_date
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.testing import AT, COUNTY, TOWN, put_in_post
from weimin.kernel.record.types import Actor

COMPLETE = Wanted(
    title="秋季秸秆禁烧巡查",
    content="每天巡查田块两次，发现火点马上报告并扑灭。",
    target="township",
    places=(TOWN,),
    field="other",
    responsible="county",
    basis="《大气污染防治法》第七十七条",
    starts="2026-03-05",
    ends="2026-06-30",
    amount="20000",
    amount_source="县级财政环保专项",
    people="每村两名网格员，由部门派一名技术人员",
    contact="大气科 0552-8010000",
)


def form(**changes: Any) -> Wanted:
    """The complete form with some parts changed."""
    return replace(COMPLETE, **changes)


def county_body(lead: str = "民政局", *, county: str = COUNTY) -> int:
    """The body of a county that leads on something."""
    return next(one.pk for one in directory.list_agencies(division_code=county) if lead in one.lead_keys)


def head(lead: str = "民政局", *, roles: tuple[str, ...] = ("leader",), county: str = COUNTY) -> Actor:
    """Somebody of a county body, as a rule its head."""
    return _actor(county_body(lead, county=county), roles)


def office() -> Actor:
    """Somebody of the leading group's office of the county."""
    return head("编办", roles=("admission_office",))


def town_head(town: str = TOWN) -> Actor:
    """The head of a township."""
    return _actor(town_body(town), ("leader",))


def village_agent(village: str = "") -> Actor:
    """The agent of a village; of the first of the township unless another is said."""
    code = village or directory.children_of(TOWN)[0].code
    bodies = directory.list_agencies(division_code=code)
    return _actor(next(one.pk for one in bodies if one.kind == "agent_station"), ("agent",))


def town_body(town: str = TOWN) -> int:
    """The government of a township."""
    return next(one.pk for one in directory.list_agencies(division_code=town) if one.kind == "government")


def _actor(agency_id: int, roles: tuple[str, ...], at: datetime = AT) -> Actor:
    from weimin.kernel.accounts import actions as accounts

    count = len(_made)
    _made.append(agency_id)
    name = f"演示准入{count}"
    account = accounts.create_staff_account(
        by=Actor.system("测试"), at=at, username=f"ta-{agency_id}-{count}", name=name, password="x"
    )
    put_in_post(agency_id, *roles, at=at, account_id=account, name=name)
    return directory.get_actor_for_account(account_id=account, post_id=None, at=at, via="desk")


def make_one_of_each(at: datetime, *, body: Actor, town: Actor, picture: bytes) -> dict[str, int]:
    """A task on no list, one let down, a form sent back, two reports, a matter with an opinion and a file on it.

    Shape:  ids by the parts of addresses that they stand in
    """
    today = local_date(at)
    dates = {"starts": str(today), "ends": str(today + timedelta(days=60))}
    waits = actions.submit_task(by=body, at=at, wanted=form(**dates), key="one-waits")
    down = form(**dates, title="核对高龄津贴对象", row_code="A3-13", places=(town.division_code,))
    actions.submit_task(by=body, at=at, wanted=down, key="one-down")
    actions.submit_task(by=body, at=at, wanted=form(contact=""), key="one-back")
    told = "在工作群里要求三天内报一张表，没有文件。"
    actions.report_bypass(by=town, at=at, agency_id=body.agency, text=told, key="one-town")
    agent, named = village_agent(directory.children_of(town.division_code)[0].code), town_body(town.division_code)
    actions.report_bypass(by=agent, at=at, agency_id=named, text=told, key="one-village")
    matter = actions.raise_matter(
        by=body,
        at=at,
        kind="siting",
        title="新建区域养老服务中心",
        content="拟在镇东建一所养老服务中心，要占用一块空地。",
        townships=[town.division_code],
        key="one-matter",
    )
    opinion = Opinion.objects.get(matter_id=matter)
    upload = Upload("图.png", picture)
    actions.give_opinion(by=town, at=at, opinion_id=opinion.pk, stance="object", reasons="离村小学太近", files=[upload])
    assert waits.task_id is not None
    return {"task_id": waits.task_id, "matter_id": matter, "opinion_file": opinion.files.get().pk}


_made: list[int] = []
