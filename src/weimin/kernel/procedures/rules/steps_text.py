"""A procedure in words, step by step, for those who cannot see the picture."""

from __future__ import annotations

from collections import deque

from weimin.kernel.procedures.rules.conditions import evaluate
from weimin.kernel.procedures.rules.parse import Flow, Graph, Node
from weimin.kernel.procedures.types import (
    AGENCIES,
    OUTCOME_TEXT,
    ROLES,
    UNITS,
    TaskSpec,
)


def steps_text(graph: Graph) -> tuple[str, ...]:
    """One Chinese sentence group for each task: what, who, by when, and where each outcome leads.

    Shape:  lines numbered in the order in which the tasks are met from the start; the first line tells how it begins
    """
    order = _order(graph)
    numbers = {task.bpmn_id: place for place, task in enumerate(order, start=1)}
    begins = _after(graph, graph.nodes[graph.start_id].outgoing[0], {}, numbers)
    start = graph.nodes[graph.start_id].name or "开始"
    return (f"{start}后，{begins}。", *(_line(graph, task, numbers) for task in order))


def _order(graph: Graph) -> list[TaskSpec]:
    queue = deque([graph.start_id])
    seen, tasks = {graph.start_id}, []
    while queue:
        node = graph.nodes[queue.popleft()]
        if node.task is not None:
            tasks.append(node.task)
        for flow in node.outgoing:
            if flow.target not in seen:
                seen.add(flow.target)
                queue.append(flow.target)
    return tasks


def _line(graph: Graph, task: TaskSpec, numbers: dict[str, int]) -> str:
    who = AGENCIES.get(task.agency_rule, "联办部门")
    limit = f"，{task.limit_value} {UNITS[task.limit_unit]}内办完" if task.limit_value else ""
    flow = graph.nodes[task.bpmn_id].outgoing[0]
    ways: dict[str, list[str]] = {}
    for outcome in task.outcomes:
        values = {"outcome": outcome, task.bpmn_id: outcome}
        ways.setdefault(_after(graph, flow, values, numbers), []).append(OUTCOME_TEXT[outcome])
    if len(ways) == 1:
        told = f"办完后，{next(iter(ways))}"
        if len(task.outcomes) > 1:
            told = f"无论{'还是'.join(next(iter(ways.values())))}，{next(iter(ways))}"
    else:
        told = "；".join(f"{'或'.join(outcomes)}的，{way}" for way, outcomes in ways.items())
    return f"第{numbers[task.bpmn_id]}步 {task.name}：由{who}的{ROLES[task.role]}办{limit}。{told}。"


def _after(graph: Graph, flow: Flow, values: dict[str, str], numbers: dict[str, int]) -> str:
    node = graph.nodes[flow.target]
    if node.task is not None:
        return f"到第{numbers[node.node_id]}步“{node.name}”"
    if node.kind == "end":
        return f"结束（{node.name}）"
    if node.kind == "parallel":
        if len(node.incoming) > 1:
            return f"等几路都办完，{_after(graph, node.outgoing[0], {}, numbers)}"
        ways = "、".join(_after(graph, one, values, numbers).removeprefix("到") for one in node.outgoing)
        return f"同时办{ways}"
    return _choice(graph, node, values, numbers)


def _choice(graph: Graph, node: Node, values: dict[str, str], numbers: dict[str, int]) -> str:
    if len(node.outgoing) == 1:
        return _after(graph, node.outgoing[0], values, numbers)
    used = {name for flow in node.outgoing if flow.condition for name in flow.condition.names}
    if used <= set(values):
        for flow in node.outgoing:
            if flow.condition is not None and evaluate(flow.condition, values):
                return _after(graph, flow, values, numbers)
        for flow in node.outgoing:
            if flow.condition is None:
                return _after(graph, flow, values, numbers)
    ways = "；".join(f"{flow.name or '其他情况'}时{_after(graph, flow, {}, numbers)}" for flow in node.outgoing)
    return f"看{node.name or '情况'}：{ways}"
