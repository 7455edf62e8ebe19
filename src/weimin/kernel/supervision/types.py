"""The words of supervision, and the values that cross its border."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from weimin.kernel.deadlines.types import Level

#: Who a warning of a level is for: it escalates as the clock runs on.
AUDIENCE = {Level.YELLOW: "clerk", Level.RED: "head", Level.PROMISE: "leader", Level.LAW: "supervisor"}
AUDIENCE_TEXT = {"clerk": "承办人", "head": "承办机构负责人", "leader": "乡镇（部门）领导", "supervisor": "监督员"}
CONTEST_TEXT = {"": "没有申诉", "contested": "已申诉，待复核", "upheld": "复核维持", "lifted": "复核撤销"}
ORDER_TEXT = {"open": "待答复", "answered": "已答复，待认可", "accepted": "已认可", "returned": "退回重新答复"}
PATTERN_TEXT = {
    "late_pause": "期限快到才停钟",
    "bare_pause": "停钟没有书面告知",
    "long_pause": "停钟超过告知的时间",
    "backdated": "事后倒填日期",
    "burst": "几秒内成批办结",
    "supplement_twice": "先后两次要求补正",
    "reopened": "快到期撤回后又重新收件",
}
PATTERN_WHY = {
    "late_pause": "停钟记在期限的最后十分之一里，要看是不是为了避免超期。",
    "bare_pause": "依法要把所需时间书面告知申请人，台账里没有告知的文书。",
    "long_pause": "告知的所需时间已过，时钟还停着。",
    "backdated": "记入的时间比所记的日期晚了不止一个工作日。",
    "burst": "同一人在很短时间里办结多件，要看是不是先办后补录。",
    "supplement_twice": "依法只能一次性告知补正；撤回或终止后重新申请，又被要求补正。",
    "reopened": "红色预警或超期的办件撤回（终止）后，同一人同一事项几天内又收件。",
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list of warnings is narrowed to; empty means all.

    Shape:  level 0 is every level; days is how far back
    """

    level: int = 0
    contest: str = ""
    running: bool = False
    days: int = 90
    agency_id: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """How many warnings of a level there were, and what became of them."""

    level: Level
    raised: int
    contested: int
    upheld: int
    lifted: int

    @property
    def counted(self) -> int:
        """What stands: raised less lifted."""
        return self.raised - self.lifted


@dataclass(frozen=True, slots=True)
class AgencyFigure:
    """The warnings of one body, by level, less what was lifted."""

    agency_id: int
    agency_name: str
    yellow: int
    red: int
    promise: int
    law: int
    contested: int

    @property
    def total(self) -> int:
        """All levels."""
        return self.yellow + self.red + self.promise + self.law


@dataclass(frozen=True, slots=True)
class Warned:
    """The warnings of some days, counted: by level, by body, and the bodies there are to choose from, as (id, name)."""

    levels: list[Figure]
    bodies: list[AgencyFigure]
    choices: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at the clocks found.

    Shape:  looked is the number of clocks that had entries in the period; by_pattern counts findings
    """

    looked: int
    flagged: int
    by_pattern: dict[str, int] = field(default_factory=dict)
    since: date | None = None

    @property
    def share(self) -> float:
        """Flagged clocks of those looked at; 0 when there were none."""
        return self.flagged / self.looked if self.looked else 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that differs from its records: what the tally told, and what is true.

    Shape:  `of_sum` of a county's, city's or province's, which is held against its tallies and not against records
    """

    measure: str
    day: date
    place: str
    agency_id: int | None
    item: str
    told: int
    true: int
    told_late: int
    true_late: int
    of_sum: bool = False

    def as_list(self) -> list[object]:
        """For keeping: all of it, the day as text."""
        numbers = [self.told, self.true, self.told_late, self.true_late]
        return [self.measure, self.day.isoformat(), self.place, self.agency_id, self.item, *numbers]
