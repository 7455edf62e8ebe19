"""A million open clocks: recounted after a holiday notice, verified, and attended to when they are due.

Every figure is taken in a process of its own, as the worker is one, so that its memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import ledgers, reading, stage

HEADING = "## A million open clocks"
#: How many clocks, how many of them due at once, how many to verify.
FULL, QUICK = (1_000_000, 100_000, 50_000), (50_000, 5_000, 5_000)
_CONTROL = ("SAVEPOINT", "RELEASE", "ROLLBACK")


# The parent: fills, starts the processes, reports


def measure(url: str, *, quick: bool = False) -> dict[str, Any]:
    """Fill in clocks and take every figure; the floor in the same run."""
    count, due, sample = QUICK if quick else FULL
    at, year = _moment()
    began = time.perf_counter()
    reading.fill(count // ledgers.MATTER_EVERY, reading.count_filled())
    ledgers.fill(count, due, at=at)
    found: dict[str, Any] = {"clocks": count, "due": due, "year": year, "fill": time.perf_counter() - began}
    found["alone"] = _run("attend", at)[0]
    found["pair"] = _run("attend", at + timedelta(hours=2), workers=2)
    attended = sum(one["rows"] for one in found["pair"])
    assert attended == due, f"two workers attended to {attended} rows of {due}"
    found["attended"] = _attended(at)
    asked = at + timedelta(hours=3)
    notice = _propose(year, asked)
    found["preview"] = _run("recount", asked)[0]
    _approve(notice, asked)
    found["first"] = _run("recount", asked)[0]
    found["second"] = _run("recount", asked + timedelta(minutes=1))[0]
    found["state"] = _state(notice)
    found["verify"] = _run("verify", asked, sample)[0]
    assert not found["verify"]["faults"], found["verify"]["faults"]
    found["floor"] = _floor(url, found["state"]["moved"])
    return found


def _moment() -> tuple[datetime, int]:
    """The middle of December of the last year whose notice is known, at ten; and the year after."""
    from weimin.kernel.deadlines import queries

    year = max(queries.get_calendar().known_years)
    return datetime(year, 12, 15, 2, tzinfo=UTC), year + 1


def _run(task: str, at: datetime, *more: int, workers: int = 1) -> list[dict[str, Any]]:
    """Run a task of this file in processes; gives what each found."""
    command = [sys.executable, __file__, task, at.isoformat(), *map(str, more)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
    answers = [one.communicate()[0] for one in running]
    if any(one.returncode for one in running):
        raise RuntimeError(f"{task} failed")
    return [json.loads(one) for one in answers]


def _propose(year: int, at: datetime) -> int:
    from weimin.kernel.deadlines import actions
    from weimin.kernel.record.types import Actor

    text = ledgers.make_up_notice(year)
    by = Actor.system("演示规则管理员")
    return actions.propose_notice(by=by, at=at, text=text, name="made-up.csv", number="演示放假通知")


def _approve(notice: int, at: datetime) -> None:
    from weimin.kernel.deadlines import actions
    from weimin.kernel.record.types import Actor

    actions.approve_notice(by=Actor.system("演示规则管理员乙"), at=at, notice_id=notice)


def _state(notice: int) -> dict[str, Any]:
    from weimin.kernel.deadlines.models import CalendarNotice
    from weimin.kernel.record.models import OutboxMessage

    row = CalendarNotice.objects.get(pk=notice)
    assert row.state == "done", row.state
    told = OutboxMessage.objects.filter(topic="cases.due.moved").count()
    assert row.moved == row.shifts.count(), "what moved is not what was shown before"
    return {"moved": row.moved, "told": told}


def _attended(at: datetime) -> dict[str, int]:
    """What the loop left: nothing due, every level as the dates say; how many warnings and orders came of it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE attention_at <= %(at)s), count(*) FILTER (WHERE attention_tries > 0),"
            " count(*) FILTER (WHERE state = 'running' AND level <> CASE WHEN due_date < %(day)s THEN 4"
            " WHEN committed_due_date < %(day)s THEN 3 WHEN red_on <= %(day)s THEN 2 WHEN yellow_on <= %(day)s THEN 1"
            " ELSE 0 END) FROM deadlines_clock WHERE state <> 'stopped'",
            {"at": at + timedelta(hours=2), "day": at.date()},
        )
        left = cursor.fetchone()
        assert left == (0, 0, 0), left
        cursor.execute(
            "SELECT (SELECT count(*) FROM supervision_warning), (SELECT count(*) FROM supervision_overrunreason),"
            " (SELECT count(*) FROM supervision_order)"
        )
        return dict(zip(("warnings", "reasons", "orders"), cursor.fetchone(), strict=True))


