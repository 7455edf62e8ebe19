"""nginx with the operator's own file, in a scratch folder, before real web processes on free ports."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bench.stage import free_port

ROOT = Path(__file__).resolve().parents[2]
NGINX = ROOT / "deploy/nginx"
HOST = "zw.example.gov.cn"
#: More requests than the burst that nginx lets through, fewer connections than it takes of one address.
FLOOD = 280
#: In the unit: where a web process listens.
LISTEN = "${WEIMIN_LISTEN}"
needs_nginx = pytest.mark.skipif(
    not shutil.which("nginx"), reason="no nginx: scripts/setup.sh check installs it on Debian as root"
)


@cache
def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def until(good: Any, what: str, seconds: float = 40) -> None:
    """Wait until something holds, or say what did not come."""
    deadline = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def take_in_replicas(text: str) -> str:
    """weimin.conf after the command that weimin-replicas.inc tells an operator to run."""
    told = re.search(r"sed -i '([^']+)'", (NGINX / "weimin-replicas.inc").read_text(encoding="utf-8"))
    assert told
    changed = subprocess.run(["sed", told[1]], input=text, capture_output=True, text=True, check=True).stdout
    assert changed != text
    return changed


@dataclass
class Web:
    """One web process as the unit starts it, on a port of its own."""

    port: int
    database: str
    data: Path
    code: Path = ROOT
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        unit = (ROOT / "deploy/systemd/weimin-web@.service").read_text(encoding="utf-8")
        line = re.search(r"^ExecStart=(\S+/)?granian (.+?)weimin\.config", unit.replace("\\\n", " "), re.M)
        assert line
        words = [
            str(Path(sys.executable).parent / "granian"),
            *line[2].replace("%i", str(self.port)).replace(LISTEN, "127.0.0.1").split(),
        ]
        environment = {
            **os.environ,
            "DATABASE_URL": self.database,
            "PYTHONPATH": str(self.code / "src"),
            "WEIMIN_DATA": str(self.data),
            "WEIMIN_HOSTS": HOST,
            "WEIMIN_HTTPS": "1",
            "WEIMIN_PROXIES": "1",
            "WEIMIN_BASE_URL": f"https://{HOST}",
        }
        self.process = subprocess.Popen(
            [*words, "weimin.config.wsgi:application"], env=environment, stderr=subprocess.DEVNULL
        )
        until(lambda: listens(self.port), "the web process did not start")

    def stop(self) -> float:
        """End it as systemd does; gives the seconds that it took."""
        began = time.monotonic()
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
        return time.monotonic() - began


@dataclass
class Front:
    """nginx in a scratch folder."""

    folder: Path
    static: Path
    ports: tuple[int, int]
    #: Of a read group on a standby, where there is one.
    read: int | None = None
    plain: int = field(default_factory=free_port)
    tls: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def write(self) -> Path:
        """The operator's files with places and ports of the scratch folder; all else stays as it is."""
        for name in ("cache", "log", "scratch"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        shutil.copytree(NGINX / "errors", self.folder / "errors", dirs_exist_ok=True)
        shutil.copy(NGINX / "weimin-proxy.inc", self.folder)
        self._certificate()
        text = (NGINX / "weimin.conf").read_text(encoding="utf-8")
        if self.read is not None:
            text = self._replicas() + take_in_replicas(text)
        text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.M)
        for old, new in (
            ("listen 80 ", f"listen 127.0.0.1:{self.plain} "),
            ("listen 443 ", f"listen 127.0.0.1:{self.tls} "),
            ("127.0.0.1:8001", f"127.0.0.1:{self.ports[0]}"),
            ("127.0.0.1:8002", f"127.0.0.1:{self.ports[1]}"),
            ("/var/lib/nginx/weimin-cache", f"{self.folder}/cache"),
            ("/var/log/nginx", f"{self.folder}/log"),
            ("/etc/nginx/", f"{self.folder}/"),
            ("/var/lib/weimin-errors/", f"{self.folder}/errors/"),
            ("/var/lib/weimin/static/", f"{self.static}/"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/scratch/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.geteuid() == 0 else ""  # the scratch folder is closed to others
        path = self.folder / "nginx.conf"
        path.write_text(
            f"{user}daemon off;\nworker_processes 1;\npid {self.folder}/nginx.pid;\nerror_log {self.folder}/log/error.log;\n"
            f"events {{ worker_connections 1024; }}\nhttp {{\ninclude /etc/nginx/mime.types;\n{temporary}{text}}}\n",
            encoding="utf-8",
        )
        return path

    def _replicas(self) -> str:
        """The part of http; the part of the server is laid beside."""
        included = (NGINX / "weimin-replicas.inc").read_text(encoding="utf-8")
        (self.folder / "weimin-replicas.inc").write_text(
            included.replace("/etc/nginx/", f"{self.folder}/"), encoding="utf-8"
        )
        text = (NGINX / "replicas.conf").read_text(encoding="utf-8")
        return re.sub(r"( *server .*;\n)+", f"    server 127.0.0.1:{self.read} max_fails=1 fail_timeout=2s;\n", text)

    def _certificate(self) -> None:
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        words += ["-keyout", str(self.folder / "weimin.key"), "-out", str(self.folder / "weimin.crt")]
        subprocess.run(words, check=True, capture_output=True)

    def start(self) -> None:
        """Check the files and start."""
        path = self.write()
        tried = subprocess.run(["nginx", "-t", "-c", str(path)], capture_output=True, text=True, check=False)
        assert tried.returncode == 0, tried.stderr
        self.process = subprocess.Popen(["nginx", "-c", str(path)])
        until(lambda: listens(self.tls), "nginx did not start")

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=10)

    def connect(self, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        """A TLS connection, from an address of this machine."""
        return http.client.HTTPSConnection(
            "127.0.0.1", self.tls, timeout=60, context=_trusting(), source_address=(source, 0)
        )

    def ask(
        self, path: str, *, method: str = "GET", source: str = "127.0.0.1", body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request: its status, headers and content."""
        connection = self.connect(source)
        sent = {"Host": HOST} | {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def announce(self, path: str, size: int) -> tuple[int, str]:
        """A form that says how large it is and sends nothing: what is answered before it is read."""
        one = self.connect()
        one.putrequest("POST", path, skip_host=True)
        one.putheader("Host", HOST)
        one.putheader("Content-Length", str(size))
        one.endheaders()
        answer = one.getresponse()
        told = answer.status, answer.read().decode()
        one.close()
        return told

    def flood(self, path: str, **headers: str) -> list[tuple[int, http.client.HTTPMessage, str]]:
        """Every answer to somebody who asks so often at once that no machine is too slow to be flooded.

        From an address of their own: no other test is held off.
        """
        links, answers = [self.connect("127.0.0.9") for _ in range(FLOOD)], []
        for one in links:
            one.connect()
        for one in links:
            one.request("GET", path, headers={"Host": HOST, **headers})
        for one in links:
            answer = one.getresponse()
            answers.append((answer.status, answer.headers, answer.read().decode()))
            one.close()
        return answers
