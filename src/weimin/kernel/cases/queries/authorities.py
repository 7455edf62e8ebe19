"""The matters that were decided, or are being handled, under one delegation."""

from __future__ import annotations

from django.db.models import QuerySet

from weimin.kernel.cases import access
from weimin.kernel.cases.models import Case
from weimin.kernel.record.types import Actor


def list_under_delegation(viewer: Actor, *, delegation: str) -> QuerySet[Case]:
    """The matters of a delegation that the viewer may see, newest first; no applicant is named.

    Cost:   one query when read
    """
    rows = access.visible_cases(viewer).filter(delegation=delegation).exclude(delegation="")
    return rows.defer("answers_sealed", "post_sealed").order_by("-submitted_at", "-pk")
