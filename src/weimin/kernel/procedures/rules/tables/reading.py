"""Read a DMN file safely into one decision table; whatever is not on the list is refused, not ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from weimin.kernel.procedures.rules.reading import error, parse_safely
from weimin.kernel.procedures.rules.tables.cells import Cell, CellRefused, Value, read_cell, read_value
from weimin.kernel.procedures.types import Finding

DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
_DRAWING = frozenset(
    {
        "https://www.omg.org/spec/DMN/20191111/DMNDI/",
        "http://www.omg.org/spec/DMN/20180521/DC/",
        "http://www.omg.org/spec/DMN/20180521/DI/",
    }
)
#: What drawing tools write beside the content, such as column widths.
_HARMLESS = frozenset({"http://bpmn.io/schema/dmn/biodi/1.0", "http://bpmn.io/schema/dmn/biodi/2.0"})
MAX_RULES = 200
MAX_INPUTS = 10
MAX_OUTPUTS = 5
MAX_TEXT = 60
HIT_POLICIES = {"UNIQUE": "只能有一行成立", "FIRST": "从上往下，第一行成立的算"}
ColumnType = Literal["string", "number", "integer", "boolean"]
TYPES: dict[str, ColumnType] = {
    "string": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
}
ELEMENTS: dict[str, frozenset[str]] = {
    "definitions": frozenset({"id", "name", "namespace", "exporter", "exporterVersion"}),
    "decision": frozenset({"id", "name", "label"}),
    "variable": frozenset({"id", "name", "typeRef"}),
    "description": frozenset(),
    "decisionTable": frozenset({"id", "hitPolicy", "label"}),
    "input": frozenset({"id", "label"}),
    "inputExpression": frozenset({"id", "typeRef", "label", "expressionLanguage"}),
    "inputValues": frozenset({"id"}),
    "output": frozenset({"id", "label", "name", "typeRef"}),
    "outputValues": frozenset({"id"}),
    "rule": frozenset({"id"}),
    "inputEntry": frozenset({"id"}),
    "outputEntry": frozenset({"id"}),
    "text": frozenset(),
}
_REFUSED_TEXT = {
    "literalExpression": "自由表达式：能执行算式，请改成一张表",
    "invocation": "调用：一张表要自己看得全",
    "context": "上下文：一张表要自己看得全",
    "businessKnowledgeModel": "业务知识模型：一个文件只放一张表",
    "inputData": "输入数据图：一个文件只放一张表",
    "knowledgeSource": "知识来源图：请把依据写在表的说明里",
    "informationRequirement": "依赖别的表：一张表要自己看得全",
    "annotation": "另加的说明列：请写在每行自带的说明里",
    "annotationEntry": "另加的说明：请写在每行自带的说明里",
    "extensionElements": "扩展内容：里面可能有别的软件的脚本，请删去",
    "import": "引用别的文件",
}
_EXPRESSION = re.compile(r"(?:(count)\s*\(\s*)?([a-z][a-z0-9_]{0,30})(?(1)\s*\))")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions: which answer it looks at, and what that answer can be.

    Shape:  counted when it looks at how many boxes were ticked; values for texts, domain for numbers (no spans: any)
    """

    column_id: str
    label: str
    name: str
    counted: bool
    type: ColumnType
    values: tuple[str, ...]
    domain: Cell


@dataclass(frozen=True, slots=True)
class Output:
    """A column of conclusions."""

    column_id: str
    label: str
    name: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: what must hold, what follows, and a note."""

    rule_id: str
    cells: tuple[Cell, ...]
    results: tuple[Value, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A whole decision table."""

    decision_id: str
    name: str
    about: str
    hit_policy: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]


def read_table(xml: str) -> tuple[Table | None, list[Finding]]:
    """The table of a DMN text, or why there is none.

    Shape:  (table or None, findings); a table comes back only when every part could be read
    """
    root, findings = parse_safely(xml)
    if root is None:
        return None, findings
    findings = _check_elements(root)
    if findings:
        return None, findings
    decisions = root.findall(_tag("decision"))
    tables = decisions[0].findall(_tag("decisionTable")) if len(decisions) == 1 else []
    if len(tables) != 1:
        return None, [error("", "table.one", "一个文件只放一张决策表。")]
    table = _table(decisions[0], tables[0], findings)
    return (None if findings else table), findings


