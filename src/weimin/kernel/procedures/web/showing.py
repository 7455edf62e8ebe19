"""Decision tables as HTML tables: for the page of a table, for comparing, and for trying one out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weimin.kernel.procedures.rules.tables.cells import say_cell, say_value
from weimin.kernel.procedures.rules.tables.checking import decide
from weimin.kernel.procedures.rules.tables.reading import HIT_POLICIES, Input, Table
from weimin.kernel.procedures.types import TableAnswer
from weimin.ui.fields import Shown


@dataclass(slots=True)
class ShownRow:
    """A row of a table in words."""

    rule_id: str
    cells: list[str]
    results: list[str]
    note: str


@dataclass(slots=True)
class ShownTable:
    """A decision table in words."""

    name: str
    about: str
    policy: str
    inputs: list[str]
    outputs: list[str]
    rows: list[ShownRow] = field(default_factory=list)


def shown_table(table: Table | None) -> ShownTable | None:
    """A table in words, or None where there is none."""
    if table is None:
        return None
    rows = [
        ShownRow(
            rule.rule_id,
            [say_cell(cell) for cell in rule.cells],
            [value if isinstance(value, str) else say_value(value) for value in rule.results],
            rule.note,
        )
        for rule in table.rules
    ]
    return ShownTable(
        table.name,
        table.about,
        HIT_POLICIES[table.hit_policy],
        [one.label for one in table.inputs],
        [one.label for one in table.outputs],
        rows,
    )


def trial_fields(table: Table, typed: Mapping[str, str]) -> list[Shown]:
    """The questions of trying a table out."""
    return [_trial_field(one, typed.get(f"try-{one.name}", "")) for one in table.inputs]


def _trial_field(column: Input, value: str) -> Shown:
    name = f"try-{column.name}"
    if column.counted:
        return Shown(name, column.label, "number", value, help="填选了几项。", required=False)
    if column.type == "string":
        return Shown(name, column.label, "select", value, required=False, groups=_plain(column.values))
    if column.type == "boolean":
        return Shown(
            name, column.label, "select", value, required=False, groups=[("", [("true", "是"), ("false", "否")])]
        )
    return Shown(name, column.label, "number", value, required=False)


def _plain(values: tuple[str, ...]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [("", [(one, one) for one in values])]


def try_out(table: Table, typed: Mapping[str, str]) -> TableAnswer:
    """What a table makes of the typed answers; a count stands for as many ticked boxes."""
    answers: dict[str, Any] = {}
    for column in table.inputs:
        given = typed.get(f"try-{column.name}", "").strip()
        if column.counted:
            answers[column.name] = ["x"] * int(given) if given.isdecimal() and len(given) < 4 else "?"
        else:
            answers[column.name] = given
    return decide(table, answers)
