"""The worker: drains the outbox, chains the audit trail, attends to due moments, and runs the scheduled jobs.

Nothing exists only here: the outbox and the rows' due moments are the queue of record, so a worker may stop
at any time and another goes on. Schedules are procrastinate's periodic jobs, kept in PostgreSQL; their hours are UTC,
eight behind Shanghai's: 17 o'clock here is one at night there.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import procrastinate
from django.db import close_old_connections
from procrastinate.contrib.django import app

from weimin.apps.delegation import actions as delegation
from weimin.apps.taskadmission import actions as taskadmission
from weimin.base import clock, tracing
from weimin.base.errors import NotReady
from weimin.config import digest, guard, health, metrics, weblogin
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.cases import actions as cases
from weimin.kernel.catalogue import actions as catalogue
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.record import actions as record
from weimin.kernel.record import queries as record_queries
from weimin.kernel.record.types import Actor
from weimin.kernel.rights import actions as rights
from weimin.kernel.supervision import actions as supervision

Found = TypeVar("Found")
log = logging.getLogger("weimin.worker")
#: How long the worker waits after something failed, as when the database is away.
AFTER_FAULT = 5.0
#: How long the pump rests when little or nothing waits.
REST_SECONDS = 1.0
#: A round that did fewer things is followed by a rest: looking again at once costs as much as doing many more.
FULL_ROUND = 100
KEEP_DAYS = 180
#: Drafts and files that became part of nothing.
UNSENT_DAYS = 90
#: Scheduled jobs that ended, for whoever looks why one failed.
JOB_DAYS = 14


@app.periodic(cron="17 19 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def sweep(timestamp: int) -> None:
    """Every night: forget outbox rows, answers, sessions, limits, drafts, copies, looks and missed questions of old."""
    at = clock.now()
    _each(
        partial(record.forget_old, at=at, keep=timedelta(days=KEEP_DAYS)),
        partial(accounts.forget_expired, at=at),
        partial(accounts.forget_used_up, at=at),
        partial(cases.sweep_unsent, at=at, keep=timedelta(days=UNSENT_DAYS)),
        partial(rights.forget_copies, at=at),
        partial(rights.forget_over, at=at),
        partial(supervision.forget_findings, by=Actor.system("系统（保管期满）"), at=at),
        partial(catalogue.forget_misses, at=at),
    )


@app.periodic(cron="3 20 * * *")
@app.task(queue="nightly", pass_context=True)
async def sweep_jobs(context: procrastinate.JobContext, timestamp: int) -> None:
    """Every night: forget scheduled jobs that ended two weeks ago; what they did is in the records."""
    await context.app.job_manager.delete_old_jobs(nb_hours=24 * JOB_DAYS, include_failed=True, include_aborted=True)


@app.periodic(cron="37 19 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def sweep_files(timestamp: int) -> None:
    """Every night: take away contents of files that no row knows, left by transactions that were abandoned."""
    record.sweep_contents(at=clock.now())


@app.periodic(cron="23 18 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def propose(timestamp: int) -> None:
    """Every night: list ended matters whose time of keeping is over; nothing is destroyed before two people decide."""
    rights.propose_destructions(by=Actor.system("系统（保管期满）"), at=clock.now())


@app.periodic(cron="7 17 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def add_years(timestamp: int) -> None:
    """Every night: see that the logs that are parted by year have a part for this year and the next."""
    record.add_years(at=clock.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queue="nightly", pass_context=True)
async def retry_stalled(context: procrastinate.JobContext, timestamp: int) -> None:
    """Put jobs of a worker that died back into the queue."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=60):
        await manager.retry_job(job)


