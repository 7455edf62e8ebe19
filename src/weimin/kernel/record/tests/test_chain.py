"""The chain verifies when nothing was touched, and names what was."""

# ruff: noqa: S608 — statements of a tampering hand

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection

from weimin.base.crypto import sm3_hex
from weimin.kernel.record import actions, queries, rules
from weimin.kernel.record.models import AuditDay, AuditEntry, AuditLink, ChainState
from weimin.kernel.record.queries.chain import FIELDS
from weimin.kernel.record.tests.chain_help import AT, CLERK, DAY, link_all, tamper, truncate, write
from weimin.kernel.record.types import FaultKind

pytestmark = pytest.mark.usefixtures("trail")
FIRST = date(2026, 11, 24)


def three_days() -> None:
    """Five entries on each of two closed days with an empty one between, and five on the open day."""
    for after in (0, 2, 3):
        write(5, at=AT + after * DAY)
        link_all(AT + after * DAY)


def ids() -> list[int]:
    return list(AuditLink.objects.order_by("day", "place").values_list("entry_id", flat=True))


# --- untouched ------------------------------------------------------------------------------------------
def test_before_anything_was_written_there_is_nothing_wrong() -> None:
    verdict = queries.verify_chain()
    assert (verdict.good, verdict.looked, verdict.waiting) == (True, 0, 0)


def test_the_chain_is_what_anybody_computes_from_the_digests() -> None:
    three_days()
    chain, days = rules.GENESIS, list(AuditDay.objects.order_by("day"))
    assert [(one.day.day, one.count) for one in days] == [(24, 5), (25, 0), (26, 5)]
    for one in days:
        previous = chain
        links = AuditLink.objects.filter(day=one.day).order_by("place").select_related("entry")
        for place, link in enumerate(links, start=1):
            chain = sm3_hex((chain + link.entry.digest).encode())
            assert (link.place, link.chain) == (place, chain)
        assert (one.previous, one.head) == (previous, chain)
        chain = sm3_hex(f"weimin-audit-day {one.day} {one.count} {previous} {chain}".encode())
        assert one.digest == chain
    verdict = queries.verify_chain()
    assert (verdict.fault, verdict.looked, verdict.until) == (None, 15, date(2026, 11, 27))


@pytest.mark.parametrize("batch", [1, 4, 5, 6, 100])
def test_batches_of_any_size_make_the_same_chain(batch: int) -> None:
    write(10)
    assert link_all(batch=batch) == 10
    head = ChainState.objects.get().head
    assert (
        head == rules.chain_all(rules.GENESIS, AuditEntry.objects.order_by("id").values_list("digest", flat=True))[-1]
    )
    assert queries.verify_chain().good


def test_days_without_a_worker_are_closed_when_it_comes_back() -> None:
    write(2)
    link_all()
    write(3, at=AT + 3 * DAY)
    link_all(AT + 10 * DAY)
    assert list(AuditDay.objects.order_by("day").values_list("count", flat=True)) == [2, *[0] * 9]
    assert AuditLink.objects.filter(day=FIRST + 10 * DAY).count() == 3
    assert queries.verify_chain().good


def test_a_batch_that_stands_on_both_sides_of_midnight_goes_to_the_day_of_linking() -> None:
    midnight = AT.replace(hour=16)  # 24:00 in Bengbu
    write(2, at=midnight - timedelta(seconds=1))
    write(2, at=midnight + timedelta(seconds=1))
    link_all(midnight + timedelta(seconds=2))
    assert AuditDay.objects.count() == 0, "the chain began after midnight"
    assert set(AuditLink.objects.values_list("day", flat=True)) == {date(2026, 11, 25)}
    write(1, at=midnight + DAY - timedelta(seconds=1))
    link_all(midnight + DAY - timedelta(microseconds=1))
    write(1, at=midnight + DAY)
    link_all(midnight + DAY)
    assert list(AuditDay.objects.values_list("day", "count")) == [(date(2026, 11, 25), 5)]
    assert AuditLink.objects.get(day=date(2026, 11, 26)).place == 1
    assert queries.verify_chain().good


def test_a_clock_set_back_opens_no_closed_day() -> None:
    write(1)
    link_all(AT + DAY)
    write(1)
    link_all(AT + DAY)
    actions.chain_entries(at=AT + 2 * DAY)
    write(2)
    link_all(AT)
    assert AuditLink.objects.filter(day=FIRST).count() == 0
    assert AuditLink.objects.filter(day=FIRST + 2 * DAY).count() == 2
    assert queries.verify_chain().good


