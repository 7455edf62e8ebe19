"""What is carried to a machine without internet access: Debian's packages come as a repository from which apt installs by name."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
LISTS = sorted(DEPLOY.glob("debian-packages*.txt"))
#: Nothing but the folder that stands there.
ONLY = 'Dir::Etc::SourceList "{home}/only.list"; Dir::Etc::SourceParts "/dev/null"; Dir::State::lists "{home}/lists";\n'
OWN = 'Dir::Cache "{home}/cache"; APT::Sandbox::User "root";\n'


def names(path: Path) -> list[str]:
    """The packages of a list, as install.md has the shell read it."""
    return [word for line in path.read_text(encoding="utf-8").splitlines() if line[:1] != "#" for word in line.split()]


def apt(home: Path, source: Path) -> dict[str, str]:
    """An environment in which apt knows nothing but one folder."""
    for one in ("lists/partial", "cache/archives/partial"):
        (home / one).mkdir(parents=True)
    (home / "only.list").write_text(f"deb [trusted=yes] file:{source} ./\n")
    (home / "apt.conf").write_text((ONLY + OWN).format(home=home))
    environment = {**os.environ, "APT_CONFIG": str(home / "apt.conf"), "LC_ALL": "C"}
    subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True, capture_output=True, timeout=60)
    return environment


def package(folder: Path, name: str, version: str = "1.0", **fields: str) -> None:
    """An empty package."""
    home = folder.parent / f"{folder.name}-{name}"
    (home / "DEBIAN").mkdir(parents=True)
    told = {"Package": name, "Version": version, "Architecture": "all", "Maintainer": "x", "Description": "x", **fields}
    (home / "DEBIAN/control").write_text("".join(f"{key}: {value}\n" for key, value in told.items()))
    made = folder / f"{name}.deb"
    subprocess.run(["dpkg-deb", "-Znone", "-b", str(home), str(made)], check=True, capture_output=True, timeout=60)
    shown = subprocess.run(["dpkg-deb", "-f", str(made)], check=True, capture_output=True, text=True, timeout=60).stdout
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    with (folder / "Packages").open("a") as listed:
        listed.write(f"{shown}Filename: ./{made.name}\nSize: {made.stat().st_size}\nSHA256: {digest}\n\n")


def test_lists_hold_names_each_once() -> None:
    assert [one.name for one in LISTS] == ["debian-packages-many.txt", "debian-packages.txt"]
    found = [name for one in LISTS for name in names(one)]
    assert len(found) == len(set(found)) > 10
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in found)


@pytest.mark.skipif(not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="no apt on this machine")
def test_apt_installs_by_name_from_what_is_carried(tmp_path: Path) -> None:
    """One of two that exclude each other, what this machine has already, a version with an epoch: all is there, and fits."""
    there = tmp_path / "there"
    there.mkdir()
    for name in [name for one in LISTS for name in names(one)]:
        package(there, name, Depends="libone (>= 2:1) | libother" if name == "nginx-light" else "libc6")
    package(there, "libone", "2:1.1", Depends="libc6")
    package(there, "libother", Conflicts="libone", Provides="libone (= 2:9)")
    package(there, "libc6", "9.0")
    made = subprocess.run(
        [str(DEPLOY / "bundle.sh"), "--only-debian", str(tmp_path / "out")],
        env=apt(tmp_path / "maker", there),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    carried = tmp_path / "out/debian"
    found = {one.name for one in carried.glob("*.deb")}
    assert {"libc6_9.0_all.deb", "libone_1.1_all.deb"} <= found
    assert "libother_1.0_all.deb" not in found

    bare = tmp_path / "bare"
    environment = apt(bare, carried)
    (bare / "status").touch()
    words = ["apt-get", "-o", f"Dir::State::status={bare}/status", "-s", "--no-remove", "install"]
    words += names(DEPLOY / "debian-packages.txt")
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    chosen = set(re.findall(r"^Inst (\S+) ", done.stdout, re.M))
    assert chosen == {*names(DEPLOY / "debian-packages.txt"), "libone", "libc6"}
