"""The engine: every shipped path runs as drawn, a state survives its trip through JSON, steps are done once."""

from __future__ import annotations

import json
import random

import pytest

from weimin.kernel.procedures.rules import engine, game
from weimin.kernel.procedures.rules.check import check_xml
from weimin.kernel.procedures.rules.paths import walks
from weimin.kernel.procedures.rules.steps_text import steps_text
from weimin.kernel.procedures.testing import SHIPPED, drawing
from weimin.kernel.procedures.types import Progress

XML = {code: path.read_text(encoding="utf-8") for code, path in SHIPPED.items()}
ENDS = {
    "on_the_spot": {"办结", "不予受理"},
    "promise": {"办结", "不予受理"},
    "county_decides": {"办结", "不予受理"},
    "county_decides_notice": {"办结", "不予受理"},
    "tacit_renewal": {"办结"},
    "joint": {"办结", "不予受理"},
    "own_motion": {"办结归档"},
    "filing": {"办结", "不予受理"},
    "filing_window": {"办结", "不予受理"},
}


def plan_of(code: str) -> engine.Plan:
    return engine.load_plan(code, XML[code])


def take(plan: engine.Plan, progress: Progress, bpmn_id: str, outcome: str) -> Progress:
    state = json.loads(json.dumps(progress.state))
    task = next(one for one in progress.ready if one.spec.bpmn_id == bpmn_id)
    return engine.complete(plan, state, task.task_id, outcome)


def names(progress: Progress) -> list[str]:
    return [task.spec.bpmn_id for task in progress.ready]


@pytest.mark.parametrize("code", SHIPPED)
def test_every_kind_of_path_runs_to_its_end(code: str) -> None:
    checked = check_xml(XML[code])
    assert checked.graph is not None and checked.explored is not None
    found, plan = set(), plan_of(code)
    for walk in walks(checked.graph, checked.explored):
        assert engine.rehearse(plan, walk) == ""
        found.add(checked.graph.nodes[walk.end_id].name)
    assert found == ENDS[code]


def test_a_refused_application_ends_at_once() -> None:
    plan = plan_of("promise")
    progress = take(plan, engine.start(plan), "accept", "refuse")
    assert progress.finished and progress.end_name == "不予受理" and progress.ready == ()
    assert engine.is_finished(progress.state)


def test_a_denial_is_still_made_and_issued() -> None:
    plan, progress = plan_of("promise"), engine.start(plan_of("promise"))
    for bpmn_id, outcome in (("accept", "accept"), ("review", "disagree"), ("decide", "deny")):
        progress = take(plan, progress, bpmn_id, outcome)
    assert names(progress) == ["result"]
    assert names(take(plan, progress, "result", "done")) == ["issue"]


def test_joint_branches_run_side_by_side_and_join() -> None:
    plan = plan_of("joint")
    progress = take(plan, engine.start(plan), "accept", "accept")
    assert names(progress) == ["land_review", "planning_review", "survey"]
    assert [one.spec.agency_rule for one in progress.ready] == ["body:land", "body:planning", "township"]
    progress = take(plan, progress, "survey", "done")
    assert names(progress) == ["land_review", "planning_review"] and progress.opened == ()
    progress = take(plan, progress, "land_review", "disagree")
    progress = take(plan, progress, "planning_review", "agree")
    assert names(progress) == ["decide"] and progress.opened == progress.ready


def test_a_return_opens_the_earlier_step_again_under_a_new_id() -> None:
    plan = plan_of("county_decides")
    progress = take(plan, engine.start(plan), "accept", "accept")
    size = len(json.dumps(progress.state))
    for visit in range(2, 20):
        progress = take(plan, progress, "review", "agree")
        progress = take(plan, progress, "county_review", "return")
        assert [one.task_id for one in progress.ready] == [f"review#{visit}"]
    assert len(json.dumps(progress.state)) < size + 120
    progress = take(plan, take(plan, progress, "review", "agree"), "county_review", "agree")
    assert names(progress) == ["decide"]


def test_a_step_is_done_once() -> None:
    plan = plan_of("promise")
    before = engine.start(plan)
    after = take(plan, before, "accept", "accept")
    with pytest.raises(engine.StepGone):
        engine.complete(plan, after.state, before.ready[0].task_id, "accept")
    with pytest.raises(engine.StepGone):
        engine.complete(plan, after.state, "decide#1", "approve")
    with pytest.raises(engine.OutcomeUnknown) as refused:
        engine.complete(plan, after.state, "review#1", "approve")
    assert refused.value.message == "“乡镇审核”可以选：同意、不同意。"


def test_completing_leaves_the_given_state_as_it_was() -> None:
    plan = plan_of("joint")
    state = take(plan, engine.start(plan), "accept", "accept").state
    kept = json.dumps(state)
    first = engine.complete(plan, state, "survey#1", "done")
    assert json.dumps(state) == kept
    assert engine.complete(plan, state, "survey#1", "done") == first


def test_stopping_cancels_what_is_open() -> None:
    plan = plan_of("joint")
    stopped = engine.stop(plan, take(plan, engine.start(plan), "accept", "accept").state, reason="申请人撤回")
    assert sorted(stopped.cancelled) == ["land_review#1", "planning_review#1", "survey#1"]
    assert stopped.finished and engine.is_finished(stopped.state) and engine.list_ready(plan, stopped.state) == ()


