"""Who proposes, assesses, signs, evaluates and withdraws; what the public sees."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from weimin.apps.delegation.models import Delegation
from weimin.base.errors import Forbidden, NotFound
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


def visible_delegations(viewer: Actor) -> QuerySet[Delegation]:
    """Everybody sees what was decided; keepers and supervisors all of their place, a township's leader its own."""
    rows = Delegation.objects.select_related("township", "department")
    if viewer.kind == "system":
        return rows
    shown = Q(state__in=PUBLIC_STATES)
    if viewer.is_staff and viewer.roles & ROLES and viewer.division_code:
        shown |= directory.within("township__code", viewer.division_code)
    return rows.filter(shown)


def check_keeper(by: Actor, township: str) -> None:
    """Refuse whoever keeps no lists above the township.

    Raises: NotYours
    """
    if by.kind == "system":
        return
    keeps = by.is_staff and by.roles & KEEPERS and directory.is_above_townships(by.division_code)
    if not (keeps and directory.is_within(township, by.division_code)):
        raise NotYours("赋权、委托由市县的清单管理员办理，您的岗位不办这一步。")


def signing_side(by: Actor, row: Delegation) -> str:
    """For which side a leader signs: township or department.

    Raises: NotYours — neither
    """
    if by.is_staff and "leader" in by.roles:
        if by.division_code == row.township_id:
            return "township"
        if by.agency_id == row.department_id:
            return "department"
    raise NotYours("确认书由这个乡镇（街道）的领导和县级主管部门的领导签字。")
