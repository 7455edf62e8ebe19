"""Metrics: closed without the token, by the view's name, the same for all processes of a machine, true behind the wall."""

from __future__ import annotations

import math
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
from weimin.config import backups, health, machine, metrics
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


@pytest.mark.parametrize(
    ("server", "told", "standbys", "lag"),
    [
        ((False, 1, 1, 0.25), {}, 1, 0.25),
        ((False, 0, 0, None), {}, 0, None),
        ((False, 1, None, None), {}, -1, None),
        ((False, 1, None, None), {"standbys": 2, "replication_lag_seconds": 0.5}, 2, 0.5),
        # a read group's own standby is what it asks
        ((True, 0, None, 7.0), {"standbys": 2, "replication_lag_seconds": 0.5}, 2, 7.0),
    ],
)
@pytest.mark.usefixtures("with_token")
def test_standbys_are_counted_and_what_is_not_known_is_no_number(
    monkeypatch: pytest.MonkeyPatch,
    server: tuple[bool, int, int | None, float | None],
    told: dict[str, float],
    standbys: int,
    lag: float | None,
) -> None:
    actions.beat(name="one", at=clock.now(), facts=told)
    monkeypatch.setattr(health.machine, "replication", lambda: machine.Replication(*server))
    found = numbers(Client().get("/metrics", headers=ASKED).content.decode())
    assert found["weimin_standbys"] == standbys
    seconds = found["weimin_replication_lag_seconds"]
    assert seconds == lag if lag is not None else math.isnan(seconds)


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


#: A machine of several processes: each counts in the folder of its part, one draws for all.
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


def process(folder: Path, what: str, part: str = "") -> str:
    env = {**os.environ, "WEIMIN_METRICS_TOKEN": TOKEN, "WEIMIN_DATA": str(folder), "DATABASE_URL": "postgres://x@/x"}
    if part:
        env["WEIMIN_METRICS_FOLDER"] = str(folder / "metrics" / part)
    done = subprocess.run([sys.executable, "-c", PROCESS, what], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_any_process_answers_for_all_of_the_machine(tmp_path: Path) -> None:
    for _ in range(2):
        process(tmp_path, "count")
    found = numbers(process(tmp_path, "draw"))
    assert found['weimin_requests_total{method="GET",part="run",status="200",view="portal:home"}'] == 2
    assert found['weimin_request_seconds_bucket{le="0.04",part="run",view="portal:home"}'] == 2
    assert found['weimin_request_seconds_bucket{le="0.02",part="run",view="portal:home"}'] == 0
    assert found['weimin_sql_statements_total{part="run",view="portal:home"}'] == 8
    assert found['weimin_outbox_deliveries_total{good="yes",part="run"}'] == 4
    assert found['weimin_worker_seconds_total{part="run"}'] == 1
    assert not [one for one in found if one.startswith("weimin_memory_peak_bytes") and "pid" not in one]
    assert len([one for one in found if one.startswith("weimin_memory_peak_bytes")]) == 1, "of the living only"
    process(tmp_path, "clean")
    assert "weimin_requests_total" not in process(tmp_path, "draw")


def test_each_part_counts_for_itself_and_any_answers_for_all(tmp_path: Path) -> None:
    for part in ("web-8001", "web-8001", "web-8002", "worker"):
        process(tmp_path, "count", part)
    text = process(tmp_path, "draw", "web-8002")
    found = numbers(text)
    told = 'weimin_requests_total{method="GET",part="%s",status="200",view="portal:home"}'
    assert [found[told % part] for part in ("web-8001", "web-8002", "worker")] == [2, 1, 1]
    assert text.count("# TYPE weimin_requests_total ") == 1, "a reader refuses a meter that is described twice"
    process(tmp_path, "clean", "web-8001")
    found = numbers(process(tmp_path, "draw", "web-8002"))
    assert told % "web-8001" not in found and found[told % "worker"] == 1, "a start empties its own folder only"


def test_the_dead_are_judged_by_their_own_part_alone(tmp_path: Path) -> None:
    """Units and containers do not see each other's processes: another's number says nothing here."""
    for part in ("web-8001", "web-8002"):
        process(tmp_path, "count", part)
    left = {one.parent.name for one in (tmp_path / "metrics").glob("*/gauge_liveall_*.db")}
    assert left == {"web-8001", "web-8002"}
    drawn = numbers(process(tmp_path, "draw", "web-8001"))
    memory = [one for one in drawn if one.startswith("weimin_memory_peak_bytes")]
    assert sorted(re.findall('part="([^"]+)"', " ".join(memory))) == ["web-8001", "web-8002"]
    process(tmp_path, "count", "web-8002")
    assert len(list((tmp_path / "metrics/web-8002").glob("gauge_liveall_*.db"))) == 1, "who follows buries"


def test_a_part_that_ends_while_it_is_read_is_left_out(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prometheus_client.multiprocess import MultiProcessCollector

    for part in ("web-8001", "worker"):
        process(tmp_path, "count", part)
    whole = MultiProcessCollector.collect

    def collect(self: Any) -> Any:
        if self._path.endswith("worker"):
            raise FileNotFoundError(self._path)
        return whole(self)

    monkeypatch.setattr(MultiProcessCollector, "collect", collect)
    samples = [each for one in metrics._Parts(tmp_path / "metrics").collect() for each in one.samples]
    assert {one.labels["part"] for one in samples} == {"web-8001"}


@pytest.mark.usefixtures("with_token")
def test_a_request_is_counted_by_its_view_and_never_by_its_address() -> None:
    Client().get("/no/such/340300190001010011/")
    Client().get("/verify/?q=340300190001010011")
    text = Client().get("/metrics", headers=ASKED).content.decode()
    assert "340300190001010011" not in text
