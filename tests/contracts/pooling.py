"""A real PgBouncer before the tests' database, in transaction mode, for tests and measurements."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def program() -> str:
    """Where PgBouncer is; '' when it is not installed."""
    return shutil.which("pgbouncer", path=_PLACES) or ""


@contextmanager
def pooled(host: str, port: str, user: str, password: str, *, size: int = 2) -> Iterator[int]:
    """A pool of so many connections before a server; gives its port on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = probe.getsockname()[1]
    with TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o755)
        (home / "users.txt").write_text(f'"{user}" "{password}"\n')
        lines = [
            "[databases]",
            f"* = host={host} port={port}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {own}",
            "unix_socket_dir =",
            f"auth_file = {home}/users.txt",
            "auth_type = scram-sha-256",
            "pool_mode = transaction",
            f"default_pool_size = {size}",
            "ignore_startup_parameters = extra_float_digits",
            f"logfile = {home}/log",
        ]
        if os.geteuid() == 0:  # it refuses to be root
            nobody = pwd.getpwnam("nobody")
            lines.append("user = nobody")
            os.chown(home, nobody.pw_uid, nobody.pw_gid)
        (home / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        running = subprocess.Popen([program(), "-q", str(home / "pgbouncer.ini")])
        try:
            _wait(own, running, home)
            yield own
        finally:
            running.terminate()
            running.wait()


def _wait(port: int, running: subprocess.Popen[bytes], home: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    log = home / "log"
    raise AssertionError(f"PgBouncer did not come up: {log.read_text()[-500:] if log.exists() else ''}")
