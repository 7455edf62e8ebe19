"""Who answers requests, who decides on destruction, who keeps assessments: one policy for each table, in SQL."""

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
    """Only who keeps the lists of the city or a county, or supervises or audits there, writes impact assessments."""

    code = "rights.assessment_not_yours"


def may_assess(by: Actor) -> bool:
    """Whether somebody writes impact assessments: they are about items of the whole city, so no township does."""
    wide = directory.is_above_townships(by.division_code)
    return by.kind == "system" or (by.is_staff and wide and bool(by.roles & ASSESSORS))


def _sees_request(viewer: Actor) -> Condition:
    """One's own; those to the viewer's body, or to those that a leader leads; those of a supervisor's place."""
    if viewer.kind == "system":
        return True
    if viewer.kind == "resident":
        return own_of("resident_id", viewer.resident_id)
    if not viewer.is_staff or viewer.is_administrator or viewer.agency_id is None:
        return False
    if "supervisor" in viewer.roles:
        return directory.within("agency__division__code", viewer.division_code)
    if "leader" in viewer.roles:
        return Q(agency_id__in=directory.list_led_agencies(agency_id=viewer.agency_id))
    return Q(agency_id=viewer.agency_id) if "front_desk" in viewer.roles else False


def _answers_request(viewer: Actor) -> Condition:
    """The open ones of those that one sees: the counter's own, or those of the bodies that a leader leads."""
    seen = _sees_request(viewer) if viewer.roles & {"front_desk", "leader"} else False
    return seen & Q(answered_at__isnull=True) if isinstance(seen, Q) else False


def _sees_copy(viewer: Actor) -> Condition:
    """One's own, and those that a clerk made for somebody at the counter."""
    if viewer.kind == "resident":
        return own_of("resident_id", viewer.resident_id)
    if not viewer.is_staff or viewer.is_administrator or "front_desk" not in viewer.roles:
        return False
    return own_of("account_id", viewer.account_id)


def _sees_destruction(viewer: Actor) -> Condition:
    """The lists of one's township, for its archive keeper and its leader; a supervisor sees those of the place."""
    if viewer.kind == "system":
        return True
    if not viewer.is_staff or viewer.is_administrator or not viewer.roles & {KEEPER, "leader", "supervisor"}:
        return False
    if "supervisor" in viewer.roles:
        return directory.within("township__code", viewer.division_code)
    return Q(township_id=viewer.division_code)


def _sees_line(viewer: Actor) -> Condition:
    """What stands on a list is seen by who sees the list."""
    return True if viewer.kind == "system" else Q(destruction__in=DESTRUCTIONS.visible(viewer))


def _sees_hold(viewer: Actor) -> Condition:
    """Those of matters that stand on a list that one sees."""
    return True if viewer.kind == "system" else Q(case__in=LINES.visible(viewer).values("case"))


REQUESTS = Policy(DataRequest, see=_sees_request, answer=_answers_request)
COPIES = Policy(DataCopy, see=_sees_copy)
DESTRUCTIONS = Policy(Destruction, see=_sees_destruction)
LINES = Policy(DestructionLine, see=_sees_line)
HOLDS = Policy(Hold, see=_sees_hold)


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
