"""Holiday notices on the desk: everybody in office reads them, one rule keeper loads, another approves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.deadlines import actions, queries, rules
from weimin.kernel.deadlines.access import KEEPER, check_keeper
from weimin.kernel.deadlines.types import NOTICE_STATES, PURPOSE_TEXT
from weimin.kernel.deadlines.web.portal import (
    Picture,
    Run,
    choose_year,
    list_runs,
    list_shown_years,
    make_picture,
)
from weimin.ui.answers import status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import spreadsheet

_CASE_NUMBER = re.compile(r"\d{9}-\d{6}-\d{5}")
_PAGE = 50
_BATCH = 2000
_LARGEST_UPLOAD = 800_000


@dataclass(slots=True)
class CalendarPage:
    """Years and their notices, the picture of one, every version, and the keeper's form."""

    picture: Picture
    years: list[tuple[int, Any, Any]]
    notices: list[Any]
    keeper: bool
    fields: list[Shown]
    errors: dict[str, str]
    problem: str
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class NoticePage:
    """One version of a year's notice, and what it moves."""

    notice: Any
    runs: list[Run]
    state: str
    working: bool
    shifts: list[tuple[Any, bool]]
    counts: list[tuple[str, int]]
    after: int
    first: bool
    keeper: bool
    own: bool
    reason: Shown
    errors: dict[str, str]
    problem: str
    purposes: dict[str, str]


@access("staff")
@require_http_methods(["GET", "POST"])
def calendar(request: Any) -> HttpResponse:
    """Years and their notices; a keeper loads a new one, to be looked at before it counts."""
    errors: dict[str, str] = {}
    faults: list[str] = []
    problem, status = "", 200
    if request.method == "POST":
        try:
            notice_id = _propose(request)
        except WeiminError as fault:
            problem, status = fault.message, status_of(fault)
            errors = {name: text for name, text in fault.fields.items() if name in ("file", "number")}
            faults = [text for name, text in fault.fields.items() if name not in errors]
        else:
            return HttpResponseRedirect(reverse("desk:calendar_notice", args=[notice_id]))
    page = _calendar_page(request, errors, problem, faults)
    return render(request, "deadlines/calendar.html", {"page": page}, status=status)


def _propose(request: Any) -> int:
    """Take in the uploaded file; gives the id of the notice.

    Raises: Invalid — no file, too large, or not UTF-8
    """
    check_keeper(request.actor)
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid("请选择放假安排的文件。", fields={"file": "请选择 JSON 或 CSV 文件。"})
    if upload.size > _LARGEST_UPLOAD:
        raise Invalid("文件太大，不像一年的放假安排。", fields={"file": "请换成只有一年安排的文件。"})
    try:
        text = upload.read().decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise Invalid(
            "文件里的文字认不出来。请在表格软件里另存为“CSV UTF-8”，再重新选择。",
            fields={"file": "文件不是 UTF-8 编码。"},
        ) from broken
    return actions.propose_notice(
        by=request.actor,
        at=request.at,
        text="\n".join(text.splitlines()),
        name=upload.name,
        **{name: request.POST.get(name, "") for name in ("number", "source", "reason")},
    )


def _calendar_page(request: Any, errors: dict[str, str], problem: str, faults: list[str]) -> CalendarPage:
    notices = queries.list_notices()
    in_force = {one.year: one for one in notices if one.approved_at is not None and one.replaced_at is None}
    waiting = {one.year: one for one in notices if one.state in ("draft", "previewed")}
    working = rules.calendar_of([queries.to_notice(in_force[year]) for year in sorted(in_force)])
    years = list_shown_years(working.known_years, today=request.today)
    year = choose_year(request.GET.get("year", ""), years, today=request.today)
    typed = {name: request.POST.get(name, "") for name in ("number", "source", "reason")}
    return CalendarPage(
        picture=make_picture(year, working, today=request.today),
        years=[(one, in_force.get(one), waiting.get(one)) for one in years],
        notices=notices,
        keeper=KEEPER in request.actor.roles,
        fields=[
            Shown(
                "file",
                "文件",
                "file",
                error=errors.get("file", ""),
                accept=".json,.csv",
                help="JSON 或 CSV，UTF-8 编码，只写与平常星期不同的日子。",
            ),
            Shown(
                "number",
                "文号",
                value=typed["number"],
                error=errors.get("number", ""),
                max_length=60,
                help="国务院办公厅通知的文号，如 国办发明电〔2025〕7号。JSON 里写了 notice 的可以不填。",
            ),
            Shown("source", "来源", value=typed["source"], required=False, help="从哪里得来、怎样核对的。"),
            Shown("reason", "说明", value=typed["reason"], required=False, help="更正已有的安排时，写明为什么。"),
        ],
        errors=errors,
        problem=problem,
        faults=faults,
    )


