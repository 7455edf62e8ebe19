"""Commands of the clocks: holiday notices from files, and whether every date is the sum of its ledger."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from weimin.base.errors import WeiminError
from weimin.config.cli.answering import bars, say, setup
from weimin.config.cli.checking import JSON


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--number", default="", help="The notice's number, when the file does not say it.")
@click.option("--reason", default="", help="Why it is loaded, or what it corrects.")
@click.option("--approve", is_flag=True, help="Put it in force at once, instead of leaving it to a second person.")
@JSON
def notice(file: str, number: str, reason: str, approve: bool, json_wanted: bool) -> None:
    """Load a year's holiday notice from JSON or CSV, and say which open clocks it moves.

    Without --approve it waits on /desk/calendar/ for a rule keeper.
    """
    setup()
    from weimin.base import clock
    from weimin.config.demonstration import LOADER
    from weimin.kernel.deadlines import actions, queries
    from weimin.kernel.deadlines.types import NOTICE_STATES

    text = Path(file).read_text(encoding="utf-8-sig", errors="replace")
    try:
        found = actions.propose_notice(
            by=LOADER, at=clock.now(), text=text, name=Path(file).name, number=number, reason=reason
        )
    except WeiminError as fault:
        for one in fault.fields.values():
            click.echo(f"  {one}", err=True)
        raise
    _follow(found, json_wanted, "核算影响")
    if approve:
        actions.approve_notice(by=LOADER, at=clock.now(), notice_id=found)
        _follow(found, json_wanted, "重算")
    row = queries.get_notice(found)
    value = {"id": row.pk, "year": row.year, "version": row.version, "state": row.state, "moved": row.moved}
    words = f"{row.year} 年第 {row.version} 版：{NOTICE_STATES[row.state]}，{row.moved} 个时钟的日期有变化"
    say(value, words, json_wanted=json_wanted)


def _follow(notice_id: int, quiet: bool, what: str) -> None:
    """Work on a notice until its pass is done, with a bar; the worker may help."""
    from weimin.base import clock
    from weimin.kernel.deadlines import actions, queries

    with bars(quiet) as shown:
        row = queries.get_notice(notice_id)
        task = shown.add_task(what, total=row.total)
        before = (row.state, row.pass_number)
        while (row.state, row.pass_number) == before:
            actions.work_on_notices(at=clock.now())
            row = queries.get_notice(notice_id)
            shown.update(task, completed=row.looked)


@click.group()
def clocks() -> None:
    """Look after the clocks."""


@clocks.command()
@JSON
def verify(json_wanted: bool) -> None:
    """Recompute every open clock from its ledger, and name each whose shown date differs."""
    setup()
    from weimin.base import clock
    from weimin.kernel.deadlines import queries

    seen, faults = 0, list[str]()
    with bars(json_wanted) as shown:
        task = shown.add_task("核对时钟", total=queries.count_open())
        for looked, found in queries.verify_clocks(today=clock.local_date(clock.now())):
            seen = looked
            faults.extend(found)
            shown.update(task, completed=looked)
    text = "\n".join([*faults, f"核对了 {seen} 个在走的时钟，{len(faults)} 个和台账不一致"])
    say({"looked": seen, "faults": faults}, text, json_wanted=json_wanted)
    if faults:
        sys.exit(1)


@clocks.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3660))
@JSON
def scan(days: int, json_wanted: bool) -> None:
    """Look for patterns in the clocks of the last days that a supervisor should see."""
    setup()
    from weimin.base import clock
    from weimin.config.demonstration import LOADER
    from weimin.kernel.supervision import actions
    from weimin.kernel.supervision.types import PATTERN_TEXT

    found = actions.scan_clocks(by=LOADER, at=clock.now(), days=days)
    value: dict[str, Any] = {"looked": found.looked, "flagged": found.flagged, "by_pattern": found.by_pattern}
    lines = [f"查了近 {days} 天的 {found.looked} 个时钟，{found.flagged} 个有要看的情形（{found.share:.1%}）"]
    lines += [f"  {PATTERN_TEXT[code]} {count}" for code, count in sorted(found.by_pattern.items())]
    say(value, "\n".join(lines), json_wanted=json_wanted)
