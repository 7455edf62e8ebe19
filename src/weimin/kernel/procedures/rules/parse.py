"""Turn a safely read BPMN tree into a graph of nodes and flows, and check each node by itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from weimin.kernel.procedures.rules.conditions import (
    Condition,
    ConditionRefused,
    parse_condition,
)
from weimin.kernel.procedures.rules.reading import BPMN, RESERVED, WEIMIN, error
from weimin.kernel.procedures.types import (
    AGENCIES,
    DEFAULT_OUTCOMES,
    KINDS,
    OUTCOMES,
    ROLES,
    UNITS,
    Finding,
    TaskSpec,
)

NodeKind = Literal["start", "end", "task", "exclusive", "parallel"]
NODE_KINDS: dict[str, NodeKind] = {
    "startEvent": "start",
    "endEvent": "end",
    "userTask": "task",
    "exclusiveGateway": "exclusive",
    "parallelGateway": "parallel",
}
MAX_NODES = 100
MAX_NAME = 40
MAX_LIMIT = 3650
#: Which roles may take a task of a kind: who accepts is at the window, who decides answers for it.
KIND_ROLES: dict[str, frozenset[str]] = {
    "accept": frozenset({"front_desk"}),
    "decide": frozenset({"decider"}),
    "issue": frozenset({"issuer", "front_desk"}),
    "result": frozenset({"issuer", "reviewer", "decider"}),
    "review": frozenset({"reviewer", "decider"}),
    "survey": frozenset({"reviewer"}),
    "notice": frozenset({"reviewer", "front_desk"}),
    "register": frozenset({"reviewer", "front_desk"}),
}
_BODY = re.compile(r"body:[a-z][a-z0-9_]{0,30}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,30}")


@dataclass(frozen=True, slots=True)
class Flow:
    """An arrow, with the condition under which it is taken (None: always, or the default)."""

    flow_id: str
    source: str
    target: str
    name: str
    condition: Condition | None


@dataclass(slots=True)
class Node:
    """A drawn node with its arrows."""

    node_id: str
    kind: NodeKind
    name: str
    task: TaskSpec | None = None
    default: str = ""
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole procedure as nodes and flows.

    Shape:  inputs are (name, possible values): what the caller must say at the start; after is "decided"
            for a procedure that goes on from a decision that law has made, else ""
    """

    process_id: str
    name: str
    start_id: str
    nodes: Mapping[str, Node]
    flows: Mapping[str, Flow]
    inputs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    after: str = ""

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """The tasks in the order in which they stand in the file."""
        return tuple(node.task for node in self.nodes.values() if node.task is not None)

    def start_values(self) -> list[dict[str, str]]:
        """Every combination of inputs that a caller may give."""
        names = [name for name, _ in self.inputs]
        return [
            dict(zip(names, chosen, strict=True))
            for chosen in itertools.product(*(values for _, values in self.inputs))
        ]


def _tag(name: str) -> str:
    return f"{{{BPMN}}}{name}"


def build_graph(root: Any) -> tuple[Graph | None, list[Finding]]:
    """The graph of a safely read tree, and what is wrong with its single parts.

    Shape:  (graph, findings); no graph when its arrows cannot be followed at all
    """
    processes = root.findall(_tag("process"))
    if len(processes) != 1:
        return None, [error("", "process.one", "一个文件只能画一个流程。")]
    process = processes[0]
    findings: list[Finding] = []
    if process.get("id") is None:
        return None, [error("", "id.missing", "流程没有编号，请在图的属性里填写。")]
    if process.get("isExecutable", "true") != "true":
        told = "流程没有设为“可执行”，公开的图必须就是运行的图。"
        findings.append(error(process.get("id"), "process.executable", told))
    inputs = _inputs(process, findings)
    nodes = _nodes(process, findings)
    flows = _flows(process, nodes, findings)
    starts = [node.node_id for node in nodes.values() if node.kind == "start"]
    if len(starts) != 1:
        findings.append(error("", "start.one", f"流程要有且只有一个开始，现在有 {len(starts)} 个。"))
    if len(nodes) > MAX_NODES:
        findings.append(error("", "xml.size", f"图上有 {len(nodes)} 个节点，超过 {MAX_NODES} 个。"))
    if findings or not starts:
        return None, findings
    after = process.get(f"{{{WEIMIN}}}after", "")
    if after not in ("", "decided"):
        findings.append(error(process.get("id"), "process.after", f"“{after}”不认识：只能写 decided 或者不写。"))
    graph = Graph(process.get("id"), process.get("name", ""), starts[0], nodes, flows, inputs, after)
    if not graph.name.strip():
        findings.append(error(graph.process_id, "name.missing", "流程没有名称，请填写。"))
    for node in nodes.values():
        findings.extend(_check_node(node))
    findings.extend(_check_names(graph))
    return graph, findings


