"""Reads of ratings and repairs."""

from __future__ import annotations

from weimin.kernel.evaluation.models import Rating, Repair
from weimin.kernel.record.types import Actor


def find_rating(*, case_id: int) -> Rating | None:
    """The rating of a matter, with its repair."""
    return Rating.objects.select_related("repair").filter(case_id=case_id).first()


def list_repairs(viewer: Actor, *, limit: int = 100) -> list[Repair]:
    """The repairs of a viewer's agency: open ones by due day, then answered ones.

    Cost:   one query
    """
    if not viewer.is_staff:
        return []
    rows = Repair.objects.filter(agency_id=viewer.agency).select_related("rating__case")
    return list(rows.order_by("answered_at", "due_on")[:limit])
