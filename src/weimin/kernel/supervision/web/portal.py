"""Published reasons for overruns: which item, which body, which limit, why; no matter and no person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.clock import local_date
from weimin.base.guard import access, shared
from weimin.base.paging import page_key
from weimin.kernel.deadlines.types import PURPOSE_TEXT, Level
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision import queries
from weimin.kernel.supervision.models import OverrunReason

PAGE = 50


@dataclass(frozen=True, slots=True)
class PublicRow:
    """One published reason."""

    item: str
    township: str
    agency: str
    limit: str
    due: date | None
    finished: date | None
    reason: str
    published: date | None


@dataclass(frozen=True, slots=True)
class OverrunsPage:
    """Published reasons, narrowed to a township, and where the next page begins."""

    rows: list[PublicRow]
    townships: list[tuple[str, list[Any]]]
    township: str
    name: str
    next: str
    first: bool

    @property
    def query(self) -> str:
        """The address of the next page."""
        pairs = {"township": self.township, "after": self.next}
        return urlencode({name: value for name, value in pairs.items() if value})


def _row(one: OverrunReason) -> PublicRow:
    limit = "法定期限" if one.level >= Level.LAW else "承诺期限"
    return PublicRow(
        item=one.title,
        township=directory.full_name(one.place),
        agency=one.agency.name if one.agency else "",
        limit=f"{PURPOSE_TEXT.get(one.subject_clock.purpose, '')}的{limit}",
        due=one.due,
        finished=one.subject_clock.stopped_on,
        reason=one.reason,
        published=local_date(one.written_at) if one.written_at else None,
    )


def _page(request: Any) -> OverrunsPage:
    asked, after = request.GET.get("township", ""), request.GET.get("after", "")[:80]
    township = asked if directory.township_of(asked) == asked else ""
    found = queries.list_public_reasons(place=township, after=after, limit=PAGE + 1)
    more, found = len(found) > PAGE, found[:PAGE]
    last = found[-1] if more else None
    return OverrunsPage(
        rows=[_row(one) for one in found],
        townships=directory.townships_by_county(),
        township=township,
        name=directory.full_name(township),
        next=page_key(last.written_at, last.pk) if last else "",
        first=not after,
    )


@access("public", shared=shared("township", "after", seconds=60))
@require_GET
def overruns(request: Any) -> HttpResponse:
    """Why limits were overrun, newest first, for everybody."""
    return render(request, "supervision/portal_overruns.html", {"page": _page(request)})


@access("public", shared=shared("township", "after", seconds=60))
@require_GET
def overruns_feed(request: Any) -> JsonResponse:
    """The same rows as JSON."""
    page = _page(request)
    rows = [
        {
            "item": one.item,
            "township": one.township,
            "agency": one.agency,
            "limit": one.limit,
            "due": one.due,
            "finished": one.finished,
            "reason": one.reason,
            "published": one.published,
        }
        for one in page.rows
    ]
    body = {"rows": rows, "next": page.next}
    return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
