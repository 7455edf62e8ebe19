"""Who acts, and the small values that every package passes around."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

#: Roles that nobody holds together, nor with any other: GB/T 22239 wants system, security and audit in three hands.
ADMINISTRATORS = frozenset({"system_admin", "security_admin", "audit_admin"})
#: The two of them who may look at matters in a session of its own, with a reason.
MAY_BREAK_GLASS = ADMINISTRATORS - {"audit_admin"}

ActorKind = Literal["resident", "staff", "client", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does or looks, in which post, through which door. Staff act in one post at a time.

    An administrator sees matters only while `glass_place` names a place, for the reason `glass_why`.
    """

    kind: ActorKind
    name: str
    via: str = ""
    account_id: int | None = None
    resident_id: int | None = None
    officer_id: int | None = None
    post_id: int | None = None
    agency_id: int | None = None
    agency_name: str = ""
    division_code: str = ""
    roles: frozenset[str] = field(default_factory=frozenset)
    glass_place: str = ""
    glass_why: str = ""

    @classmethod
    def system(cls, name: str = "系统", via: str = "job") -> Actor:
        """The platform itself, for jobs and loading."""
        return cls(kind="system", name=name, via=via)

    @classmethod
    def anonymous(cls, via: str = "portal") -> Actor:
        """Somebody who has not logged in."""
        return cls(kind="anonymous", name="未登录", via=via)

    @property
    def is_staff(self) -> bool:
        """Whether this is somebody in a post, or a machine client acting for one."""
        return self.kind in ("staff", "client") and self.post_id is not None

    @property
    def is_administrator(self) -> bool:
        """Whether this is one of the three administrators, who handle no matters."""
        return bool(self.roles & ADMINISTRATORS)

    @property
    def agency(self) -> int:
        """The agency's id for filters; 0, which is nobody's, for those who serve in none."""
        return self.agency_id or 0

    @property
    def account(self) -> int:
        """The account's id for filters; 0, which is nobody's, for those without one."""
        return self.account_id or 0

    @property
    def label(self) -> str:
        """How the trail names this actor: agency and name."""
        return f"{self.agency_name} {self.name}".strip()


@dataclass(frozen=True, slots=True)
class BlobRef:
    """A stored file's content: its address is its SHA-256; the name is what the sender called it, made harmless."""

    blob_id: int
    sha256: str
    size_bytes: int
    media_type: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier call with the same idempotency key answered."""

    answer: dict[str, object]


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why something may not pass a gate yet: a stable code, a sentence for the person, the clause it comes from."""

    code: str
    text: str
    clause: str = ""


# --- the chain ---------------------------------------------------------------------------------------
class FaultKind(StrEnum):
    """What can be wrong with a chain, a stored file, or what was published."""

    DAY_MISSING = "day_missing"
    DAY_DIGEST = "day_digest"
    DAY_PREVIOUS = "day_previous"
    DAY_HEAD = "day_head"
    LINK_MISSING = "link_missing"
    LINK_EXTRA = "link_extra"
    ENTRY_MISSING = "entry_missing"
    CONTENT = "content"
    DIGEST = "digest"
    LINK = "link"
    ORDER = "order"
    REPLACED = "replaced"
    UNLINKED = "unlinked"
    STATE = "state"
    PUBLISHED = "published"
    FILE_MISSING = "file_missing"
    FILE_SEAL = "file_seal"
    FILE_SIZE = "file_size"
    FILE_SHA256 = "file_sha256"
    FILE_SM3 = "file_sm3"


