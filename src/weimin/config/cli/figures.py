"""Commands of the figures: whether every tally is the sum of its records, and counting them anew."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Any

import click

from weimin.config.cli.answering import bar, say, setup
from weimin.config.cli.checking import JSON

#: How many differences are printed by name.
SHOWN = 50


@click.group()
def figures() -> None:
    """Look after the figures."""


def _month(_: Any, __: Any, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text[:7], "%Y-%m").date()
    except ValueError as wrong:
        raise click.BadParameter("月份写成 2026-09") from wrong


@figures.command()
@click.option("--since", callback=_month, help="The first month, as 2026-09; without it, the last three.")
@click.option("--fix", is_flag=True, help="Mend what differs by the records.")
@JSON
def reconcile(since: date | None, fix: bool, json_wanted: bool) -> None:
    """Compare the figures since a month with the records, and name each that differs.

    What happened a moment ago and waits to be counted is no difference. Exit code 1 when figures differed.
    """
    setup()
    from weimin.base import clock
    from weimin.config.demonstration import LOADER
    from weimin.kernel.directory import queries as directory
    from weimin.kernel.supervision import actions
    from weimin.kernel.supervision.queries import figures as read
    from weimin.kernel.supervision.registry import measure_text
    from weimin.kernel.supervision.types import Difference

    def of(one: Difference) -> str:
        return "各乡镇相加" if one.of_sum else "记录"

    at = clock.now()
    this = read.month_of(clock.local_date(at))
    since = since or read.month_of(this, 2)
    found = actions.reconcile_figures(by=LOADER, at=at, since=since, until=read.month_of(this, -1), fix=fix)
    lines = [
        f"  {measure_text(one.measure)} {one.day} {directory.place_name(one.place)}"
        f" {directory.agency_name(one.agency_id) if one.agency_id else ''} {one.item}："
        f"统计 {one.told}，{of(one)} {one.true}"
        + (f"；超期统计 {one.told_late}，{of(one)} {one.true_late}" if one.told_late != one.true_late else "")
        for one in found[:SHOWN]
    ]
    told = "，已改正" if found and fix else ""
    text = "\n".join([*lines, f"核对了 {since:%Y-%m} 以来的统计数，{len(found)} 个不一致{told}"])
    value = {"since": since, "differences": [one.as_list() for one in found], "fixed": bool(found) and fix}
    say(value, text, json_wanted=json_wanted)
    if found:
        sys.exit(1)


@figures.command()
@JSON
def rebuild(json_wanted: bool) -> None:
    """Count every figure anew from the records; the platform may go on meanwhile."""
    setup()
    from weimin.base import clock
    from weimin.config.demonstration import LOADER
    from weimin.kernel.supervision import actions

    with bar("统计", json_wanted) as progress:
        counted = actions.rebuild_figures(by=LOADER, at=clock.now(), progress=progress)
    say({"counted": counted}, f"按 {counted} 条记录重新统计好了", json_wanted=json_wanted)
