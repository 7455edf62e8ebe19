"""The primary is lost while people hand in; the standby takes over. Nothing acknowledged is lost, nothing is there twice.

Two PostgreSQL 15 under Patroni with etcd, web and worker with an address of both. Windows hand in matters, each under an
idempotency key, and send again what got no answer, as any client should. Then the primary and its Patroni are killed.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench.faults import cluster
from bench.faults.cluster import Cluster, wait_until

ROOT = Path(__file__).resolve().parents[2]
WINDOWS = 4
#: What waits in the outbox must be delivered by then, also what is tried again after one and after two minutes.
DRAIN_SECONDS = 300
#: Writes must go on by then: Patroni's time to live, a round of its loop, and the promotion.
RESUME_SECONDS = 60
_HALF = {
    "step": "SELECT count(*) FROM cases_case c WHERE NOT EXISTS (SELECT FROM cases_step WHERE case_id = c.id)",
    "timeline": "SELECT count(*) FROM cases_case c WHERE NOT EXISTS (SELECT FROM cases_timelineentry WHERE case_id = c.id)",
    "audit entry": "SELECT count(*) FROM cases_case c WHERE NOT EXISTS (SELECT FROM record_auditentry WHERE subject_type"
    " = 'case' AND subject_id = c.number)",
    "matter of a person": "SELECT count(*) FROM residents_resident r WHERE NOT EXISTS (SELECT FROM cases_case WHERE"
    " applicant_id = r.id)",
}


@dataclass
class Handed:
    """What the windows sent, and what they were answered."""

    #: The demonstration's own matters.
    before: set[str]
    stop: threading.Event = field(default_factory=threading.Event)
    #: The matter's number by its key, and when it was acknowledged.
    numbers: dict[str, str] = field(default_factory=dict)
    moments: list[float] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    sent_again: int = 0
    faults: list[str] = field(default_factory=list)

    def window(self, people: dict[str, Any], serials: Any) -> None:
        """Hand in one after another until told to stop; each until it is acknowledged."""
        from bench.life import application

        while not self.stop.is_set():
            key, body = secrets.token_hex(12), json.dumps(application(people, next(serials)))
            until = time.monotonic() + 2 * RESUME_SECONDS
            while (number := self._send(people["clerk"], key, body)) is None:
                self.sent_again += 1
                if time.monotonic() > until:
                    self.faults.append(f"{key} was never acknowledged")
                    return
                time.sleep(0.5)
            self.numbers[key] = number
            self.moments.append(time.monotonic())

    def _send(self, token: str, key: str, body: str) -> str | None:
        from bench.stage import PORT

        link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Idempotency-Key": key}
        try:
            link.request("POST", "/api/v1/matters", body, headers)
            answer = link.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            link.close()
        self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
        if answer.status < 300:
            return str(json.loads(text)["number"])
        if answer.status < 500 and answer.status != 409:
            self.faults.append(f"{answer.status} {text.decode()[:200]}")
        return None


def run() -> list[str]:
    """In a process of its own, as it works on a database of its own.

    Raises: AssertionError — a promise was broken
    """
    if lacking := cluster.missing():
        return [f"not run: {lacking} is not installed"]
    return cluster.run_apart("bench.faults.failover")


def prepare() -> None:
    """Load the city and make the windows' tokens; a process of its own."""
    import django

    django.setup()
    from bench.life import make_tokens
    from weimin.base import clock
    from weimin.config import city

    city.prepare_database()
    for part in (city.load_city, city.load_calendar, city.load_items, city.load_demo):
        part(at=clock.now())
    print(json.dumps(make_tokens(WINDOWS)))


def _database(nodes: Cluster) -> dict[str, str]:
    """Make the roles and the database with the operator's file; gives the environment of processes."""
    owner, web, watch = (secrets.token_hex(12) for _ in range(3))
    first = nodes.primary()
    assert first is not None
    where = ["-h", "127.0.0.1", "-p", str(first.port), "-U", "postgres"]
    given = [f"--set={name}={value}" for name, value in (("owner", owner), ("web", web), ("watch", watch))]
    subprocess.run(
        ["psql", "-qX", *where, *given, "-f", str(ROOT / "deploy/postgresql/roles.sql"), "postgres"],
        env={**os.environ, "PGPASSWORD": "change-me-1"},
        check=True,
    )
    return {
        "DATABASE_URL": nodes.url("weimin_app", web),
        "WEIMIN_DIRECT_DATABASE_URL": nodes.url("weimin", owner),
        "WEIMIN_DATA": str(ROOT / ".data/failover"),
        "DJANGO_SETTINGS_MODULE": "weimin.config.settings",
    }


