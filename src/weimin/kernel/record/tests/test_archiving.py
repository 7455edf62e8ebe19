"""A closed year of the logs is put to rest on another disk, and nothing that reads it notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from weimin.kernel.record import actions, queries
from weimin.kernel.record.actions import years
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.testing import link_all
from weimin.kernel.record.tests.chain_help import CLERK, tamper, write
from weimin.kernel.record.tests.conftest import connect


def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def slow_disk(trail: str) -> Iterator[str]:
    """A tablespace, as on a second disk."""
    run("SET allow_in_place_tablespaces = on")
    run("CREATE TABLESPACE weimin_slow LOCATION ''")
    yield "weimin_slow"
    for part, kind in run(
        "SELECT oid::regclass::text, CASE relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END FROM pg_class"
        " WHERE relispartition AND reltablespace <> 0"
    ):
        run(f"ALTER {kind} {part} SET TABLESPACE pg_default")
    run("DROP TABLESPACE weimin_slow")


#: A moment of a closed year, and the moment at which it is put to rest.
AT = datetime.now(UTC)
LATER = datetime(AT.year + 1, 1, 2, tzinfo=UTC)
PART = f"record_auditentry_y{AT.year}"


@pytest.fixture
def closed_year(slow_disk: str) -> str:
    """A year that is over and linked, gives the tablespace."""
    write(30, at=AT, subject="N-9")
    link_all(AT)
    link_all(LATER)
    return slow_disk


@pytest.fixture
def reader(trail: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else at work, who loses patience soon."""
    with connect() as link:
        link.execute("SET lock_timeout = '300ms'")
        yield link


FACTS = {
    "part": "SELECT inhparent::regclass::text, pg_get_expr(relpartbound, oid), pg_get_userbyid(relowner), relrowsecurity,"
    " relforcerowsecurity, reloptions FROM pg_class JOIN pg_inherits i ON inhrelid = oid WHERE oid = %s::regclass",
    "rights": "SELECT x.grantee::regrole::text, privilege_type, is_grantable FROM pg_class, aclexplode(relacl) x"
    " WHERE oid = %s::regclass ORDER BY 1, 2",
    "policies": "SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
    " WHERE tablename = %s ORDER BY 1",
    "triggers": "SELECT pg_get_triggerdef(oid), tgenabled FROM pg_trigger"
    " WHERE tgrelid = %s::regclass AND NOT tgisinternal ORDER BY 1",
    "constraints": "SELECT conname, pg_get_constraintdef(oid), coninhcount FROM pg_constraint"
    " WHERE conrelid = %s::regclass ORDER BY 1",
    "indexes": "SELECT pg_get_indexdef(x.indexrelid), indisvalid, inhparent::regclass::text FROM pg_index x"
    " JOIN pg_inherits h ON h.inhrelid = x.indexrelid WHERE indrelid = %s::regclass ORDER BY 1",
    "columns": "SELECT attname, atttypid::regtype::text, attnotnull, attidentity, attstorage, pg_get_expr(adbin, adrelid)"
    " FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
}


def facts(part: str) -> dict[str, list[tuple[Any, ...]]]:
    """What a part is, has and holds, but not where it lies."""
    rows = run(f"SELECT * FROM {part} ORDER BY 1")  # noqa: S608 — a test's own
    return {"rows": rows, **{name: run(statement, part) for name, statement in FACTS.items()}}


def homes(part: str) -> set[str]:
    """Where a part, its long values and all their indexes lie."""
    found = run(
        "WITH t AS (SELECT unnest(ARRAY[oid, reltoastrelid]) AS oid FROM pg_class WHERE oid = %s::regclass)"
        " SELECT coalesce(spcname, '') FROM pg_class c LEFT JOIN pg_tablespace s ON s.oid = reltablespace"
        " WHERE c.oid IN (SELECT oid FROM t) OR c.oid IN (SELECT indexrelid FROM pg_index JOIN t ON indrelid = t.oid)",
        part,
    )
    return {name for (name,) in found}


def copies() -> list[tuple[Any, ...]]:
    return run("SELECT relname FROM pg_class WHERE relname LIKE '%\\_moving%'")


def test_a_closed_year_lies_on_the_slow_disk_and_every_check_and_proof_holds_as_before(slow_disk: str) -> None:
    at, later = AT, LATER
    write(3, at=at, subject="N-9")
    link_all(at)
    with pytest.raises(actions.YearOpen, match="还没有过完"):
        actions.archive_year(by=CLERK, at=at, year=at.year)
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


def number_of(part: str) -> int:
    return int(run("SELECT %s::regclass::oid", part)[0][0])


def archive(tablespace: str) -> None:
    actions.archive_year(by=CLERK, at=LATER, year=AT.year, tablespace=tablespace)


