"""The database's disk is full: writing is refused kindly, reading goes on, nothing is half-written, and work goes on after.

As root a small disk in memory is laid under the tables' folder; others get a line that says it was not tried. The log of
the database lies on another disk: PostgreSQL stops when that one is full, and no program above it can help.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from bench.faults.judge import Judge
from bench.faults.load import Book, Load
from bench.faults.stage import Stage, until
from weimin.base.embedded import USER


class Disk:
    """A small disk in memory, as root only."""

    def __init__(self, place: Path, megabytes: int, owner: str = "root") -> None:
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        options = f"size={megabytes}m,mode=0700,uid={_uid(owner)}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True, capture_output=True)

    def fill(self) -> Path:
        """Take all that is left."""
        ballast = self.place / "ballast"
        with suppress(OSError), ballast.open("ab", buffering=0) as target:
            while True:
                target.write(bytes(4096))
        return ballast

    def close(self) -> None:
        """Take it away."""
        subprocess.run(["umount", "-l", str(self.place)], check=False, capture_output=True)


def _uid(name: str) -> int:
    import pwd

    return pwd.getpwnam(name).pw_uid


def run(seconds: float = 10) -> list[str]:
    """Full for so many seconds."""
    if os.geteuid() != 0:
        return ["not tried: laying a small disk under the stage needs root"]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        place = Path(folder) / "stage"
        disks: list[Disk] = []
        try:
            with Stage(place) as stage:
                judge = Judge(stage)
                disks.append(_tables_on(stage, Path(folder) / "tables"))
                return database_full(stage, judge, disks[0], seconds=seconds)
        finally:
            for one in disks:
                one.close()


def _tables_on(stage: Stage, place: Path) -> Disk:
    """Move the tables to a small disk of their own; the log stays where it is."""
    # SET TABLESPACE copies the tables, so the small disk must hold them once
    size = stage.postgres.ask("SELECT pg_database_size(current_database()) / 1024 / 1024")[0][0]
    place.parent.chmod(0o711)
    disk = Disk(place, int(size) + 40, USER)
    import psycopg

    with psycopg.connect(stage.postgres.url, autocommit=True) as link:
        link.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        link.execute("ALTER TABLE ALL IN TABLESPACE pg_default SET TABLESPACE small")
        link.execute("ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE small")
    return disk


def database_full(stage: Stage, judge: Judge, disk: Disk, *, seconds: float) -> list[str]:
    """Everything that writes is refused while the tables' disk is full, and goes on afterwards."""
    book = Book()
    ballast = disk.fill()
    return _while_full(stage, judge, book, ballast, seconds=seconds, what="database")


def _while_full(stage: Stage, judge: Judge, book: Book, ballast: Path, *, seconds: float, what: str) -> list[str]:
    """Load on a full disk, reading beside it; then space is given back and nothing is restarted."""
    starts = (stage.web.starts, stage.postgres.starts, stage.web.children())
    reads = 0
    with Load(stage, book, people=3):
        # what is left in half-filled pages is used up first
        until("somebody is turned away", lambda: book.seen["503"], seconds=120)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            for path in ("/", "/items/"):
                status, _ = stage.get(path)
                assert status == 200, f"{path} {status} while the {what}'s disk is full"
                reads += 1
            time.sleep(0.2)
        count = len(book.answers)
        ballast.unlink()
        until("work goes on", lambda: len(book.answers) > count + 10)
    assert starts == (stage.web.starts, stage.postgres.starts, stage.web.children()), "something was restarted"
    return [f"the {what}'s disk full for {seconds:.0f} s; {reads} pages read meanwhile", *judge.hold_against(book)]
