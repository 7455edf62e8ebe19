"""The second wall: PostgreSQL is told who acts, and its row policies decide which rows there are at all.

The first wall are the packages' own `access` modules: each query filters by its viewer. This one stands behind
them. A unit of work is one transaction; in it the database role becomes `weimin_app`, which is under the row
policies that the packages' migrations wrote, and the settings that these policies read say who acts. All of it is
local to the transaction: nothing stays on a connection, so a pooler may hand it to anybody afterwards.

PostgreSQL is told in front of the first statement that follows, in the same message: it costs no round trip, and a
request that asks nothing costs nothing.
The platform itself (worker, command line, loading) never stands behind this wall.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from psycopg import ClientCursor
from psycopg.pq import TransactionStatus

from weimin.base.identifiers import place_prefix
from weimin.kernel.record.types import MAY_BREAK_GLASS, Actor

#: The database role that web processes act as.
ROLE = "weimin_app"
#: What the policies read. Empty opens nothing: each non-empty one opens rows.
SETTINGS = ("kind", "account", "resident", "place", "agencies", "roles", "sought_person", "sought_case")

Told = dict[str, str]


class _Standing(threading.local):
    """Who acts on this thread's connection; None is the platform.

    `told` is what PostgreSQL was told last; when that may have been taken back since, it is `stale`.
    """

    def __init__(self) -> None:
        self.now: Told | None = None
        self.told: Told | None = None
        self.stale = False
        self.inside = 0
        self.depth = 0


_standing = _Standing()


def settings_of(actor: Actor, *, entrance: bool = False) -> Told:
    """What the policies are told of an actor.

    Shape:  the names of SETTINGS; '' where the actor has nothing. At the entrance (log-in pages) accounts can be
            looked up before anybody is known; nothing else opens by it
    """
    serves = actor.is_staff and actor.agency_id is not None
    handles = serves and not actor.is_administrator
    place = actor.division_code if handles else actor.glass_place if actor.roles & MAY_BREAK_GLASS else ""
    return {
        "kind": "entrance" if entrance else actor.kind,
        "account": str(actor.account_id or ""),
        "resident": str(actor.resident_id or "") if actor.kind == "resident" else "",
        "place": place_prefix(place) if serves and place else "",
        "agencies": f"{{{actor.agency_id}}}" if handles else "",
        "roles": f"{{{','.join(sorted(actor.roles))}}}" if serves and actor.roles else "",
        "sought_person": "",
        "sought_case": "",
    }


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction in which `act_as` may say who acts; what was before comes back at its end.

    Cost:   no statement of its own when nothing is asked of the database in it
    """
    now, told, stale, depth = _standing.now, _standing.told, _standing.stale, _standing.depth
    _standing.inside += 1
    try:
        with transaction.atomic():
            _standing.depth = len(connection.atomic_blocks)
            try:
                yield
            finally:
                # the end of a transaction needs no telling, and a broken one bears none
                _watch(never=True)
        # inside another transaction the settings outlive this one; undone with a failure they do not
        if connection.in_atomic_block and not connection.needs_rollback and (_standing.stale or _standing.told != told):
            _tell(told)
    finally:
        _standing.inside -= 1
        _standing.now, _standing.told, _standing.stale, _standing.depth = now, told, stale, depth
        _watch()


@contextmanager
def acting(actor: Actor, *, entrance: bool = False) -> Iterator[None]:
    """A unit of work of one actor.

    Cost:   no round trip of its own; one at the end where it stands inside another transaction
    """
    with unit_of_work():
        act_as(actor, entrance=entrance)
        yield


def act_as(actor: Actor, *, entrance: bool = False) -> None:
    """From here to the end of the unit of work this actor acts; the platform itself has no wall.

    Cost:   no round trip: it goes before the next query
    """
    if not _standing.inside:
        raise RuntimeError("who acts is said inside a unit of work")
    _standing.now = None if actor.kind == "system" else settings_of(actor, entrance=entrance)
    _watch()


