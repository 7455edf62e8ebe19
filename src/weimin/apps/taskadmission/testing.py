"""Help for anyone's tests: a complete form, and heads of county bodies, offices and townships."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from weimin.apps.taskadmission.types import Wanted
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


_made: list[int] = []