def _tag(name: str) -> str:
    return f"{{{DMN}}}{name}"


def _check_elements(root: Any) -> list[Finding]:
    if root.tag != _tag("definitions"):
        return [error("", "xml.not_dmn", "这不是 DMN 1.3 决策表文件。")]
    findings: list[Finding] = []
    if root.getprevious() is not None:
        findings.append(error("", "element.unknown", "文件开头有处理指令，请删去。"))
    for element in root.iter():
        if not isinstance(element.tag, str):
            findings.append(error("", "element.unknown", "文件里有处理指令或实体引用，请删去。"))
            continue
        name = etree.QName(element)
        where = element.get("id") or name.localname
        if name.namespace in _DRAWING:
            continue
        if name.namespace != DMN or name.localname not in ELEMENTS:
            told = _REFUSED_TEXT.get(name.localname, f"不认识的元素 {name.localname}，请删去")
            findings.append(error(where, "element.forbidden", f"决策表里有{told}。"))
            continue
        for key in element.attrib:
            attribute = etree.QName(key)
            if (attribute.namespace is None and attribute.localname not in ELEMENTS[name.localname]) or (
                attribute.namespace is not None and attribute.namespace not in _HARMLESS
            ):
                findings.append(error(where, "attribute.unknown", f"“{where}”上有不认识的属性 {attribute.localname}。"))
    return findings[:50]


def _text(element: Any, path: str) -> str:
    found = element.find("/".join(_tag(one) for one in path.split("/")))
    return "" if found is None or found.text is None else str(found.text).strip()


def _table(decision: Any, element: Any, findings: list[Finding]) -> Table:
    policy = element.get("hitPolicy", "UNIQUE")
    if policy not in HIT_POLICIES:
        told = "；".join(f"{code}（{text}）" for code, text in HIT_POLICIES.items())
        findings.append(error(element.get("id", ""), "table.policy", f"命中方式 {policy} 不能用，只能是：{told}。"))
    name = " ".join(decision.get("name", "").split())
    if not name or len(name) > MAX_TEXT:
        findings.append(error(decision.get("id", ""), "name.missing", f"决策表要有名称，最多 {MAX_TEXT} 个字。"))
    inputs = tuple(_input(one, place, findings) for place, one in enumerate(element.findall(_tag("input")), start=1))
    outputs = tuple(_output(one, place, findings) for place, one in enumerate(element.findall(_tag("output")), start=1))
    if not 0 < len(inputs) <= MAX_INPUTS or not 0 < len(outputs) <= MAX_OUTPUTS:
        told = f"条件列要有 1 到 {MAX_INPUTS} 列，结论列要有 1 到 {MAX_OUTPUTS} 列。"
        findings.append(error(element.get("id", ""), "table.columns", told))
    for kind, names in (("条件", [_key(one) for one in inputs]), ("结论", [one.name for one in outputs])):
        for twice in sorted({one for one in names if names.count(one) > 1}):
            findings.append(error(element.get("id", ""), "column.twice", f"有两列{kind}都是 {twice}。"))
    rows = element.findall(_tag("rule"))
    if not 0 < len(rows) <= MAX_RULES:
        findings.append(error(element.get("id", ""), "table.rows", f"决策表要有 1 到 {MAX_RULES} 行。"))
    rules = tuple(_rule(one, place, inputs, outputs, findings) for place, one in enumerate(rows[:MAX_RULES], start=1))
    return Table(decision.get("id", ""), name, _text(decision, "description"), policy, inputs, outputs, rules)


def _key(one: Input) -> str:
    return f"count({one.name})" if one.counted else one.name


def _input(element: Any, place: int, findings: list[Finding]) -> Input:
    where = element.get("id", "")
    label = " ".join((element.get("label") or "").split())
    expression = element.find(_tag("inputExpression"))
    text = _text(element, "inputExpression/text")
    given = expression.get("typeRef", "string") if expression is not None else "string"
    shown = f"第 {place} 个条件“{label or text}”"
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        told = f"{shown}的表达式“{text[:40]}”不能用：只能写表单问题的编号，或 count(编号) 数选了几项。"
        findings.append(error(where, "input.expression", told))
    if not label or len(label) > MAX_TEXT:
        findings.append(error(where, "name.missing", f"第 {place} 个条件没有名称或太长，最多 {MAX_TEXT} 个字。"))
    counted = bool(found and found[1])
    kind: ColumnType = "integer" if counted else TYPES.get(given, "string")
    if given not in TYPES:
        findings.append(error(where, "input.type", f"{shown}的类型 {given} 不能用，只能是文字、数字、是否。"))
    values, domain = _domain(_text(element, "inputValues/text"), kind, shown, where, findings)
    return Input(where, label, found[2] if found else "", counted, kind, values, domain)


