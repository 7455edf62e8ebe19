"""Values of clocks that cross the border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

UNIT_TEXT = {"workday": "个工作日", "day": "日", "month": "个月"}
PURPOSE_TEXT = {"check": "审查", "handle": "办理", "deliver": "送达"}


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
