"""`weimin verify`, the worker's loop and the doctor."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from weimin.base import clock
from weimin.config import health, jobs
from weimin.config.cli import main, verifying
from weimin.kernel.record import actions, queries, rules
from weimin.kernel.record.models import AuditCheck, AuditLink
from weimin.kernel.record.testing import Stored
from weimin.kernel.record.tests.chain_help import AT, DAY, link_all, tamper, write
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.usefixtures("trail")


def verify(*words: str) -> Any:
    return CliRunner().invoke(verifying.verify, list(words))


@pytest.fixture
def two_days(trail: str) -> None:
    """Twenty entries on a closed day and twenty on the open one."""
    for after in range(2):
        write(20, at=AT + after * DAY)
        link_all(AT + after * DAY)


@pytest.mark.usefixtures("two_days")
def test_a_sound_chain_is_said_to_be_sound() -> None:
    answer = verify()
    assert (answer.exit_code, answer.stdout) == (0, "核验通过：40 条记录\n")
    value = json.loads(verify("--json").stdout)
    assert (value["good"], value["checked"], value["until"]) == (True, 40, "2026-11-25")
    assert (verify("--since", "2026-11-25").stdout) == "核验通过：20 条记录\n"
    assert AuditCheck.objects.filter(fault_kind="").count() == 3


@pytest.mark.usefixtures("two_days")
@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_first_broken_entry_is_named_in_one_line(processes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cut = rules.cut_day
    monkeypatch.setattr(rules, "cut_day", lambda view: cut(view, size=3))
    tamper("UPDATE record_auditentry SET via = 'x' WHERE id IN (11, 31)")
    answer = verify("--processes", processes)
    assert (answer.exit_code, answer.stdout) == (1, "核验不符：2026-11-24 第 11 条 记录 11：记录的内容被改过\n")


@pytest.mark.usefixtures("two_days")
def test_what_is_broken_stands_in_the_json_too() -> None:
    tamper("DELETE FROM record_auditentry WHERE id = 11")
    answer = verify("--json")
    fault = json.loads(answer.stdout)["fault"]
    assert answer.exit_code == 1
    assert (fault["kind"], fault["day"], fault["place"], fault["id"]) == ("entry_missing", "2026-11-24", 11, 11)


@pytest.mark.usefixtures("two_days")
def test_several_processes_find_the_same() -> None:
    assert verify("--processes", "2").stdout == "核验通过：40 条记录\n"


@pytest.mark.usefixtures("two_days")
@pytest.mark.parametrize("form", ["json", "lines"])
def test_digests_kept_outside_the_platform_are_compared(form: str, tmp_path: Path) -> None:
    kept = tmp_path / "days"
    day = queries.list_days()[0]

    def keep(digest: str) -> None:
        rows = {"days": [{"day": "2026-11-24", "digest": digest}]}
        kept.write_text(json.dumps(rows) if form == "json" else f"# kept by the press\n2026-11-24 {digest}\n")

    keep(day.digest)
    assert verify("--published", str(kept)).exit_code == 0
    keep(day.digest[::-1])
    answer = verify("--published", str(kept))
    assert (answer.exit_code, answer.stdout) == (1, "核验不符：2026-11-24：和公布过的当天摘要不同\n")


@pytest.mark.parametrize(
    "text", ["", "{}", '{"days": 3}', '{"days": [{"day": "2026-13-01", "digest": "x"}]}', "\x00\xff"]
)
def test_a_file_that_holds_no_digests_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "days"
    path.write_text(text)
    with pytest.raises(verifying.PublishedUnreadable):
        verifying.read_published(str(path))


@pytest.mark.usefixtures("two_days")
@pytest.mark.parametrize(
    ("words", "code"), [(["--since", "2026-11-01"], 1), (["--since", "x"], 2), (["--published", "/none"], 2)]
)
def test_wrong_use_is_one_line_and_no_traceback(
    words: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["weimin", "verify", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == code
    assert "Traceback" not in capsys.readouterr().err


def test_stored_files_are_checked(tmp_path: Path, settings: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    blob = actions.store_blob(at=AT, content=b"%PDF-1.4 x", name="a.pdf", allowed=("pdf",))
    assert verify("--files").stdout == "核验通过：1 个文件\n"
    Stored(blob.sha256).write_bytes(b"%PDF-1.4 y")
    answer = verify("--files")
    assert answer.exit_code == 1
    assert answer.stdout == f"核验不符：记录 {blob.blob_id} 文件 {blob.sha256[:16]}…：文件内容和 SHA-256 不符\n"


def test_the_loop_links_whatever_waits_and_the_night_checks_it() -> None:
    write(12)
    assert jobs.chain(AT) == 12
    assert AuditLink.objects.count() == 12
    jobs.chain(AT + DAY)
    jobs.verify(0)
    kept = AuditCheck.objects.get()
    assert (kept.looked, kept.fault_kind, kept.by_label) == (12, "", "系统（夜间核验）")


@pytest.mark.usefixtures("two_days")
def test_a_chain_that_cannot_go_on_holds_up_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    assert jobs.chain_or_wait(AT + DAY) == jobs.REST_SECONDS
    tamper("UPDATE record_chainstate SET place = 3")
    write(1, at=AT + DAY)
    # the entry waits for other transactions on the server to end before it can be linked at all
    for _ in range(2000):
        after = jobs.chain_or_wait(AT + DAY)
        if after > jobs.REST_SECONDS:
            break
    assert after == 60
    assert "cannot go on" in caplog.text
    assert AuditLink.objects.count() == 40


def look(name: str) -> health.Finding:
    return next(one for one in health.look() if one.name == name)


def test_the_doctor_tells_of_the_lag() -> None:
    assert look("审计链").good
    at = clock.now()
    write(3, at=at)
    assert look("审计链").good, "they wait for a moment only"
    write(1, at=at - timedelta(minutes=30))
    link_all(at)
    write(1, at=at - timedelta(minutes=30))
    late = look("审计链")
    assert not late.good
    assert "1 条还没入链" in late.text


def test_the_doctor_tells_of_what_is_broken_and_of_checks_that_do_not_come() -> None:
    at = clock.now()
    assert look("审计核验").good
    write(2, at=at)
    link_all(at - 5 * DAY)
    link_all(at)
    actions.chain_entries(at=at)
    assert "没有核验" in look("审计核验").text
    by = Actor.system("系统（夜间核验）")
    actions.check_last_days(by=by, at=at)
    assert look("审计核验").good
    tamper("UPDATE record_auditentry SET via = 'x' WHERE id = 2")
    actions.check_chain(by=by, at=at)
    broken = look("审计核验")
    assert not broken.good
    assert "记录 2：记录的内容被改过" in broken.text
