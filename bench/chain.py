"""The audit chain at size: entries linked and verified a second, and the memory that it takes.

python bench/chain.py [ENTRIES] [--processes N]
"""

from __future__ import annotations

import os
import resource
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import stage

AT = datetime(2026, 1, 5, tzinfo=UTC)
COLUMNS = "at, verb, subject_type, subject_id, actor_kind, actor_id, actor_name, agency_id, via, changes, digest"


def fill(count: int, days: int = 10) -> float:
    """Entries like those of matters, by COPY; gives the seconds."""
    import json

    from django.db import connection

    from weimin.kernel.record import rules

    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(f"COPY record_auditentry ({COLUMNS}) FROM STDIN") as out:
        for number in range(count):
            fields: dict[str, Any] = {
                "at": AT + timedelta(microseconds=number * (days * 86_400_000_000 // count)),
                "verb": "cases.case.accepted",
                "subject_type": "case",
                "subject_id": f"340321113-260105-{number:08d}",
                "actor_kind": "staff",
                "actor_id": number % 9999,
                "actor_name": f"榴城镇便民服务中心 演示{number % 9999}",
                "agency_id": number % 977,
                "via": "desk",
                "changes": {
                    "state": ["received", "accepted"],
                    "due_on": [None, "2026-02-03"],
                    "accepted_on": [None, "2026-01-05"],
                    "clock": [None, number],
                },
            }
            digest = rules.entry_digest(fields)
            out.write_row([*[*fields.values()][:9], json.dumps(fields["changes"], ensure_ascii=False), digest])
    return time.perf_counter() - began


def link(count: int, days: int = 10) -> float:
    """Link everything, spread over days; gives the seconds."""
    from weimin.kernel.record import actions

    began, linked, batch = time.perf_counter(), 0, 5000
    while done := actions.chain_entries(at=AT + timedelta(days=linked * days // count), batch=batch):
        linked += done
    assert linked == count, linked
    actions.chain_entries(at=AT + timedelta(days=days + 1))
    return time.perf_counter() - began


def verify(processes: int) -> tuple[float, int]:
    """Check the whole chain; gives the seconds and how many entries."""
    from weimin.config.cli.verifying import running
    from weimin.kernel.record import queries

    began = time.perf_counter()
    with running(processes) as run:
        verdict = queries.verify_chain(run=run)
    assert verdict.good, verdict.fault
    return time.perf_counter() - began, verdict.looked


def peak() -> float:
    """The most memory this process and its children have held, in MB."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024


def measure(count: int, processes: int = 0) -> dict[str, float]:
    """Fill, link, verify alone and with every core."""
    from django.db import connection

    fill(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE record_auditentry")
    found = {"entries": count, "link": count / link(count), "memory_before": peak()}
    before = time.process_time()
    alone, _ = verify(1)
    cpu = time.process_time() - before
    found |= {"alone": count / alone, "cpu_us": cpu * 1e6 / count, "memory_after": peak()}
    together, _ = verify(processes or os.cpu_count() or 1)
    return found | {"together": count / together, "minutes_10m": 10_000_000 / (count / together) / 60}


def report(found: dict[str, float]) -> list[str]:
    """The lines for the page of figures."""
    return [
        "\n## Audit chain\n",
        f"{found['entries']:,.0f} entries over ten days, written by COPY; database and program share the cores.\n",
        "| what | figure |\n| --- | --- |",
        f"| entries linked a second, one linker | {found['link']:,.0f} |",
        f"| entries verified a second, one process | {found['alone']:,.0f} |",
        f"| CPU of the checking program an entry, µs | {found['cpu_us']:.1f} |",
        f"| entries verified a second, a process a core | {found['together']:,.0f} |",
        f"| ten million entries at that rate, minutes | {found['minutes_10m']:.1f} |",
        f"| memory of the program before and after the check, MB | {found['memory_before']:.0f} / {found['memory_after']:.0f} |",
    ]


def main() -> None:
    """Measure the chain alone, on a database of its own."""
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    stage.prepare(load=False)
    for line in report(measure(numbers[0] if numbers else 1_000_000, *numbers[1:2])):
        print(line)


if __name__ == "__main__":
    main()
