"""What an operator copies from deploy/ fits the code: each setting is one, each file named is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SYSTEMD = DEPLOY / "systemd"
UNITS = sorted(one for one in SYSTEMD.iterdir() if one.suffix in (".service", ".timer", ".target"))
#: Settings that no operator sets in the environment file, each with its reason.
NOT_THERE = {
    "DATABASE_URL": "in web.env and owner.env",
    "WEIMIN_WEB_DATABASE_URL": "in owner.env",
    "WEIMIN_DIRECT_DATABASE_URL": "in owner.env, where a pooler stands before the database",
    "WEIMIN_READ_GROUP": "of single web processes, where there are standbys (nginx/replicas.conf)",
    "WEIMIN_REPLICAS": "the same",
    "WEIMIN_REPLICA_LAG_SECONDS": "the same",
    "WEIMIN_METRICS_FOLDER": "in the units and compose.yaml, each its own",
    "WEIMIN_DEBUG": "for developers",
    "WEIMIN_READS_STRICT": "for tests",
    "WEIMIN_TEST_DB": "for tests",
    "WEIMIN_MASTER_KEY": "a file is better: the environment of a process is easier to read",
    "WEIMIN_INDEX_KEY": "the same",
    "WEIMIN_SECRET_KEY": "the same",
    "WEIMIN_OIDC_CLIENT_SECRET": "the same",
}


def declared() -> set[str]:
    """The variables that the settings read; secrets also by file."""
    text = (ROOT / "src/weimin/config/settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"(WEIMIN_[A-Z_]+|DATABASE_URL)"', text)) | {"WEIMIN_DATA"}
    by_file = set(re.findall(r'_(?:kept|given)_secret\("(\w+)"', text))
    return names | {f"{name}_FILE" for name in by_file}


def offered() -> list[str]:
    """The variables of the example, switched on or off."""
    text = (SYSTEMD / "weimin.env.example").read_text(encoding="utf-8")
    return re.findall(r"^#?(WEIMIN_[A-Z_]+|DATABASE_URL)=", text, re.M)


def test_each_variable_of_the_example_is_a_setting_and_stands_there_once() -> None:
    assert set(offered()) <= declared()
    assert len(offered()) == len(set(offered()))


def test_each_setting_is_in_the_example_or_says_why_not() -> None:
    by_file = {name.removesuffix("_FILE") for name in offered() if name.endswith("_FILE")}
    assert declared() - set(offered()) - by_file - set(NOT_THERE) == set()


def test_the_example_reads_the_same_for_systemd_and_for_a_shell() -> None:
    """`/usr/local/bin/weimin` sources it: a value with a space or a semicolon stands in quotes, none is worked out."""
    lines = (SYSTEMD / "weimin.env.example").read_text(encoding="utf-8").splitlines()
    values = [found[1] for line in lines if (found := re.match(r"#?WEIMIN_[A-Z_]+=(.*)$", line))]
    assert values
    assert not [one for one in values if re.search(r"[\s;&|<>()]", one) and not re.fullmatch(r'"[^"$`\\]*"', one)]


@pytest.mark.parametrize("path", UNITS, ids=lambda one: one.name)
def test_programs_that_units_start_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ours = re.findall(r"=/opt/weimin/current/(deploy/\S+)", text)
    assert all((ROOT / one).is_file() and (ROOT / one).stat().st_mode & 0o111 for one in ours)
    pages = re.findall(r"^Documentation=file:/opt/weimin/current/(\S+)", text, re.M)
    assert all((ROOT / one).is_file() for one in pages)


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda one: one.name)
def test_shell_scripts_parse(path: Path) -> None:
    done = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("name", ["weimin-web@.service", "weimin-worker.service"])
def test_services_stay_closed_in(name: str, tmp_path: Path) -> None:
    """systemd's own measure of what a broken-in process could still reach: 0 is nothing, 10 is everything."""
    (tmp_path / name).write_text((SYSTEMD / name).read_text(encoding="utf-8"), encoding="utf-8")
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", str(tmp_path / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout[-600:] + done.stderr


@pytest.mark.skipif(not shutil.which("haproxy"), reason="no haproxy on this machine")
def test_haproxy_takes_its_file() -> None:
    words = ["haproxy", "-c", "-f", str(DEPLOY / "haproxy/haproxy.cfg")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_stands_before_the_database_meets() -> None:
    """PgBouncer asks where HAProxy listens; HAProxy asks Patroni and PostgreSQL where they listen; the roles are those of roles.sql."""
    patroni = yaml.safe_load((DEPLOY / "patroni/patroni.yml").read_text(encoding="utf-8"))
    pool = (DEPLOY / "pgbouncer/pgbouncer.ini").read_text(encoding="utf-8")
    way = (DEPLOY / "haproxy/haproxy.cfg").read_text(encoding="utf-8")
    told = re.search(r"^weimin = host=(\S+) port=(\d+) ", pool, re.M)
    assert told
    assert f"bind {told[1]}:{told[2]}\n" in way
    assert f"server {patroni['name']} {patroni['postgresql']['listen']} check" in way
    assert f"port {patroni['restapi']['listen'].split(':')[1]} " in way
    made = set(re.findall(r"^CREATE ROLE (\w+)", (DEPLOY / "postgresql/roles.sql").read_text(encoding="utf-8"), re.M))
    let_in = {line.split()[2] for line in patroni["postgresql"]["pg_hba"] if line.split()[1].endswith("weimin")}
    watching = re.search(r"^stats_users = (\w+)$", pool, re.M)
    assert let_in == made
    assert watching and watching[1] in made


def test_nothing_goes_to_the_database_of_another_machine_in_clear() -> None:
    told = yaml.safe_load((DEPLOY / "patroni/patroni.yml").read_text(encoding="utf-8"))
    lines = told["postgresql"]["pg_hba"]
    assert lines
    assert {line.split()[0] for line in lines} <= {"hostssl", "local"}
    pool = (DEPLOY / "pgbouncer/pgbouncer.ini").read_text(encoding="utf-8")
    assert re.search(r"^server_tls_sslmode = verify-(ca|full)$", pool, re.M)


def test_containers_are_told_only_settings() -> None:
    value = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    told = {
        name
        for one in value["services"].values()
        for name in one.get("environment", {})
        if name.startswith(("WEIMIN_", "DATABASE_"))
    }
    assert {"DATABASE_URL", "WEIMIN_SECRET_KEY_FILE"} <= told <= declared()
    ours = [one for one in value["services"].values() if one.get("image") == "weimin"]
    assert len(ours) == 4
    assert all(one["read_only"] and one["cap_drop"] == ["ALL"] for one in ours)


def test_the_image_starts_the_web_process_as_the_unit_does() -> None:
    unit = (SYSTEMD / "weimin-web@.service").read_text(encoding="utf-8").replace("\\\n", " ")
    image = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    started = re.search(r"granian (.+)", unit)
    command = re.search(r'CMD \["granian", (.+)\]', image)
    assert started and command
    words = re.findall(r'"([^"]+)"', command[1])
    same = {"${WEIMIN_LISTEN}": "0.0.0.0", "%i": "8000"}  # noqa: S104 — inside of the container
    assert words == [same.get(one, one) for one in started[1].split()]
