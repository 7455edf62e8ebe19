"""Audit entries of the copies: moved by SQL, digested here, linked day by day by the worker's own linker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

_ENTRIES = """
SELECT t.at + p.shift, t.verb, 'case', p.number, t.actor_kind, t.actor_id,
  replace(replace(t.actor_name, '榴城镇', w.name), '怀远县', w.county), coalesce(a.new, t.agency_id), t.via, t.changes::text
FROM bench_plan p JOIN bench_t_audit t ON t.life = p.life JOIN bench_town w ON w.town = p.town
LEFT JOIN bench_agency a ON a.town = p.town AND a.old = t.agency_id
WHERE t.at + p.shift >= %(first)s AND t.at + p.shift < %(first)s + %(stretch)s
  AND p.shift >= %(first)s - %(latest)s AND p.shift < %(first)s + %(stretch)s - %(earliest)s
ORDER BY 1
"""
_MANY = """
SELECT coalesce(sum(copies * entries), 0)::bigint FROM (SELECT life, count(*) AS copies FROM bench_plan GROUP BY life) p
JOIN (SELECT life, count(*) AS entries FROM bench_t_audit GROUP BY life) t USING (life)
"""
_SPAN = """
SELECT earliest, latest, earliest + first, latest + last
FROM (SELECT min(at) earliest, max(at) latest FROM bench_t_audit) t, (SELECT min(shift) first, max(shift) last FROM bench_plan) p
"""
#: So much time is sorted at once: it fits into memory at ten million matters too.
STRETCH = timedelta(days=30)
COLUMNS = "at, verb, subject_type, subject_id, actor_kind, actor_id, actor_name, agency_id, via, changes, digest"
NAMES = COLUMNS.split(", ")[:-1]


def copy_entries(url: str, *, progress: Callable[[int, int], None]) -> int:
    """Write the audit entries of all copies in the order of their time; gives how many."""
    import json

    import psycopg

    from weimin.kernel.record.rules import entry_digest

    done = 0
    with (
        psycopg.connect(url) as source,
        psycopg.connect(url) as target,
        target.cursor() as write,
        write.copy(f"COPY record_auditentry ({COLUMNS}) FROM STDIN") as out,
    ):
        total = source.execute(_MANY).fetchone()[0]
        for row in _read_entries(source):
            fields: dict[str, Any] = dict(zip(NAMES, row, strict=True))
            fields["changes"] = json.loads(row[-1])
            out.write_row([*row, entry_digest(fields)])
            done += 1
            if done % 20_000 == 0:
                progress(done, total)
    progress(done, total)
    return done


def _read_entries(source: Any) -> Iterator[tuple[Any, ...]]:
    """The entries of all copies in the order of their time, a stretch of it after the other."""
    source.execute("SET work_mem = '1GB'")
    earliest, latest, at, end = source.execute(_SPAN).fetchone()
    while at <= end:
        with source.cursor(name="bench_entries") as rows:
            rows.itersize = 20_000
            yield from rows.execute(_ENTRIES, {"first": at, "stretch": STRETCH, "earliest": earliest, "latest": latest})
        at += STRETCH


def link_days(first: datetime, last: datetime, *, progress: Callable[[int, int], None]) -> int:
    """Link the entries day by day, at the hour of `last`, so that the days of the chain close one after the other.

    Gives how many were linked.
    """
    from django.db import connection

    from weimin.base.clock import local_date
    from weimin.kernel.record import actions

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (at AT TIME ZONE 'Asia/Shanghai')::date, count(*) FROM record_auditentry GROUP BY 1 ORDER BY 1"
        )
        many = dict(cursor.fetchall())
    linked, day, total = 0, first, sum(many.values())
    while local_date(day) <= local_date(last):
        left = many.get(local_date(day), 0)
        while left > 0:
            done = actions.chain_entries(at=day, batch=min(left, 5000))
            if not done:
                return linked
            left -= done
            linked += done
        if local_date(day).day == 2:  # a part of the table without statistics is read in whole for every batch
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE record_auditlink")
        progress(linked, total)
        day += timedelta(days=1)
    while done := actions.chain_entries(at=last):
        linked += done
        progress(linked, total)
    return linked
