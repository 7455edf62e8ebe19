"""Search of the trail for the audit administrator: by subject, actor, verb and day, paged by key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Reverse

from weimin.base.clock import day_end, day_start
from weimin.base.errors import Forbidden
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor, TrailFilter

#: Entries of one page, and the most that one export takes.
PAGE = 50
EXPORT = 100_000


class TrailClosed(Forbidden):
    """Only the audit administrator searches the trail."""

    code = "record.trail_closed"


def _narrow(viewer: Actor, wanted: TrailFilter) -> QuerySet[AuditEntry]:
    """The entries that a filter leaves; every part has its index."""
    if "audit_admin" not in viewer.roles:
        raise TrailClosed("只有审计管理员可以查审计记录。")
    rows = AuditEntry.objects.select_related("link")
    if wanted.subject_type:
        rows = rows.filter(subject_type=wanted.subject_type)
    if wanted.subject_id:
        rows = rows.filter(subject_id=wanted.subject_id)
    if wanted.actor_id is not None:
        rows = rows.filter(actor_id=wanted.actor_id)
    if wanted.actor_name:
        # the name stands at the end of 单位 + 姓名: read backwards it is a beginning, which an index finds
        rows = rows.annotate(backwards=Reverse("actor_name")).filter(backwards__startswith=wanted.actor_name[::-1])
    if wanted.verb:
        rows = rows.filter(verb=wanted.verb)
    if wanted.since:
        rows = rows.filter(at__gte=day_start(wanted.since))
    if wanted.until:
        rows = rows.filter(at__lt=day_end(wanted.until))
    return rows


def list_trail(
    viewer: Actor, wanted: TrailFilter, *, before: tuple[datetime, int] | None = None, limit: int = PAGE
) -> list[AuditEntry]:
    """Entries that match, newest first, from a key on; each with its link, when it has one.

    Raises: TrailClosed — not the audit administrator
    Cost:   one query
    """
    rows = _narrow(viewer, wanted)
    if before:
        rows = rows.extra(where=["(record_auditentry.at, record_auditentry.id) < (%s, %s)"], params=list(before))
    return list(rows.order_by("-at", "-id")[:limit])


def iter_trail(viewer: Actor, wanted: TrailFilter) -> Iterator[AuditEntry]:
    """The same, whole up to 100,000 entries, without holding them in memory.

    Raises: TrailClosed — not the audit administrator
    """
    return _narrow(viewer, wanted).order_by("-at", "-id")[:EXPORT].iterator(chunk_size=2000)
