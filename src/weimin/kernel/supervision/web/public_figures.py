"""What was done in a place, month by month, for everybody: only of items that may be listed, and nothing of few."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.base.guard import access, limited, shared
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision.queries import figures as queries
from weimin.kernel.supervision.queries.figures import FEW, Figures, Numbers
from weimin.kernel.supervision.web.figures import month_text
from weimin.ui.sheets import spreadsheets


@dataclass(frozen=True, slots=True)
class PublicLine:
    """One month or item in words; what is too few is said so, and no share is made of it."""

    name: str
    received: str
    closed: str
    size: int
    in_time: str
    good: str


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A place's figures of the twelve months that are over."""

    place: str
    name: str
    places: list[tuple[str, list[tuple[str, str]]]]
    months: list[PublicLine]
    most: int
    month: str
    by_item: list[PublicLine]
    as_of: datetime
    few: int = FEW


def told(one: Numbers) -> tuple[int | str, int | str, float | None, float | None]:
    """What the public is told of some numbers: received, closed, shares in time and satisfied; a few are not told, and
    no share is made of a few."""
    received, closed = (f"少于{FEW}件" if 0 < many < FEW else many for many in (one.of("cases.received"), one.closed))
    in_time = one.share_in_time(one.closed) if one.closed >= FEW else None
    return received, closed, in_time, one.share_good if one.rated >= FEW else None


def _line(name: str, one: Numbers) -> PublicLine:
    received, closed, in_time, good = told(one)
    return PublicLine(
        name=name,
        received=_pieces(received),
        closed=_pieces(closed),
        size=closed if isinstance(closed, int) else 0,
        in_time=_percent(in_time),
        good=_percent(good),
    )


def _pieces(many: int | str) -> str:
    return f"{many} 件" if isinstance(many, int) else many


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def _places() -> list[tuple[str, list[tuple[str, str]]]]:
    """Counties with their townships, for choosing; the county itself first."""
    groups = []
    for county, towns in directory.townships_by_county():
        own = [(towns[0].parent_code, f"{county}（全部）")]
        groups.append((county, own + [(one.code, one.name) for one in towns]))
    return groups


def _read(request: Any, places: list[tuple[str, list[tuple[str, str]]]]) -> tuple[Figures, str]:
    """The figures of the place that is asked for, or of the city where it is none of these; and the city."""
    known = {code for _, group in places for code, _ in group}
    city = directory.get_division(places[0][1][0][0]).parent_code if places else ""
    asked, last = request.GET.get("place", ""), queries.month_of(request.today, 1)
    return queries.read_public(place=asked if asked in known else city, month=last, at=request.at), city


@access("public", shared=shared("place", seconds=60))
@require_GET
def public_figures(request: Any) -> HttpResponse:
    """What was received and done in a place by month, how much of it in time, and how people rated it."""
    places = _places()
    found, city = _read(request, places)
    months = [_line(month_text(day), one) for day, one in reversed(found.months.items())]
    page = PublicPage(
        place=found.place if found.place != city else "",
        name=directory.place_name(found.place),
        places=places,
        months=months,
        most=max((one.size for one in months), default=0) or 1,
        month=month_text(found.month),
        by_item=[_line(found.item_names.get(code, code), one) for code, one in found.items.items()],
        as_of=found.as_of,
    )
    return render(request, "supervision/portal_figures.html", {"page": page})


@access("public")
@limited("data")
@require_GET
def export_public_figures(request: Any) -> FileResponse:
    """The same two tables as a spreadsheet, a sheet each; shares as parts of one."""
    found, _ = _read(request, _places())
    columns = ["收件", "办结", "按期办结", "满意"]
    by_month = [[month_text(day), *told(one)] for day, one in reversed(found.months.items())]
    by_item = [[found.item_names.get(code, code), *told(one)] for code, one in found.items.items()]
    items = f"{month_text(found.month)}按事项"
    sheets = [("近十二个月", ["月份", *columns], by_month), (items, ["事项", *columns], by_item)]
    return spreadsheets(f"figures-{found.place}-{found.month:%Y%m}.xlsx", sheets)
