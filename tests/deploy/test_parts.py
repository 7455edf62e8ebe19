"""Units and containers: each counts in a folder of its own, finds what its settings name, and leaves the disk to data."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = {"weimin-web@.service": "web-%i", "weimin-worker.service": "worker"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The containers of our own image."""
    value = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return {name: one for name, one in value["services"].items() if one["image"] == "weimin"}


@pytest.mark.parametrize(("name", "part"), UNITS.items())
def test_a_unit_counts_in_a_folder_that_systemd_empties(name: str, part: str) -> None:
    lines = (DEPLOY / "systemd" / name).read_text(encoding="utf-8").splitlines()
    assert f"RuntimeDirectory=weimin/{part}" in lines
    assert f"Environment=WEIMIN_METRICS_FOLDER=%t/weimin/{part}" in lines
    assert not [one for one in lines if one.startswith("RuntimeDirectoryPreserve=")], "it would not be emptied"


def test_no_setting_file_puts_all_units_into_one_folder() -> None:
    """systemd takes an EnvironmentFile before Environment."""
    assert "WEIMIN_METRICS_FOLDER" not in (DEPLOY / "systemd/weimin.env.example").read_text(encoding="utf-8")


def test_containers_that_count_do_so_in_folders_of_their_own_side_by_side(services: dict[str, dict[str, Any]]) -> None:
    folders = {
        name: Path(services[name]["environment"]["WEIMIN_METRICS_FOLDER"]) for name in ("web1", "web2", "worker")
    }
    assert {one.name for one in folders.values()} == set(folders)
    (parent,) = {one.parent for one in folders.values()}
    shared = [one.split(":")[1] for one in services["web1"]["volumes"] if not one.startswith("/")]
    assert any(parent.is_relative_to(one) for one in shared)


def test_a_container_empties_its_folder_and_becomes_its_program(
    services: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "counter_7.db").touch()
    (tmp_path / "other").touch()
    for name in ("web1", "web2", "worker"):
        words = [one.replace("$$", "$") for one in services[name]["entrypoint"]]
        told = {**os.environ, "WEIMIN_METRICS_FOLDER": str(tmp_path)}
        done = subprocess.run(
            [*words, "echo", "a b", "c"], env=told, capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert done.stdout == "a b c\n"
    assert [one.name for one in tmp_path.iterdir()] == ["other"]


def test_web_containers_run_what_the_image_runs(services: dict[str, dict[str, Any]]) -> None:
    image = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    command = re.search(r"^CMD \[(.+)\]", image, re.M)
    assert command
    words = re.findall(r'"([^"]+)"', command[1])
    assert services["web1"]["command"] == services["web2"]["command"] == words


def test_containers_find_every_file_that_the_example_switches_on_and_the_keys_it_offers(
    services: dict[str, dict[str, Any]],
) -> None:
    example = (DEPLOY / "systemd/weimin.env.example").read_text(encoding="utf-8")
    on = re.findall(r"^WEIMIN_(?:\w+_FILE|CERTIFICATES)=(/\S+)", example, re.M)
    keys = re.findall(r"^#?WEIMIN_\w+_FILE=(/etc/weimin/keys/\S+)", example, re.M)
    assert "/etc/nginx/weimin.crt" in on and "/etc/weimin/keys/metrics" in keys
    for name, one in services.items():
        mounts = [each.split(":") for each in one["volumes"]]
        for path in {*on, *keys, "/etc/weimin/python", one["environment"]["WEIMIN_SECRET_KEY_FILE"]}:
            modes = [each[2:] for each in mounts if Path(path).is_relative_to(each[1])]
            assert modes == [["ro"]], f"{name} does not find {path}"


def test_files_that_containers_do_not_find_by_themselves_are_named_in_the_header() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    header = text[: text.index("x-service:")]
    example = (DEPLOY / "systemd/weimin.env.example").read_text(encoding="utf-8")
    offered = dict(re.findall(r"^#?(WEIMIN_\w+)=(/\S+)", example, re.M))
    found = ("/etc/weimin/keys", "/etc/nginx/weimin.crt", "/var/lib/weimin")
    lacking = {name for name, path in offered.items() if not any(Path(path).is_relative_to(one) for one in found)}
    assert {one for one in lacking if one not in header} == set()


def test_the_journal_gives_way_before_files_are_refused_and_keeps_what_the_law_asks_for() -> None:
    from weimin.config import settings

    told = configparser.ConfigParser()
    told.optionxform = str  # type: ignore[assignment, method-assign]
    told.read(DEPLOY / "journald/weimin.conf", encoding="utf-8")
    journal = dict(told["Journal"])
    assert set(journal) == {"Storage", "SystemMaxUse", "SystemKeepFree", "MaxFileSec", "MaxRetentionSec"}
    keep_free = float(journal["SystemKeepFree"].removesuffix("G"))
    assert settings.WEIMIN_DISK["stop"] < keep_free <= settings.WEIMIN_DISK["shed"]
    law = (ROOT / "docs/reference/law.md").read_text(encoding="utf-8")
    months = re.search(r"^\| log\.retention \|[^|]*\| (\d+) \| month \|", law, re.M)
    assert months and int(journal["MaxRetentionSec"].removesuffix("month")) > int(months[1])
