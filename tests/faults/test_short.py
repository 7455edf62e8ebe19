"""The short form of the fault suite: real processes over a durable database of their own, killed, slowed and crowded."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from bench.faults import crowded, killing, slow
from bench.faults.judge import Judge
from bench.faults.stage import Stage


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