def _nodes(process: Any, findings: list[Finding]) -> dict[str, Node]:
    nodes: dict[str, Node] = {}
    for element in process:
        kind = NODE_KINDS.get(element.tag.removeprefix(f"{{{BPMN}}}"))
        if kind is None:
            continue
        own_id = element.get("id")
        if own_id is None:
            findings.append(error("", "id.missing", "有节点没有编号，请用流程图工具重新导出。"))
            continue
        node = Node(own_id, kind, " ".join(element.get("name", "").split()), default=element.get("default", ""))
        if kind == "task":
            node.task = _task(element, node, findings)
        nodes[own_id] = node
    return nodes


def _flows(process: Any, nodes: dict[str, Node], findings: list[Finding]) -> dict[str, Flow]:
    flows: dict[str, Flow] = {}
    for element in process.findall(_tag("sequenceFlow")):
        flow_id = element.get("id") or ""
        source, target = nodes.get(element.get("sourceRef")), nodes.get(element.get("targetRef"))
        if not flow_id or source is None or target is None:
            findings.append(error(flow_id, "flow.loose", f"连线 {flow_id} 有一头没有连上节点。"))
            continue
        try:
            condition = _condition(element)
        except ConditionRefused as refused:
            findings.append(error(flow_id, "condition.refused", f"连线“{element.get('name') or flow_id}”：{refused}"))
            continue
        flow = Flow(flow_id, source.node_id, target.node_id, " ".join(element.get("name", "").split()), condition)
        flows[flow_id] = flow
        source.outgoing.append(flow)
        target.incoming.append(flow)
    return flows


def _condition(element: Any) -> Condition | None:
    found = element.findall(_tag("conditionExpression"))
    if not found:
        return None
    if len(found) > 1 or len(found[0]):
        raise ConditionRefused("一条连线只能有一个条件。")
    return parse_condition(found[0].text or "")


def _inputs(process: Any, findings: list[Finding]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    declared = process.get(f"{{{WEIMIN}}}data", "").split()
    inputs: dict[str, tuple[str, ...]] = {}
    for part in declared:
        name, _, values = part.partition("=")
        options = tuple(values.split("|"))
        good = _WORD.fullmatch(name) and name not in RESERVED and all(map(_WORD.fullmatch, options))
        if not good or name in inputs or len(set(options)) != len(options):
            findings.append(error(process.get("id"), "data.bad", f"开始数据“{part}”写法不对，应当像 urgent=yes|no。"))
            continue
        inputs[name] = options
    return tuple(inputs.items())


def _task(element: Any, node: Node, findings: list[Finding]) -> TaskSpec:
    def own(name: str) -> str:
        return str(element.get(f"{{{WEIMIN}}}{name}", "")).strip()

    kind, agency, role, shown = own("kind"), own("agency"), own("role"), node.name or node.node_id
    missing = [text for text, value in (("种类", kind), ("承办机构", agency), ("岗位", role)) if not value]
    if missing:
        findings.append(error(node.node_id, "task.incomplete", f"环节“{shown}”没有写明{'、'.join(missing)}。"))
    if kind and kind not in KINDS:
        findings.append(error(node.node_id, "task.kind", f"环节“{shown}”的种类 {kind} 不认识。"))
    if agency and agency not in AGENCIES and not _BODY.fullmatch(agency):
        findings.append(error(node.node_id, "task.agency", f"环节“{shown}”的承办机构 {agency} 不认识。"))
    if role and role not in ROLES:
        findings.append(error(node.node_id, "task.role", f"环节“{shown}”的岗位 {role} 不认识。"))
    elif role and kind in KIND_ROLES and role not in KIND_ROLES[kind]:
        able = "、".join(ROLES[one] for one in sorted(KIND_ROLES[kind]))
        findings.append(error(node.node_id, "task.role", f"环节“{shown}”是{KINDS[kind]}，应当由{able}办。"))
    if kind == "accept" and agency and agency != "accepting":
        findings.append(error(node.node_id, "task.agency", f"受理由受理的便民服务中心办，环节“{shown}”写的是别处。"))
    if kind == "decide" and agency.startswith("body:"):
        findings.append(error(node.node_id, "task.agency", "联办部门只提意见，决定要由受理地乡镇或县级主管部门作出。"))
    limit, unit = _limit(own("limit"), own("unit"), node.node_id, shown, findings)
    outcomes = tuple(own("outcomes").split()) or DEFAULT_OUTCOMES.get(kind, ("done",))
    wrong = [one for one in outcomes if kind in OUTCOMES and one not in OUTCOMES[kind]]
    if wrong or len(set(outcomes)) != len(outcomes):
        findings.append(
            error(node.node_id, "task.outcomes", f"环节“{shown}”的结论 {' '.join(wrong) or '重复'} 不能用。")
        )
    if kind == "accept" and set(outcomes) != OUTCOMES["accept"]:
        findings.append(error(node.node_id, "task.outcomes", f"环节“{shown}”必须既能受理，也能不予受理。"))
    return TaskSpec(node.node_id, node.name, kind, agency, role, limit, unit, outcomes)


def _limit(value: str, unit: str, where: str, shown: str, findings: list[Finding]) -> tuple[int | None, str]:
    if not value and not unit:
        return None, ""
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= MAX_LIMIT):
        findings.append(error(where, "task.limit", f"环节“{shown}”的期限“{value}”不是 1 到 {MAX_LIMIT} 的整数。"))
        return None, ""
    if unit not in UNITS:
        findings.append(error(where, "task.limit", f"环节“{shown}”的期限没有写明是工作日还是自然日。"))
        return None, ""
    return int(value), unit


