"""Words of the directory, and the values that cross its border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

LEVELS = {"province": "省", "city": "市", "county": "县区", "township": "乡镇街道", "village": "村社区"}
AGENCY_KINDS = {
    "government": "人民政府（办事处）",
    "department": "部门",
    "centre": "便民服务中心",
    "station": "站所",
    "committee": "村（居）民委员会",
    "agent_station": "代办点",
}
ROLES = {
    "front_desk": "窗口受理",
    "reviewer": "后台审核",
    "decider": "审批决定",
    "issuer": "统一出件",
    "leader": "单位领导",
    "list_keeper": "清单管理",
    "legal_reviewer": "合法性审核",
    "admission_office": "任务准入（领导小组办公室）",
    "procedure_keeper": "规则管理",
    "supervisor": "监督督办",
    "operator": "运行维护",
    "audit_admin": "审计管理员",
    "agent": "村代办员",
}


@dataclass(frozen=True, slots=True)
class DivisionView:
    """A division as others use it."""

    code: str
    name: str
    level: str
    parent_code: str
    county_name: str = ""


@dataclass(frozen=True, slots=True)
class StaffView:
    """Somebody in a post of a body; `valid_until` is the first day no longer served, None while none is set."""

    post_id: int
    officer_id: int
    name: str
    title: str
    roles: tuple[str, ...]
    agency_id: int
    agency_name: str
    valid_until: date | None

    @property
    def roles_text(self) -> str:
        """The roles in words."""
        return "、".join(ROLES.get(one, one) for one in self.roles)


@dataclass(frozen=True, slots=True)
class PostView:
    """One post that an account may act in."""

    post_id: int
    agency_name: str
    title: str
    roles: tuple[str, ...]
