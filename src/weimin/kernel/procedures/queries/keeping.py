"""Reads for those who keep procedures and tables: lists, drafts, saved drafts, differences, impact."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from weimin.kernel.procedures.access import check_keep
from weimin.kernel.procedures.models import (
    DecisionTable,
    DecisionTableVersion,
    DraftSave,
    Instance,
    Procedure,
    ProcedureVersion,
)
from weimin.kernel.procedures.queries.versions import ProcedureUnknown
from weimin.kernel.procedures.registry import Kind, count_uses, find_uses
from weimin.kernel.procedures.rules.check import Checked, check_xml
from weimin.kernel.procedures.rules.differences import compare_graphs, compare_tables
from weimin.kernel.procedures.rules.needs import Needs, lacks, lacks_steps, needs_of_graph, needs_of_table
from weimin.kernel.procedures.rules.parse import Graph
from weimin.kernel.procedures.rules.tables.checking import CheckedTable, check_table
from weimin.kernel.procedures.types import Difference, DraftView, Finding, Impact, KeptRow, UseView, VersionView
from weimin.kernel.record.types import Actor

_OWN = ("number", "status", "digest", "published_at", "published_by_name")
_DRAFT = (
    "xml",
    "revision",
    "saved_at",
    "saved_by_name",
    "reason",
    "proposed_at",
    "proposed_by_name",
    "proposed_account_id",
    "saved_account_id",
    "returned_reason",
)


def _versions(kind: Kind) -> tuple[Any, str]:
    return (ProcedureVersion, "procedure") if kind == "procedure" else (DecisionTableVersion, "table")


def check_procedure(*, xml: str) -> tuple[Finding, ...]:
    """What the checker says about a drawing, without keeping it.

    Cost:   no query; some tens of milliseconds
    """
    return check_xml(xml).findings


def check_drawing(viewer: Actor, *, xml: str) -> Checked:
    """The checker's whole answer about a drawing: findings, graph and what was explored.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   no query; some tens of milliseconds
    """
    check_keep(viewer)
    return check_xml(xml)


def check_decision_table(viewer: Actor, *, xml: str) -> CheckedTable:
    """The checker's whole answer about a decision table.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   no query; some milliseconds
    """
    check_keep(viewer)
    return check_table(xml)


def find_draft(viewer: Actor, *, code: str) -> str | None:
    """The draft of a procedure as a BPMN file, or None.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   one query
    """
    found = find_draft_view(viewer, kind="procedure", code=code)
    return found.xml if found else None


def find_draft_view(viewer: Actor, *, kind: Kind, code: str) -> DraftView | None:
    """The draft of a procedure or table with who saved and proposed it, or None.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   one query
    """
    check_keep(viewer)
    model, key = _versions(kind)
    rows = model.objects.filter(**{f"{key}__code": code}, status="draft")
    row = rows.values_list("pk", f"{key}__code", f"{key}__name", *_DRAFT).first()
    return DraftView(*row) if row else None


def get_kept(viewer: Actor, *, kind: Kind, code: str) -> tuple[str, tuple[VersionView, ...]]:
    """The name of a procedure or table, and its published and retired versions, newest first.

    Raises: NotKeeper — the viewer does not keep procedures
            ProcedureUnknown — no such code
    Cost:   two queries
    """
    check_keep(viewer)
    parent = Procedure if kind == "procedure" else DecisionTable
    name = parent.objects.filter(code=code).values_list("name", flat=True).first()
    if name is None:
        raise ProcedureUnknown("没有这个代码，请回列表重新选。")
    model, key = _versions(kind)
    rows = model.objects.filter(**{f"{key}__code": code}).exclude(status="draft").order_by("-number")
    return name, tuple(VersionView(*row) for row in rows.values_list("pk", f"{key}__code", f"{key}__name", *_OWN))


def get_text(viewer: Actor, *, kind: Kind, code: str, which: str) -> str:
    """The file of one version: which is its number, or "draft", or "save-<revision>" for a draft as it was saved.

    Raises: NotKeeper — the viewer does not keep procedures
            ProcedureUnknown — no such version
    Cost:   one query
    """
    check_keep(viewer)
    model, key = _versions(kind)
    rows = model.objects.filter(**{f"{key}__code": code})
    if which.startswith("save-") and which[5:].isdecimal() and len(which) < 15:
        rows = DraftSave.objects.filter(kind=kind, code=code, revision=int(which[5:])).order_by("-saved_at")
    elif which == "draft":
        rows = rows.filter(status="draft")
    elif which.isdecimal() and len(which) < 10:
        rows = rows.filter(number=int(which))
    else:
        raise ProcedureUnknown("没有这个版本，请回列表重新选。")
    xml = rows.values_list("xml", flat=True).first()
    if xml is None:
        raise ProcedureUnknown("没有这个版本，请回列表重新选。")
    return str(xml)


def list_saves(viewer: Actor, *, kind: Kind, code: str, limit: int = 20) -> list[DraftSave]:
    """The latest savings of drafts, newest first, without their texts.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   one query
    """
    check_keep(viewer)
    return list(DraftSave.objects.filter(kind=kind, code=code).defer("xml").order_by("-saved_at", "-pk")[:limit])


def list_kept(viewer: Actor, *, kind: Kind) -> tuple[KeptRow, ...]:
    """Every procedure or table with its version, its draft, and how much hangs on it, by code.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   three queries, four for procedures, and one for each package that uses them
    """
    check_keep(viewer)
    model, key = _versions(kind)
    parent = Procedure if kind == "procedure" else DecisionTable
    running, uses = _running(kind), count_uses(kind)
    published = {row[1]: row for row in model.objects.filter(status="published").values_list("pk", f"{key}_id", *_OWN)}
    drafts = dict(model.objects.filter(status="draft").values_list(f"{key}_id", "proposed_at"))
    found = []
    for one in parent.objects.order_by("code"):
        row = published.get(one.pk)
        counts = running.get(one.pk, {})
        draft = "" if one.pk not in drafts else "等待审核" if drafts[one.pk] else "草稿"
        found.append(
            KeptRow(
                one.code,
                one.name,
                row[0] if row else None,
                row[2] if row else 0,
                row[5] if row else None,
                draft,
                uses.get(one.code, 0),
                sum(counts.values()),
                sum(count for number, count in counts.items() if row and number != row[2]),
            )
        )
    return tuple(found)


def _running(kind: Kind) -> dict[int, dict[int, int]]:
    """Open matters by procedure and version number; tables run in no matter of their own."""
    if kind != "procedure":
        return {}
    rows = Instance.objects.filter(finished_at=None).values_list("version__procedure_id", "version__number")
    found: dict[int, dict[int, int]] = {}
    for procedure_id, number, count in rows.annotate(many=Count("pk")):
        found.setdefault(procedure_id, {})[number] = count
    return found


def get_impact(viewer: Actor, *, kind: Kind, code: str, xml: str) -> Impact:
    """What a text would touch if it were published: matters on their way, and whose form would not fit.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   two queries, and one for each package that uses it
    """
    check_keep(viewer)
    graph = check_xml(xml).graph if kind == "procedure" else None
    needs = _needs(kind, graph, xml)
    model, key = _versions(kind)
    numbers = dict(model.objects.filter(**{f"{key}__code": code}).values_list("pk", "number"))
    uses = []
    for use in find_uses(kind, code):
        faults = lacks(needs, dict(use.fields)) if needs is not None else {}
        if graph is not None:
            faults |= lacks_steps(graph, use.steps)
        number = numbers.get(use.version_id) if use.version_id else None
        uses.append(UseView(use.label, use.code, number, tuple(faults.values())))
    counts = {}
    if kind == "procedure":
        rows = Instance.objects.filter(version__procedure__code=code, finished_at=None).values_list("version__number")
        counts = dict(rows.annotate(many=Count("pk")))
    return Impact(tuple(sorted(counts.items(), reverse=True)), tuple(uses))


def _needs(kind: Kind, graph: Graph | None, xml: str) -> Needs | None:
    if kind == "procedure":
        return needs_of_graph(graph) if graph is not None else None
    table = check_table(xml).table
    return needs_of_table(table) if table is not None else None


def compare_texts(viewer: Actor, *, kind: Kind, before: str, after: str) -> tuple[Difference, ...] | None:
    """What differs between two files in words; None when one of them cannot be read at all.

    Raises: NotKeeper — the viewer does not keep procedures
    Cost:   no query
    """
    check_keep(viewer)
    if kind == "procedure":
        one, other = check_xml(before).graph, check_xml(after).graph
        return compare_graphs(one, other) if one is not None and other is not None else None
    first, second = check_table(before).table, check_table(after).table
    return compare_tables(first, second) if first is not None and second is not None else None
