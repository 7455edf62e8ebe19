"""The digest tells of everything that failed, says nothing when nothing did, and its silence is told of."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from weimin.base import clock
from weimin.config import cli, digest, health
from weimin.kernel.cases.testing import client_of, officer
from weimin.kernel.catalogue.models import DriftRun, ListImport
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import ChainState, Digest, OutboxMessage
from weimin.kernel.record.types import Actor, DigestLine

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("系统（测试）")


@pytest.fixture(autouse=True)
def fine(city: None, settings: Any, tmp_path: Path) -> Path:
    """An installation in which nothing failed; gives its folder."""
    settings.WEIMIN_FILES = str(tmp_path)
    settings.WEIMIN_BACKUP_MARKER = str(tmp_path / "backup.json")
    settings.WEIMIN_DISK = {"warn": 0.0, "shed": 0.0, "stop": 0.0}
    settings.WEIMIN_CERTIFICATES = []
    at = clock.now()
    note_backup(tmp_path, at, at)
    actions.beat(name="one", at=at)
    return tmp_path


def note_backup(
    folder: Path, backup: datetime, drill: datetime, *, files: datetime | None = None, good: bool = True
) -> None:
    moments = {"backup_at": backup, "files_at": files or clock.now(), "drill_at": drill}
    text = {name: moment.isoformat() for name, moment in moments.items()}
    (folder / "backup.json").write_text(json.dumps(text | {"drill_good": good}))


def certificate(folder: Path, days: int) -> str:
    """A certificate that ends so many days from now."""
    at, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "weimin.example")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(at - timedelta(days=60)).not_valid_after(at + timedelta(days=days))
    path = folder / f"{days}.pem"
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return str(path)


def codes() -> set[str]:
    return {one.code for one in digest.collect(clock.now())}


#: What the machine of the tests itself may be wanting.
OWN = {"database_settings", "wall", "keys", "calendar", "clocks", "chain", "figures"}


def test_a_standby_that_is_lost_stands_in_the_digest(settings: Any) -> None:
    """Asked of the real server, which has none."""
    settings.WEIMIN_STANDBYS = 1
    (line,) = [one for one in digest.collect(clock.now()) if one.code == "standbys"]
    assert line.text == "备库：应有 1 个，只有 0 个在跟随" and "patronictl" in line.todo


def test_nothing_failed_nothing_is_told() -> None:
    assert codes() <= OWN


def given_up(folder: Path, at: datetime) -> None:
    actions.queue_event(at=at, topic="test.failed", payload={})
    OutboxMessage.objects.update(failed_at=at)


def old_backup(folder: Path, at: datetime) -> None:
    note_backup(folder, at - timedelta(hours=27), at)


def old_copy(folder: Path, at: datetime) -> None:
    note_backup(folder, at, at, files=at - timedelta(hours=3))


def old_drill(folder: Path, at: datetime) -> None:
    note_backup(folder, at, at - timedelta(days=41))


def bad_drill(folder: Path, at: datetime) -> None:
    note_backup(folder, at, at, good=False)


def broken_file(folder: Path, at: datetime) -> None:
    (folder / "broken").mkdir()
    (folder / "broken" / ("ab" * 32)).write_text("SealBroken")


def broken_import(folder: Path, at: datetime) -> None:
    values = {"list_code": "service", "blob_id": 1, "file_name": "x.xlsx", "trigger": "review", "reason": "x"}
    ListImport.objects.create(**values, valid_from=at.date(), at=at, by_label="x", state="broken")


def hung_drift(folder: Path, at: datetime) -> None:
    DriftRun.objects.create(on=at.date(), at=at - timedelta(hours=3), by_label="x", state="counting")


def failed_job(folder: Path, at: datetime) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('nightly', 'sweep', 'failed')"
        )


def dead_worker(folder: Path, at: datetime) -> None:
    actions.beat(name="one", at=at - timedelta(minutes=5))


def shed(folder: Path, at: datetime) -> None:
    actions.record_shed(by=SYSTEM, at=at, step="logs", gone=3)


@pytest.mark.parametrize(
    ("happen", "code"),
    [
        (given_up, "outbox"),
        (old_backup, "backups"),
        (old_copy, "copies"),
        (old_drill, "drill"),
        (bad_drill, "drill"),
        (broken_file, "files"),
        (broken_import, "imports"),
        (hung_drift, "drift"),
        (failed_job, "jobs"),
        (dead_worker, "worker"),
        (shed, "shed"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_each_failure_is_told_with_what_to_do(fine: Path, happen: Any, code: str) -> None:
    before = codes()
    happen(fine, clock.now())
    lines = [one for one in digest.collect(clock.now()) if one.code not in before]
    assert [one.code for one in lines] == [code]
    assert lines[0].todo


@pytest.mark.parametrize(("days", "told"), [(29, True), (31, False), (-1, True)])
def test_certificates_are_told_of_a_month_before(fine: Path, settings: Any, days: int, told: bool) -> None:
    settings.WEIMIN_CERTIFICATES = [certificate(fine, 90), certificate(fine, days)]
    assert ("certificates" in codes()) is told


def test_a_certificate_that_cannot_be_read_is_told(settings: Any) -> None:
    settings.WEIMIN_CERTIFICATES = ["/no/such.pem", "127.0.0.1:1", "nonsense"]
    assert "certificates" in codes()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"backup_at": 5}', '{"backup_at": "yesterday"}', None])
def test_a_marker_that_says_nothing_is_no_backup(fine: Path, settings: Any, text: str | None) -> None:
    settings.WEIMIN_DEMO = False
    if text is None:
        (fine / "backup.json").unlink()
    else:
        (fine / "backup.json").write_text(text)
    assert {"backups", "copies", "drill"} <= codes()


def test_the_longest_time_between_two_first_saturdays_is_no_failure(fine: Path) -> None:
    at = clock.now()
    note_backup(fine, at, at - timedelta(days=35, hours=1))
    assert "drill" not in codes()


def test_files_in_a_bucket_are_not_missed(fine: Path, settings: Any) -> None:
    at = clock.now()
    note_backup(fine, at, at, files=at - timedelta(days=3))
    assert "copies" in codes()
    settings.WEIMIN_FILES = "s3://bucket"
    assert next(one for one in health.look() if one.code == "copies").good


def test_it_is_kept_ninety_days_and_handed_to_a_program(fine: Path, settings: Any) -> None:
    settings.WEIMIN_DIGEST_COMMAND = f"cat > {fine}/told.txt"
    at = clock.now()
    actions.keep_digest(at=at - timedelta(days=91), lines=[])
    given_up(fine, at)
    digest.write(at)
    assert Digest.objects.count() == 1
    told = (fine / "told.txt").read_text()
    assert "通知：待发 0，失败 1" in told and "怎么办：" in told
    digest.write(at)
    assert Digest.objects.count() == 1, "written again it replaces the former"


@pytest.mark.parametrize("command", ["exit 3", "/no/such/program"])
def test_a_program_that_fails_stops_nothing(settings: Any, command: str, caplog: Any) -> None:
    settings.WEIMIN_DIGEST_COMMAND = command
    digest.write(clock.now())
    assert "WEIMIN_DIGEST_COMMAND failed" in caplog.text
    assert Digest.objects.count() == 1


@pytest.mark.parametrize(
    ("hours", "begun_days", "silent"), [(25, 9, False), (27, 9, True), (None, 9, True), (None, 0, False)]
)
def test_silence_is_a_failure(hours: int | None, begun_days: int, silent: bool) -> None:
    at = clock.now()
    ChainState.objects.all().delete()
    begun = clock.local_date(at) - timedelta(days=begun_days)
    ChainState.objects.create(begun_on=begun, day=begun, place=0, settled_xid=0, settled_id=0)
    if hours is not None:
        actions.keep_digest(at=at - timedelta(hours=hours), lines=[])
    assert queries.is_digest_silent(at=at) is silent
    assert {one.good for one in health.look() if one.code == "digest"} == {not silent}


def test_the_page_shows_the_last_two_and_the_silence() -> None:
    at = clock.now()
    operator = officer(at, "accepting", ("operator",))
    actions.keep_digest(at=at - timedelta(days=3), lines=[DigestLine("outbox", "通知：失败 7", "看运行情况")])
    actions.keep_digest(at=at - timedelta(days=2), lines=[])
    page = client_of(operator).get("/desk/operations/").content.decode()
    assert "通知：失败 7" in page and "没有失败的事" in page and "超过 26 小时没有写" in page


def test_the_command_says_by_its_code_whether_something_failed(
    fine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given_up(fine, clock.now())
    monkeypatch.setattr(sys, "argv", ["weimin", "digest", "--json"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert "outbox" in {one["code"] for one in told["lines"]}
    assert Digest.objects.count() == 0, "looked at only"
    monkeypatch.setattr(digest, "collect", lambda at: [])
    cli.main()
