"""Open clocks after the copying: their dates counted anew from their ledgers, and everything that shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

BATCH = 2000
_SHOWN = (
    "due_date",
    "committed_due_date",
    "provisional",
    "yellow_on",
    "red_on",
    "level",
    "attention_at",
    "start_date",
    "state",
)
_MIRRORS = (
    "UPDATE cases_case c SET due_on = coalesce(k.committed_due_date, k.due_date), statutory_due_on = k.due_date,"
    " due_provisional = k.provisional, attention_at = CASE WHEN c.attention_at IS NULL THEN NULL ELSE"
    " (k.due_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' END FROM deadlines_clock k"
    " WHERE k.id = c.clock_id AND k.state = 'running'",
    "UPDATE cases_step s SET due_on = coalesce(k.committed_due_date, k.due_date, c.due_on)"
    " FROM cases_case c, deadlines_clock k WHERE c.id = s.case_id AND s.state = 'open'"
    " AND k.id = coalesce(s.clock_id, c.clock_id)",
)


def settle_clocks(run: Callable[..., list[tuple]], at: datetime, *, progress: Callable[[int, int], None]) -> int:  # type: ignore[type-arg]
    """Count every open clock from its ledger; matters and steps show what comes out. Gives how many."""
    from weimin.base.clock import local_date
    from weimin.kernel.deadlines import queries, rules
    from weimin.kernel.deadlines.actions.recounting import recount
    from weimin.kernel.deadlines.models import Clock, ClockEntry

    counting, today = rules.Counting(queries.get_calendar()), local_date(at)
    done, cursor, total = 0, 0, Clock.objects.exclude(state="stopped").count()
    while rows := list(Clock.objects.exclude(state="stopped").filter(pk__gt=cursor).order_by("pk")[:BATCH]):
        cursor = rows[-1].pk
        ledgers = defaultdict(list)
        for one in ClockEntry.objects.filter(clock__in=rows).order_by("pk"):
            ledgers[one.clock_id].append(queries.to_entry(one))
        for clock in rows:
            recount(clock, ledgers[clock.pk], today=today, counting=counting)
            if clock.level:  # nobody was warned yet: the loop does that
                clock.level, clock.attention_at = 0, at
        Clock.objects.bulk_update(rows, _SHOWN, batch_size=500)
        done += len(rows)
        progress(done, total)
    for text in _MIRRORS:
        run(text)
    return done


def attend(at: datetime, *, progress: Callable[[int, int], None]) -> int:
    """Let the platform itself warn about what is late, as its worker does. Gives how many clocks moved."""
    from weimin.kernel.deadlines import actions as deadlines
    from weimin.kernel.deadlines.models import Clock

    moved, total = 0, Clock.objects.filter(attention_at__lte=at).count()
    while batch := deadlines.attend_clocks(at=at):
        moved += batch
        progress(moved, total)
    return moved


def count_figures(at: datetime, *, progress: Callable[[int, int], None]) -> int:
    """Let the platform count all figures anew. Gives how many records count for something."""
    from django.db import connection

    from weimin.kernel.record.types import Actor
    from weimin.kernel.supervision import actions as supervision

    try:
        counted = supervision.rebuild_figures(by=Actor.system("演示数据"), at=at, progress=progress)
    finally:
        connection.close()  # one of the thread's own
    return counted
