"""Whether the platform stands still for maintenance, and what failed day by day."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from weimin.base import clock
from weimin.base.clock import local_date
from weimin.base.keeping import keep_for
from weimin.kernel.record.models import ChainState, Digest, Maintenance

#: How long a process goes by what it read, in seconds.
STANDS = 5.0
#: Longer than this the daily digest is never silent.
SILENT_AFTER = timedelta(hours=26)


def find_maintenance(*, fresh: bool = True) -> Maintenance | None:
    """The maintenance that is arranged, whether or not it has begun.

    Cost:   one query; without `fresh` at most one every five seconds in a process
    """
    if fresh:
        forget_maintenance()
    return _maintenance()


@keep_for(STANDS)
def _maintenance() -> Maintenance | None:
    return Maintenance.objects.order_by("pk").first()


def forget_maintenance() -> None:
    """Have the next question read it anew; for who changed it in this process."""
    _maintenance.forget()


def is_under_maintenance(*, at: datetime) -> bool:
    """Whether nothing may be written now.

    Cost:   at most one query every five seconds in a process
    """
    row = find_maintenance(fresh=False)
    return row is not None and row.begins_at <= at


def maintenance_text(row: Maintenance) -> str:
    """What people are told of a maintenance, before and while it is on."""
    begins, until = (one.astimezone(clock.SHANGHAI) for one in (row.begins_at, row.until))
    same_day = begins.date() == until.date()
    return f"{begins:%m月%d日 %H:%M} 到 {until:{'%H:%M' if same_day else '%m月%d日 %H:%M'}} 系统维护：{row.reason}"


def list_digests(*, limit: int = 2) -> list[Digest]:
    """The last digests, newest first."""
    return list(Digest.objects.order_by("-day")[:limit])


def find_last_digest() -> Digest | None:
    """The newest digest."""
    return Digest.objects.order_by("-day").first()


def is_digest_silent(*, at: datetime) -> bool:
    """Whether the digest was not written for 26 hours, or never although the installation is two days old."""
    last, begun = find_last_digest(), find_first_day()
    if last is None:
        return begun is not None and begun <= local_date(at - timedelta(days=2))
    return at - last.at >= SILENT_AFTER


def find_first_day() -> date | None:
    """The day on which the chain began: about when the installation did."""
    return ChainState.objects.values_list("begun_on", flat=True).first()
