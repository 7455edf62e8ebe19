"""Commands of maintenance: on, off, status; and the digest of what failed."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from typing import Any

import click

from weimin.base import clock
from weimin.base.errors import Invalid
from weimin.config.cli.answering import operator_of, say, setup
from weimin.config.cli.checking import JSON


def read_moment(text: str, at: datetime) -> datetime:
    """A moment as an operator types it: `2026-11-26 06:00`, `06:00` (the next one), or `+2h`, `+30m` from now.

    Raises: Invalid — none of these
    """
    wanted = text.strip()
    if found := re.fullmatch(r"\+(\d{1,4})([hm])", wanted):
        return at + timedelta(minutes=int(found[1]) * (60 if found[2] == "h" else 1))
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", wanted):
            here = at.astimezone(clock.SHANGHAI)
            hour, minute = map(int, wanted.split(":"))
            moment = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return moment if moment > here else moment + timedelta(days=1)
        moment = datetime.fromisoformat(wanted)
    except ValueError as broken:
        raise Invalid(f"“{text}”不是时间，请写成 2026-11-26 06:00、06:00 或 +2h。") from broken
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.SHANGHAI)


@click.group()
def maintenance() -> None:
    """Take no forms for a while, on every machine; reading goes on."""


@maintenance.command("on")
@click.option("--until", required=True, metavar="TIME", help="When it is over, about: 06:00, +2h, 2026-11-26 06:00.")
@click.option("--from", "begins", default="", metavar="TIME", help="When it begins; now unless given.")
@click.option("--reason", required=True, help="Why, in a sentence that people read.")
@JSON
def turn_on(until: str, begins: str, reason: str, json_wanted: bool) -> None:
    """Begin maintenance now, or announce it."""
    setup()
    from weimin.kernel.record import actions

    at = clock.now()
    begins_at = read_moment(begins, at) if begins else at
    actions.arrange_maintenance(
        by=operator_of(), at=at, begins_at=begins_at, until=read_moment(until, at), reason=reason
    )
    _say(json_wanted)


@maintenance.command("off")
@JSON
def turn_off(json_wanted: bool) -> None:
    """End maintenance, or call it off; exit code 1 when none was arranged."""
    setup()
    from weimin.kernel.record import actions

    done = actions.end_maintenance(by=operator_of(), at=clock.now())
    say({"ended": done}, "维护已结束，五秒内各台机器恢复办理。" if done else "没有安排维护。", json_wanted=json_wanted)
    if not done:
        sys.exit(1)


@maintenance.command("status")
@JSON
def status(json_wanted: bool) -> None:
    """Say whether maintenance is on or announced; exit code 1 when neither."""
    setup()
    if not _say(json_wanted):
        sys.exit(1)


def _say(json_wanted: bool) -> bool:
    from weimin.kernel.record import queries

    row, at = queries.find_maintenance(), clock.now()
    if row is None:
        say({"on": False, "arranged": False}, "没有安排维护。", json_wanted=json_wanted)
        return False
    on = row.begins_at <= at
    value: dict[str, Any] = {"on": on, "arranged": True, "begins_at": row.begins_at, "until": row.until}
    late = "，已超过预计时间，办好了请运行 weimin maintenance off" if row.until < at else ""
    text = f"{'正在维护' if on else '已预告'}：{queries.maintenance_text(row)}{late}"
    say({**value, "reason": row.reason, "by": row.by_label}, text, json_wanted=json_wanted)
    return True


@click.command()
@click.option("--keep", is_flag=True, help="Keep it as today's and hand it on, as the morning's job does.")
@JSON
def digest(keep: bool, json_wanted: bool) -> None:
    """Print everything that failed and what to do; exit code 0 when nothing did, 1 when something did."""
    setup()
    from weimin.config import digest as making

    at = clock.now()
    lines = making.write(at) if keep else making.collect(at)
    told = [{"code": one.code, "text": one.text, "todo": one.todo} for one in lines]
    say({"at": at, "lines": told}, making.text_of(lines, at), json_wanted=json_wanted)
    if lines:
        sys.exit(1)
