"""The years of the tables that are parted by year: made ahead, archived once over, dropped when their keeping ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, Refused
from weimin.kernel.record.actions.stores import record_audit
from weimin.kernel.record.models import AuditDay
from weimin.kernel.record.queries.chain import find_standing_fault
from weimin.kernel.record.queries.years import list_years
from weimin.kernel.record.types import Actor, YearPart

#: How long making or dropping a year waits for others before it gives up until the next night.
_PATIENCE = "SET LOCAL lock_timeout = '3s'"
_PARTS = """
    SELECT c.oid::regclass::text
    FROM pg_partitioned_table t JOIN pg_class p ON p.oid = t.partrelid JOIN pg_inherits i ON i.inhparent = p.oid
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE p.relname = %s AND p.relnamespace = current_schema()::regnamespace
      AND substring(pg_get_expr(c.relpartbound, c.oid) FROM $$TO \\('([^']+)'\\)$$)::timestamptz <= %s
    ORDER BY c.relname
"""
_INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass"


class YearOpen(Refused):
    """The year is not over, or its trail is not whole."""

    code = "record.year_open"


class YearUnknown(Invalid):
    """No part of that year, or no such tablespace."""

    code = "record.year_unknown"


def add_years(*, at: datetime) -> list[str]:
    """See that every table that is parted by year has a part for this year and the next; gives those that it made.

    Rows of a year without a part are not lost: they go to the part `_rest`, and then a year cannot be added for them.

    Raises: IntegrityError — rows of that year lie in `_rest` already; OperationalError — a table stayed locked
    Cost:   one statement a table and year; short locks on a table's catalogue only
    """
    year, made = local_date(at).year, []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_partitioned_table JOIN pg_class c ON c.oid = partrelid"
            " WHERE c.relnamespace = current_schema()::regnamespace AND partstrat = 'r' ORDER BY 1"
        )
        names = [row[0] for row in cursor.fetchall()]
        for name in names:
            for wanted in (year, year + 1):
                with transaction.atomic():
                    cursor.execute(_PATIENCE)
                    cursor.execute("SELECT record_add_year(%s::regclass, %s)", [name, wanted])
                    if cursor.fetchone()[0]:
                        made.append(f"{name}_y{wanted}")
    return made


def drop_years(*, table: str, before: datetime, keep: Collection[int] = ()) -> int:
    """Drop the parts of a table whose whole year lies before a moment, but those with a row to keep.

    Gives how many rows went.

    Only for tables whose keeping ends; the caller has made sure that it has.

    Raises: OperationalError — a part stayed locked; the next night tries again
    Cost:   two statements a part; counting reads it once
    """
    gone = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_PARTS, [table, before])
        for (part,) in cursor.fetchall():
            cursor.execute(
                f"SELECT count(*), coalesce(bool_or(id = ANY (%s)), false) FROM {part}",  # noqa: S608 — from the catalogue
                [list(keep)],
            )
            rows, kept = cursor.fetchone()
            if not kept:
                cursor.execute(_PATIENCE)
                cursor.execute(f"DROP TABLE {part}")
                gone += rows
    return gone


def archive_year(
    *, by: Actor, at: datetime, year: int, tablespace: str = "", progress: Callable[[str, int, int], None] | None = None
) -> list[YearPart]:
    """Put a closed year of the logs to rest: frozen for good, so that no vacuum reads it again, and on the slow disk.

    Names stay, so pages, receipts, proofs and `weimin verify` read it as before. May be stopped and run again. Stands
    outside of transactions: a part is moved under a lock of its own, while other years are written.

    Raises: YearOpen — a day of it is not closed, an entry of it is not linked, or the chain has a fault
            YearUnknown — no part of that year, or no such tablespace
            OperationalError — a part stayed locked; run it again
    Cost:   reads the year once, writes it once when it is moved
    """
    parts = [one for one in list_years() if one.year == year]
    _check_closed(parts, year, tablespace)
    with connection.cursor() as cursor:
        for done, part in enumerate(parts):
            if progress:
                progress(part.name, done, len(parts))
            if tablespace and part.tablespace != tablespace:
                _move(cursor, part.name, connection.ops.quote_name(tablespace))
            cursor.execute(f"VACUUM (FREEZE, ANALYZE) {part.name}")
    changes = {"parts": [one.name for one in parts], "tablespace": tablespace}
    record_audit(by=by, at=at, verb="record.year.archived", subject_type="year", subject_id=str(year), changes=changes)
    return [one for one in list_years() if one.year == year]


def _move(cursor: Any, part: str, tablespace: str) -> None:
    with transaction.atomic():
        cursor.execute(_PATIENCE)
        cursor.execute(f"ALTER TABLE {part} SET TABLESPACE {tablespace}")
        cursor.execute(_INDEXES, [part])
        for (index,) in cursor.fetchall():
            cursor.execute(f"ALTER INDEX {index} SET TABLESPACE {tablespace}")


def _check_closed(parts: list[YearPart], year: int, tablespace: str) -> None:
    if not parts:
        raise YearUnknown(f"没有 {year} 年的分区，weimin years 列出全部年份。")
    if not AuditDay.objects.filter(day__gte=date(year, 12, 31)).exists():
        raise YearOpen(f"{year} 年还没有过完，或者 12 月 31 日的审计链还没有封存，封存后再归档。")
    if fault := find_standing_fault("chain"):
        raise YearOpen(f"审计链核验有问题：{fault.fault_text}。查清之前不归档。")
    with connection.cursor() as cursor:
        if tablespace:
            cursor.execute("SELECT 1 FROM pg_tablespace WHERE spcname = %s", [tablespace])
            if not cursor.fetchone():
                raise YearUnknown(f"数据库里没有表空间 {tablespace}，请数据库管理员先 CREATE TABLESPACE。")
        for name in (one.name for one in parts if one.table == "record_auditentry"):
            cursor.execute(
                f"SELECT 1 FROM {name} e WHERE NOT EXISTS"  # noqa: S608 — from the catalogue
                " (SELECT FROM record_auditlink l WHERE l.entry_id = e.id) LIMIT 1"
            )
            if cursor.fetchone():
                raise YearOpen(f"{year} 年还有没入链的审计记录，请看后台进程是否在运行。")
