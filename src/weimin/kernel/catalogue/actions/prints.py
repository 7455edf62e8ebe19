"""That a body printed a guide, so that it can be told when the paper on its wall is out of date. No person is kept."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from weimin.base.clock import local_date
from weimin.base.errors import Forbidden
from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.models import GuidePrint
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.types import Actor


class PrintNotYours(Forbidden):
    """Guides are printed by the bodies of the township that offers the item."""

    code = "catalogue.print_not_yours"


def note_print(*, by: Actor, at: datetime, code: str) -> int:
    """Count a print of the guide in force by a township's body; returns the version that is printed.

    No audit entry: what was printed is public, and who pressed the button is nobody's business.

    Raises: PrintNotYours — not a body of a township · ItemUnknown, NotOffered — not offered there
    Cost:   four queries
    """
    township = directory.township_of(by.division_code)
    if not by.is_staff or by.agency_id is None or not township:
        raise PrintNotYours("纸质指南由乡镇（街道）的窗口和站所印，您的岗位不在乡镇。")
    on = local_date(at)
    version = queries.find_offer(code=code, township_code=township, on=on).version_id
    row, made = GuidePrint.objects.get_or_create(
        version_id=version, agency_id=by.agency_id, defaults={"first_on": on, "last_on": on}
    )
    if not made:
        GuidePrint.objects.filter(pk=row.pk).update(prints=F("prints") + 1, last_on=on)
    return version
