"""The path checker: follows every path of a procedure and asks whether each is a lawful life of a matter.

The search is complete: it visits every reachable pair of (where the tokens are and what was chosen, how
far the matter has come in law), so loops need no bound. It refuses procedures with more than
`MAX_STATES` such pairs instead of giving up quietly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from weimin.kernel.procedures.rules import game
from weimin.kernel.procedures.rules.game import Marking, Stuck
from weimin.kernel.procedures.rules.parse import Graph, Node
from weimin.kernel.procedures.rules.reading import error
from weimin.kernel.procedures.types import OUTCOME_TEXT, Finding, TaskSpec

MAX_STATES = 5_000
MAX_WALKS = 600
Values = tuple[tuple[str, str], ...]
Step = tuple[str, str]

#: How far the matter has come in law.
NEW, HANDLING, REFUSED, DECIDED, RESULT_MADE, ISSUED = (
    "new",
    "handling",
    "refused",
    "decided",
    "result_made",
    "issued",
)
WORK = frozenset({"review", "survey", "notice"})


@dataclass(frozen=True, slots=True)
class Point:
    """One reachable situation."""

    marking: Marking
    values: Values
    stage: str


@dataclass(frozen=True, slots=True)
class Walk:
    """One way from the start to an end.

    Shape:  inputs are the start values; steps are (task id, outcome); tasks_after holds the open task ids after
            the start and after each step, so it is one longer than steps; end_id is the end reached
    """

    inputs: Values
    steps: tuple[Step, ...]
    tasks_after: tuple[tuple[str, ...], ...]
    end_id: str


@dataclass(slots=True)
class Explored:
    """Everything that can happen, as a graph of situations."""

    edges: dict[Point, list[tuple[Step, Point]]] = field(default_factory=dict)
    came: dict[Point, tuple[Point, Step] | None] = field(default_factory=dict)
    start_inputs: dict[Point, Values] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)


def check_paths(graph: Graph) -> tuple[list[Finding], Explored]:
    """Follow every path and report what the law or good order would not allow.

    Shape:  one finding a rule and place, each with the shortest path that shows it
    Law:    xkl-2019 art. 32, 34, 38, 44
    """
    explored = _explore(graph)
    if not explored.findings:
        _check_endings(graph, explored)
        _check_unused(graph, explored)
    for finding in _check_races(graph):
        explored.findings.setdefault((finding.rule, finding.where), finding)
    return list(explored.findings.values()), explored


def _explore(graph: Graph) -> Explored:
    explored = Explored()
    kept = {name for flow in graph.flows.values() if flow.condition for name in flow.condition.names}
    queue: deque[Point] = deque()
    for values in graph.start_values():
        try:
            marking = game.begin(graph, values, explored.used)
        except Stuck as stuck:
            _report(graph, explored, None, stuck.rule, stuck.where, stuck.message)
            continue
        point = Point(marking, tuple(sorted(values.items())), graph.after or NEW)
        if point not in explored.came:
            explored.came[point] = None
            explored.start_inputs[point] = point.values
            queue.append(point)
    while queue:
        point = queue.popleft()
        explored.edges[point] = []
        if not _check_point(graph, explored, point):
            continue
        for task_id in point.marking.tasks:
            for outcome in _task(graph, task_id).outcomes:
                after = _advance(graph, explored, point, (task_id, outcome), kept)
                if after is None:
                    continue
                explored.edges[point].append(((task_id, outcome), after))
                if after not in explored.came:
                    explored.came[after] = (point, (task_id, outcome))
                    queue.append(after)
        if len(explored.came) > MAX_STATES:
            told = f"流程的走法太多（超过 {MAX_STATES} 种情形），无法逐一检查，请简化。"
            _report(graph, explored, None, "too_large", "", told)
            break
    return explored


def _task(graph: Graph, task_id: str) -> TaskSpec:
    task = graph.nodes[task_id].task
    assert task is not None
    return task


def _advance(graph: Graph, explored: Explored, point: Point, step: Step, kept: set[str]) -> Point | None:
    """The situation after a step; None when it went wrong, which is then reported."""
    task = _task(graph, step[0])
    stage = _legal(graph, explored, point, task, step[1])
    if stage is None:
        return None
    values = {**dict(point.values), "outcome": step[1], step[0]: step[1]}
    try:
        marking = game.fire(graph, point.marking, step[0], values, explored.used)
    except Stuck as stuck:
        _report(graph, explored, (point, step), stuck.rule, stuck.where, stuck.message)
        return None
    opened = set(marking.tasks) - set(point.marking.tasks)
    if step[1] == "return" and any(_task(graph, one).kind not in WORK | {"register"} for one in opened):
        _report(
            graph,
            explored,
            (point, step),
            "return.forward",
            step[0],
            f"“{task.name}”退回以后没有回到前面的审核环节，反而往后走了。",
        )
        return None
    inputs = {name for name, _ in graph.inputs}
    remembered = tuple(sorted((k, v) for k, v in values.items() if k in kept or k in inputs))
    return Point(marking, remembered, stage)


def _legal(graph: Graph, explored: Explored, point: Point, task: TaskSpec, outcome: str) -> str | None:
    """The legal stage after an outcome; None when the law would not allow the step here."""
    stage, alone = point.stage, len(point.marking.tasks) + len(point.marking.joins) == 1
    problem: tuple[str, str] | None = None
    after = stage
    if stage == NEW:
        if task.kind not in ("accept", "register"):
            problem = ("first_step", f"第一步是“{task.name}”。第一步必须是受理审查；依职权办理的是登记。")
        after = REFUSED if outcome == "refuse" else HANDLING
    elif stage == REFUSED:
        problem = ("refused.goes_on", f"已经不予受理，却还要办“{task.name}”。不予受理后应当直接结束。")
    elif task.kind in ("accept", "register"):
        problem = ("accept.twice", f"“{task.name}”会办第二次。一个办件只受理（登记）一次，补正不用画在图上。")
    elif task.kind in WORK and stage != HANDLING:
        problem = (
            "work.after_decision",
            f"已经作出决定，却还要办“{task.name}”。审核、核查、公示都要在决定之前。",
        )
    elif task.kind == "decide":
        problem, after = _deciding(task, stage), DECIDED
    elif task.kind == "result":
        if stage != DECIDED:
            told = "还没有作出决定" if stage == HANDLING else "结果已经制作或发放过"
            problem = ("result.order", f"{told}，却要办“{task.name}”。结果在决定之后、发放之前制作一次。")
        after = RESULT_MADE
    elif task.kind == "issue":
        problem, after = _issuing(task, stage, _is_own_motion(graph)), ISSUED
    if problem is None and task.kind not in WORK and not alone:
        others = [one for one in point.marking.tasks if one != task.bpmn_id]
        beside = f"和“{_task(graph, others[0]).name}”" if others else "和另一路"
        rule = "decide.parallel" if task.kind == "decide" else "parallel.not_work"
        problem = (rule, f"“{task.name}”{beside}同时进行。只有审核、核查、公示可以并行，汇合以后才能作决定。")
    if problem is not None:
        _report(graph, explored, (point, None), problem[0], task.bpmn_id, problem[1])
        return None
    return after


def _deciding(task: TaskSpec, stage: str) -> tuple[str, str] | None:
    if stage == HANDLING:
        return None
    return ("decide.twice", f"已经作出决定，又要办“{task.name}”。一个办件只能决定一次。")


def _issuing(task: TaskSpec, stage: str, own_motion: bool) -> tuple[str, str] | None:
    if own_motion:
        return ("own_motion.issue", f"依职权办理的没有申请人，不能有“{task.name}”。")
    if stage in (DECIDED, RESULT_MADE):
        return None
    told = "还没有作出决定" if stage == HANDLING else "已经发放过"
    return ("issue.order", f"{told}，却要办“{task.name}”。")


def _is_own_motion(graph: Graph) -> bool:
    return any(task.kind == "register" for task in graph.tasks)


def _check_point(graph: Graph, explored: Explored, point: Point) -> bool:
    """Check one situation by itself; False when nothing may follow."""
    marking = point.marking
    if marking.ends and (marking.tasks or marking.joins):
        _report(
            graph,
            explored,
            (point, None),
            "end.early",
            marking.ends[0],
            f"一路已经走到“{graph.nodes[marking.ends[0]].name}”，别的路还没办完。分开的路要先汇合再结束。",
        )
        return False
    if marking.ends:
        _check_end(graph, explored, point)
        return False
    if not marking.tasks:
        node = graph.nodes[graph.flows[marking.joins[0]].target]
        _report(
            graph,
            explored,
            (point, None),
            "join.stuck",
            node.node_id,
            f"汇合处“{node.name or node.node_id}”永远等不齐，办到这里就断了。分开和汇合没有配对。",
        )
        return False
    return True


def _check_end(graph: Graph, explored: Explored, point: Point) -> None:
    end = graph.nodes[point.marking.ends[0]]
    if len(point.marking.ends) > 1:
        problem = ("end.early", "同时走到几个结束。分开的路要先汇合再结束。")
    elif point.stage == NEW:
        problem = ("end.nothing", "什么都没办就结束了。")
    elif point.stage == HANDLING:
        problem = ("end.no_decision", f"已经受理（登记），没有作出决定就到了“{end.name}”。")
    elif point.stage in (DECIDED, RESULT_MADE) and not _is_own_motion(graph):
        problem = (
            "end.not_issued",
            f"作出了决定，没有发给申请人就到了“{end.name}”。不予批准的决定也要送达。",
        )
    else:
        return
    _report(graph, explored, (point, None), problem[0], end.node_id, problem[1])


def _check_endings(graph: Graph, explored: Explored) -> None:
    """From every situation an end can be reached."""
    before: dict[Point, list[Point]] = {}
    for point, edges in explored.edges.items():
        for _, after in edges:
            before.setdefault(after, []).append(point)
    good = {point for point in explored.edges if point.marking.ends}
    queue = deque(good)
    while queue:
        for point in before.get(queue.popleft(), ()):
            if point not in good:
                good.add(point)
                queue.append(point)
    for point in explored.edges:
        if point not in good:
            where = point.marking.tasks[0]
            _report(
                graph,
                explored,
                (point, None),
                "never_ends",
                where,
                f"从“{_task(graph, where).name}”起只能一直绕圈，走不到结束。",
            )
            return


def _check_unused(graph: Graph, explored: Explored) -> None:
    """What is drawn can happen."""
    reached = {graph.flows[one].target for one in explored.used} | {graph.start_id}
    for node in graph.nodes.values():
        if node.node_id not in reached:
            _report(
                graph,
                explored,
                None,
                "unreachable",
                node.node_id,
                f"“{node.name or node.node_id}”永远走不到。图上不能有不会发生的环节。",
            )
    for flow in graph.flows.values():
        if flow.flow_id not in explored.used and flow.source in reached and flow.target in reached:
            _report(
                graph,
                explored,
                None,
                "flow.never",
                flow.flow_id,
                f"连线“{flow.name or flow.flow_id}”永远不会走。图上不能有不会发生的走法。",
            )


def _check_races(graph: Graph) -> Iterator[Finding]:
    """After a join, `outcome` would be that of whoever happened to finish last."""
    for node in graph.nodes.values():
        names = {name for flow in node.outgoing if flow.condition for name in flow.condition.names}
        if "outcome" in names and _joins_before(graph, node):
            yield error(
                node.node_id,
                "outcome.race",
                f"网关“{node.name or node.node_id}”在几路汇合之后用 outcome 判断，"
                "结果取决于谁最后办完。请写明环节编号。",
            )


def _joins_before(graph: Graph, node: Node) -> bool:
    seen: set[str] = set()
    queue = [flow.source for flow in node.incoming]
    while queue:
        one = graph.nodes[queue.pop()]
        if one.node_id in seen or one.kind == "task":
            continue
        seen.add(one.node_id)
        if one.kind == "parallel" and len(one.incoming) > 1:
            return True
        queue.extend(flow.source for flow in one.incoming)
    return False


def _report(
    graph: Graph,
    explored: Explored,
    at: tuple[Point, Step | None] | None,
    rule: str,
    where: str,
    message: str,
) -> None:
    if (rule, where) in explored.findings:
        return
    path = ""
    if at is not None:
        steps = [*_steps_to(explored, at[0])[1], *([at[1]] if at[1] else [])]
        path = " → ".join(f"{_task(graph, t).name}（{OUTCOME_TEXT[o]}）" for t, o in steps)
    explored.findings[(rule, where)] = error(where, rule, message, path)


def _steps_to(explored: Explored, point: Point) -> tuple[Values, list[Step]]:
    steps: list[Step] = []
    while (came := explored.came[point]) is not None:
        steps.append(came[1])
        point = came[0]
    return explored.start_inputs[point], steps[::-1]


def walks(graph: Graph, explored: Explored) -> list[Walk]:
    """Walks from start to end that together take every possible step in every possible situation.

    After the step for which a walk is made it goes on by steps that no walk took yet, so that few walks suffice.

    Shape:  at most MAX_WALKS of them; empty when the procedure has errors
    """
    onward = _onward(explored)
    done: set[tuple[Point, Step]] = set()
    found: list[Walk] = []
    for point, edges in explored.edges.items():
        for step, after in edges:
            if (point, step) in done or after not in onward:
                continue
            found.append(_walk(explored, onward, point, step, after, done))
            if len(found) >= MAX_WALKS:
                return found
    return found


def _onward(explored: Explored) -> dict[Point, tuple[Step, Point] | None]:
    """For each situation the next step of a shortest way to an end."""
    before: dict[Point, list[tuple[Point, Step]]] = {}
    for point, edges in explored.edges.items():
        for step, after in edges:
            before.setdefault(after, []).append((point, step))
    onward: dict[Point, tuple[Step, Point] | None] = {point: None for point in explored.edges if point.marking.ends}
    queue = deque(onward)
    while queue:
        after = queue.popleft()
        for point, step in before.get(after, ()):
            if point not in onward:
                onward[point] = (step, after)
                queue.append(point)
    return onward


def _walk(
    explored: Explored,
    onward: dict[Point, tuple[Step, Point] | None],
    point: Point,
    step: Step,
    after: Point,
    done: set[tuple[Point, Step]],
) -> Walk:
    inputs, _ = _steps_to(explored, point)
    trail: list[tuple[Point, Step]] = [(point, step)]
    back = point
    while (came := explored.came[back]) is not None:
        trail.insert(0, came)
        back = came[0]
    done.update(trail)
    while (ahead := onward[after]) is not None:
        fresh = ((one, then) for one, then in explored.edges[after] if (after, one) not in done and then in onward)
        taken, then = next(fresh, ahead)
        trail.append((after, taken))
        done.add((after, taken))
        after = then
    points = [one for one, _ in trail] + [after]
    return Walk(
        inputs,
        tuple(one for _, one in trail),
        tuple(one.marking.tasks for one in points),
        after.marking.ends[0],
    )
