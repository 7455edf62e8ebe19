"""The desk's menu: what each role may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from weimin.kernel.record.types import ADMINISTRATORS, Actor


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    label: str
    url: str


_ENTRIES = (
    ("待办", "desk:home", frozenset[str]()),
    ("新办件", "desk:new", frozenset({"front_desk"})),
    ("更正身份信息", "desk:correct", frozenset({"front_desk"})),
    ("依职权登记", "desk:register_list", frozenset({"reviewer"})),
    ("办件统计", "desk:figures", frozenset[str]()),
    ("人员和移交", "desk:handover", frozenset({"leader"})),
    ("差评整改", "desk:repairs", frozenset[str]()),
    ("答复查看询问", "desk:read_queries", frozenset({"leader", "supervisor"})),
    ("个人信息请求", "desk:rights", frozenset({"front_desk", "leader"})),
    ("预警督办", "desk:warnings", frozenset[str]()),
    ("时钟异常", "desk:integrity", frozenset({"supervisor"})),
    ("清单管理", "desk:lists", frozenset({"list_keeper", "legal_reviewer", "leader", "supervisor"})),
    ("赋权和委托", "desk:delegations", frozenset({"list_keeper", "legal_reviewer", "leader", "supervisor"})),
    ("本乡镇事项", "desk:offers", frozenset({"leader"})),
    ("纸质指南", "desk:guides", frozenset({"front_desk", "issuer", "leader"})),
    ("任务准入", "desk:tasks", frozenset({"leader", "admission_office", "supervisor", "agent"})),
    ("涉乡镇事项", "desk:matters", frozenset({"leader", "admission_office", "supervisor"})),
    ("要核对的事项", "desk:items", frozenset({"list_keeper"})),
    ("流程和决策表", "desk:procedures", frozenset({"list_keeper"})),
    ("影响评估", "desk:assessments", frozenset({"list_keeper", "supervisor", "audit_admin"})),
    ("保管和销毁", "desk:retention", frozenset({"archive_keeper", "leader", "supervisor"})),
    ("没搜到的问法", "desk:misses", frozenset({"list_keeper"})),
    ("法定期限和标准", "desk:law", frozenset[str]()),
    ("放假安排", "desk:calendar", frozenset[str]()),
    ("账号和岗位", "desk:staff", ADMINISTRATORS),
    ("管理员", "desk:administrators", ADMINISTRATORS | {"leader"}),
    ("应急查看", "desk:glass", ADMINISTRATORS | {"leader"}),
    ("系统状况和设置", "system", frozenset({"system_admin"})),
    ("审计记录", "desk:audit", frozenset({"audit_admin"})),
    ("查看记录", "desk:looks", frozenset({"audit_admin"})),
    ("运行情况", "desk:operations", frozenset({"operator"})),
)


def menu_of(actor: Actor) -> list[Entry]:
    """The entries an actor may open."""
    if not actor.is_staff:
        return []
    mine = [(label, name) for label, name, roles in _ENTRIES if roles & actor.roles]
    if not actor.is_administrator:
        mine = [(label, name) for label, name, roles in _ENTRIES if not roles or roles & actor.roles]
    return [Entry(label, reverse(name)) for label, name in mine]
