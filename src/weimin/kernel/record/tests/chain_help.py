"""Entries to chain, waiting for what the database settles by itself, and a hand that tampers."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from weimin.kernel.record import actions
from weimin.kernel.record.models import AuditEntry, AuditLink
from weimin.kernel.record.types import Actor

#: 10:00 in Bengbu on 24 November.
AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CLERK = Actor(kind="staff", name="演示李娜", via="desk", account_id=7, agency_id=3, agency_name="榴城镇便民服务中心")
_TABLES = ("auditlink", "auditday", "chainstate", "auditcheck", "auditentry", "blob")


def truncate() -> None:
    """Empty the tables of the record, which their triggers forbid to everybody else."""
    tamper(f"TRUNCATE {', '.join('record_' + one for one in _TABLES)} RESTART IDENTITY")


def write(count: int = 1, *, at: datetime = AT, subject: str = "N-1", **changes: Any) -> None:
    """Audit entries, each committed by itself."""
    for number in range(count):
        actions.record_audit(
            by=CLERK,
            at=at,
            verb="record.outbox.retried",
            subject_type="case",
            subject_id=subject,
            changes=changes or {"state": ["received", f"第 {number} 步"], "due_on": [None, "2026-12-01"]},
        )


def link_all(at: datetime = AT, *, batch: int = 5000) -> int:
    """Link every committed entry; waits, for a while, for transactions of other tests on the server to end."""
    end = time.monotonic() + 120
    linked = 0
    while True:
        linked += actions.chain_entries(at=at, batch=batch)
        if AuditLink.objects.count() >= AuditEntry.objects.count():
            return linked
        assert time.monotonic() < end, "some transaction on the server never ended"
        time.sleep(0.02)


def tamper(statement: str, *values: Any) -> None:
    """Change the trail as only somebody with the server's own powers can: past triggers and constraints."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(statement, values)
            assert cursor.rowcount, "the hand must touch something"
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")