@access("staff")
@require_http_methods(["GET", "POST"])
def calendar_notice(request: Any, notice_id: int) -> HttpResponse:
    """One version of a notice: what it moves, and whether it may count."""
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            _judge(request, notice_id)
        except WeiminError as fault:
            status = status_of(fault)
            errors, problem = fault.fields, "" if fault.fields else fault.message
        else:
            return HttpResponseRedirect(reverse("desk:calendar_notice", args=[notice_id]))
    page = _notice_page(request, notice_id, errors, problem)
    return render(request, "deadlines/notice.html", {"page": page}, status=status)


def _judge(request: Any, notice_id: int) -> None:
    """Approve or reject, as the button says.

    Raises: Invalid — rejected without a reason
    """
    check_keeper(request.actor)
    if request.POST.get("do") == "approve":
        actions.approve_notice(by=request.actor, at=request.at, notice_id=notice_id)
        return
    reason = request.POST.get("reason", "")
    if len(reason.strip()) < 5:
        raise Invalid("请写明为什么不采用。", fields={"reason": "请写明为什么不采用（至少 5 个字）。"})
    actions.reject_notice(by=request.actor, at=request.at, notice_id=notice_id, reason=reason)


def _notice_page(request: Any, notice_id: int, errors: dict[str, str], problem: str) -> NoticePage:
    notice = queries.get_notice(notice_id)
    after = read_id(request.GET.get("after", ""))
    shifts = queries.list_shifts(notice_id, after=after, limit=_PAGE + 1)
    more, shifts = len(shifts) > _PAGE, shifts[:_PAGE]
    counts = notice.shifts.values_list("purpose").annotate(many=Count("pk")).order_by("-many", "purpose")
    typed = request.POST.get("reason", "")
    return NoticePage(
        notice=notice,
        runs=_notice_runs(notice),
        state=NOTICE_STATES.get(notice.state, notice.state),
        working=notice.state in ("draft", "approved"),
        shifts=[(one, bool(_CASE_NUMBER.fullmatch(one.subject_id))) for one in shifts],
        counts=[(PURPOSE_TEXT.get(purpose, purpose), many) for purpose, many in counts],
        after=shifts[-1].pk if more else 0,
        first=after == 0,
        keeper=KEEPER in request.actor.roles,
        own=request.actor.account_id is not None and request.actor.account_id == notice.loaded_account_id,
        reason=Shown("reason", "为什么不采用", "textarea", value=typed, error=errors.get("reason", "")),
        errors=errors,
        problem=problem,
        purposes=PURPOSE_TEXT,
    )


def _notice_runs(notice: Any) -> list[Run]:
    alone = rules.calendar_of([queries.to_notice(notice)])
    years = sorted({day.year for day in alone.special})
    return [run for year in years for run in list_runs(year, alone)]


@access("staff")
@require_GET
def export_shifts(request: Any, notice_id: int) -> FileResponse:
    """Every clock that a notice moves, as a spreadsheet."""
    notice = queries.get_notice(notice_id)
    head = ["时钟", "用途", "编号", "原法定到期日", "新法定到期日", "原承诺到期日", "新承诺到期日"]
    name = f"shifts-{notice.year}-{notice.version}.xlsx"
    return spreadsheet(name, "到期日变化", head, _shift_rows(notice_id))


def _shift_rows(notice_id: int) -> Iterator[list[Any]]:
    after = 0
    while found := queries.list_shifts(notice_id, after=after, limit=_BATCH):
        after = found[-1].pk
        for one in found:
            what = PURPOSE_TEXT.get(one.purpose, one.purpose)
            dates = [one.old_due, one.new_due, one.old_promise, one.new_promise]
            yield [one.clock_id, what, one.subject_id, *dates]
