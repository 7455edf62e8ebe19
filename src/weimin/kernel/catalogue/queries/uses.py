"""Which items use a procedure or a decision table, and whether their forms and stages fit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, QuerySet

from weimin.kernel.catalogue.models import ItemVersion
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.types import Use

_STATES = ("in_force", "waiting", "approved", "approve", "legal", "lead", "draft")
_STATE_TEXT = {"in_force": "", "waiting": "（待生效）"}


def find_uses(kind: Kind, code: str) -> tuple[Use, ...]:
    """The service items whose versions in force or on their way use a procedure or a table.

    Cost:   one query
    """
    rows = _rows()
    if kind == "procedure":
        rows = rows.filter(doc__procedure=code)
    else:
        rows = rows.filter(doc__decision_tables__contains=[code])
    found = rows.order_by("item__code", "number").values_list("item__code", "name", "status", "procedure_id", "doc")
    return tuple(
        Use(
            f"{item} {name}{_STATE_TEXT.get(status, '（起草或审核中）')}",
            item,
            procedure_id if kind == "procedure" else None,
            tuple(fields_of(doc, certain=kind == "procedure").items()),
            steps_of(doc) if kind == "procedure" else (),
        )
        for item, name, status, procedure_id, doc in found
    )


def count_uses(kind: Kind) -> dict[str, int]:
    """How many versions in force or on their way use each procedure, or each table.

    Cost:   one query
    """
    if kind == "procedure":
        counted = _rows().exclude(doc__procedure=None).values_list("doc__procedure").annotate(many=Count("pk"))
        return {str(code): many for code, many in counted.order_by()}
    named = _rows().exclude(doc__decision_tables=None).values_list("doc__decision_tables", flat=True)
    return dict(Counter(str(code) for codes in named for code in codes or ()))


def _rows() -> QuerySet[ItemVersion]:
    return ItemVersion.objects.filter(item__list_code="service", status__in=_STATES, effect="set")


def fields_of(doc: Mapping[str, Any], *, certain: bool) -> dict[str, tuple[str, ...]]:
    """The questions of an item's form with the values that a choice offers; certain: only those always answered."""
    return {
        str(one.get("name")): tuple(str(value) for value, _ in one.get("choices") or ())
        if one.get("type") == "choice"
        else ()
        for one in _questions(doc)
        if not certain or (one.get("required") and not one.get("show_if"))
    }


def steps_of(doc: Mapping[str, Any]) -> tuple[str, ...]:
    """The drawn steps that an item's stages speak of."""
    stages = (doc.get("limits") or {}).get("stages") or []
    return tuple(dict.fromkeys(str(step) for stage in stages for step in stage.get("steps") or []))


def _questions(doc: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (one for page in (doc.get("form") or {}).get("pages") or [] for one in page.get("fields") or [])


def list_misfits(doc: Mapping[str, Any], *, procedure_version_id: int) -> dict[str, str]:
    """What an item record lacks for its procedure and its decision tables, by the part of the record.

    Shape:  sentences under "procedure", "form", "stages" and "decision_tables"; empty when all fits
    Cost:   one query for each decision table; one more the first time in a process
    """
    faults: dict[str, str] = {}
    steps = steps_of(doc)
    lacks = procedures.list_lacks(procedure_version_id, fields=fields_of(doc, certain=True), steps=steps)
    if "" in lacks:
        return {"procedure": lacks[""]}
    asked = [told for name, told in lacks.items() if name not in steps]
    if asked:
        faults["form"] = "办理流程要用表单里必答的回答：" + "".join(asked)
    drawn = [told for name, told in lacks.items() if name in steps]
    if drawn:
        faults["stages"] = "".join(drawn)
    for code in doc.get("decision_tables") or ():
        told = procedures.list_table_lacks(str(code), fields=fields_of(doc, certain=False))
        if "" in told:
            faults["decision_tables"] = told[""]
        elif told:
            faults["form"] = faults.get("form", "") + "决策表要用表单的回答：" + "".join(told.values())
    return faults
