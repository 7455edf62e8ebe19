"""Two workers on two machines: what is scheduled runs once, whoever comes first."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

import weimin.config.jobs  # noqa: F401

pytestmark = pytest.mark.django_db
#: A moment that no real schedule names.
MOMENT = 4_102_444_800
PERIODIC = sorted(app.periodic_registry.periodic_tasks)


def defer(name: str, periodic_id: str, moment: int) -> int | None:
    """As a worker does when the moment of a job has come; None when another did so already."""
    found = app.periodic_registry.periodic_tasks[(name, periodic_id)]
    job = found.task.configure(**found.configure_kwargs, task_kwargs={"timestamp": moment}).job
    return async_to_sync(app.job_manager.defer_periodic_job)(  # type: ignore[no-any-return]
        job=job, periodic_id=periodic_id, defer_timestamp=moment
    )


@pytest.mark.parametrize(("name", "periodic_id"), PERIODIC)
def test_a_scheduled_job_is_queued_once_by_any_number_of_workers(name: str, periodic_id: str) -> None:
    assert defer(name, periodic_id, MOMENT) is not None
    assert [defer(name, periodic_id, MOMENT) for _ in range(3)] == [None, None, None]
    assert defer(name, periodic_id, MOMENT + 86400) is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [name])
        assert cursor.fetchone() == (2,)
