"""A few tasks and one county matter of the demonstration, at every stage that the gate and the desk show.

They go the way of real ones, by the same actions; bodies, money and reasons are made up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from weimin.apps.taskadmission import actions, queries
from weimin.apps.taskadmission.types import Wanted
from weimin.base.clock import local_date
from weimin.config.demonstration import TOWNSHIP, actor_of
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

#: Body, what changes against the whole form: on the list, on no list, refused later, sent back, barred.
TASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("民政局", {"title": "核对高龄津贴对象", "row_code": "A3-13"}),
    ("农业农村局", {"title": "汛前排查沟渠涵闸"}),
    ("教育局", {"title": "收集学生家庭照片", "basis": "县教育局通知（演示）"}),
    ("农业农村局", {"title": "上报土地流转台账", "contact": ""}),
    ("教育局", {"title": "开学前校园周边整治", "amount_source": "县里一半，乡镇配套一半"}),
)
REFUSED = "收集学生家庭照片"


def load_tasks(*, at: datetime) -> int:
    """Bring the example tasks, reports and a matter to the gate once; gives how many became tasks."""
    office, town = actor_of("huaiyuan.zhunru", at), actor_of("liucheng.lingdao", at)
    if office is None or town is None or queries.list_tasks(office).exists():
        return 0
    then, made = at - timedelta(days=4), 0
    for number, (lead, changes) in enumerate(TASKS):
        by = _head(lead, at)
        if by is None:
            continue
        said = actions.submit_task(by=by, at=then, wanted=_wanted(then, **changes), key=f"example-{number}")
        if said.task_id is None:
            continue
        made += 1
        if changes["title"] == REFUSED:
            why = "没有依据，也超出工作需要，不予准入。"
            actions.decide_task(by=office, at=at, task_id=said.task_id, admit=False, reason=why)
    _report(at)
    _raise_matter(town, at)
    return made


def _wanted(at: datetime, **changes: Any) -> Wanted:
    day = local_date(at)
    whole: dict[str, Any] = {
        "content": "逐户逐处核对，有问题的写进登记表，月底前汇总报县里。",
        "places": (TOWNSHIP,),
        "responsible": "county",
        "basis": "怀远县 2026 年重点工作安排（演示）第三条",
        "starts": str(day + timedelta(days=5)),
        "ends": str(day + timedelta(days=60)),
        "amount": "20000",
        "amount_source": "县级财政部门预算",
        "people": "县局派 2 人，乡镇 2 人配合",
        "contact": "演示联系人 0552-8000000",
    }
    return Wanted(**{**whole, **changes})


def _report(at: datetime) -> None:
    """The village's agent tells of work that came past the gate."""
    agent, body = actor_of("liucheng.daiban", at), _head("农业农村局", at)
    if agent is not None and body is not None:
        told = "在村工作群里要求三天内报一张农机台账，没有文件，没有经费。"
        actions.report_bypass(by=agent, at=at, agency_id=body.agency, text=told, key="example")


def _raise_matter(town: Actor, at: datetime) -> None:
    """A matter on which one township has made a suggestion that waits for its answer."""
    by = _head("民政局", at)
    if by is None:
        return
    others = [one.code for one in directory.children_of(by.division_code) if one.code != TOWNSHIP][:2]
    matter = actions.raise_matter(
        by=by,
        at=at - timedelta(days=2),
        kind="siting",
        title="县第二养老服务中心选址",
        content="拟在城东新建县第二养老服务中心，床位 200 张，请说说选址、道路和护工来源方面的意见。",
        townships=[TOWNSHIP, *others],
        key="example",
    )
    opinions = queries.get_matter(town, matter, at=at)[1]
    mine = next(one for one in opinions if one.township_id == TOWNSHIP)
    said = "进村的路太窄，建议同步拓宽到六米，并通公交。"
    actions.give_opinion(by=town, at=at, opinion_id=mine.pk, stance="suggest", reasons=said)


def _head(lead: str, at: datetime) -> Actor | None:
    body = directory.resolve_agency(rule="county", township_code=TOWNSHIP, lead_key=lead)
    return actor_of("huaiyuan.lingdao", at, agency_id=body) if body else None
