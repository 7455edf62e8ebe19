"""Many writers, late commits, rollbacks, two linkers, kill -9: what was committed is linked once, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from django.db import close_old_connections, connection, connections

from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import AuditEntry, AuditLink, ChainState
from weimin.kernel.record.testing import Stored
from weimin.kernel.record.tests.chain_help import AT, DAY, link_all, tamper, write
from weimin.kernel.record.tests.conftest import connect
from weimin.kernel.record.types import Actor, FaultKind

pytestmark = pytest.mark.usefixtures("trail")
#: A copy of the newest entry, written by whoever runs it.
COPY = """
    INSERT INTO record_auditentry
        (at, verb, subject_type, subject_id, actor_kind, actor_id, actor_name, agency_id, via, changes, digest)
    SELECT at, verb, subject_type, subject_id, actor_kind, actor_id, actor_name, agency_id, via, changes, digest
    FROM record_auditentry ORDER BY id LIMIT 1 RETURNING id
"""


@pytest.fixture
def others() -> Iterator[list[Any]]:
    """Two connections of other writers."""
    links = [connect() for _ in range(2)]
    yield links
    for one in links:
        one.close()


def begin(link: Any) -> int:
    """A transaction that has written an entry and goes on; gives the entry's id."""
    link.execute("BEGIN")
    return int(link.execute(COPY).fetchone()[0])


def linked() -> list[int]:
    return list(AuditLink.objects.order_by("day", "place").values_list("entry_id", flat=True))


def test_who_commits_late_is_not_passed_over(others: list[Any]) -> None:
    write(1)
    link_all()
    late = begin(others[0])
    early = begin(others[1])
    others[1].execute("COMMIT")
    assert late < early
    for _ in range(3):
        actions.chain_entries(at=AT)
    assert early not in linked(), "its number lies above a transaction that has not ended"
    assert queries.read_lag().waiting == 1
    assert queries.verify_chain().good
    others[0].execute("COMMIT")
    link_all()
    assert linked()[-2:] == [late, early]
    assert queries.verify_chain().good


def test_a_lower_id_of_a_later_transaction_is_linked_after(others: list[Any]) -> None:
    write(1)
    link_all()
    low = others[0].execute("SELECT nextval(pg_get_serial_sequence('record_auditentry', 'id'))").fetchone()[0]
    high = begin(others[1])
    others[1].execute("COMMIT")
    link_all()
    others[0].execute(
        COPY.replace("(at,", "(id, at,").replace("SELECT at,", f"SELECT {low}, at,")
        + "-- takes the id that it drew before"
    )
    link_all()
    assert linked()[-2:] == [high, low]
    assert queries.verify_chain().good


def test_rollbacks_leave_gaps_in_the_ids_and_none_in_the_chain(others: list[Any]) -> None:
    write(1)
    gone = begin(others[0])
    others[0].execute("ROLLBACK")
    write(1)
    link_all()
    assert gone not in linked()
    assert list(AuditLink.objects.order_by("place").values_list("place", flat=True)) == [1, 2]
    assert queries.verify_chain().looked == 2


def test_a_second_linker_steps_aside(others: list[Any]) -> None:
    write(3)
    link_all()
    write(1)
    others[0].execute("BEGIN")
    others[0].execute("SELECT pg_try_advisory_xact_lock(%s)", [actions.chaining._LOCK])
    assert actions.chain_entries(at=AT) == 0
    others[0].execute("ROLLBACK")
    assert link_all() == 1


def test_linkers_side_by_side_link_everything_once() -> None:
    write(300)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(60):
                actions.chain_entries(at=AT, batch=7)
        except BaseException as fault:
            failures.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not failures
    link_all()
    assert queries.verify_chain().looked == 300


def test_moved_to_another_server_the_chain_goes_on() -> None:
    write(3)
    link_all()
    write(2)
    # as after a restore elsewhere: another server, whose transaction numbers are far behind
    tamper("UPDATE record_auditentry SET xid = xid + 4000000000000 WHERE true")
    tamper("UPDATE record_chainstate SET settled_xid = settled_xid + 4000000000000, system = 'another' WHERE true")
    assert queries.verify_chain().good
    write(2)
    link_all(AT + DAY)
    write(1)
    link_all(AT + DAY)
    assert ChainState.objects.get().system != "another"
    assert linked() == [1, 2, 3, 6, 7, 4, 5, 8]
    verdict = queries.verify_chain()
    # the numbers of the former server stand above the present one's: only linked entries may have them
    assert (verdict.fault, verdict.looked) == (None, 8)


