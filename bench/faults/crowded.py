"""All connections of the database are taken by others: a kind 503 meanwhile, work again once they are free."""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from bench.faults.judge import Judge
from bench.faults.load import Book, Load
from bench.faults.stage import Stage, until


def run(seconds: float = 20) -> list[str]:
    """For so many seconds no connection is to be had."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Stage(Path(folder) / "stage") as stage:
        return while_crowded(stage, Judge(stage), seconds=seconds)


def while_crowded(stage: Stage, judge: Judge, *, seconds: float, people: int = 3) -> list[str]:
    """Take every connection, end those of the platform, and give all back; processes are not restarted."""
    book, taken = Book(), []
    starts = (stage.web.starts, stage.worker.starts, stage.web.children())
    address = stage.base["DATABASE_URL"]
    with Load(stage, book, people=people):
        until("requests are acknowledged", lambda: len(book.answers) >= 3)
        with psycopg.connect(address, autocommit=True) as first:
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                # a superuser's seat is kept back by PostgreSQL, so others are ended from it and their places taken
                with suppress(psycopg.Error):
                    first.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                        " AND pid <> pg_backend_pid() AND NOT pid = ANY (%s)",
                        [[one.info.backend_pid for one in taken]],
                    )
                with suppress(psycopg.OperationalError):
                    while True:
                        taken.append(psycopg.connect(address, autocommit=True, connect_timeout=5))
                if book.seen["503"]:
                    time.sleep(0.2)
            for one in taken:
                one.close()
        count = len(book.answers)
        until("work goes on", lambda: len(book.answers) >= count + 5)
    assert book.seen["503"], f"nobody was turned away: nothing was proved ({book.seen})"
    assert starts[::2] == (stage.web.starts, stage.web.children()), "a web process ended"
    return [f"{len(taken)} connections taken for {seconds:.0f} s; no web process ended", *judge.hold_against(book)]