def _floor(url: str, rows: int) -> dict[str, float]:
    """As many rows moved by one plain statement, and then as many entries written by another."""
    import psycopg

    pick = "SELECT id FROM deadlines_clock WHERE due_date IS NOT NULL ORDER BY id DESC LIMIT %s"
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("VACUUM deadlines_clock")
        began = time.perf_counter()
        link.execute(f"UPDATE deadlines_clock SET due_date = due_date + 1 WHERE id IN ({pick})", [rows])
        moved = time.perf_counter()
        link.execute(
            'INSERT INTO deadlines_clockentry (clock_id, kind, "on", until, ground, reason, notice, struck, article, by_label, at)'
            " SELECT id, 'calendar', due_date, due_date, '', '按放假安排重算', '', false, '', '演示', now() FROM deadlines_clock"
            f" WHERE id IN ({pick})",
            [rows],
        )
    return {"update": moved - began, "both": time.perf_counter() - began}


# The children: one task each, in a process of its own


class Meter:
    """Counts statements, seconds and CPU; samples memory after every step."""

    def __init__(self) -> None:
        self.statements = 0
        self.steps: list[tuple[int, float]] = []
        self.began, self.cpu = time.time(), time.process_time()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements += not sql.startswith(_CONTROL)
        return execute(sql, params, many, context)

    def step(self, rows: int) -> None:
        """Note a step of so many rows."""
        self.steps.append((rows, _megabytes()))

    def found(self, **more: Any) -> dict[str, Any]:
        """The figures; memory at a tenth, a half and the end of the steps."""
        seconds = time.time() - self.began
        at = [self.steps[min(len(self.steps) - 1, int(share * len(self.steps)))][1] for share in (0.1, 0.5, 1)]
        return {
            "began": self.began,
            "seconds": seconds,
            "cpu": time.process_time() - self.cpu,
            "rows": sum(rows for rows, _ in self.steps),
            "steps": len(self.steps),
            "statements": self.statements / max(1, len(self.steps)),
            "memory": at,
            **more,
        }


def _megabytes() -> float:
    with Path("/proc/self/statm").open() as source:
        return int(source.read().split()[1]) * 4096 / 1e6


@contextmanager
def _metered() -> Any:
    from django.db import connection

    connection.ensure_connection()
    meter = Meter()
    with connection.execute_wrapper(meter):
        yield meter


def _until_done(work: Callable[[], int]) -> dict[str, Any]:
    with _metered() as meter:
        while rows := work():
            meter.step(rows)
        return meter.found()


def _attend(at: datetime) -> dict[str, Any]:
    from weimin.kernel.deadlines import actions

    return _until_done(lambda: actions.attend_clocks(at=at))


def _recount(at: datetime) -> dict[str, Any]:
    from weimin.kernel.deadlines import actions

    return _until_done(lambda: actions.work_on_notices(at=at))


def _verify(at: datetime, sample: int) -> dict[str, Any]:
    from weimin.base.clock import local_date
    from weimin.kernel.deadlines import queries

    faults: list[str] = []
    before = 0
    with _metered() as meter:
        for seen, wrong in queries.verify_clocks(today=local_date(at)):
            meter.step(seen - before)
            before = seen
            faults += wrong
            if seen >= sample:
                break
        return meter.found(faults=faults[:5])


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"attend": _attend, "recount": _recount, "verify": _verify}