def _check_node(node: Node) -> list[Finding]:
    shown, found = node.name or node.node_id, []
    ways_in, ways_out = len(node.incoming), len(node.outgoing)
    if node.kind in ("task", "end") and not node.name:
        found.append(error(node.node_id, "name.missing", f"节点 {node.node_id} 没有名称，群众看不懂图。"))
    if len(node.name) > MAX_NAME:
        found.append(error(node.node_id, "name.long", f"“{shown[:20]}…”名称太长，最多 {MAX_NAME} 个字。"))
    if (node.kind == "start" and ways_in) or (node.kind == "end" and ways_out):
        found.append(error(node.node_id, "flow.wrong_way", f"“{shown}”的连线方向不对。"))
    if node.kind != "end" and not ways_out:
        found.append(error(node.node_id, "dead_end", f"“{shown}”之后没有下一步，办到这里就断了。"))
    if node.kind != "start" and not ways_in:
        found.append(error(node.node_id, "unreachable", f"“{shown}”没有任何连线通向它，永远走不到。"))
    if node.kind in ("start", "task") and ways_out > 1:
        found.append(error(node.node_id, "branch.no_gateway", f"“{shown}”后面有几条连线，请用网关分开。"))
    if node.kind == "parallel" and (ways_in > 1) == (ways_out > 1):
        found.append(error(node.node_id, "join.mixed", f"并行网关“{shown}”要么分开要么汇合，不能两样都做或都不做。"))
    if node.kind == "exclusive":
        found.extend(_check_choice(node, shown))
    else:
        for flow in node.outgoing:
            if flow.condition is not None:
                found.append(
                    error(
                        flow.flow_id,
                        "condition.place",
                        f"“{shown}”之后的连线不能带条件，条件只能写在排他网关之后。",
                    )
                )
    return found


def _check_choice(node: Node, shown: str) -> list[Finding]:
    found = []
    ids = {flow.flow_id for flow in node.outgoing}
    if node.default and node.default not in ids:
        found.append(error(node.node_id, "gateway.default", f"网关“{shown}”的默认连线不是从它出发的。"))
    if len(node.outgoing) == 1:
        if node.outgoing[0].condition is not None:
            found.append(error(node.node_id, "condition.place", f"网关“{shown}”只有一条出路，不应当带条件。"))
        return found
    for flow in node.outgoing:
        named = flow.name or flow.flow_id
        if flow.flow_id == node.default:
            if flow.condition is not None:
                found.append(error(flow.flow_id, "gateway.default", f"网关“{shown}”的默认连线不应当带条件。"))
        elif flow.condition is None:
            told = f"网关“{shown}”的连线“{named}”没有条件。"
            found.append(error(flow.flow_id, "condition.missing", told))
        if not flow.name:
            told = f"网关“{shown}”有一条连线没有文字，群众看不出什么情况走这条。"
            found.append(Finding("warning", flow.flow_id, told, "flow.unnamed"))
    return found


def _check_names(graph: Graph) -> list[Finding]:
    """Conditions may speak only of outcomes that exist."""
    offered = {task.bpmn_id: set(task.outcomes) for task in graph.tasks}
    known: dict[str, set[str]] = {**offered, **{name: set(values) for name, values in graph.inputs}}
    known["outcome"] = set().union(*offered.values()) if offered else set()
    found = []
    for name in set(offered) & {name for name, _ in graph.inputs}:
        found.append(error(name, "data.bad", f"开始数据“{name}”和环节编号重名。"))
    for flow in graph.flows.values():
        if flow.condition is None:
            continue
        shown = f"连线“{flow.name or flow.flow_id}”的条件里"
        for name in flow.condition.names:
            if name not in known:
                found.append(error(flow.flow_id, "condition.name", f"{shown}有不认识的名称 {name}。"))
        for name, value in flow.condition.compared:
            if name in known and value not in known[name]:
                found.append(error(flow.flow_id, "condition.value", f"{shown}，{name} 不会是“{value}”。"))
    return found
