"""Kinds of requests and what becomes of them, in words."""

from __future__ import annotations

from dataclasses import dataclass

REQUEST_TEXT = {
    "correct": "更正我的信息",
    "delete": "删除我的信息",
    "close": "注销账号",
    "relative": "近亲属查阅已故的人的信息",
}
OUTCOME_TEXT = {"granted": "同意", "partly": "部分同意", "refused": "不同意"}
#: Outcomes that must say why.
REASONED = frozenset({"partly", "refused"})
DESTRUCTION_TEXT = {
    "proposed": "系统提出，待档案管理员核对",
    "checked": "已核对，待领导批准",
    "approved": "已批准，待销毁",
    "rejected": "不同意销毁",
    "done": "已销毁",
}
HOLD_TEXT = {
    "lawsuit": "诉讼（复议）未结",
    "petition": "信访未结",
    "inspection": "巡察、审计、案件调查在用",
    "other": "其他",
}


@dataclass(frozen=True, slots=True)
class DeletionLine:
    """What becomes of one class of a person's data when they ask for deletion."""

    what: str
    count: int
    deleted: bool
    why: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a person, class by class, in plain words."""

    matters: int
    drafts: int
    loose_files: int
    messages: int
    looks: int
    phone: bool
    account: bool
