"""Limits kept in PostgreSQL: one row a limit and whom it counts, one atomic statement a try; for pages that write
nothing, in the process.

The generic cell rate algorithm: a row holds the moment at which the limit is whole again. A try moves it on by one
step; when that would carry it further than the limit's span from now, the try is refused and the row stays. Equal
tries at one moment wait for each other on the row, so none slips through.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from weimin.base import crypto
from weimin.base.errors import TooOften
from weimin.kernel.accounts.models import Allowance
from weimin.kernel.accounts.rules import parse_rates, wait_words
from weimin.kernel.accounts.types import Rate
from weimin.kernel.record import access as wall
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

# No try leads further than the span from its moment. A row an hour beyond that was written by a clock that has been set
# back since: nobody is kept out until the clock comes there again; the limit counts as used up just now.
_FULL_AT = """CASE WHEN accounts_allowance.full_at > %(at)s + %(span)s + interval '1 hour' THEN %(at)s + %(span)s
    ELSE GREATEST(accounts_allowance.full_at, %(at)s) + %(step)s END"""
_SPEND = f"""
INSERT INTO accounts_allowance (key, full_at) VALUES (%(key)s, %(at)s + %(step)s)
ON CONFLICT (key) DO UPDATE SET full_at = {_FULL_AT}
WHERE {_FULL_AT} <= %(at)s + %(span)s
RETURNING 1
"""  # noqa: S608 — both parts are ours
#: When a limit is whole again, by limit and asker, as far as this process counts.
_here: OrderedDict[bytes, datetime] = OrderedDict()
_MOST_HERE = 20_000


def _key(limit: str, who: str, rate: Rate) -> bytes:
    return crypto.blind_index(f"{limit}|{rate.count}/{rate.seconds}|{who}", purpose="accounts.rate")


def spend(*, limit: str, who: str, at: datetime) -> None:
    """Use one of what a limit of `WEIMIN_RATES` grants to somebody now.

    It counts whatever becomes of the request, and holds nobody else up until that ends. On a standby, where nothing can
    be written, each process counts for itself: so many processes, so many times the limit.

    Raises: TooOften — nothing is left; says how long to wait
    Cost:   one statement a rate of the limit
    """
    if settings.WEIMIN_READ_GROUP:
        return spend_here(limit=limit, who=who, at=at)
    rates = parse_rates(settings.WEIMIN_RATES[limit])
    if len(rates) == 1:
        with wall.at_once():
            return _spend_one(limit, who, rates[0], at)
    with transaction.atomic():  # refused by one, used up in none
        for rate in rates:
            _spend_one(limit, who, rate, at)
    return wall.keep()


def _spend_one(limit: str, who: str, rate: Rate, at: datetime) -> None:
    key = _key(limit, who, rate)
    step, span = timedelta(seconds=rate.step), timedelta(seconds=rate.seconds)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"key": key, "at": at, "step": step, "span": span}
        cursor.execute(_SPEND, values)
        if cursor.fetchone():
            return
        cursor.execute("SELECT full_at FROM accounts_allowance WHERE key = %s", [key])
        row = cursor.fetchone()
    raise _too_often(row[0] + step - span - at if row else timedelta())


def spend_here(*, limit: str, who: str, at: datetime) -> None:
    """Use one of what a limit grants, counted by this process alone: for pages that may come from a standby.

    With more processes somebody has as many times the limit, and a new process begins anew: it stops floods of a page
    that anybody may read, and guards no secret.

    Raises: TooOften — nothing is left; says how long to wait
    Cost:   writes nothing; the counts of 20,000 askers at most, the ones not seen longest go first
    """
    moved: dict[bytes, datetime] = {}
    for rate in parse_rates(settings.WEIMIN_RATES[limit]):
        key, step, span = _key(limit, who, rate), timedelta(seconds=rate.step), timedelta(seconds=rate.seconds)
        held = _here.get(key, at)
        # no try leads further than the span: what lies beyond was counted by a clock that has been set back since
        moved[key] = (at if held > at + span else max(held, at)) + step
        if moved[key] > at + span:
            raise _too_often(moved[key] - span - at)
    for key, full_at in moved.items():
        _here[key] = full_at
        _here.move_to_end(key)
    while len(_here) > _MOST_HERE:
        _here.popitem(last=False)


def forget_here() -> None:
    """Count anew in this process; for tests."""
    _here.clear()


def _too_often(wait: timedelta) -> TooOften:
    seconds = max(1, ceil(wait.total_seconds()))
    return TooOften(f"试的次数太多，请过 {wait_words(seconds)}再试。", wait_seconds=seconds, code="accounts.too_often")


def give_back(*, limit: str, who: str, at: datetime) -> None:
    """Give back one use: the try was good, and only bad ones count.

    Cost:   one statement a rate of the limit
    """
    with connection.cursor() as cursor:
        for rate in parse_rates(settings.WEIMIN_RATES[limit]):
            values: list[Any] = [timedelta(seconds=rate.step), _key(limit, who, rate), at]
            cursor.execute(
                "UPDATE accounts_allowance SET full_at = full_at - %s WHERE key = %s AND full_at > %s", values
            )


def note_held(*, by: Actor, at: datetime, account_id: int, known_device: bool) -> None:
    """Write down that tries at an account are being held off; at most once in a quarter of an hour.

    Cost:   one statement; one insert when it is written
    """
    try:
        spend(limit="held", who=f"{account_id}|{known_device}", at=at)
    except TooOften:
        return
    record_audit(
        by=by,
        at=at,
        verb="accounts.login.held",
        subject_type="account",
        subject_id=account_id,
        changes={"known_device": known_device},
    )


def forget_used_up(*, at: datetime) -> int:
    """Delete rows whose limit is whole again: they say nothing that no row would not say."""
    return Allowance.objects.filter(full_at__lte=at).delete()[0]
