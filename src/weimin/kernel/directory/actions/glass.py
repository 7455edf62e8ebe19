"""Break-glass (应急查看): an administrator looks at one place's matters for a while, with a reason, read only."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from weimin.base.clock import day_start, local_date
from weimin.base.errors import Conflict, Forbidden, Invalid, NotFound, TooOften
from weimin.kernel.directory import queries
from weimin.kernel.directory.models import Glass, Officer
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import MAY_BREAK_GLASS, Actor

#: A reason in fewer characters says nothing to the person who reads it.
SHORTEST = 8


class GlassClosed(Forbidden):
    """Only system and security administrators look this way."""

    code = "directory.glass_closed"


class GlassOpen(Conflict):
    """One is open already; it cannot be made longer."""

    code = "directory.glass_open"


class GlassUsedUp(TooOften):
    """So many a day and no more."""

    code = "directory.glass_used_up"


class GlassUnknown(NotFound):
    """No such session, or it is over."""

    code = "directory.glass_unknown"


def open_glass(*, by: Actor, at: datetime, place_code: str, purpose: str, reason: str) -> int:
    """Open a session in which the matters of one county or township may be looked at; gives its id.

    Raises: GlassClosed — neither system nor security administrator
            Invalid — no purpose, no reason, or a place that is no county or township
            GlassOpen — one is open
            GlassUsedUp — as many as a day allows were opened today
    """
    if by.kind != "staff" or by.officer_id is None or not by.roles & MAY_BREAK_GLASS:
        raise GlassClosed("只有系统管理员和安全管理员可以应急查看。")
    said, bill = " ".join(reason.split())[:120], " ".join(purpose.split())[:40]
    faults = {}
    if len(said) < SHORTEST:
        faults["reason"] = f"请写明为什么要看办件，至少 {SHORTEST} 个字，当事人会看到。"
    if not bill:
        faults["purpose"] = "请写故障单号或交办文号。"
    if not queries.division_exists(place_code) or queries.get_division(place_code).level not in ("county", "township"):
        faults["place"] = "请选择一个县区或乡镇。"
    if faults:
        raise Invalid("还不能打开，请补全。", fields=faults)
    with transaction.atomic():
        # two at one moment wait for each other here
        Officer.objects.select_for_update(no_key=True).get(pk=by.officer_id)
        mine = Glass.objects.filter(officer_id=by.officer_id)
        if mine.filter(ended_at=None, until__gt=at).exists():
            raise GlassOpen("已有一次应急查看没有结束；不能延长，结束以后才能再开。")
        if mine.filter(opened_at__gte=day_start(local_date(at))).count() >= settings.WEIMIN_GLASS_A_DAY:
            raise GlassUsedUp(f"每人每天最多 {settings.WEIMIN_GLASS_A_DAY} 次，今天已经用完。", wait_seconds=3600)
        row = Glass.objects.create(
            officer_id=by.officer_id,
            who=by.label[:120],
            role=sorted(by.roles & MAY_BREAK_GLASS)[0],
            place_id=place_code,
            purpose=bill,
            reason=said,
            opened_at=at,
            until=at + timedelta(minutes=settings.WEIMIN_GLASS_MINUTES),
        )
        changes = {"place": place_code, "purpose": bill, "reason": said, "until": row.until.isoformat()}
        record_audit(
            by=by, at=at, verb="directory.glass.opened", subject_type="glass", subject_id=row.pk, changes=changes
        )
    return row.pk


def end_glass(*, by: Actor, at: datetime, glass_id: int) -> None:
    """End one's own session before its time; any security administrator may end anybody's.

    Raises: GlassUnknown — none such that is open, or not one's own
    """
    rows = Glass.objects.filter(pk=glass_id, ended_at=None, until__gt=at)
    if "security_admin" not in by.roles:
        rows = rows.filter(officer_id=by.officer_id or 0)
    with transaction.atomic():
        if rows.update(ended_at=at) != 1:
            raise GlassUnknown("这次应急查看已经结束了。")
        record_audit(by=by, at=at, verb="directory.glass.ended", subject_type="glass", subject_id=glass_id, changes={})


def note_glass_seen(*, by: Actor, at: datetime, glass_id: int) -> None:
    """A leader of the place says that they have taken notice.

    Raises: GlassUnknown — none such for this leader, or it was noticed already
    """
    rows = queries.noticeable_glasses(by).filter(pk=glass_id)
    if "leader" not in by.roles:
        raise GlassClosed("应急查看由当地领导签收。")
    with transaction.atomic():
        if rows.update(seen_at=at, seen_by_id=by.officer_id) != 1:
            raise GlassUnknown("没有这次应急查看，或者已经签收。")
        record_audit(by=by, at=at, verb="directory.glass.seen", subject_type="glass", subject_id=glass_id, changes={})
