"""Who proposes, assesses, signs, evaluates and withdraws; what the public sees: one policy, asked both ways."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from weimin.apps.delegation.models import Delegation
from weimin.base.errors import Forbidden, NotFound
from weimin.base.policy import Condition, Policy
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor

KEEPERS = frozenset({"list_keeper"})
ROLES = frozenset({"list_keeper", "leader", "legal_reviewer", "supervisor"})
PUBLIC_STATES = ("decided", "signed", "trial", "full", "withdrawn")


class DelegationUnknown(NotFound):
    """No such delegation for this viewer."""

    code = "delegation.unknown"


class NotYours(Forbidden):
    """The step belongs to another post or place."""

    code = "delegation.not_yours"


def _sees(viewer: Actor) -> Condition:
    """Everybody what was decided; those who work on lists, lead or supervise all of their place."""
    if viewer.kind == "system":
        return True
    shown = Q(state__in=PUBLIC_STATES)
    if viewer.is_staff and viewer.roles & ROLES and viewer.division_code:
        return shown | Q(township__code__startswith=directory.place_prefix(viewer.division_code))
    return shown


def _party(viewer: Actor) -> Condition:
    """Those of one's place: the written letter is for the two sides and who stands above them."""
    if viewer.kind == "system":
        return True
    if not (viewer.is_staff and viewer.roles & ROLES and viewer.division_code):
        return False
    return Q(township__code__startswith=directory.place_prefix(viewer.division_code))


def _keeps(viewer: Actor) -> Condition:
    """Those of one's place, for who keeps lists above the township."""
    if viewer.kind == "system":
        return True
    prefix = _kept_prefix(viewer)
    return Q(township__code__startswith=prefix) if prefix else False


def _signs(viewer: Actor) -> Condition:
    """Those of a leader's township or department."""
    if not (viewer.is_staff and "leader" in viewer.roles and viewer.agency_id is not None):
        return False
    return Q(township_id=viewer.division_code) | Q(department_id=viewer.agency_id)


def _oversees(viewer: Actor) -> Condition:
    """Those whose acts one answers for or supervises: leaders of both sides, supervisors of the place.

    Law:    ctl-2021 art. 20; xkl-2019 art. 24
    """
    if viewer.is_staff and "supervisor" in viewer.roles:
        return _party(viewer)
    return _signs(viewer)


DELEGATIONS = Policy(
    Delegation,
    see=_sees,
    read_letter=_party,
    keep=_keeps,
    sign=_signs,
    oversee=_oversees,
    refusals={
        "keep": (NotYours, "赋权、委托由市县的清单管理员办理，您的岗位不办这一步。"),
        "sign": (NotYours, "确认书由这个乡镇（街道）的领导和县级主管部门的领导签字。"),
    },
)


def visible_delegations(viewer: Actor) -> QuerySet[Delegation]:
    """Everybody sees what was decided; keepers and supervisors all of their place, a township's leader its own."""
    return DELEGATIONS.visible(viewer).select_related("township", "department", "replaces")


def check_proposer(by: Actor, township: str) -> None:
    """Refuse whoever keeps no lists above a township for which there is no row yet.

    Raises: NotYours
    """
    prefix = _kept_prefix(by)
    if by.kind != "system" and not (prefix and township.startswith(prefix)):
        raise NotYours("赋权、委托由市县的清单管理员办理，您的岗位不办这一步。")


def _kept_prefix(by: Actor) -> str:
    """How the codes begin of the townships whose delegations somebody keeps; '' for whoever keeps none."""
    if not (by.is_staff and by.roles & KEEPERS and by.division_code):
        return ""
    prefix = directory.place_prefix(by.division_code)
    return prefix if len(prefix) <= 6 else ""


def signing_side(by: Actor, row: Delegation) -> str:
    """For which side a leader signs: township or department.

    Raises: NotYours — neither
    """
    DELEGATIONS.check(by, "sign", row)
    return "township" if by.division_code == row.township_id else "department"
