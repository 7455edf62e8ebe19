"""The disk guard sheds logs before data, stops when it helped, and files are refused kindly when nothing helps."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from weimin.base import clock
from weimin.config import guard
from weimin.kernel.cases.models import CaseFile
from weimin.kernel.cases.testing import ITEM, PICTURE, TOWN, client_of, make_cast, text_of
from weimin.kernel.record import actions
from weimin.kernel.record.models import AuditEntry, Blob, OutboxMessage, RememberedAnswer
from weimin.kernel.record.types import Disk, Pressure

pytestmark = pytest.mark.django_db
FULL = {"warn": 1e9, "shed": 1e9, "stop": 1e9}


def full(*states: Pressure) -> Any:
    """A disk that says these things one after the other, the last for ever."""
    said = list(states)
    return lambda: Disk(1, 100, said.pop(0) if len(said) > 1 else said[0])


@pytest.fixture
def rubbish(settings: Any, tmp_path: Path) -> Path:
    """A machine with something of every kind that may go, and of what may not; gives its folder."""
    settings.WEIMIN_FILES = str(tmp_path / "files")
    settings.WEIMIN_LOGS = str(tmp_path / "logs")
    at = clock.now()
    old = (at - timedelta(days=2)).timestamp()
    names = ("logs/web.log", "logs/web.log.1", "logs/worker.log.2.gz", "logs/notes.txt", "files/ab/cd/tmpx1y2z3w4")
    for name in (*names, "files/ab/cd/" + "ab" * 32):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (old, old))
    (tmp_path / "logs/web.log.3").write_text("of today")
    for days, topic in ((8, "old"), (6, "new")):
        then = at - timedelta(days=days)
        OutboxMessage.objects.create(topic=topic, payload={}, queued_at=then, due_at=then, delivered_at=then)
        RememberedAnswer.objects.create(scope="x", key=topic, request_digest="x", at=then)
    waiting = at - timedelta(days=30)
    OutboxMessage.objects.create(topic="waiting", payload={}, queued_at=waiting, due_at=waiting)
    OutboxMessage.objects.create(topic="failed", payload={}, queued_at=waiting, due_at=waiting, failed_at=waiting)
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_everything_that_is_only_convenience_goes_and_nothing_else(rubbish: Path) -> None:
    assert guard.guard_disk(clock.now(), look=full("stop")) == {"logs": 2, "temporary": 1, "delivered": 1, "answers": 1}
    kept = ["files/ab/cd/" + "ab" * 32, "logs/notes.txt", "logs/web.log", "logs/web.log.3"]
    assert left(rubbish) == kept
    assert set(OutboxMessage.objects.values_list("topic", flat=True)) == {"new", "waiting", "failed"}
    assert list(RememberedAnswer.objects.values_list("key", flat=True)) == ["new"]


def test_it_stops_as_soon_as_it_helped(rubbish: Path) -> None:
    assert guard.guard_disk(clock.now(), look=full("shed", "warn")) == {"logs": 2}
    assert OutboxMessage.objects.filter(topic="old").exists()


@pytest.mark.parametrize("pressure", ["fine", "warn"])
def test_without_need_it_touches_nothing(rubbish: Path, pressure: Pressure) -> None:
    before = left(rubbish)
    assert guard.guard_disk(clock.now(), look=full(pressure)) == {}
    assert left(rubbish) == before


def test_each_step_that_took_something_is_in_the_log_and_the_trail(rubbish: Path, caplog: Any) -> None:
    at = clock.now()
    guard.guard_disk(at, look=full("shed"))
    guard.guard_disk(at, look=full("shed"))
    steps = AuditEntry.objects.filter(verb="record.disk.shed").order_by("pk").values_list("subject_id", flat=True)
    assert list(steps) == ["logs", "temporary", "delivered", "answers"], "the second time nothing was left to go"
    assert caplog.text.count("the disk fills") == 4


def test_without_a_folder_of_logs_none_is_looked_for(rubbish: Path, settings: Any) -> None:
    settings.WEIMIN_LOGS = ""
    assert guard.guard_disk(clock.now(), look=full("shed", "warn")) == {"logs": 0}
    assert (rubbish / "logs/web.log.1").exists()


def test_a_full_disk_refuses_files_kindly_and_nothing_else(city: None, settings: Any, tmp_path: Path) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    cast = make_cast(clock.now())
    client = client_of(cast.applicant)
    here = f"/apply/{ITEM}/{TOWN}/"
    client.get(here)
    settings.WEIMIN_DISK = FULL
    typed = {"bank": "social", "account": "6222000000000000077"}
    assert client.post(f"{here}1/", typed).status_code == 302, "what needs no file goes on"
    upload = SimpleUploadedFile("卡.png", PICTURE, content_type="image/png")
    answer = client.post(f"{here}materials/", {"material_bank_card": upload})
    assert (answer.status_code, CaseFile.objects.count(), Blob.objects.count()) == (422, 0, 0)
    assert "暂时收不了文件" in text_of(answer) and "窗口" in text_of(answer)
    assert typed["account"] in text_of(client.get(f"{here}1/")), "what was filled in before is there"


def test_papers_of_the_platform_are_still_made(settings: Any, tmp_path: Path) -> None:
    settings.WEIMIN_FILES, settings.WEIMIN_DISK = str(tmp_path), FULL
    made = actions.store_made(at=clock.now(), content=b"paper", media_type="application/pdf", name="x.pdf")
    assert made.size_bytes == 5
    with pytest.raises(actions.NoRoom):
        actions.store_blob(at=clock.now(), content=PICTURE, name="x.png", allowed=("png",))