def main() -> None:
    """Run one task in this process and print what it found."""
    import django

    django.setup()
    task, at, *more = sys.argv[1:]
    print(json.dumps(TASKS[task](datetime.fromisoformat(at), *map(int, more))))


# The page


def report(found: dict[str, Any]) -> list[str]:
    """The section of the page."""
    clocks, state = found["clocks"], found["state"]
    return [
        HEADING,
        "",
        f"- Run: {stage.describe()}; only the workers and PostgreSQL",
        f"- {clocks:,} open clocks in the middle of December of ten limits, begun over {ledgers.BEGAN_DAYS} days; of a hundred ten stood for a "
        f"while, one stands, three are extended; {clocks // ledgers.MATTER_EVERY:,} are those of matters with an open step, the others' "
        f"subjects have no rows. Filled in {found['fill']:.0f} s",
        "- Every line is a process of its own; memory is its resident set at a tenth, a half and the end",
        "",
        f"A made-up notice for {found['year']} moves {state['moved']:,} of them and {state['told']:,} promises to people. The first pass writes the "
        "clocks, an entry in each ledger, the matters, their steps, lines for the people and messages; the second finds nothing left.",
        "",
        "| pass | clocks | seconds | clocks/s | moved/s | worker's CPU s | statements a chunk of 5,000 | memory MB | floors' time |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        _pass("look before approval", found["preview"], state["moved"], found["floor"]),
        _pass("carry out", found["first"], state["moved"], found["floor"]),
        _pass("once more", found["second"], 0, found["floor"]),
        "",
        f"Floors: one plain UPDATE of {state['moved']:,} rows {found['floor']['update']:.1f} s, with a plain INSERT of as many entries "
        f"{found['floor']['both']:.1f} s; the last column divides by the latter.",
        "",
        f"Due moments: {found['due']:,} clocks due at once, every one across a threshold, with all watchers; then as many again for two workers. "
        "Nothing stays due, every level is what the dates say, and the rows of the two workers add up. In all "
        f"{found['attended']['warnings']:,} warnings, {found['attended']['reasons']:,} duties to explain and {found['attended']['orders']:,} orders.",
        "",
        "| workers | rows | seconds | rows/s | statements a batch of 1,000 | memory MB |",
        "| --- | --- | --- | --- | --- | --- |",
        _loop([found["alone"]]),
        _loop(found["pair"]),
        "",
        f"`weimin clocks verify`: {found['verify']['rows']:,} clocks recomputed from their ledgers with every word of explanation in "
        f"{found['verify']['seconds']:.0f} s, {found['verify']['rows'] / found['verify']['seconds']:,.0f} a second; none differs.",
        "",
    ]


def _pass(name: str, one: dict[str, Any], moved: int, floor: dict[str, float]) -> str:
    cells = (
        f"{one['rows'] - 1:,}",
        f"{one['seconds']:.0f}",
        f"{one['rows'] / one['seconds']:,.0f}",
        f"{moved / one['seconds']:,.0f}" if moved else "",
        f"{one['cpu']:.0f}",
        f"{one['statements']:.0f}",
        _memory(one),
        f"{one['seconds'] / floor['both']:.1f}",
    )
    return f"| {name} | {' | '.join(cells)} |"


def _loop(workers: list[dict[str, Any]]) -> str:
    seconds = max(one["began"] + one["seconds"] for one in workers) - min(one["began"] for one in workers)
    rows = sum(one["rows"] for one in workers)
    each = " + ".join(f"{one['rows']:,}" for one in workers)
    statements = sum(one["statements"] for one in workers) / len(workers)
    memory = "; ".join(_memory(one) for one in workers)
    return f"| {len(workers)} | {each} | {seconds:.1f} | {rows / seconds:,.0f} | {statements:.0f} | {memory} |"


def _memory(one: dict[str, Any]) -> str:
    return " / ".join(f"{megabytes:.0f}" for megabytes in one["memory"])


if __name__ == "__main__":
    main()
