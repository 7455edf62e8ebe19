"""Who sees and answers questions about looks, in SQL."""

from __future__ import annotations

from django.db.models import QuerySet

from weimin.base.errors import Forbidden
from weimin.kernel.directory import queries as directory
from weimin.kernel.evaluation.models import ReadQuery
from weimin.kernel.record.types import Actor


class AnswerNotYours(Forbidden):
    """Only the head of the agency that looked, or the supervisor, answers; and nobody for their own look."""

    code = "evaluation.answer_not_yours"


def visible_read_queries(viewer: Actor) -> QuerySet[ReadQuery]:
    """One's own questions; those to the agencies that a leader leads; those of a supervisor's place; all overdue ones
    for the audit administrator."""
    rows = ReadQuery.objects.all()
    if viewer.kind == "system":
        return rows
    if viewer.kind == "resident" and viewer.resident_id is not None:
        return rows.filter(resident_id=viewer.resident_id)
    if viewer.is_staff and viewer.agency_id is not None:
        if "supervisor" in viewer.roles:
            prefix = directory.place_prefix(viewer.division_code)
            return rows.filter(agency__division__code__startswith=prefix)
        if "leader" in viewer.roles:
            return rows.filter(agency_id__in=directory.list_led_agencies(agency_id=viewer.agency_id))
        if "audit_admin" in viewer.roles:
            return rows
    return rows.none()


def answerable_read_queries(viewer: Actor) -> QuerySet[ReadQuery]:
    """The open questions that a viewer answers: not the audit administrator, and not whoever made the look."""
    if not viewer.roles & {"leader", "supervisor"}:
        return ReadQuery.objects.none()
    rows = visible_read_queries(viewer).filter(answered_at=None)
    return rows.exclude(entry__account_id=viewer.account_id) if viewer.account_id is not None else rows
