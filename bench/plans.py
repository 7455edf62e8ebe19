"""How PostgreSQL reads the tables of a page's statements: each is explained as it runs, in its own transaction and role.

A page that grows with the city would show here before anybody waits: a big table read in whole, or many more rows looked
at than shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: A table of so many rows is not read in whole for a page.
BIG = 50_000
#: A part of a big table with no more rows than this may be read in whole: the year that has just begun.
FEW = 1_000
#: What a statement that begins by reading may do besides; it is not run twice.
WRITING = (
    "FOR UPDATE",
    "FOR NO KEY",
    "FOR SHARE",
    "INSERT INTO",
    "UPDATE ",
    "DELETE FROM",
    "pg_try_advisory",
    "nextval(",
)
_TELLING = "SELECT set_config('role', "


@dataclass
class Seen:
    """What the statements of a page did: how many there were, big tables read in whole, the most rows that one looked at."""

    few: int = FEW
    statements: int = 0
    whole: set[str] = field(default_factory=set)
    most: int = 0
    where: str = ""

    def add(self, node: dict[str, Any], big: dict[str, str]) -> None:
        """Take up a node of a plan and what lies below it."""
        name = node.get("Relation Name", "")
        if name in big:
            loops = node.get("Actual Loops", 1)
            rows = int((node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)) * loops)
            if node["Node Type"] == "Seq Scan" and rows >= self.few:
                self.whole.add(big[name])
            if rows > self.most:
                self.most, self.where = rows, f"{big[name]} ({node.get('Index Name', node['Node Type'])})"
        for below in node.get("Plans", ()):
            self.add(below, big)

    def add_planned(self, node: dict[str, Any], big: dict[str, str]) -> None:
        """Take up a plan that did not run: a big table, or a part of many rows, that it would read in whole."""
        name = node.get("Relation Name", "")
        if name in big and node["Node Type"] == "Seq Scan" and _rows_of(name) >= self.few:
            self.whole.add(big[name])
        for below in node.get("Plans", ()):
            self.add_planned(below, big)


def _rows_of(table: str) -> int:
    """How many rows a table has, as its statistics say."""
    from django.db import connection

    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


def big_tables(least: int = BIG) -> dict[str, str]:
    """The tables with at least so many rows and their parts, each with the table that it counts as."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE whole AS (SELECT oid, relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT"
            " relispartition UNION ALL SELECT inhrelid, name FROM pg_inherits JOIN whole ON inhparent = whole.oid)"
            " SELECT c.relname, name FROM whole JOIN pg_class c USING (oid) WHERE name IN (SELECT name FROM whole JOIN"
            " pg_class USING (oid) GROUP BY 1 HAVING sum(greatest(reltuples, 0)) >= %s)",
            [least],
        )
        return dict(cursor.fetchall())


@contextmanager
def explaining(seen: Seen, big: dict[str, str]) -> Iterator[None]:
    """Every reading statement of this connection is explained and run once more before it runs; of one that writes or
    locks, the plan alone is looked at."""
    from django.db import connection

    def watch(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        text = sql if isinstance(sql, str) else ""
        telling, _, rest = text.partition("; ") if text.startswith(_TELLING) else ("", "", text)
        first = rest.lstrip().partition(" ")[0]
        if not many and first in ("SELECT", "WITH", "UPDATE", "DELETE"):
            reads = first in ("SELECT", "WITH") and not any(one in rest for one in WRITING)
            with connection.connection.cursor() as cursor:
                if telling:
                    cursor.execute(telling if params is None else telling.replace("%%", "%"))
                cursor.execute(f"EXPLAIN ({'ANALYZE, TIMING OFF, ' if reads else ''}FORMAT JSON) " + rest, params)
                found = cursor.fetchone()[0]
            plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
            (seen.add if reads else seen.add_planned)(plan, big)
        seen.statements += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield
