"""What Prometheus reads: requests by view, deliveries, and facts that are looked up when it asks.

Processes that start and end together (a unit, a container, all of `weimin run`: a part) write into one folder that is
emptied before they start, WEIMIN_METRICS_FOLDER. Parts may be blind to each other's processes and have the same numbers
of processes, so each has a folder of its own and sees to it alone. The folders lie side by side, and any web process
answers for all of them, each sample with the name of its folder as label `part`: only so a part that starts anew and
counts from nothing looks like that to Prometheus.

Without WEIMIN_METRICS_TOKEN nothing is counted and the address does not exist. Labels are names of views, methods and
numbers of our own, never anything of a request or a person.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

#: Upper ends of the durations that are told apart, in seconds: what the issue asks of pages, and what hurts.
BUCKETS = (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.12, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: The facts, each with what it is; -1 where nothing is known, as of a backup that never was.
FACTS = {
    "outbox_waiting": "Outbox messages that wait",
    "outbox_given_up": "Outbox messages that were given up and wait for the operator",
    "outbox_oldest_seconds": "How long the oldest waiting outbox message has been waiting",
    "chain_waiting": "Audit entries that are not yet linked, at most 1000",
    "chain_oldest_seconds": "How long the oldest of them has been waiting",
    "moments_stuck": "Due moments that failed and are tried again, at most 100",
    "imports_failed": "Imports of lists that failed during the last day",
    "jobs_failed": "Scheduled jobs that failed",
    "files_broken": "Stored files that were found broken or missing",
    "disk_free_bytes": "Free space of the disk with the files",
    "disk_total_bytes": "Its size",
    "backup_age_seconds": "Age of the newest backup of the database; -1 never, or the note is unreadable",
    "files_copy_age_seconds": "Age of the newest copy of the files; -1 never, or they lie in a bucket",
    "drill_age_seconds": "Age of the newest restore drill that was good; -1 never",
    "digest_age_seconds": "Age of the newest daily digest; -1 never",
    "digest_lines": "How many things the newest daily digest tells of",
    "worker_beat_age_seconds": "Age of the newest sign of life of a worker; -1 never",
    "workers": "Workers that gave a sign of life during the last two minutes",
    "maintenance": "1 while nothing may be written",
    "database_up": "1 when the database answered when it was asked for these",
    "database_connections": "Connections to the database",
    "database_connections_max": "How many it takes",
    "standbys": "Standbys that follow the database without a gap; -1 when neither this role nor a worker's sees it",
    "replication_lag_seconds": "How far the slowest standby is behind; NaN without one, and where it is not known",
}
_kept: dict[str, Any] = {}


def is_on() -> bool:
    """Whether anything is counted here."""
    return bool(settings.WEIMIN_METRICS_TOKEN)


def clean_folder() -> None:
    """Take away what processes of before left; called by who starts the processes of this part, before it does."""
    for one in Path(settings.WEIMIN_METRICS_FOLDER).glob("*.db"):
        one.unlink(missing_ok=True)


def _meters() -> dict[str, Any]:
    """The counters of this process; made at first use, for the library looks for its folder when it is imported."""
    if not _kept:
        Path(settings.WEIMIN_METRICS_FOLDER).mkdir(parents=True, exist_ok=True)
        _bury()  # one that takes the place of another that crashed
        from prometheus_client import Counter, Gauge, Histogram

        _kept["requests"] = Counter("weimin_requests", "Answers by view", ["view", "method", "status"])
        _kept["seconds"] = Histogram("weimin_request_seconds", "Seconds an answer took", ["view"], buckets=BUCKETS)
        _kept["statements"] = Counter("weimin_sql_statements", "SQL statements of requests", ["view"])
        _kept["delivered"] = Counter(
            "weimin_outbox_deliveries", "Outbox messages that workers here tried to hand on", ["good"]
        )
        _kept["pumped"] = Counter("weimin_worker_seconds", "Seconds that workers here spent on what waited")
        _kept["memory"] = Gauge(
            "weimin_memory_peak_bytes", "The most memory that each living process held", multiprocess_mode="liveall"
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
    note_memory()


def note_work(*, good: int, bad: int, seconds: float) -> None:
    """Count what a worker handed on, and how long it worked."""
    meters = _meters()
    meters["delivered"].labels("yes").inc(good)
    meters["delivered"].labels("no").inc(bad)
    meters["pumped"].inc(seconds)
    note_memory()


def note_memory() -> None:
    """Keep how much memory this process held at most."""
    _meters()["memory"].set(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def _bury() -> None:
    """Take away the living processes' gauges of those of this part that live no more; others' may not be seen here."""
    for one in Path(settings.WEIMIN_METRICS_FOLDER).glob("gauge_live*_*.db"):
        if not Path(f"/proc/{one.stem.rpartition('_')[2]}").exists():
            one.unlink(missing_ok=True)


class _Parts:
    """What all processes of the machine counted, each part's apart, for one answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterator[Any]:
        """Every meter once, with the samples of all parts."""
        from prometheus_client.multiprocess import MultiProcessCollector

        meters: dict[str, Any] = {}
        for part in sorted(one for one in self.folder.iterdir() if one.is_dir()):
            try:
                found = list(MultiProcessCollector(None, path=str(part)).collect())
            except (FileNotFoundError, ValueError):
                continue  # it ended while it was read
            for one in found:
                samples = [each._replace(labels={**each.labels, "part": part.name}) for each in one.samples]
                one.samples = meters[one.name].samples + samples if one.name in meters else samples
                meters[one.name] = one
        yield from meters.values()


class _Facts:
    """Facts as gauges of their own, for one answer."""

    def __init__(self, facts: Mapping[str, float]) -> None:
        self.facts = facts

    def collect(self) -> Iterator[Any]:
        """One gauge a fact."""
        from prometheus_client.core import GaugeMetricFamily

        for name, value in self.facts.items():
            yield GaugeMetricFamily(f"weimin_{name}", FACTS[name], value=value)


def draw(facts: Mapping[str, float]) -> tuple[bytes, str]:
    """Everything counted on this machine and the facts, and its content type.

    Cost:   reads a small file a process; no query
    """
    note_memory()
    _bury()
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

    registry = CollectorRegistry()
    registry.register(_Parts(Path(settings.WEIMIN_METRICS_FOLDER).parent))
    registry.register(_Facts(facts))
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
