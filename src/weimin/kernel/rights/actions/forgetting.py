"""Logs about people end by themselves: three full years after the year in which they were written."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from weimin.base.clock import local_date
from weimin.kernel.evaluation import actions as evaluation
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions as residents
from weimin.kernel.rights import queries

#: The class of keeping of what is forgotten here.
KLASS = "y3"


def forget_over(*, at: datetime) -> int:
    """Delete looks, and answered questions about them, whose three years are over.

    A look that somebody still asks about stays as long as the question. Gives how many rows went; the trail says so.

    Law:    pipl-2021 art. 19, pipl-2021 art. 47
    Cost:   three statements when nothing is over; 10,000 rows a statement
    """
    before = queries.over_before(KLASS, at=at)
    with transaction.atomic():
        questions, asked = evaluation.forget_read_queries(before=before)
        gone = {
            "questions": questions,
            "looks": residents.forget_reads(before=before, keep=asked),
        }
        if any(gone.values()):
            record_audit(
                by=Actor.system("系统（保管期满）"),
                at=at,
                verb="rights.log.forgotten",
                subject_type="log",
                subject_id=local_date(before).isoformat(),
                changes=dict(gone),
            )
    return sum(gone.values())
