"""Code sets of items, and the values that cross the catalogue's border."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

#: Service areas of the plan's guidance catalogue.
AREAS = {
    "A1": "基本公共教育",
    "A2": "公共就业服务",
    "A3": "社会保险",
    "A4": "社会救助与福利优抚",
    "A5": "基本养老服务",
    "A6": "残疾人基本公共服务",
    "A7": "卫生健康与计划生育",
    "A8": "公共文化体育",
    "A9": "三农、安居与其他",
}
#: GB/T 39046-2020 table A.1.
ITEM_TYPES = {
    "00": "行政权力事项",
    "01": "行政许可",
    "02": "行政处罚",
    "03": "行政强制",
    "04": "行政征收",
    "05": "行政给付",
    "06": "行政检查",
    "07": "行政确认",
    "08": "行政奖励",
    "09": "行政裁决",
    "10": "其他类别事项",
    "20": "公共服务事项",
}
#: GB/T 39046-2020 table A.4.
AUDIENCES = {
    "1": "自然人",
    "2": "企业法人",
    "3": "事业法人",
    "4": "社会组织法人",
    "5": "行政机关",
    "6": "其他组织",
}
#: GB/T 39046-2020 table A.5, and the two channels that the plan adds.
CHANNELS = {
    "1": "窗口",
    "2": "网上",
    "3": "手机",
    "4": "邮寄",
    "agent": "村代办员",
    "home": "上门办",
}
#: The life of a version. From `waiting` on it is law: it has a period that no other version of its row may share.
STATUSES = {
    "draft": "草稿",
    "lead": "牵头部门审核",
    "legal": "合法性审核",
    "approve": "待批准",
    "approved": "待公布",
    "waiting": "待生效",
    "in_force": "现行",
    "ended": "已停用",
    "refused": "未通过",
}
LEGAL_STATUSES = frozenset({"waiting", "in_force", "ended"})
#: Where a version is still on its way: one at a time for each row.
IN_PROCESS = ("draft", "lead", "legal", "approve", "approved")
#: What is done with a version, in order.
STAGES = {"draft": "起草", "lead": "牵头部门审核", "legal": "合法性审核", "approve": "批准", "publish": "公布"}
#: What may be done with a version at each stage.
ACTS = {
    "draft": ("submit",),
    "lead": ("passed", "returned", "refused"),
    "legal": ("passed", "returned", "refused"),
    "approve": ("passed", "returned", "refused"),
    "publish": ("publish",),
}
#: Why a list changes (plan 16: dynamic adjustment).
TRIGGERS = {
    "law_made": "法律法规规章制定",
    "law_changed": "法律法规规章修改",
    "law_ended": "法律法规规章废止",
    "body_changed": "机构或职能调整",
    "empowered": "赋权、委托或承接",
    "withdrawn": "收回",
    "finding": "法院判决、复议决定或检查发现",
    "remark": "群众建议",
    "review": "定期评估",
    "mistake": "更正差错",
    "loaded": "从文件装入",
}
UNITS = {"workday": "个工作日", "day": "天"}
MATERIAL_KINDS = {
    "original": "原件",
    "copy": "复印件",
    "photo": "照片",
    "electronic": "电子件",
    "shared": "联网核对，不用交",
}
PROCEDURES = {
    "on_the_spot": "即办件",
    "promise": "承诺件",
    "county_decides": "上报件",
    "county_decides_notice": "上报件（含公示）",
    "joint": "联办件",
    "own_motion": "依职权登记",
    "filing": "备案件",
    "filing_window": "备案件（窗口当场）",
}
FIELD_TYPES = frozenset(
    [
        "text",
        "textarea",
        "number",
        "money",
        "date",
        "choice",
        "choices",
        "id_number",
        "phone",
        "division",
        "table",
        "file",
    ]
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table field."""

    name: str
    label: str
    type: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of an item's form."""

    name: str
    type: str
    label: str
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    max_length: int = 200
    min: str | None = None
    max: str | None = None
    pattern: str = ""
    pattern_message: str = ""
    unit: str = ""
    level: str = "village"
    columns: tuple[Column, ...] = ()
    max_rows: int = 10
    show_field: str = ""
    show_values: tuple[str, ...] = ()
    accept: tuple[str, ...] = ("jpg", "png", "pdf")


