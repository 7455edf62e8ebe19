"""Reads of warnings, orders, overruns and findings; the viewer comes first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from django.db.models import Case, Count, F, Model, Q, QuerySet, Value, When

from weimin.base.clock import day_start, local_date
from weimin.base.errors import NotFound
from weimin.base.paging import read_page_key
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import Limit
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import access
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, Warning
from weimin.kernel.supervision.queries.figures import as_of as as_of
from weimin.kernel.supervision.queries.figures import find_last_check as find_last_check
from weimin.kernel.supervision.queries.figures import list_bad_checks as list_bad_checks
from weimin.kernel.supervision.queries.figures import was_never_counted as was_never_counted
from weimin.kernel.supervision.queries.warned import read_warned as read_warned
from weimin.kernel.supervision.types import Filters

PAGE = 50
#: How many rows an export holds in memory.
CHUNK = 2000

Row = TypeVar("Row", bound=Model)


class RecordUnknown(NotFound):
    """No such record of supervision for this viewer."""

    code = "supervision.record_unknown"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a viewer.

    Shape:  orders and reasons to write by their own body; contests to judge, answers to accept, findings to look at
    """

    orders: int
    reasons: int
    contests: int
    answers: int
    findings: int

    @property
    def total(self) -> int:
        """All that waits."""
        return self.orders + self.reasons + self.contests + self.answers + self.findings


def _filtered(viewer: Actor, filters: Filters, *, today: date) -> QuerySet[Warning]:
    since = day_start(today - timedelta(days=filters.days))
    rows = access.visible_warnings(viewer).filter(raised_at__gte=since)
    if filters.level:
        rows = rows.filter(level=filters.level)
    if filters.contest == "counted":
        rows = rows.exclude(contest="lifted")
    elif filters.contest:
        rows = rows.filter(contest=filters.contest)
    if filters.running:
        rows = rows.exclude(clock__state="stopped").filter(eased_at=None)
    if filters.agency_id:
        rows = rows.filter(agency_id=filters.agency_id)
    return rows


def _before(rows: QuerySet[Row], field: str, after: str) -> QuerySet[Row]:
    """The rows behind the last one of a page."""
    key = read_page_key(after)
    return rows.filter(Q(**{f"{field}__lt": key[0]}) | Q(**{field: key[0]}, pk__lt=key[1])) if key else rows


def list_warnings(viewer: Actor, filters: Filters, *, today: date, after: str = "", limit: int = PAGE) -> list[Warning]:
    """Warnings that a viewer may see, newest first; paged by the last row's `page_key`.

    Cost:   one query
    """
    rows = _filtered(viewer, filters, today=today).select_related("agency", "clock")
    return list(_before(rows, "raised_at", after).order_by("-raised_at", "-pk")[:limit])


def iter_warnings(viewer: Actor, filters: Filters, *, today: date) -> Iterator[Warning]:
    """All of them, newest first, some at a time; for an export.

    Cost:   one query, read through a cursor
    """
    rows = _filtered(viewer, filters, today=today).select_related("agency", "clock")
    return rows.order_by("-raised_at", "-pk").iterator(chunk_size=CHUNK)


def list_escalation(viewer: Actor, *, clock_id: int) -> list[Warning]:
    """The warnings of one clock, the lowest level first: to whom it went, and when.

    Cost:   one query
    """
    return list(access.visible_warnings(viewer).filter(clock_id=clock_id).order_by("level"))


def contest_until(warning: Warning) -> tuple[Limit, date]:
    """How long a warning may be contested, and the last day of it.

    Raises: ParameterMissing — no row covers the day of the warning
    """
    since = local_date(warning.raised_at)
    limit, _ = limits.get_limit(code="warning.contest", on=since)
    return limit, limits.count_from(start=since, limit=limit)


def get_warning(viewer: Actor, warning_id: int) -> Warning:
    """One warning with its clock and body.

    Raises: RecordUnknown — not visible to the viewer
    Cost:   one query
    """
    rows = access.visible_warnings(viewer).select_related("agency", "clock", "contest_clock")
    found = rows.filter(pk=warning_id).first()
    if found is None:
        raise RecordUnknown("找不到这条预警，或者它不归您查看。")
    return found


def list_orders(viewer: Actor, *, state: str = "", limit: int = 100) -> list[Order]:
    """Orders that a viewer may see: what waits for an answer first, by the day it is due.

    Cost:   one query
    """
    return list(_orders(viewer, state)[:limit])


