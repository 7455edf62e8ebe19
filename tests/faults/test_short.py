"""The short form of the fault suite: real processes over a durable database of their own, killed, slowed and crowded."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.faults import crowded, killing, slow
from bench.faults.judge import Judge
from bench.faults.stage import Stage, until
from bench.stage import free_port, list_processes


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("faults") / "stage") as made:
        yield made


@pytest.fixture(scope="module")
def judge(stage: Stage) -> Judge:
    return Judge(stage)


def test_the_worker_stands_back_when_people_wait(stage: Stage) -> None:
    web, worker = (os.getpriority(os.PRIO_PROCESS, one.process.pid) for one in (stage.web, stage.worker))
    assert worker > web


def test_what_was_acknowledged_outlives_kill_9(stage: Stage, judge: Judge) -> None:
    targets = ["web process", "worker", "backend", "postmaster", "web server"]
    killing.under_fire(stage, judge, targets, people=3, dice=random.Random(11))


def test_a_slow_gateway_is_waited_for_by_nobody(stage: Stage, judge: Judge) -> None:
    slow.while_slow(stage, judge, seconds=5, answer_after=2, people=2)


def test_without_a_free_connection_the_answer_is_kind(stage: Stage, judge: Judge) -> None:
    crowded.while_crowded(stage, judge, seconds=2)


def test_ctrl_c_leaves_nobody_behind(stage: Stage) -> None:
    """Pressed while the web processes still load, when they hear nothing; a terminal's goes to the whole group."""
    command = [str(Path(sys.executable).parent / "weimin"), "run", "--no-demo", "--port", str(free_port())]
    running = subprocess.Popen(
        command, env=stage.base, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=_hear_ctrl_c
    )
    try:
        until("web server, two processes and a worker", lambda: len(_session(running.pid)) == 5)
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(timeout=60) == 0
        assert _session(running.pid) == []
    finally:
        for pid in _session(running.pid):
            os.kill(pid, signal.SIGKILL)


def _hear_ctrl_c() -> None:
    """As from a terminal: what a shell puts into the background, this test perhaps, hands on that it is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _session(sid: int) -> list[int]:
    """The processes of a session that have not ended."""
    return [int(folder.name) for folder, parts in list_processes() if int(parts[3]) == sid and parts[0] != "Z"]
