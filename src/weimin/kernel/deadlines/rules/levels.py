"""How near a clock is to its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from weimin.base.clock import day_start
from weimin.kernel.deadlines.types import Level


def level_on(
    day: date, *, yellow_on: date | None, red_on: date | None, promise: date | None, law: date | None
) -> Level:
    """The level of a clock on a day: the last day itself is still in time.

    Law:    mfd-2020 art. 1259
    """
    if law is not None and day > law:
        return Level.LAW
    if promise is not None and day > promise:
        return Level.PROMISE
    if red_on is not None and day >= red_on:
        return Level.RED
    if yellow_on is not None and day >= yellow_on:
        return Level.YELLOW
    return Level.GREEN


def next_moment(
    day: date, *, yellow_on: date | None, red_on: date | None, promise: date | None, law: date | None
) -> datetime | None:
    """The first moment after a day at which the level changes; None when it never does."""
    ends = [one + timedelta(days=1) for one in (promise, law) if one is not None]
    coming = [one for one in (yellow_on, red_on, *ends) if one is not None and one > day]
    return day_start(min(coming)) if coming else None
