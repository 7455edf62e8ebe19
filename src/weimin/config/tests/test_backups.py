"""The note of the backups: what is told when, and what a restored copy is held against."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from weimin.config import backups, cli
from weimin.kernel.record import actions
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def marker(settings: Any, tmp_path: Path) -> Path:
    """A note of its own."""
    settings.WEIMIN_BACKUP_MARKER = str(tmp_path / "backup.json")
    return tmp_path / "backup.json"


def write_entry() -> None:
    actions.record_audit(
        by=Actor.system("测试"), at=AT, verb="record.key.added", subject_type="key", subject_id="k", changes={}
    )


def test_nothing_noted_is_everything_overdue() -> None:
    assert len(backups.find_overdue(backups.read_marker(), at=AT)) == 3


@pytest.mark.parametrize(
    ("hours", "days", "good", "told"),
    [
        (1, 1, True, []),
        (27, 1, True, ["没有备份数据库", "没有备份文件"]),
        (1, 41, True, ["没有做恢复演练"]),
        (1, 1, False, ["没有通过"]),
    ],
)
def test_what_is_overdue_is_told(hours: int, days: int, good: bool, told: list[str]) -> None:
    then = AT - timedelta(hours=hours)
    backups.note_backup(kind="full", at=then, files_at=then, facts={})
    backups.note_drill(at=AT - timedelta(days=days), good=good, seconds=9, moment="")
    found = backups.find_overdue(backups.read_marker(), at=AT)
    assert len(found) == len(told)
    assert all(part in sentence for part, sentence in zip(told, found.values(), strict=True))


def test_files_in_a_bucket_are_never_overdue(settings: Any) -> None:
    settings.WEIMIN_FILES = "s3://bucket"
    backups.note_backup(kind="full", at=AT, files_at=None, facts={})
    assert set(backups.find_overdue(backups.read_marker(), at=AT)) == {"drill"}
    assert "files_at" not in backups.read_marker()


def test_a_copy_of_the_files_alone_leaves_the_note_of_the_database() -> None:
    backups.note_backup(kind="full", at=AT, files_at=AT, facts={"entry": 1})
    later = AT + timedelta(hours=1)
    backups.note_backup(kind="files", at=later, files_at=later, facts={})
    known = backups.read_marker()
    assert (known["backup_at"], known["files_at"]) == (AT.isoformat(), later.isoformat())
    assert known["facts"] == {"entry": 1}


@pytest.mark.parametrize("text", ["", "[1", "[]", '{"backup_at": 5}', '{"files_at": "yesterday"}'])
def test_a_note_that_is_no_note_is_said_so(marker: Path, text: str) -> None:
    marker.write_text(text, encoding="utf-8")
    with pytest.raises(backups.MarkerUnreadable):
        backups.read_marker()


def test_a_copy_with_everything_and_more_lacks_nothing() -> None:
    write_entry()
    facts = backups.take_facts()
    write_entry()
    assert facts["digest"]
    assert backups.compare(facts) == []


def test_a_copy_that_ends_too_early_or_is_another_lacks_the_trail() -> None:
    write_entry()
    facts = backups.take_facts()
    assert backups.compare(facts | {"entry": facts["entry"] + 1})[0].what == "trail"
    assert backups.compare(facts | {"digest": "0" * 64})[0].what == "trail"
    assert backups.compare(facts | {"matters": facts["matters"] + 1})[0].what == "matters"


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["weimin", *words])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_commands_that_scripts_call(monkeypatch: pytest.MonkeyPatch, capsys: Any, settings: Any) -> None:
    write_entry()
    assert run(monkeypatch, "backup", "status") == 1
    assert "'weimin-backup@*'" in capsys.readouterr().out
    assert run(monkeypatch, "backup", "where") == 0
    assert capsys.readouterr().out.strip() == str(settings.WEIMIN_FILES)
    assert run(monkeypatch, "backup", "facts") == 0
    facts = capsys.readouterr().out
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S%z")
    assert run(monkeypatch, "backup", "note", "incr", "--files-at", now, "--facts", facts) == 0
    assert run(monkeypatch, "backup", "compare") == 0
    assert run(monkeypatch, "backup", "drilled", "--good", "--seconds", "12") == 0
    assert run(monkeypatch, "backup", "status", "--json") == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["good"], said["drill_good"], said["drill_seconds"]) == (True, True, 12)
    assert AuditEntry.objects.filter(verb="record.backup.drilled").count() == 1
    assert run(monkeypatch, "backup", "note", "incr", "--files-at", now, "--facts", "{") == 2