def _domain(text: str, kind: str, shown: str, where: str, findings: list[Finding]) -> tuple[tuple[str, ...], Cell]:
    """What an answer can be; a text must list it, since otherwise nobody can say what is missing."""
    try:
        domain = read_cell(text)
    except CellRefused as refused:
        findings.append(error(where, "input.values", f"{shown}的可选值：{refused}"))
        return (), Cell("")
    values = domain.values
    if kind == "string":
        texts = tuple(one for one in values if isinstance(one, str))
        if not texts or len(texts) != len(domain.spans) or domain.negated or len(set(texts)) != len(texts):
            findings.append(error(where, "input.values", f'{shown}要列出全部可选值，如 "yes","no"，不能重复。'))
        return texts, domain
    if any(not isinstance(one, bool if kind == "boolean" else _NUMBER) for one in values) or domain.negated:
        findings.append(error(where, "input.values", f"{shown}的可选值和类型不一致。"))
    return (), domain


_NUMBER = type(read_value("0"))


def _output(element: Any, place: int, findings: list[Finding]) -> Output:
    where, name = element.get("id", ""), element.get("name", "")
    label = " ".join((element.get("label") or "").split())
    if not _NAME.fullmatch(name):
        told = f"第 {place} 个结论“{label}”的编号“{name[:40]}”不能用，要用小写字母开头的英文。"
        findings.append(error(where, "output.name", told))
    if not label or len(label) > MAX_TEXT:
        findings.append(error(where, "name.missing", f"第 {place} 个结论没有名称或太长，最多 {MAX_TEXT} 个字。"))
    try:
        domain = read_cell(_text(element, "outputValues/text"))
    except CellRefused as refused:
        findings.append(error(where, "output.values", f"第 {place} 个结论的可选值：{refused}"))
        domain = Cell("")
    return Output(where, label, name, domain.values)


def _rule(
    element: Any, place: int, inputs: tuple[Input, ...], outputs: tuple[Output, ...], findings: list[Finding]
) -> Rule:
    where = element.get("id", "")
    tests, results = element.findall(_tag("inputEntry")), element.findall(_tag("outputEntry"))
    if len(tests) != len(inputs) or len(results) != len(outputs):
        findings.append(error(where, "rule.columns", f"第 {place} 行的格数和列数对不上。"))
    cells, told = [], []
    for column, one in zip(inputs, tests, strict=False):
        cells.append(_cell(one, place, column, findings))
    for result, one in zip(outputs, results, strict=False):
        try:
            value = read_value(_text(one, "text"))
        except CellRefused as refused:
            findings.append(error(one.get("id", where), "cell.result", f"第 {place} 行的“{result.label}”：{refused}"))
            continue
        if result.values and value not in result.values:
            sentence = f"第 {place} 行的“{result.label}”不在可选值里。"
            findings.append(error(one.get("id", where), "cell.result", sentence))
        told.append(value)
    return Rule(where, tuple(cells), tuple(told), _text(element, "description")[:200])


def _cell(element: Any, place: int, column: Input, findings: list[Finding]) -> Cell:
    shown = f"第 {place} 行的“{column.label}”"
    where = element.get("id", "")
    try:
        cell = read_cell(_text(element, "text"))
    except CellRefused as refused:
        findings.append(error(where, "cell.broken", f"{shown}：{refused}"))
        return Cell("")
    for value in cell.values:
        right = str if column.type == "string" else bool if column.type == "boolean" else _NUMBER
        if type(value) is not right:
            findings.append(error(where, "cell.type", f"{shown}写的值和这一列的类型不一致。"))
        elif not column.domain.admits(value):
            findings.append(error(where, "cell.value", f"{shown}写的值不在可选值里。"))
    if cell.bounds and column.type in ("string", "boolean"):
        findings.append(error(where, "cell.type", f"{shown}写的是数字，这一列不是数字。"))
    return cell
