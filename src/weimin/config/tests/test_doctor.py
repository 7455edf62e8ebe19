"""Doctor explains: every finding has its group, and what is wrong says what it means and what to do."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from weimin.base import clock
from weimin.config import cli, health, machine
from weimin.config.advice import ADVICE, GROUPS
from weimin.kernel.cases.testing import client_of, officer, text_of
from weimin.kernel.record import access, actions
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db


def look(code: str) -> health.Finding:
    return next(one for one in health.look() if one.code == code)


def test_every_look_has_its_advice_and_none_is_left_over() -> None:
    assert {one.__name__.strip("_") for one in health._LOOKS} == set(ADVICE)
    assert {one.group for one in ADVICE.values()} == set(GROUPS)


def test_what_is_wrong_says_what_it_means_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> health.Finding:
        raise RuntimeError("no 13900000051")

    fail.__name__ = "_worker"
    monkeypatch.setattr(health, "_LOOKS", (fail,))
    (found,) = health.look()
    assert (found.good, found.text) == (False, "no [手机号]")
    assert found.means and found.todo


#: What the server of a good machine says.
SERVER = {
    "connections": 10.0,
    "connections_max": 60.0,
    "random_page_cost": 1.1,
    "shared_buffers": 2.0**30,
    "autovacuum": 1.0,
    "clock": 0.0,
    "jobs_failed": 0.0,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"random_page_cost": 4.0}, "random_page_cost"),
        ({"shared_buffers": 128.0 * 2**20}, "shared_buffers"),
        ({"autovacuum": 0.0}, "autovacuum"),
        ({"connections": 58.0}, "连接用了 58/60"),
    ],
)
def test_settings_of_the_database_that_hurt_are_named(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, float], said: str
) -> None:
    monkeypatch.setattr(health.machine, "database_facts", lambda: SERVER | changed)
    found = look("database_settings")
    assert found.good is not bool(said)
    assert said in found.text


@pytest.mark.parametrize(
    ("wanted", "server", "good", "said"),
    [
        (0, (False, 0, 0, None), True, "没有要求"),
        (0, (False, 1, 1, 0.0), True, "有 1 个"),
        (1, (False, 1, 1, 0.0), True, "应有 1 个，有 1 个在跟随"),
        (1, (False, 0, 0, None), False, "应有 1 个，只有 0 个在跟随"),
        (2, (False, 2, 1, 0.0), False, "应有 2 个，只有 1 个在跟随"),
        # the states are hidden: enough are connected, or too few are in any case
        (1, (False, 1, None, None), False, "看不到备库的状态"),
        (2, (False, 1, None, None), False, "应有 2 个，只有 1 个在跟随"),
        (1, (True, 0, None, 3.0), False, "这里连的是备库"),
    ],
)
def test_a_standby_that_is_lost_is_told(
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    wanted: int,
    server: tuple[bool, int, int | None, float | None],
    good: bool,
    said: str,
) -> None:
    settings.WEIMIN_STANDBYS = wanted
    monkeypatch.setattr(health.machine, "replication", lambda: machine.Replication(*server))
    found = look("standbys")
    assert found.good is good
    assert said in found.text
    assert good or (found.means and found.todo)
    assert ("pg_read_all_stats" in found.todo) is ("不知道" in found.text)


@pytest.mark.parametrize(("minutes", "good"), [(0, True), (5, False)])
def test_what_this_role_does_not_see_of_the_standbys_a_living_worker_tells(
    monkeypatch: pytest.MonkeyPatch, settings: Any, minutes: int, good: bool
) -> None:
    settings.WEIMIN_STANDBYS = 1
    actions.beat(name="one", at=clock.now() - timedelta(minutes=minutes), facts={"standbys": 1})
    monkeypatch.setattr(health.machine, "replication", lambda: machine.Replication(False, 1, None, None))
    assert look("standbys").good is good


def test_a_server_without_a_standby_says_so_also_to_who_may_see_nothing() -> None:
    """Asked of the real server: without rows nothing is hidden."""
    nothing = machine.Replication(is_standby=False, connected=0, following=0, lag_seconds=None)
    assert machine.replication() == nothing
    with access.acting(Actor.anonymous()):
        assert machine.replication() == nothing


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (4, True), (-6, False), (6, False)])
def test_clocks_that_differ_are_found(monkeypatch: pytest.MonkeyPatch, seconds: int, good: bool) -> None:
    monkeypatch.setattr(health.machine, "database_facts", lambda: SERVER | {"clock": time.time() + seconds})
    assert look("clocks").good is good


@pytest.mark.parametrize(("version", "minutes", "good"), [("0.0.1", 0, False), ("0.0.1", 5, True), ("", 0, True)])
def test_a_worker_of_another_version_is_found(version: str, minutes: int, good: bool) -> None:
    actions.beat(name="old", at=clock.now() - timedelta(minutes=minutes), version=version)
    assert look("versions").good is good


def test_signs_of_life_of_workers_long_gone_are_forgotten() -> None:
    at = clock.now()
    actions.beat(name="gone", at=at - timedelta(days=2))
    actions.beat(name="here", at=at)
    assert [one.name for one in health.record.list_workers()] == ["here"]


def test_a_change_that_locks_is_told_before_it_is_made() -> None:
    assert look("pending").text == "没有要做的变更"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'record' AND name >= '0008'")
    assert "record 0008" in look("pending").text
    assert not look("migrations").good


def test_a_change_that_goes_by_steps_holding_up_nobody_is_light() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'cases' AND name >= '0013'")
    assert look("pending").text == "没做的变更都很轻"


def test_a_job_that_failed_counts_until_it_succeeds() -> None:
    def end(task: str, status: str) -> float:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('nightly', %s, %s)",
                [task, status],
            )
        return machine.database_facts()["jobs_failed"]

    counts = [
        end(*one) for one in (("sweep", "succeeded"), ("sweep", "failed"), ("scan", "failed"), ("sweep", "succeeded"))
    ]
    assert counts == [0, 1, 2, 1]


def test_the_terminal_shows_groups_meaning_and_next_step(
    city: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Any
) -> None:
    monkeypatch.setattr(sys, "argv", ["weimin", "doctor"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    said = capsys.readouterr().out
    assert end.value.code == 3, "no worker runs in a test"
    assert all(group in said for group in GROUPS)
    assert "✗ 后台进程：" in said and "影响 通知不发" in said and "怎么办 systemctl" in said


def test_the_system_administrator_sees_every_finding_behind_the_wall(city: None) -> None:
    """Also where a look asks what the role of web processes may not: the others, and the page, stand."""
    administrator = officer(clock.now(), "accepting", ("system_admin",))
    page = text_of(client_of(administrator).get("/desk/admin/system/"))
    assert "影响：通知不发" in page and "怎么办：systemctl" in page
    with access.acting(administrator):
        found = health.look()
    assert {one.code for one in found} == set(ADVICE)
    assert not [one.text for one in found if "transaction is aborted" in one.text]
