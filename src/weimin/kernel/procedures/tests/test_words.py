"""The checker's answer in words: paths, articles, differences between two versions."""

from __future__ import annotations

import pytest

from weimin.kernel.procedures.rules.check import check_xml
from weimin.kernel.procedures.rules.differences import compare_graphs, compare_tables
from weimin.kernel.procedures.rules.parse import Graph
from weimin.kernel.procedures.rules.starting import renamed
from weimin.kernel.procedures.rules.tables.checking import check_table
from weimin.kernel.procedures.rules.telling import BASIS, basis_of, tell_paths
from weimin.kernel.procedures.testing import SHIPPED, SHIPPED_TABLES
from weimin.kernel.procedures.tests.test_checking import BAD_FORKS, BAD_LIVES, changed

XML = SHIPPED["promise"].read_text(encoding="utf-8")
TABLE = SHIPPED_TABLES["self_care"].read_text(encoding="utf-8")


def graph(xml: str) -> Graph:
    found = check_xml(xml).graph
    assert found is not None
    return found


@pytest.mark.parametrize("code", SHIPPED)
def test_every_step_and_outcome_of_a_procedure_stands_in_some_path(code: str) -> None:
    checked = check_xml(SHIPPED[code].read_text(encoding="utf-8"))
    assert checked.graph is not None
    told = {(step.task_id, step.outcome) for path in tell_paths(checked) for step in path.steps}
    assert {one for one, _ in told} == {task.bpmn_id for task in checked.graph.tasks}
    assert len(told) == sum(len(task.outcomes) for task in checked.graph.tasks)
    assert all(path.end_name and step.who for path in tell_paths(checked) for step in path.steps)


def test_a_path_reads_as_who_did_what_and_how_it_ended() -> None:
    first = tell_paths(check_xml(XML))[0]
    assert [(one.name, one.who, one.outcome) for one in first.steps] == [
        ("受理审查", "受理的便民服务中心的窗口受理人员", "不予受理")
    ]
    assert first.end_name == "不予受理"


def test_a_broken_drawing_tells_no_paths() -> None:
    assert tell_paths(check_xml(BAD_LIVES["end.not_issued"])) == ()


@pytest.mark.parametrize("rule", sorted(set(BASIS) & {*BAD_LIVES, *BAD_FORKS}))
def test_an_unlawful_path_names_its_article_and_the_element(rule: str) -> None:
    found = next(one for one in check_xml({**BAD_LIVES, **BAD_FORKS}[rule]).findings if one.rule == rule)
    assert "行政许可法第" in basis_of(rule) and found.where and found.message_zh


def test_a_fault_of_drawing_has_no_article() -> None:
    assert basis_of("unreachable") == ""


def test_the_same_drawing_moved_about_differs_in_nothing() -> None:
    assert compare_graphs(graph(XML), graph(XML.replace('x="', 'x="1'))) == ()


def test_a_renamed_step_is_one_difference() -> None:
    (one,) = compare_graphs(graph(XML), graph(XML.replace('name="受理审查"', 'name="当场看材料"')))
    assert (one.where, one.kind, one.what) == ("accept", "changed", "环节“当场看材料”")
    assert one.changed == (("名称", "受理审查", "当场看材料"),)


def test_who_limits_conditions_and_new_steps_are_told() -> None:
    before, after = changed(), changed(nodes={"r:review": "r:review:agency=county:limit=3:unit=workday"})
    (one,) = compare_graphs(graph(before), graph(after))
    assert {name: new for name, _, new in one.changed} == {
        "由谁办": "县（区）主管部门的审核人员",
        "期限": "3 个工作日",
    }
    longer = changed(flows={"r>d": "r>w"}, more="w:survey", more_flows=("w>d",))
    kinds = {one.where: one.kind for one in compare_graphs(graph(before), graph(longer))}
    assert kinds["w"] == "added"
    assert {one.where: one.kind for one in compare_graphs(graph(longer), graph(before))}["w"] == "removed"


def test_a_changed_cell_and_a_lost_row_of_a_table_are_told() -> None:
    old, new = check_table(TABLE).table, check_table(TABLE.replace("[1..3]", "[1..2]")).table
    assert old is not None and new is not None
    (one,) = compare_tables(old, new)
    assert (one.what, one.changed) == ("第 2 行", (("自己做不了的项数", "1 到 3", "1 到 2"),))
    assert compare_tables(old, old) == ()


def test_a_copy_gets_its_own_name_and_stays_sound() -> None:
    copy = check_xml(renamed(XML, "新的流程"))
    assert copy.findings == () and copy.graph is not None and copy.graph.name == "新的流程"
    table = check_table(renamed(TABLE, "新的表"))
    assert table.findings == () and table.table is not None and table.table.name == "新的表"
    assert renamed("<broken", "名") == "<broken"
