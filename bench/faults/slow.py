"""The gateway of texts answers after 30 seconds for ten minutes: nobody else waits for it, afterwards all is delivered."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.faults.judge import Judge
from bench.faults.load import Book, Load
from bench.faults.stage import Stage, until

#: How late a message in the message centre may be while the gateway is slow.
LATE_SECONDS = 10.0


def run(factor: float = 1.0) -> list[str]:
    """Ten minutes, or a part of them; the gateway's slowness shrinks with it."""
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        Stage(Path(folder) / "stage", environment={"WEIMIN_OUTSIDE_SECONDS": str(int(max(20, 120 * factor)))}) as stage,
    ):
        return while_slow(stage, Judge(stage), seconds=600 * factor, answer_after=max(3.0, 30 * factor))


def while_slow(stage: Stage, judge: Judge, *, seconds: float, answer_after: float, people: int = 3) -> list[str]:
    """Load while the gateway is slow; the oldest waiting message of any other topic is watched."""
    stage.receiver.wait_seconds = answer_after
    book, pages, oldest = Book(), [], 0.0
    ends = time.monotonic() + seconds
    with Load(stage, book, people=people):
        while time.monotonic() < ends:
            began = time.monotonic()
            status, _ = stage.get("/")
            assert status == 200, status
            pages.append((time.monotonic() - began) * 1000)
            oldest = max(oldest, _oldest(stage))
            time.sleep(0.2)
    waiting = stage.postgres.ask(
        "SELECT count(*) FROM record_outboxmessage WHERE delivered_at IS NULL AND topic LIKE '%.text.due'"
    )[0][0]
    assert waiting, "the gateway was never behind: nothing was proved"
    linked = "SELECT count(*) FROM record_auditentry e LEFT JOIN record_auditlink l ON l.entry_id = e.id"
    until("the chain goes on", lambda: stage.postgres.ask(linked + " WHERE l.entry_id IS NULL") == [(0,)], seconds=60)
    assert oldest < LATE_SECONDS, f"another message waited {oldest:.0f} s"
    stage.receiver.wait_seconds = 0
    pages.sort()
    settled = judge.settle()
    return [
        f"the gateway answered after {answer_after:.0f} s, for {seconds:.0f} s; {waiting} texts waited at the end",
        f"everything was delivered and linked {settled:.0f} s after the gateway was well again",
        f"the oldest other message waited {oldest:.1f} s; the home page took {pages[int(len(pages) * 0.95)]:.0f} ms (p95)",
        *judge.hold_against(book),
    ]


def _oldest(stage: Stage) -> float:
    rows = stage.postgres.ask(
        "SELECT min(due_at) FROM record_outboxmessage WHERE delivered_at IS NULL AND topic NOT LIKE '%.text.due'"
    )
    return (datetime.now(UTC) - rows[0][0]).total_seconds() if rows[0][0] else 0.0
