"""Reads of the chain: days and their files for everybody, proofs for who holds a receipt, the lag for operators."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Sum

from weimin.base.errors import NotFound
from weimin.kernel.record import rules
from weimin.kernel.record.models import AuditCheck, AuditDay, AuditEntry, AuditLink, ChainState
from weimin.kernel.record.queries.verifying import count_waiting
from weimin.kernel.record.registry import verb_text
from weimin.kernel.record.types import DayView, Lag, Proof

SCRIPT = Path(__file__).resolve().parents[1] / "data/recompute.txt"
#: Lines of one file of a day: bounds what one download costs.
PART_LINES = 50_000
#: How many entries of one subject are proved on a page.
PROOFS = 200
#: What an entry's digest covers.
FIELDS = (
    "at",
    "verb",
    "subject_type",
    "subject_id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "agency_id",
    "via",
    "changes",
)


class DayUnknown(NotFound):
    """No closed day of the chain, or no such part of its file."""

    code = "record.day_unknown"


def _view(row: AuditDay) -> DayView:
    return DayView(row.day, row.count, row.previous, row.head, row.digest, row.closed_at)


def list_days(*, before: date | None = None, limit: int = 50) -> list[DayView]:
    """The closed days, newest first.

    Cost:   one query
    """
    rows = AuditDay.objects.filter(day__lt=before) if before else AuditDay.objects.all()
    return [_view(row) for row in rows.order_by("-day")[:limit]]


def find_open_day() -> DayView | None:
    """The day that entries are linked to now; None before the first."""
    state = ChainState.objects.first()
    return DayView(state.day, state.place, state.previous, state.head) if state else None


def count_chain() -> int:
    """How many entries the days of the chain say they have.

    Cost:   one query over the days
    """
    closed = AuditDay.objects.aggregate(total=Sum("count"))["total"] or 0
    state = ChainState.objects.first()
    return int(closed) + (state.place if state else 0)


def get_day(day: date) -> DayView:
    """A closed day.

    Raises: DayUnknown — not closed, or before the chain began
    Cost:   one query
    """
    row = AuditDay.objects.filter(pk=day).first()
    if row is None:
        raise DayUnknown("这一天还没有封存，或者在审计链开始之前。")
    return _view(row)


def count_parts(view: DayView) -> int:
    """How many files a day has; one even when it is empty."""
    return max(1, -(-view.count // PART_LINES))


def draw_day_part(view: DayView, part: int) -> str:
    """One file of a closed day: a line for each entry with place, digest and chain; no content, no persons.

    Raises: DayUnknown — no such part
    Cost:   one query of at most 50,000 rows
    """
    parts = count_parts(view)
    if not 1 <= part <= parts:
        raise DayUnknown("没有这一份文件。")
    first = (part - 1) * PART_LINES + 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.place, e.digest, l.chain FROM record_auditlink l"
            " LEFT JOIN LATERAL (SELECT digest FROM record_auditentry WHERE id = l.entry_id OFFSET 0) e ON true"
            " WHERE l.day = %s AND l.place BETWEEN %s AND %s ORDER BY l.place",
            [view.day, first, min(part * PART_LINES, view.count)],
        )
        rows = cursor.fetchall()
    head = (
        f"day {view.day.isoformat()} part {part} of {parts}",
        f"count {view.count}",
        f"previous {view.previous}",
        f"head {view.head}",
        f"digest {view.digest}",
        "place entry-digest chain",
    )
    return rules.part_text(rows, head=head)


def read_script() -> str:
    """The script with which anybody recomputes the files of a day."""
    return SCRIPT.read_text(encoding="utf-8")


def list_proofs(*, subject_type: str, subject_id: str) -> list[Proof]:
    """The entries of one subject with their places in the chain, each recomputed from its fields.

    Shape:  oldest first, at most 200; a proof without a place is not linked yet
    Cost:   at most three queries
    """
    rows = AuditEntry.objects.filter(subject_type=subject_type, subject_id=subject_id)
    entries = list(rows.select_related("link").order_by("id")[:PROOFS])
    links = [one.link for one in entries if hasattr(one, "link")]
    days = {one.day: one for one in AuditDay.objects.filter(day__in={one.day for one in links})} if links else {}
    before = _chains_before(links)
    return [_proof(one, getattr(one, "link", None), days, before) for one in entries]


def _chains_before(links: list[AuditLink]) -> dict[tuple[date, int], str]:
    """The values that links follow, by day and place; the first of a day follows the day before."""
    if not links:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.day, asked.place, l.chain FROM unnest(%s::date[], %s::bigint[]) AS asked (day, place)"
            " JOIN record_auditlink l ON l.day = asked.day AND l.place = asked.place - 1",
            [[one.day for one in links], [one.place for one in links]],
        )
        found = {(day, place): chain for day, place, chain in cursor.fetchall()}
    starts = {one.day: one.previous for one in AuditDay.objects.filter(day__in={x.day for x in links if x.place == 1})}
    state = ChainState.objects.first()
    if state:
        starts.setdefault(state.day, state.previous)
    return found | {(one.day, 1): starts.get(one.day, "") for one in links if one.place == 1}


def _proof(
    entry: AuditEntry, link: AuditLink | None, days: dict[date, AuditDay], before: dict[tuple[date, int], str]
) -> Proof:
    holds = rules.entry_digest(_fields(entry)) == entry.digest
    if link is not None:
        holds = holds and rules.link(before.get((link.day, link.place), ""), entry.digest) == link.chain
    return Proof(
        at=entry.at,
        text=verb_text(entry.verb),
        digest=entry.digest,
        day=link.day if link else None,
        place=link.place if link else None,
        chain=link.chain if link else "",
        closed=link is not None and link.day in days,
        holds=holds,
    )


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in FIELDS}


def find_digest(*, subject_type: str, subject_id: str, verb: str) -> str:
    """The digest of the first entry of a verb about a subject; empty when there is none.

    Cost:   one query on an index
    """
    rows = AuditEntry.objects.filter(subject_type=subject_type, subject_id=subject_id, verb=verb).order_by("id")
    return rows.values_list("digest", flat=True).first() or ""


def read_lag() -> Lag:
    """How many entries wait to be linked, and since when.

    Cost:   three queries on an index
    """
    state = ChainState.objects.first()
    waiting = count_waiting(state)
    oldest = None
    if waiting:
        after = (state.settled_xid, state.settled_id) if state else (0, 0)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT at FROM record_auditentry WHERE (xid, id) > (%s, %s) ORDER BY xid, id LIMIT 1", list(after)
            )
            row = cursor.fetchone()
            oldest = row[0] if row else None
    return Lag(waiting, oldest, state.day if state else None)


def list_checks(limit: int = 20) -> list[AuditCheck]:
    """The last checks, newest first."""
    return list(AuditCheck.objects.order_by("-at", "-pk")[:limit])


def find_last_check(what: str = "chain") -> AuditCheck | None:
    """The newest check of a kind."""
    return AuditCheck.objects.filter(what=what).order_by("-at", "-pk").first()


def find_standing_fault(what: str = "chain") -> AuditCheck | None:
    """The newest check that found something wrong, unless a later good one began no later than that day.

    Cost:   two queries
    """
    bad = AuditCheck.objects.filter(what=what).exclude(fault_kind="").order_by("-at", "-pk").first()
    if bad is None:
        return None
    later = AuditCheck.objects.filter(what=what, fault_kind="", at__gte=bad.at, pk__gt=bad.pk)
    starts = [one.since for one in later.only("since")]
    mended = any(start is None or (bad.fault_day is not None and start <= bad.fault_day) for start in starts)
    return None if mended else bad
