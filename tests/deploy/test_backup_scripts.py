"""The operator's backup and drill scripts with the real command line's wrapper, PostgreSQL's own programs stood in for."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.drill import placed

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not shutil.which("rsync"), reason="no rsync: apt install rsync")
#: The programs of PostgreSQL succeed; who may become another user only in part, stays who they are.
STAND_INS = {
    "setpriv": 'while [[ "$1" == --* ]]; do shift; done; exec "$@"',
    "install": 'mkdir -p "${@: -2}"',
    **dict.fromkeys(("pgbackrest", "pg_ctl", "pg_isready", "psql", "chown"), "exit 0"),
}
#: Writes down what it is asked and with which files; fails where the test wants it.
WEIMIN = """
echo "$* (files ${WEIMIN_FILES:-none})" >>"$HERE/calls"
case "$1 $2" in
  "backup where") echo "$WEIMIN_FILES" ;;
  "backup facts") echo '{"entry": 1}' ;;
esac
[ "$1 $2" != "${FAILS:-}" ]
"""


@dataclass
class Machine:
    """A folder with everything that the scripts reach for."""

    here: Path

    def __post_init__(self) -> None:
        for name in ("files/ab", "copy", "bin", "home/.venv/bin"):
            (self.here / name).mkdir(parents=True)
        (self.here / "files/ab/one").write_text("one")
        (self.here / "copy/.weimin-copy").touch()
        (self.here / "owner.env").touch()
        self.program("weimin", placed("deploy/systemd/weimin", ("/etc/weimin/", f"{self.here}/")))
        self.program("home/.venv/bin/weimin", WEIMIN)
        for name, text in STAND_INS.items():
            self.program(f"bin/{name}", text)
        self.keep_in(str(self.here / "files"))
        (self.here / "backup.env").write_text(
            f"FILES_TO={self.here}/copy\nWEIMIN={self.here}/weimin\nDRILL_ROOT={self.here}/drill\nPG_BIN={self.here}/bin\n"
        )

    def program(self, name: str, text: str) -> None:
        """A program of this machine."""
        (self.here / name).write_text(text if text.startswith("#!") else f"#!/bin/bash\n{text}\n")
        (self.here / name).chmod(0o755)

    def keep_in(self, files: str) -> None:
        """The service's setting of where files are."""
        (self.here / "weimin.env").write_text(f"WEIMIN_FILES={files}\n")

    def start(self, script: str, *words: str, fails: str = "") -> subprocess.Popen[str]:
        """Start one of the scripts."""
        environment = {
            "PATH": f"{self.here}/bin:{os.environ['PATH']}",
            "HERE": str(self.here),
            "TMPDIR": str(self.here),
            "BACKUP_ENV": str(self.here / "backup.env"),
            "WEIMIN_HOME": str(self.here / "home"),
            "FAILS": fails,
        }
        return subprocess.Popen(
            [str(ROOT / "deploy/backup" / script), *words],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, script: str, *words: str, fails: str = "") -> tuple[int, str]:
        """Run it; its exit code and what it said."""
        process = self.start(script, *words, fails=fails)
        said = process.communicate(timeout=60)[0]
        return process.returncode, said

    def asked(self, what: str) -> list[str]:
        """What the command line was asked that begins so."""
        calls = self.here / "calls"
        return [one for one in (calls.read_text().splitlines() if calls.exists() else []) if one.startswith(what)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_backup_copies_the_files_and_notes_it(machine: Machine) -> None:
    assert machine.run("backup.sh", "full")[0] == 0
    assert (machine.here / "copy/now/ab/one").read_text() == "one"
    (note,) = machine.asked("backup note full --files-at 20")
    assert '{"entry": 1}' in note


def test_what_was_deleted_is_moved_aside(machine: Machine) -> None:
    machine.run("backup.sh", "files")
    (machine.here / "files/ab/one").unlink()
    assert machine.run("backup.sh", "files")[0] == 0
    assert [one.name for one in (machine.here / "copy/gone").rglob("one")] == ["one"]


@pytest.mark.parametrize("kind", ["full", "files"])
@pytest.mark.parametrize("lacks", ["files", "copy"])
def test_a_disk_that_is_not_mounted_is_no_backup(machine: Machine, kind: str, lacks: str) -> None:
    shutil.rmtree(machine.here / lacks)
    (machine.here / "copy").mkdir(exist_ok=True)
    code, said = machine.run("backup.sh", kind)
    assert (code, machine.asked("backup note")) == (1, [])
    assert "is it mounted?" in said
    assert not list((machine.here / "copy").glob("now"))


def test_a_bucket_is_not_copied_and_not_noted_as_copied(machine: Machine) -> None:
    machine.keep_in("s3://bucket/prefix")
    assert machine.run("backup.sh", "diff")[0] == 0
    assert [one.split(" (")[0] for one in machine.asked("backup note")] == ['backup note diff --facts {"entry": 1}']


def test_two_copies_never_run_at_once(machine: Machine) -> None:
    with (machine.here / "weimin-backup-files.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = machine.start("backup.sh", "files")
        while not machine.asked("backup where"):
            time.sleep(0.02)
        time.sleep(0.3)
        assert process.poll() is None
        assert not (machine.here / "copy/now").exists()
    assert process.wait(timeout=60) == 0
    assert machine.asked("backup note files")


def test_a_good_drill_verifies_the_copy_and_is_noted_good(machine: Machine) -> None:
    machine.run("backup.sh", "full")
    assert machine.run("drill.sh")[0] == 0
    assert len(machine.asked("verify")) == 2
    assert all(f"files {machine.here}/drill/" in one for one in machine.asked("verify"))
    assert len(machine.asked("backup drilled --good")) == 1
    assert not list((machine.here / "drill").iterdir())


@pytest.mark.parametrize("fails", ["verify --json", "verify --files", "backup compare"])
def test_a_drill_that_fails_is_noted_bad_by_the_running_service(machine: Machine, fails: str) -> None:
    machine.run("backup.sh", "full")
    assert machine.run("drill.sh", fails=fails)[0] == 1
    (noted,) = machine.asked("backup drilled")
    assert noted.startswith("backup drilled --bad") and f"files {machine.here}/files)" in noted
    assert not list((machine.here / "drill").iterdir())


def test_a_drill_that_is_stopped_is_noted_bad(machine: Machine) -> None:
    machine.run("backup.sh", "full")
    machine.program("bin/pgbackrest", 'kill -TERM "$PPID"; sleep 1')
    assert machine.run("drill.sh")[0] != 0
    assert machine.asked("backup drilled --bad") and not machine.asked("backup drilled --good")


def test_a_drill_without_the_copy_is_bad_and_verifies_nothing_else(machine: Machine) -> None:
    (machine.here / "copy/.weimin-copy").unlink()
    code, said = machine.run("drill.sh")
    assert code == 1 and "is it mounted?" in said
    assert machine.asked("backup drilled --bad") and not machine.asked("verify")


def test_a_drill_that_would_fill_the_disk_stops_before(machine: Machine) -> None:
    machine.run("backup.sh", "full")
    machine.program("bin/ln", "exit 1")
    machine.program("bin/df", "echo Avail; echo 8388608")
    code, said = machine.run("drill.sh")
    assert code == 1 and "the files take" in said
    assert machine.asked("backup drilled --bad") and not machine.asked("verify")
    machine.program("bin/df", "echo Avail; echo 9388608")
    assert machine.run("drill.sh")[0] == 0


def test_with_a_bucket_the_rows_are_held_against_it(machine: Machine) -> None:
    machine.keep_in("s3://bucket/prefix")
    (machine.here / "copy/.weimin-copy").unlink()
    assert machine.run("drill.sh")[0] == 0
    assert all("files s3://bucket/prefix)" in one for one in machine.asked("verify"))


def test_the_drill_stays_out_of_the_running_log(machine: Machine) -> None:
    machine.program("bin/pgbackrest", 'env | grep ^PGBACKREST_ >"$HERE/told"')
    machine.run("drill.sh")
    told = (machine.here / "told").read_text()
    assert "PGBACKREST_ARCHIVE_ASYNC=n\n" in told and f"PGBACKREST_SPOOL_PATH={machine.here}/drill/" in told
