"""Words of accounts that cross the border: limits, sessions as their owner sees them, proven identities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: How somebody proved who they are, as the record and the page of sessions say it.
WAYS = {
    "password": "口令",
    "totp": "验证器",
    "webauthn": "通行密钥",
    "recovery_codes": "恢复码",
    "code": "短信验证码",
    "city": "市统一身份认证",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times in so many seconds; after a burst of `count`, one each `seconds / count`."""

    count: int
    seconds: int

    @property
    def step(self) -> float:
        """Seconds that one use takes up."""
        return self.seconds / self.count


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One session of an account as its owner sees it."""

    session_id: str
    device: str
    began_at: datetime
    seen: str
    ways: str
    here: bool


@dataclass(frozen=True, slots=True)
class FactorLine:
    """One second factor of an account."""

    factor_id: int
    kind: str
    name: str
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class CityIdentity:
    """What the city's identity provider said of somebody; empty where it said nothing, or nothing verified."""

    issuer: str
    subject: str
    phone: str = ""
    name: str = ""
    id_number: str = ""