@dataclass(frozen=True, slots=True)
class FormPage:
    """One page of a form: a title and a few questions."""

    title: str
    fields: tuple[FormField, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The questions of an item version, page by page."""

    pages: tuple[FormPage, ...] = ()

    @property
    def fields(self) -> tuple[FormField, ...]:
        """Every field in order."""
        return tuple(one for page in self.pages for one in page.fields)


@dataclass(frozen=True, slots=True)
class Material:
    """One paper that an item asks for, or checks by itself."""

    code: str
    name: str
    required: bool
    kind: str
    originals: int = 0
    copies: int = 0
    issued_by: str = ""
    share_source: str = ""
    accept: tuple[str, ...] = ()
    note: str = ""
    basis: str = ""

    @property
    def shared(self) -> bool:
        """Whether the platform checks it and the person brings nothing."""
        return self.kind == "shared"

    @property
    def kind_text(self) -> str:
        """How it is handed in, in words."""
        return MATERIAL_KINDS.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """A number of days with its unit; value None means none in law or by yearly plan."""

    value: int | None
    unit: str
    extend: int = 0
    basis: str = ""
    note: str = ""
    extend_code: str = ""

    @property
    def counted(self) -> bool:
        """Whether a clock can run on it."""
        return self.value is not None and self.unit in UNITS

    @property
    def text(self) -> str:
        """The limit in words."""
        if self.unit == "same_day":
            return "当场办结"
        if not self.counted:
            return {"by_plan": "按年度安排", "none": "法律没有规定天数"}.get(self.unit, "未规定")
        return f"{self.value} {UNITS[self.unit]}"


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A part of the handling with a limit of its own: the drawn steps that it covers."""

    name: str
    steps: tuple[str, ...]
    value: int
    unit: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """An item version as the rest of the platform uses it; `doc` is the whole record.

    Shape:  cached in the process by version id, since a version never changes
    """

    version_id: int
    item_id: int
    code: str
    number: int
    name: str
    plain: str
    area: str
    type_code: str
    applied: bool
    lead_key: str
    decision_level: str
    procedure_code: str
    procedure_version_id: int
    publication_class: str
    legal_effect: str
    statutory: LimitSpec
    committed: LimitSpec
    materials: tuple[Material, ...]
    form: Form
    doc: dict[str, Any] = field(hash=False, compare=False)
    procedure_name: str = ""

    def committed_within(self, days: int | None) -> LimitSpec:
        """The promised limit, or the shorter one of a township; one that the list has overtaken counts no more."""
        if days is None or not self.committed.counted:
            return self.committed
        return replace(self.committed, value=min(days, self.committed.value or days))

    @property
    def type_text(self) -> str:
        """The item type in words."""
        return ITEM_TYPES.get(self.type_code, "")

    @property
    def is_permit(self) -> bool:
        """Whether the Permit Law governs it."""
        return self.type_code == "01"

    @property
    def procedure_text(self) -> str:
        """The kind of matter in words; a procedure that keepers added goes by its own name."""
        return PROCEDURES.get(self.procedure_code, self.procedure_name)

    @property
    def regime(self) -> str:
        """Which law governs its clock: the Permit Law for permits, else what the record says."""
        return "permit" if self.is_permit else str(self.doc.get("regime") or "service")

    @property
    def online(self) -> bool:
        """Whether people may apply online."""
        return bool(self.doc.get("online"))

    @property
    def decision_tables(self) -> tuple[str, ...]:
        """The decision tables that the answers are read against for whoever handles a matter."""
        return tuple(self.doc.get("decision_tables") or ())

    @property
    def any_township(self) -> bool:
        """Whether an application may be handed in at any township, not only where it is handled."""
        return bool(self.doc.get("accept_other_townships"))

    @property
    def pause_names(self) -> tuple[str, ...]:
        """The grounds by name on which its clock may stand."""
        return tuple((self.doc.get("limits") or {}).get("pause_grounds") or ())

    @property
    def stages(self) -> tuple[StageSpec, ...]:
        """The parts of its handling that have limits of their own."""
        return tuple(
            StageSpec(one["name"], tuple(one.get("steps") or ()), one["value"], one["unit"], one.get("basis") or "")
            for one in (self.doc.get("limits") or {}).get("stages") or ()
        )

    @property
    def renews(self) -> str:
        """The form field that says until when the permit to be renewed is valid; empty when nothing is renewed."""
        return str((self.doc.get("renewal") or {}).get("expires_field") or "")

    @property
    def joint_bodies(self) -> dict[str, str]:
        """Joint bodies by key: body key → lead key of the body."""
        return dict((self.doc.get("joint") or {}).get("bodies") or {})


@dataclass(frozen=True, slots=True)
class OfferView:
    """An item as offered in one township, with the agencies that handle it there."""

    offer_id: int
    version_id: int
    item_code: str
    name: str
    township_code: str
    township_name: str
    county_name: str
    accept_agency_id: int
    handle_agency_id: int
    county_agency_id: int | None
    local: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def committed_days(self) -> int | None:
        """The shorter promise of this township, in the unit of the item's; None follows the list."""
        return self.local.get("committed_days")


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of a list row, as pages show it.

    Shape:  steps are (stage, outcome, opinion, at, by) in words, oldest first; filled where one version is asked for
    """

    version_id: int
    item_code: str
    list_code: str
    number: int
    status: str
    effect: str
    trigger: str
    reason: str
    revision: int
    valid_from: date
    valid_until: date | None
    published_at: datetime | None
    name: str
    doc: dict[str, Any] = field(hash=False, compare=False)
    drafted_by: int | None = None
    steps: tuple[tuple[str, str, str, datetime, str], ...] = ()

    @property
    def status_text(self) -> str:
        """Its status in words."""
        return "已取消" if self.effect == "end" and self.status == "ended" else STATUSES[self.status]

    @property
    def trigger_text(self) -> str:
        """Its trigger in words."""
        return TRIGGERS.get(self.trigger, self.trigger)

    @property
    def is_law(self) -> bool:
        """Whether it has a period of force, now, before or soon."""
        return self.status in LEGAL_STATUSES


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of items is narrowed to; empty means all; `own_motion` adds what offices begin by themselves."""

    area: str = ""
    audience: str = ""
    life_event: str = ""
    township: str = ""
    online: bool = False
    own_motion: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One search result."""

    version_id: int
    code: str
    name: str
    plain: str
    area: str
    online: bool
    limit_text: str
    why: str = ""
    applied: bool = True


@dataclass(frozen=True, slots=True)
class PublishedItem:
    """One published version of an item, as open data gives it out."""

    code: str
    number: int
    name: str
    plain: str
    area: str
    type_code: str
    applied: bool
    audience: tuple[str, ...]
    life_events: tuple[str, ...]
    valid_from: date
    valid_until: date | None
    published_at: datetime | None
    taken_off: bool
    doc: dict[str, Any] = field(hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who gives out open data, and where its addresses begin.

    Shape:  `root` without a slash at its end; `life_events` by code
    """

    city: str
    division: str
    root: str
    life_events: dict[str, str] = field(hash=False, compare=False)
