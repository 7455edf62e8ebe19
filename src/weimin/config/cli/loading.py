"""Commands that load: tables, city, items, calendar, demonstration."""

from __future__ import annotations

from typing import Any

import click

from weimin.config.cli.answering import bars, say, setup
from weimin.config.cli.checking import JSON

PARTS = ("city", "calendar", "items", "demo")


def load_parts(parts: tuple[str, ...], *, quiet: bool = False) -> dict[str, Any]:
    """Load parts of the city, with a bar for each long one."""
    from weimin.base import clock
    from weimin.config import city

    at = clock.now()
    result: dict[str, Any] = {}
    with bars(quiet, width=12) as shown:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=total)
            shown.update(tasks[what], completed=done, total=total)

        for part in parts:
            result[part] = getattr(city, f"load_{part}")(at=at, progress=show)
    return result


@click.command()
@click.argument("part", type=click.Choice([*PARTS, "schema", "all"]))
@JSON
def load(part: str, json_wanted: bool) -> None:
    """Load a part of the city; loading twice changes nothing."""
    setup()
    from weimin.config import city

    city.prepare_database()
    parts = PARTS if part == "all" else () if part == "schema" else (part,)
    result = load_parts(parts, quiet=json_wanted)
    text = "；".join(f"{k}：{v}" for one in result.values() for k, v in one.items()) or "表结构已是最新"
    say(result, text, json_wanted=json_wanted)
