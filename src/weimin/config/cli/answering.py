"""How commands answer: a line for people, JSON for scripts, one line a case for files."""

from __future__ import annotations

import getpass
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from weimin.base.errors import WeiminError

if TYPE_CHECKING:
    from rich.progress import Progress

Case = Callable[[list[str]], dict[str, Any]]


def setup() -> bool:
    """Load Django; with the embedded database started when no address is set. Gives whether it is that one."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weimin.config.settings")
    embedded_one = not (os.environ.get("DATABASE_URL") or os.environ.get("WEIMIN_DIRECT_DATABASE_URL"))
    if embedded_one:
        # before the settings are read: they need the address
        from weimin.base import embedded

        os.environ["DATABASE_URL"] = embedded.ensure_started(embedded.data_folder())
    import django

    django.setup()
    return embedded_one


def operator_of() -> Any:
    """Who runs the command, for the trail."""
    from weimin.kernel.record.types import Actor

    return Actor.system(f"运维（{getpass.getuser()}）", via="cli")


def as_json(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)


def say(value: dict[str, Any], text: str, *, json_wanted: bool) -> None:
    """Print the answer in the wanted form."""
    click.echo(as_json(value) if json_wanted else text)


def _lines(source: TextIO) -> Iterable[list[str]]:
    for line in source:
        yield line.rstrip("\r\n").split("\t")


def answer_file(path: str, case: Case, *, cells_wanted: int = 1) -> None:
    """Answer each tab-separated line of a file with one line of JSON, in order, never stopping early.

    A line with too few cells, an empty one too, is answered with what is missing.
    """
    if path != "-" and not Path(path).is_file():
        raise click.UsageError(f"找不到文件 {path}")
    text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8-sig", errors="replace")
    with io.StringIO(text) as source:
        for cells in _lines(source):
            if len([one for one in cells if one.strip()]) < cells_wanted:
                told = f"这一行应有 {cells_wanted} 项，用制表符隔开。"
                click.echo(as_json({"input": cells, "error": told, "code": "usage"}))
                continue
            try:
                click.echo(as_json(case(cells)))
            except WeiminError as fault:
                click.echo(as_json({"input": cells, "error": fault.message, "code": fault.code}))


def bars(quiet: bool, *, width: int = 0, left: bool = False) -> Progress:
    """Progress bars on the error output; names take at least `width` places, `left` shows the time that is left."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    name = TextColumn(f"{{task.description:<{width}}}")
    rest = (TextColumn("还要"), TimeRemainingColumn()) if left else ()
    columns = (name, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), *rest)
    return Progress(*columns, console=Console(stderr=True, quiet=quiet))


@contextmanager
def bar(what: str, quiet: bool) -> Iterator[Any]:
    """One bar with the time that is left, moved by what it gives: done, of how many."""
    with bars(quiet, left=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
