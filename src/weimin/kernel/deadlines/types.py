"""Values of clocks that cross the border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

UNIT_TEXT = {"workday": "个工作日", "day": "日", "month": "个月"}
PURPOSE_TEXT = {"check": "审查", "handle": "办理", "deliver": "送达"}


#: How people read the ids of the law register in a ledger.
LAW_NAMES = {
    "xkl-2019": "行政许可法",
    "mfd-2020": "民法典",
    "fdjj-2024": "全国年节及纪念日放假办法",
    "ctl-2021": "行政处罚法",
    "fyf-2023": "行政复议法",
    "xsf-2017": "行政诉讼法",
    "xxgk-2019": "政府信息公开条例",
    "dbbf-2021": "最低生活保障审核确认办法",
    "tkbf-2021": "特困人员认定办法",
    "sbjb-2023": "社会保险经办条例",
}


def article_text(article: str) -> str:
    """An article for people: xkl-2019 art. 42 → 《行政许可法》第 42 条; other texts as they are."""
    law, mark, number = article.partition(" art. ")
    if not mark or law not in LAW_NAMES:
        return article
    return f"《{LAW_NAMES[law]}》第 {number} 条"


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
    """Days on which a clock stands; both end days stand. `until` None: still standing."""

    since: date
    until: date | None
    reason: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """Days added to a limit by the right post."""

    on: date
    value: int
    reason: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One entry of a ledger and the date that it gives."""

    kind: str
    on: date
    text: str
    article: str
    due_after: date | None

    @property
    def source(self) -> str:
        """The article for people."""
        return article_text(self.article)


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


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why this date: the ledger of a clock, statutory and committed."""

    purpose: str
    statutory: Ledger | None
    committed: Ledger | None
    stopped_on: date | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated legal number."""

    code: str
    value: int
    unit: str
    article: str
    certainty: str
