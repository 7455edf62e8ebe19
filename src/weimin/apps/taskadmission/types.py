"""Words of the gate and of the right to take part, and the values that cross the border."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

TARGETS = {"township": "乡镇（街道）", "village": "村（社区）"}
#: What a village may be asked for. There is no word for an order.
FORMS = {"guide": "指导", "assist": "协助", "entrusted": "委托"}
FIELDS = {
    "other": "其他工作",
    "enforcement": "行政执法",
    "demolition": "拆迁拆违",
    "environment": "环境整治",
    "investment": "招商引资",
}
RESPONSIBLE = {"county": "县级部门", "township": "乡镇政府（街道办事处）", "village": "村（居）民委员会"}
STATES = {"asked": "等准入办审核", "admitted": "已准入", "refused": "不予准入", "withdrawn": "部门已撤回"}
OUTCOMES = {
    "incomplete": "要件不全，退回补全",
    "repeated": "同样的任务已经提过，退回",
    "barred": "法律、文件不许这样下达",
    "admitted": "在清单上，当场准入",
    "asked": "不在清单上，转准入办审核",
}
TARGET_STATES = {"open": "在办", "objected": "提出异议", "released": "异议成立，不再承担", "done": "已完成"}
REPORT_STATES = {"open": "等答复", "upheld": "查实，已纠正", "dismissed": "查无此事"}
MATTER_KINDS = {"decision": "重大决策", "project": "重大项目", "siting": "公共服务设施布局"}
MATTER_STATES = {"open": "征求意见和答复中", "passed": "已通过", "withdrawn": "部门已撤回"}
STANCES = {"support": "赞成", "object": "反对", "suggest": "建议"}
OPINION_STATES = {"asked": "等乡镇意见", "answered": "已回复", "silent": "到期没有回复"}
#: The lists on which a task may stand, by whom it is for.
LISTS_OF = {"township": ("duty", "power", "service"), "village": ("village_help", "village_duty")}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a county body typed into the form, as it was typed."""

    title: str = ""
    content: str = ""
    target: str = "township"
    places: tuple[str, ...] = ()
    form: str = ""
    field: str = "other"
    responsible: str = ""
    row_code: str = ""
    basis: str = ""
    starts: str = ""
    ends: str = ""
    amount: str = ""
    amount_source: str = ""
    zero_reason: str = ""
    people: str = ""
    contact: str = ""

    def typed(self) -> dict[str, Any]:
        """Everything that was typed, for the record."""
        return asdict(self)

    @classmethod
    def of(cls, typed: dict[str, Any]) -> Wanted:
        """The form from its record; what the form does not ask any more is left out."""
        known = {name: value for name, value in typed.items() if name in cls.__dataclass_fields__}
        return cls(**known | {"places": tuple(known.get("places", ()))})


@dataclass(frozen=True, slots=True)
class Reading:
    """A form as the rules read it.

    Shape:  faults by field is what must be completed; barred by field is what law forbids, with its clause
    """

    starts: date | None
    ends: date | None
    amount: Decimal | None
    faults: dict[str, str] = field(default_factory=dict)
    barred: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate said to a form: a key of OUTCOMES, the task where there is one, what to mend by field."""

    outcome: str
    task_id: int | None = None
    faults: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OpinionFacts:
    """What the gate needs to know of one township's opinion."""

    place: str
    state: str
    replied: bool


@dataclass(frozen=True, slots=True)
class Count:
    """The public figures of one department in a period.

    Shape:  asked counts complete forms and those that law bars; refused both refusals by the office and what law bars;
            incomplete are forms sent back, repeats too; bypassed are reports that were found true
    Units:  average_days in calendar days from asking to the decision, None where nothing was decided
    """

    agency_id: int
    name: str
    asked: int = 0
    admitted: int = 0
    refused: int = 0
    outside: int = 0
    incomplete: int = 0
    waiting: int = 0
    withdrawn: int = 0
    bypassed: int = 0
    average_days: float | None = None
