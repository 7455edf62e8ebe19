"""Questions asked in vain: counted without a person, dropped by the list keeper, forgotten in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from weimin.base.clock import local_date
from weimin.base.crypto import blind_index
from weimin.base.errors import NotFound
from weimin.kernel.catalogue.models import SearchMiss
from weimin.kernel.catalogue.queries.rarity import rarities
from weimin.kernel.catalogue.rules import misses as miss_rules
from weimin.kernel.record import access as wall
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class MissUnknown(NotFound):
    """No such missed question is kept."""

    code = "catalogue.miss_unknown"


#: A question that comes again counts; of an older one's text nothing is lost that the count does not hold.
_COUNT_MISS = """
INSERT INTO catalogue_searchmiss (digest, kind, text, count, first_date, last_date)
VALUES (%(digest)s, %(kind)s, '', 1, %(on)s, %(on)s)
ON CONFLICT (digest) DO UPDATE SET
  kind = excluded.kind, count = catalogue_searchmiss.count + 1, last_date = excluded.last_date,
  text = CASE WHEN catalogue_searchmiss.count + 1 >= %(shown)s THEN %(text)s ELSE '' END
"""


def count_miss(*, at: datetime, text: str, found: bool, may_count: Callable[[str], bool]) -> bool:
    """Count a question that found nothing sure, for the list keeper; gives whether anything was counted.

    `may_count` says whether this place has not asked the same today. The text is written once the question came
    three times; until then a keyed digest stands for it. No audit entry: an entry would say who asked.

    Cost:   nothing for a question that may not be kept; else one statement for it and one for each unknown word
    """
    known = rarities()
    question = miss_rules.clean_question(text, known=known)
    if not question or not may_count(question):
        return False
    rows = [("likely" if found else "nothing", question)]
    rows += [("word", one) for one in miss_rules.unknown_words(question, known=known) if one != question]
    with connection.cursor() as cursor:
        for kind, kept in rows:
            values: dict[str, Any] = {"digest": blind_index(kept, purpose="search miss"), "kind": kind, "text": kept}
            cursor.execute(_COUNT_MISS, values | {"on": local_date(at), "shown": miss_rules.SHOWN_FROM})
    wall.keep()
    return True


def drop_miss(*, by: Actor, at: datetime, miss_id: int) -> None:
    """A list keeper has dealt with a missed question: it leaves the list, and begins anew when it comes again.

    Raises: MissUnknown — there is none such, or it is not yet shown
    """
    with transaction.atomic():
        miss = SearchMiss.objects.select_for_update().filter(pk=miss_id).exclude(text="").first()
        if miss is None:
            raise MissUnknown("这条问法已经处理过了。")
        miss.delete()
        record_audit(
            by=by,
            at=at,
            verb="catalogue.miss.dropped",
            subject_type="city",
            subject_id="search",
            changes={"text": [miss.text, None], "count": [miss.count, None]},
        )


def forget_misses(*, at: datetime) -> int:
    """Forget missed questions: those never shown after a month without another, all after a year.

    Shape:  how many rows went
    """
    today = local_date(at)
    young = SearchMiss.objects.filter(text="", last_date__lt=today - timedelta(days=31))
    old = SearchMiss.objects.filter(last_date__lt=today - timedelta(days=366))
    return young.delete()[0] + old.delete()[0]