def main() -> None:
    """The whole scenario."""
    began = time.monotonic()
    with cluster.running() as nodes:
        environment = _database(nodes)
        os.environ |= environment
        program = "from bench.faults.failover import prepare; prepare()"
        tokens = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True).stdout
        import django

        django.setup()
        from bench import stage

        print(f"two nodes with the city after {time.monotonic() - began:.0f} s")
        handed = Handed(before=_numbers(environment["WEIMIN_DIRECT_DATABASE_URL"]))
        with stage.serving(2):
            _lose_the_primary(nodes, handed, json.loads(tokens.splitlines()[-1]))
            _judge(environment["WEIMIN_DIRECT_DATABASE_URL"], handed)


def _lose_the_primary(nodes: Cluster, handed: Handed, tokens: list[dict[str, Any]]) -> None:
    serials = itertools.count(1)
    windows = [threading.Thread(target=handed.window, args=(one, serials)) for one in tokens]
    lost = nodes.primary()
    assert lost is not None
    system = _system(lost.port)
    for one in windows:
        one.start()
    try:
        wait_until(lambda: len(handed.numbers) > 60, seconds=60, what="60 matters handed in")
        wait_until(nodes.standby_is_sync, seconds=30, what="a synchronous standby")
        killed, before = time.monotonic(), len(handed.numbers)
        lost.kill()
        found = wait_until(
            lambda: (now := nodes.primary()) and now is not lost and now, seconds=RESUME_SECONDS, what="a promotion"
        )
        promoted = time.monotonic() - killed
        assert _system(found.port) == system, "a promoted standby is the same system to the trail"
        wait_until(
            lambda: handed.moments[-1] > killed + promoted, seconds=RESUME_SECONDS - promoted, what="writes again"
        )
        resumed = next(one for one in handed.moments if one > killed + promoted) - killed
        nodes.start(lost)
        wait_until(nodes.standby_is_sync, seconds=90, what="the lost one back as a standby")
        print(
            f"{before} matters before, primary killed; promoted after {promoted:.1f} s, the next matter acknowledged after"
            f" {resumed:.1f} s; the lost one follows after {time.monotonic() - killed:.0f} s"
        )
    finally:
        handed.stop.set()
        for one in windows:
            one.join()


def _system(port: int) -> Any:
    where = f"host=127.0.0.1 port={port} user=postgres password=change-me-1 dbname=postgres"
    with psycopg.connect(where) as link:
        row = link.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
    return row and row[0]


def _numbers(url: str) -> set[str]:
    with psycopg.connect(url) as link:
        return {row[0] for row in link.execute("SELECT number FROM cases_case")}


def _judge(url: str, handed: Handed) -> None:
    assert not handed.faults, handed.faults
    assert set(handed.answers) <= {200, 201, 409, 503}, handed.answers
    with psycopg.connect(url, autocommit=True) as link:

        def one(sql: str) -> Any:
            row = link.execute(sql).fetchone()
            return row and row[0]

        there, said = _numbers(url) - handed.before, list(handed.numbers.values())
        lost, more = set(said) - there, there - set(said)
        twice = len(said) - len(set(said))
        assert not (lost or more or twice), f"acknowledged and lost {lost}, not acknowledged {more}, told twice {twice}"
        half = {name: one(sql) for name, sql in _HALF.items()}
        assert not any(half.values()), half
        with suppress(AssertionError):
            wait_until(
                lambda: one("SELECT count(*) FROM record_auditentry") == one("SELECT count(*) FROM record_auditlink"),
                seconds=30,
                what="the trail linked to its end",
            )
        waiting = one("SELECT count(*) FROM record_auditentry") - one("SELECT count(*) FROM record_auditlink")
        began, outbox = time.monotonic(), "SELECT count(*) FROM record_outboxmessage WHERE delivered_at IS NULL"
        waiting_out = one(outbox)
        try:
            wait_until(lambda: one(outbox) == 0, seconds=DRAIN_SECONDS, what="all of the outbox delivered")
        except AssertionError as late:
            left = "SELECT topic, count(*), max(attempts), min(due_at), max(due_at) FROM record_outboxmessage"
            rows = link.execute(f"{left} WHERE delivered_at IS NULL GROUP BY 1").fetchall()
            raise AssertionError(f"{late}; left are {rows}") from late
        drained = time.monotonic() - began
    assert waiting == 0, f"{waiting} entries are not linked: the worker did not go on"
    verified = subprocess.run(
        [str(Path(sys.executable).parent / "weimin"), "verify"], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    print(
        f"{len(there)} matters, each once and whole; {handed.sent_again} sent again; answers {handed.answers};"
        f" {waiting_out} waiting in the outbox, delivered after {drained:.0f} s; {verified.stdout.strip().splitlines()[-1]}"
    )


if __name__ == "__main__":
    main()
