"""Warnings on the desk: figures, the list, one warning with its contest and its orders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.base.paging import page_key
from weimin.base.shapes import read_id
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import LEVEL_TEXT, Explanation, Level
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision import access as rights
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.models import Warning
from weimin.kernel.supervision.types import (
    AUDIENCE,
    AUDIENCE_TEXT,
    CONTEST_TEXT,
    AgencyFigure,
    Filters,
    Warned,
)
from weimin.kernel.supervision.web.shown import (
    FINE,
    LEVEL_CSS,
    LEVELS,
    OrderRow,
    Told,
    choose,
    lost,
    openable,
    order_row,
    told_of,
)
from weimin.ui.fields import Shown
from weimin.ui.sheets import moment, spreadsheet

DAYS = {30: "近 30 天", 90: "近 90 天", 365: "近一年"}
CONTESTS = {
    "": "全部",
    "counted": "计数的（去掉已撤销的）",
    "contested": CONTEST_TEXT["contested"],
    "upheld": CONTEST_TEXT["upheld"],
    "lifted": CONTEST_TEXT["lifted"],
}


@dataclass(frozen=True, slots=True)
class Number:
    """A figure and the query that lists what it counts."""

    count: int
    query: str


@dataclass(frozen=True, slots=True)
class LevelLine:
    """The figures of one level."""

    text: str
    css: str
    audience: str
    numbers: list[tuple[str, Number]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a stacked bar, in hundredths of the longest."""

    css: str
    text: str
    count: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class BodyLine:
    """The warnings of one body as a bar and as numbers."""

    figure: AgencyFigure
    query: str
    bars: list[Bar]
    numbers: list[Number]


@dataclass(frozen=True, slots=True)
class WarningRow:
    """A warning in a list."""

    row: Warning
    css: str
    level: str
    state: str
    contest: str
    is_case: bool
    place: str


@dataclass(frozen=True, slots=True)
class WarningsPage:
    """Figures, the picture of bodies, and the list."""

    filters: Filters
    period: str
    figures: list[LevelLine]
    bodies: list[BodyLine]
    choices: list[tuple[int, str]]
    rows: list[WarningRow]
    next: str
    first: bool
    query: str
    waiting: queries.Waiting
    supervises: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class WarningPage:
    """One warning with its clock, its contest and its orders."""

    one: WarningRow
    why: Explanation
    ladder: list[tuple[str, str, str, Warning | None]]
    orders: list[OrderRow]
    until: Any
    over: bool
    contest: list[Shown]
    judge: list[Shown]
    order: list[Shown]
    told: Told
    lost: str


def _read_filters(get: Any) -> Filters:
    """What the address narrows the list to; what it does not know counts as all."""
    level, days = get.get("level", ""), get.get("days", "")
    contest = get.get("contest", "")
    return Filters(
        level=int(level) if level in {str(int(one)) for one, _ in LEVELS} else 0,
        contest=contest if contest in CONTESTS else "",
        running=get.get("running") == "1",
        days=int(days) if days in {str(one) for one in DAYS} else 90,
        agency_id=read_id(get.get("agency", "")),
    )


def _query(filters: Filters) -> str:
    pairs = {
        "level": filters.level,
        "contest": filters.contest,
        "running": int(filters.running),
        "days": filters.days,
        "agency": filters.agency_id,
    }
    return urlencode({name: value for name, value in pairs.items() if value})


