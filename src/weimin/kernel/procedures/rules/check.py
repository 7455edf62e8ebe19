"""Check a whole drawing: read it, build its graph, look at the picture, follow every path, rehearse it."""

from __future__ import annotations

from dataclasses import dataclass

from weimin.kernel.procedures.rules import engine
from weimin.kernel.procedures.rules.parse import Graph, build_graph
from weimin.kernel.procedures.rules.paths import Explored, check_paths, walks
from weimin.kernel.procedures.rules.picture import check_picture
from weimin.kernel.procedures.rules.reading import error, read_xml
from weimin.kernel.procedures.types import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checker found, and the graph when the drawing could be read."""

    findings: tuple[Finding, ...]
    graph: Graph | None = None
    explored: Explored | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep the drawing from being published."""
        return tuple(one for one in self.findings if one.level == "error")


def check_xml(xml: str) -> Checked:
    """Everything that is wrong with a drawing.

    Later checks run only when the earlier ones found no error, since they would only repeat it. At the end the
    real engine walks every kind of path and must agree with the checker at each step.

    Shape:  findings in the order in which they were found
    """
    root, findings = read_xml(xml)
    if root is None:
        return Checked(tuple(findings))
    graph, more = build_graph(root)
    findings += more
    if graph is None:
        return Checked(tuple(findings))
    findings += check_picture(root, graph)
    if any(one.level == "error" for one in findings):
        return Checked(tuple(findings), graph)
    told, explored = check_paths(graph)
    findings += told
    if not told:
        findings += _rehearse(root, graph, explored)
    return Checked(tuple(findings), graph, explored)


def _rehearse(root: object, graph: Graph, explored: Explored) -> list[Finding]:
    try:
        plan = engine.make_plan(root, graph)
    except engine.PlanRefused as refused:
        return [error("", "engine.refused", f"流程引擎读不懂这张图：{refused}")]
    for walk in walks(graph, explored):
        difference = engine.rehearse(plan, walk)
        if difference:
            return [error("", "engine.differs", f"流程引擎的走法和检查的不一样：{difference}")]
    return []
