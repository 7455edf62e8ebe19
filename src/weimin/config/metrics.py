"""What Prometheus reads: requests by view, and the facts that the worker looks at every twenty seconds.

Several processes of a machine write into one folder (WEIMIN_DATA/metrics), any web process answers for all of them. Without
WEIMIN_METRICS_TOKEN nothing is counted and the address does not exist. Labels are names of views, topics and checks of our
own, never anything of a request or a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

#: Upper ends of the durations that are told apart, in seconds: what the issue asks of pages, and what hurts.
BUCKETS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.12, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_kept: dict[str, Any] = {}


def is_on() -> bool:
    """Whether anything is counted here."""
    return bool(settings.WEIMIN_METRICS_TOKEN)


def clean_folder() -> None:
    """Take away what processes of before left; called once when a machine's service starts, before its processes."""
    for one in Path(settings.WEIMIN_METRICS_FOLDER).glob("*.db"):
        one.unlink(missing_ok=True)


def _meters() -> dict[str, Any]:
    """The counters of this process; made at first use, for the library looks for its folder when it is imported."""
    if not _kept:
        Path(settings.WEIMIN_METRICS_FOLDER).mkdir(parents=True, exist_ok=True)
        from prometheus_client import Counter, Gauge, Histogram

        _kept["requests"] = Counter("weimin_requests", "Answers by view", ["view", "method", "status"])
        _kept["seconds"] = Histogram("weimin_request_seconds", "Seconds an answer took", ["view"], buckets=BUCKETS)
        _kept["statements"] = Counter("weimin_sql_statements", "SQL statements of requests", ["view"])
        _kept["delivered"] = Counter("weimin_outbox_deliveries", "Outbox messages handled by this worker", ["good"])
        _kept["fact"] = Gauge(
            "weimin_fact", "What the worker looked at last, by name", ["name"], multiprocess_mode="mostrecent"
        )
        _kept["good"] = Gauge(
            "weimin_check_good", "1 where weimin doctor finds nothing wrong", ["check"], multiprocess_mode="mostrecent"
        )
    return _kept


def note_request(*, view: str, method: str, status: int, seconds: float, statements: int) -> None:
    """Count one answer.

    Cost:   some 20 µs
    """
    meters = _meters()
    meters["requests"].labels(view, method, str(status)).inc()
    meters["seconds"].labels(view).observe(seconds)
    meters["statements"].labels(view).inc(statements)


def note_deliveries(*, good: int, bad: int) -> None:
    """Count what a worker handed on."""
    delivered = _meters()["delivered"]
    delivered.labels("yes").inc(good)
    delivered.labels("no").inc(bad)


def note_facts(facts: Mapping[str, float], checks: Mapping[str, bool]) -> None:
    """Keep what the worker looked at."""
    meters = _meters()
    for name, value in facts.items():
        meters["fact"].labels(name).set(value)
    for name, good in checks.items():
        meters["good"].labels(name).set(float(good))


def draw() -> tuple[bytes, str]:
    """Everything counted on this machine, and its content type.

    Cost:   reads a small file a process; no query
    """
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(settings.WEIMIN_METRICS_FOLDER))
    return generate_latest(registry), CONTENT_TYPE_LATEST