@access("staff")
@require_GET
def warnings(request: Any) -> HttpResponse:
    """The warnings that a viewer may see: figures, bodies, list; each number opens what it counts."""
    filters = _read_filters(request.GET)
    after = request.GET.get("after", "")[:80]
    rows = queries.list_warnings(request.actor, filters, today=request.today, after=after, limit=queries.PAGE + 1)
    more, rows = len(rows) > queries.PAGE, rows[: queries.PAGE]
    base = Filters(days=filters.days, agency_id=filters.agency_id)
    warned = queries.read_warned(request.actor, days=base.days, today=request.today, agency_id=base.agency_id)
    opens = openable(request, rows)
    page = WarningsPage(
        filters=filters,
        period=DAYS[filters.days],
        figures=_level_lines(warned, base),
        bodies=_body_lines(warned, base),
        choices=warned.choices,
        rows=[_warning_row(one, opens) for one in rows],
        next=page_key(rows[-1].raised_at, rows[-1].pk) if more else "",
        first=not after,
        query=_query(filters),
        waiting=queries.count_waiting(request.actor),
        supervises="supervisor" in request.actor.roles,
        as_of=queries.as_of(request.at),
    )
    context = {"page": page, "levels": LEVELS, "contests": CONTESTS, "days": DAYS}
    return render(request, "supervision/warnings.html", context)


def _level_lines(warned: Warned, base: Filters) -> list[LevelLine]:
    lines = []
    for one in warned.levels:
        counts = [
            ("发出", one.raised, ""),
            ("申诉待复核", one.contested, "contested"),
            ("复核维持", one.upheld, "upheld"),
            ("复核撤销", one.lifted, "lifted"),
            ("计数", one.counted, "counted"),
        ]
        lines.append(
            LevelLine(
                LEVEL_TEXT[one.level],
                LEVEL_CSS[one.level],
                AUDIENCE_TEXT[AUDIENCE[one.level]],
                [
                    (label, Number(count, _query(replace(base, level=int(one.level), contest=contest))))
                    for label, count, contest in counts
                ],
            )
        )
    return lines


def _body_lines(warned: Warned, base: Filters) -> list[BodyLine]:
    most = max((one.total for one in warned.bodies), default=0) or 1
    lines = []
    for one in warned.bodies:
        own = replace(base, agency_id=one.agency_id, contest="counted")
        counts = [(Level.LAW, one.law), (Level.PROMISE, one.promise), (Level.RED, one.red), (Level.YELLOW, one.yellow)]
        bars, x = [], 0.0
        for level, count in counts:
            width = 100 * count / most
            if count:
                bars.append(Bar(LEVEL_CSS[level], LEVEL_TEXT[level], count, f"{x:.2f}", f"{width:.2f}"))
            x += width
        numbers = [Number(count, _query(replace(own, level=int(level)))) for level, count in counts]
        numbers.append(Number(one.total, _query(own)))
        numbers.append(Number(one.contested, _query(replace(own, contest="contested"))))
        lines.append(BodyLine(one, _query(own), bars, numbers))
    return lines


def _state(row: Warning) -> str:
    return "已解除" if row.eased_at else str(row.clock.get_state_display())


def _warning_row(row: Warning, opens: set[str]) -> WarningRow:
    level = Level(row.level)
    place = directory.full_name(row.place)
    return WarningRow(
        row,
        LEVEL_CSS[level],
        LEVEL_TEXT[level],
        _state(row),
        CONTEST_TEXT[row.contest] if row.contest else "",
        row.subject_type == "case" and row.subject_id in opens,
        place,
    )


