"""Run one instance of a procedure on SpiffWorkflow, with a state of a few hundred bytes.

The parsed procedure (the plan) is kept in the process, once per version, and never goes into the state.
Of the engine's task tree the state keeps only the part below the last point that all open branches share:
what came before can no longer matter, and what is merely predicted is predicted again. Outcomes are kept
beside the tree and given to conditions by our own evaluator; the engine's Python evaluator is not reachable.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from weimin.base.errors import Conflict, Invalid
from weimin.kernel.procedures.rules.conditions import Value, evaluate, parse_condition
from weimin.kernel.procedures.rules.parse import Graph, build_graph
from weimin.kernel.procedures.rules.paths import Walk
from weimin.kernel.procedures.rules.reading import read_xml
from weimin.kernel.procedures.types import OUTCOME_TEXT, Progress, ReadyTask, TaskSpec

FORMAT = 1
State = dict[str, Any]

# The engine builds a record of every task for each state change unless its loggers are above INFO.
for _name in ("spiff", "spiff.task", "spiff.workflow"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class PlanRefused(ValueError):
    """The engine cannot read the drawing."""


class StepGone(Conflict):
    """The task is done already, was cancelled, or never was."""

    code = "procedures.step_gone"


class OutcomeUnknown(Invalid):
    """The task does not offer this outcome."""

    code = "procedures.outcome_unknown"


class StartDataWrong(Invalid):
    """What the caller said at the start is not what the procedure asks for."""

    code = "procedures.start_data_wrong"


@dataclass(frozen=True, slots=True)
class Plan:
    """A procedure ready to run: its graph, the engine's form of it, and the names that conditions use."""

    graph: Graph
    spec: Any
    kept: frozenset[str]
    order: Mapping[str, int]


class _Conditions:
    """The only evaluator that the engine gets: it reads gateway conditions and can run nothing."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values = values

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> bool:
        """Whether a gateway's condition holds now."""
        return evaluate(parse_condition(expression), self.values)

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        """Never: a procedure holds no scripts."""
        raise PlanRefused("流程里不能有脚本。")

    def call_service(self, task: Any, **kwargs: Any) -> bool:
        """Never: a procedure calls no services."""
        raise PlanRefused("流程里不能调用服务。")


