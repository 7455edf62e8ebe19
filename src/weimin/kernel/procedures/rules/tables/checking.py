"""What a table makes of answers, and what is wrong with it: gaps, overlaps, rows that never count.

The check is complete for the cells that a table may hold: every column is cut at every number and value that any of
its cells names, all cells are constant on each piece, and every combination of pieces is tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from weimin.kernel.procedures.rules.reading import error
from weimin.kernel.procedures.rules.tables.cells import Value, say_cell, say_value
from weimin.kernel.procedures.rules.tables.reading import Input, Rule, Table, read_table
from weimin.kernel.procedures.types import Finding, TableAnswer

MAX_PIECES = 50_000
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what one answer can be, on which no cell changes its mind: a value that stands for it, and words."""

    value: Value
    words: str


@dataclass(frozen=True, slots=True)
class CheckedTable:
    """What the checker found, and the table when it could be read."""

    findings: tuple[Finding, ...]
    table: Table | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the table from being published."""
        return tuple(one for one in self.findings if one.level == "error")


@dataclass(slots=True)
class _Found:
    """Gaps as combinations, overlaps as pairs of rows with a combination that shows each, used rows as bits."""

    gaps: list[tuple[Piece, ...]] = field(default_factory=list)
    overlaps: dict[tuple[int, int], tuple[Piece, ...]] = field(default_factory=dict)
    used: int = 0


def check_table(xml: str) -> CheckedTable:
    """Everything that is wrong with a decision table.

    Cost:   some milliseconds; at most MAX_PIECES combinations are tried, a table that needs more is refused
    """
    table, findings = read_table(xml)
    if table is None:
        return CheckedTable(tuple(findings))
    pieces = [pieces_of(column, table.rules, place) for place, column in enumerate(table.inputs)]
    many = math.prod(len(one) for one in pieces)
    if many > MAX_PIECES:
        told = f"条件组合太多（{many} 种），无法逐一检查，请减少列或拆成几张表。"
        return CheckedTable((error("", "table.too_large", told),), table)
    found = _explore(table, pieces)
    return CheckedTable(tuple(_say(table, found)), table)


def pieces_of(column: Input, rules: Sequence[Rule], place: int) -> list[Piece]:
    """Cut what an answer can be where any cell of its column changes."""
    if column.type == "string":
        return [Piece(one, f"“{one}”") for one in column.values]
    if column.type == "boolean":
        return [Piece(one, say_value(one)) for one in (True, False) if column.domain.admits(one)]
    bounds = sorted({one for rule in rules for one in rule.cells[place].bounds} | set(column.domain.bounds))
    whole = column.type == "integer"
    found = _whole_pieces(bounds) if whole else _real_pieces(bounds)
    if column.counted:
        found = [one for one in found if isinstance(one.value, Decimal) and one.value >= 0]
    return [one for one in found if column.domain.admits(one.value)]


def _real_pieces(bounds: list[Decimal]) -> list[Piece]:
    if not bounds:
        return [Piece(Decimal(0), "任何数")]
    found = [Piece(bounds[0] - 1, f"小于 {say_value(bounds[0])}")]
    for place, one in enumerate(bounds):
        found.append(Piece(one, say_value(one)))
        if place + 1 < len(bounds):
            after = bounds[place + 1]
            found.append(Piece((one + after) / 2, f"大于 {say_value(one)} 小于 {say_value(after)}"))
    found.append(Piece(bounds[-1] + 1, f"大于 {say_value(bounds[-1])}"))
    return found


def _whole_pieces(bounds: list[Decimal]) -> list[Piece]:
    """For whole numbers a piece between two bounds may hold nothing."""
    if not bounds:
        return [Piece(Decimal(0), "任何数")]
    first, last = math.ceil(bounds[0]), math.floor(bounds[-1])
    found = [Piece(Decimal(first - 1), f"小于 {first}")]
    for place, one in enumerate(bounds):
        if one == one.to_integral_value():
            found.append(Piece(one, say_value(one)))
        if place + 1 < len(bounds):
            low, high = math.floor(one) + 1, math.ceil(bounds[place + 1]) - 1
            if low <= high:
                found.append(Piece(Decimal(low), f"{low}" if low == high else f"{low} 到 {high}"))
    found.append(Piece(Decimal(last + 1), f"大于 {last}"))
    return found


def _explore(table: Table, pieces: list[list[Piece]]) -> _Found:
    """Try every combination; the rows that a piece admits are bits of a number, so a combination costs a few ANDs."""
    found = _Found()
    rows = [[(piece, _rows_for(table, place, piece)) for piece in some] for place, some in enumerate(pieces)]
    everything = (1 << len(table.rules)) - 1
    for chosen in itertools.product(*rows):
        hits = everything
        for _, admitted in chosen:
            hits &= admitted
        if not hits:
            found.gaps.append(tuple(piece for piece, _ in chosen))
            continue
        first = hits & -hits
        if table.hit_policy == "FIRST":
            found.used |= first
            continue
        found.used |= hits
        if rest := hits ^ first:
            pair = (first.bit_length() - 1, (rest & -rest).bit_length() - 1)
            if pair not in found.overlaps:
                found.overlaps[pair] = tuple(piece for piece, _ in chosen)
    return found


def _rows_for(table: Table, place: int, piece: Piece) -> int:
    return sum(1 << row for row, rule in enumerate(table.rules) if rule.cells[place].admits(piece.value))


def hits_of(table: Table, values: Sequence[Value]) -> list[int]:
    """The places of the rows that hold, from the top."""
    return [
        place
        for place, rule in enumerate(table.rules)
        if all(cell.admits(value) for cell, value in zip(rule.cells, values, strict=True))
    ]


def _say(table: Table, found: _Found) -> list[Finding]:
    told = []
    gaps = _merged(found.gaps)
    for one in gaps[:SHOWN]:
        told.append(error(table.decision_id, "table.gap", f"有空档：{_when(table, one)}时，没有一行成立。请补一行。"))
    if len(gaps) > SHOWN:
        told.append(error(table.decision_id, "table.gap", f"另有 {len(gaps) - SHOWN} 处空档，补好前面的再看。"))
    for (upper, lower), chosen in list(found.overlaps.items())[:SHOWN]:
        example = _when(table, [(piece.words,) for piece in chosen])
        same = table.rules[upper].results == table.rules[lower].results
        more = "两行结论一样，可以合成一行。" if same else "两行结论不同，不知听哪一行的。"
        sentence = f"第 {upper + 1} 行和第 {lower + 1} 行重叠：例如{example}时都成立，{more}"
        told.append(error(table.rules[lower].rule_id, "table.overlap", sentence))
    for place, rule in enumerate(table.rules):
        if not found.used >> place & 1:
            why = "前面的行已经都包括了" if table.hit_policy == "FIRST" else "它的条件不可能同时成立"
            told.append(error(rule.rule_id, "table.unused", f"第 {place + 1} 行永远用不到，{why}。请删去或改条件。"))
    return told


def _merged(gaps: list[tuple[Piece, ...]]) -> list[list[tuple[str, ...]]]:
    """Gaps that differ in one column only, told together; the column that makes the list shortest is merged."""
    if not gaps:
        return []
    best: list[list[tuple[str, ...]]] = []
    for column in range(len(gaps[0])):
        groups: dict[tuple[str, ...], list[str]] = {}
        for gap in gaps:
            rest = tuple(one.words for place, one in enumerate(gap) if place != column)
            groups.setdefault(rest, []).append(gap[column].words)
        told = [
            [(one,) for one in rest[:column]] + [tuple(words)] + [(one,) for one in rest[column:]]
            for rest, words in groups.items()
        ]
        if not best or len(told) < len(best):
            best = told
    return best


def _when(table: Table, words: Sequence[tuple[str, ...]]) -> str:
    return "，".join(f"{column.label}为{'或'.join(some)}" for column, some in zip(table.inputs, words, strict=True))


def decide(table: Table, answers: Mapping[str, Any]) -> TableAnswer:
    """What a table says about answers, and why.

    Shape:  row is 0 and `why` tells what is missing when no row could be found
    """
    values: list[Value] = []
    for column in table.inputs:
        value = value_of(column, answers.get(column.name))
        if value is None:
            return TableAnswer(0, (), f"还没有“{column.label}”的回答，对不了表。")
        if not column.domain.admits(value):
            return TableAnswer(0, (), f"“{column.label}”的回答{say_value(value)}不在表的范围里。")
        values.append(value)
    hits = hits_of(table, values)
    given = "，".join(f"{column.label}为{say_value(value)}" for column, value in zip(table.inputs, values, strict=True))
    if not hits:
        return TableAnswer(0, (), f"{given}：没有一行成立。")
    rule = table.rules[hits[0]]
    asked = "，".join(
        f"{column.label}{say_cell(cell)}" for column, cell in zip(table.inputs, rule.cells, strict=True) if cell.spans
    )
    results = tuple(
        (column.name, column.label, value if isinstance(value, str) else say_value(value))
        for column, value in zip(table.outputs, rule.results, strict=True)
    )
    note = f"（{rule.note}）" if rule.note else ""
    return TableAnswer(hits[0] + 1, results, f"{given}，符合第 {hits[0] + 1} 行：{asked or '其他情况'}{note}。")


def value_of(column: Input, given: Any) -> Value | None:
    """An answer as a table compares it; None when there is none that the column could use.

    Nothing ticked is an answer for a column that counts.
    """
    if column.counted:
        if given is None or given == "":
            return Decimal(0)
        return Decimal(len(given)) if isinstance(given, list | tuple) else None
    if given is None or given == "":
        return None
    if column.type == "string":
        return str(given) if isinstance(given, str | int) else None
    if column.type == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(str(given).lower())
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        return None
    usable = number.is_finite() and (column.type == "number" or number == number.to_integral_value())
    return number if usable else None
