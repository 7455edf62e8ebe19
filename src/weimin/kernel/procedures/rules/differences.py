"""What differs between two versions of a drawing or of a decision table, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weimin.kernel.procedures.rules.parse import Flow, Graph, Node
from weimin.kernel.procedures.rules.tables.cells import say_cell, say_value
from weimin.kernel.procedures.rules.tables.reading import HIT_POLICIES, Table
from weimin.kernel.procedures.rules.telling import say_who
from weimin.kernel.procedures.types import KINDS, OUTCOME_TEXT, UNITS, Difference

_NODE_TEXT = {"start": "开始", "end": "结束", "task": "环节", "exclusive": "选择网关", "parallel": "并行网关"}


def compare_graphs(before: Graph, after: Graph) -> tuple[Difference, ...]:
    """Elements added, removed and changed; what merely moved on the sheet is no difference.

    Shape:  the procedure itself first, then nodes, then arrows, each in the order of the newer file
    """
    own = {"名称": (before.name, after.name), "开始数据": (_inputs(before), _inputs(after))}
    found = list(_changed(after.process_id, "流程", own))
    found += _compare(
        {one.node_id: (_named(one), _node_parts(one)) for one in before.nodes.values()},
        {one.node_id: (_named(one), _node_parts(one)) for one in after.nodes.values()},
    )
    # an arrow did not change because the step at its end has another name now
    names = {one.node_id: one.name or one.node_id for one in [*before.nodes.values(), *after.nodes.values()]}
    found += _compare(
        {one.flow_id: (_arrow(before, one), _flow_parts(before, one, names)) for one in before.flows.values()},
        {one.flow_id: (_arrow(after, one), _flow_parts(after, one, names)) for one in after.flows.values()},
    )
    return tuple(found)


def _inputs(graph: Graph) -> str:
    return "；".join(f"{name}（{'、'.join(values)}）" for name, values in graph.inputs)


def _named(node: Node) -> str:
    return f"{_NODE_TEXT[node.kind]}“{node.name or node.node_id}”"


def _arrow(graph: Graph, flow: Flow) -> str:
    ends = [graph.nodes[one].name or graph.nodes[one].node_id for one in (flow.source, flow.target)]
    return f"连线“{ends[0]} → {ends[1]}”"


def _node_parts(node: Node) -> dict[str, str]:
    parts = {"类型": _NODE_TEXT[node.kind], "名称": node.name}
    task = node.task
    if task is not None:
        limit = f"{task.limit_value} {UNITS[task.limit_unit]}" if task.limit_value else "不单设"
        parts |= {
            "种类": KINDS.get(task.kind, task.kind),
            "由谁办": say_who(task),
            "期限": limit,
            "结论": "、".join(OUTCOME_TEXT[one] for one in task.outcomes),
        }
    return parts


def _flow_parts(graph: Graph, flow: Flow, names: Mapping[str, str]) -> dict[str, str]:
    default = graph.nodes[flow.source].default == flow.flow_id
    condition = "其他情况" if default else flow.condition.text if flow.condition else "无"
    return {"文字": flow.name, "条件": condition, "从": names[flow.source], "到": names[flow.target]}


def compare_tables(before: Table, after: Table) -> tuple[Difference, ...]:
    """Columns and rows added, removed and changed, and the way in which rows are taken."""
    own = {
        "名称": (before.name, after.name),
        "说明": (before.about, after.about),
        "命中方式": (HIT_POLICIES[before.hit_policy], HIT_POLICIES[after.hit_policy]),
    }
    found = list(_changed(after.decision_id, "决策表", own))
    found += _compare(_columns(before), _columns(after))
    found += _compare(_rows(before), _rows(after))
    return tuple(found)


def _columns(table: Table) -> dict[str, tuple[str, dict[str, str]]]:
    told: dict[str, tuple[str, dict[str, str]]] = {}
    for one in table.inputs:
        values = "、".join(one.values) or say_cell(one.domain)
        counted = "选了几项" if one.counted else "回答"
        told[one.column_id] = (
            f"条件“{one.label}”",
            {"名称": one.label, "看哪个问题": f"{one.name}（{counted}）", "类型": one.type, "可选值": values},
        )
    for result in table.outputs:
        values = "、".join(say_value(one) for one in result.values) or "不限"
        told[result.column_id] = (
            f"结论“{result.label}”",
            {"名称": result.label, "编号": result.name, "可选值": values},
        )
    return told


def _rows(table: Table) -> dict[str, tuple[str, dict[str, str]]]:
    told = {}
    for place, rule in enumerate(table.rules, start=1):
        parts = {one.label: say_cell(cell) for one, cell in zip(table.inputs, rule.cells, strict=True)}
        parts |= {one.label: say_value(value) for one, value in zip(table.outputs, rule.results, strict=True)}
        told[rule.rule_id] = (f"第 {place} 行", parts | {"说明": rule.note})
    return told


def _compare(
    before: Mapping[str, tuple[str, Mapping[str, str]]], after: Mapping[str, tuple[str, Mapping[str, str]]]
) -> list[Difference]:
    found: list[Difference] = []
    for where, (what, parts) in after.items():
        if where not in before:
            found.append(Difference(where, "added", what))
            continue
        old = before[where][1]
        pairs = {name: (old.get(name, ""), parts.get(name, "")) for name in dict.fromkeys([*old, *parts])}
        found.extend(_changed(where, what, pairs))
    found += [Difference(where, "removed", what) for where, (what, _) in before.items() if where not in after]
    return found


def _changed(where: str, what: str, parts: Mapping[str, tuple[str, str]]) -> Iterable[Difference]:
    told = tuple((name, old, new) for name, (old, new) in parts.items() if old != new)
    if told:
        yield Difference(where, "changed", what, told)
