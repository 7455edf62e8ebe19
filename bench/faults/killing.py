"""kill -9 under load: of web processes, of the worker, of the database's postmaster and of single backends."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from bench.faults.judge import Judge
from bench.faults.load import Book, Load
from bench.faults.stage import Stage, until

TARGETS = ("web process", "web server", "worker", "backend", "postmaster")


def run(rounds: int = 4, people: int = 6, seed: int = 6) -> list[str]:
    """Every target so many times, at random moments of one load."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Stage(Path(folder) / "stage") as stage:
        judge = Judge(stage)
        dice = random.Random(seed)
        targets = list(TARGETS) * rounds
        dice.shuffle(targets)
        return under_fire(stage, judge, targets, people=people, dice=dice)


def under_fire(stage: Stage, judge: Judge, targets: list[str], *, people: int, dice: random.Random) -> list[str]:
    """Kill one after the other under load; between two blows some work gets through."""
    book, waits = Book(), []
    with Load(stage, book, people=people, seed=dice.randrange(1000)):
        for target in targets:
            _work_gets_through(book, 5)
            time.sleep(dice.random() * 0.5)
            strike(stage, target, dice)
            began = time.monotonic()
            _work_gets_through(book, 1)
            waits.append((time.monotonic() - began, target))
        _work_gets_through(book, 5)
    longest = max(waits)
    return [
        f"killed: {', '.join(f'{one} {targets.count(one)} times' for one in dict.fromkeys(targets))}",
        *judge.hold_against(book),
        f"longest time from a blow to the next acknowledged request: {longest[0]:.1f} s, after the {longest[1]}",
    ]


def strike(stage: Stage, target: str, dice: random.Random) -> None:
    """Kill -9 one thing."""
    import os
    import signal

    if target == "postmaster":
        stage.postgres.kill()
    elif target == "worker":
        stage.worker.kill()
    elif target == "web server":
        stage.web.kill()
    elif target == "web process":
        if pids := stage.web.children():
            with suppress(ProcessLookupError):
                os.kill(dice.choice(pids), signal.SIGKILL)
    else:
        with suppress(Exception):
            rows = stage.postgres.ask(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            os.kill(dice.choice(rows)[0], signal.SIGKILL)


def _work_gets_through(book: Book, count: int) -> None:
    enough = len(book.answers) + count
    until("requests are acknowledged", lambda: len(book.answers) >= enough, pause=0.02)
