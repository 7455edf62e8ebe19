"""The stage of the measurements: a database of its own, a loaded city, a running server, clients."""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "weimin_bench"
#: Limits that a measurement never meets: by address it would count as one very busy reader.
RATES = "search=1000000/m;data=1000000/m;search.miss=1000000/d;search.misses=1000000/d;api.client=1000000/m"
PORT = int(os.environ.get("BENCH_PORT", "8199"))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_database(link: Any, name: str) -> None:
    """Make an empty database, in the place of one of the same name."""
    link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    link.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'")


def prepare(*, load: bool = True) -> str:
    """Make an empty database beside the configured one, migrate it, load the city. Gives its address."""
    import psycopg

    base = os.environ.get("DATABASE_URL", "")
    if not base:
        from weimin.base import embedded

        base = embedded.ensure_started(ROOT / ".data" / "bench")
    server, _, _ = base.rpartition("/")
    with psycopg.connect(server + "/postgres", autocommit=True) as link:
        make_database(link, DATABASE)
    url = f"{server}/{DATABASE}"
    os.environ["DATABASE_URL"] = url
    os.environ["DJANGO_SETTINGS_MODULE"] = "weimin.config.settings"
    import django

    django.setup()
    from weimin.base import clock
    from weimin.config import city

    city.prepare_database()
    at = clock.now()
    for part in (city.load_city, city.load_calendar, city.load_items, city.load_demo) if load else ():
        part(at=at)
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("ANALYZE")
    return url


def actor_of(username: str) -> Any:
    """The actor of a log-in of the demonstration, in its first post."""
    from weimin.base import clock
    from weimin.kernel.accounts import queries as accounts
    from weimin.kernel.directory import queries as directory

    account = accounts.find_staff_id(username)
    assert account is not None, username
    return directory.get_actor_for_account(account_id=account, post_id=None, at=clock.now(), via="desk")


def describe() -> str:
    """When and on what this runs."""
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def load() -> str:
    """How busy the machine is with this and with anything else."""
    return f"load over the last five minutes {os.getloadavg()[1]:.1f}"


