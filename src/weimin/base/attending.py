"""Rows that carry when they next need attention, and the loop that attends to them.

The row is the queue of record: a worker may die at any moment and another goes on. Each row is taken
under its own lock in its own transaction, looked at again, and moved once; a row that fails is put
off, longer each time, and never stands before the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F, Q

log = logging.getLogger("weimin.attending")
#: A failing row is looked at again after 2, 4, 8 … minutes, at least every six hours.
LONGEST_WAIT = timedelta(hours=6)
Row = TypeVar("Row", bound="Attended")


class Attended(models.Model):
    """A row that asks to be looked at at a moment."""

    attention_at = models.DateTimeField("下次处理", null=True, help_text="到这一刻系统要看一眼")
    attention_tries = models.PositiveSmallIntegerField(
        "处理失败次数", default=0, help_text="连续失败几次；越多隔得越久，运维能看到"
    )

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["attention_at"],
                name="%(app_label)s_%(class)s_attention",
                condition=Q(attention_at__isnull=False),
            ),
            # the few that failed are asked for by every look at the health
            models.Index(
                fields=["-attention_tries"], name="%(app_label)s_%(class)s_stuck", condition=Q(attention_tries__gt=0)
            ),
        ]


def list_stuck(rows: models.QuerySet[Row], *, limit: int) -> list[Row]:
    """Those of some rows whose due moment failed, the most often first; which, the caller says.

    Cost:   one query on a partial index
    """
    return list(rows.filter(attention_tries__gt=0).order_by("-attention_tries", "pk")[:limit])


def attend(model: type[Any], *, at: datetime, act: Callable[[Any], None], batch: int = 200) -> int:
    """Attend to rows of a model whose moment has come, oldest first; safe with many workers.

    `act` moves one locked row in its own transaction and sets its next moment; a row that it leaves
    due is taken as done and asks for nothing more.

    Shape:  how many rows were moved
    Cost:   two queries a row beside what `act` does
    """
    due = model.objects.filter(attention_at__lte=at).order_by("attention_at", "pk").values_list("pk", flat=True)
    return sum(attend_one(model, pk, at=at, act=act) for pk in list(due[:batch]))


def attend_one(model: type[Any], pk: int, *, at: datetime, act: Callable[[Any], None]) -> bool:
    """Attend to one row; False when another worker has it, when it is not due, or when it failed."""
    try:
        with transaction.atomic():
            mine = model.objects.select_for_update(skip_locked=True).filter(pk=pk, attention_at__lte=at).first()
            if mine is None:
                return False
            act(mine)
            model.objects.filter(pk=pk, attention_at__lte=at).update(attention_at=None)
            if mine.attention_tries:
                model.objects.filter(pk=pk).update(attention_tries=0)
    except Exception as problem:  # one bad row must not hold up the rest
        log.warning("due moment of %s %s failed: %s", model.__name__, pk, type(problem).__name__)
        put_off(model, pk, at=at)
        return False
    return True


def put_off(model: type[Any], pk: int, *, at: datetime) -> None:
    """Look at a failed row again later; the wait doubles with every failure."""
    tries = model.objects.filter(pk=pk).values_list("attention_tries", flat=True).first()
    if tries is None:
        return
    wait = min(timedelta(minutes=2 ** min(tries + 1, 12)), LONGEST_WAIT)
    model.objects.filter(pk=pk, attention_at__lte=at).update(
        attention_at=at + wait, attention_tries=F("attention_tries") + 1
    )
