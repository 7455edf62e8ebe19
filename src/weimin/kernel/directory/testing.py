"""Help for anyone's tests: somebody in a post, and the shipped list without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from weimin.kernel.directory import actions, queries
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
LOADER = Actor.system("装入程序", via="cli")
CITY = "340300000000"
COUNTY = "340321000000"
TOWN = "340321113000"


@cache
def shipped() -> tuple[dict[str, str], ...]:
    """The rows of the shipped list of places."""
    return tuple(actions.read_divisions())


def shipped_codes(level: str) -> list[str]:
    """The codes of one level of the shipped list."""
    return [row["code"] for row in shipped() if row["level"] == level]


def body(rule: str = "township", lead: str = "民政局", town: str = TOWN) -> int:
    """The agency that a rule means; there must be one."""
    found = queries.resolve_agency(rule=rule, township_code=town, lead_key=lead)
    assert found is not None
    return found


def put_in_post(
    agency_id: int, *roles: str, at: datetime = AT, account_id: int | None = None, name: str = "演示李娜"
) -> tuple[int, int]:
    """Register somebody and appoint them; gives the officer's and the post's id."""
    officer = actions.add_officer(by=LOADER, at=at, name=name, account_id=account_id)
    post = actions.appoint(
        by=LOADER, at=at, officer_id=officer, agency_id=agency_id, roles=roles or ("reviewer",), title="承办人员"
    )
    return officer, post
