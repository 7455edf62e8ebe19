"""The years of the tables that are parted by year: made ahead, archived once over, dropped when their keeping ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, Refused
from weimin.kernel.record.actions.stores import record_audit
from weimin.kernel.record.models import AuditDay
from weimin.kernel.record.queries.chain import find_standing_fault
from weimin.kernel.record.queries.years import list_years
from weimin.kernel.record.types import Actor, YearPart

#: How long making or dropping a year waits for others before it gives up until the next night.
_PATIENCE = "SET LOCAL lock_timeout = '3s'"
#: How often a copied part asks for its table, and the seconds between, in which those who queued behind it go on.
_TRIES, _PAUSE = 5, 3
#: Pages copied in one transaction, 32 MB: the linker waits for the oldest transaction that writes anywhere.
_BATCH = 4096
_PARTS = """
    SELECT c.oid::regclass::text
    FROM pg_partitioned_table t JOIN pg_class p ON p.oid = t.partrelid JOIN pg_inherits i ON i.inhparent = p.oid
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE p.relname = %s AND p.relnamespace = current_schema()::regnamespace
      AND substring(pg_get_expr(c.relpartbound, c.oid) FROM $$TO \\('([^']+)'\\)$$)::timestamptz <= %s
    ORDER BY c.relname
"""
_INDEXES = """
    SELECT i.relname, pg_get_indexdef(i.oid),
      CASE (SELECT contype FROM pg_constraint WHERE conindid = i.oid AND contype IN ('p', 'u'))
      WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE '' END
    FROM pg_index JOIN pg_class i ON i.oid = indexrelid WHERE indrelid = %s::regclass ORDER BY i.relname
"""
_ELSEWHERE = """
    SELECT coalesce(nullif(c.reltablespace, 0), d.dattablespace) <> t.oid
    FROM pg_class c, pg_database d, pg_tablespace t
    WHERE c.oid = %s::regclass AND d.datname = current_database() AND t.spcname = %s
"""
_BOUND = """
    SELECT i.inhparent::regclass::text, pg_get_expr(c.relpartbound, c.oid), pg_get_partition_constraintdef(c.oid)
    FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.oid = %s::regclass
"""
_OPENED = """
    SELECT DISTINCT format('REVOKE ALL ON %%s FROM %%s', c.oid::regclass, coalesce(quote_ident(r.rolname), 'PUBLIC'))
    FROM pg_class c CROSS JOIN aclexplode(c.relacl) x LEFT JOIN pg_roles r ON r.oid = x.grantee
    WHERE c.oid = %s::regclass AND x.grantee <> c.relowner
"""
#: What LIKE does not copy, as statements for a table of the same name.
_BELONGINGS = """
    WITH part AS (SELECT *, oid::regclass AS name FROM pg_class WHERE oid = %s::regclass),
    granted AS (
      SELECT '' AS on_column, x.* FROM part, aclexplode(relacl) x WHERE x.grantee <> relowner
      UNION ALL SELECT format(' (%%I)', a.attname), x.* FROM part JOIN pg_attribute a ON attrelid = part.oid,
        aclexplode(a.attacl) x WHERE x.grantee <> relowner
    )
    SELECT 1, format('ALTER TABLE %%s OWNER TO %%I', name, pg_get_userbyid(relowner)) FROM part
    UNION ALL SELECT 2, format('ALTER TABLE %%s SET (%%s)', name, array_to_string(reloptions, ', ')) FROM part
      WHERE reloptions IS NOT NULL
    UNION ALL SELECT 2, format('GRANT %%s%%s ON %%s TO %%s', privilege_type, on_column, name,
        coalesce(quote_ident(r.rolname), 'PUBLIC')) || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
      FROM part, granted LEFT JOIN pg_roles r ON r.oid = grantee
    UNION ALL SELECT 2, format('ALTER TABLE %%s ENABLE ROW LEVEL SECURITY', name) FROM part WHERE relrowsecurity
    UNION ALL SELECT 2, format('ALTER TABLE %%s FORCE ROW LEVEL SECURITY', name) FROM part WHERE relforcerowsecurity
    UNION ALL SELECT 2, format('CREATE POLICY %%I ON %%s AS %%s FOR %%s TO %%s', policyname, name, permissive, cmd,
        (SELECT string_agg(CASE one WHEN 'public' THEN one ELSE quote_ident(one) END, ', ') FROM unnest(roles) one))
        || coalesce(' USING (' || qual || ')', '') || coalesce(' WITH CHECK (' || with_check || ')', '')
      FROM part JOIN pg_policies ON schemaname = relnamespace::regnamespace::text AND tablename = relname
    UNION ALL SELECT 2, pg_get_triggerdef(t.oid) FROM part JOIN pg_trigger t ON tgrelid = part.oid
      WHERE NOT tgisinternal AND tgparentid = 0
    UNION ALL SELECT 3, format('ALTER TABLE %%s %%s TRIGGER %%I', name,
        CASE tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'DISABLE' END, tgname)
      FROM part JOIN pg_trigger t ON tgrelid = part.oid WHERE NOT tgisinternal AND tgparentid = 0 AND tgenabled <> 'O'
    ORDER BY 1
