"""The parts of the tables that are parted by year: how large they are, and where they lie."""

from __future__ import annotations

from django.db import connection

from weimin.kernel.record.types import YearPart

_PARTS = """
    SELECT p.relname, c.relname, substring(c.relname FROM '_y(\\d{4})$')::int,
      greatest(c.reltuples, 0)::bigint, pg_table_size(c.oid), pg_indexes_size(c.oid), coalesce(s.spcname, '')
    FROM pg_partitioned_table t JOIN pg_class p ON p.oid = t.partrelid JOIN pg_inherits i ON i.inhparent = p.oid
    JOIN pg_class c ON c.oid = i.inhrelid LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    WHERE p.relnamespace = current_schema()::regnamespace AND t.partstrat = 'r'
    ORDER BY p.relname, 3 NULLS FIRST, c.relname
"""


def list_years() -> list[YearPart]:
    """Every part of every table that is parted by year, a table's oldest first.

    Shape:  rows are PostgreSQL's estimate; a part without a year holds what lies before or between the years
    Cost:   one query on the catalogue
    """
    with connection.cursor() as cursor:
        cursor.execute(_PARTS)
        return [YearPart(*row) for row in cursor.fetchall()]
