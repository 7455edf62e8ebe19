"""The clock of web and worker jumps a day ahead and back: clocks stay right, the chain's day never goes back, all is delivered.

Debian's `faketime` shows the processes another clock; the database keeps its own, as on a machine of its own.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.faults.judge import Judge
from bench.faults.load import Book, Load
from bench.faults.stage import Stage, until

LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
)


def run(seconds: float = 15) -> list[str]:
    """Some load at each of three times: now, a day ahead, and now again."""
    library = next((one for one in LIBRARIES if Path(one).exists()), None)
    if library is None:
        return ["not tried: the package faketime is not installed"]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        told = Path(folder) / "clock"
        told.write_text("+0\n")
        environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(told),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        # read at every look at the clock, the file holds up the worker's two busy threads by seconds for each thing done
        cached = {"FAKETIME_NO_CACHE": "0", "FAKETIME_CACHE_DURATION": "1"}
        with Stage(Path(folder) / "stage", environment=environment, of_worker=cached) as stage:
            return while_jumping(stage, Judge(stage), told, seconds=seconds)


def while_jumping(stage: Stage, judge: Judge, told: Path, *, seconds: float) -> list[str]:
    """Jump under load, and hold everything against the book."""
    book, days = Book(), []

    def at_work(jump: str) -> None:
        told.write_text(jump + "\n")
        count = len(book.answers)
        until(f"work goes on at {jump}", lambda: len(book.answers) > count + 5)
        time.sleep(seconds)
        days.append(stage.postgres.ask("SELECT day FROM record_chainstate")[0][0])

    with Load(stage, book, people=3):
        at_work("+0")
        at_work("+1d")
    # a matter begun tomorrow cannot be ended today: it is refused in words until the clock comes there again
    told.write_text("+0\n")
    with Load(stage, book, people=3):
        at_work("+0")
    assert days[0] < days[1], f"the clock never jumped: {days}"
    assert days == sorted(days), f"the chain's day went back: {days}"
    said = stage.weimin("clocks", "verify")
    told = ", ".join(f"{one:%Y-%m-%d}" for one in days)
    return [
        f"the clock stood at now, a day ahead, and now again, {seconds:.0f} s each; the chain's days: {told}",
        f"weimin clocks verify: {said.strip().splitlines()[-1]}",
        *judge.hold_against(book),
    ]
