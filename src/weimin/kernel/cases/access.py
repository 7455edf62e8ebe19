"""Who may see which matters and who may take which step: one policy, asked both ways, in SQL."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from weimin.base.errors import Forbidden, NotFound
from weimin.kernel.cases.models import Case, Draft, Step
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import MAY_BREAK_GLASS, Actor

#: Roles that see every matter of their township, and those that their bodies answer for.
LEADING = frozenset({"leader"})
#: Roles that see every matter of their place and below.
SUPERVISING = frozenset({"supervisor"})


class CaseUnknown(NotFound):
    """No such matter for this viewer."""

    code = "cases.unknown"


class StepNotYours(Forbidden):
    """The step belongs to another agency or role."""

    code = "cases.step_not_yours"


def visible_cases(viewer: Actor) -> QuerySet[Case]:
    """The matters that a viewer may see: one's own, one's agency's, what a leader or supervisor answers for."""
    if viewer.kind == "system":
        return Case.objects.all()
    if viewer.kind == "resident" and viewer.resident_id is not None:
        return Case.objects.filter(applicant_id=viewer.resident_id)
    if viewer.is_administrator:
        # nothing by their post; one place while they look at it with a reason
        if not viewer.roles & MAY_BREAK_GLASS or not viewer.glass_place:
            return Case.objects.none()
        return Case.objects.filter(township__code__startswith=directory.place_prefix(viewer.glass_place))
    if viewer.is_staff and viewer.agency_id is not None:
        ours = Exists(Step.objects.filter(case=OuterRef("pk"), agency_id=viewer.agency_id))
        if viewer.roles & SUPERVISING and viewer.division_code:
            return Case.objects.filter(township__code__startswith=directory.place_prefix(viewer.division_code))
        if viewer.roles & LEADING and viewer.division_code:
            led = directory.list_led_agencies(agency_id=viewer.agency_id)
            worked = Exists(Step.objects.filter(case=OuterRef("pk"), agency_id__in=led))
            return Case.objects.filter(Q(township_id=viewer.division_code) | worked | Q(clock__agency_id__in=led))
        return Case.objects.filter(ours)
    return Case.objects.none()


def visible_drafts(viewer: Actor) -> QuerySet[Draft]:
    """The drafts that a viewer may see: their own account's."""
    if viewer.account_id is None:
        return Draft.objects.none()
    return Draft.objects.filter(account_id=viewer.account_id, case=None)


def workable_steps(viewer: Actor) -> QuerySet[Step]:
    """The open steps that wait for this viewer's agency and roles."""
    if not viewer.is_staff or viewer.agency_id is None:
        return Step.objects.none()
    return Step.objects.filter(state="open", agency_id=viewer.agency_id, role__in=sorted(viewer.roles))


def held_steps(viewer: Actor) -> QuerySet[Step]:
    """The open steps that somebody of a leader's bodies holds."""
    if not viewer.is_staff or viewer.agency_id is None or not viewer.roles & LEADING:
        return Step.objects.none()
    led = directory.list_led_agencies(agency_id=viewer.agency_id)
    return Step.objects.filter(state__in=("open", "waiting"), agency_id__in=led, assignee__isnull=False)


def check_step(viewer: Actor, step: Step) -> None:
    """Refuse a step of another agency or role.

    Raises: StepNotYours — with the agency that has it
    """
    if viewer.kind == "system":
        return
    if not viewer.is_staff or step.agency_id != viewer.agency_id or step.role not in viewer.roles:
        raise StepNotYours("这一步由别的机构或岗位办理，您不能代办。")
