"""The desk's menu: what each role may open."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from weimin.kernel.record.types import Actor


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
    ("本单位办件", "desk:figures", frozenset[str]()),
    ("人员和移交", "desk:handover", frozenset({"leader"})),
    ("差评整改", "desk:repairs", frozenset[str]()),
    ("答复查看询问", "desk:read_queries", frozenset({"leader", "supervisor"})),
    ("预警督办", "desk:warnings", frozenset[str]()),
    ("时钟异常", "desk:integrity", frozenset({"supervisor"})),
    ("清单管理", "desk:lists", frozenset({"list_keeper", "legal_reviewer", "leader", "supervisor"})),
    ("赋权和委托", "desk:delegations", frozenset({"list_keeper", "legal_reviewer", "leader", "supervisor"})),
    ("本乡镇事项", "desk:offers", frozenset({"leader"})),
    ("要核对的事项", "desk:items", frozenset({"list_keeper"})),
    ("法定期限和标准", "desk:law", frozenset[str]()),
    ("放假安排", "desk:calendar", frozenset[str]()),
    ("审计记录", "desk:audit", frozenset({"audit_admin"})),
    ("查看记录", "desk:looks", frozenset({"audit_admin"})),
    ("运行情况", "desk:operations", frozenset({"operator"})),
)


def menu_of(actor: Actor) -> list[Entry]:
    """The entries an actor may open."""
    if not actor.is_staff:
        return []
    return [Entry(label, reverse(name)) for label, name, roles in _ENTRIES if not roles or roles & actor.roles]
