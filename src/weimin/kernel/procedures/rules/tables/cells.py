"""The cells of a decision table: the few unary tests of FEEL that a table of ours may hold.

A cell is `-` (anything), a value, a comparison (`<= 3`), a range (`[1..3]`), several of these with commas, or
`not(…)` around them. Nothing is handed to Python's evaluator or to a FEEL engine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

MAX_LENGTH = 300
Value = str | Decimal | bool

_LITERAL = r'"[^"\\\n]{0,60}"|-?\d{1,12}(?:\.\d{1,6})?|true|false'
_TEST = re.compile(
    rf"\s*(?:(?P<open>[\[\](])\s*(?P<low>{_LITERAL})\s*\.\.\s*(?P<high>{_LITERAL})\s*(?P<close>[\[\])])"
    rf"|(?P<op><=|>=|<|>)?\s*(?P<value>{_LITERAL}))\s*"
)
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)


class CellRefused(ValueError):
    """The text is not a cell that a table may hold; str() is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Span:
    """What one test admits: one value, or everything between two numbers (None: without an end)."""

    value: Value | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False

    def admits(self, given: Value) -> bool:
        """Whether a value passes."""
        if self.value is not None:
            return type(given) is type(self.value) and given == self.value
        if not isinstance(given, Decimal):
            return False
        if self.low is not None and (given < self.low or (self.low_open and given == self.low)):
            return False
        return self.high is None or not (given > self.high or (self.high_open and given == self.high))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell, read. No spans: anything passes."""

    text: str
    spans: tuple[Span, ...] = ()
    negated: bool = False

    def admits(self, given: Value) -> bool:
        """Whether a value passes the cell."""
        if not self.spans:
            return True
        return any(span.admits(given) for span in self.spans) != self.negated

    @property
    def bounds(self) -> tuple[Decimal, ...]:
        """The numbers at which the answer may change."""
        found: set[Decimal] = set()
        for span in self.spans:
            found |= {one for one in (span.value, span.low, span.high) if isinstance(one, Decimal)}
        return tuple(sorted(found))

    @property
    def values(self) -> tuple[Value, ...]:
        """The single values that the cell names."""
        return tuple(span.value for span in self.spans if span.value is not None)


@lru_cache(maxsize=4096)
def read_cell(text: str) -> Cell:
    """Read the cell of a condition.

    Raises: CellRefused — too long, or outside the few forms
    """
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise CellRefused(f"单元格太长，最多 {MAX_LENGTH} 个字符。")
    if text in ("", "-"):
        return Cell(text)
    negated = _NOT.fullmatch(text)
    return Cell(text, _read_spans(negated[1] if negated else text), bool(negated))


def _read_spans(text: str) -> tuple[Span, ...]:
    spans, place = [], 0
    while True:
        found = _TEST.match(text, place)
        if found is None:
            raise CellRefused(f'“{text[:40]}”读不懂。可以写："文字"、数字、<= 3、[1..3]、用逗号分开的几个，或 not(…)。')
        spans.append(_span(found))
        place = found.end()
        if place == len(text):
            return tuple(spans)
        if text[place] != ",":
            raise CellRefused(f"“{text[:40]}”读不懂，几个值之间要用英文逗号分开。")
        place += 1


def _span(found: re.Match[str]) -> Span:
    if found["open"]:
        low, high = read_value(found["low"]), read_value(found["high"])
        if not (isinstance(low, Decimal) and isinstance(high, Decimal)):
            raise CellRefused("范围的两头要是数字，如 [1..3]。")
        if low > high:
            raise CellRefused(f"范围 {found['low']}..{found['high']} 写反了，小的在前。")
        return Span(low=low, high=high, low_open=found["open"] != "[", high_open=found["close"] != "]")
    value = read_value(found["value"])
    if not found["op"]:
        return Span(value=value)
    if not isinstance(value, Decimal):
        raise CellRefused(f"{found['op']} 后面要是数字。")
    if found["op"].startswith("<"):
        return Span(high=value, high_open=found["op"] == "<")
    return Span(low=value, low_open=found["op"] == ">")


def read_value(text: str) -> Value:
    """One value as a table writes it: "text" in quotes, a number, true or false.

    Raises: CellRefused — none of these
    """
    text = text.strip()
    if not re.fullmatch(_LITERAL, text):
        raise CellRefused(f"“{text[:40]}”不是一个值。文字要加英文双引号，数字直接写。")
    if text.startswith('"'):
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    return Decimal(text)


def say_value(value: Value) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"“{value}”" if isinstance(value, str) else format(value.normalize(), "f")


def say_cell(cell: Cell) -> str:
    """What a cell asks for, in words: 小于等于 3；1 到 3；“是”或“否”."""
    if not cell.spans:
        return "不论"
    told = "或".join(_say_span(span) for span in cell.spans)
    return f"不是{told}" if cell.negated else told


def _say_span(span: Span) -> str:
    if span.value is not None:
        return say_value(span.value)
    parts = []
    if span.low is not None:
        parts.append(f"{'大于' if span.low_open else '不小于'} {say_value(span.low)}")
    if span.high is not None:
        parts.append(f"{'小于' if span.high_open else '不大于'} {say_value(span.high)}")
    if span.low is not None and span.high is not None and not span.low_open and not span.high_open:
        return f"{say_value(span.low)} 到 {say_value(span.high)}"
    return "且".join(parts)
