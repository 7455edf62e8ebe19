"""Checks of the chain and of the stored files: everything is recomputed, the first thing wrong is named.

A link can be checked from the value before it, so a day falls into stretches that are checked by
themselves, in any process; put together in order they prove the whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection

from weimin.base.clock import day_start
from weimin.base.crypto import SealBroken, sm3_hex
from weimin.base.errors import NotFound
from weimin.kernel.record import rules
from weimin.kernel.record.models import AuditDay, Blob, ChainState
from weimin.kernel.record.queries.stores import open_stored
from weimin.kernel.record.types import DayView, Fault, FaultKind, LinkRow, Stretch, Verdict

#: run(function, arguments): the answers in order, wherever they are worked out
Run = Callable[[Callable[[Stretch], Fault | None], Iterable[Stretch]], Iterable[Fault | None]]
#: progress(done, total)
Progress = Callable[[int, int], None]
# The entries are looked up one by one on purpose: a join over the whole trail would be planned without statistics.
_ROWS = """
    SELECT l.place, l.entry_id, l.chain, e.digest, e.at, e.verb, e.subject_type, e.subject_id, e.actor_kind,
           e.actor_id, e.actor_name, e.agency_id, e.via, e.changes::text
    FROM record_auditlink l
    LEFT JOIN LATERAL (SELECT * FROM record_auditentry WHERE id = l.entry_id OFFSET 0) e ON true
    WHERE l.day = %s AND l.place BETWEEN %s AND %s
    ORDER BY l.place
"""


class ChainUnknown(NotFound):
    """The chain does not reach the day asked for."""

    code = "record.chain_unknown"


def quiet(done: int, total: int) -> None:
    """Tell nobody how far it is."""


def in_turn(check: Callable[[Stretch], Fault | None], stretches: Iterable[Stretch]) -> Iterator[Fault | None]:
    """Work out the answers here, one after the other."""
    return map(check, stretches)


def verify_chain(
    *,
    since: date | None = None,
    published: dict[date, str] | None = None,
    run: Run = in_turn,
    progress: Progress = quiet,
) -> Verdict:
    """Check every entry, link and day from a day on, and name the first thing that is wrong.

    `published` are digests kept outside the database; a day that differs from them is wrong however well
    it fits together. Without `since`, entries without a link are looked for among all that were ever
    written, otherwise among those since the day.

    Raises: ChainUnknown — no chain on that day
    Cost:   reads everything once, 5,000 entries at a time; memory stays flat
    """
    state = ChainState.objects.first()
    if state is None:
        return Verdict("chain", since, waiting=count_waiting(None), fault=_find_remains())
    if since and not state.begun_on <= since <= state.day:
        raise ChainUnknown(f"审计链从 {state.begun_on} 到 {state.day}，没有 {since} 这一天。")
    begins = since or state.begun_on
    walk = _Walk(_days(state), begins, published or {})
    fault = walk.go(run, progress)
    if fault is None:
        fault = _find_extra(state, walk.days) or _find_unlinked(state, begins if since else None)
    return Verdict("chain", since, state.day, walk.looked, count_waiting(state), state.head, fault)


def _days(state: ChainState) -> list[DayView]:
    """The closed days and the open one, as the state read before tells; what is linked meanwhile is left out."""
    closed = AuditDay.objects.filter(day__lt=state.day).order_by("day")
    views = [DayView(one.day, one.count, one.previous, one.head, one.digest, one.closed_at) for one in closed]
    return [*views, DayView(state.day, state.place, state.previous, state.head)]


class _Walk:
    """A walk over days in order: each day's own row, then its stretches."""

    def __init__(self, days: list[DayView], begins: date, published: dict[date, str]) -> None:
        before = [one for one in days if one.day < begins]
        self.days = [one for one in days if one.day >= begins]
        self.begins = begins
        self.previous = before[-1].digest if before else rules.GENESIS
        self.published = published
        self.looked = 0

    def go(self, run: Run, progress: Progress) -> Fault | None:
        """Walk until something is wrong."""
        sound, fault = self._rows()
        stretches = [one for day in sound for one in rules.cut_day(day)]
        total = sum(one.count for one in sound)
        progress(0, total)
        for stretch, found in zip(stretches, run(check_stretch, stretches), strict=True):
            if found:
                return found
            self.looked += stretch.last - stretch.first + 1
            progress(self.looked, total)
        return fault

    def _rows(self) -> tuple[list[DayView], Fault | None]:
        """The days before the first whose own row is wrong, and what is wrong there."""
        expected, previous = self.begins, self.previous
        sound: list[DayView] = []
        for view in self.days:
            kind = rules.check_day(view, expected=expected, previous=previous)
            if kind is None and self.published.get(view.day, view.digest) != view.digest:
                kind = FaultKind.PUBLISHED
            if kind:
                return sound, Fault(kind, expected)
            sound.append(view)
            expected, previous = view.day + timedelta(days=1), view.digest
        gone = min((day for day in self.published if day >= expected), default=None)
        return sound, Fault(FaultKind.PUBLISHED, gone) if gone else None


