"""Decision tables: what a cell admits, what a table says, gaps and overlaps found, and bad files refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.procedures.rules.tables.cells import CellRefused, read_cell, say_cell
from weimin.kernel.procedures.rules.tables.checking import check_table, decide, hits_of
from weimin.kernel.procedures.testing import SHIPPED_TABLES, decision_table

SOUND = SHIPPED_TABLES["self_care"].read_text(encoding="utf-8")
NUMBER = ("age:number:[0..150]",)


def rules(xml: str) -> list[str]:
    return [one.rule for one in check_table(xml).findings]


@pytest.mark.parametrize(
    ("text", "inside", "outside", "words"),
    [
        ("", ["a", 1], [], "不论"),
        ("-", [False, 1], [], "不论"),
        ('"a"', ["a"], ["b", 1], "“a”"),
        ('"a","b"', ["a", "b"], ["c"], "“a”或“b”"),
        ('not("a","b")', ["c"], ["a", "b"], "不是“a”或“b”"),
        ("3", [3], [2, 4, "3"], "3"),
        ("<= 3", [3, -9], [4], "不大于 3"),
        ("< 3", [2], [3], "小于 3"),
        (">= 3", [3], [2], "不小于 3"),
        ("> 3", [4], [3], "大于 3"),
        ("[1..3]", [1, 3], [0, 4], "1 到 3"),
        ("(1..3)", [2], [1, 3], "大于 1且小于 3"),
        ("]1..3]", [3], [1], "大于 1且不大于 3"),
        ("[1..3],7", [2, 7], [5], "1 到 3或7"),
        ("-5", [-5], [5], "-5"),
        ("true", [True], [False, "true", 1], "是"),
    ],
)
def test_a_cell_admits_what_it_says(text: str, inside: list[object], outside: list[object], words: str) -> None:
    def value(one: object) -> object:
        return Decimal(one) if isinstance(one, int) and not isinstance(one, bool) else one

    cell = read_cell(text)
    assert all(cell.admits(value(one)) for one in inside)  # type: ignore[arg-type]
    assert not any(cell.admits(value(one)) for one in outside)  # type: ignore[arg-type]
    assert say_cell(cell) == words


@pytest.mark.parametrize(
    "text",
    ["a", "1 2", "[3..1]", '["a".."b"]', '< "a"', "1,,2", "1,", "date(\"2026-01-01\")", "? > 3", "count(x) > 1",
     "__import__('os')", "1e9", '"' + "长" * 61 + '"', "1," * 200 + "1"],
)  # fmt: skip
def test_a_cell_outside_the_few_forms_is_refused(text: str) -> None:
    with pytest.raises(CellRefused):
        read_cell(text)


@pytest.mark.parametrize("code", SHIPPED_TABLES)
def test_shipped_tables_pass(code: str) -> None:
    checked = check_table(SHIPPED_TABLES[code].read_text(encoding="utf-8"))
    assert checked.findings == ()
    assert checked.table is not None and checked.table.decision_id == code


@pytest.mark.parametrize(
    ("unable", "told"),
    [
        (0, "具备生活自理能力"),
        (1, "部分丧失生活自理能力"),
        (3, "部分丧失生活自理能力"),
        (4, "完全丧失生活自理能力"),
        (6, "完全丧失生活自理能力"),
    ],
)
def test_self_care_is_read_as_the_measure_says(unable: int, told: str) -> None:
    """Law: tkbf-2021 art. 21, 22"""
    table = check_table(SOUND).table
    assert table is not None
    answer = decide(table, {"ability": ["x"] * unable})
    assert answer.results == (("self_care", "自理能力", told),)
    assert answer.row == {0: 1, 1: 2, 3: 2, 4: 3, 6: 3}[unable]
    assert "第二十二条" in answer.why


@pytest.mark.parametrize(
    ("answers", "told"),
    [({"ability": ["x"] * 7}, "不在表的范围里"), ({"ability": 3}, "还没有"), ({}, "符合第 1 行")],
)
def test_answers_that_a_table_cannot_read_say_so(answers: dict[str, object], told: str) -> None:
    table = check_table(SOUND).table
    assert table is not None and told in decide(table, answers).why


BAD = {
    "table.gap": (decision_table(NUMBER, ["<60|no", ">60|yes"]), "有空档：age为60时，没有一行成立"),
    "table.overlap": (decision_table(NUMBER, ["<=60|no", ">=60|yes"]), "例如age为60时都成立，两行结论不同"),
    "table.unused": (decision_table(NUMBER, ["-|no", ">60|yes"], policy="FIRST"), "第 2 行永远用不到"),
    "table.policy": (decision_table(NUMBER, ["-|no"], policy="COLLECT"), "命中方式 COLLECT 不能用"),
    "table.rows": (decision_table(NUMBER, []), "1 到 200 行"),
    "table.too_large": (
        decision_table([f"n{one}:number:" for one in range(9)], ["|".join([*["<1,>2,>3"] * 9, "no"])]),
        "条件组合太多",
    ),
    "input.values": (decision_table(["kind:string:"], ["-|no"]), "要列出全部可选值"),
    "input.expression": (decision_table(["a + b:number:"], ["-|no"]), "表达式“a + b”不能用"),
    "input.type": (decision_table(["day:date:"], ["-|no"]), "类型 date 不能用"),
    "column.twice": (decision_table(["a:number:", "a:number:"], ["-|-|no"]), "有两列条件都是 a"),
    "cell.broken": (decision_table(NUMBER, ["old|no"]), "第 1 行的“age”：“old”读不懂"),
    "cell.type": (decision_table(['kind:string:"a","b"'], ["<3|no", '"a","b"|no']), "这一列不是数字"),
    "cell.value": (decision_table(['kind:string:"a","b"'], ['"c"|no', "-|no"]), "写的值不在可选值里"),
    "cell.result": (decision_table(NUMBER, ["-|today()"], quoted=False), "第 1 行的“结论”"),
    "rule.columns": (decision_table(NUMBER, ["-|-|no"]), "格数和列数对不上"),
}


@pytest.mark.parametrize("rule", BAD)
def test_each_fault_of_a_table_is_named_in_words(rule: str) -> None:
    xml, told = BAD[rule]
    found = {one.rule: one.message_zh for one in check_table(xml).findings}
    assert rule in found and told in found[rule]


def test_gaps_that_differ_in_one_column_are_told_together() -> None:
    xml = decision_table(['kind:string:"a","b","c"', "age:number:[0..9]"], ['"a"|-|no', '"b"|<5|yes'])
    told = [one.message_zh for one in check_table(xml).findings]
    assert any("kind为“b”，age为5或大于 5 小于 9或9时" in one for one in told)


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        ("<not", "xml.broken"),
        ("<a/>", "xml.not_dmn"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + SOUND, "xml.doctype"),
        (SOUND.replace("</text>", "x" * 600_000 + "</text>", 1), "xml.size"),
        (SOUND.replace("<decisionTable", "<literalExpression/><decisionTable", 1), "element.forbidden"),
        (SOUND.replace("<rule ", "<extensionElements/><rule ", 1), "element.forbidden"),
        (SOUND.replace("<rule ", '<x xmlns="urn:x"/><rule ', 1), "element.forbidden"),
        (SOUND.replace("<rule ", '<rule onload="x" ', 1), "attribute.unknown"),
        (SOUND.replace("</definitions>", '<decision id="b" name="b"/></definitions>'), "table.one"),
        (SOUND.replace("20191111", "20151101", 1), "xml.not_dmn"),
    ],
)
def test_a_file_that_is_no_safe_table_is_refused(xml: str, rule: str) -> None:
    assert rules(xml)[0] == rule
    assert check_table(xml).table is None


CELLS = st.sampled_from(["-", "<2", "<=2", ">2", ">=2", "2", "[1..3]", "(1..3)", "not(2)", "[0..1],4"])
WORDS = st.sampled_from(["-", '"a"', '"a","b"', 'not("a")', '"c"'])


@given(rows=st.lists(st.tuples(CELLS, WORDS), min_size=1, max_size=5), whole=st.booleans())
def test_the_checker_and_the_reader_agree_on_every_answer(rows: list[tuple[str, str]], whole: bool) -> None:
    """A table without findings has exactly one row for every answer; one with a gap or overlap has an answer that shows it."""
    kind = "integer" if whole else "number"
    inputs = [f"n:{kind}:[-1..5]", 'k:string:"a","b","c"']
    checked = check_table(decision_table(inputs, [f"{one}|{other}|no" for one, other in rows]))
    assert checked.table is not None
    numbers = [Decimal(one) / (1 if whole else 4) for one in range(-1 if whole else -4, 6 if whole else 21)]
    counts = [len(hits_of(checked.table, [number, word])) for number in numbers for word in ("a", "b", "c")]
    found = {one.rule for one in checked.findings}
    assert ("table.gap" in found) == (min(counts) == 0)
    assert ("table.overlap" in found) == (max(counts) > 1)
