"""Reads of procedures. What was published never changes, so it is read once in a process and kept."""

from __future__ import annotations

from functools import lru_cache

from weimin.base.errors import NotFound
from weimin.kernel.procedures import access
from weimin.kernel.procedures.models import Instance, ProcedureVersion
from weimin.kernel.procedures.rules import engine
from weimin.kernel.procedures.rules.check import check_xml
from weimin.kernel.procedures.rules.engine import Plan
from weimin.kernel.procedures.rules.steps_text import steps_text
from weimin.kernel.procedures.types import Finding, ReadyTask, TaskSpec, VersionView
from weimin.kernel.record.types import Actor

_FIELDS = (
    "pk",
    "procedure__code",
    "procedure__name",
    "number",
    "status",
    "digest",
    "published_at",
    "published_by_name",
)


class ProcedureUnknown(NotFound):
    """No such procedure, or none published under this code."""

    code = "procedures.unknown"


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


def check_procedure(*, xml: str) -> tuple[Finding, ...]:
    """What the checker says about a drawing, without keeping it.

    Cost:   no query; some tens of milliseconds
    """
    return check_xml(xml).findings


def find_draft(viewer: Actor, *, code: str) -> str | None:
    """The draft of a procedure as a BPMN file, or None.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   one query
    """
    access.check_keep(viewer)
    return ProcedureVersion.objects.filter(procedure__code=code, status="draft").values_list("xml", flat=True).first()
