"""The command that checks the audit chain and the stored files."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from weimin.base.errors import Invalid
from weimin.config.cli.answering import bar, say, setup
from weimin.config.cli.checking import JSON

#: Fewer entries than this are checked in one process: starting others takes longer.
FEW = 100_000


class PublishedUnreadable(Invalid):
    """The file of published digests cannot be read."""

    code = "config.published_unreadable"


def read_published(path: str) -> dict[date, str]:
    """The digests of days from a saved days.json, or from lines with a day and its digest.

    Raises: PublishedUnreadable — no day with a digest in it
    """
    text = Path(path).read_text(encoding="utf-8-sig", errors="replace")
    try:
        pairs = [(one["day"], one["digest"]) for one in json.loads(text)["days"]]
    except (ValueError, KeyError, TypeError):
        pairs = re.findall(r"^\s*(\d{4}-\d\d-\d\d)\s+([0-9a-f]{64})\s*$", text, re.M)
    try:
        found = {date.fromisoformat(str(day)): str(digest) for day, digest in pairs}
    except ValueError as broken:
        raise PublishedUnreadable(f"{path} 里有不存在的日期，请用 /audit/days.json 存下来的文件。") from broken
    if not found:
        raise PublishedUnreadable(f"{path} 里没有当天摘要，请用 /audit/days.json 存下来的文件。")
    return found


def _begin(url: str) -> None:
    """Make a helping process ready: Django, on the same database."""
    os.environ["DATABASE_URL"] = url
    os.environ.pop("WEIMIN_DIRECT_DATABASE_URL", None)
    setup()


def _same_database() -> str:
    """The address of the database that this process works on."""
    from django.db import connection
    from psycopg.conninfo import make_conninfo

    there = connection.settings_dict
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    given = {name: there[ours] for name, ours in named.items() if there[ours]}
    return make_conninfo(**there["OPTIONS"], **given)


@contextmanager
def running(processes: int) -> Iterator[Any]:
    """How stretches are worked out: here one after the other, or in several processes with answers in order."""
    if processes < 2:
        yield map
        return
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(_same_database(),))

    def run(check: Any, stretches: Iterable[Any]) -> Iterator[Any]:
        return pool.map(check, stretches, chunksize=2)

    try:
        yield run
    finally:
        pool.shutdown(cancel_futures=True)


@click.command()
@click.option("--since", metavar="DAY", type=click.DateTime(["%Y-%m-%d"]), help="Begin with this day.")
@click.option("--published", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="A saved days.json.")
@click.option("--files", is_flag=True, help="Check the stored files instead of the chain.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many at once; the number of cores unless given.")
@JSON
def verify(
    since: datetime | None, published: str | None, files: bool, processes: int | None, json_wanted: bool
) -> None:
    """Recompute the audit chain, and name the first entry, link or day that is not what it was.

    Exit code 1 when something is wrong. What was found is kept for the audit administrator.
    """
    setup()
    from weimin.base import clock
    from weimin.kernel.record import actions, queries
    from weimin.kernel.record.types import Actor

    by, at = Actor.system("命令行核验", via="cli"), clock.now()
    if files:
        with bar("文件", json_wanted) as progress:
            verdict = actions.check_files(by=by, at=at, progress=progress)
    else:
        known = read_published(published) if published else None
        cores = processes or (os.cpu_count() or 1 if queries.count_chain() >= FEW else 1)
        with bar("审计链", json_wanted) as progress, running(cores) as run:
            verdict = actions.check_chain(
                by=by, at=at, since=since.date() if since else None, published=known, run=run, progress=progress
            )
    fault = verdict.fault
    value = {
        "good": verdict.good,
        "what": verdict.what,
        "since": verdict.since,
        "until": verdict.until,
        "checked": verdict.looked,
        "waiting": verdict.waiting,
        "head": verdict.head,
        "seconds": round((clock.now() - at).total_seconds(), 1),
        "fault": {
            "kind": fault.kind,
            "day": fault.day,
            "place": fault.place,
            "id": fault.entry_id,
            "text": fault.text,
        }
        if fault
        else None,
    }
    unit = "个文件" if files else "条记录"
    tail = f"，还有 {verdict.waiting} 条在等入链" if verdict.waiting else ""
    fine = f"核验通过：{verdict.looked} {unit}{tail}"
    say(value, fine if fault is None else f"核验不符：{fault.text}", json_wanted=json_wanted)
    if fault:
        sys.exit(1)
