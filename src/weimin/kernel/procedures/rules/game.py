"""How tokens move through a graph, written from the BPMN rules and independent of the engine.

The checker explores with this; the engine is then rehearsed against it, so a difference between what
was checked and what runs is found before anything is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from weimin.kernel.procedures.rules.conditions import Value, evaluate
from weimin.kernel.procedures.rules.parse import Flow, Graph, Node


@dataclass(frozen=True, slots=True)
class Marking:
    """Where a procedure stands.

    Shape:  tasks are open task ids, joins are flows with a token that waits, ends are reached end ids; all sorted
    """

    tasks: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


class Stuck(Exception):
    """A token cannot move, or two tokens meet; rule and where say which and where."""

    def __init__(self, rule: str, where: str, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.rule, self.where, self.message, self.detail = rule, where, message, detail


def begin(graph: Graph, values: Mapping[str, Value], used: set[str]) -> Marking:
    """The marking after the start event.

    Raises: Stuck — the first token cannot move
    """
    return _run(graph, Marking(), graph.nodes[graph.start_id].outgoing, values, used)


def fire(graph: Graph, marking: Marking, task_id: str, values: Mapping[str, Value], used: set[str]) -> Marking:
    """The marking after a task is done; values already hold its outcome, used collects the flows taken.

    Raises: Stuck — no way or two ways at a gateway, or two tokens in one place
    """
    left = list(marking.tasks)
    left.remove(task_id)
    rest = Marking(tuple(left), marking.joins, marking.ends)
    return _run(graph, rest, graph.nodes[task_id].outgoing, values, used)


def _run(graph: Graph, marking: Marking, flows: list[Flow], values: Mapping[str, Value], used: set[str]) -> Marking:
    tasks, joins, ends = list(marking.tasks), list(marking.joins), list(marking.ends)
    waiting, moves = list(flows), 0
    while waiting:
        flow, moves = waiting.pop(), moves + 1
        if moves > 4 * len(graph.flows) + 8:
            raise Stuck("loop.no_task", flow.flow_id, "有一圈连线上没有任何环节，会永远转下去。")
        used.add(flow.flow_id)
        node = graph.nodes[flow.target]
        if node.kind == "task":
            tasks.append(node.node_id)
        elif node.kind == "end":
            ends.append(node.node_id)
        elif node.kind == "exclusive":
            waiting.append(choose(node, values))
        elif len(node.incoming) > 1:
            joins.append(flow.flow_id)
            if all(one.flow_id in joins for one in node.incoming):
                for one in node.incoming:
                    joins.remove(one.flow_id)
                waiting.extend(node.outgoing)
        else:
            waiting.extend(node.outgoing)
    for place, count in Counter([*tasks, *joins]).items():
        if count > 1:
            named = graph.nodes[place].name if place in graph.nodes else place
            raise Stuck("unsafe", place, f"“{named}”会同时来两次，分开的几路没有先汇合。")
    return Marking(tuple(sorted(tasks)), tuple(sorted(joins)), tuple(sorted(set(ends))))


def choose(node: Node, values: Mapping[str, Value]) -> Flow:
    """The one flow that leaves an exclusive gateway with these values.

    Raises: Stuck — none, or more than one
    """
    if len(node.outgoing) == 1:
        return node.outgoing[0]
    shown = node.name or node.node_id
    fits = [f for f in node.outgoing if f.condition is not None and evaluate(f.condition, values)]
    if len(fits) > 1:
        both = "”和“".join(flow.name or flow.flow_id for flow in fits)
        raise Stuck("gateway.two_ways", node.node_id, f"网关“{shown}”的出路“{both}”同时成立，不知走哪条。")
    if fits:
        return fits[0]
    for flow in node.outgoing:
        if flow.flow_id == node.default:
            return flow
    raise Stuck("gateway.no_way", node.node_id, f"网关“{shown}”没有一条出路成立，办到这里就断了。")