def check_stretch(stretch: Stretch) -> Fault | None:
    """Recompute one stretch from the rows in the database.

    Cost:   two queries
    """
    with connection.cursor() as cursor:
        before = stretch.start
        if stretch.first > 1:
            cursor.execute(
                "SELECT chain FROM record_auditlink WHERE day = %s AND place = %s", [stretch.day, stretch.first - 1]
            )
            found = cursor.fetchone()
            before = found[0] if found else ""
        cursor.execute(_ROWS, [stretch.day, stretch.first, stretch.last + 1])
        return rules.check_rows([LinkRow(*row) for row in cursor.fetchall()], stretch, before=before)


def _first(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(values))
        return cursor.fetchone()


def _find_remains() -> Fault | None:
    """Without a state there must be no chain at all."""
    found = _first("SELECT 1 WHERE EXISTS (TABLE record_auditlink) OR EXISTS (TABLE record_auditday)")
    return Fault(FaultKind.STATE) if found else None


def _find_extra(state: ChainState, days: list[DayView]) -> Fault | None:
    """Links and days that no day accounts for; the open day may grow meanwhile."""
    if _first("SELECT 1 FROM record_auditday d, record_chainstate s WHERE d.day >= s.day OR d.day < s.begun_on"):
        return Fault(FaultKind.STATE)
    stray = _first(
        "SELECT l.day, l.place, l.entry_id FROM record_auditlink l, record_chainstate s"
        " WHERE l.day < s.begun_on OR l.day > s.day ORDER BY l.day, l.place LIMIT 1"
    )
    if stray:
        return Fault(FaultKind.LINK_EXTRA, *stray)
    closed = [one for one in days if one.closed]
    counted = _first(
        "SELECT count(*) FROM record_auditlink WHERE day >= %s AND day < %s", days[0].day if days else None, state.day
    )
    if counted[0] == sum(one.count for one in closed):
        return None
    for one in closed:
        stray = _first(
            "SELECT day, place, entry_id FROM record_auditlink WHERE day = %s AND NOT place BETWEEN 1 AND %s"
            " ORDER BY place LIMIT 1",
            one.day,
            one.count,
        )
        if stray:
            return Fault(FaultKind.LINK_EXTRA, *stray)
    return None


def _find_unlinked(state: ChainState, begins: date | None) -> Fault | None:
    """An entry without a link among those that were settled; numbers of another server's transactions tell nothing."""
    if _first("SELECT 1 FROM pg_control_system() WHERE system_identifier::text <> %s", state.system):
        return None
    found = _first(
        "SELECT e.id FROM record_auditentry e"
        " WHERE ((e.xid, e.id) <= (%s, %s) OR e.xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"
        " AND (%s::timestamptz IS NULL OR e.at >= %s::timestamptz)"
        " AND NOT EXISTS (SELECT 1 FROM record_auditlink l WHERE l.entry_id = e.id)"
        " ORDER BY e.id LIMIT 1",
        state.settled_xid,
        state.settled_id,
        *[day_start(begins) if begins else None] * 2,
    )
    return Fault(FaultKind.UNLINKED, entry_id=found[0]) if found else None


def count_waiting(state: ChainState | None, most: int = 1000) -> int:
    """How many entries are not linked yet, counted up to a thousand.

    Cost:   one query on an index
    """
    found = _first(
        "SELECT count(*) FROM (SELECT 1 FROM record_auditentry WHERE (xid, id) > (%s, %s) LIMIT %s) waiting",
        state.settled_xid if state else 0,
        state.settled_id if state else 0,
        most,
    )
    return int(found[0])


def verify_files(*, progress: Progress = quiet) -> Verdict:
    """Open every stored file, recompute its SHA-256 and SM3, and name the first that is wrong.

    Raises: StoreDown — the store does not answer
    Cost:   reads every file once
    """
    total, looked, last = Blob.objects.count(), 0, 0
    progress(0, total)
    while rows := list(Blob.objects.filter(pk__gt=last).order_by("pk")[:500]):
        for row in rows:
            kind = _check_file(row)
            if kind:
                fault = Fault(kind, entry_id=row.pk, name=f"文件 {row.sha256[:16]}…")
                return Verdict("files", looked=looked, fault=fault)
            looked += 1
            progress(looked, total)
        last = rows[-1].pk
    return Verdict("files", looked=looked)


def _check_file(row: Blob) -> FaultKind | None:
    try:
        content = open_stored(row)
    except OSError:
        return FaultKind.FILE_MISSING
    except SealBroken:
        return FaultKind.FILE_SEAL
    if len(content) != row.size_bytes:
        return FaultKind.FILE_SIZE
    if hashlib.sha256(content).hexdigest() != row.sha256:
        return FaultKind.FILE_SHA256
    return FaultKind.FILE_SM3 if sm3_hex(content) != row.sm3 else None
