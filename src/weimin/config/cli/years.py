"""Commands that look after the logs that are parted by year: years list, years archive."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from weimin.config.cli.answering import operator_of, say, setup
from weimin.config.cli.checking import JSON

MEGA = 1024 * 1024


@click.group()
def years() -> None:
    """Look at the years of the trail and the read log, and put closed ones to rest."""


def _table(parts: list[Any]) -> str:
    table = Table("表", "年", "行（约）", "数据 MB", "索引 MB", "表空间")
    for one in parts:
        year = str(one.year or "其余")
        sizes = (f"{one.rows:,}", f"{one.data_bytes / MEGA:,.0f}", f"{one.index_bytes / MEGA:,.0f}")
        table.add_row(one.table, year, *sizes, one.tablespace or "默认")
    console = Console(width=100)
    with console.capture() as shown:
        console.print(table)
    return shown.get().rstrip()


@years.command("list")
@JSON
def list_years(json_wanted: bool) -> None:
    """List every year of every log with its size and where it lies."""
    setup()
    from weimin.kernel.record import queries

    parts = queries.list_years()
    say({"parts": [asdict(one) for one in parts]}, _table(parts), json_wanted=json_wanted)


@years.command()
@click.argument("year", type=click.IntRange(2000, 2100))
@click.option("--tablespace", default="", help="Move it there: a tablespace on a slower, cheaper disk.")
@JSON
def archive(year: int, tablespace: str, json_wanted: bool) -> None:
    """Freeze a closed year of the logs, and move it; pages, receipts and checks read it as before."""
    setup()
    from weimin.base import clock
    from weimin.kernel.record import actions

    console = Console(stderr=True, quiet=json_wanted)
    parts = actions.archive_year(
        by=operator_of(),
        at=clock.now(),
        year=year,
        tablespace=tablespace,
        progress=lambda name, done, total: console.print(f"{done + 1}/{total} {name}"),
    )
    where = f"，已移到表空间 {tablespace}" if tablespace else ""
    say(
        {"parts": [asdict(one) for one in parts]}, f"{year} 年已归档{where}。\n{_table(parts)}", json_wanted=json_wanted
    )