def test_idle_passes_write_nothing() -> None:
    write(1)
    link_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT xmin::text FROM record_chainstate")
        before = cursor.fetchone()
        actions.chain_entries(at=AT)
        cursor.execute("SELECT xmin::text FROM record_chainstate")
        assert cursor.fetchone() == before


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"a": [1, 2.5, -0.0, 1e22, 1e-7, True, None, "é\u2028𠮷", {"z": (1, 2), "b": []}]},
        {"10": 1, "9": 2, "n": 2**70, "whole": 3.0, "small": 1.1e-300},
        {7: "a number as key"},
    ],
    ids=["empty", "values", "numbers", "keys"],
)
def test_what_was_written_is_what_is_verified(changes: dict[Any, Any]) -> None:
    actions.record_audit(
        by=CLERK, at=AT.astimezone(), verb="record.outbox.retried", subject_type="x", subject_id=1, changes=changes
    )
    link_all()
    assert queries.verify_chain().fault is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, AT])
def test_what_json_cannot_keep_is_refused_before_it_is_written(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        actions.record_audit(
            by=CLERK, at=AT, verb="record.outbox.retried", subject_type="x", subject_id=1, changes={"a": value}
        )
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("table", ["record_auditlink", "record_auditday"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET day = day", "TRUNCATE {}"])
def test_the_database_itself_refuses_changes_of_links_and_days(table: str, statement: str) -> None:
    three_days()
    with pytest.raises(DatabaseError, match="never changed"), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


# --- touched --------------------------------------------------------------------------------------------
FLIP = "chr(ascii(left({0}, 1)) # 1) || substr({0}, 2)"
ENTRY = "record_auditentry WHERE id = (SELECT entry_id FROM record_auditlink WHERE day = '2026-11-26' AND place = 3)"
TAMPERED = {
    "one byte of the changes": (
        "UPDATE record_auditentry SET changes = replace(changes::text, '第 2', '第 3')::jsonb WHERE id = 8",
        FaultKind.CONTENT, 26, 3, 8,
    ),
    "who did it": ("UPDATE record_auditentry SET actor_id = 8 WHERE id = 8", FaultKind.CONTENT, 26, 3, 8),
    "who did it, made nobody": ("UPDATE record_auditentry SET actor_id = NULL WHERE id = 8", FaultKind.CONTENT, 26, 3, 8),
    "when, by a microsecond": (
        "UPDATE record_auditentry SET at = at + interval '1 microsecond' WHERE id = 8", FaultKind.CONTENT, 26, 3, 8,
    ),
    "the digest": (f"UPDATE record_auditentry SET digest = {FLIP.format('digest')} WHERE id = 8", FaultKind.DIGEST, 26, 3, 8),
    "the link": (f"UPDATE record_auditlink SET chain = {FLIP.format('chain')} WHERE entry_id = 8", FaultKind.LINK, 26, 3, 8),
    "the last link of a closed day": (
        f"UPDATE record_auditlink SET chain = {FLIP.format('chain')} WHERE entry_id = 10", FaultKind.LINK, 26, 5, 10,
    ),
    "an entry deleted": ("DELETE FROM record_auditentry WHERE id = 8", FaultKind.ENTRY_MISSING, 26, 3, 8),
    "a link deleted": ("DELETE FROM record_auditlink WHERE entry_id = 8", FaultKind.LINK_MISSING, 26, 3, None),
    "the last entry of a closed day and its link": (
        "WITH gone AS (DELETE FROM record_auditlink WHERE entry_id = 10) DELETE FROM record_auditentry WHERE id = 10",
        FaultKind.LINK_MISSING, 26, 5, None,
    ),
    "the last entry of the open day and its link": (
        "WITH gone AS (DELETE FROM record_auditlink WHERE entry_id = 15) DELETE FROM record_auditentry WHERE id = 15",
        FaultKind.LINK_MISSING, 27, 5, None,
    ),
    "two swapped": (
        "UPDATE record_auditlink SET entry_id = -1 WHERE entry_id = 7;"
        "UPDATE record_auditlink SET entry_id = 7 WHERE entry_id = 9;"
        "UPDATE record_auditlink SET entry_id = 9 WHERE entry_id = -1",
        FaultKind.ORDER, 26, 2, 9,
    ),
    "a forged entry without a link": (
        "INSERT INTO record_auditentry (at, verb, subject_type, subject_id, actor_kind, actor_name, via, changes, digest, xid)"
        " SELECT at, verb, subject_type, 'N-2', actor_kind, actor_name, via, changes, digest, xid"
        " FROM record_auditentry WHERE id = 8",
        FaultKind.UNLINKED, None, None, 16,
    ),
    "a forged entry from the future": (
        "INSERT INTO record_auditentry (at, verb, subject_type, subject_id, actor_kind, actor_name, via, changes, digest, xid)"
        " SELECT at, verb, subject_type, 'N-2', actor_kind, actor_name, via, changes, digest, 4611686018427387904"
        " FROM record_auditentry WHERE id = 8",
        FaultKind.UNLINKED, None, None, 16,
    ),
    "a forged link past the end of a closed day": (
        "INSERT INTO record_auditlink SELECT 99, day, 6, chain FROM record_auditlink WHERE entry_id = 8",
        FaultKind.LINK_EXTRA, 26, 6, 99,
    ),
    "a forged link before the first day": (
        "INSERT INTO record_auditlink SELECT 99, '2026-11-23', 1, chain FROM record_auditlink WHERE entry_id = 8",
        FaultKind.LINK_EXTRA, 23, 1, 99,
    ),
    "a day's digest": (
        f"UPDATE record_auditday SET digest = {FLIP.format('digest')} WHERE day = '2026-11-26'", FaultKind.DAY_DIGEST, 26, None, None,
    ),
    "a day's count": (
        "UPDATE record_auditday SET count = 4 WHERE day = '2026-11-26'", FaultKind.DAY_DIGEST, 26, None, None,
    ),
    "a day's head": (
        f"UPDATE record_auditday SET head = {FLIP.format('head')} WHERE day = '2026-11-26'", FaultKind.DAY_DIGEST, 26, None, None,
    ),
    "an empty day deleted": (
        "DELETE FROM record_auditday WHERE day = '2026-11-25'", FaultKind.DAY_MISSING, 25, None, None,
    ),
    "the last closed day deleted": (
        "DELETE FROM record_auditday WHERE day = '2026-11-26'", FaultKind.DAY_MISSING, 26, None, None,
    ),
    "the state deleted": ("DELETE FROM record_chainstate", FaultKind.STATE, None, None, None),
    "the state set back": (
        "UPDATE record_chainstate SET (day, place, previous, head) ="
        " (SELECT day, count, previous, head FROM record_auditday WHERE day = '2026-11-26')",
        FaultKind.STATE, None, None, None,
    ),
    "the open day cut short with its state": (
        "WITH a AS (DELETE FROM record_auditlink WHERE entry_id = 15)"
        " UPDATE record_chainstate SET place = 4, head = (SELECT chain FROM record_auditlink WHERE entry_id = 14)",
        FaultKind.UNLINKED, None, None, 15,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED.values(), ids=TAMPERED)
def test_what_was_touched_is_named(case: tuple[Any, ...]) -> None:
    statement, kind, day, place, entry_id = case
    three_days()
    assert queries.verify_chain().good
    for one in statement.split(";"):
        tamper(one)
    fault = queries.verify_chain().fault
    assert fault is not None
    named = (fault.kind, fault.day and fault.day.day, fault.place, fault.entry_id)
    assert named == (kind, day, place, entry_id)


def test_an_entry_rewritten_with_its_digest_is_named() -> None:
    three_days()
    row = AuditEntry.objects.get(pk=8)
    fields = {name: getattr(row, name) for name in FIELDS} | {"subject_id": "N-9"}
    tamper("UPDATE record_auditentry SET subject_id = 'N-9', digest = %s WHERE id = 8", rules.entry_digest(fields))
    fault = queries.verify_chain().fault
    assert fault and (fault.kind, fault.place, fault.entry_id) == (FaultKind.REPLACED, 3, 8)
    assert fault.text == "2026-11-26 第 3 条 记录 8：记录和入链时不是同一条"


def test_the_first_of_several_is_named() -> None:
    three_days()
    tamper("UPDATE record_auditentry SET via = 'x' WHERE id IN (4, 8, 12)")
    tamper("DELETE FROM record_auditday WHERE day = '2026-11-26'")
    fault = queries.verify_chain().fault
    assert fault and (fault.day, fault.entry_id) == (FIRST, 4)


def test_a_history_rewritten_whole_differs_from_what_was_published() -> None:
    three_days()
    published = {one.day: one.digest for one in queries.list_days()}
    assert queries.verify_chain(published=published).good
    entries = list(AuditEntry.objects.order_by("id").values_list("at", flat=True))
    truncate()
    for at in entries:
        write(1, at=at, subject="N-2")
        link_all(at)
    link_all(AT + 3 * DAY)
    assert queries.verify_chain().good, "by itself a chain made anew fits together"
    fault = queries.verify_chain(published=published).fault
    assert fault and (fault.kind, fault.day) == (FaultKind.PUBLISHED, FIRST)


def test_a_published_day_that_is_gone_is_named() -> None:
    three_days()
    fault = queries.verify_chain(published={date(2026, 12, 1): "0" * 64}).fault
    assert fault and (fault.kind, fault.day) == (FaultKind.PUBLISHED, date(2026, 12, 1))


def test_a_check_from_a_day_on_leaves_out_what_came_before() -> None:
    three_days()
    tamper("UPDATE record_auditentry SET via = 'x' WHERE id = 4")
    assert not queries.verify_chain().good
    later = queries.verify_chain(since=date(2026, 11, 25))
    assert (later.good, later.looked) == (True, 10)
    with pytest.raises(queries.ChainUnknown):
        queries.verify_chain(since=date(2026, 11, 23))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_stretches_of_any_size_find_the_same(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = rules.cut_day
    monkeypatch.setattr(rules, "cut_day", lambda view: cut(view, size=size))
    three_days()
    assert queries.verify_chain().looked == 15
    tamper("DELETE FROM record_auditlink WHERE entry_id = 8")
    fault = queries.verify_chain().fault
    assert fault and (fault.kind, fault.place) == (FaultKind.LINK_MISSING, 3)
