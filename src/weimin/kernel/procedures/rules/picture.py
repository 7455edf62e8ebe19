"""Check that the picture shows what runs: every node and arrow is drawn, and none hides another."""

from __future__ import annotations

import itertools
from typing import Any

from weimin.kernel.procedures.rules.parse import Graph
from weimin.kernel.procedures.rules.reading import BPMNDI, DC, DI, error
from weimin.kernel.procedures.types import Finding

MIN_SIDE = 10.0


def check_picture(root: Any, graph: Graph) -> list[Finding]:
    """What is missing from, or hidden in, the drawing of a procedure."""
    if len(root.findall(f"{{{BPMNDI}}}BPMNDiagram")) != 1:
        return [error("", "picture.one", "文件里要有且只有一张图。公开的图必须和运行的一样。")]
    boxes: dict[str, tuple[float, float, float, float]] = {}
    drawn: set[str] = set()
    twice: set[str] = set()
    for shape in root.iter(f"{{{BPMNDI}}}BPMNShape"):
        bounds = shape.find(f"{{{DC}}}Bounds")
        box = _box(bounds) if bounds is not None else None
        if shape.get("bpmnElement", "") in boxes:
            twice.add(shape.get("bpmnElement", ""))
        if box is not None:
            boxes[shape.get("bpmnElement", "")] = box
    for edge in root.iter(f"{{{BPMNDI}}}BPMNEdge"):
        if len(edge.findall(f"{{{DI}}}waypoint")) >= 2:
            drawn.add(edge.get("bpmnElement", ""))
    missing = "没有画在图上。公开的图必须和运行的一样。"
    found = [
        error(node.node_id, "picture.missing", f"“{node.name or node.node_id}”{missing}")
        for node in graph.nodes.values()
        if node.node_id not in boxes
    ]
    found += [
        error(flow.flow_id, "picture.missing", f"连线“{flow.name or flow.flow_id}”{missing}")
        for flow in graph.flows.values()
        if flow.flow_id not in drawn
    ]
    found += [error(one, "picture.twice", f"“{one}”在图上画了两次，请删去一个。") for one in sorted(twice)]
    placed = [(node, boxes[node.node_id]) for node in graph.nodes.values() if node.node_id in boxes]
    for (one, box), (other, second) in itertools.combinations(placed, 2):
        if _overlap(box, second):
            found.append(
                error(
                    other.node_id,
                    "picture.overlap",
                    f"图上“{one.name or one.node_id}”和“{other.name or other.node_id}”叠在一起，请挪开。",
                )
            )
    return found


def _box(bounds: Any) -> tuple[float, float, float, float] | None:
    try:
        x, y, width, height = (float(bounds.get(name)) for name in ("x", "y", "width", "height"))
    except (TypeError, ValueError):
        return None
    if not (abs(x) < 1e5 and abs(y) < 1e5 and MIN_SIDE <= width < 1e4 and MIN_SIDE <= height < 1e4):
        return None
    return x, y, x + width, y + height


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
