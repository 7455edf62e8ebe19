"""Bringing the tables to this version while the service runs: never waiting long for a lock, one machine at a time.

A change of a table waits for whoever reads it, and everybody who comes later waits behind the change. So it gives up
after a few seconds, lets them by, and tries again. What would hold a lock long, once it has it, is refused by
`tests/architecture/test_migrations.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg.errors
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from weimin.base.errors import NotReady

#: So long a change waits for its lock; so long everybody else waits at worst.
LOCK_SECONDS = 3
#: How long it then lets them by; after the last try it gives up.
RESTS = (2, 5, 10, 20, 30, 60, 60)
#: Two machines that are upgraded at once do it one after the other.
_ONE_AT_A_TIME = 7_042_011

log = logging.getLogger("weimin.migrating")
T = TypeVar("T")


class TableBusy(NotReady):
    """A table was in use each time that a migration tried to change it."""

    code = "config.table_busy"


def _was_locked(fault: BaseException) -> bool:
    return isinstance(fault.__cause__ or fault, psycopg.errors.LockNotAvailable)


def patiently(change: Callable[[], T], *, what: str, rest: Callable[[float], object] = time.sleep) -> T:
    """Make a change that gives up on a lock, again and again with rests between.

    Raises: TableBusy — also the last try met a lock
    """
    for seconds in (*RESTS, None):
        try:
            return change()
        except (DatabaseError, psycopg.Error) as fault:
            if not _was_locked(fault):
                raise
            if seconds is None:
                raise TableBusy(f"{what} 要改的表一直有人在用，没有改成；什么也没变，请在人少时再运行一次。") from fault
            log.warning("%s met a lock and tries again in %s s", what, seconds)
            rest(seconds)
    raise AssertionError("unreachable")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold off other machines; the lock belongs to the connection and dies with it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_AT_A_TIME])


def _wait_for_locks_at_most(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{seconds}s"])


def drop_half_made_indexes() -> list[str]:
    """Drop indexes that an interrupted CREATE INDEX CONCURRENTLY left: they cost writes and serve nobody.

    Shape:  their names; those of parted tables are left alone, they are made valid part by part
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE NOT i.indisvalid AND c.relkind = 'i' AND NOT c.relispartition"
            " AND n.nspname = current_schema()"
        )
        names = [row[0] for row in cursor.fetchall()]
        for name in names:
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
    return names


def list_pending() -> list[Migration]:
    """What this version's migrations still ask for, in their order."""
    executor = MigrationExecutor(connection)
    return [one for one, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def bring_up() -> None:
    """Carry out what this version's migrations ask for; nothing when nothing is left.

    On an empty database in one go. Otherwise one by one: each that is one transaction with a short wait for locks,
    those that build indexes beside running writes without, since they have to wait for every transaction before them.

    Raises: TableBusy — a table was in use each time; what was done before stays, run it again
    """
    if not MigrationRecorder(connection).applied_migrations():
        call_command("migrate", verbosity=0, interactive=False)
        return
    if not list_pending():
        return
    with _alone():
        for migration in list_pending():  # asked again: another machine may have done it meanwhile
            _carry_out(migration.app_label, migration.name, whole=migration.atomic)


def _carry_out(app: str, name: str, *, whole: bool) -> None:
    _wait_for_locks_at_most(LOCK_SECONDS if whole else 0)
    try:
        if not whole:
            drop_half_made_indexes()
        patiently(lambda: call_command("migrate", app, name, verbosity=0, interactive=False), what=f"{app}.{name}")
    finally:
        _wait_for_locks_at_most(0)
