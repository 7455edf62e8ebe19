"""The stage of the fault suite: a durable database of its own, real web and worker processes, and who restarts them.

Everything lies in one folder and goes with it. The database is `weimin run`'s, with fsync; the web processes log in
as the role behind the second wall; whatever dies is started again after a moment, as systemd does.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from bench.faults.receiver import Receiver
from bench.stage import free_port, list_processes
from weimin.base import embedded

ROOT = Path(__file__).resolve().parents[2]
#: The database role that web processes log in as.
WEB_ROLE = "weimin_app"
DEADLINE = 120.0


def until(what: str, good: Callable[[], Any], *, seconds: float = DEADLINE, pause: float = 0.1) -> Any:
    """Wait until something holds; gives what it gave.

    Raises: AssertionError — it did not come to hold in time
    """
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with suppress(OSError, psycopg.OperationalError):
            if said := good():
                return said
        time.sleep(pause)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


class Kept:
    """A program that is started again whenever it ends, with all its children; until it is stopped."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.starts = 0
        self._stop = threading.Event()
        self.process = self._start()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        with self.log.open("ab") as out:
            return subprocess.Popen(
                self.command, env=self.environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
            )

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            if self.process.poll() is not None:
                self._end(signal.SIGKILL)  # what it left behind, as systemd ends the whole control group
                if not self._stop.wait(0.3):
                    self.process = self._start()

    def _end(self, how: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)

    def kill(self) -> None:
        """kill -9 of the process itself."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)

    def children(self) -> list[int]:
        """The process ids of its children."""
        return sorted(int(folder.name) for folder, parts in list_processes() if int(parts[1]) == self.process.pid)

    def stop(self) -> None:
        """End it for good."""
        self._stop.set()
        self._thread.join()
        self._end(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        self._end(signal.SIGKILL)
        self.process.wait()


class Postgres:
    """The embedded database, started again whenever its postmaster is gone; until it is stopped."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.starts = 1
        self.url = embedded.ensure_started(data)
        self.home = embedded.folder(data)
        self.postmaster = self._pid()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _pid(self) -> int:
        return int((self.home / "cluster/postmaster.pid").read_text().split()[0])

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            if not _alive(self.postmaster):
                with suppress(Exception):  # a full disk: tried again
                    embedded.ensure_started(self.data)
                    self.postmaster, self.starts = self._pid(), self.starts + 1

    def kill(self) -> None:
        """kill -9 of the postmaster."""
        os.kill(self.postmaster, signal.SIGKILL)

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask over a connection of its own."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as link:
            return link.execute(statement, values or None).fetchall()  # type: ignore[arg-type]

    def stop(self) -> None:
        """End it, and take its files away."""
        self._stop.set()
        self._thread.join()
        embedded.stop(self.data)
        if _alive(self.postmaster):
            with suppress(ProcessLookupError):
                os.kill(self.postmaster, signal.SIGQUIT)
        shutil.rmtree(self.home, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Stage:
    """Everything together. `environment` is added to that of web and worker, `of_worker` to the worker's alone."""

    def __init__(
        self,
        folder: Path,
        *,
        townships: int = 2,
        environment: dict[str, str] | None = None,
        of_worker: dict[str, str] | None = None,
    ) -> None:
        self.folder, self.of_worker = folder, of_worker or {}
        folder.mkdir(parents=True, exist_ok=True)
        self.receiver = Receiver()
        self.postgres = Postgres(folder)
        self.port = free_port()
        self.base = os.environ | {
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "weimin.config.settings",
            "WEIMIN_DATA": str(folder),
            "DATABASE_URL": self.postgres.url,
            "WEIMIN_SMS_PROVIDER": "bench.faults.receiver.Provider",
            "WEIMIN_OUTSIDE_SECONDS": "5",
            "WEIMIN_RATES": "api.client=600000/m;login.address=600000/m",
            "WEIMIN_SECOND_FACTOR": "0",
            "FAULTS_RECEIVER": self.receiver.url,
            **(environment or {}),
        }
        self.base.pop("WEIMIN_FILES", None)
        self.tokens: list[dict[str, Any]] = json.loads(self.run("-m", "bench.faults.prepare", str(townships)))
        self.start()

    def run(self, *arguments: str) -> str:
        """Run Python beside the stage; gives what it printed.

        Raises: AssertionError — it failed; with its last words
        """
        return self._finish([sys.executable, *arguments])

    def weimin(self, *arguments: str) -> str:
        """Run the command line; gives what it printed.

        Raises: AssertionError — it ended otherwise than well
        """
        return self._finish([str(Path(sys.executable).parent / "weimin"), *arguments])

    def _finish(self, command: list[str]) -> str:
        done = subprocess.run(command, env=self.base, cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{command}: {done.stdout[-1500:]} {done.stderr[-1500:]}"
        return done.stdout

    def start(self) -> None:
        """Start web and worker, and wait until pages come."""
        from weimin.config.cli.serving import web_command

        address = embedded.let_in(self.folder, WEB_ROLE)
        self.run("manage.py", "collectstatic", "--noinput", "-v0")
        web = self.base | {"DATABASE_URL": address}
        self.web = Kept(web_command("127.0.0.1", self.port, 2), web, self.folder / "web.log")
        worker = [str(Path(sys.executable).parent / "weimin"), "worker"]
        self.worker = Kept(worker, self.base | self.of_worker, self.folder / "worker.log")
        until("pages come", lambda: self.get("/health/")[0] == 200)

    def get(self, path: str, headers: dict[str, str] | None = None, seconds: float = 30) -> tuple[int, bytes]:
        """Fetch a path over a connection of its own."""
        import http.client

        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            link.request("GET", path, headers=headers or {})
            answer = link.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as fault:
            raise ConnectionError(str(fault)) from fault
        finally:
            link.close()

    def close(self) -> None:
        """Stop everything and take the folder away."""
        for one in (getattr(self, "web", None), getattr(self, "worker", None)):
            if one is not None:
                one.stop()
        self.receiver.close()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
