"""Help for anyone's tests: entries linked inside a test's transaction; tables emptied as nobody else may; plans."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from weimin.base import contents
from weimin.kernel.record.actions.chaining import link_below
from weimin.kernel.record.queries import content_name

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
#: Who acts is told in front of the first statement, and taken back alone.
_TELLING = "SELECT set_config('role', "
_CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def link_all(at: datetime) -> int:
    """Link every entry that can be seen, also those of the transaction that the test itself is in."""
    linked = 0
    while done := link_below(at=at, batch=1000, below=2**62):
        linked += done
    return linked


def asked(seen: CaptureQueriesContext) -> int:
    """How many questions a request asked: without transaction control, and what a test's own transaction adds to it."""
    plain = (one["sql"].partition("; ")[2] if one["sql"].startswith(_TELLING) else one["sql"] for one in seen)
    return sum(bool(one) and not one.startswith(_CONTROL) for one in plain)


@dataclass(frozen=True, slots=True)
class Scan:
    """One look into a table that a plan has: how, by which index, and how many rows the planner expects of it.

    A part of a table counts as the table, and its indexes as those of the table.
    """

    how: str
    table: str
    index: str
    rows: int


def explain(statement: str, values: Sequence[Any] | None = None) -> list[Scan]:
    """How PostgreSQL would read the tables of a statement."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) " + statement, values)
        found = cursor.fetchone()[0]
        cursor.execute(
            "SELECT c.relname, p.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
            " JOIN pg_class p ON p.oid = inhparent"
        )
        whole = dict(cursor.fetchall())
    plan = json.loads(found) if isinstance(found, str) else found

    def scans(node: dict[str, Any]) -> Iterator[Scan]:
        table, index = node.get("Relation Name", ""), node.get("Index Name", "")
        if table or index:
            yield Scan(node["Node Type"], whole.get(table, table), whole.get(index, index), node["Plan Rows"])
        for below in node.get("Plans", ()):
            yield from scans(below)

    return list(scans(plan[0]["Plan"]))


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the store of files for a content, whatever store it is."""

    sha256: str

    def exists(self) -> bool:
        """Whether it lies there at all."""
        return contents.exists(content_name(self.sha256))

    def read_bytes(self) -> bytes:
        """As it lies there: sealed."""
        return contents.read(content_name(self.sha256))

    def write_bytes(self, raw: bytes) -> None:
        """Exchange it behind the platform's back."""
        contents.write(content_name(self.sha256), raw)

    def unlink(self) -> None:
        """Lose it."""
        contents.delete(content_name(self.sha256))


def forget_entries(subject_type: str) -> None:
    """Take away committed audit entries of a kind, as nobody outside of tests can."""
    _past_triggers("DELETE FROM record_auditentry WHERE subject_type = %s", subject_type)


def empty_tables(*tables: str) -> None:
    """Truncate tables with all that hangs on them, the audit trail too."""
    _past_triggers(f"TRUNCATE {', '.join(tables)} CASCADE")


def _past_triggers(statement: str, *values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(statement, values or None)
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")