def put_section(page: str, section: str) -> str:
    """The page with a section in the place of the one of the same heading, or at its end."""
    heading = section.splitlines()[0]
    before = re.compile(rf"^{re.escape(heading)}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    page = before.sub(lambda _: section + "\n\n", page) if before.search(page) else f"{page.rstrip()}\n\n{section}\n"
    return page.rstrip() + "\n"


@contextmanager
def serving(workers: int = 2, *, keeping: bool = False, front: bool = False) -> Any:
    """The web server and the worker as `weimin run` starts them; gives their process ids.

    Without `keeping`, public pages are made for each who asks: a page's time is that of making it. With `front`, as in
    service: web processes with a port each, and nginx before them, which asks the least busy one. Without nginx on the
    machine there is no front; `way` says so.

    Raises: RuntimeError — a web process or nginx did not start
    """
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    front = front and find_nginx() is not None
    shares = {PORT + 1 + n: 1 for n in range(workers)} if front else {PORT: workers}
    kept = {} if keeping else {"WEIMIN_SHARED_MB": "0"}
    with ExitStack() as running:
        web = [running.enter_context(ended(granian(port, many, kept))) for port, many in shares.items()]
        worker = running.enter_context(ended(subprocess.Popen([str(Path(sys.executable).parent / "weimin"), "worker"])))
        if front:
            running.enter_context(nginx(_front(shares)))
        for port in (*shares, PORT):
            wait_for(port)
        yield [one.pid for one in web], worker.pid


def way() -> str:
    """How requests of a measurement with a front go, for its report."""
    if find_nginx() is None:
        return "straight to the web processes (nginx is not installed here)"
    return "through nginx, which asks the least busy of two web processes as in service, without TLS, cache or limits"


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended afterwards."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    """Wait until something answers there.

    Raises: RuntimeError — nothing does
    """
    for _ in range(200):
        try:
            Client(port=port).get("/health/")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers on port {port}")


def granian(port: int, workers: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Web processes of one thread each on a port, with more in their environment."""
    words = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    words += ["--blocking-threads", "1", "--backpressure", "64", "--no-access-log", "--log-level", "error"]
    program = str(Path(sys.executable).parent / "granian")
    return subprocess.Popen([program, *words, "weimin.config.wsgi:application"], env={**os.environ, **environment})


def find_nginx() -> str | None:
    """Where nginx is on this machine, if it is."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def nginx(conf: str) -> Iterator[None]:
    """nginx with the servers and upstreams of `conf`, in a folder of its own that `{folder}` stands for.

    Raises: FileNotFoundError — not installed; RuntimeError — a fault in the file
    """
    program = find_nginx()
    if program is None:
        raise FileNotFoundError("nginx")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "nginx.conf"
        path.write_text((_NGINX + conf + "}\n").replace("{folder}", folder), encoding="utf-8")
        tried = subprocess.run(
            [program, "-t", "-p", folder, "-c", str(path)], capture_output=True, text=True, check=False
        )
        if tried.returncode:
            raise RuntimeError(tried.stderr)
        with ended(subprocess.Popen([program, "-p", folder, "-c", str(path)], stderr=subprocess.DEVNULL)):
            yield


_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events { worker_connections 512; }
http {
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
"""


def _front(ports: Iterable[int]) -> str:
    """What stands on PORT before web processes: how one is chosen is the operator's own file's."""
    deployed = (ROOT / "deploy/nginx/weimin.conf").read_text(encoding="utf-8")
    upstream = re.search(r"^upstream weimin \{.*?^\}", deployed, re.MULTILINE | re.DOTALL)
    assert upstream
    servers = "".join(f"    server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
    chosen = re.sub(r"( *server .*;\n)+", servers, upstream[0])
    return f"""
{chosen}
  server {{
    listen 127.0.0.1:{PORT};
    client_max_body_size 130m; client_body_buffer_size 128k; keepalive_requests 1000000;
    location / {{
      proxy_pass http://weimin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_buffer_size 16k; proxy_buffers 16 32k;
    }}
  }}
"""


def cpu_seconds(pids: Sequence[int]) -> float:
    """CPU time of processes and their children so far."""
    tick = os.sysconf("SC_CLK_TCK")
    return sum((int(parts[11]) + int(parts[12])) / tick for _, parts in family(pids))


def list_processes() -> Iterator[tuple[Path, list[str]]]:
    """Every process: its folder in /proc, and what its `stat` says behind the name: state, parent, group, session, …"""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            yield path.parent, path.read_text().rsplit(")", 1)[1].split()


def family(pids: Sequence[int]) -> Iterator[tuple[Path, list[str]]]:
    """Processes and their children, as `list_processes` gives them."""
    return ((folder, parts) for folder, parts in list_processes() if int(folder.name) in pids or int(parts[1]) in pids)


class Client:
    """A kept-alive HTTP connection."""

    def __init__(self, token: str = "", cookie: str = "", port: int = PORT) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers: dict[str, str] = {}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        if cookie:
            self.headers["Cookie"] = cookie

    def get(self, path: str) -> tuple[int, bytes]:
        """Fetch a path; over a new connection when the server has closed one that stood idle."""
        try:
            self.link.request("GET", path, headers=self.headers)
            answer = self.link.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.link.close()
            self.link.request("GET", path, headers=self.headers)
            answer = self.link.getresponse()
        return answer.status, answer.read()

    def keep(self, name: str, value: str) -> None:
        """Send a cookie from now on."""
        others = [one for one in self.headers.get("Cookie", "").split("; ") if one and not one.startswith(f"{name}=")]
        self.headers["Cookie"] = "; ".join([*others, f"{name}={value}"])

    def mark(self, path: str) -> str:
        """The mark that a page's form carries; the cookie that belongs to it is kept."""
        self.link.request("GET", path, headers=self.headers)
        page = self.link.getresponse()
        mark = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.read().decode())
        cookie = re.search(r"csrftoken=([^;]+)", page.getheader("Set-Cookie") or "")
        assert mark and cookie, path
        self.keep("csrftoken", cookie.group(1))
        return mark.group(1)

    def send_form(self, path: str, fields: dict[str, str]) -> tuple[int, bytes]:
        """Send a form as a browser does, and keep the cookies that come back."""
        headers = {**self.headers, "Content-Type": "application/x-www-form-urlencoded"}
        self.link.request("POST", path, urlencode(fields), headers)
        answer = self.link.getresponse()
        for one in answer.headers.get_all("Set-Cookie", []):
            name, _, value = one.partition(";")[0].partition("=")
            self.keep(name, value)
        return answer.status, answer.read()

    def post_form(self, path: str, fields: dict[str, str]) -> bytes:
        """Send a page's form with the mark that the page carries; gives the page it leads to."""
        status, body = self.send_form(path, {"csrfmiddlewaretoken": self.mark(path), **fields})
        if status not in (302, 303):
            raise RuntimeError(f"{path} {status} {body.decode()[-600:]}")
        return body

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Post JSON with an idempotency key."""
        headers = {**self.headers, "Content-Type": "application/json", "Idempotency-Key": key}
        self.link.request("POST", path, json.dumps(body), headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{path} {answer.status} {text.decode()[:300]}")
        found: dict[str, Any] = json.loads(text)
        return found


def memory_of(pids: Sequence[int]) -> int:
    """Bytes of processes and those below them that are theirs alone or shared in part (PSS)."""
    total = 0
    for home, _ in family(pids):
        try:
            total += int((home / "smaps_rollup").read_text().split("Pss:")[1].split()[0]) * 1024
        except (OSError, IndexError):
            continue
    return total


@dataclass
class Timings:
    """Durations in milliseconds."""

    values: list[float] = field(default_factory=list)

    def at(self, share: float) -> float:
        """The duration at a share of all, 0.5 for the median."""
        ordered = sorted(self.values)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def pair(self) -> str:
        """The median and p95 as tables show them."""
        return f"{self.at(0.5):.1f} / {self.at(0.95):.1f}"


def in_parallel(count: int, work: Any) -> float:
    """Run work(number) in threads; gives the seconds it took, and raises the first failure."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as fault:
            failures.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    began = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - began
