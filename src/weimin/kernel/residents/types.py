"""Values of residents that cross the border."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


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


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One look at a person's data, in words for that person."""

    at: datetime
    who: str
    why: str
    subject: str
