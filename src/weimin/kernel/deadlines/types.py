"""Values of clocks that cross the border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import IntEnum

UNIT_TEXT = {"workday": "个工作日", "day": "日", "month": "个月"}
PURPOSE_TEXT = {
    "check": "受理审查",
    "answer": "补正",
    "handle": "办理",
    "stage": "环节",
    "body": "并联环节",
    "deliver": "送达",
    "repair": "差评回复",
    "reads": "查看询问答复",
    "lists": "清单调整",
    "rights": "个人信息请求",
    "tasks": "任务准入",
    "opinion": "征求乡镇意见",
    "order": "督办答复",
    "contest": "申诉处理",
    "publish": "公开超期原因",
}
NOTICE_STATES = {
    "draft": "已装入，正在核算影响",
    "previewed": "影响已算出，待批准",
    "approved": "已批准，正在重算",
    "done": "已生效",
    "rejected": "未采用",
}
#: Which law governs pauses, extensions and warnings of a clock.
REGIME_TEXT = {
    "permit": "行政许可",
    "service": "其他政务服务",
    "disclosure": "政府信息公开",
    "petition": "信访",
    "coercion": "行政强制",
}
#: How sure the platform is of a row; what is not verified is checked against the local list.
CERTAINTIES = {
    "verified": "已核对法律文本",
    "memory-high": "凭经验，把握大",
    "memory-medium": "凭经验，请按本地清单核对",
    "memory-low": "把握小，须核对",
}
#: Who may approve an extension.
APPROVER_TEXT = {
    "body_head": "本机关负责人",
    "government_head": "本级政府负责人",
    "openness_officer": "政府信息公开工作机构负责人",
}


class Level(IntEnum):
    """How near a clock is to its end, or how far beyond: the promise first, then the law."""

    GREEN = 0
    YELLOW = 1
    RED = 2
    PROMISE = 3
    LAW = 4


LEVEL_TEXT = {
    Level.GREEN: "正常",
    Level.YELLOW: "黄色预警",
    Level.RED: "红色预警",
    Level.PROMISE: "超承诺期限",
    Level.LAW: "超法定期限",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of working days, calendar days or months, with the article it comes from."""

    value: int
    unit: str
    article: str = ""

    @property
    def text(self) -> str:
        """The limit in words."""
        return f"{self.value} {UNIT_TEXT.get(self.unit, self.unit)}"


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which a clock stands; both end days stand. `until` None: still standing.

    Shape:  entry_id is the row that began it, 0 for a plain count; caused when a sister clock's standing brought it
    """

    since: date
    until: date | None
    reason: str = ""
    article: str = ""
    by: str = ""
    entry_id: int = 0
    caused: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """Days added to a limit by the right post."""

    on: date
    value: int
    reason: str = ""
    article: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One entry of a ledger, who entered it, and the date that it gives; `source` is the article for people."""

    kind: str
    on: date
    text: str
    article: str
    due_after: date | None
    source: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class StripDay:
    """One day of the strip from start to due: works, off, makeup or paused, and its count."""

    day: date
    kind: str
    count: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a ledger adds up to.

    Shape:  unrolled is the last day before a holiday moved it; provisional when a year's notice is
            not out yet; due None while the clock stands without an end
    """

    start: date
    limit: Limit
    due: date | None
    unrolled: date | None
    provisional: bool
    lines: tuple[LedgerLine, ...]
    strip: tuple[StripDay, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRef:
    """A clock as its owner keeps it."""

    clock_id: int
    due_date: date | None
    committed_due_date: date | None
    provisional: bool

    @property
    def shown(self) -> date | None:
        """The day that people are told: the promise where there is one, else the law."""
        return self.committed_due_date or self.due_date


@dataclass(frozen=True, slots=True)
class ClockSpec:
    """A clock to open: on what, from when, with which limits, under which law.

    Shape:  subject is (kind, id); grounds are codes of pause grounds; extend is the code of the
            parameter that allows an extension, empty when none does; parent_runs says that the whole was
            opened in this very transaction, so that nobody need look whether it stands
    """

    purpose: str
    subject: tuple[str, str]
    start_date: date
    statutory: Limit | None = None
    committed: Limit | None = None
    regime: str = "service"
    grounds: tuple[str, ...] = ()
    extend: str = ""
    label: str = ""
    agency_id: int | None = None
    place: str = ""
    parent_id: int | None = None
    parent_runs: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a ledger as it was written; `corrects` names the row that it puts right, `cause` what brought it."""

    entry_id: int
    kind: str
    on: date
    until: date | None = None
    value: int | None = None
    ground: str = ""
    reason: str = ""
    article: str = ""
    by: str = ""
    corrects: int | None = None
    struck: bool = False
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Summed:
    """What the entries of a clock add up to, corrections applied."""

    start: date
    pauses: tuple[Pause, ...]
    extensions: tuple[Extension, ...]

    @property
    def standing(self) -> Pause | None:
        """The pause in which the clock stands now; None while it runs."""
        return next((one for one in reversed(self.pauses) if one.until is None), None)

    @property
    def stands(self) -> bool:
        """Whether the clock stands now."""
        return self.standing is not None


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of one limit: the last day, before rolling, and when little is left."""

    due: date | None
    unrolled: date | None
    known: bool
    yellow_on: date | None = None
    red_on: date | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why this date: the ledger of a clock, statutory and committed."""

    clock_id: int
    purpose: str
    label: str
    state: str
    level: Level
    statutory: Ledger | None
    committed: Ledger | None
    stopped_on: date | None
    planned_until: date | None = None

    @property
    def level_text(self) -> str:
        """The level in words."""
        return LEVEL_TEXT[self.level]

    @property
    def shown(self) -> Ledger | None:
        """The ledger of the date that people are told."""
        return self.committed or self.statutory


@dataclass(frozen=True, slots=True)
class Move:
    """A clock whose dates moved; `told` when the act that moved them tells the person itself."""

    clock_id: int
    subject_id: str
    purpose: str
    old: ClockRef
    new: ClockRef
    why: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A clock that passed a threshold, or came back from one.

    Shape:  due is the day that the new level is about, shown the day that people are told
    """

    clock_id: int
    subject_type: str
    subject_id: str
    purpose: str
    label: str
    agency_id: int | None
    place: str
    old: Level
    new: Level
    due: date | None
    promised: bool = False
    shown: date | None = None


@dataclass(frozen=True, slots=True)
class Smell:
    """A pattern in a clock's life that a person should look at; the evidence is in words.

    Shape:  key names the one happening, so that it is listed once
    """

    key: str
    subject_id: str
    clock_id: int | None
    agency_id: int | None
    place: str
    on: date
    evidence: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated legal number."""

    code: str
    value: int
    unit: str
    article: str
    certainty: str
    exact: Decimal = Decimal(0)
    committed: int | None = None
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """A lawful ground on which a clock may stand, in a regime, from one day to another."""

    code: str
    regime: str
    name: str
    article: str
    notice: bool
    cap_value: int | None = None
    cap_unit: str = ""


@dataclass(frozen=True, slots=True)
class NoticeDay:
    """One day of a holiday notice that is not what its weekday says."""

    day: date
    works: bool
    name: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A year's holiday notice as read from a file."""

    year: int
    number: str
    source: str
    days: tuple[NoticeDay, ...]
