"""The checker's answer in words: every path step by step, and the article behind each kind of fault."""

from __future__ import annotations

from weimin.kernel.procedures.rules.check import Checked
from weimin.kernel.procedures.rules.parse import Graph
from weimin.kernel.procedures.rules.paths import Walk, walks
from weimin.kernel.procedures.types import AGENCIES, OUTCOME_TEXT, ROLES, PathStep, PathText, TaskSpec

#: Which article a fault would break. Faults that are not here are about order in the drawing, not about law.
BASIS: dict[str, str] = {
    "first_step": "行政许可法第三十二条：先受理，再审查",
    "refused.goes_on": "行政许可法第三十二条：不予受理的，当场告知，不再办理",
    "accept.twice": "行政许可法第三十二条：受理只有一次，缺材料一次告知补正",
    "work.after_decision": "行政许可法第三十四条、第三十八条：审查在决定之前",
    "decide.twice": "行政许可法第三十八条：审查后依法作出一次决定",
    "decide.parallel": "行政许可法第三十八条：审查完了才能决定",
    "parallel.not_work": "行政许可法第三十八条：审查完了才能决定",
    "end.no_decision": "行政许可法第三十八条：受理了就要作出书面决定",
    "end.nothing": "行政许可法第三十二条：申请要有受理或不予受理的答复",
    "end.not_issued": "行政许可法第四十四条：作出决定后要向申请人颁发、送达",
    "result.order": "行政许可法第四十四条：先决定，再制作和送达结果",
    "issue.order": "行政许可法第四十四条：先决定，再送达",
}
MAX_TOLD = 60


def tell_paths(checked: Checked) -> tuple[PathText, ...]:
    """Every kind of path of a sound drawing in words, shortest first; nothing while it has errors.

    The paths together take every step in every situation; paths that differ only in how often they loop
    are told once each way.

    Shape:  at most MAX_TOLD
    """
    if checked.graph is None or checked.explored is None or checked.errors:
        return ()
    graph = checked.graph
    found = sorted(walks(graph, checked.explored), key=lambda walk: (len(walk.steps), walk.steps))
    return tuple(_path(graph, walk) for walk in found[:MAX_TOLD])


def _path(graph: Graph, walk: Walk) -> PathText:
    return PathText(
        starts_with="，".join(f"{name} 为 {value}" for name, value in walk.inputs),
        steps=tuple(_step(graph, task_id, outcome) for task_id, outcome in walk.steps),
        end_name=graph.nodes[walk.end_id].name,
    )


def _step(graph: Graph, task_id: str, outcome: str) -> PathStep:
    task = graph.nodes[task_id].task
    assert task is not None
    return PathStep(task_id, task.name, say_who(task), OUTCOME_TEXT[outcome])


def say_who(task: TaskSpec) -> str:
    """Who does a task, in words."""
    agency = AGENCIES.get(task.agency_rule, "联办部门")
    return f"{agency}的{ROLES.get(task.role, task.role)}"


def basis_of(rule: str) -> str:
    """The article that a fault would break, or "" when the fault is one of drawing."""
    return BASIS.get(rule, "")
