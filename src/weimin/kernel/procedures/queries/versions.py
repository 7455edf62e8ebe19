"""Reads of versions. What was published never changes, so it is read once in a process and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from weimin.base.errors import NotFound
from weimin.kernel.procedures.models import DecisionTableVersion, Instance, ProcedureVersion
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.rules import engine
from weimin.kernel.procedures.rules.engine import Plan
from weimin.kernel.procedures.rules.needs import lacks, lacks_steps, needs_of_graph, needs_of_table
from weimin.kernel.procedures.rules.steps_text import steps_text
from weimin.kernel.procedures.rules.tables.checking import check_table, decide
from weimin.kernel.procedures.rules.tables.reading import Table
from weimin.kernel.procedures.types import ReadyTask, TableVerdict, TaskSpec, VersionView

_OWN = ("number", "status", "digest", "published_at", "published_by_name")
_FIELDS = ("pk", "procedure__code", "procedure__name", *_OWN)
_TABLE_FIELDS = ("pk", "table__code", "table__name", *_OWN)


class ProcedureUnknown(NotFound):
    """No such procedure, or none published under this code."""

    code = "procedures.unknown"


def get_current(kind: Kind, *, code: str) -> VersionView:
    """The version of a procedure or a table that is in force.

    Raises: ProcedureUnknown — nothing is published under the code
    Cost:   one query
    """
    return get_current_version(code=code) if kind == "procedure" else get_current_table(code=code)


def get_current_version(*, code: str) -> VersionView:
    """The version of a procedure that is in force.

    It is asked of the database each time, so a publication is seen at once by every process.

    Raises: ProcedureUnknown — nothing is published under the code
    Cost:   one query
    """
    row = ProcedureVersion.objects.filter(procedure__code=code, status="published").values_list(*_FIELDS).first()
    if row is None:
        raise ProcedureUnknown(f"没有已发布的流程“{code}”，请先发布流程。")
    return VersionView(*row)


def get_current_table(*, code: str) -> VersionView:
    """The version of a decision table that is in force.

    Raises: ProcedureUnknown — nothing is published under the code
    Cost:   one query
    """
    row = DecisionTableVersion.objects.filter(table__code=code, status="published").values_list(*_TABLE_FIELDS).first()
    if row is None:
        raise ProcedureUnknown(f"没有已发布的决策表“{code}”，请先发布。")
    return VersionView(*row)


def get_version(version_id: int) -> VersionView:
    """One published or retired version.

    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query
    """
    row = ProcedureVersion.objects.filter(pk=version_id).exclude(status="draft").values_list(*_FIELDS).first()
    if row is None:
        raise ProcedureUnknown("没有这个流程版本。")
    return VersionView(*row)


def list_versions(*, code: str) -> tuple[VersionView, ...]:
    """The published and retired versions of a procedure, newest first.

    Cost:   one query
    """
    rows = ProcedureVersion.objects.filter(procedure__code=code).exclude(status="draft")
    return tuple(VersionView(*row) for row in rows.order_by("-number").values_list(*_FIELDS))


def list_current_versions() -> tuple[VersionView, ...]:
    """The version in force of every procedure, by code.

    Cost:   one query
    """
    rows = ProcedureVersion.objects.filter(status="published").order_by("procedure__code")
    return tuple(VersionView(*row) for row in rows.values_list(*_FIELDS))


def get_picture(version_id: int) -> str:
    """The BPMN file of a published version: the one that runs, as it was published.

    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query, none when the process has it
    """
    return _published(version_id)[1]


def list_tasks(version_id: int) -> tuple[TaskSpec, ...]:
    """The tasks of a published version, in the order of its file.

    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query, none when the process has it
    """
    return get_plan(version_id).graph.tasks


def list_steps_text(version_id: int) -> tuple[str, ...]:
    """A published version in words, for those who cannot see the picture.

    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query, none when the process has it
    """
    return steps_text(get_plan(version_id).graph)


def get_plan(version_id: int) -> Plan:
    """A published version ready to run, for `rules.engine`.

    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query, none when the process has it
    """
    return engine.load_plan(*_published(version_id))


@lru_cache(maxsize=256)
def _published(version_id: int) -> tuple[str, str]:
    row = ProcedureVersion.objects.filter(pk=version_id).exclude(status="draft").values_list("digest", "xml").first()
    if row is None:
        raise ProcedureUnknown("没有这个流程版本。")
    return row[0], row[1]


def list_ready(instance_id: int) -> tuple[ReadyTask, ...]:
    """The open tasks of an instance.

    Raises: ProcedureUnknown — no such instance
    Cost:   one query
    """
    row = Instance.objects.filter(pk=instance_id).values_list("version_id", "state").first()
    if row is None:
        raise ProcedureUnknown("没有这个流程实例。")
    return engine.list_ready(get_plan(row[0]), row[1])


def pick_start_data(version_id: int, answers: Mapping[str, Any]) -> dict[str, str]:
    """What a procedure must be told at the start, taken from the answers to a form.

    Shape:  only declared names; a missing answer is left out, and starting then says so
    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query, none when the process has it
    """
    return {name: str(answers[name]) for name, _ in get_plan(version_id).graph.inputs if name in answers}


def list_lacks(
    version_id: int, *, fields: Mapping[str, tuple[str, ...]], steps: tuple[str, ...] = ()
) -> dict[str, str]:
    """What a form, and stages that speak of drawn steps, lack for a published procedure.

    Shape:  sentences by the name of the question or step, under "" when no item may begin with it; empty when all fits
    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query, none when the process has it
    """
    graph = get_plan(version_id).graph
    if graph.after:
        return {"": f"“{graph.name}”只接在法律作出的决定之后，事项不能从它开始办。"}
    return lacks(needs_of_graph(graph), fields) | lacks_steps(graph, steps)


def list_table_lacks(code: str, *, fields: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What a form lacks for the decision table in force under a code.

    Shape:  sentences by the name of the question; one under "" when there is no such table
    Cost:   one query
    """
    try:
        return lacks(needs_of_table(_table(code)), fields)
    except ProcedureUnknown as unknown:
        return {"": unknown.message}


