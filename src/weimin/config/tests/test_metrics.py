"""Metrics: closed without the token, by the view's name, the same for all processes of a machine, true behind the wall."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from weimin.base import clock
from weimin.config import backups, health, metrics
from weimin.kernel.record import access, actions
from weimin.kernel.record.models import OutboxMessage
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-the-tests"
ASKED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(autouse=True)
def looked_up_anew(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.WEIMIN_METRICS_FOLDER = str(tmp_path / "metrics")
    settings.WEIMIN_BACKUP_MARKER = str(tmp_path / "backup.json")
    settings.WEIMIN_FILES = str(tmp_path)
    health.kept_facts.forget()
    yield
    health.kept_facts.forget()


@pytest.fixture
def with_token(settings: Any) -> None:
    settings.WEIMIN_METRICS_TOKEN = TOKEN
    Path(settings.WEIMIN_METRICS_FOLDER).mkdir(exist_ok=True)


def numbers(text: str) -> dict[str, float]:
    return {one[0]: float(one[1]) for one in re.findall(r"^(weimin_\S+) (\S+)$", text, re.M)}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, ASKED])
def test_without_the_setting_the_address_does_not_exist(settings: Any, headers: dict[str, str]) -> None:
    settings.WEIMIN_METRICS_TOKEN = ""
    assert Client().get("/metrics", headers=headers).status_code == 404


@pytest.mark.usefixtures("with_token")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer"}, {"Authorization": f"Basic {TOKEN}"}])
def test_without_the_token_the_address_does_not_exist(headers: dict[str, str]) -> None:
    assert Client().get("/metrics", headers=headers).status_code == 404


@pytest.mark.usefixtures("with_token")
def test_every_fact_is_there_and_documented(city: None) -> None:
    answer = Client().get("/metrics", headers=ASKED)
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    found = numbers(answer.content.decode())
    assert {f"weimin_{name}" for name in metrics.FACTS} <= set(found)
    assert found["weimin_database_up"] == 1
    assert found["weimin_backup_age_seconds"] == found["weimin_files_copy_age_seconds"] == -1
    assert 0 < found["weimin_database_connections"] <= found["weimin_database_connections_max"]


@pytest.mark.usefixtures("with_token")
def test_what_waits_and_what_was_given_up_is_counted_also_behind_the_wall() -> None:
    at = clock.now()
    actions.queue_event(at=at - timedelta(minutes=5), topic="test.waits", payload={})
    actions.queue_event(at=at, topic="test.failed", payload={})
    OutboxMessage.objects.filter(topic="test.failed").update(failed_at=at)
    actions.beat(name="one", at=at, version="1", facts={"moments_stuck": 3})
    with access.acting(Actor.anonymous()):
        found = health.facts()
    assert (found["outbox_waiting"], found["outbox_given_up"], found["moments_stuck"]) == (1, 1, 3)
    assert 290 < found["outbox_oldest_seconds"] < 330
    assert found["workers"] == 1


@pytest.mark.usefixtures("with_token")
def test_scraping_often_asks_the_database_once(django_assert_num_queries: Any) -> None:
    Client().get("/metrics", headers=ASKED)
    with django_assert_num_queries(0):
        assert Client().get("/metrics", headers=ASKED).status_code == 200


@pytest.mark.usefixtures("with_token")
def test_without_the_database_the_machine_still_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    def gone() -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(health.machine, "database_facts", gone)
    found = numbers(Client().get("/metrics", headers=ASKED).content.decode())
    assert found["weimin_database_up"] == 0
    assert found["weimin_disk_free_bytes"] > 0
    assert "weimin_outbox_waiting" not in found


def test_the_note_of_the_backups_is_told_or_is_never(settings: Any) -> None:
    at = clock.now()
    backups.note_backup(kind="full", at=at, files_at=at - timedelta(hours=1), facts={})
    found = health.facts()
    assert 0 <= found["backup_age_seconds"] < 60 and 3600 <= found["files_copy_age_seconds"] < 3660
    Path(settings.WEIMIN_BACKUP_MARKER).write_text("{")
    found = health.facts()
    assert found["backup_age_seconds"] == found["files_copy_age_seconds"] == found["drill_age_seconds"] == -1


#: A machine of two processes: each counts in the folder, a third draws for all.
PROCESS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "weimin.config.settings"
import django
django.setup()
from weimin.config import metrics
if sys.argv[1] == "draw":
    sys.stdout.write(metrics.draw({})[0].decode())
elif sys.argv[1] == "clean":
    metrics.clean_folder()
else:
    metrics.note_request(view="portal:home", method="GET", status=200, seconds=0.03, statements=4)
    metrics.note_work(good=2, bad=1, seconds=0.5)
"""


def process(folder: Path, what: str) -> str:
    env = {**os.environ, "WEIMIN_METRICS_TOKEN": TOKEN, "WEIMIN_DATA": str(folder), "DATABASE_URL": "postgres://x@/x"}
    done = subprocess.run([sys.executable, "-c", PROCESS, what], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_any_process_answers_for_all_of_the_machine(tmp_path: Path) -> None:
    for _ in range(2):
        process(tmp_path, "count")
    found = numbers(process(tmp_path, "draw"))
    assert found['weimin_requests_total{method="GET",status="200",view="portal:home"}'] == 2
    assert found['weimin_request_seconds_bucket{le="0.04",view="portal:home"}'] == 2
    assert found['weimin_request_seconds_bucket{le="0.02",view="portal:home"}'] == 0
    assert found['weimin_sql_statements_total{view="portal:home"}'] == 8
    assert found['weimin_outbox_deliveries_total{good="yes"}'] == 4
    assert found["weimin_worker_seconds_total"] == 1
    assert not [one for one in found if one.startswith("weimin_memory_peak_bytes") and "pid" not in one]
    assert len([one for one in found if one.startswith("weimin_memory_peak_bytes")]) == 1, "of the living only"
    process(tmp_path, "clean")
    assert "weimin_requests_total" not in process(tmp_path, "draw")


@pytest.mark.usefixtures("with_token")
def test_a_request_is_counted_by_its_view_and_never_by_its_address() -> None:
    Client().get("/no/such/340300190001010011/")
    Client().get("/verify/?q=340300190001010011")
    text = Client().get("/metrics", headers=ASKED).content.decode()
    assert "340300190001010011" not in text
