"""Commands about backups: status, where, facts, note, compare, drilled; all but the first for `deploy/backup`."""

from __future__ import annotations

import json
import sys
from datetime import datetime

import click

from weimin.config.cli.answering import operator_of, say, setup
from weimin.config.cli.checking import JSON

KIND = click.Choice(["full", "diff", "incr", "files"])


@click.group()
def backup() -> None:
    """Look at what is known of the backups and drills; the scripts of deploy/backup note it."""


@backup.command()
@JSON
def status(json_wanted: bool) -> None:
    """Say when the last backup, copy of files and drill were. Exit code 1 when one is overdue or failed."""
    setup()
    from weimin.base import clock
    from weimin.config import backups
    from weimin.config.advice import advice_of

    known = backups.read_marker()
    found = backups.find_overdue(known, at=clock.now())
    overdue = [f"{text}：{advice_of(code).todo}" for code, text in found.items()]

    def shown(name: str) -> str:
        moment = backups.moment_of(known, name)
        return f"{moment:%Y-%m-%d %H:%M}" if moment else "没有"

    drill = f"{'通过' if known.get('drill_good') else '没有通过'}，{known.get('drill_seconds', '?')} 秒"
    lines = [
        f"数据库备份 {shown('backup_at')}（{known.get('backup_kind', '—')}）",
        f"文件备份   {shown('files_at')}",
        f"恢复演练   {shown('drill_at')}" + (f"（{drill}）" if known.get("drill_at") else ""),
        *overdue,
    ]
    say({"good": not overdue, "overdue": overdue, **known}, "\n".join(lines), json_wanted=json_wanted)
    if overdue:
        sys.exit(1)


@backup.command()
def where() -> None:
    """Print where the service keeps its files: a folder, or a bucket."""
    setup()
    from django.conf import settings

    click.echo(settings.WEIMIN_FILES)


@backup.command()
@click.argument("kind", type=KIND)
@click.option("--files-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="When the copy of files began.")
@click.option("--facts", default="{}", help="What `weimin backup facts` said before it began.")
def note(kind: str, files_at: datetime | None, facts: str) -> None:
    """Note that a backup succeeded, beside the data."""
    setup()
    from weimin.base import clock
    from weimin.config import backups

    try:
        held = json.loads(facts)
    except ValueError as fault:
        raise click.UsageError("--facts 应是 weimin backup facts 打印的内容") from fault
    backups.note_backup(kind=kind, at=clock.now(), files_at=files_at, facts=held)
    click.echo("已记下备份。")


@backup.command()
def facts() -> None:
    """Print what the database holds now, for the note."""
    setup()
    from weimin.config import backups

    click.echo(json.dumps(backups.take_facts()))


@backup.command()
@JSON
def compare(json_wanted: bool) -> None:
    """Hold this database, a restored one, against the note of the last backup. Exit code 1 when something lacks."""
    setup()
    from weimin.base.errors import NotFound
    from weimin.config import backups

    noted = backups.read_marker().get("facts")
    if not noted:
        raise NotFound("还没有备份记录，没有可以对照的。")
    lacks = backups.compare(noted)
    lines = [f"缺 {one.what}：备份时 {one.noted}，恢复后 {one.found}" for one in lacks]
    value = {"good": not lacks, "noted": noted, "lacks": [[one.what, one.noted, one.found] for one in lacks]}
    say(value, "\n".join(lines) or "和备份时记下的一致", json_wanted=json_wanted)
    if lacks:
        sys.exit(1)


@backup.command()
@click.option("--good/--bad", required=True, help="Whether everything was there and verified.")
@click.option("--seconds", required=True, type=click.IntRange(0), help="How long it took.")
@click.option("--moment", default="", help="The moment that was restored; the newest when empty.")
def drilled(good: bool, seconds: int, moment: str) -> None:
    """Note how a restore drill went, beside the data and in the trail."""
    setup()
    from weimin.base import clock
    from weimin.config import backups
    from weimin.kernel.record import actions

    at = clock.now()
    backups.note_drill(at=at, good=good, seconds=seconds, moment=moment)
    actions.record_audit(
        by=operator_of(),
        at=at,
        verb="record.backup.drilled",
        subject_type="backup",
        subject_id=at.strftime("%Y%m%d%H%M%S"),
        changes={"good": [None, good], "seconds": [None, seconds], "moment": [None, moment]},
    )
    click.echo("已记下演练结果。")