"""


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
    outside of transactions: a part is copied with nobody kept waiting, and the copy takes its place in a moment.

    Raises: YearOpen — a day of it is not closed, an entry of it is not linked, the chain has a fault, or rows of it
            changed while it was copied; run it again
            YearUnknown — no part of that year, or no such tablespace
            OperationalError — a table stayed locked; run it again
    Cost:   reads the year once; when it is moved, writes it once and reads it four times; disk for both meanwhile
    """
    parts = [one for one in list_years() if one.year == year]
    _check_closed(parts, year, tablespace)
    with connection.cursor() as cursor:
        for done, part in enumerate(parts):
            if progress:
                progress(part.name, done, len(parts))
            if tablespace and _lies_elsewhere(cursor, part.name, tablespace):
                _move(cursor, part.name, connection.ops.quote_name(tablespace))
            cursor.execute(f"VACUUM (FREEZE, ANALYZE) {part.name}")
    changes = {"parts": [one.name for one in parts], "tablespace": tablespace}
    record_audit(by=by, at=at, verb="record.year.archived", subject_type="year", subject_id=str(year), changes=changes)
    return [one for one in list_years() if one.year == year]


def _lies_elsewhere(cursor: Any, part: str, tablespace: str) -> bool:
    cursor.execute(_ELSEWHERE, [part, tablespace])
    return bool(cursor.fetchone()[0])


def _move(cursor: Any, part: str, tablespace: str) -> None:
    """Copy a part to a tablespace and put the copy in its place; whatever fails, the part stays and the copy goes."""
    copy = f"{part}_moving"
    # what an attempt left that was killed
    cursor.execute(f"DROP TABLE IF EXISTS {copy}")
    try:
        _copy(cursor, part, copy, tablespace)
        _switch(cursor, part, copy)
    except BaseException:
        with suppress(DatabaseError):
            cursor.execute(f"DROP TABLE IF EXISTS {copy}")
        raise


def _copy(cursor: Any, part: str, copy: str, tablespace: str) -> None:
    """Make the copy with its rows and indexes, frozen; nobody reaches it, and no transaction that writes is long.

    Building an index concurrently waits for every older snapshot: whoever reads after the switch sees the rows.
    """
    cursor.execute(_BOUND, [part])
    _, _, check = cursor.fetchone()
    with transaction.atomic():
        cursor.execute(
            f"CREATE TABLE {copy} (LIKE {part} INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY,"
            f" CONSTRAINT {copy}_bound CHECK ({check})) TABLESPACE {tablespace}"
        )
        # default privileges have opened it
        cursor.execute(_OPENED, [copy])
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
    cursor.execute("SELECT pg_relation_size(%s::regclass) / current_setting('block_size')::int", [part])
    (pages,) = cursor.fetchone()
    for page in range(0, pages, _BATCH):
        cursor.execute(
            f"INSERT INTO {copy} SELECT * FROM {part} WHERE ctid >= %s::tid AND ctid < %s::tid",  # noqa: S608 — from the catalogue
            [f"({page},0)", f"({page + _BATCH},0)"],
        )
    cursor.execute(f"VACUUM (FREEZE, ANALYZE) {copy}")
    cursor.execute(f"SET default_tablespace = {tablespace}")
    try:
        for number, (_, definition, constraint) in enumerate(_indexes_of(cursor, part)):
            name = f"{copy}_{number}"
            made = f"CREATE \\1INDEX CONCURRENTLY {name} ON {copy} USING"
            cursor.execute(re.sub(r"^CREATE (UNIQUE )?INDEX \S+ ON \S+ USING", made, definition))
            if constraint:
                cursor.execute(f"ALTER TABLE {copy} ADD CONSTRAINT {name} {constraint} USING INDEX {name}")
    finally:
        with suppress(DatabaseError):
            cursor.execute("RESET default_tablespace")


def _switch(cursor: Any, part: str, copy: str) -> None:
    """Put the copy in the part's place: deletions wait for the check, readers for the moment of the exchange only."""
    sum_of_copy = _sum(cursor, copy)
    with transaction.atomic():
        cursor.execute(_PATIENCE)
        cursor.execute(f"LOCK TABLE {part} IN SHARE MODE")
        if _sum(cursor, part) != sum_of_copy:
            raise YearOpen(f"复制 {part} 期间其中的记录有变动，没有移动，请重新运行。")
        cursor.execute(_BOUND, [part])
        parent, bound, _ = cursor.fetchone()
        cursor.execute(_BELONGINGS, [part])
        belongings = [statement for _, statement in cursor.fetchall()]
        indexes = [name for name, *_ in _indexes_of(cursor, part)]
        _lock(cursor, parent)
        # no step of these reads rows, unless `_rest` holds many: better given up than everybody kept waiting
        cursor.execute("SET LOCAL statement_timeout = '10s'")
        cursor.execute(f"DROP TABLE {part}")
        cursor.execute(f"ALTER TABLE {copy} RENAME TO {part}")
        for number, name in enumerate(indexes):
            cursor.execute(f"ALTER INDEX {copy}_{number} RENAME TO {name}")
        for statement in belongings:
            cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {parent} ATTACH PARTITION {part} {bound}")
        cursor.execute(f"ALTER TABLE {part} DROP CONSTRAINT {copy}_bound")


def _lock(cursor: Any, parent: str) -> None:
    """Take a table for the exchange, in several short tries: whoever asks for it meanwhile queues behind."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                cursor.execute(f"LOCK TABLE ONLY {parent} IN ACCESS EXCLUSIVE MODE")
            return
        except OperationalError:
            if not left:
                raise
        time.sleep(_PAUSE)


def _sum(cursor: Any, table: str) -> tuple[int, int]:
    """How many rows, and a sum over what all of them hold."""
    cursor.execute(f"SELECT count(*), sum(hash_record_extended(t, 0)) FROM {table} t")  # noqa: S608 — from the catalogue
    rows, total = cursor.fetchone()
    return rows, total


def _indexes_of(cursor: Any, part: str) -> list[tuple[str, str, str]]:
    cursor.execute(_INDEXES, [part])
    return list(cursor.fetchall())


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
