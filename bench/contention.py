"""What happens when everybody wants the same: one township's number counter, one outbox, one web process for long.

Submissions of one township beside the same number over sixteen, with samples of who waits for whose lock; two workers
draining one outbox beside one; the memory of the web processes over many requests.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from bench import life, reading, stage
from bench.stage import Client, Timings, in_parallel

HEADING = "## When everybody wants the same"
#: How much web processes may grow between the first tenth of many requests and the last.
MOST_GROWN = 1.1
PATHS = ("/", "/items/", "/overruns/", "/desk/", "/desk/figures/", "/desk/warnings/", "/health/")


class Waits:
    """Samples of what the server's sessions wait for."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.samples = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Waits:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        import psycopg

        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as link:
            while not self._stop.wait(0.02):
                rows = link.execute(
                    "SELECT coalesce(wait_event, '-') FROM pg_stat_activity WHERE state = 'active' AND"
                    " wait_event_type = 'Lock' AND datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchall()
                self.seen.update(row[0] for row in rows)
                self.samples += 1

    @property
    def mean(self) -> float:
        """How many sessions waited for a lock at a moment, on average."""
        return sum(self.seen.values()) / max(1, self.samples)


def _submit(people: dict[str, Any], link: Client) -> None:
    link.post("/api/v1/matters", life.application(people, next(life._serial)), secrets.token_hex(12))


def submissions(tokens: list[dict[str, Any]], *, concurrent: int, each: int) -> dict[str, float]:
    """Submissions at once, over the townships of the tokens in turn."""
    times = Timings()

    def work(number: int) -> None:
        people = tokens[number % len(tokens)]
        link = Client(people["clerk"])
        for _ in range(each):
            began = time.perf_counter()
            _submit(people, link)
            times.values.append((time.perf_counter() - began) * 1000)

    with Waits() as waits:
        seconds = in_parallel(concurrent, work)
    return {
        "per_second": len(times.values) / seconds,
        "p50": times.at(0.5),
        "p95": times.at(0.95),
        "p99": times.at(0.99),
        "waiting": waits.mean,
    }


def drain(workers: int, messages: int) -> float:
    """Messages a second that so many workers deliver from one outbox, each to the person's message centre."""
    from datetime import timedelta

    from weimin.base import clock
    from weimin.kernel.record import actions
    from weimin.kernel.record.models import OutboxMessage
    from weimin.kernel.residents.models import Resident

    at = clock.now()
    person = Resident.objects.order_by("pk").values_list("pk", flat=True)[0]
    payloads = [{"resident_id": person, "number": f"N-{n}", "item_name": "演示"} for n in range(messages)]
    actions.queue_events(at=at - timedelta(minutes=1), topic="cases.case.accepted", payloads=payloads)
    command = [sys.executable, "-c", "from bench.contention import deliver; deliver()"]
    environment = {**os.environ, "PYTHONPATH": f"{stage.ROOT}:{stage.ROOT / 'src'}"}
    began = time.perf_counter()
    children = [subprocess.Popen(command, env=environment) for _ in range(workers)]
    assert [one.wait() for one in children] == [0] * workers
    seconds = time.perf_counter() - began
    # texts that follow from them wait for a lane of their own
    assert not OutboxMessage.objects.filter(topic="cases.case.accepted", delivered_at=None, due_at__lte=at).exists()
    return messages / seconds


def deliver() -> None:
    """Deliver what waits in the configured database; in a process of its own."""
    import django

    django.setup()
    from weimin.base import clock
    from weimin.kernel.record import actions

    while actions.deliver_outbox(at=clock.now()):
        pass


def memory(web: Sequence[int], requests: int, steps: int = 10) -> list[tuple[int, int, float]]:
    """Rows as (requests so far, PSS bytes of the web processes, requests a second), pages mixed as several people."""
    links = [Client(), reading.log_in("liucheng.shouli"), reading.log_in("shi.jiandu")]
    rows = [(0, stage.memory_of(web), 0.0)]
    for step in range(1, steps + 1):

        def work(number: int) -> None:
            desk = Client(cookie=links[1 + number % 2].headers["Cookie"])
            anybody = Client()
            for turn in range(requests // steps // 4):
                path = PATHS[(turn + number) % len(PATHS)]
                status, _ = (desk if path.startswith("/desk") else anybody).get(path)
                assert status in (200, 403), (path, status)

        seconds = in_parallel(4, work)
        rows.append((requests * step // steps, stage.memory_of(web), requests / steps / seconds))
    return rows


def measure(*, quick: bool) -> list[str]:
    """All of it; the report's lines."""
    stage.prepare()
    tokens = life.make_tokens()
    each = 10 if quick else 40
    lines = [HEADING, "", f"- Run: {stage.describe()}; {stage.load()}", f"- Asked {stage.way()}", ""]
    lines += [
        "| submissions | at once | a second | p50 / p95 / p99 ms | waiting for a lock, mean |",
        "| --- |" + " --- |" * 4,
    ]
    with stage.serving(front=True) as (web, _):
        submissions(tokens, concurrent=4, each=10)  # warm
        for concurrent in (8, 32):
            for name, some in (("sixteen townships", tokens), ("one township", tokens[:1])):
                found = submissions(some, concurrent=concurrent, each=each)
                lines.append(
                    f"| {name} | {concurrent} | {found['per_second']:.0f} | {found['p50']:.0f} / {found['p95']:.0f} /"
                    f" {found['p99']:.0f} | {found['waiting']:.1f} |"
                )
        grown = memory(web, 2_000 if quick else 100_000)
    _, (_, warm, _), *_, (_, last, _) = grown
    assert last < warm * MOST_GROWN, (
        f"web processes grow: {warm / 2**20:.0f} MB after a tenth, {last / 2**20:.0f} MB in the end"
    )
    lines += ["", "| workers | outbox messages a second, start of the processes included |", "| --- | --- |"]
    lines += [f"| {workers} | {drain(workers, 500 if quick else 5_000):.0f} |" for workers in (1, 2)]
    lines += ["", "| requests so far | web processes, PSS MB | requests/s |", "| --- | --- | --- |"]
    lines += [f"| {many:,} | {size / 2**20:.0f} | {speed:.0f} |" for many, size, speed in grown]
    lines += ["", "Appointments are not part of the platform yet, so there is no popular slot that everybody wants."]
    return lines