def make_plan(root: Any, graph: Graph) -> Plan:
    """Have the engine read a drawing that was read safely before.

    Raises: PlanRefused — the engine cannot read it
    """
    parser = BpmnParser()
    try:
        parser.add_bpmn_xml(root)
        spec = parser.get_spec(graph.process_id)
    except (
        ValidationException,
        SpiffWorkflowException,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as problem:
        raise PlanRefused(str(problem)[:200]) from problem
    kept = {name for flow in graph.flows.values() if flow.condition for name in flow.condition.names}
    kept |= {name for name, _ in graph.inputs}
    order = {task.bpmn_id: place for place, task in enumerate(graph.tasks)}
    return Plan(graph, spec, frozenset(kept), order)


@lru_cache(maxsize=256)
def load_plan(digest: str, xml: str) -> Plan:
    """The plan of a published drawing, read once in a process for each digest.

    Raises: PlanRefused — the drawing cannot be read; published ones can
    """
    root, findings = read_xml(xml)
    if root is None:
        raise PlanRefused(findings[0].message_zh)
    graph, findings = build_graph(root)
    if graph is None:
        raise PlanRefused(findings[0].message_zh)
    return make_plan(root, graph)


def start(plan: Plan, data: Mapping[str, str] | None = None) -> Progress:
    """Begin an instance.

    Raises: StartDataWrong — data misses an input, has another, or a value that is not declared
    """
    given = dict(data or {})
    declared = dict(plan.graph.inputs)
    if set(given) != set(declared) or any(given[name] not in declared[name] for name in given):
        asked = "、".join(f"{name}（{'|'.join(values)}）" for name, values in declared.items()) or "无"
        raise StartDataWrong(f"启动流程的数据不对，这个流程要的是：{asked}。")
    values: dict[str, Value] = dict(given)
    workflow = BpmnWorkflow(plan.spec, script_engine=_Conditions(values))
    workflow.do_engine_steps()
    return _progress(plan, workflow, values, {}, {}, ())


def complete(plan: Plan, state: State, task_id: str, outcome: str) -> Progress:
    """Finish one open task with an outcome and run on to the next open tasks.

    The given state is not changed; the new one is in the answer.

    Raises: StepGone — the task is not open
            OutcomeUnknown — the task does not offer this outcome
    """
    open_before = _open_ids(state)
    if task_id not in open_before:
        raise StepGone("这一步已经办过或取消了，请重新打开办件看最新情况。")
    spec = _spec_of(plan, task_id)
    if outcome not in spec.outcomes:
        shown = "、".join(OUTCOME_TEXT[one] for one in spec.outcomes)
        raise OutcomeUnknown(f"“{spec.name}”可以选：{shown}。", fields={"outcome": "请重新选择。"})
    values: dict[str, Value] = {**state["data"], "outcome": outcome, spec.bpmn_id: outcome}
    workflow, open_tasks = _restore(plan, state, values)
    done = next(task for task, own_id in open_tasks.items() if own_id == task_id)
    names = {task.id: own_id for task, own_id in open_tasks.items()}
    done.run()
    workflow.do_engine_steps()
    return _progress(plan, workflow, values, names, state["seen"], tuple(one for one in open_before if one != task_id))


def stop(plan: Plan, state: State, *, reason: str) -> Progress:
    """Break an instance off, as when the matter is withdrawn; its open tasks are cancelled."""
    ended = {"v": FORMAT, "data": state["data"], "seen": state["seen"], "tree": [], "end": ""}
    return Progress({**ended, "stopped": reason}, (), tuple(_open_ids(state)), True, reason)


def list_ready(plan: Plan, state: State) -> tuple[ReadyTask, ...]:
    """The open tasks of a state, in the order of the drawing's file."""
    return _in_order(plan, _open_ids(state))


def is_finished(state: State) -> bool:
    """Whether nothing is left to do."""
    return not state["tree"]


def _open_ids(state: State) -> list[str]:
    return [row[3] for row in state["tree"] if len(row) == 4]


def _spec_of(plan: Plan, task_id: str) -> TaskSpec:
    task = plan.graph.nodes[task_id.rpartition("#")[0]].task
    assert task is not None
    return task


def _in_order(plan: Plan, ids: list[str]) -> tuple[ReadyTask, ...]:
    tasks = [ReadyTask(one, _spec_of(plan, one)) for one in ids]
    return tuple(sorted(tasks, key=lambda one: (plan.order[one.spec.bpmn_id], one.task_id)))


def _restore(plan: Plan, state: State, values: Mapping[str, Value]) -> tuple[BpmnWorkflow, dict[Task, str]]:
    """The engine's tree from the state; what lies ahead is predicted afresh."""
    workflow = BpmnWorkflow(plan.spec, script_engine=_Conditions(values), deserializing=True)
    workflow.task_tree = Task(workflow, plan.spec.start, state=TaskState.COMPLETED)
    rows: list[Task] = []
    open_tasks: dict[Task, str] = {}
    for row in state["tree"]:
        parent = rows[row[0]] if row[0] >= 0 else workflow.task_tree
        task = Task(workflow, plan.spec.task_specs[row[1]], parent=parent, state=row[2])
        rows.append(task)
        if len(row) == 4:
            open_tasks[task] = row[3]
    for task in rows:
        if task.has_state(TaskState.READY | TaskState.WAITING):
            task.task_spec._predict(task, mask=TaskState.NOT_FINISHED_MASK)
    return workflow, open_tasks


def _progress(
    plan: Plan,
    workflow: BpmnWorkflow,
    values: Mapping[str, Value],
    names: Mapping[Any, str],
    seen: Mapping[str, int],
    others: tuple[str, ...],
) -> Progress:
    """The new state and what it means; names are the ids of tasks that were open before."""
    visits, ids = dict(seen), dict(names)
    live = [t for t in workflow.tasks.values() if t.has_state(TaskState.READY | TaskState.WAITING)]
    opened = []
    for task in live:
        if task.state == TaskState.READY and task.id not in ids:
            bpmn_id = task.task_spec.name
            visits[bpmn_id] = visits.get(bpmn_id, 0) + 1
            ids[task.id] = f"{bpmn_id}#{visits[bpmn_id]}"
            opened.append(ids[task.id])
    finished = workflow.is_completed()
    end_id = _end_reached(plan, workflow) if finished else ""
    state: State = {
        "v": FORMAT,
        "data": {name: value for name, value in values.items() if name in plan.kept},
        "seen": visits,
        "tree": [] if finished else _tree(live, ids),
        "end": end_id,
    }
    ready = [ids[task.id] for task in live if task.state == TaskState.READY]
    return Progress(
        state=state,
        ready=_in_order(plan, ready),
        cancelled=tuple(one for one in others if one not in ready),
        finished=finished,
        end_name=plan.graph.nodes[end_id].name if end_id else "",
        opened=_in_order(plan, opened),
    )


def _tree(live: list[Task], ids: Mapping[Any, str]) -> list[list[Any]]:
    """The definite tasks below the last point that all live tasks share, as rows.

    Shape:  [row of the parent or -1, node id, state], with the task id as fourth when it is open
    """
    rows: list[list[Any]] = []
    waiting: list[tuple[Task, int]] = [(_shared_root(live), -1)]
    ahead = TaskState.PREDICTED_MASK | TaskState.FUTURE
    while waiting:
        task, parent = waiting.pop()
        row: list[Any] = [parent, task.task_spec.name, task.state]
        if task.state == TaskState.READY:
            row.append(ids[task.id])
        rows.append(row)
        place = len(rows) - 1
        waiting.extend((child, place) for child in reversed(task.children) if not child.has_state(ahead))
    return rows


def _shared_root(live: list[Task]) -> Task:
    lines = []
    for task in live:
        line = [task]
        while line[-1].parent is not None:
            line.append(line[-1].parent)
        lines.append(line[::-1])
    shared = lines[0][0]
    for level in zip(*lines, strict=False):
        if any(one is not level[0] for one in level):
            break
        shared = level[0]
    return shared


def _end_reached(plan: Plan, workflow: BpmnWorkflow) -> str:
    for task in workflow.tasks.values():
        node = plan.graph.nodes.get(task.task_spec.name)
        if node is not None and node.kind == "end" and task.state == TaskState.COMPLETED:
            return node.node_id
    return ""


def rehearse(plan: Plan, walk: Walk) -> str:
    """Walk a path on the real engine; say where it differs from what the checker expects, "" if nowhere."""
    try:
        return _walk(plan, walk)
    except SpiffWorkflowException as problem:
        return f"引擎停下来了：{str(problem)[:120]}"


def _walk(plan: Plan, walk: Walk) -> str:
    progress = start(plan, dict(walk.inputs))
    for place, expected in enumerate(walk.tasks_after):
        found = tuple(sorted(task.spec.bpmn_id for task in progress.ready))
        if found != expected:
            return f"第 {place} 步之后应当待办 {'、'.join(expected) or '无'}，引擎给出 {'、'.join(found) or '无'}。"
        if place < len(walk.steps):
            bpmn_id, outcome = walk.steps[place]
            task = next(one for one in progress.ready if one.spec.bpmn_id == bpmn_id)
            progress = complete(plan, progress.state, task.task_id, outcome)
    if not progress.finished or progress.state["end"] != walk.end_id:
        return f"应当结束在 {walk.end_id}，引擎停在 {progress.state['end'] or '中途'}。"
    return ""