def after(word: str, then: Callable[[], None], *, inside: bool) -> Any:
    """Do something after each statement with a word in it; inside: before its transaction ends."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if word not in sql:
            return execute(sql, params, many, context)
        if not inside:
            result = execute(sql, params, many, context)
            then()
            return result
        with transaction.atomic():
            result = execute(sql, params, many, context)
            then()
        return result

    return connection.execute_wrapper(wrapper)


def test_who_reads_or_writes_is_not_kept_waiting_while_a_year_is_moved(
    closed_year: str, reader: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def look() -> None:
        with reader.transaction():
            reader.execute(
                "INSERT INTO record_auditentry (at, verb, subject_type, subject_id, actor_kind, actor_name, via, changes,"
                " digest) VALUES (%s, 'x', 'case', 'N-12', 'system', '', 'job', '{}', repeat('0', 64))",
                [LATER],
            )
            found = reader.execute("SELECT count(*) FROM record_auditentry WHERE subject_id = 'N-9'").fetchone()
            assert found == (30,)
            seen.append(1)
            raise psycopg.Rollback

    monkeypatch.setattr(years, "_BATCH", 1)
    with (
        after("INSERT INTO record_auditentry_y", look, inside=True),
        after("VACUUM", look, inside=False),
        after("CREATE INDEX CONC", look, inside=False),
        after("IN SHARE MODE", look, inside=True),
        after("hash_record", look, inside=False),
    ):
        archive(closed_year)
    assert len(seen) > 10
    assert copies() == [] and homes(PART) == {closed_year}


def test_a_moved_year_has_all_that_it_had(closed_year: str) -> None:
    names = (PART, f"record_auditlink_y{AT.year}")
    more = (
        f"ALTER TABLE {PART} SET (autovacuum_enabled = off)",
        f"GRANT SELECT ON {PART} TO pg_monitor WITH GRANT OPTION",
        f"ALTER TABLE {PART} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY odd ON {PART} AS RESTRICTIVE FOR SELECT TO weimin_app USING (id % 2 = 1)",
        f"CREATE TRIGGER odd AFTER INSERT ON {PART} FOR EACH STATEMENT EXECUTE FUNCTION record_audit_is_final()",
        f"ALTER TABLE {PART} DISABLE TRIGGER odd",
    )
    less = (
        f"ALTER TABLE {PART} RESET (autovacuum_enabled)",
        f"REVOKE ALL ON {PART} FROM pg_monitor",
        f"ALTER TABLE {PART} DISABLE ROW LEVEL SECURITY",
        f"DROP POLICY odd ON {PART}",
        f"DROP TRIGGER odd ON {PART}",
    )
    for statement in more:
        run(statement)
    try:
        before, old = [facts(one) for one in names], [number_of(one) for one in names]
        archive(closed_year)
        assert [facts(one) for one in names] == before
        assert all(number_of(one) != number for one, number in zip(names, old, strict=True))
    finally:
        for statement in less:
            run(statement)
    assert all(homes(one) == {closed_year} for one in names)
    for change in ("UPDATE {} SET verb = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(DatabaseError, match="never changed"):
            run(change.format(PART))
    assert run(f"SELECT has_table_privilege('weimin_app', '{PART}', 'SELECT, INSERT, UPDATE, DELETE')") == [(False,)]
    with transaction.atomic():
        run("SET LOCAL enable_seqscan = off")
        plan = run("EXPLAIN SELECT * FROM record_auditentry WHERE subject_type = 'case' AND subject_id = 'N-9'")
    assert any("Index" in line and PART in line for (line,) in plan)
    # where it lies already it is not copied again
    there = number_of(PART)
    archive(closed_year)
    assert number_of(PART) == there


def test_the_copy_is_closed_to_web_processes_from_its_first_moment(closed_year: str) -> None:
    rights: list[Any] = []

    def look() -> None:
        rights.extend(
            run(f"SELECT has_table_privilege('weimin_app', '{PART}_moving', 'SELECT, INSERT, UPDATE, DELETE')")
        )

    with after(f"INSERT INTO {PART}", look, inside=True):
        archive(closed_year)
    assert rights and set(rights) == {(False,)}


def test_a_move_that_gets_no_lock_gives_up_and_leaves_nothing(
    closed_year: str, reader: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(years, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    monkeypatch.setattr(years, "_TRIES", 2)
    monkeypatch.setattr(years, "_PAUSE", 0)
    before = facts(PART)
    run(f"CREATE TABLE {PART}_moving (left_by_an_attempt_that_was_killed int)")
    with reader.transaction():
        reader.execute("SELECT FROM record_auditentry LIMIT 1")
        with pytest.raises(OperationalError, match="lock timeout"):
            archive(closed_year)
    assert copies() == [] and facts(PART) == before and homes(PART) == {""}
    run(f"CREATE TABLE {PART}_moving (left_by_an_attempt_that_was_killed int)")
    archive(closed_year)
    assert copies() == [] and facts(PART) == before and homes(PART) == {closed_year}


def test_a_year_of_which_a_row_went_during_the_copy_stays_where_it_is(closed_year: str) -> None:
    def forget() -> None:
        tamper(f"DELETE FROM {PART} WHERE id = (SELECT min(id) FROM {PART})")  # noqa: S608 — a test's own

    with after(f"INSERT INTO {PART}", forget, inside=False), pytest.raises(actions.YearOpen, match="变动"):
        archive(closed_year)
    assert copies() == [] and homes(PART) == {""} and run(f"SELECT count(*) FROM {PART}") == [(29,)]  # noqa: S608 — a test's own
