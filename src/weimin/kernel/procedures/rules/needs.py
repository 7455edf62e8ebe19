"""Which questions of a form a procedure or a decision table needs, and which of them a form lacks."""

from __future__ import annotations

from collections.abc import Mapping

from weimin.kernel.procedures.rules.parse import Graph
from weimin.kernel.procedures.rules.tables.reading import Table

#: The values that each question may have; empty: anything that fits the column.
Needs = dict[str, tuple[str, ...]]


def needs_of_graph(graph: Graph) -> Needs:
    """What a procedure must be told at the start."""
    return dict(graph.inputs)


def needs_of_table(table: Table) -> Needs:
    """Which answers a table looks at; counted boxes may be any."""
    return {one.name: () if one.counted else one.values for one in table.inputs}


def lacks(needs: Mapping[str, tuple[str, ...]], fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What a form does not give: a question that is not asked, or an answer that nobody foresaw.

    Shape:  sentences by the name of the question; empty when all fits
    """
    faults: dict[str, str] = {}
    for name, values in needs.items():
        if name not in fields:
            faults[name] = f"表单里没有“{name}”这个问题，这里要用它的回答。"
            continue
        foreign = [one for one in fields[name] if values and one not in values]
        if values and not fields[name]:
            faults[name] = f"“{name}”要是选择题，选项只能是 {'、'.join(values)}。"
        elif foreign:
            faults[name] = f"“{name}”有选项 {'、'.join(foreign)}，这里没有写怎么办。"
    return faults


def lacks_steps(graph: Graph, steps: tuple[str, ...]) -> dict[str, str]:
    """Drawn steps that somebody speaks of and that a drawing does not have."""
    drawn = {task.bpmn_id for task in graph.tasks}
    return {one: f"流程里没有“{one}”这个环节，这里的分段期限要用到它。" for one in steps if one not in drawn}
