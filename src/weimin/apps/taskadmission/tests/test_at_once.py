"""Two heads of one body who send the same form at one moment: one task comes of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from weimin.apps.taskadmission import actions
from weimin.apps.taskadmission.models import Attempt, Target, Task
from weimin.apps.taskadmission.testing import county_body, form
from weimin.kernel.directory.testing import AT, COUNTY
from weimin.kernel.record.models import RememberedAnswer
from weimin.kernel.record.testing import forget_entries
from weimin.kernel.record.types import Actor


@pytest.fixture
def committed(city: None, django_db_blocker: Any) -> Iterator[int]:
    """A county body whose forms other connections see too; taken away afterwards."""
    with django_db_blocker.unblock():
        yield county_body()
        for model in (Attempt, Target, Task):
            model.objects.all().delete()
        RememberedAnswer.objects.filter(scope__startswith="taskadmission:98").delete()
        forget_entries("task")


def send(number: int, body: int) -> str:
    """The whole form by one of the heads of a body, under a key of their own."""
    by = Actor(
        kind="staff",
        name="演示",
        account_id=number,
        post_id=number,
        agency_id=body,
        division_code=COUNTY,
        roles=frozenset({"leader"}),
    )
    return actions.submit_task(by=by, at=AT, wanted=form(row_code="A3-13"), key=f"at-once-{number}").outcome


@pytest.mark.django_db
def test_of_two_who_send_the_same_form_one_after_the_other_the_second_is_told_that_it_stands(city: None) -> None:
    assert [send(number, county_body()) for number in (981, 982)] == ["admitted", "repeated"]


def test_of_two_who_send_the_same_form_at_once_one_is_told_that_it_stands(committed: int) -> None:
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def send_together(number: int) -> None:
        try:
            together.wait()
            outcomes.append(send(number, committed))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send_together, args=(number,)) for number in (981, 982)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(outcomes) == ["admitted", "repeated"]
