"""Commands that need no database: due dates (with the built-in calendar), identifiers."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import click

from weimin.base import identifiers
from weimin.base.errors import Invalid
from weimin.config.cli.answering import answer_file, say, setup
from weimin.kernel.deadlines import rules
from weimin.kernel.deadlines.types import Limit

JSON = click.option("--json", "json_wanted", is_flag=True, help="Answer in JSON.")
FILE = click.option("--file", "path", metavar="FILE", help="Tab-separated cases, one a line; - is stdin.")


def _due(start: str, count: str, unit: str, pauses: list[str], calendar: rules.Calendar) -> dict[str, Any]:
    try:
        day = date.fromisoformat(start.strip())
    except ValueError as broken:
        raise Invalid(f"“{start}”不是存在的日期，请写成 2026-03-05。") from broken
    if not count.strip().isdigit():
        raise Invalid(f"“{count}”不是天数，请写成正整数。")
    ledger = rules.count_ledger(
        start=day,
        limit=Limit(int(count), unit.strip()),
        calendar=calendar,
        pauses=[rules.read_pause(one.strip()) for one in pauses if one.strip()],
    )
    return {
        "start": day.isoformat(),
        "count": int(count),
        "unit": unit.strip(),
        "due": ledger.due.isoformat() if ledger.due else None,
        "unrolled": ledger.unrolled.isoformat() if ledger.unrolled else None,
        "provisional": ledger.provisional,
        "ledger": [
            {
                "kind": one.kind,
                "on": one.on.isoformat(),
                "text": one.text,
                "article": one.article,
                "due": one.due_after.isoformat() if one.due_after else None,
            }
            for one in ledger.lines
        ],
    }


def _live_calendar() -> rules.Calendar:
    setup()
    from weimin.kernel.deadlines import queries

    return queries.get_calendar()


@click.command()
@click.argument("start", required=False)
@click.argument("count", required=False)
@click.argument("unit", required=False, type=click.Choice(["workday", "day", "month"]))
@click.option("--pause", "pauses", multiple=True, metavar="FROM..TO", help="Days that do not count.")
@click.option("--live", is_flag=True, help="Count by the notices in force in the database, not the shipped ones.")
@FILE
@JSON
def due(
    start: str | None,
    count: str | None,
    unit: str | None,
    pauses: tuple[str, ...],
    live: bool,
    path: str | None,
    json_wanted: bool,
) -> None:
    """Print the due date of COUNT days from START, and its ledger.

    A line of --file is START<tab>COUNT<tab>UNIT, with FROM..TO pauses in further columns.
    """
    calendar = _live_calendar() if live else rules.shipped_calendar()
    if path:
        answer_file(path, lambda cells: _due(cells[0], cells[1], cells[2], cells[3:], calendar), cells_wanted=3)
        return
    if not (start and count and unit):
        raise click.UsageError("需要 START COUNT workday|day，或 --file FILE")
    found = _due(start, count, unit, list(pauses), calendar)
    lines = [found["due"] + ("（暂定）" if found["provisional"] else "") if found["due"] else "停钟中"]
    lines += [
        f"  {one['text']}{'（' + one['article'] + '）' if one['article'] else ''}"
        + (f" → {one['due']}" if one["due"] else "")
        for one in found["ledger"]
    ]
    say(found, "\n".join(lines), json_wanted=json_wanted)


def _id(cells: list[str]) -> dict[str, Any]:
    try:
        found = identifiers.check_id_number(cells[0])
    except Invalid as fault:
        return {"input": cells[0], "valid": False, "reason": fault.message}
    return {
        "input": cells[0],
        "valid": True,
        "number": found.number,
        "region": found.region,
        "birth_date": found.birth_date.isoformat(),
        "sex": found.sex,
        "upgraded": found.upgraded,
    }


def _uscc(cells: list[str]) -> dict[str, Any]:
    try:
        return {"input": cells[0], "valid": True, "code": identifiers.check_uscc(cells[0])}
    except Invalid as fault:
        return {"input": cells[0], "valid": False, "reason": fault.message}


def _answer(check: Any, text: str | None, path: str | None, json_wanted: bool) -> None:
    if path:
        answer_file(path, check)
        return
    if text is None:
        raise click.UsageError("需要一个号码，或 --file FILE")
    found = check([text])
    words = "有效" if found["valid"] else f"无效：{found['reason']}"
    extra = f"（{found['birth_date']}，{found['sex']}）" if "sex" in found else ""
    say(found, words + extra, json_wanted=json_wanted)
    if not found["valid"]:
        sys.exit(1)


@click.command("check-id")
@click.argument("number", required=False)
@FILE
@JSON
def check_id(number: str | None, path: str | None, json_wanted: bool) -> None:
    """Check an identity number (18 digits, or an old one of 15)."""
    _answer(_id, number, path, json_wanted)


@click.command("check-uscc")
@click.argument("code", required=False)
@FILE
@JSON
def check_uscc(code: str | None, path: str | None, json_wanted: bool) -> None:
    """Check a unified social credit code."""
    _answer(_uscc, code, path, json_wanted)
