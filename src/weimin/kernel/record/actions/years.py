"""The years of the tables that are parted by year: made ahead, and taken away whole when their keeping is over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

from weimin.base.clock import local_date

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
    """Drop the parts of a table whose whole year lies before a moment, but those with a row to keep; gives how many rows.

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