def _process(job: str, mark: str) -> subprocess.Popen[str]:
    there = connection.settings_dict
    url = (
        f"postgres://{quote(there['USER'])}:{quote(there['PASSWORD'])}@{there['HOST']}:{there['PORT']}/{there['NAME']}"
    )
    started = subprocess.Popen(
        [sys.executable, "-m", "weimin.kernel.record.tests.writing", job, mark],
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout and started.stdout.readline() == "begun\n"
    return started


def _wait_for(count: int, rows: Any) -> None:
    """Wait until so many rows stand there; bounded."""
    pause = threading.Event()
    for _ in range(600):
        if rows.count() >= count:
            return
        pause.wait(0.05)
    raise AssertionError("the other process writes nothing")


@pytest.mark.parametrize("turn", range(3))
def test_killed_in_the_middle_of_writes_the_chain_verifies(turn: int) -> None:
    processes = [_process("write", "A"), _process("write", "B"), _process("link", "-")]
    try:
        _wait_for(40 + 35 * turn, AuditEntry.objects)
        _wait_for(14, AuditLink.objects)
        processes[2].send_signal(signal.SIGKILL)
        _wait_for(AuditEntry.objects.count() + 10, AuditEntry.objects)
    finally:
        for one in processes:
            one.send_signal(signal.SIGKILL)
        for one in processes:
            one.communicate()
    close_old_connections()
    before = queries.verify_chain()
    assert (before.fault, before.looked) == (None, AuditLink.objects.count())
    link_all()
    after = queries.verify_chain()
    assert after.fault is None
    assert after.looked == AuditLink.objects.count() == AuditEntry.objects.count()
    rolled_back = AuditEntry.objects.filter(subject_id__regex="-[0-9]*[49]$")
    assert not rolled_back.exists()


# --- the checks that are kept -----------------------------------------------------------------------------
def test_every_night_the_days_since_the_last_good_check_are_checked() -> None:
    by = Actor.system("夜间核验")
    assert actions.check_last_days(by=by, at=AT) is None
    for after in range(4):
        write(2, at=AT + after * DAY)
        link_all(AT + after * DAY)
    first = actions.check_last_days(by=by, at=AT)
    assert first and (first.since, first.looked, first.good) == (date(2026, 11, 24), 8, True)
    write(2)
    link_all(AT + 5 * DAY)
    second = actions.check_last_days(by=by, at=AT)
    assert second and (second.since, second.looked) == (date(2026, 11, 27), 4)
    tamper("UPDATE record_auditentry SET via = 'x' WHERE id = 8")
    third = actions.check_last_days(by=by, at=AT)
    assert third and third.good, "the open day came after that entry's day"
    assert queries.find_standing_fault() is None


def test_a_broken_chain_stays_named_until_a_check_from_there_finds_it_mended() -> None:
    by = Actor.system("夜间核验")
    for after in range(3):
        write(2, at=AT + after * DAY)
        link_all(AT + after * DAY)
    tamper("UPDATE record_auditentry SET via = 'x' WHERE id = 3")
    assert not actions.check_chain(by=by, at=AT).good
    assert AuditEntry.objects.filter(verb="record.chain.broken", subject_id="2026-11-25").count() == 1
    assert actions.check_chain(by=by, at=AT, since=date(2026, 11, 26)).good
    standing = queries.find_standing_fault()
    assert standing and standing.fault_text == "2026-11-25 第 1 条 记录 3：记录的内容被改过"
    tamper("UPDATE record_auditentry SET via = 'desk' WHERE id = 3")
    assert actions.check_chain(by=by, at=AT, since=date(2026, 11, 25)).good
    assert queries.find_standing_fault() is None


# --- stored files -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "kind",
    [FaultKind.FILE_SEAL, FaultKind.FILE_SHA256, FaultKind.FILE_SIZE, FaultKind.FILE_MISSING, FaultKind.FILE_SM3],
)
def test_a_changed_file_is_named(kind: FaultKind, tmp_path: Any, settings: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    blobs = [
        actions.store_blob(at=AT, content=b"%PDF-1.4 " + bytes([65 + n]) * 100, name="a.pdf", allowed=("pdf",))
        for n in range(3)
    ]
    assert queries.verify_files().looked == 3
    path = Stored(blobs[1].sha256)
    content = bytearray(path.read_bytes())
    if kind is FaultKind.FILE_SEAL:
        content[50] ^= 1
        path.write_bytes(content)
    elif kind is FaultKind.FILE_SHA256:
        path.write_bytes(b"%PDF-1.4 " + bytes([99]) * 100)
    elif kind is FaultKind.FILE_SIZE:
        path.write_bytes(b"%PDF-1.4 ")
    elif kind is FaultKind.FILE_MISSING:
        path.unlink()
    else:
        tamper("UPDATE record_blob SET sm3 = repeat('0', 64) WHERE id = %s", blobs[1].blob_id)
    fault = queries.verify_files().fault
    assert fault and (fault.kind, fault.entry_id) == (kind, blobs[1].blob_id)
