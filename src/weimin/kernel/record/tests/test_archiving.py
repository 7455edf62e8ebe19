"""A closed year of the logs is put to rest on another disk, and nothing that reads it notices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.testing import link_all
from weimin.kernel.record.tests.chain_help import CLERK, write


def run(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def slow_disk(trail: str) -> Iterator[str]:
    """A tablespace, as on a second disk."""
    run("SET allow_in_place_tablespaces = on")
    run("CREATE TABLESPACE weimin_slow LOCATION ''")
    yield "weimin_slow"
    for (part,) in run("SELECT oid::regclass::text FROM pg_class WHERE relispartition AND reltablespace <> 0"):
        kind = "INDEX" if part.endswith(("_pkey", "_idx", "_key")) else "TABLE"
        run(f"ALTER {kind} {part} SET TABLESPACE pg_default")
    run("DROP TABLESPACE weimin_slow")


def test_a_closed_year_lies_on_the_slow_disk_and_every_check_and_proof_holds_as_before(slow_disk: str) -> None:
    at = datetime.now(UTC)
    write(3, at=at, subject="N-9")
    link_all(at)
    with pytest.raises(actions.YearOpen, match="还没有过完"):
        actions.archive_year(by=CLERK, at=at, year=at.year)
    later = datetime(at.year + 1, 1, 2, tzinfo=UTC)
    link_all(later)
    write(1, at=at, subject="N-10")
    with pytest.raises(actions.YearOpen, match="没入链"):
        actions.archive_year(by=CLERK, at=later, year=at.year)
    link_all(later)
    with pytest.raises(actions.YearUnknown, match="表空间"):
        actions.archive_year(by=CLERK, at=later, year=at.year, tablespace="nowhere")
    parts = actions.archive_year(by=CLERK, at=later, year=at.year, tablespace=slow_disk)
    assert {one.tablespace for one in parts} == {slow_disk} and {one.table for one in parts} >= {"record_auditentry"}
    assert queries.verify_chain().good
    assert [one.holds for one in queries.list_proofs(subject_type="case", subject_id="N-9")] == [True] * 3
    write(1, at=at, subject="N-11")
    assert AuditEntry.objects.filter(subject_id="N-11").exists()
