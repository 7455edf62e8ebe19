"""Delegations as a spreadsheet, for the desk and for everybody."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import FileResponse

from weimin.apps.delegation.models import Delegation
from weimin.apps.delegation.rules import focus_areas
from weimin.apps.delegation.types import KINDS, LISTS, STATES
from weimin.ui.sheets import spreadsheet


def sheet_of(found: QuerySet[Delegation], *, name: str = "delegations.xlsx") -> FileResponse:
    """A row for each delegation found: what, where, under which instrument, from when to when."""
    fields = focus_areas()
    head = [
        "编号",
        "乡镇（街道）",
        "事项",
        "方式",
        "清单",
        "领域",
        "主管部门",
        "决定机关",
        "文号",
        "依据",
        "起",
        "止（不含）",
        "状态",
        "下次评估",
    ]
    rows = (
        [
            one.number,
            one.township.name,
            "、".join(matter.item_name for matter in one.matters.all()),
            KINDS[one.kind],
            LISTS[one.list_kind],
            fields.get(one.focus, ""),
            one.department.name,
            one.issuer_name,
            one.document,
            one.basis,
            one.valid_from,
            one.valid_until,
            STATES[one.state],
            one.evaluate_on,
        ]
        for one in found.iterator(chunk_size=500)
    )
    return spreadsheet(name, "赋权和委托", head, rows)
