"""Words of the directory, and the values that cross its border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

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
    "system_admin": "系统管理员",
    "security_admin": "安全管理员",
    "audit_admin": "审计管理员",
    "archive_keeper": "档案管理",
    "agent": "村代办员",
}
#: Roles that work on matters. Who serves in an agency as something else (a keeper of lists, an auditor, an agent
#: without a mandate) sees nothing of them by serving there.
HANDLING = frozenset({"front_desk", "reviewer", "decider", "issuer"})


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


#: Under which name a web session keeps the break-glass session that was opened in it.
GLASS = "glass"


@dataclass(frozen=True, slots=True)
class AdministratorView:
    """Who holds an administrator's role, where, since when."""

    post_id: int
    officer_id: int
    account_id: int | None
    name: str
    role: str
    agency_name: str
    valid_from: date
    valid_until: date | None

    @property
    def role_text(self) -> str:
        """The role in words."""
        return ROLES[self.role]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A staff account whose log-in was held off: how often, when last."""

    officer_id: int
    name: str
    times: int
    latest: datetime


@dataclass(frozen=True, slots=True)
class OfficerLine:
    """Somebody who serves, as the administrators' list shows them."""

    officer_id: int
    account_id: int | None
    name: str
    username: str
    is_active: bool
    temporary: bool
    last_login: datetime | None
    posts: tuple[str, ...]
