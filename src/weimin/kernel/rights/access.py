"""Who answers requests, who decides on destruction, who keeps assessments: in SQL where it is about rows."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from weimin.base.errors import Forbidden
from weimin.base.policy import Condition, Policy, own_of
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor
from weimin.kernel.rights.models import DataCopy, DataRequest, Destruction, DestructionLine, Hold

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


def _sees_request(viewer: Actor) -> Condition:
    """One's own requests; those to the viewer's body; those of a supervisor's place."""
    if viewer.kind == "system":
        return True
    if viewer.kind == "resident":
        return own_of("resident_id", viewer.resident_id)
    if not viewer.is_staff or viewer.agency_id is None:
        return False
    if "supervisor" in viewer.roles:
        return Q(agency__division__code__startswith=directory.place_prefix(viewer.division_code))
    if "leader" in viewer.roles:
        return own_of("agency_id", directory.list_led_agencies(agency_id=viewer.agency_id))
    return own_of("agency_id", viewer.agency_id) if "front_desk" in viewer.roles else False


def _answers_request(viewer: Actor) -> Condition:
    """The open requests: the counter's own, or those of the bodies that a leader leads."""
    sees = _sees_request(viewer) if viewer.roles & {"front_desk", "leader"} else False
    return sees & Q(answered_at__isnull=True) if isinstance(sees, Q) else sees


def _sees_copy(viewer: Actor) -> Condition:
    """One's own copies, and those that a clerk made for somebody at the counter."""
    if viewer.kind == "resident":
        return own_of("resident_id", viewer.resident_id)
    return own_of("account_id", viewer.account_id) if viewer.is_staff and "front_desk" in viewer.roles else False


def _place(viewer: Actor, column: str) -> Condition:
    """What is of one's township, for its archive keeper and its leader; of a supervisor's place and below."""
    if viewer.kind == "system":
        return True
    if not viewer.is_staff or not viewer.roles & {KEEPER, "leader", "supervisor"}:
        return False
    return Q(**{f"{column}__startswith": directory.place_prefix(viewer.division_code)})


REQUESTS = Policy(
    DataRequest,
    see=_sees_request,
    answer=_answers_request,
    refusals={"answer": (RequestNotYours, "这条请求由收到它的窗口或单位领导答复。")},
)
COPIES = Policy(DataCopy, see=_sees_copy)
DESTRUCTIONS = Policy(Destruction, see=lambda viewer: _place(viewer, "township__code"))
LINES = Policy(DestructionLine, see=lambda viewer: _place(viewer, "destruction__township__code"))
HOLDS = Policy(Hold, see=lambda viewer: _place(viewer, "case__township__code"))


def visible_requests(viewer: Actor) -> QuerySet[DataRequest]:
    """The requests that a viewer may see."""
    return REQUESTS.visible(viewer)


def answerable_requests(viewer: Actor) -> QuerySet[DataRequest]:
    """The open requests that a viewer answers."""
    return REQUESTS.visible(viewer, "answer")


def visible_copies(viewer: Actor) -> QuerySet[DataCopy]:
    """The copies that a viewer may fetch."""
    return COPIES.visible(viewer)


def visible_destructions(viewer: Actor) -> QuerySet[Destruction]:
    """The lists for destruction that a viewer may see."""
    return DESTRUCTIONS.visible(viewer).select_related("township")
