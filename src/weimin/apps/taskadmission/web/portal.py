"""In public: how often each department asked townships for work, the records behind it, and matters with opinions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from weimin.apps.taskadmission import queries
from weimin.apps.taskadmission.models import Matter, Opinion
from weimin.apps.taskadmission.types import Count
from weimin.base.guard import access, limited, shared
from weimin.base.shapes import read_id
from weimin.kernel.record.types import Blocker
from weimin.ui.sheets import spreadsheet

PAGE_ROWS = 50


@dataclass(frozen=True)
class Asked:
    """What of the figures was asked for: a county and a period; the year so far unless said otherwise."""

    county: str
    since: date
    until: date
    problem: str = ""

    @property
    def query(self) -> str:
        """The same as part of an address."""
        return f"county={self.county}&since={self.since}&until={self.until}"


@dataclass
class FiguresPage:
    """The figures by department as picture and table."""

    asked: Asked
    rows: list[Count]
    most: int
    counties: list[tuple[str, str]]


@dataclass
class RecordsPage:
    """The records behind one figure."""

    asked: Asked
    rows: Page[Any]
    kind: str
    kind_text: str
    agency_id: int
    agency_name: str


@dataclass
class MatterPage:
    """One matter in public."""

    matter: Matter
    opinions: list[Opinion]
    blockers: list[Blocker]


def _asked(request: Any) -> Asked:
    counties = [code for code, _ in queries.list_counties()]
    county = request.GET.get("county", "")
    county = county if county in counties else queries.find_latest_county() or next(iter(counties), "")
    since, until, problem = date(request.today.year, 1, 1), request.today, ""
    try:
        since = date.fromisoformat(request.GET.get("since") or str(since))
        until = date.fromisoformat(request.GET.get("until") or str(until))
    except ValueError:
        problem = "日期要写成 2026-03-05 这样，下面是今年以来的。"
    if not problem and not date(2000, 1, 1) <= since <= until <= date(2100, 1, 1):
        problem = "起止日期不对：开始不能晚于结束。下面是今年以来的。"
    if problem:
        since, until = date(request.today.year, 1, 1), request.today
    return Asked(county, since, until, problem)


def _count(asked: Asked) -> list[Count]:
    return queries.count_departments(county=asked.county, since=asked.since, until=asked.until)


@access("public", shared=shared("county", "since", "until"))
@limited("search")
@require_GET
def figures(request: Any) -> HttpResponse:
    """By department: asked, admitted, refused, off the list, past the gate, days on average."""
    asked = _asked(request)
    rows = _count(asked)
    most = max((one.asked for one in rows), default=0) or 1
    page = FiguresPage(asked, rows, most, queries.list_counties())
    status = 422 if asked.problem else 200
    return render(request, "taskadmission/figures.html", {"page": page}, status=status)


@access("public")
@limited("data")
@require_GET
def export_figures(request: Any) -> FileResponse:
    """The same figures as a spreadsheet."""
    asked = _asked(request)
    head = [
        "部门",
        "申请",
        "准入",
        "不予准入",
        "不在清单上",
        "等审核",
        "撤回",
        "退回",
        "绕开准入（查实）",
        "平均审核天数",
    ]
    cells = (
        [
            one.name,
            one.asked,
            one.admitted,
            one.refused,
            one.outside,
            one.waiting,
            one.withdrawn,
            one.incomplete,
            one.bypassed,
            one.average_days,
        ]
        for one in _count(asked)
    )
    return spreadsheet(f"tasks-{asked.county}-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}.xlsx", "任务准入", head, cells)


@access("public", shared=shared("county", "since", "until", "agency", "kind", "page"))
@limited("search")
@require_GET
def records(request: Any) -> HttpResponse:
    """The records behind a figure."""
    asked, agency_id = _asked(request), read_id(request.GET.get("agency", ""))
    kind = request.GET.get("kind", "")
    kind = kind if kind in queries.KINDS else ""
    found = queries.list_public_records(
        county=asked.county, since=asked.since, until=asked.until, agency_id=agency_id, kind=kind
    )
    rows = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    name = rows[0].agency.name if agency_id and len(rows) else ""
    page = RecordsPage(asked, rows, kind, queries.KINDS.get(kind, "全部"), agency_id, name)
    return render(request, "taskadmission/records.html", {"page": page})


@access("public", shared=shared())
@limited("search")
@require_GET
def task(request: Any, task_id: int) -> HttpResponse:
    """One task in public: basis, period, money, people, decision; no contact."""
    return render(request, "taskadmission/task.html", {"task": queries.get_public_task(task_id)})


@access("public", shared=shared("county", "page"))
@limited("search")
@require_GET
def matters(request: Any) -> HttpResponse:
    """County matters that touch townships."""
    counties = queries.list_counties()
    county = request.GET.get("county", "")
    county = county if county in dict(counties) else ""
    rows = Paginator(queries.list_public_matters(county=county), PAGE_ROWS).get_page(request.GET.get("page"))
    return render(request, "taskadmission/matters.html", {"rows": rows, "county": county, "counties": counties})


@access("public", shared=shared(seconds=60))
@limited("search")
@require_GET
def matter(request: Any, matter_id: int) -> HttpResponse:
    """One matter: what each township said, or that it said nothing, and what the county answered."""
    page = MatterPage(*queries.get_public_matter(matter_id, at=request.at))
    return render(request, "taskadmission/matter.html", {"page": page})
