"""Commands that ask: items by plain words, an item, a matter by its number."""

from __future__ import annotations

import sys
from typing import Any

import click

from weimin.config.cli.answering import answer_file, say, setup
from weimin.config.cli.checking import FILE, JSON


@click.command()
@click.argument("words", required=False)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
@FILE
@JSON
def search(words: str | None, limit: int, path: str | None, json_wanted: bool) -> None:
    """Find items by what people say: 老人补贴, gljt, 宅基地盖房."""
    setup()
    from weimin.kernel.catalogue import queries

    def find(cells: list[str]) -> dict[str, Any]:
        found = queries.search_items(text=cells[0], limit=limit)
        return {
            "query": cells[0],
            "results": [{"code": f.code, "name": f.name, "why": f.why} for f in found[:limit]],
        }

    if path:
        answer_file(path, find)
        return
    if words is None:
        raise click.UsageError("需要要找的话，或 --file FILE")
    found = find([words])
    text = "\n".join(f"{one['code']}  {one['name']}" for one in found["results"]) or "没有找到"
    say(found, text, json_wanted=json_wanted)
    if not found["results"]:
        sys.exit(1)


@click.command()
@click.argument("code")
@JSON
def item(code: str, json_wanted: bool) -> None:
    """Show an item in force by its code."""
    setup()
    from weimin.kernel.catalogue import queries

    spec = queries.get_current(code=code.strip().upper())
    value = {"code": spec.code, "version": spec.number, **spec.doc}
    text = "\n".join(
        [
            f"{spec.code} {spec.name}（第 {spec.number} 版，{spec.procedure_text}）",
            spec.plain,
            f"法定 {spec.statutory.text}，承诺 {spec.committed.text}",
            "材料：" + ("、".join(m.name for m in spec.materials) or "无"),
        ]
    )
    say(value, text, json_wanted=json_wanted)


@click.command()
@click.argument("number")
@JSON
def matter(number: str, json_wanted: bool) -> None:
    """Show where a matter stands, for operators: no personal data."""
    setup()
    from weimin.kernel.cases import queries
    from weimin.kernel.cases.rules.numbers import read_number
    from weimin.kernel.record.types import Actor

    view = queries.get_case(Actor.system("运维命令行", via="cli"), read_number(number))
    case = view.case
    value = {
        "number": case.number,
        "item": case.item_name,
        "state": case.state,
        "state_text": view.state_text,
        "submitted_at": case.submitted_at,
        "due_on": case.due_on,
        "provisional": case.due_provisional,
        "steps": [
            {
                "name": s.name,
                "agency": s.agency.name,
                "state": s.state,
                "due_on": s.due_on,
                "done_at": s.done_at,
                "outcome": s.outcome,
            }
            for s in view.steps
        ],
    }
    lines = [f"{case.number} {case.item_name}：{view.state_text}" + (f"，期限 {case.due_on}" if case.due_on else "")]
    lines += [f"  {s.name}  {s.agency.name}  {s.get_state_display()}  {s.due_on or ''}" for s in view.steps]
    say(value, "\n".join(lines), json_wanted=json_wanted)