FAULT_TEXT = {
    FaultKind.DAY_MISSING: "缺了这一天的摘要",
    FaultKind.DAY_DIGEST: "当天的摘要和当天的条数、链头对不上",
    FaultKind.DAY_PREVIOUS: "没有接在前一天的摘要后面",
    FaultKind.DAY_HEAD: "当天的链头和最后一条的链值对不上",
    FaultKind.LINK_MISSING: "链上缺了这一条",
    FaultKind.LINK_EXTRA: "链上多出一条，不属于任何一天",
    FaultKind.ENTRY_MISSING: "链上有，记录没有了",
    FaultKind.CONTENT: "记录的内容被改过",
    FaultKind.DIGEST: "记录的摘要被改过，内容没有变",
    FaultKind.LINK: "链值被改过，记录没有变",
    FaultKind.ORDER: "顺序被调换",
    FaultKind.REPLACED: "记录和入链时不是同一条",
    FaultKind.UNLINKED: "有记录，链上没有",
    FaultKind.STATE: "链的状态被改过或不见了",
    FaultKind.PUBLISHED: "和公布过的当天摘要不同",
    FaultKind.FILE_MISSING: "文件不见了",
    FaultKind.FILE_SEAL: "文件打不开：内容被改过，或者密钥不对",
    FaultKind.FILE_SIZE: "文件大小变了",
    FaultKind.FILE_SHA256: "文件内容和 SHA-256 不符",
    FaultKind.FILE_SM3: "文件内容和 SM3 摘要不符",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong: what, on which day, at which place, in which entry or file."""

    kind: FaultKind
    day: date | None = None
    place: int | None = None
    entry_id: int | None = None
    name: str = ""

    @property
    def text(self) -> str:
        """One line for people."""
        where = [self.day.isoformat()] if self.day else []
        where += [f"第 {self.place} 条"] if self.place else []
        where += [f"记录 {self.entry_id}"] if self.entry_id else []
        where += [self.name] if self.name else []
        return f"{' '.join(where)}：{FAULT_TEXT[self.kind]}"


class LinkRow(NamedTuple):
    """A link with the fields of its entry, all None when the entry is gone; `changes` is JSON text."""

    place: int
    entry_id: int
    chain: str
    digest: str | None
    at: datetime | None
    verb: str | None
    subject_type: str | None
    subject_id: str | None
    actor_kind: str | None
    actor_id: int | None
    actor_name: str | None
    agency_id: int | None
    via: str | None
    changes: str | None

    def fields(self) -> dict[str, Any]:
        """What the entry's digest covers; the entry's number is the database's own and carries no meaning."""
        return {
            "at": self.at,
            "verb": self.verb,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "actor_kind": self.actor_kind,
            "actor_id": self.actor_id,
            "actor_name": self.actor_name,
            "agency_id": self.agency_id,
            "via": self.via,
            "changes": json.loads(self.changes or "null"),
        }


@dataclass(frozen=True, slots=True)
class Stretch:
    """Places of a day that are checked in one look.

    `start` is the value that the day begins from, `end` the head that its last place must reach.
    """

    day: date
    first: int
    last: int
    start: str
    end: str = ""


@dataclass(frozen=True, slots=True)
class DayView:
    """One day of the chain; an open day has no digest yet."""

    day: date
    count: int
    previous: str
    head: str
    digest: str = ""
    closed_at: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more can be linked to the day."""
        return self.closed_at is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: how far it looked, and the first thing that is wrong."""

    what: Literal["chain", "files"]
    since: date | None = None
    until: date | None = None
    looked: int = 0
    waiting: int = 0
    head: str = ""
    fault: Fault | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.fault is None


@dataclass(frozen=True, slots=True)
class Proof:
    """That one entry is in the chain: what happened when, where it stands, and whether it still fits."""

    at: datetime
    text: str
    digest: str
    day: date | None
    place: int | None
    chain: str
    closed: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the chain is behind the trail; `waiting` is counted up to a thousand."""

    waiting: int
    oldest_at: datetime | None
    day: date | None


@dataclass(frozen=True, slots=True)
class YearPart:
    """One year of a table that is parted by year; no year where rows of before or between the years lie.

    Units:  bytes; an empty tablespace is the database's own
    """

    table: str
    name: str
    year: int | None
    rows: int
    data_bytes: int
    index_bytes: int
    tablespace: str


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What the audit administrator searches by; empty parts do not narrow."""

    subject_type: str = ""
    subject_id: str = ""
    actor_id: int | None = None
    actor_name: str = ""
    verb: str = ""
    since: date | None = None
    until: date | None = None


#: What is deleted when the disk fills, in this order, with what it is called; nothing else ever is.
SHED_TEXT = {
    "logs": "旧日志文件",
    "temporary": "没用完的临时文件",
    "delivered": "七天前已送达的通知记录",
    "answers": "七天前的防重复提交记录",
}


#: fine; warn: told of; shed: what is only convenience is deleted; stop: files are taken in no more.
Pressure = Literal["fine", "warn", "shed", "stop"]


@dataclass(frozen=True, slots=True)
class Disk:
    """Free and whole space of a disk in bytes, and how pressing that is."""

    free: int
    total: int
    pressure: Pressure


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One thing that failed, as operators read it in the morning, and what to do about it."""

    code: str
    text: str
    todo: str = ""
