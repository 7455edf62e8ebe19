"""The clocks of the gate: opened with a dated parameter, stopped with the answer."""

from __future__ import annotations

from datetime import date, datetime

from weimin.base.clock import local_date
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.types import ClockSpec
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

#: Whose office decides on tasks: the secretariat of the county's leading group.
OFFICE_KEY = "编办"


def open_limit(
    *,
    by: Actor,
    at: datetime,
    code: str,
    subject: tuple[str, int],
    label: str,
    place: str,
    agency_id: int | None,
    purpose: str = "tasks",
) -> tuple[int, date | None]:
    """Open a clock with the limit of the day; gives its id and the day that people are told.

    Cost:   about three queries
    """
    clock = deadlines.open_dated(
        by=by,
        at=at,
        code=code,
        spec=ClockSpec(
            purpose=purpose,
            subject=(subject[0], str(subject[1])),
            start_date=local_date(at),
            label=label[:60],
            agency_id=agency_id,
            place=place,
        ),
    )
    return clock.clock_id, clock.shown


def stop_limit(*, by: Actor, at: datetime, clock_id: int | None) -> None:
    """Stop a clock, where there is one, on the day of the answer."""
    if clock_id is not None:
        deadlines.stop_clock(by=by, at=at, clock_id=clock_id, on=local_date(at))


def office_of(county: str) -> int | None:
    """The body in which the leading group's office of a county sits."""
    found = [one.pk for one in directory.list_agencies(division_code=county) if OFFICE_KEY in one.lead_keys]
    return found[0] if found else None