def decide_by_table(*, code: str, answers: Mapping[str, Any]) -> TableVerdict:
    """What the decision table in force says about answers, which row says so, and why. A person decides.

    Raises: ProcedureUnknown — nothing is published under the code
    Cost:   one query
    """
    rows = DecisionTableVersion.objects.filter(table__code=code, status="published")
    row = rows.values_list("table__name", "number", "digest", "xml").first()
    if row is None:
        raise ProcedureUnknown(f"没有已发布的决策表“{code}”，请先发布。")
    return TableVerdict(row[0], row[1] or 0, decide(_table_of(row[2], row[3]), answers))


def list_verdicts(codes: Sequence[str], *, answers: Mapping[str, Any]) -> tuple[TableVerdict, ...]:
    """What several tables say about the same answers; one that is not published says nothing.

    Cost:   one query for each
    """
    found = []
    for code in codes:
        try:
            found.append(decide_by_table(code=code, answers=answers))
        except ProcedureUnknown:
            continue
    return tuple(found)


def get_table_text(version_id: int) -> str:
    """The DMN file of a published version of a table, as it was published.

    Raises: ProcedureUnknown — no such version, or only a draft
    Cost:   one query
    """
    rows = DecisionTableVersion.objects.filter(pk=version_id).exclude(status="draft")
    xml = rows.values_list("xml", flat=True).first()
    if xml is None:
        raise ProcedureUnknown("没有这个决策表版本。")
    return xml


def _table(code: str) -> Table:
    row = DecisionTableVersion.objects.filter(table__code=code, status="published").values_list("digest", "xml").first()
    if row is None:
        raise ProcedureUnknown(f"没有已发布的决策表“{code}”，请先发布。")
    return _table_of(*row)


@lru_cache(maxsize=64)
def _table_of(digest: str, xml: str) -> Table:
    table = check_table(xml).table
    assert table is not None
    return table
