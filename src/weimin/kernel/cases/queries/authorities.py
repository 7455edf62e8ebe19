"""The matters that were decided, or are being handled, under one delegation."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet, Value

from weimin.kernel.cases import access
from weimin.kernel.cases.models import Case
from weimin.kernel.record.types import Actor


def list_under_delegation(viewer: Actor, *, delegation: str, whole: bool = False) -> QuerySet[Case]:
    """The matters of a delegation that the viewer may see, newest first; all of them for who answers for them.

    No applicant is named: numbers, items, days and states. `opens` says which ones the viewer may open.

    Cost:   one query when read
    """
    seen = access.visible_cases(viewer)
    rows = Case.objects.all() if whole else seen
    rows = rows.filter(delegation=delegation).exclude(delegation="").defer("answers_sealed", "post_sealed")
    opens = Exists(seen.filter(pk=OuterRef("pk"))) if whole else Value(True)
    return rows.annotate(opens=opens).order_by("-submitted_at", "-pk")


def count_under_delegation(*, delegation: str) -> int:
    """How many matters there are under a delegation, whoever may see them: a figure, nobody's matter.

    Cost:   one query by index
    """
    return Case.objects.filter(delegation=delegation).exclude(delegation="").count()
