"""Probes answer machines: cheaply, without the database where it is not needed, and without a hint for strangers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.config import probes
from weimin.kernel.record import actions
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
OPERATOR = Actor.system("运维（测试）", via="cli")


@pytest.fixture(autouse=True)
def looked_at_anew(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.WEIMIN_FILES = str(tmp_path)
    probes.forget()
    yield
    probes.forget()


def test_a_living_process_asks_nothing_of_the_database() -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        answer = Client().get("/health/live", headers={"Host": "10.0.0.7"})
    assert (answer.status_code, answer.content, len(asked)) == (200, b"ok", 0)
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_process_lives_while_its_database_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ensure_connection", _gone)
    assert Client().get("/health/live").status_code == 200
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["wrong"]) == (503, ["database"])


def _gone() -> None:
    from django.db import OperationalError

    raise OperationalError("connection to server at 10.9.8.7 failed: password of weimin")


def test_ready_looks_once_for_many_probes() -> None:
    assert Client().get("/health/ready").json() == {"ready": True, "wrong": [], "maintenance": False}
    with CaptureQueriesContext(connection) as asked:
        assert Client().get("/health/ready").status_code == 200
    assert len(asked) == 0


def test_missing_tables_are_told_and_newer_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('record', '9999_later', now())")
    assert Client().get("/health/ready").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'record' AND name LIKE '0007%%'")
    probes.forget()
    assert Client().get("/health/ready").json()["wrong"] == ["tables"]


def test_files_and_keys_that_cannot_be_used_are_named_only(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keys").write_text("nonsense")
    monkeypatch.setenv("WEIMIN_MASTER_KEY_FILE", str(tmp_path / "keys"))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    answer = Client().get("/health/ready")
    assert answer.json() == {"ready": False, "wrong": ["keys", "files"], "maintenance": False}


def test_maintenance_is_told_and_does_not_take_the_process_out() -> None:
    at = clock.now()
    later = at + timedelta(hours=1)
    actions.arrange_maintenance(by=OPERATOR, at=at, begins_at=at, until=later, reason="换硬盘")
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["maintenance"]) == (200, True)


def test_nobody_posts_to_a_probe() -> None:
    assert [Client().post(path).status_code for path in ("/health/live", "/health/ready", "/metrics")] == [405] * 3
