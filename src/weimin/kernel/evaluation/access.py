"""Who sees and answers questions about looks, bad ratings and their repair: one policy each, asked both ways."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from weimin.base.errors import Forbidden, NotFound
from weimin.base.policy import Condition, Policy, own_of
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import HANDLING
from weimin.kernel.evaluation.models import Rating, ReadQuery, Repair
from weimin.kernel.record.types import Actor


class AnswerNotYours(Forbidden):
    """Only the head of the agency that looked, or the supervisor, answers; and nobody for their own look."""

    code = "evaluation.answer_not_yours"


class RepairUnknown(NotFound):
    """No such bad rating for this viewer."""

    code = "evaluation.repair_unknown"


def _sees_query(viewer: Actor) -> Condition:
    """One's own questions; those to the agencies that a leader leads; those of a supervisor's place; all of them for
    the audit administrator."""
    if viewer.kind == "system":
        return True
    if viewer.kind == "resident":
        return own_of("resident_id", viewer.resident_id)
    if not viewer.is_staff or viewer.agency_id is None:
        return False
    if "supervisor" in viewer.roles:
        return directory.within("agency__division__code", viewer.division_code)
    if "leader" in viewer.roles:
        return own_of("agency_id", directory.list_led_agencies(agency_id=viewer.agency_id))
    return "audit_admin" in viewer.roles


def _answers_query(viewer: Actor) -> Condition:
    """The open ones that one answers for: not the audit administrator, and never about one's own look."""
    sees = _sees_query(viewer) if viewer.roles & {"leader", "supervisor"} else False
    if not isinstance(sees, Q):
        return False
    sees &= Q(answered_at__isnull=True)
    return sees & ~Q(entry__account_id=viewer.account_id) if viewer.account_id is not None else sees


def _sees_repair(viewer: Actor) -> Condition:
    """Those of one's own agency, by who works there on matters or leads it."""
    if viewer.kind == "system":
        return True
    if not viewer.is_staff or not viewer.roles & (HANDLING | {"leader"}):
        return False
    return own_of("agency_id", viewer.agency_id)


def _answers_repair(viewer: Actor) -> Condition:
    sees = _sees_repair(viewer)
    return sees & Q(answered_at__isnull=True) if isinstance(sees, Q) else sees


def _sees_rating(viewer: Actor) -> Condition:
    """One's own; of others those that one's agency has to put right."""
    if viewer.kind == "system":
        return True
    if viewer.kind == "resident":
        return own_of("case__applicant_id", viewer.resident_id)
    return Q(repair__in=REPAIRS.visible(viewer))


READ_QUERIES = Policy(ReadQuery, see=_sees_query, answer=_answers_query)
REPAIRS = Policy(Repair, see=_sees_repair, answer=_answers_repair)
RATINGS = Policy(Rating, see=_sees_rating)


def visible_read_queries(viewer: Actor) -> QuerySet[ReadQuery]:
    """The questions about looks that a viewer may see."""
    return READ_QUERIES.visible(viewer)


def answerable_read_queries(viewer: Actor) -> QuerySet[ReadQuery]:
    """The open questions that a viewer answers."""
    return READ_QUERIES.visible(viewer, "answer")
