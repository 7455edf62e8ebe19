"""Help for anyone's tests: made-up identity numbers, residents, actors."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from weimin.kernel.accounts.actions import ensure_resident_account
from weimin.kernel.accounts.testing import AT
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor
from weimin.kernel.residents.actions import record_read, register_resident

TOWN = "340321113000"
CLERK = Actor(
    kind="staff",
    name="张伟",
    via="desk",
    account_id=9001,
    officer_id=1,
    post_id=1,
    agency_id=1,
    agency_name="榴城镇便民服务中心",
    division_code=TOWN,
    roles=frozenset({"front_desk"}),
)


def make_id_number(birth: date = date(1900, 3, 5), serial: int = 2, region: str = "340321") -> str:
    """A made-up identity number with a right check digit; births in 1900 have no living holder."""
    first = f"{region}{birth:%Y%m%d}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights, strict=True)) % 11]


def village(place: int = 0) -> str:
    """A village of the demonstration's township; the city must be loaded."""
    return directory.children_of(TOWN)[place].code


def resident_actor(phone: str = "13900000001", resident_id: int | None = None) -> Actor:
    """Somebody logged in by phone."""
    account = ensure_resident_account(at=AT, phone=phone)
    return Actor(kind="resident", name="", via="portal", account_id=account.pk, resident_id=resident_id)


def register(by: Actor = CLERK, **more: Any) -> int:
    """Register 王秀英, or somebody else; gives the id."""
    person = {
        "name": "王秀英",
        "id_number": make_id_number(),
        "phone": "13900000001",
        "division_code": village(),
    }
    return register_resident(by=by, at=AT, **(person | more))


def look(*people: int, by: Actor = CLERK, at: datetime = AT, matter: str = "", **more: Any) -> int:
    """Somebody looked at some people's data; gives the entry's id."""
    entry = record_read(
        by=by, at=at, shown=[(one, matter) for one in people], **({"why": "办理", "path": "desk:case"} | more)
    )
    assert entry is not None
    return entry
