"""`make drill`: a whole disaster on one machine, with scratch data, and the proof of what came back.

A PostgreSQL of its own with the demonstration's city; matters and files; a backup; more matters; a moment; more
matters; a table is dropped. Then the operator's own drill script restores the moment, verifies chain and files, and
what was acknowledged before the moment must be there, what came after must not. Needs root, and Debian's postgresql,
pgbackrest and rsync.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WRITE = """
from datetime import timedelta
from weimin.base import clock
from weimin.config import demonstration, examples
from weimin.kernel.cases import actions
from weimin.kernel.cases.queries.notices import get_notice
from weimin.kernel.cases.types import Channel, Submission
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.record import actions as record
from weimin.kernel.residents import actions as residents

at = clock.now()
clerk = demonstration.actor_of("liucheng.shouli", at)
spec = catalogue.get_current(code="A5-31")
who, number, phone = examples.PEOPLE[0]
for place in range(count):
    record.store_made(at=at, content=f"{name} {place}".encode() * 200, media_type="application/pdf", name="x.pdf")
    person = residents.register_resident(
        by=clerk, at=at, name=who, id_number=number, phone=phone, division_code="340321113000")
    sent = Submission(
        item_code="A5-31", township_code=examples.TOWNSHIP, applicant_id=person, channel=Channel.WINDOW,
        answers=examples.answers_of(spec, (clock.local_date(at) - timedelta(days=40)).isoformat()),
        waived_materials=tuple(one.code for one in spec.materials), notice=get_notice(on=clock.local_date(at)).version)
    done = actions.submit(by=clerk, at=at, key=f"{name}-{place}", submission=sent)
    print("ACK", done.number, flush=True)
"""


def placed(path: str, *places: tuple[str, str]) -> str:
    """One of the operator's files, with other places."""
    text = (ROOT / path).read_text(encoding="utf-8")
    for old, new in places:
        assert old in text, old
        text = text.replace(old, new)
    return text