@access("staff")
@require_GET
def export_warnings(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filters, whole."""
    head = [
        "等级",
        "内容",
        "编号",
        "承办机构",
        "乡镇",
        "到期日",
        "预警时间",
        "报给谁",
        "时钟",
        "申诉",
        "申诉理由",
        "复核意见",
    ]
    rows = (
        [
            LEVEL_TEXT[Level(one.level)],
            one.title,
            one.subject_id,
            one.agency.name if one.agency else "",
            directory.full_name(one.place),
            one.due,
            moment(one.raised_at),
            AUDIENCE_TEXT.get(one.audience, ""),
            _state(one),
            CONTEST_TEXT[one.contest],
            one.contest_reason,
            one.judged_reason,
        ]
        for one in queries.iter_warnings(request.actor, _read_filters(request.GET), today=request.today)
    )
    return spreadsheet(f"warnings-{local_date(request.at):%Y%m%d}.xlsx", "预警", head, rows)


@access("staff")
@require_http_methods(["GET", "POST"])
def warning(request: Any, warning_id: int) -> HttpResponse:
    """One warning: why that day, to whom it went, what was said about it, and what was ordered."""
    row = queries.get_warning(request.actor, warning_id)
    told = FINE
    if request.method == "POST":
        try:
            _act_on_warning(request, warning_id)
        except WeiminError as fault:
            told = told_of(fault)
            row = queries.get_warning(request.actor, warning_id)
        else:
            return HttpResponseRedirect(reverse("desk:warning", args=[warning_id]))
    return render(request, "supervision/warning.html", {"page": _warning_page(request, row, told)}, status=told.status)


def _act_on_warning(request: Any, warning_id: int) -> None:
    """Contest, judge or order, as the button says.

    Raises: Invalid — no button of this page, or no verdict chosen
    """
    do, post = request.POST.get("do", ""), request.POST
    who = {"by": request.actor, "at": request.at, "warning_id": warning_id}
    if do == "contest":
        actions.contest_warning(**who, reason=post.get("reason", ""))
    elif do == "judge":
        rights.check_supervisor(request.actor)
        lift = choose(post, "verdict", {"uphold": False, "lift": True}, "请选择维持还是撤销。")
        actions.judge_contest(**who, lift=lift, reason=post.get("reason", ""))
    elif do == "order":
        actions.issue_order(**who, text=post.get("text", ""))
    else:
        raise Invalid("请点页面上的按钮办理。")


def _warning_page(request: Any, row: Warning, told: Told) -> WarningPage:
    actor = request.actor
    orders = queries.list_warning_orders(actor, warning_id=row.pk)
    _, until = queries.contest_until(row)
    over = request.today > until
    contests = not row.contest and not over and row.agency_id in rights.own_bodies(actor)
    judges = row.contest == "contested" and "supervisor" in actor.roles
    busy = any(one.state != "accepted" for one in orders)
    may_order = rights.may_order(actor) and row.agency_id is not None and not busy
    contest, judge, order = _warning_fields(request, told)
    opens = openable(request, [row, *orders])
    shown = {"contest": contests, "judge": judges, "order": may_order}
    raised = {one.level: one for one in queries.list_escalation(actor, clock_id=row.clock_id)}
    return WarningPage(
        one=_warning_row(row, opens),
        why=limits.explain_clock(clock_id=row.clock_id),
        ladder=[(text, LEVEL_CSS[one], AUDIENCE_TEXT[AUDIENCE[one]], raised.get(int(one))) for one, text in LEVELS],
        orders=[order_row(one, request.today, opens) for one in orders],
        until=until,
        over=over,
        contest=contest if contests else [],
        judge=judge if judges else [],
        order=order if may_order else [],
        told=told,
        lost=lost(request, shown.get(request.POST.get("do", ""), True), "reason", "text"),
    )


def _warning_fields(request: Any, told: Told) -> tuple[list[Shown], list[Shown], list[Shown]]:
    typed, errors = request.POST, told.errors
    reason, text, verdict = typed.get("reason", ""), typed.get("text", ""), typed.get("verdict", "")
    wrong = errors.get("reason", "")
    contest = Shown(
        "reason", "为什么不认可", "textarea", value=reason, error=wrong, max_length=400, help="至少 10 个字。"
    )
    judge = [
        Shown(
            "verdict",
            "复核结果",
            "choice",
            value=verdict,
            error=errors.get("verdict", ""),
            choices=[("uphold", "维持预警"), ("lift", "撤销预警（不再计数，记录保留）")],
        ),
        Shown(
            "reason",
            "理由",
            "textarea",
            value=reason,
            error=wrong,
            max_length=400,
            help="至少 5 个字，承办机构看得到。",
        ),
    ]
    order = Shown("text", "要做到什么", "textarea", value=text, error=errors.get("text", ""), max_length=400)
    return [contest], judge, [order]
