"""The due moments of clocks: levels that change because a day has come."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import connection, transaction

from weimin.base.attending import attend
from weimin.base.clock import local_date
from weimin.kernel.deadlines import queries, registry
from weimin.kernel.deadlines.actions.recounting import COUNTED, level_change, recount
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.rules.levels import level_on, next_moment
from weimin.kernel.deadlines.types import Level, LevelChange

log = logging.getLogger("weimin.deadlines")


def attend_clocks(*, at: datetime, batch: int = 1000) -> int:
    """Raise the levels of the clocks whose moment has come, oldest first; safe with many workers.

    A batch is one transaction; when one of its rows fails, the rows are taken one by one, and the
    failing one is put off.

    Shape:  how many clocks were attended to; 0 when nothing is due
    Cost:   two statements a batch beside what the watchers do
    """
    try:
        with transaction.atomic():
            rows = list(
                Clock.objects.select_for_update(skip_locked=True)
                .filter(attention_at__lte=at)
                .order_by("attention_at", "id")[:batch]
            )
            changes = [_raise(row, at) for row in rows]
            _write(rows)
            registry.tell_changed(at=at, changes=[one for one in changes if one.old != one.new])
    except Exception:
        log.exception("a batch of clocks failed; taking them one by one")
        return attend(Clock, at=at, act=lambda row: _attend_one(row, at), batch=batch)
    return len(rows)


def _raise(row: Clock, at: datetime) -> LevelChange:
    if row.yellow_on is None and row.state == "running":  # opened before thresholds were kept
        old = Level(row.level)
        recount(row, [queries.to_entry(one) for one in queries.list_entries(row.pk)], today=local_date(at))
        row.save(update_fields=COUNTED)
        return level_change(row, old, Level(row.level))
    marks = {
        "yellow_on": row.yellow_on,
        "red_on": row.red_on,
        "promise": row.committed_due_date,
        "law": row.due_date,
    }
    today = local_date(at)
    change = level_change(row, Level(row.level), level_on(today, **marks))
    row.level, row.attention_at, row.attention_tries = int(change.new), next_moment(today, **marks), 0
    return change


def _write(rows: list[Clock]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deadlines_clock AS c SET level = v.level, attention_at = v.attention_at, attention_tries = 0"
            " FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[]) AS v(id, level, attention_at)"
            " WHERE c.id = v.id",
            [[one.pk for one in rows], [one.level for one in rows], [one.attention_at for one in rows]],
        )


def _attend_one(row: Clock, at: datetime) -> None:
    change = _raise(row, at)
    row.save(update_fields=["level", "attention_at", "attention_tries"])
    if change.old != change.new:
        registry.tell_changed(at=at, changes=[change])
