"""The scheduled jobs run when their words say, in the hours of the place."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import croniter
import pytest
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException

from weimin.base import tracing
from weimin.base.clock import SHANGHAI
from weimin.config import jobs

NIGHTLY = {"sweep", "propose", "add_years", "scan", "verify", "compare", "reconcile"}


def runs() -> dict[str, datetime]:
    """When each daily job runs next, as procrastinate counts it."""
    since = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
    found = {}
    for one in app.periodic_registry.periodic_tasks.values():
        at = croniter.croniter(one.cron).get_next(ret_type=float, start_time=since)
        found[one.task.name.rpartition(".")[2]] = datetime.fromtimestamp(at, SHANGHAI)
    return found


@pytest.mark.parametrize("name", sorted(NIGHTLY))
def test_what_is_done_every_night_is_done_at_night_in_shanghai(name: str) -> None:
    assert jobs
    assert 0 < runs()[name].hour < 6


def test_every_job_runs_under_a_trace_of_its_own() -> None:
    names = NIGHTLY | {"tell"}
    bare = [one for one in names if not hasattr(getattr(jobs, one).func, "__wrapped__")]
    assert bare == []
    seen = {tracing.traced(tracing.current)() for _ in range(2)}
    assert len(seen) == 2 and "" not in seen


@pytest.mark.parametrize("lost", [True, False])
def test_a_lost_database_does_not_end_the_worker(lost: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """procrastinate raises, or returns as if it had been told to end when only its listener noticed."""
    rests, stop = list[float](), threading.Event()

    def run_worker(**_: object) -> None:
        if lost:
            raise ConnectorException

    monkeypatch.setattr(stop, "wait", rests.append)
    there = SimpleNamespace(get_worker_connector=lambda: None)
    ran = SimpleNamespace(connector=there, with_connector=lambda _: SimpleNamespace(run_worker=run_worker))
    monkeypatch.setattr(jobs, "app", ran)
    jobs._run_jobs("one", stop)
    assert not stop.is_set()
    assert rests == [jobs.AFTER_FAULT]
