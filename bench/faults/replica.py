"""A standby answers the public: a real standby, a read group on it, nginx before both; lag, writes and a lost group.

Checked through nginx, as a browser comes: who answered stands in `X-Group`, which this stage's configuration adds.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from bench import stage
from bench.faults import cluster
from bench.faults.cluster import ROOT, Cluster, wait_until
from bench.faults.failover import _database
from bench.stage import free_port

_SERVERS = """
  limit_req_zone $binary_remote_addr zone=weimin_requests:1m rate=1000r/s;
  upstream weimin { server 127.0.0.1:{primary}; }
  {replicas}
  server {
    listen 127.0.0.1:{port};
    proxy_set_header Host 127.0.0.1;
    {included}
    location @weimin { proxy_pass http://weimin; add_header X-Group primary always; }
  }
"""


@dataclass
class Answer:
    """What a browser gets."""

    status: int
    group: str
    cookies: str
    page: str


def run() -> list[str]:
    """In a process of its own.

    Raises: AssertionError — a promise was broken
    """
    lacking = cluster.missing() or ("" if stage.find_nginx() else "nginx")
    if lacking:
        return [f"not run: {lacking} is not installed"]
    return cluster.run_apart("bench.faults.replica")


def ask(port: int, path: str, *, method: str = "GET", cookie: str = "", body: str = "") -> Answer:
    """Ask nginx as a browser does."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Cookie": cookie} if cookie else {}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    link.request(method, path, body or None, headers)
    answer = link.getresponse()
    page = answer.read().decode(errors="replace")
    cookies = "; ".join(one.split(";")[0] for one in answer.headers.get_all("Set-Cookie") or [])
    link.close()
    return Answer(answer.status, answer.getheader("X-Group") or "", cookies, page)


@contextmanager
def _web(port: int, **environment: str) -> Any:
    with stage.ended(stage.granian(port, 1, environment)) as web:
        wait_until(lambda: ask(port, "/health/").status, seconds=60, what="a web process")
        yield web


@contextmanager
def _nginx(primary: int, read: int) -> Any:
    port, servers = free_port(), _SERVERS
    text = (ROOT / "deploy/nginx/replicas.conf").read_text(encoding="utf-8")
    text = re.sub(r"server 127\.0\.0\.1:8011", f"server 127.0.0.1:{read}", text)
    text = re.sub(r"server 10\..*\n", "\n", text)
    included = (ROOT / "deploy/nginx/weimin-replicas.inc").read_text(encoding="utf-8")
    included = re.sub(r"^ *(include|proxy_cache|#).*\n", "", included, flags=re.M)
    included = included.replace("add_header X-Cache $upstream_cache_status", "add_header X-Group weimin_read always")
    for name, value in (("primary", primary), ("port", port), ("replicas", text), ("included", included)):
        servers = servers.replace(f"{{{name}}}", str(value))
    with stage.nginx(servers):
        wait_until(lambda: ask(port, "/health/").status, seconds=20, what="nginx")
        yield port


def main() -> None:
    """The whole scenario."""
    with cluster.running() as nodes:
        environment = _database(nodes)
        os.environ |= environment
        program = "from bench.faults.failover import prepare; prepare()"
        subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=True)
        subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], cwd=ROOT, check=True)
        standby = next(one for one in nodes.nodes if one is not nodes.primary())
        there = environment["DATABASE_URL"]
        here = re.sub(r"@.*", f"@127.0.0.1:{standby.port}/weimin", there)
        one, two = free_port(), free_port()
        with (
            stage.ended(subprocess.Popen([str(Path(sys.executable).parent / "weimin"), "worker"])),
            _web(one, WEIMIN_REPLICAS="1"),
            _web(two, DATABASE_URL=here, WEIMIN_READ_GROUP="1", WEIMIN_REPLICA_LAG_SECONDS="40") as group,
            _nginx(one, two) as port,
        ):
            _look(port)
            _own_write(port, nodes, standby.port)
            group.terminate()
            group.wait()
            asked = [ask(port, "/") for _ in range(10)]
            assert {a.status for a in asked} == {200}
            print("read group gone: ten of ten pages answered by the primary")


def _look(port: int) -> None:
    """Pages that only look come from the standby; what belongs to somebody does not."""
    pages = ("/", "/items/", "/lists/", "/tasks/", "/calendar/", "/delegations/", "/overruns/", "/data/", "/privacy/")
    asked = {page: ask(port, page) for page in pages}
    assert {one.status for one in asked.values()} == {200}, {page: one.status for page, one in asked.items()}
    groups = Counter(one.group for one in asked.values())
    assert groups["weimin_read"] == len(pages), {page: one.group for page, one in asked.items()}
    assert ask(port, "/", cookie="sessionid=x").group == "primary"
    missed = ask(port, f"/items/?q={quote('宇宙飞船停放许可')}")
    assert (missed.status, missed.group) == (200, "primary"), (missed.status, missed.group)
    print(f"{len(pages)} public pages by the standby; a session, and a search that is noted, by the primary")


def _own_write(port: int, nodes: Cluster, standby: int) -> None:
    """While the standby replays nothing, who wrote is answered by the primary and others by the standby."""
    where = f"host=127.0.0.1 port={standby} user=postgres password=change-me-1 dbname=postgres"
    with psycopg.connect(where, autocommit=True) as link:
        link.execute("SELECT pg_wal_replay_pause()")
        wait_until(
            lambda: link.execute("SELECT pg_get_wal_replay_pause_state()").fetchone()[0] == "paused",
            seconds=20,
            what="a standby that stands still",
        )
        # something is written meanwhile, so that the mark lies ahead of the standby
        primary = nodes.primary()
        assert primary is not None
        with psycopg.connect(where.replace(f"port={standby}", f"port={primary.port}"), autocommit=True) as there:
            there.execute("SELECT pg_logical_emit_message(true, 'faults', 'written')")
        wrote = ask(port, "/elder/", method="POST", body="back=%2F")
        assert wrote.status in (200, 302) and "wrote=" in wrote.cookies, wrote.status
        assert ask(port, "/", cookie=wrote.cookies).group == "primary"
        assert ask(port, "/").group == "weimin_read"
        link.execute("SELECT pg_wal_replay_resume()")
        wait_until(
            lambda: ask(port, "/", cookie=wrote.cookies).group == "weimin_read",
            seconds=30,
            what="the write on the standby",
        )
    print("the standby stood still: who wrote was answered by the primary until the write had arrived, others by it")


if __name__ == "__main__":
    main()
