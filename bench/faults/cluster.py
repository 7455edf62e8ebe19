"""Two PostgreSQL servers under Patroni with etcd, in a folder of their own, from the file that operators copy."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from bench.stage import free_port

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy/patroni/patroni.yml"
_BIN = Path("/usr/lib/postgresql/15/bin")
#: Shorter than in service, so that a run takes a minute; Patroni's own least time to live.
QUICK = {"ttl": 20, "loop_wait": 2, "retry_timeout": 5}


def missing() -> str:
    """What is not installed; '' when everything is."""
    wanted = {"patroni": shutil.which("patroni"), "etcd": shutil.which("etcd"), "postgresql-15": _BIN.exists()}
    return "、".join(name for name, found in wanted.items() if not found)


def wait_until(true: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Ask again and again until it is so, and give what it gave.

    Raises: AssertionError — it did not come true in time
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if found := true():
                return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def run_apart(module: str) -> list[str]:
    """Run a scenario in a process of its own, as it works on a database of its own; gives what it says.

    Raises: AssertionError — a promise was broken
    """
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    command = [sys.executable, "-m", module]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout.splitlines()


@dataclass
class Node:
    """One PostgreSQL with its Patroni."""

    name: str
    home: Path
    port: int = field(default_factory=free_port)
    api: int = field(default_factory=free_port)
    patroni: subprocess.Popen[bytes] | None = None

    def ask(self, path: str) -> dict[str, Any]:
        """What its Patroni says; {} when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.api}/{path}", timeout=2) as answer:
                found: dict[str, Any] = json.load(answer)
        except (OSError, ValueError):
            return {}
        return found

    def kill(self) -> None:
        """As if the machine lost its power: Patroni first, then the server and all of its processes."""
        assert self.patroni is not None
        self.patroni.send_signal(signal.SIGKILL)
        self.patroni.wait()
        head = int((self.home / "data/postmaster.pid").read_text().split()[0])
        below = subprocess.run(["ps", "-o", "pid=", "--ppid", str(head)], capture_output=True, text=True, check=False)
        for pid in [head, *map(int, below.stdout.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Cluster:
    """Two nodes and the store in which they agree."""

    home: Path
    etcd_port: int
    nodes: list[Node]
    user: str | None

    def url(self, user: str, password: str) -> str:
        """The address of whichever node takes writes."""
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in self.nodes)
        sure = f"sslmode=verify-full&sslrootcert={self.home}/tls/ca.crt"
        return f"postgres://{user}:{password}@{hosts}/weimin?target_session_attrs=read-write&{sure}"

    def start(self, node: Node) -> None:
        """Start a node, the first time or again."""
        node.home.mkdir(exist_ok=True)
        _give(node.home, self.user)
        path = node.home / "patroni.yml"
        path.write_text(yaml.safe_dump(self._settings(node)))
        _give(path, self.user)
        node.patroni = _start(["patroni", str(path)], node.home, self.user)

    def _settings(self, node: Node) -> dict[str, Any]:
        """The operator's file with this machine's addresses."""
        found: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
        found["name"] = node.name
        found["restapi"] |= dict.fromkeys(("listen", "connect_address"), f"127.0.0.1:{node.api}")
        found["etcd3"]["hosts"] = f"127.0.0.1:{self.etcd_port}"
        found["bootstrap"]["dcs"] |= QUICK
        found["watchdog"] = {"mode": "off"}
        server = found["postgresql"]
        server |= dict.fromkeys(("listen", "connect_address"), f"127.0.0.1:{node.port}")
        server |= {"data_dir": str(node.home / "data"), "pgpass": str(node.home / "pgpass"), "bin_dir": str(_BIN)}
        server["parameters"] |= {"unix_socket_directories": str(node.home)}
        # the operator's certificates, from the folder that is ours
        for told in (server["parameters"], *server["authentication"].values()):
            told |= {
                name: one.replace("/etc/ssl/weimin", f"{self.home}/tls")
                for name, one in told.items()
                if "ssl" in name and isinstance(one, str)
            }
        sizes = node.home / "weimin.conf"
        sizes.write_text("shared_buffers = 64MB\njit = off\nrandom_page_cost = 1.1\n")
        server["custom_conf"] = str(sizes)
        server["pg_hba"] = [
            "local all all trust",
            *(one.replace("10.0.0.0/24", "127.0.0.1/32") for one in server["pg_hba"]),
        ]
        server["pg_hba"].append("hostssl all postgres 127.0.0.1/32 scram-sha-256")
        return found

    def primary(self) -> Node | None:
        """The node that takes writes, as Patroni says."""
        return next((one for one in self.nodes if one.ask("patroni").get("role") in ("master", "primary")), None)

    def standby_is_sync(self) -> bool:
        """Whether what is acknowledged is on both."""
        return any(
            one.get("role") == "sync_standby" and one.get("state") in ("running", "streaming")
            for node in self.nodes
            for one in node.ask("cluster").get("members", [])
        )


def _give(path: Path, user: str | None) -> None:
    if user:
        shutil.chown(path, user, user)


def _certify(folder: Path, user: str | None) -> None:
    """A small authority and what it signs for a server, as deploy/patroni/README.md has them made."""
    folder.mkdir()
    curve = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    new = ["openssl", "req", "-x509", "-newkey", "ec", *curve, "-nodes", "-days", "2"]
    own = [*new, "-subj", "/CN=Weimin database CA", "-keyout", "ca.key", "-out", "ca.crt"]
    name = ["-subj", "/CN=db", "-addext", "subjectAltName=IP:127.0.0.1", "-extensions", "usr_cert"]
    server = [*new, "-CA", "ca.crt", "-CAkey", "ca.key", *name, "-keyout", "server.key", "-out", "server.crt"]
    for one in (own, server):
        subprocess.run(one, cwd=folder, check=True, capture_output=True)
    for path in (folder, *folder.iterdir()):
        _give(path, user)


def _start(command: list[str], home: Path, user: str | None) -> subprocess.Popen[bytes]:
    with (home / f"{Path(command[0]).name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=home,
            stdout=log,
            stderr=log,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            env={"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(home)},
            start_new_session=True,
        )


@contextmanager
def running() -> Iterator[Cluster]:
    """Both nodes up, the second following the first; everything is gone afterwards."""
    home = Path(mkdtemp(prefix="weimin-cluster-"))
    home.chmod(0o755)
    user = "postgres" if os.geteuid() == 0 else None
    assert user is None or pwd.getpwnam(user)
    _give(home, user)
    _certify(home / "tls", user)
    client, peer = free_port(), free_port()
    etcd = _start(
        [
            *("etcd", "--name", "one", "--data-dir", str(home / "etcd")),
            *("--listen-client-urls", f"http://127.0.0.1:{client}"),
            *("--advertise-client-urls", f"http://127.0.0.1:{client}"),
            *("--listen-peer-urls", f"http://127.0.0.1:{peer}"),
            *("--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}"),
            *("--initial-cluster", f"one=http://127.0.0.1:{peer}"),
        ],
        home,
        user,
    )
    cluster = Cluster(home, client, [Node("db1", home / "db1"), Node("db2", home / "db2")], user)
    try:
        for node in cluster.nodes:
            cluster.start(node)
            wait_until(cluster.primary, seconds=90, what="a primary")
        wait_until(cluster.standby_is_sync, seconds=90, what="a synchronous standby")
        yield cluster
    except BaseException:
        for node in cluster.nodes:
            log = node.home / "patroni.log"
            print(node.name, log.read_text()[-3000:] if log.exists() else "never started")
        raise
    finally:
        for node in cluster.nodes:
            if node.patroni and node.patroni.poll() is None:
                node.patroni.terminate()
        for node in cluster.nodes:
            if node.patroni:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    node.patroni.wait(timeout=30)
                node.patroni.kill()
        etcd.terminate()
        etcd.wait()
        shutil.rmtree(home, ignore_errors=True)
