"""Who acts, and the small values that every package passes around."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ActorKind = Literal["resident", "staff", "client", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does or looks, in which post, through which door. Staff act in one post at a time."""

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
