"""The audit chain at size: entries linked and verified a second, and the memory that it takes.

python bench/run.py --only chain --entries 10000000 takes the full length and writes a section of its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
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


def command() -> dict[str, Any]:
    """`weimin verify` as an operator runs it: its answer, its seconds, its memory at a tenth, a half and the end."""
    program = Path(sys.executable).parent / "weimin"
    began = time.perf_counter()
    with subprocess.Popen([program, "verify", "--json"], stdout=subprocess.PIPE, text=True) as running:
        samples: list[float] = []
        while running.poll() is None:
            samples.append(stage.memory_of([running.pid]) / 2**20)
            time.sleep(0.2)
        assert running.stdout is not None
        answer: dict[str, Any] = json.loads(running.stdout.read())
    seconds = time.perf_counter() - began
    at = [samples[min(len(samples) - 1, int(share * len(samples)))] for share in (0.1, 0.5, 0.95)]
    assert answer["good"] == (running.returncode == 0), answer
    return {"answer": answer, "seconds": seconds, "memory": at, "peak": max(samples)}


def bend(entry: int) -> None:
    """Flip one bit of one byte of an entry, as an owner who took the trigger off."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE record_auditentry DISABLE TRIGGER record_audit_final")
        cursor.execute(
            "UPDATE record_auditentry SET subject_id = overlay(subject_id"
            " PLACING chr(ascii(right(subject_id, 1)) # 1) FROM length(subject_id)) WHERE id = %s",
            [entry],
        )
        assert cursor.rowcount == 1
        cursor.execute("ALTER TABLE record_auditentry ENABLE TRIGGER record_audit_final")


def read_rows() -> float:
    """The floor: the same columns of the same rows out of the database, looked at by nobody; gives the seconds."""
    from django.db import connection

    wanted = f"l.day, l.place, l.chain, e.{COLUMNS.replace(', ', ', e.')}"
    began = time.perf_counter()
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY (SELECT {wanted} FROM record_auditlink l JOIN record_auditentry e ON e.id = l.entry_id) TO STDOUT"
        ) as out,
    ):
        for _ in out:
            pass
    return time.perf_counter() - began


def measure(count: int) -> dict[str, Any]:
    """Fill, link, verify alone and by the command with every core; then bend two entries, and the first is named."""
    from django.db import connection

    filled = fill(count)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE record_auditentry")
    found: dict[str, Any] = {"entries": count, "filled": filled, "link": count / link(count), "memory_before": peak()}
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE record_auditlink")
    before = time.process_time()
    alone, _ = verify(1)
    cpu = time.process_time() - before
    found |= {"alone": count / alone, "cpu_us": cpu * 1e6 / count, "memory_after": peak(), "floor": count / read_rows()}
    whole = command()
    assert whole["answer"]["good"], whole["answer"]
    assert whole["answer"]["checked"] == count, whole["answer"]
    broken = count * 3 // 4 + 7
    for entry in (count - 3, broken):
        bend(entry)
    named = command()
    assert not named["answer"]["good"], named["answer"]
    assert named["answer"]["fault"]["id"] == broken, named["answer"]
    return found | {"whole": whole, "named": named, "broken": broken, "later": count - 3}


def report(found: dict[str, Any], heading: str = "## Audit chain") -> list[str]:
    """The lines for the page of figures."""
    count, whole, named = found["entries"], found["whole"], found["named"]
    memory = " / ".join(f"{one:.0f}" for one in whole["memory"])
    together = count / whole["seconds"]
    return [
        f"\n{heading}\n",
        f"- Run: {stage.describe()}; {stage.load()}",
        f"- {count:,} entries over ten days, written by COPY in {found['filled']:.0f} s; database and program share the cores",
        "- Floor: the same columns of the same rows by COPY TO, looked at by nobody",
        "- The command is `weimin verify` as an operator runs it, start to exit; memory is that of all its processes, what they share "
        "counted once\n",
        "| what | figure |\n| --- | --- |",
        f"| entries linked a second, one linker | {found['link']:,.0f} |",
        f"| entries read a second, the floor | {found['floor']:,.0f} |",
        f"| entries verified a second, one process | {found['alone']:,.0f} |",
        f"| time of the floor | {found['floor'] / found['alone']:.1f} |",
        f"| CPU of the checking program an entry, µs | {found['cpu_us']:.1f} |",
        f"| memory of that program before and after, MB | {found['memory_before']:.0f} / {found['memory_after']:.0f} |",
        f"| the command with a process a core, seconds | {whole['seconds']:.0f} |",
        f"| entries verified a second | {together:,.0f} |",
        f"| memory at a tenth, a half and the end; the most, MB | {memory}; {whole['peak']:.0f} |",
        f"\nThen one bit of entries {found['broken']:,} and {found['later']:,} is flipped, as an owner of the tables could. The command "
        f"ends with 1 after {named['seconds']:.0f} s and names entry {named['answer']['fault']['id']:,} as the first that is wrong: "
        f"“{named['answer']['fault']['text']}”.",
    ]
