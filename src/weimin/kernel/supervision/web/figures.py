"""Figures on the desk: what a viewer's bodies and places did, month by month, each number with its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from weimin.base.clock import day_start
from weimin.base.guard import access
from weimin.base.paging import page_key
from weimin.base.shapes import read_id
from weimin.kernel.cases import queries as cases
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision import registry
from weimin.kernel.supervision.queries import figures as queries
from weimin.kernel.supervision.queries.figures import FEW, RATED, STEPS, Counted, Figures, Numbers, Which
from weimin.ui.sheets import moment, spreadsheet, spreadsheets

#: A line's name, its figures, and what narrows its records to it.
Row = tuple[str, Numbers, dict[str, Any]]
#: How many months back one may look.
BACK = 36
#: What a table's places are called, and what stands on the page of each.
PLACES = {"city": ("市", "县区"), "county": ("县区", "乡镇"), "township": ("乡镇", "机构")}
#: So many of today's steps stand on a page.
DONE = 20
#: So many of the records behind a figure go into a spreadsheet.
EXPORT = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table of figures: what stands in it, and which records a number in it was counted from."""

    title: str
    value: Callable[[Numbers], int | str]
    measures: tuple[str, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A number or a share; `href` opens its records."""

    value: int | str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a month, an item, a body or a place. `size` is for the picture; `href` opens the place's own page."""

    name: str
    size: int
    cells: list[Cell]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Figures side by side with a picture of their first column."""

    title: str
    of: str
    note: str
    columns: list[str]
    lines: list[Line]

    @property
    def most(self) -> int:
        """The longest bar."""
        return max((one.size for one in self.lines), default=0) or 1


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """A viewer's figures of a month and the eleven before, and what their body does today."""

    month: date
    months: list[date]
    tables: list[Table]
    place: str
    name: str
    as_of: datetime
    behind: bool
    today: dict[str, int]
    rows: list[Any]
    kind: str
    later: bool
    next: int


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """The records behind one figure."""

    title: str
    figure: int
    rows: list[Counted]
    opens: set[str]
    query: str
    next: str
    export: int


def share_text(part: float | None, base: int) -> str:
    """A share in per cent; of few, the numbers themselves: a share of three says nothing."""
    if part is None:
        return "—"
    return f"{part:.1%}" if base >= FEW else f"{round(part * base)}/{base} 件"


def used_text(found: Numbers) -> str:
    """Days taken of the days allowed, as a share of both."""
    return "—" if found.share_used is None else f"{found.share_used:.0%}"


MATTERS = (
    Column("收件", lambda one: one.of("cases.received"), ("cases.received",)),
    Column("办结", lambda one: one.closed, ("cases.closed",)),
    Column("超期办结", lambda one: one.late, ("cases.closed",), late=True),
    Column("按期率", lambda one: share_text(one.share_in_time(one.closed), one.closed)),
    Column("用时占期限", used_text),
    Column("不予受理", lambda one: one.of("cases.refused"), ("cases.refused",)),
    Column("撤回", lambda one: one.of("cases.withdrawn"), ("cases.withdrawn",)),
    Column("逾期未补正", lambda one: one.of("cases.lapsed"), ("cases.lapsed",)),
    Column("评价", lambda one: one.rated, RATED),
    Column("满意率", lambda one: share_text(one.share_good, one.rated)),
)
_CHECKS = ("steps.review", "steps.survey", "steps.notice")
WORK = (
    Column("环节", lambda one: one.steps, STEPS),
    Column("受理", lambda one: one.of("steps.accept"), ("steps.accept",)),
    Column("不予受理", lambda one: one.of("steps.refuse"), ("steps.refuse",)),
    Column("审核核查", lambda one: one.of(*_CHECKS), _CHECKS),
    Column("决定", lambda one: one.of("steps.decide"), ("steps.decide",)),
    Column("出件", lambda one: one.of("steps.issue"), ("steps.issue",)),
    Column("超期", lambda one: one.late, STEPS, late=True),
    Column("按期率", lambda one: share_text(one.share_in_time(one.steps), one.steps)),
    Column("用时占期限", used_text),
)


def month_text(month: date) -> str:
    """2026年9月."""
    return f"{month.year}年{month.month}月"


def _table(
    title: str,
    of: str,
    columns: tuple[Column, ...],
    rows: Iterable[Row],
    note: str = "",
    *,
    opens: bool = False,
) -> Table:
    lines, records = [], reverse("desk:figure_records")
    for name, numbers, where in rows:
        begin = f"{records}?{urlencode(where)}&of="
        cells = [_cell(one, numbers, begin) for one in columns]
        size = columns[0].value(numbers)
        page = f"?{urlencode(where)}" if opens else ""
        lines.append(Line(name, size if isinstance(size, int) else 0, cells, page))
    return Table(title, of, note, [one.title for one in columns], lines)


def _cell(column: Column, numbers: Numbers, begin: str) -> Cell:
    value = column.value(numbers)
    if not column.measures or not value:
        return Cell(value)
    return Cell(value, f"{begin}{','.join(column.measures)}{'&late=1' if column.late else ''}")


def tables_of(found: Figures) -> list[Table]:
    """The tables of a viewer's figures, perhaps of one place: for the page and for the spreadsheet alike."""
    here = {"place": found.place} if found.place else {}
    columns = MATTERS if found.matters else WORK
    month = f"{found.month:%Y-%m}"
    told = month_text(found.month)
    months = ((month_text(day), one, {"month": f"{day:%Y-%m}"} | here) for day, one in found.months.items())
    places = ((directory.place_name(code), one, {"month": month, "place": code}) for code, one in found.places.items())
    named, agency = found.item_names, directory.agency_name
    items = ((named.get(code, code), one, {"month": month, "item": code} | here) for code, one in found.items.items())
    bodies = ((agency(pk), one, {"month": month, "agency": pk} | here) for pk, one in found.bodies.items())
    whole = [_table("按月", "月份", columns, months, "评价记在办结的那个月。" if found.matters else "")]
    if found.matters:
        of, below = PLACES[next((directory.level_of(code) for code in found.places), "township")]
        note = f"点{of}的名字，看它的{below}。"
        whole.append(_table(f"按{of}（{told}）", of, columns, places, note, opens=True))
    whole.append(_table(f"按事项（{told}）", "事项", columns, items))
    whole.append(_table(f"按机构（{told}）", "机构", WORK, bodies, "一件事经过几个环节，就在办理的机构各记一次。"))
    return [one for one in whole if one.lines]


def read_month(text: str, today: date) -> date:
    """A month from an address, not after this one and not too far back; this month for what is none."""
    this = queries.month_of(today)
    try:
        asked = datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        return this
    return asked if queries.month_of(this, BACK) <= asked <= this else this


def read_place(text: str) -> str:
    """A place from an address; '' for none: what the viewer sees is decided by the tallies."""
    return text if directory.division_exists(text) else ""


@access("staff")
@require_GET
def figures(request: Any) -> HttpResponse:
    """What the viewer's bodies and places did in a month and the eleven before; today's work of their own body."""
    kind = request.GET.get("kind", "")
    since = day_start(request.today)
    month, place = read_month(request.GET.get("month", ""), request.today), read_place(request.GET.get("place", ""))
    found = queries.read_figures(request.actor, month=month, at=request.at, place=place)
    this = queries.month_of(request.today)
    after = read_id(request.GET.get("after", ""))
    rows = cases.list_done(request.actor, since=since, kind=kind, after=after, limit=DONE + 1)
    page = FiguresPage(
        month=found.month,
        months=[queries.month_of(this, back) for back in range(BACK)],
        tables=tables_of(found),
        place=found.place,
        name=directory.place_name(found.place),
        as_of=found.as_of,
        behind=found.as_of < request.at,
        today=cases.agency_figures(request.actor, since=since, today=request.today),
        rows=rows[:DONE],
        kind=kind,
        later=bool(after),
        next=rows[DONE - 1].pk if len(rows) > DONE else 0,
    )
    return render(request, "supervision/figures.html", {"page": page})


@access("staff")
@require_GET
def export_figures(request: Any) -> FileResponse:
    """The same tables as a spreadsheet, a sheet each."""
    month, place = read_month(request.GET.get("month", ""), request.today), read_place(request.GET.get("place", ""))
    found = queries.read_figures(request.actor, month=month, at=request.at, place=place)
    sheets = (
        (one.title, [one.of, *one.columns], ([line.name, *(cell.value for cell in line.cells)] for line in one.lines))
        for one in tables_of(found)
    )
    empty = [("办件统计", ["没有统计数"], list[list[Any]]())]
    return spreadsheets(f"figures-{month:%Y%m}.xlsx", list(sheets) or empty)


def _asked(request: Any) -> Which:
    """The figure that an address asks about.

    Raises: Http404 — no such measure
    """
    get = request.GET
    measures = tuple(get.get("of", "cases.received").split(","))
    if not set(measures) <= set(registry.kind_of("case").measures):
        raise Http404
    return Which(
        measures=measures,
        month=read_month(get.get("month", ""), request.today),
        item=get.get("item", "")[:40],
        agency_id=read_id(get.get("agency", "")),
        place=get.get("place", "")[:12],
        late=get.get("late") == "1",
    )


def _title(which: Which) -> str:
    names = [month_text(which.month)]
    names += [directory.place_name(which.place)] if which.place else []
    names += [directory.agency_name(which.agency_id)] if which.agency_id else []
    told = dict.fromkeys(registry.measure_text(one) for one in which.measures)
    names += ["、".join(told) if len(which.measures) < 4 else "合计"]
    return " ".join(names) + ("（超期）" if which.late else "")


@access("staff")
@require_GET
def records(request: Any) -> HttpResponse:
    """The records that a figure was counted from; numbers and items, no person."""
    which, get = _asked(request), request.GET
    rows = queries.list_counted(request.actor, which, after=get.get("after", "")[:80], limit=queries.PAGE + 1)
    more, rows = len(rows) > queries.PAGE, rows[: queries.PAGE]
    query = {name: get[name] for name in ("of", "month", "item", "agency", "place", "late") if name in get}
    page = RecordsPage(
        title=_title(which),
        figure=queries.total_of(request.actor, which),
        rows=rows,
        opens=cases.list_visible(request.actor, numbers=[one.number for one in rows]),
        query=urlencode(query),
        next=page_key(rows[-1].at, rows[-1].subject) if more else "",
        export=EXPORT,
    )
    return render(request, "supervision/figure_records.html", {"page": page})


@access("staff")
@require_GET
def export_records(request: Any) -> FileResponse:
    """The same records as a spreadsheet, the newest EXPORT of them."""
    which = _asked(request)
    rows = (
        [moment(one.at), one.title, one.number, "超期" if one.late else ""]
        for one in queries.list_counted(request.actor, which, limit=EXPORT)
    )
    name = f"records-{which.month:%Y%m}.xlsx"
    return spreadsheet(name, "明细", ["时间", "事项", "编号", "超期"], rows)
