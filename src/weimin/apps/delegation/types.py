"""Words of delegations, and the values that cross the app's border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

KINDS = {"empower": "赋权", "entrust": "委托", "statutory": "法定"}
LISTS = {"permit": "审批事项清单", "enforce": "行政执法事项清单", "assist": "配合事项清单"}
ORIGINS = {"base": "基本盘", "optional": "自选", "swap": "置换"}
LEVELS = {"province": "省级", "city": "市级", "county": "县级"}
RECIPIENTS = {
    "government": "乡镇人民政府（街道办事处）",
    "organisation": "依法成立、管理公共事务的组织",
    "committee": "村（居）民委员会",
    "person": "个人",
}
POWERS = {
    "permit": "行政许可",
    "penalty": "行政处罚",
    "inspection": "行政检查",
    "confirm": "行政确认",
    "pay": "行政给付",
    "coercive_measure": "行政强制措施",
    "coercive_execution": "行政强制执行",
    "liberty": "限制人身自由",
    "county_reserved": "其他法律规定只能由县级以上机关行使的权力",
    "subdelegation": "再委托",
    "permit_subdelegation": "许可再委托",
}
STATES = {
    "proposed": "拟赋",
    "assessed": "评估通过",
    "decided": "已决定公布",
    "signed": "已签确认书",
    "trial": "试运行",
    "full": "正式运行",
    "refused": "不赋予",
    "withdrawn": "已收回",
}
#: Where a township holds the power or soon will.
HELD = ("decided", "signed", "trial", "full")
RUNNING = ("trial", "full")
RESULTS = {"continue": "继续", "full": "转为正式运行", "adjust": "调整权限"}
LETTER_FILES = ("pdf", "jpg", "png")
OPEN_MATTERS = {"finish": "由乡镇（街道）办完", "hand_up": "交县级主管部门决定"}


@dataclass(frozen=True, slots=True)
class Instrument:
    """What somebody proposes to hand to a township.

    Shape:  items are codes of list rows; powers are of POWERS; valid_until is half-open, None is without end; replaces
            is the number of the delegation that a swap takes the place of
    """

    kind: str
    list_kind: str
    focus: str
    township: str
    department_id: int
    items: tuple[str, ...]
    powers: tuple[str, ...]
    valid_from: date
    valid_until: date | None
    issuer_name: str = ""
    issuer_level: str = "county"
    document: str = ""
    limits: str = ""
    basis: str = ""
    recipient: str = "government"
    origin: str = "base"
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What shows that the township can carry the power; certificates are (number, last day), the rest words."""

    certificates: tuple[tuple[str, date], ...] = ()
    legal_reviewer: str = ""
    equipment: str = ""
    training: str = ""
    seal: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the law does not let pass: which field, what is wrong, by which article; a ban or a gap."""

    field: str
    text: str
    law: str
    article: str
    banned: bool = False

    @property
    def sentence(self) -> str:
        """The fault with its article."""
        return f"{self.text}（{self.law}{self.article}）"
