"""Who sees the read log: each person the looks at their own data, the audit administrator all of it.

People themselves are reached from a matter that the viewer sees, by a whole identity number, or as oneself; whoever
gives one out notes it (`base.looking`). There is no list of people.
"""

from __future__ import annotations

from django.db.models import Q

from weimin.base.policy import Condition, Policy
from weimin.kernel.record.types import Actor
from weimin.kernel.residents.models import ReadEntry

AUDITING = frozenset({"audit_admin"})


def about(resident_id: int) -> Q:
    """The looks at one person."""
    return Q(residents__contains=[resident_id])


def _sees(viewer: Actor) -> Condition:
    if viewer.kind == "resident":
        return about(viewer.resident_id) if viewer.resident_id is not None else False
    return viewer.kind == "system" or (viewer.is_staff and bool(viewer.roles & AUDITING))


READS = Policy(ReadEntry, see=_sees)
