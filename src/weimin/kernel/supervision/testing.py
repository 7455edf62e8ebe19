"""Help for anyone's tests of supervision: who watches from where, clocks that run out, what the worker does."""

from __future__ import annotations

import html
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.test import Client

from weimin.base.clock import local_date
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import ClockSpec, Level, Limit
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.record import actions as record
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.actions.tallying import fold_figures
from weimin.kernel.supervision.models import OverrunReason, Warning

COUNTY, OTHER_COUNTY, CITY = "340321000000", "340302000000", "340300000000"
SYSTEM = Actor.system("测试")
#: The working days of a limit of ten, promised in five, after which each level is reached.
WORKED = {Level.YELLOW: 4, Level.RED: 5, Level.PROMISE: 6, Level.LAW: 11}


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks at warnings from where."""

    clerk: Actor
    colleague: Actor
    elsewhere: Actor
    leader: Actor
    office: Actor
    county_leader: Actor
    county: Actor
    other_county: Actor
    city: Actor


def browse(actor: Actor) -> Client:
    """A browser in which somebody is logged in."""
    client = Client()
    account = Account.objects.get(pk=actor.account)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(answer: Any) -> str:
    """A page's source with its entities resolved."""
    return html.unescape(answer.content.decode())


def agency_of(code: str) -> int:
    """A body by its code: 340321113000-centre."""
    return next(one.pk for one in places.list_agencies(division_code=code[:12]) if one.code == code)


def serve(at: datetime, code: str, *roles: str) -> Actor:
    """Somebody in a post of a body; they log in by nothing but a test's own door."""
    name = f"演示{secrets.token_hex(3)}"
    account = accounts.create_staff_account(
        by=SYSTEM, at=at, username=f"s-{secrets.token_hex(6)}", name=name, password_hash="!"
    )
    person = directory.add_officer(by=SYSTEM, at=at, name=name, account_id=account)
    directory.appoint(by=SYSTEM, at=at, officer_id=person, agency_id=agency_of(code), roles=roles, title="演示")
    return places.get_actor_for_account(account_id=account, post_id=None, at=at, via="desk")


def make_watch(at: datetime) -> Watch:
    """Clerks of two townships, leaders of a township and a county body, supervisors of two counties and the city."""
    return Watch(
        clerk=serve(at, f"{TOWN}-centre", "front_desk"),
        colleague=serve(at, f"{TOWN}-social", "reviewer"),
        elsewhere=serve(at, f"{OTHER_TOWN}-centre", "front_desk"),
        leader=serve(at, f"{TOWN}-gov", "leader"),
        office=serve(at, f"{COUNTY}-d01", "reviewer"),
        county_leader=serve(at, f"{COUNTY}-d01", "leader"),
        county=serve(at, f"{COUNTY}-d18", "supervisor"),
        other_county=serve(at, f"{OTHER_COUNTY}-d18", "supervisor"),
        city=serve(at, f"{CITY}-d18", "supervisor"),
    )


def look(at: datetime) -> None:
    """What the worker does at a moment: thresholds of clocks first, then what law does by itself."""
    while deadlines.attend_clocks(at=at):
        pass
    while cases.attend_due(at=at):
        pass


def count_figures(at: datetime) -> None:
    """What the worker does a second later: what waits is told, and what changed is counted."""
    while record.deliver_outbox(at=at):
        pass
    while fold_figures(at=at):
        pass


def run_clocks(
    at: datetime,
    numbers: Iterable[str],
    *,
    body: str = f"{TOWN}-centre",
    place: str = TOWN,
    start: date | None = None,
    law: int | None = 10,
    promise: int | None = 5,
    **fields: Any,
) -> list[int]:
    """Open a clock of a body for each number; gives their ids."""
    values: dict[str, Any] = {"purpose": "handle", "regime": "service", **fields}
    kind = values.pop("kind", "test")
    specs = [
        ClockSpec(
            subject=(kind, number),
            start_date=start or local_date(at),
            statutory=Limit(law, "workday", "xkl-2019 art. 42") if law else None,
            committed=Limit(promise, "workday", "承诺时限") if promise else None,
            agency_id=agency_of(body),
            place=place,
            **values,
        )
        for number in numbers
    ]
    opened = deadlines.turn_clocks(by=SYSTEM, at=at, stop=(), on=local_date(at), specs=specs)
    return [one.clock_id for one in opened]


def started(at: datetime, *, worked: int) -> date:
    """The day from which so many working days have gone by."""
    day, works = local_date(at), limits.get_calendar().works
    while worked:
        worked -= works(day)
        day -= timedelta(days=1)
    return day


def warn(at: datetime, number: str = "1", *, level: Level = Level.YELLOW, **fields: Any) -> Warning:
    """The warning of a level by a clock of its own, which came just this far; the lower ones are there too."""
    (clock,) = run_clocks(at, [number], start=started(at, worked=WORKED[level]), **fields)
    return Warning.objects.get(clock_id=clock, level=level)


def owe_reason(at: datetime, number: str, *, level: Level = Level.PROMISE, **fields: Any) -> OverrunReason:
    """The duty to explain the overrun of a matter, by a clock of its own that passed its promise or the law."""
    late = warn(at, number, level=level, kind="case", **fields)
    return OverrunReason.objects.get(subject_clock_id=late.clock_id)