def seek(*, person: bytes | None = None, case: str | None = None) -> None:
    """Let the rest of the unit of work see the one person of a blind index, or the one matter of a number.

    For exact look-ups only, by somebody who gave the whole number; where no wall stands it does nothing.

    Cost:   no round trip: it goes before the next query
    """
    if _standing.now is None:
        return
    sought = {"sought_person": person.hex() if person else "", "sought_case": case or ""}
    _standing.now = _standing.now | {name: value for name, value in sought.items() if value}
    # a savepoint that was rolled back since may have taken an earlier telling with it
    _standing.stale = True
    _watch()


def undo() -> None:
    """Take back everything that the unit of work wrote, so that an error's answer can still be made in it.

    Cost:   one statement; who acts is told again before the next query
    """
    if not _standing.inside or connection.connection is None:
        return
    _watch(never=True)
    if not connection.savepoint_ids:
        with connection.wrap_database_errors:
            connection.connection.rollback()
        connection.run_on_commit = []
        connection.needs_rollback = False
    elif connection.savepoint_ids[-1] is not None:
        connection.needs_rollback = False
        connection.savepoint_rollback(connection.savepoint_ids[-1])
    _standing.stale = True
    _watch()


def keep() -> None:
    """Let stay what the unit of work has written so far, whatever becomes of the rest, and give up its locks.

    For what counts although the request fails, as a try at a log-in. Inside another transaction than the unit's own,
    and outside of units, it does nothing.

    Cost:   one statement; who acts is told again before the next query
    """
    if not _standing.inside or connection.connection is None or len(connection.atomic_blocks) != _standing.depth:
        return
    _watch(never=True)
    if not connection.savepoint_ids:
        with connection.wrap_database_errors:
            connection.connection.commit()
        _standing.stale = True
    elif connection.savepoint_ids[-1] is not None:
        connection.savepoint_commit(connection.savepoint_ids[-1])
        connection.savepoint_ids[-1] = connection.savepoint()  # type: ignore[assignment]
    _watch()


@contextmanager
def at_once() -> Iterator[None]:
    """One statement that stays whatever becomes of the unit of work, without its locks: as `keep`, with fewer trips.

    Before the unit's first statement it stands outside of the transaction, by itself and before the wall.
    """
    raw = connection.connection
    idle = raw is not None and raw.info.transaction_status == TransactionStatus.IDLE
    if not _standing.inside or connection.savepoint_ids or raw is None or not idle:
        yield
        keep()
        return
    _watch(never=True)
    raw.autocommit = True
    try:
        yield
    finally:
        raw.autocommit = False
        _watch()


def _telling(what: Told | None) -> str:
    """The statement that tells who acts; what is told are ids, places and numbers of our own making."""
    values = ["none", *[""] * len(SETTINGS)] if what is None else [ROLE, *(what[name] for name in SETTINGS)]
    pairs = zip(("role", *(f"weimin.{name}" for name in SETTINGS)), values, strict=True)
    return "SELECT " + ", ".join("set_config('{}', '{}', true)".format(k, v.replace("'", "''")) for k, v in pairs)


def _tell(what: Told | None) -> None:
    _watch(never=True)
    with connection.cursor() as cursor:
        cursor.execute(_telling(what))
    _standing.told, _standing.stale = what, False


def _watch(*, never: bool = False) -> None:
    """Have the next statement preceded by the telling, when there is something to tell."""
    wanted = not never and (_standing.now != _standing.told or _standing.stale)
    watchers: list[Any] = connection.execute_wrappers
    if wanted and _before_next not in watchers:
        # first in the list: others take themselves off its end
        watchers.insert(0, _before_next)
    elif not wanted and _before_next in watchers:
        watchers.remove(_before_next)


def _before_next(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Put the telling before a plain statement, in one message; before any other kind it is a message of its own."""
    if isinstance(sql, str) and sql.startswith("ROLLBACK"):
        return execute(sql, params, many, context)  # a broken transaction hears nothing else
    cursor = context["cursor"].cursor
    if many or not isinstance(sql, str) or not isinstance(cursor, ClientCursor):
        _tell(_standing.now)
        return execute(sql, params, many, context)
    _watch(never=True)
    telling = _telling(_standing.now)
    try:
        result = execute(f"{telling if params is None else telling.replace('%', '%%')}; {sql}", params, many, context)
    except BaseException:
        _standing.stale = True
        _watch()
        raise
    cursor.nextset()
    _standing.told, _standing.stale = _standing.now, False
    return result
