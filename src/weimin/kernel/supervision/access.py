"""Who sees which warnings, orders and findings, and who may act on them: one policy each, asked both ways."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from weimin.base.errors import Forbidden
from weimin.base.policy import Condition, Policy, own_of
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import HANDLING
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, PlaceTally, Tally, Warning


def _sees(viewer: Actor) -> Condition:
    """Those of one's body, by who works there on matters; of a leader's bodies and township; of a supervisor's place
    and below."""
    if viewer.kind == "system":
        return True
    if not viewer.is_staff or viewer.agency_id is None:
        return False
    if "supervisor" in viewer.roles:
        return directory.within("place", viewer.division_code)
    if "leader" in viewer.roles:
        led = own_of("agency_id", directory.list_led_agencies(agency_id=viewer.agency_id))
        return led | Q(place=viewer.division_code) if isinstance(led, Q) else led
    return bool(viewer.roles & HANDLING) and own_of("agency_id", viewer.agency_id)


def _supervises(viewer: Actor) -> Condition:
    """Those of a supervisor's place and below; nobody else's."""
    return _sees(viewer) if viewer.kind == "system" or "supervisor" in viewer.roles else False


def _orders(viewer: Actor) -> Condition:
    return _sees(viewer) if may_order(viewer) else False


def _answers(viewer: Actor) -> Condition:
    """Those of the bodies that one serves in or leads."""
    own = own_bodies(viewer)
    return own_of("agency_id", own) if own else False


def _reviews(viewer: Actor) -> Condition:
    """A supervisor those of the place; a leader those that their body issued."""
    if "supervisor" in viewer.roles:
        return _sees(viewer)
    if "leader" not in viewer.roles or viewer.agency_id is None:
        return False
    sees = _sees(viewer)
    return sees & Q(issued_agency_id=viewer.agency_id) if isinstance(sees, Q) else sees


_ANSWER = (Forbidden, "这件事由承办机构办理。")
_SUPERVISE = (Forbidden, "这一步由监督员办理。")
WARNINGS = Policy(
    Warning,
    see=_sees,
    contest=_answers,
    judge=_supervises,
    order=_orders,
    refusals={
        "contest": _ANSWER,
        "judge": _SUPERVISE,
        "order": (Forbidden, "督办单由监督员或单位领导签发。"),
    },
)
ORDERS = Policy(
    Order,
    see=_sees,
    answer=_answers,
    review=_reviews,
    refusals={"answer": _ANSWER, "review": (Forbidden, "答复由监督员或签发单位的领导认可。")},
)
REASONS = Policy(OverrunReason, see=_sees, explain=_answers, refusals={"explain": _ANSWER})
FINDINGS = Policy(Finding, see=_supervises)
TALLIES = Policy(Tally, see=_sees)
#: A sum is of a whole place: its supervisor's, never a leader's whose office stands in it.
PLACE_TALLIES = Policy(PlaceTally, see=_supervises)


def visible_warnings(viewer: Actor) -> QuerySet[Warning]:
    """The warnings that a viewer may see."""
    return WARNINGS.visible(viewer)


def visible_orders(viewer: Actor) -> QuerySet[Order]:
    """The orders that a viewer may see."""
    return ORDERS.visible(viewer)


def visible_reasons(viewer: Actor) -> QuerySet[OverrunReason]:
    """The duties to explain an overrun that a viewer may see."""
    return REASONS.visible(viewer)


def visible_findings(viewer: Actor) -> QuerySet[Finding]:
    """The findings of a supervisor's place; nobody else looks at them."""
    return FINDINGS.visible(viewer)


def check_supervisor(viewer: Actor) -> None:
    """Refuse anyone but a supervisor.

    Raises: Forbidden — with who may
    """
    if "supervisor" not in viewer.roles:
        raise Forbidden("这一步由监督员办理。")


def own_bodies(viewer: Actor) -> frozenset[int]:
    """The bodies that a viewer leads, or serves in where matters are worked on.

    Cost:   no query; one for a leader
    """
    if viewer.agency_id is None or not viewer.is_staff:
        return frozenset()
    if "leader" in viewer.roles:
        return frozenset(directory.list_led_agencies(agency_id=viewer.agency_id))
    return frozenset({viewer.agency_id}) if viewer.roles & HANDLING else frozenset()


def may_order(viewer: Actor) -> bool:
    """Whether a viewer issues orders at all."""
    return bool(viewer.roles & {"supervisor", "leader"})
