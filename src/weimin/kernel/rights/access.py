"""Who answers requests, who decides on destruction, who keeps assessments: in SQL where it is about rows."""

from __future__ import annotations

from django.db.models import QuerySet

from weimin.base.errors import Forbidden
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor
from weimin.kernel.rights.models import DataCopy, DataRequest, Destruction

#: Who keeps the archive of a township, and who keeps the assessments.
KEEPER, ASSESSORS = "archive_keeper", frozenset({"list_keeper", "supervisor", "audit_admin"})


class RequestNotYours(Forbidden):
    """The request is another body's, or answered."""

    code = "rights.request_not_yours"


class DestructionNotYours(Forbidden):
    """Only the township's archive keeper checks, only its leader approves, and never the same person."""

    code = "rights.destruction_not_yours"


class AssessmentNotYours(Forbidden):
    """Only the keepers of the lists write impact assessments."""

    code = "rights.assessment_not_yours"


def visible_requests(viewer: Actor) -> QuerySet[DataRequest]:
    """One's own requests; those to the viewer's body; those of a supervisor's place."""
    rows = DataRequest.objects.all()
    if viewer.kind == "system":
        return rows
    if viewer.kind == "resident" and viewer.resident_id is not None:
        return rows.filter(resident_id=viewer.resident_id)
    if viewer.is_staff and viewer.agency_id is not None:
        if "supervisor" in viewer.roles:
            return rows.filter(agency__division__code__startswith=directory.place_prefix(viewer.division_code))
        if "leader" in viewer.roles:
            return rows.filter(agency_id__in=directory.list_led_agencies(agency_id=viewer.agency_id))
        if "front_desk" in viewer.roles:
            return rows.filter(agency_id=viewer.agency_id)
    return rows.none()


def answerable_requests(viewer: Actor) -> QuerySet[DataRequest]:
    """The open requests that a viewer answers: the counter's own, or those of the bodies that a leader leads."""
    if not viewer.roles & {"front_desk", "leader"}:
        return DataRequest.objects.none()
    return visible_requests(viewer).filter(answered_at=None)


def visible_copies(viewer: Actor) -> QuerySet[DataCopy]:
    """One's own copies, and those that a clerk made for somebody at the counter."""
    if viewer.kind == "resident" and viewer.resident_id is not None:
        return DataCopy.objects.filter(resident_id=viewer.resident_id)
    if viewer.is_staff and viewer.account_id is not None and "front_desk" in viewer.roles:
        return DataCopy.objects.filter(account_id=viewer.account_id)
    return DataCopy.objects.none()


def visible_destructions(viewer: Actor) -> QuerySet[Destruction]:
    """The lists of one's township, for its archive keeper and its leader; a supervisor sees those of the place."""
    rows = Destruction.objects.select_related("township")
    if viewer.kind == "system":
        return rows
    if viewer.is_staff and viewer.roles & {KEEPER, "leader", "supervisor"}:
        return rows.filter(township__code__startswith=directory.place_prefix(viewer.division_code))
    return rows.none()
