"""Who may see which matters and who may take which step: one policy for each table, asked both ways, in SQL."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from weimin.base.errors import Forbidden, NotFound
from weimin.base.policy import Condition, Policy, own_of
from weimin.kernel.cases.models import (
    Case,
    CaseFile,
    Comment,
    Decision,
    Draft,
    Paper,
    Step,
    Supplement,
    TimelineEntry,
)
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.types import HANDLING
from weimin.kernel.record.types import MAY_BREAK_GLASS, Actor

#: Roles that see every matter of their township, and those that their bodies answer for.
LEADING = frozenset({"leader"})
#: Roles that see every matter of their place and below.
SUPERVISING = frozenset({"supervisor"})
#: Roles that speak for the person who stands at their window.
SPEAKING = frozenset({"front_desk"})
#: Roles that give results out, and hear that they arrived.
ISSUING = frozenset({"issuer"})


class CaseUnknown(NotFound):
    """No such matter for this viewer."""

    code = "cases.unknown"


class StepNotYours(Forbidden):
    """The step belongs to another agency or role."""

    code = "cases.step_not_yours"


class NotForThem(Forbidden):
    """Only the person, or the window where they stand, hands in, withdraws, confirms and rates."""

    code = "cases.not_for_them"


def _sees_case(viewer: Actor) -> Condition:
    """One's own, those that one's agency works on, what a leader or supervisor answers for."""
    if viewer.kind == "system":
        return True
    if viewer.kind == "resident":
        return own_of("applicant_id", viewer.resident_id)
    if viewer.is_administrator:
        # nothing by their post; one place while they look at it with a reason
        if not viewer.roles & MAY_BREAK_GLASS or not viewer.glass_place:
            return False
        return directory.within("township__code", viewer.glass_place)
    if not viewer.is_staff or viewer.agency_id is None:
        return False
    if viewer.roles & SUPERVISING and viewer.division_code:
        return directory.within("township__code", viewer.division_code)
    if viewer.roles & LEADING and viewer.division_code:
        led = directory.list_led_agencies(agency_id=viewer.agency_id)
        worked = Exists(Step.objects.filter(case=OuterRef("pk"), agency_id__in=led))
        return Q(township_id=viewer.division_code) | Q(worked) | Q(clock__agency_id__in=led)
    return _works_on(viewer, HANDLING)


def _works(viewer: Actor) -> bool:
    """Whether this is somebody in a post of a body; administrators handle no matters, whatever else they hold."""
    return viewer.is_staff and viewer.agency_id is not None and not viewer.is_administrator


def _works_on(viewer: Actor, roles: frozenset[str]) -> Condition:
    if not _works(viewer) or not viewer.roles & roles:
        return False
    return Q(Exists(Step.objects.filter(case=OuterRef("pk"), agency_id=viewer.agency)))


def _speaks_for(viewer: Actor) -> Condition:
    """One's own matter; at the window, those that it works on."""
    if viewer.kind in ("system", "resident"):
        return _sees_case(viewer)
    return _works_on(viewer, SPEAKING)


def _confirms(viewer: Actor) -> Condition:
    """Whoever gives out the results of a matter hears that one arrived."""
    return True if viewer.kind == "system" else _works_on(viewer, ISSUING)


def _sees_part(viewer: Actor) -> Condition:
    """What hangs on a matter is seen by who sees the matter."""
    return True if viewer.kind == "system" else Q(case__in=CASES.visible(viewer))


def _sees_file(viewer: Actor) -> Condition:
    """Those of matters that one sees, and what one took in oneself and belongs to no matter yet."""
    if viewer.kind == "system":
        return True
    part, own = Q(case__in=CASES.visible(viewer)), _holds_file(viewer)
    return part | own if isinstance(own, Q) else part


def _holds_file(viewer: Actor) -> Condition:
    own = own_of("owner_account_id", viewer.account_id)
    return own & Q(case_id__isnull=True) if isinstance(own, Q) else False


def _sees_line(viewer: Actor) -> Condition:
    """The person sees of the timeline what is written for them."""
    part = _sees_part(viewer)
    return part & ~Q(public_text="") if viewer.kind == "resident" and isinstance(part, Q) else part


def _sees_comment(viewer: Actor) -> Condition:
    """Colleagues only."""
    return False if viewer.kind == "resident" else _sees_part(viewer)


def _sees_draft(viewer: Actor) -> Condition:
    """One's own that are not sent yet."""
    own = _made_draft(viewer)
    return own & Q(case_id__isnull=True) if isinstance(own, Q) else False


def _made_draft(viewer: Actor) -> Condition:
    return own_of("account_id", viewer.account_id)


def _takes_step(viewer: Actor) -> Condition:
    """The steps of one's agency for one's roles, in whatever state."""
    if viewer.kind == "system":
        return True
    if not _works(viewer):
        return False
    return Q(agency_id=viewer.agency, role__in=sorted(viewer.roles))


def _counts_step(viewer: Actor) -> Condition:
    """What one's agency did and has to do, for its figures."""
    if not _works(viewer) or not viewer.roles & (HANDLING | LEADING | SUPERVISING):
        return False
    return own_of("agency_id", viewer.agency_id)


def _hands_over(viewer: Actor) -> Condition:
    """The open steps that somebody of a leader's bodies holds."""
    if not _works(viewer) or not viewer.roles & LEADING:
        return False
    led = directory.list_led_agencies(agency_id=viewer.agency)
    return Q(state__in=("open", "waiting"), agency_id__in=led, assignee_id__isnull=False)


CASES = Policy(
    Case,
    see=_sees_case,
    speak_for=_speaks_for,
    confirm=_confirms,
    refusals={
        "speak_for": (NotForThem, "这件事由申请人本人办，或者由收件窗口当面代为办理。"),
        "confirm": (Forbidden, "送达由出件岗位登记。"),
    },
)
STEPS = Policy(
    Step,
    see=_sees_part,
    take=_takes_step,
    hand_over=_hands_over,
    count=_counts_step,
    refusals={"take": (StepNotYours, "这一步由别的机构或岗位办理，您不能代办。")},
)
FILES = Policy(CaseFile, see=_sees_file, hold=_holds_file)
PAPERS = Policy(Paper, see=_sees_part)
SUPPLEMENTS = Policy(Supplement, see=_sees_part)
DECISIONS = Policy(Decision, see=_sees_part)
TIMELINE = Policy(TimelineEntry, see=_sees_line)
COMMENTS = Policy(Comment, see=_sees_comment)
DRAFTS = Policy(Draft, see=_sees_draft, own=_made_draft)


def visible_cases(viewer: Actor) -> QuerySet[Case]:
    """The matters that a viewer may see."""
    return CASES.visible(viewer)


def visible_drafts(viewer: Actor) -> QuerySet[Draft]:
    """The drafts that a viewer may see: their own account's."""
    return DRAFTS.visible(viewer)


def workable_steps(viewer: Actor) -> QuerySet[Step]:
    """The open steps that wait for this viewer's agency and roles."""
    return STEPS.visible(viewer, "take").filter(state="open")


def held_steps(viewer: Actor) -> QuerySet[Step]:
    """The open steps that somebody of a leader's bodies holds."""
    return STEPS.visible(viewer, "hand_over")


def check_step(viewer: Actor, step: Step) -> None:
    """Refuse a step of another agency or role.

    Raises: StepNotYours — with the agency that has it
    """
    STEPS.check(viewer, "take", step)