@app.periodic(cron="41 18 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def scan(timestamp: int) -> None:
    """Every night: look for patterns in the clocks of the last month that a supervisor should see."""
    supervision.scan_clocks(by=Actor.system("系统（时钟核查）"), at=clock.now())


@app.periodic(cron="7 18 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def reconcile(timestamp: int) -> None:
    """Every night: compare the figures of last and this month, and of one older month, with the records."""
    at = clock.now()
    supervision.check_months(by=Actor.system("系统（指标核对）"), at=at, today=clock.local_date(at))


@app.periodic(cron="53 17 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def verify(timestamp: int) -> None:
    """Every night: check the audit chain of the days that were closed since the last good check."""
    record.check_last_days(by=Actor.system("系统（夜间核验）"), at=clock.now())


@app.periodic(cron="11 20 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def compare(timestamp: int) -> None:
    """Every night: compare what every township publishes with the lists, and keep the report of the day."""
    catalogue.request_drift(by=Actor.system("系统（夜间核对）"), at=clock.now())


@app.periodic(cron="50 23 * * *")
@app.task(queue="nightly", pass_context=False)
@tracing.traced
def tell(timestamp: int) -> None:
    """Every morning: write the digest of everything that failed, and hand it on."""
    digest.write(clock.now())


def attend(at: datetime) -> int:
    """Everything whose due moment has come: thresholds of clocks, and what law does by itself.

    Shape:  how many rows were moved
    Raises: ExceptionGroup — of those that failed, after the others were done
    """
    loops = (
        catalogue.bring_into_force,
        delegation.carry_out_withdrawals,
        deadlines.attend_clocks,
        cases.attend_due,
        taskadmission.record_silences,
    )
    return sum(_each(*(partial(_drain, loop, at) for loop in loops)))


def _drain(loop: Callable[..., int], at: datetime) -> int:
    """Have a loop take batch after batch until nothing is left; gives how many rows it moved."""
    moved = 0
    while batch := loop(at=at):
        moved += batch
    return moved


def _each(*duties: Callable[[], Found]) -> list[Found]:
    """Do every duty, whatever becomes of the others.

    Raises: ExceptionGroup — of those that failed, after the others were done
    """
    done, faults = [], []
    for duty in duties:
        try:
            done.append(duty())
        except Exception as fault:
            faults.append(fault)
            close_old_connections()
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(duties)} duties failed", faults)
    return done


def chain(at: datetime) -> int:
    """Link every audit entry that is settled, and close the days that are over.

    Shape:  how many entries were linked
    """
    return _drain(record.chain_entries, at)


def chain_or_wait(at: datetime) -> float:
    """Chain; a chain that was tampered with holds up neither notices nor clocks.

    Shape:  seconds until it is to be done again
    """
    try:
        chain(at)
    except Exception:
        log.exception("the audit chain cannot go on; see weimin verify")
        return 60.0
    return REST_SECONDS


def work_once() -> str:
    """Do everything that waits now; says what was done."""
    at = clock.now()
    counted = sum(
        _drain(work_on, at)
        for work_on in (deadlines.work_on_notices, catalogue.work_on_imports, catalogue.work_on_drift)
    )
    moved, sent = attend(at), _drain(record.deliver_outbox, at)
    _drain(supervision.fold_figures, at)
    for topic in record.outside_topics():
        while record.deliver_outside(at=at, topic=topic):
            sent += 1
    linked = chain(at)
    return f"期限 {moved}，重算 {counted}，通知 {sent}，入链 {linked}"


def _round(at: datetime) -> int:
    """One round of what waits, under one trace; gives how many things were done.

    Raises: ExceptionGroup — of what failed, after the rest was done
    """
    with tracing.tracing():
        return sum(
            _each(
                partial(record.deliver_outbox, at=at, tell=_count),
                partial(deadlines.work_on_notices, at=at),
                partial(catalogue.work_on_imports, at=at),
                partial(catalogue.work_on_drift, at=at),
                partial(supervision.fold_figures, at=at),
            )
        )


def _count(good: int, bad: int, seconds: float) -> None:
    """Have the metrics know what was delivered."""
    if metrics.is_on():
        metrics.note_work(good=good, bad=bad, seconds=seconds)


def _alone(what: Callable[[datetime], Found], at: datetime) -> Found | None:
    """Do one duty of the pump; one that fails is logged, gives None, and holds up none of the others."""
    try:
        return what(at)
    except Exception:
        log.exception("a duty of the pump failed, it goes on: %s", getattr(what, "__name__", what))
        close_old_connections()
        return None


def _beat(name: str, at: datetime, *, paused: bool) -> None:
    """Attend to due moments unless there is maintenance, and leave a sign of life."""
    moved = None if paused else _alone(attend, at)
    note = "维护中，暂停" if paused else "到期处理没有做成" if moved is None else f"到期处理 {moved} 件"
    record.beat(name=name, at=at, note=note, version=health.version(), facts=health.worker_facts())


def _is_paused(at: datetime) -> bool:
    return record_queries.is_under_maintenance(at=at)


def _pump(stop: threading.Event, name: str) -> None:
    # paced by a clock that never jumps: one set back by a day must not have chain and sign of life wait for a day
    beat_at = chain_at = guard_at = time.monotonic()
    while not stop.is_set():
        close_old_connections()
        at, now = clock.now(), time.monotonic()
        if now >= guard_at:  # first, and without the database: it may be down because the disk is full
            guard_at = now + 60
            _alone(guard.guard_disk, at)
        paused = _alone(_is_paused, at)
        if paused is None:  # the database is away
            stop.wait(AFTER_FAULT)
            continue
        busy = 0 if paused else _alone(_round, at)
        if not paused and now >= chain_at:
            chain_at = now + chain_or_wait(at)
        if now >= beat_at:
            beat_at = now + 20
            _alone(partial(_beat, name, paused=paused), at)
        if busy is None:
            stop.wait(AFTER_FAULT)
        elif busy < FULL_ROUND:
            stop.wait(REST_SECONDS)


def _lane(stop: threading.Event, topic: str) -> None:
    """Give what waits for one system outside to it, so that nothing else waits for that system."""
    while not stop.is_set():
        busy = False
        try:
            close_old_connections()
            at = clock.now()
            if not record_queries.is_under_maintenance(at=at):
                busy = record.deliver_outside(at=at, topic=topic, tell=_count)
        except Exception:
            log.exception("the lane of %s failed and goes on", topic)
            stop.wait(AFTER_FAULT)
        if not busy:
            stop.wait(REST_SECONDS)


def _run_jobs(name: str, stop: threading.Event) -> None:
    """Run the scheduled jobs for as long as the database is there; who calls goes on when it is back, or another is.

    A database that is lost ends them with an error, or, when only their listener noticed, as if they had been told to.
    """
    with contextlib.suppress(procrastinate.exceptions.ConnectorException):
        app.with_connector(app.connector.get_worker_connector()).run_worker(  # type: ignore[attr-defined]
            name=name, queues=["nightly"], concurrency=1, install_signal_handlers=False
        )
    if not stop.is_set():
        log.warning("the scheduled jobs ended, the database may be lost; they begin again")
        stop.wait(AFTER_FAULT)


def work() -> None:
    """Pump the outbox in a thread and each lane outside in its own; run the scheduled jobs, until told to stop.

    Raises: NotReady — through a pooler, where it would hear of no job and its prepared statements would be another's
    """
    if weblogin.is_pooled():
        raise NotReady("后台进程不能经过连接池，请用 WEIMIN_DIRECT_DATABASE_URL 给出数据库的直连地址。")
    stop = threading.Event()
    name = f"{socket.gethostname()}-{os.getpid()}"
    pump = threading.Thread(target=_pump, args=(stop, name), name="pump", daemon=True)
    pump.start()
    for topic in record.outside_topics():
        threading.Thread(target=_lane, args=(stop, topic), name=topic, daemon=True).start()

    def end(*_: object) -> None:
        stop.set()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    try:
        while not stop.is_set():
            _run_jobs(name, stop)
    finally:
        stop.set()
        pump.join(timeout=5)
