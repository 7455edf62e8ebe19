"""Maintenance arranged and ended, and the daily digest of what failed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from weimin.base.clock import local_date
from weimin.base.errors import Invalid
from weimin.kernel.record.actions.stores import record_audit
from weimin.kernel.record.models import Digest, Maintenance, OutboxMessage, RememberedAnswer
from weimin.kernel.record.queries.upkeep import find_maintenance, forget_maintenance
from weimin.kernel.record.types import Actor, DigestLine

#: How long digests are kept.
KEEP = timedelta(days=90)
#: Longer than this no township closes its windows without a decision of its own.
LONGEST = timedelta(days=7)


class MaintenanceInvalid(Invalid):
    """The times or the reason of a maintenance do not make sense."""

    code = "record.maintenance_invalid"


def arrange_maintenance(*, by: Actor, at: datetime, begins_at: datetime, until: datetime, reason: str) -> None:
    """Have nothing written from a moment on, in place of what was arranged; every process follows within five seconds.

    Raises: MaintenanceInvalid — it ends before it begins or before now, is longer than a week, or nobody is told why
    Cost:   three statements
    """
    if until <= max(at, begins_at) or until - begins_at > LONGEST:
        raise MaintenanceInvalid("结束时间要晚于开始时间和现在，并且不超过七天。")
    if len(reason.strip()) < 2:
        raise MaintenanceInvalid("请写一句原因，群众和工作人员会看到。")
    values = {"begins_at": begins_at, "until": until, "reason": reason.strip()[:120], "by_label": by.label[:120]}
    with transaction.atomic():
        Maintenance.objects.update_or_create(pk=1, defaults=values)
        changes = {"begins_at": begins_at.isoformat(), "until": until.isoformat(), "reason": values["reason"]}
        record_audit(
            by=by, at=at, verb="record.maintenance.arranged", subject_type="maintenance", subject_id=1, changes=changes
        )
    forget_maintenance()


def end_maintenance(*, by: Actor, at: datetime) -> bool:
    """End the maintenance or call it off; False when none was arranged."""
    with transaction.atomic():
        row = find_maintenance()
        if row is None:
            return False
        row.delete()
        record_audit(
            by=by, at=at, verb="record.maintenance.ended", subject_type="maintenance", subject_id=1, changes={}
        )
    forget_maintenance()
    return True


def keep_digest(*, at: datetime, lines: list[DigestLine]) -> None:
    """Keep what failed as the digest of the day; written again it replaces the former.

    Cost:   two statements
    """
    Digest.objects.update_or_create(day=local_date(at), defaults={"at": at, "lines": [asdict(one) for one in lines]})
    Digest.objects.filter(day__lt=local_date(at - KEEP)).delete()


def record_shed(*, by: Actor, at: datetime, step: str, gone: int) -> None:
    """Write down that something was deleted because the disk filled."""
    record_audit(by=by, at=at, verb="record.disk.shed", subject_type="disk", subject_id=step, changes={"gone": gone})


def shed_rows(*, step: str, at: datetime, keep: timedelta, batch: int = 10_000) -> int:
    """Delete delivered outbox rows or remembered answers sooner than usual, because the disk fills; gives how many.

    Cost:   one statement for 10,000 rows
    """
    if step == "delivered":
        return _delete(OutboxMessage.objects.filter(delivered_at__lt=at - keep), batch)
    return _delete(RememberedAnswer.objects.filter(at__lt=at - keep), batch)


def _delete(old: QuerySet[Any], batch: int) -> int:
    gone = 0
    while done := old.model._default_manager.filter(pk__in=old.order_by("pk").values("pk")[:batch]).delete()[0]:
        gone += done
    return gone