class Scene:
    """The scratch folder with its cluster, repository and settings."""

    def __init__(self) -> None:
        self.bin = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))
        self.folder = Path(tempfile.mkdtemp(prefix="weimin-drill-"))
        self.folder.chmod(0o755)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"postgres://weimin@127.0.0.1:{self.port}/weimin"
        self.log = open(self.folder / "log", "w+")
        postgres = pwd.getpwnam("postgres")
        for name in ("pg", "repo", "spool", "pglog", "slow", "late"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, postgres.pw_uid, postgres.pw_gid)
            (self.folder / name).chmod(0o700)
        self._settings()

    def _settings(self) -> None:
        """The operator's files with places of the scratch folder."""
        conf = placed(
            "deploy/backup/pgbackrest.conf",
            ("/var/lib/pgbackrest", f"{self.folder}/repo"),
            ("/var/spool/pgbackrest", f"{self.folder}/spool"),
            ("/var/lib/postgresql/15/main", f"{self.folder}/pg"),
            ("CHANGE-ME", "a-passphrase-of-the-drill"),
            ("[weimin]\n", f"[weimin]\npg1-port={self.port}\npg1-socket-path={self.folder}/pg\n"),
            ("[global]\n", f"[global]\nlog-path={self.folder}/pglog\nlock-path={self.folder}/spool\n"),
        )
        (self.folder / "pgbackrest.conf").write_text(conf, encoding="utf-8")
        (self.folder / "backup.env").write_text(
            f"FILES_TO={self.folder}/copy\nWEIMIN={self.folder}/weimin\n"
            f"DRILL_ROOT={self.folder}/drill\nFILES_USER=root\nPG_BIN={self.bin}\n"
        )
        (self.folder / "copy").mkdir()
        (self.folder / "copy/.weimin-copy").touch()
        (self.folder / "weimin.env").write_text(f"WEIMIN_DATA={self.folder}/data\nPYTHONPATH={ROOT}/src\n")
        (self.folder / "owner.env").write_text(f"DATABASE_URL={self.url}\n")
        command = placed(
            "deploy/systemd/weimin",
            ("/etc/weimin/", f"{self.folder}/"),
            ("/opt/weimin/current", str(ROOT)),
            (".venv/bin/", f"{Path(sys.executable).parent}/"),
            ("setpriv --reuid=weimin --regid=weimin --init-groups ", ""),
        )
        (self.folder / "weimin").write_text(command, encoding="utf-8")
        (self.folder / "weimin").chmod(0o755)

    def run(self, *words: str, user: str = "", may_fail: bool = False) -> str:
        """Run a command, as a user; its output, and the end of everything when it fails and may not."""
        environment = {
            **os.environ,
            "PGBACKREST_CONFIG": f"{self.folder}/pgbackrest.conf",
            "BACKUP_ENV": f"{self.folder}/backup.env",
            "TMPDIR": str(self.folder),
        }
        done = subprocess.run(
            words, user=user or None, extra_groups=[] if user else None, cwd=self.folder, env=environment,
            stdout=subprocess.PIPE, stderr=self.log, text=True, check=False,
        )  # fmt: skip
        self.log.write(done.stdout)
        self.log.flush()
        if done.returncode and may_fail:
            return ""
        if done.returncode:
            sys.exit(
                f"{' '.join(words[:4])}: exit code {done.returncode}\n" + (self.folder / "log").read_text()[-3000:]
            )
        return done.stdout

    def psql(self, sql: str, url: str = "") -> list[str]:
        """Rows of one column."""
        return self.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url or self.url, "-c", sql).split()

    def weimin(self, *words: str) -> str:
        """The command line."""
        return self.run(str(self.folder / "weimin"), *words)

    def start(self) -> None:
        """Make the cluster with the archiving that the operator copies."""
        pg = str(self.folder / "pg")
        init = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", "postgres"]
        self.run(str(self.bin / "initdb"), "-D", pg, *init, user="postgres")
        archiving = (ROOT / "deploy/postgresql/archive.conf").read_text(encoding="utf-8")
        archiving = archiving.replace("pgbackrest ", f"pgbackrest --config={self.folder}/pgbackrest.conf ")
        with (self.folder / "pg/postgresql.conf").open("a") as conf:
            conf.write(f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{pg}'\n{archiving}\n")
        self.run(str(self.bin / "pg_ctl"), "-D", pg, "-l", f"{pg}/server.log", "-w", "start", user="postgres")
        base = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self.psql("CREATE ROLE weimin LOGIN SUPERUSER", base)
        self.psql("CREATE DATABASE weimin OWNER weimin TEMPLATE template0", base)
        self.psql(f"CREATE TABLESPACE slow OWNER weimin LOCATION '{self.folder}/slow'", base)
        self.psql("CREATE TABLE of_slow TABLESPACE slow AS SELECT generate_series(1, 1000) AS n")

    def end(self) -> None:
        """Stop everything of ours and remove it."""
        for cluster in (self.folder / "pg", *self.folder.glob("drill/*/pg")):
            words = [str(self.bin / "pg_ctl"), "-D", str(cluster), "-m", "immediate", "-w", "stop"]
            if (cluster / "postmaster.pid").exists():
                subprocess.run(words, user="postgres", extra_groups=[], cwd="/", capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def write(scene: Scene, name: str, count: int) -> set[str]:
    """Matters that were acknowledged, with a file each."""
    said = scene.weimin("manage", "shell", "-c", f"name, count = {name!r}, {count}\n{WRITE}")
    return set(re.findall(r"^ACK (\S+)$", said, re.M))


def rehearse(scene: Scene) -> None:
    """The whole of it, with the seconds of each part."""
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)

    scene.start()
    # at once: while there is no stanza, what archives holds its lock
    scene.run("pgbackrest", "--stanza=weimin", "stanza-create", user="postgres")
    scene.weimin("load", "all", "--json")
    tell("a city stands in a PostgreSQL of its own")
    first = write(scene, "first", 20)
    scene.weimin("worker", "--once")
    scene.run(str(ROOT / "deploy/backup/backup.sh"), "full")
    tell(f"full backup, with {len(first)} matters written before")
    before = write(scene, "before", 20)
    scene.weimin("worker", "--once")
    scene.run(str(ROOT / "deploy/backup/backup.sh"), "incr")
    before |= write(scene, "late", 10)
    scene.weimin("worker", "--once")
    (moment,) = scene.psql("SELECT replace(clock_timestamp()::text, ' ', 'T')")
    moment = moment.replace("T", " ")
    after = write(scene, "after", 10)
    scene.psql("DROP TABLE cases_case CASCADE")
    scene.psql("SELECT pg_switch_wal() IS NULL")
    scene.run(str(ROOT / "deploy/backup/backup.sh"), "files")
    tell(f"disaster: {len(before)} matters acknowledged before, {len(after)} after, then the table was dropped")
    said = scene.run(str(ROOT / "deploy/backup/drill.sh"), "--keep", moment)
    tell("restored to the moment, chain and files verified")
    kept = re.search(r"kept: (\S+)", said)
    assert kept, said
    address = re.search(r"DATABASE_URL=(\S+)", Path(kept[1]).read_text())
    assert address
    there = set(scene.psql("SELECT number FROM cases_case", address[1]))
    lost, ghosts = (first | before) - there, after & there
    if lost or ghosts or not after:
        sys.exit(f"lost: {sorted(lost)}; came back from after the moment: {sorted(ghosts)}")
    files = scene.psql("SELECT count(*) FROM record_blob", address[1])[0]
    tell(f"all {len(first | before)} of before are there, none of the {len(after)} after; {files} files whole")
    beside(scene, address[1])
    tell("what lay in a tablespace came back beside it")
    damage(scene, moment)
    tell("a file that lacks in the copy is found by the drill, and noted")
    younger(scene)
    tell("a tablespace that is younger than the backup is not replayed into the running database's own")


def beside(scene: Scene, copy: str) -> None:
    """The copy has a folder of its own for the tablespace, and the running database's is untouched."""
    where = "SELECT pg_tablespace_location(oid) FROM pg_tablespace WHERE spcname = 'slow'"
    (lies,), (comes,) = scene.psql(where), scene.psql(where, copy)
    for url in (scene.url, copy):
        assert scene.psql("SELECT count(*) FROM of_slow", url) == ["1000"]
    if lies != f"{scene.folder}/slow" or not comes.startswith(f"{scene.folder}/drill/"):
        sys.exit(f"the tablespace in {lies} was restored to {comes}")


def damage(scene: Scene, moment: str) -> None:
    """A drill that could not fail would prove nothing."""
    noted = scene.folder / "data/backup.json"
    assert json.loads(noted.read_text())["drill_good"] is True
    (digest,) = scene.psql("SELECT sha256 FROM record_blob ORDER BY id LIMIT 1")
    next((scene.folder / "copy/now").rglob(digest)).unlink()
    words = [str(ROOT / "deploy/backup/drill.sh"), moment]
    if scene.run(*words, may_fail=True) or json.loads(noted.read_text())["drill_good"]:
        sys.exit("the drill did not notice that a file lacks")


def younger(scene: Scene) -> None:
    """Replaying its making would write where the running database has it."""
    scene.psql(f"CREATE TABLESPACE late LOCATION '{scene.folder}/late'")
    if scene.run(str(ROOT / "deploy/backup/drill.sh"), may_fail=True).count("replaying"):
        sys.exit("the drill replayed the making of a tablespace")
    if "is younger than the backup" not in (scene.folder / "log").read_text():
        sys.exit("the drill failed for another reason")


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("pgbackrest") or not shutil.which("rsync"):
        sys.exit("make drill needs root and Debian's postgresql-15, pgbackrest and rsync (scripts/setup.sh drill)")
    stage = Scene()
    try:
        rehearse(stage)
    finally:
        stage.end()