def _orders(viewer: Actor, state: str) -> QuerySet[Order]:
    """What waits for an answer by its day, then what waits for acceptance, then the rest, newest first."""
    rows = access.visible_orders(viewer).select_related("agency", "issued_agency")
    if state:
        rows = rows.filter(state=state)
    waits = When(state__in=("open", "returned"), then=Value(0))
    return rows.order_by(
        Case(waits, When(state="answered", then=Value(1)), default=Value(2)),
        Case(When(state__in=("open", "returned"), then=F("due_on"))),
        F("answered_at").desc(nulls_last=True),
        "pk",
    )


def iter_orders(viewer: Actor, *, state: str = "") -> Iterator[Order]:
    """All of them, in the same order, some at a time; for an export.

    Cost:   one query, read through a cursor
    """
    return _orders(viewer, state).iterator(chunk_size=CHUNK)


def list_warning_orders(viewer: Actor, *, warning_id: int) -> list[Order]:
    """The orders that a warning led to, oldest first.

    Cost:   one query
    """
    rows = access.visible_orders(viewer).select_related("agency", "issued_agency")
    return list(rows.filter(warning_id=warning_id).order_by("pk"))


def get_order(viewer: Actor, order_id: int) -> Order:
    """One order.

    Raises: RecordUnknown — not visible to the viewer
    Cost:   one query
    """
    found = access.visible_orders(viewer).select_related("agency", "issued_agency", "clock").filter(pk=order_id).first()
    if found is None:
        raise RecordUnknown("找不到这份督办单，或者它不归您查看。")
    return found


def list_reasons(viewer: Actor, *, limit: int = 100) -> list[OverrunReason]:
    """The duties to explain an overrun that a viewer may see: what is owed first.

    Cost:   one query
    """
    rows = access.visible_reasons(viewer).select_related("agency")
    return list(rows.order_by(F("written_at").desc(nulls_first=True), "due_on", "pk")[:limit])


def get_reason(viewer: Actor, reason_id: int) -> OverrunReason:
    """One duty to explain an overrun.

    Raises: RecordUnknown — not visible to the viewer
    """
    found = access.visible_reasons(viewer).select_related("agency").filter(pk=reason_id).first()
    if found is None:
        raise RecordUnknown("找不到这项说明，或者它不归您查看。")
    return found


def list_public_reasons(*, place: str = "", after: str = "", limit: int = 100) -> list[OverrunReason]:
    """Published reasons for overruns, newest first: the item, the body, the dates, the reason; no person.

    Shape:  paged by the last row's `page_key`
    Law:    yhys-722 art. 36
    Cost:   one query
    """
    rows = OverrunReason.objects.filter(public=True, written_at__isnull=False).select_related("agency", "subject_clock")
    if place:
        rows = rows.filter(directory.within("place", place))
    return list(_before(rows, "written_at", after).order_by("-written_at", "-pk")[:limit])


def list_findings(viewer: Actor, *, pattern: str = "", unseen: bool = False, limit: int = 200) -> list[Finding]:
    """Patterns that smell, newest first, with their evidence; for supervisors.

    Cost:   one query
    """
    return list(_findings(viewer, pattern, unseen)[:limit])


def _findings(viewer: Actor, pattern: str, unseen: bool) -> QuerySet[Finding]:
    rows = access.visible_findings(viewer).select_related("agency")
    if pattern:
        rows = rows.filter(pattern=pattern)
    if unseen:
        rows = rows.filter(sound=None)
    return rows.order_by("-on", "-pk")


def iter_findings(viewer: Actor, *, pattern: str = "", unseen: bool = False) -> Iterator[Finding]:
    """All of them, newest first, some at a time; for an export.

    Cost:   one query, read through a cursor
    """
    return _findings(viewer, pattern, unseen).iterator(chunk_size=CHUNK)


def count_findings(viewer: Actor) -> dict[str, int]:
    """How many findings of each pattern.

    Cost:   one query
    """
    rows = access.visible_findings(viewer).values_list("pattern").annotate(n=Count("pk"))
    return dict(rows)


def count_waiting(viewer: Actor) -> Waiting:
    """What waits for a viewer.

    Cost:   two queries; three for a leader, five for a supervisor
    """
    supervises = "supervisor" in viewer.roles
    answered = access.visible_orders(viewer).filter(state="answered")
    if not supervises:
        answered = answered.filter(issued_agency_id=viewer.agency) if "leader" in viewer.roles else answered.none()
    return Waiting(
        orders=access.ORDERS.visible(viewer).filter(agency_id=viewer.agency, state__in=("open", "returned")).count(),
        reasons=access.REASONS.visible(viewer).filter(agency_id=viewer.agency, written_at=None).count(),
        contests=access.visible_warnings(viewer).filter(contest="contested").count() if supervises else 0,
        answers=answered.count(),
        findings=access.visible_findings(viewer).filter(sound=None).count() if supervises else 0,
    )
