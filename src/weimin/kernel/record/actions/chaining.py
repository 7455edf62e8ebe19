"""Links audit entries into the chain, and closes days; the worker's loop calls it every second or so.

Writers take no part, so they never wait for each other. An entry carries the number of the transaction that
wrote it. Below the oldest number still at work every transaction has ended: what can be seen there is
complete and stays as it is, so it is linked in the order of those numbers. One linker works at a time.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from weimin.base.clock import local_date
from weimin.kernel.record import rules
from weimin.kernel.record.actions.stores import raise_edition
from weimin.kernel.record.models import AuditDay, ChainState

#: How many entries one pass links.
BATCH = 5000
#: The number of the advisory lock that only one linker holds.
_LOCK = 7_034_640_001
# Entries come in the order of an index of each year, merged. What was written since the last ANALYZE looks like no rows
# to the planner, which would rather read and sort all of it anew for every batch: after a long standstill, millions.
_BEGIN = "SELECT pg_try_advisory_xact_lock(%s), set_config('enable_sort', 'off', true)"
_SETTLED = """
    SELECT e.xid, e.id, e.digest
    FROM record_auditentry e
    WHERE (e.xid, e.id) > (%s, %s) AND e.xid < %s
    ORDER BY e.xid, e.id LIMIT %s
"""
#: Asked of a whole batch at once: one walk through each year's index, where a look a row is one into each year.
_LINKED = "SELECT entry_id FROM record_auditlink WHERE entry_id = ANY (%s)"
_FOREIGN = """
    SELECT e.xid, e.id, e.digest
    FROM record_auditentry e LEFT JOIN record_auditlink l ON l.entry_id = e.id
    WHERE l.entry_id IS NULL AND (e.xid < %s OR e.xid >= %s)
    ORDER BY e.xid, e.id LIMIT %s
"""
_INSERT = """
    INSERT INTO record_auditlink (entry_id, day, place, chain)
    SELECT entry, %s, %s + nth, chain
    FROM unnest(%s::bigint[], %s::varchar[]) WITH ORDINALITY AS new (entry, chain, nth)
"""


def chain_entries(*, at: datetime, batch: int = BATCH) -> int:
    """Close the days that are over and link the entries whose transactions have all ended; one batch.

    Returns at once when another process is at it. Killed at any moment, it leaves nothing half done: a pass is
    one transaction.

    Shape:  how many entries were linked; less than `batch` when no more are settled
    Cost:   six queries, one insert a batch
    """
    return link_below(at=at, batch=batch, below=None)


def link_below(*, at: datetime, batch: int, below: int | None) -> int:
    """`chain_entries`, with the first transaction number that is not settled given by a test."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BEGIN, [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint, system_identifier::text"
            " FROM pg_current_snapshot() s, pg_control_system()"
        )
        oldest, newest, system = cursor.fetchone()
        state = ChainState.objects.first() or _begin(local_date(at), system)
        _close_days(state, at)
        if system == state.system:
            rows = _link_settled(cursor, state, batch=batch, below=oldest if below is None else below)
        else:
            rows = _link_foreign(cursor, state, batch=batch, oldest=oldest, newest=newest, system=system)
    return rows


def _begin(today: date, system: str) -> ChainState:
    """The state before the first entry; from this day on every day is closed."""
    state = ChainState(pk=1, begun_on=today, day=today, place=0, settled_xid=0, settled_id=0, system=system)
    state.previous = state.head = rules.GENESIS
    state.save()
    return state


def _close_days(state: ChainState, at: datetime) -> None:
    """Close every day that is over, days without entries too; a clock set back opens none again."""
    closed = []
    while state.day < local_date(at):
        parts: dict[str, Any] = {"day": state.day, "count": state.place, "previous": state.previous, "head": state.head}
        closed.append(AuditDay(**parts, digest=rules.day_digest(**parts), closed_at=at))
        state.previous = state.head = closed[-1].digest
        state.day, state.place = state.day + timedelta(days=1), 0
    if closed:
        AuditDay.objects.bulk_create(closed, batch_size=1000)
        raise_edition(at=at)
        state.save()


def _link_settled(cursor: Any, state: ChainState, *, batch: int, below: int) -> int:
    """Link what lies between the last link and the oldest transaction still at work."""
    cursor.execute(_SETTLED, [state.settled_xid, state.settled_id, below, batch])
    rows = cursor.fetchall()
    if rows:
        # what came with another server's numbers may have been linked already
        cursor.execute(_LINKED, [[entry for _, entry, _ in rows]])
        linked = {entry for (entry,) in cursor.fetchall()}
        _link(cursor, state, [(entry, digest) for _, entry, digest in rows if entry not in linked])
        state.settled_xid, state.settled_id = rows[-1][:2]
        state.save()
    return len(rows)


def _link_foreign(cursor: Any, state: ChainState, *, batch: int, oldest: int, newest: int, system: str) -> int:
    """Link what was not linked when the data moved to another server, whose transaction numbers begin anew.

    Numbers from `newest` on were given by the former server; afterwards the usual order goes on from here.
    """
    cursor.execute(_FOREIGN, [oldest, newest, batch])
    rows = cursor.fetchall()
    _link(cursor, state, [(entry, digest) for _, entry, digest in rows])
    if len(rows) < batch:
        state.system, state.settled_xid, state.settled_id = system, oldest - 1, 2**63 - 1
    state.save()
    return len(rows)


def _link(cursor: Any, state: ChainState, entries: list[tuple[int, str]]) -> None:
    """Link entries to the open day, after the last link."""
    if entries:
        chain = rules.chain_all(state.head, (digest for _, digest in entries))
        cursor.execute(_INSERT, [state.day, state.place, [entry for entry, _ in entries], chain])
        state.place, state.head = state.place + len(entries), chain[-1]