def test_states_stay_small() -> None:
    for code in SHIPPED:
        plan, chance = plan_of(code), random.Random(7)
        progress = engine.start(plan)
        for _ in range(200):
            if progress.finished:
                break
            assert len(json.dumps(progress.state)) < 400
            task = chance.choice(progress.ready)
            progress = take(plan, progress, task.spec.bpmn_id, chance.choice(task.spec.outcomes))
        assert progress.finished


LOOPED_FORK = drawing(
    "s:start a:accept x:xor no:end m:xor k:and l:review b:review:outcomes=agree+return n:survey j:and q:xor"
    " d:decide i:issue e:end",
    [
        "s>a",
        "a>x",
        "x>m if a == 'accept'",
        "x>no if a == 'refuse'",
        "m>k",
        "k>l",
        "k>b",
        "l>j",
        "b>n",
        "n>j",
        "j>q",
        "q>d if b == 'agree'",
        "q>m if b == 'return'",
        "d>i",
        "i>e",
    ],
)
NESTED_FORK = drawing(
    "s:start a:accept x:xor no:end k:and l:review k2:and b:review c:review j2:and n:survey j:and d:decide"
    " i:issue e:end",
    [
        "s>a",
        "a>x",
        "x>k if a == 'accept'",
        "x>no if a == 'refuse'",
        "k>l",
        "k>k2",
        "k>j",
        "k2>b",
        "k2>c",
        "b>j2",
        "c>j2",
        "j2>n",
        "n>j",
        "l>j",
        "j>d",
        "d>i",
        "i>e",
    ],
)
LOOP_IN_BRANCH = drawing(
    "s:start a:accept x:xor no:end k:and l:review m:xor b:review h:survey:outcomes=agree+disagree q:xor j:and"
    " d:decide i:issue e:end",
    [
        "s>a",
        "a>x",
        "x>k if a == 'accept'",
        "x>no if a == 'refuse'",
        "k>l",
        "k>m",
        "m>b",
        "b>h",
        "h>q",
        "q>m if h == 'disagree'",
        "q>j if h == 'agree'",
        "l>j",
        "j>d",
        "d>i",
        "i>e",
    ],
)


@pytest.mark.parametrize(
    "xml",
    [LOOPED_FORK, NESTED_FORK, LOOP_IN_BRANCH],
    ids=["fork in a loop", "nested forks", "loop in a branch"],
)
@pytest.mark.parametrize("seed", range(15))
def test_engine_and_checker_agree_on_long_random_runs(xml: str, seed: int) -> None:
    checked = check_xml(xml)
    assert checked.errors == ()
    graph = checked.graph
    assert graph is not None
    plan, chance = engine.load_plan(str(hash(xml)), xml), random.Random(seed)
    progress = engine.start(plan)
    values: dict[str, str] = {}
    marking = game.begin(graph, values, set())
    for _ in range(60):
        assert tuple(sorted(names(progress))) == marking.tasks
        if progress.finished:
            break
        task = chance.choice(progress.ready)
        kinder = [one for one in task.spec.outcomes if one not in ("agree", "refuse")] or list(task.spec.outcomes)
        outcome = chance.choice(kinder if chance.random() < 0.7 else list(task.spec.outcomes))
        values |= {"outcome": outcome, task.spec.bpmn_id: outcome}
        marking = game.fire(graph, marking, task.spec.bpmn_id, values, set())
        progress = take(plan, progress, task.spec.bpmn_id, outcome)
    else:
        return
    assert marking.ends == (progress.state["end"],)


def test_start_data_must_be_what_the_procedure_declares() -> None:
    xml = drawing(
        "s:start a:accept x:xor u:xor r:review d:decide i:issue e:end no:end",
        [
            "s>a",
            "a>x",
            "x>u if a == 'accept'",
            "x>no if a == 'refuse'",
            "r>d",
            "d>i",
            "i>e",
            "u>d if urgent == 'yes'",
            "u>r else",
        ],
        process=' weimin:data="urgent=yes|no"',
    )
    plan = engine.load_plan("urgent", xml)
    assert names(take(plan, engine.start(plan, {"urgent": "yes"}), "a", "accept")) == ["d"]
    assert names(take(plan, engine.start(plan, {"urgent": "no"}), "a", "accept")) == ["r"]
    for wrong in ({}, {"urgent": "perhaps"}, {"urgent": "yes", "more": "1"}):
        with pytest.raises(engine.StartDataWrong):
            engine.start(plan, wrong)


def test_the_procedure_reads_in_words() -> None:
    graph = check_xml(XML["county_decides"]).graph
    assert graph is not None
    lines = steps_text(graph)
    assert lines[0] == "收到申请后，到第1步“受理审查”。"
    assert lines[1] == (
        "第1步 受理审查：由受理的便民服务中心的窗口受理人员办。"
        "受理的，到第2步“乡镇初审”；不予受理的，结束（不予受理）。"
    )
    assert "退回的，到第2步“乡镇初审”" in lines[3]
    joint = check_xml(XML["joint"]).graph
    assert joint is not None
    assert "受理的，同时办第2步“自然资源审核”、第3步“规划审核”、第4步“乡镇实地踏勘”" in steps_text(joint)[1]
    assert "等几路都办完，到第5步“乡镇审批决定”" in steps_text(joint)[2]
