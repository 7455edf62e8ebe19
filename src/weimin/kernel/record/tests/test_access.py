"""The mechanism of the second wall: who acts is told once, per transaction, and taken back; audit entries are final."""

from __future__ import annotations

import threading
from dataclasses import replace
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from weimin.kernel.record import access
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.models import AuditEntry, WorkerBeat
from weimin.kernel.record.testing import AT
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
RAISE_WALL = import_module("weimin.kernel.record.migrations.0005_raise_wall")
CLERK = Actor(
    kind="staff",
    name="张伟",
    account_id=7,
    post_id=3,
    agency_id=5,
    division_code="340321113000",
    roles=frozenset({"front_desk"}),
)
PERSON = Actor(kind="resident", name="王秀英", account_id=8, resident_id=9)


def known() -> dict[str, str]:
    """What PostgreSQL knows of who acts; only what is not empty."""
    names = ", ".join(f"current_setting('weimin.{name}', true)" for name in access.SETTINGS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT current_user, {names}")
        row = cursor.fetchone()
    return {name: value for name, value in zip(("user", *access.SETTINGS), row, strict=True) if value}


@pytest.mark.parametrize(
    ("actor", "told"),
    [
        (Actor.anonymous(), {"kind": "anonymous"}),
        (PERSON, {"kind": "resident", "account": "8", "resident": "9"}),
        (CLERK, {"kind": "staff", "account": "7", "place": "340321113", "agencies": "{5}", "roles": "{front_desk}"}),
        (
            Actor(kind="client", name="接口", post_id=3, agency_id=5, division_code="340321000000"),
            {"kind": "client", "place": "340321", "agencies": "{5}"},
        ),
        (
            Actor(kind="staff", name="离任", account_id=7, agency_id=5, division_code="340300000000"),
            {"kind": "staff", "account": "7"},
        ),
        (Actor(kind="staff", name="", post_id=1, agency_id=5), {"kind": "staff", "agencies": "{5}"}),
        (Actor(kind="staff", name="", post_id=1, agency_id=5, resident_id=9), {"kind": "staff", "agencies": "{5}"}),
    ],
    ids=["nobody", "resident", "clerk", "client", "left the post", "no place", "staff is no resident"],
)
def test_an_actor_is_told_by_what_they_have(actor: Actor, told: dict[str, str]) -> None:
    with access.acting(actor):
        assert known() == {"user": access.ROLE, **told}


def test_the_platform_stands_before_the_wall() -> None:
    before = known()
    with access.acting(Actor.system()):
        assert known() == before
    assert before["user"] != access.ROLE


def test_what_was_before_comes_back() -> None:
    before = known()
    with access.acting(CLERK):
        with access.acting(PERSON):
            assert known()["resident"] == "9"
        assert known()["place"] == "340321113" and "resident" not in known()
        with access.acting(Actor.system()):
            assert known() == before
        assert known()["place"] == "340321113"
    assert known() == before


def test_what_was_before_comes_back_after_a_failure() -> None:
    before = known()
    with pytest.raises(DatabaseError), access.acting(CLERK), connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
    assert known() == before
    with access.acting(CLERK):
        with pytest.raises(DatabaseError), access.acting(PERSON), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert known()["place"] == "340321113"


def test_who_asks_nothing_costs_nothing() -> None:
    # the savepoint is the test's own transaction's; there is none in a real request
    with CaptureQueriesContext(connection) as seen, access.unit_of_work():
        access.act_as(Actor.anonymous())
        access.act_as(CLERK)
    assert [one["sql"].split()[0] for one in seen] == ["SAVEPOINT", "RELEASE"]


def test_who_acts_and_whom_they_seek_rides_before_the_first_statement() -> None:
    with access.acting(CLERK), CaptureQueriesContext(connection) as seen:
        access.seek(person=b"\x01\xff")
        with transaction.atomic():
            assert known()["sought_person"] == "01ff"
    assert [one["sql"].partition(" set_config")[0].split()[0] for one in seen] == ["SELECT", "SELECT", "RELEASE"]
    assert "; SAVEPOINT" in seen[0]["sql"] and "set_config" not in seen[1]["sql"]


@pytest.mark.parametrize(
    ("sql", "params"),
    [
        ("SELECT 7 WHERE '50%' LIKE '50_'", None),
        ("SELECT %s WHERE '50%%' LIKE '50_'", [7]),
        ("SELECT %(n)s", {"n": 7}),
        ("SELECT 7; SELECT 8", None),
    ],
)
def test_the_first_statement_gives_its_own_answer(sql: str, params: Any) -> None:
    with access.acting(replace(CLERK, division_code="3'4%")), connection.cursor() as cursor:
        cursor.execute(sql, params)
        assert cursor.fetchall() == [(7,)]
        assert cursor.rowcount == 1
        assert known()["place"] == "3'4%"


def test_a_first_statement_of_another_kind_is_preceded_too() -> None:
    entry()
    entry()
    with access.acting(CLERK):
        assert len(list(AuditEntry.objects.filter(subject_type="outbox").iterator(chunk_size=1))) == 2
        assert known()["place"] == "340321113"
    with access.acting(CLERK), connection.cursor() as cursor:
        cursor.executemany("SELECT set_config('weimin.kind', %s, true)", [["a"], ["b"]])
        assert known() == {
            "user": access.ROLE,
            "kind": "b",
            "account": "7",
            "place": "340321113",
            "agencies": "{5}",
            "roles": "{front_desk}",
        }
    with access.acting(CLERK), connection.cursor() as cursor:
        cursor.execute(psycopg.sql.SQL("SELECT current_user"))
        assert cursor.fetchone() == (access.ROLE,)


def test_a_first_statement_that_fails_tells_again_after_its_savepoint() -> None:
    with access.acting(CLERK):
        known()
        with pytest.raises(DatabaseError):
            _seek_and_fail()
        assert known()["sought_case"] == "340321113-261125-00001"


def _seek_and_fail() -> None:
    with transaction.atomic():
        access.seek(case="340321113-261125-00001")
        _run("SELECT 1 / 0")


def test_a_seeking_that_was_rolled_back_is_told_again() -> None:
    with access.acting(CLERK):
        known()
        with transaction.atomic():
            access.seek(case="340321113-261125-00001")
            assert known()["sought_case"]
            transaction.set_rollback(True)
        assert "sought_case" not in known()
        access.seek(case="340321113-261125-00001")
        assert known()["sought_case"] == "340321113-261125-00001"


def test_who_acts_is_said_inside_a_unit_of_work() -> None:
    with pytest.raises(RuntimeError):
        access.act_as(CLERK)


def entry(by: Actor = CLERK) -> None:
    record_audit(by=by, at=AT, verb="record.outbox.retried", subject_type="outbox", subject_id=1, changes={})


def count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM record_auditentry WHERE subject_type = 'outbox'")
        return int(cursor.fetchone()[0])


def test_undoing_takes_back_what_was_written_and_goes_on_as_the_same_actor() -> None:
    entry()
    with access.acting(CLERK):
        entry()
        assert count() == 2
        access.undo()
        assert count() == 1
        assert known()["place"] == "340321113"
    assert count() == 1


def test_undoing_mends_a_broken_transaction() -> None:
    with access.acting(CLERK):
        entry()
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        access.undo()
        assert count() == 0
        entry()
    assert count() == 1


def _apart(work: Any) -> Any:
    """Do something in a thread, with a connection of its own and no transaction around it."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as fault:
            found.append(fault)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.usefixtures("committed")
def test_nothing_stays_on_the_connection_after_a_request() -> None:
    def requests() -> list[dict[str, str]]:
        seen = [known()]
        with access.acting(CLERK):
            seen.append(known())
        seen.append(known())
        with pytest.raises(DatabaseError), access.acting(CLERK):
            _run("SELECT 1 / 0")
        return [*seen, known()]

    first, inside, *after = _apart(requests)
    assert inside["user"] == access.ROLE
    assert after == [first, first]
    assert first["user"] != access.ROLE


@pytest.mark.usefixtures("committed")
def test_undoing_a_whole_request_leaves_nothing_and_its_answer_can_ask() -> None:
    def request() -> tuple[dict[str, str], int]:
        with access.acting(CLERK):
            entry()
            transaction.on_commit(lambda: pytest.fail("what was undone is not committed"))
            access.undo()
            seen = known()
        return seen, count()

    assert _apart(request) == (
        {
            "user": access.ROLE,
            "kind": "staff",
            "account": "7",
            "place": "340321113",
            "agencies": "{5}",
            "roles": "{front_desk}",
        },
        0,
    )


@pytest.mark.usefixtures("committed")
def test_what_is_kept_stays_although_the_request_is_undone() -> None:
    def noted(name: str) -> None:
        WorkerBeat.objects.create(name=name, at=AT)

    def request() -> list[str]:
        try:
            with access.acting(CLERK):
                with access.at_once():
                    noted("before the first statement")
                with transaction.atomic():
                    noted("inside")
                    access.keep()  # the action's own transaction is not to be torn
                noted("kept")
                access.keep()
                assert known()["place"] == "340321113"
                noted("undone")
                access.undo()
                noted("after")
            with access.acting(CLERK):
                with access.at_once():
                    noted("counted")
                noted("lost")
                transaction.set_rollback(True)
            with access.acting(CLERK):
                known()
                with access.at_once():
                    noted("later")
                access.undo()
            return sorted(WorkerBeat.objects.values_list("name", flat=True))
        finally:
            WorkerBeat.objects.all().delete()

    assert _apart(request) == sorted(["before the first statement", "inside", "kept", "after", "counted", "later"])


@pytest.mark.usefixtures("committed")
def test_what_is_kept_holds_nobody_up() -> None:
    """Two requests count at one limit while both are still at work."""
    first_counted, second_done = threading.Event(), threading.Event()

    def count_one() -> None:
        _run(
            "INSERT INTO record_workerbeat (name, at, note) VALUES ('limit', now(), '')"
            " ON CONFLICT (name) DO UPDATE SET at = now()"
        )

    def first() -> None:
        with access.acting(CLERK), access.at_once():
            count_one()
        with access.acting(CLERK):
            count_one()
            access.keep()
            first_counted.set()
            assert second_done.wait(20)

    def second() -> None:
        assert first_counted.wait(20)
        with access.acting(PERSON):
            _run("SET LOCAL lock_timeout = '5s'")
            count_one()
        second_done.set()

    faults: list[Any] = []
    threads = [threading.Thread(target=lambda work=work: faults.append(_apart(work))) for work in (first, second)]
    try:
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert faults == [None, None]
    finally:
        _apart(lambda: _run("DELETE FROM record_workerbeat"))


@pytest.fixture
def committed(django_db_blocker: Any) -> Any:
    """Threads may use connections of their own; nothing that they do here is kept."""
    with django_db_blocker.unblock():
        yield


WRITES = [
    "UPDATE record_auditentry SET actor_name = '别人'",
    "UPDATE record_auditentry SET actor_name = '别人' WHERE false",
    "DELETE FROM record_auditentry",
    "TRUNCATE record_auditentry",
]


@pytest.mark.parametrize(
    ("actor", "statement"),
    [
        *((Actor.system(), one) for one in WRITES),
        *((CLERK, one) for one in WRITES),
        # an owner can take the lock off, which the chain shows; a web process cannot
        (CLERK, "ALTER TABLE record_auditentry DISABLE TRIGGER USER"),
        (CLERK, "DROP FUNCTION record_audit_is_final() CASCADE"),
    ],
)
def test_audit_entries_are_final(actor: Actor, statement: str) -> None:
    entry()
    with pytest.raises(DatabaseError), access.acting(actor), connection.cursor() as cursor:
        cursor.execute(statement)
    assert count() == 1


@pytest.mark.parametrize("table", ["residents_readentry", "cases_timelineentry", "django_migrations"])
def test_a_web_process_cannot_rewrite_what_was_noted(table: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), access.acting(CLERK):
        _run(f"DELETE FROM {table}")  # noqa: S608 — names of our own


def test_a_web_process_can_use_every_table_and_sequence_of_the_house() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND"
            " CASE relkind WHEN 'S' THEN NOT has_sequence_privilege('weimin_app', oid, 'USAGE')"
            " ELSE NOT has_table_privilege('weimin_app', oid, 'SELECT') END AND relkind IN ('r', 'p', 'v', 'S')"
            " AND NOT relispartition"
        )
        assert cursor.fetchall() == []


def test_a_web_process_reaches_a_year_through_its_table_only() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_add_year('record_auditentry', 2031), record_add_year('record_auditentry', 2031)")
        assert cursor.fetchone() == (True, False)
        cursor.execute(
            "SELECT relname, has_table_privilege('weimin_app', oid, 'SELECT, INSERT, UPDATE, DELETE') FROM pg_class"
            " WHERE relispartition AND relkind = 'r'"
        )
        parts = dict(cursor.fetchall())
    assert "record_auditentry_y2031" in parts and not any(parts.values())


RACE = RAISE_WALL.ROLE.replace("weimin_app", "weimin_race")


@pytest.mark.usefixtures("committed")
def test_databases_migrated_at_once_make_the_role_once() -> None:
    barrier = threading.Barrier(6)
    faults: list[Exception] = []

    def migrate() -> None:
        try:
            barrier.wait()
            with connection.cursor() as cursor:
                cursor.execute(RACE)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=migrate) for _ in range(6)]
    try:
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert not faults
    finally:
        _apart(lambda: _run("DROP ROLE IF EXISTS weimin_race"))


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_who_may_not_make_the_role_is_told_what_to_ask_for() -> None:
    told = "CREATE ROLE weimin_race NOLOGIN; GRANT weimin_race TO weimin_small"
    with pytest.raises(DatabaseError, match=told), transaction.atomic():
        _run(f"CREATE ROLE weimin_small; SET LOCAL ROLE weimin_small; {RACE}")


def test_a_role_that_could_pass_the_wall_is_refused() -> None:
    told = "ALTER ROLE weimin_race NOSUPERUSER NOBYPASSRLS"
    with pytest.raises(DatabaseError, match=told), transaction.atomic():
        _run(f"CREATE ROLE weimin_race BYPASSRLS; {RACE}")
