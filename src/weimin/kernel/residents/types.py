"""Values of residents that cross the border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from weimin.base.clock import local_date


@dataclass(frozen=True, slots=True)
class ResidentCard:
    """A person or body as shown: name in full for those who may see it, identifiers masked."""

    resident_id: int
    kind: str
    name: str
    id_masked: str
    phone_masked: str
    division_code: str
    place: str
    birth_date: date | None


#: Doors by which data is looked at, in words.
VIA_TEXT = {
    "desk": "工作台",
    "portal": "门户",
    "field": "代办端",
    "api": "其他系统的接口",
    "job": "系统任务",
    "cli": "命令行",
}


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One look at a person's data, in words for that person: only their own matters are named."""

    entry_id: int
    at: datetime
    who: str
    post: str
    why: str
    matters: tuple[str, ...]
    revealed: str
    door: str
    agency_id: int | None

    @property
    def day(self) -> date:
        """The day of the look where the office stands."""
        return local_date(self.at)


@dataclass(frozen=True, slots=True)
class LookRow:
    """One look for the auditor: who looked and at how many people, not at whom."""

    at: datetime
    who: str
    agency_id: int | None
    people: int
    why: str
    revealed: str
    path: str
    via: str


@dataclass(frozen=True, slots=True)
class Burst:
    """Many different people looked at by one account within a short time; a long burst is one."""

    account_id: int | None
    post_id: int | None
    who: str
    since: datetime
    until: datetime
    people: int
    looks: int
