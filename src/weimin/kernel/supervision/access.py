"""Who sees which warnings, orders and findings, in SQL; and who may act on them."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from weimin.base.errors import Forbidden
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, Warning

Row = TypeVar("Row", bound=Model)


def _seen(viewer: Actor, rows: QuerySet[Row]) -> QuerySet[Row]:
    if viewer.kind == "system":
        return rows
    if not viewer.is_staff or viewer.agency_id is None:
        return rows.none()
    if "supervisor" in viewer.roles:
        return rows.filter(place__startswith=directory.place_prefix(viewer.division_code))
    if "leader" in viewer.roles:
        own = Q(agency_id__in=directory.list_led_agencies(agency_id=viewer.agency_id))
        return rows.filter(own | Q(place=viewer.division_code))
    return rows.filter(agency_id=viewer.agency_id)


def visible_warnings(viewer: Actor) -> QuerySet[Warning]:
    """The warnings of a viewer's body; a leader's bodies and township; a supervisor's place and below."""
    return _seen(viewer, Warning.objects.all())


def visible_orders(viewer: Actor) -> QuerySet[Order]:
    """The orders to a viewer's body, a leader's bodies, a supervisor's place."""
    return _seen(viewer, Order.objects.all())


def visible_reasons(viewer: Actor) -> QuerySet[OverrunReason]:
    """The duties to explain an overrun of a viewer's body, a leader's bodies, a supervisor's place."""
    return _seen(viewer, OverrunReason.objects.all())


def visible_findings(viewer: Actor) -> QuerySet[Finding]:
    """The findings of a supervisor's place; nobody else looks at them."""
    if viewer.kind != "system" and "supervisor" not in viewer.roles:
        return Finding.objects.none()
    return _seen(viewer, Finding.objects.all())


def check_supervisor(viewer: Actor) -> None:
    """Refuse anyone but a supervisor.

    Raises: Forbidden — with who may
    """
    if "supervisor" not in viewer.roles:
        raise Forbidden("这一步由监督员办理。")


def own_bodies(viewer: Actor) -> frozenset[int]:
    """The bodies that a viewer serves in or leads.

    Cost:   no query; one for a leader
    """
    if viewer.agency_id is None or not viewer.is_staff:
        return frozenset()
    if "leader" in viewer.roles:
        return frozenset(directory.list_led_agencies(agency_id=viewer.agency_id))
    return frozenset({viewer.agency_id})


def check_body(viewer: Actor, agency_id: int | None) -> None:
    """Refuse anyone who does not serve in the body meant, or lead it.

    Raises: Forbidden — with who may
    """
    if agency_id not in own_bodies(viewer):
        raise Forbidden("这件事由承办机构办理。")


def may_review(viewer: Actor, order: Order) -> bool:
    """Whether a viewer accepts or returns the answer to an order: a supervisor, or a leader of its issuer."""
    issuer = order.issued_agency_id is not None and order.issued_agency_id == viewer.agency_id
    return "supervisor" in viewer.roles or ("leader" in viewer.roles and issuer)


def may_order(viewer: Actor) -> bool:
    """Whether a viewer issues orders at all."""
    return bool(viewer.roles & {"supervisor", "leader"})
