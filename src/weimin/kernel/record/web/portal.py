"""The published chain: days with their digests as page, JSON and feed, and the files that anybody can recompute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import quote_etag
from django.views.decorators.http import require_GET

from weimin.base.guard import access, shared
from weimin.kernel.record import queries, rules
from weimin.kernel.record.types import DayView

PAGE = 31
#: A year and a day in one answer.
FEED_DAYS = 366
NEWEST = 30
#: A closed day never changes; the list grows once a day.
FOR_GOOD = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class DaysPage:
    """Closed days, the open one, and where the next page begins."""

    days: list[DayView]
    open: DayView | None
    next: str
    first: bool


def read_day(text: str) -> date:
    """A day in an address.

    Raises: DayUnknown — no date
    """
    try:
        return date.fromisoformat(text)
    except ValueError as broken:
        raise queries.DayUnknown("没有这一天，请写成 2026-11-24。") from broken


def _page(request: Any, size: int) -> DaysPage:
    asked = request.GET.get("before", "")
    found = queries.list_days(before=read_day(asked) if asked else None, limit=size + 1)
    more, found = len(found) > size, found[:size]
    return DaysPage(found, queries.find_open_day(), found[-1].day.isoformat() if more else "", not asked)


@access("public", shared=shared("before", seconds=60))
@require_GET
def days(request: Any) -> HttpResponse:
    """The days of the chain with their digests, newest first, and how anybody checks them."""
    return render(request, "record/days.html", {"page": _page(request, PAGE)})


@access("public", shared=shared("before"))
@require_GET
def days_json(request: Any) -> JsonResponse:
    """The same as JSON, a year at a time; what `weimin verify --published` reads."""
    page = _page(request, FEED_DAYS)
    rows = [
        {
            "day": one.day.isoformat(),
            "count": one.count,
            "previous": one.previous,
            "head": one.head,
            "digest": one.digest,
            "closed_at": one.closed_at,
        }
        for one in page.days
    ]
    answer = JsonResponse({"days": rows, "next": page.next}, json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = A_WHILE
    return answer


@access("public", shared=shared())
@require_GET
def days_feed(request: Any) -> HttpResponse:
    """The newest closed days as an Atom feed: who subscribes keeps the digests outside the platform."""
    root = settings.WEIMIN_BASE_URL
    feed = Atom1Feed(
        title=f"{settings.WEIMIN_CITY}乡镇政府服务 审计链每日摘要",
        link=root + reverse("portal:audit"),
        description="每天一条：当天有多少条审计记录、链头和当天摘要",
        language="zh-CN",
        feed_url=root + reverse("portal:audit_feed"),
    )
    for one in queries.list_days(limit=NEWEST):
        link = root + reverse("portal:audit_day", args=[one.day.isoformat()])
        feed.add_item(
            title=f"{one.day.isoformat()} {one.digest}",
            link=link,
            unique_id=link,
            description=rules.day_line(day=one.day, count=one.count, previous=one.previous, head=one.head),
            pubdate=one.closed_at,
            updateddate=one.closed_at,
        )
    answer = HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
    answer["Cache-Control"] = A_WHILE
    return answer


@access("public", shared=shared())
@require_GET
def day(request: Any, day: str) -> HttpResponse:
    """One closed day: the line that its digest is taken of, and its files."""
    view = queries.get_day(read_day(day))
    context = {
        "day": view,
        "line": rules.day_line(day=view.day, count=view.count, previous=view.previous, head=view.head),
        "parts": range(1, queries.count_parts(view) + 1),
    }
    return render(request, "record/day.html", context)


@access("public")
@require_GET
def day_file(request: Any, day: str, part: int) -> HttpResponse:
    """A file of a closed day to download; a reader who has it already is told so without reading the chain."""
    view = queries.get_day(read_day(day))
    etag = quote_etag(f"{view.digest}-{part}")
    known = get_conditional_response(request, etag=etag)
    if known is not None:
        return known
    answer = HttpResponse(queries.draw_day_part(view, part), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{view.day.isoformat()}-{part}.txt"'
    answer["Cache-Control"] = FOR_GOOD
    answer["ETag"] = etag
    return answer


@access("public", shared=shared())
@require_GET
def recompute(request: Any) -> HttpResponse:
    """The script that recomputes downloaded files, to be read before it is run."""
    answer = HttpResponse(queries.read_script(), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="recompute.py"'
    answer["Cache-Control"] = A_WHILE
    return answer
