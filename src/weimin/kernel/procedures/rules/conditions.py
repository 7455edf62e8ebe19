"""The conditions of a gateway: a tiny language of names, constants, ==, !=, and, or, not.

Nothing is ever handed to Python's own evaluator: the text is parsed, each node of the syntax tree must
be on a short list, and the tree is walked here.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

MAX_LENGTH = 200
Value = str | int | float


class ConditionRefused(ValueError):
    """The text is not a condition; str() is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition.

    Shape:  names in order of the alphabet; compared holds each (name, constant) that meet in a comparison
    """

    text: str
    names: tuple[str, ...]
    compared: tuple[tuple[str, Value], ...]
    tree: ast.expr


@lru_cache(maxsize=2048)
def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises: ConditionRefused — too long, not an expression, or something outside the tiny language
    """
    text = text.strip()
    if not text:
        raise ConditionRefused("条件是空的，请写明，如 outcome == 'agree'。")
    if len(text) > MAX_LENGTH:
        raise ConditionRefused(f"条件太长，最多 {MAX_LENGTH} 个字符。")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise ConditionRefused(
            "条件读不懂，只能写成 outcome == 'agree' 这样的比较，用 and、or、not 连接。"
        ) from problem
    names: set[str] = set()
    compared: set[tuple[str, Value]] = set()
    _check(tree, names, compared)
    if not names:
        raise ConditionRefused("条件里没有用到任何环节的结论，永远是同一个结果。")
    return Condition(text, tuple(sorted(names)), tuple(sorted(compared, key=str)), tree)


def _check(node: ast.expr, names: set[str], compared: set[tuple[str, Value]]) -> None:
    if isinstance(node, ast.BoolOp):
        for part in node.values:
            _check(part, names, compared)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        _check(node.operand, names, compared)
    elif isinstance(node, ast.Compare):
        _check_comparison(node, names, compared)
    else:
        raise ConditionRefused(f"条件里不能有{_naming(node)}，只能用 ==、!= 比较，用 and、or、not 连接。")


def _check_comparison(node: ast.Compare, names: set[str], compared: set[tuple[str, Value]]) -> None:
    if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
        raise ConditionRefused("条件里的比较只能是一个 == 或 !=。")
    left, right = node.left, node.comparators[0]
    for side in (left, right):
        if isinstance(side, ast.Name):
            names.add(side.id)
        elif not (isinstance(side, ast.Constant) and type(side.value) in (str, int, float)):
            raise ConditionRefused(f"条件里不能有{_naming(side)}，== 和 != 两边只能是名称、文字或数字。")
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Name) and isinstance(other, ast.Constant):
            compared.add((one.id, other.value))  # type: ignore[arg-type]


_NODE_TEXT: dict[type[ast.expr], str] = {
    ast.Call: "函数调用",
    ast.Attribute: "属性（带点的名称）",
    ast.Subscript: "下标",
    ast.Lambda: "函数",
    ast.BinOp: "算式",
    ast.JoinedStr: "拼接的文字",
    ast.NamedExpr: "赋值",
    ast.IfExp: "三元表达式",
    ast.ListComp: "推导式",
    ast.GeneratorExp: "推导式",
    ast.Name: "单独一个名称",
    ast.Constant: "单独一个值",
}


def _naming(node: ast.expr) -> str:
    return _NODE_TEXT.get(type(node), "别的写法")


def evaluate(condition: Condition, values: Mapping[str, Value]) -> bool:
    """Whether a condition holds; a task that was not done yet counts as the empty text."""
    return _holds(condition.tree, values)


def _holds(node: ast.expr, values: Mapping[str, Value]) -> bool:
    if isinstance(node, ast.BoolOp):
        parts = (_holds(part, values) for part in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)
    if isinstance(node, ast.UnaryOp):
        return not _holds(node.operand, values)
    if isinstance(node, ast.Compare):
        equal = _value(node.left, values) == _value(node.comparators[0], values)
        return equal if isinstance(node.ops[0], ast.Eq) else not equal
    raise ConditionRefused("条件读不懂。")


def _value(node: ast.expr, values: Mapping[str, Value]) -> object:
    if isinstance(node, ast.Name):
        return values.get(node.id, "")
    if isinstance(node, ast.Constant):
        return node.value
    raise ConditionRefused("条件读不懂。")
