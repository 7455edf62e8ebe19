"""Supervision on the desk: warnings and their contests, orders, reasons for overruns, clocks that smell."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from weimin.base.clock import SHANGHAI, local_date
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import LEVEL_TEXT, Explanation, Level
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision import access as rights
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, Warning
from weimin.kernel.supervision.types import (
    AUDIENCE,
    AUDIENCE_TEXT,
    CONTEST_TEXT,
    ORDER_TEXT,
    PATTERN_TEXT,
    PATTERN_WHY,
    AgencyFigure,
    Filters,
)
from weimin.ui.fields import Shown

#: What a refusal on a page answers with, by its kind; others 422.
STATUS = {"conflict": 409, "forbidden": 403, "not_found": 404}
#: The class that colours a level; its words always stand beside it.
LEVEL_CSS = {Level.GREEN: "good", Level.YELLOW: "yellow", Level.RED: "red", Level.PROMISE: "promise", Level.LAW: "law"}
LEVELS = [(level, LEVEL_TEXT[level]) for level in Level if level]
DAYS = {30: "近 30 天", 90: "近 90 天", 365: "近一年"}
CONTESTS = {
    "": "全部",
    "counted": "计数的（去掉已撤销的）",
    "contested": CONTEST_TEXT["contested"],
    "upheld": CONTEST_TEXT["upheld"],
    "lifted": CONTEST_TEXT["lifted"],
}
ORDER_CSS = {"open": "careful", "returned": "bad", "answered": "info", "accepted": "good"}
MANY_ORDERS, MANY_REASONS, MANY_FINDINGS = 100, 100, 200
_SHEET_ROWS = 1_000_000
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Told:
    """What a refused form answers: sentences by field, or one for the page, and the status."""

    errors: dict[str, str]
    problem: str = ""
    status: int = 200


FINE = Told({})


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


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list; `late` when its answer is overdue."""

    row: Order
    css: str
    is_case: bool
    late: bool


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One order, why its date, and the forms that the viewer may use."""

    one: OrderRow
    place: str
    why: Explanation | None
    answer: list[Shown]
    review: list[Shown]
    told: Told
    lost: str


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A duty to explain; a form when it is owed by the viewer's body."""

    row: OverrunReason
    level: str
    css: str
    late: bool
    form: Shown | None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding with its form."""

    row: Finding
    text: str
    is_case: bool
    sound: Shown
    words: Shown


def _is_number(text: str) -> bool:
    """Whether a subject is a matter: only those have a page of their own."""
    return len(text) == 22 and text.count("-") == 2


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _told(fault: WeiminError) -> Told:
    status = STATUS.get(fault.kind, 422)
    return Told(fault.fields, "" if fault.fields else fault.message, status)


# --- warnings ----------------------------------------------------------------------------------------------
def _read_filters(get: Any) -> Filters:
    """What the address narrows the list to; what it does not know counts as all."""
    level, days = get.get("level", ""), get.get("days", "")
    contest = get.get("contest", "")
    return Filters(
        level=int(level) if level in {str(int(one)) for one, _ in LEVELS} else 0,
        contest=contest if contest in CONTESTS else "",
        running=get.get("running") == "1",
        days=int(days) if days in {str(one) for one in DAYS} else 90,
        agency_id=_id(get.get("agency", "")),
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
    rows = queries.list_warnings(
        request.actor, filters, today=request.today, after=after, limit=queries.PAGE + 1
    )
    more, rows = len(rows) > queries.PAGE, rows[: queries.PAGE]
    base = Filters(days=filters.days, agency_id=filters.agency_id)
    page = WarningsPage(
        filters=filters,
        period=DAYS[filters.days],
        figures=_level_lines(request, base),
        bodies=_body_lines(request, base),
        choices=queries.list_bodies(request.actor, days=filters.days, today=request.today),
        rows=[_warning_row(one) for one in rows],
        next=f"{rows[-1].raised_at.isoformat()}_{rows[-1].pk}" if more else "",
        first=not after,
        query=_query(filters),
        waiting=queries.count_waiting(request.actor),
        supervises="supervisor" in request.actor.roles,
    )
    context = {"page": page, "levels": LEVELS, "contests": CONTESTS, "days": DAYS}
    return render(request, "supervision/warnings.html", context)


def _level_lines(request: Any, base: Filters) -> list[LevelLine]:
    lines = []
    for one in queries.list_figures(request.actor, base, today=request.today):
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


def _body_lines(request: Any, base: Filters) -> list[BodyLine]:
    figures = queries.list_agency_figures(request.actor, base, today=request.today)
    most = max((one.total for one in figures), default=0) or 1
    lines = []
    for one in figures:
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


def _warning_row(row: Warning) -> WarningRow:
    level = Level(row.level)
    place = directory.full_name(row.place)
    return WarningRow(
        row,
        LEVEL_CSS[level],
        LEVEL_TEXT[level],
        _state(row),
        CONTEST_TEXT[row.contest] if row.contest else "",
        row.subject_type == "case" and _is_number(row.subject_id),
        place,
    )


@access("staff")
@require_GET
def export_warnings(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filters, whole."""
    head = ["等级", "内容", "编号", "承办机构", "乡镇", "到期日", "预警时间", "报给谁", "时钟", "申诉", "申诉理由", "复核意见"]
    rows = (
        [
            LEVEL_TEXT[Level(one.level)],
            one.title,
            one.subject_id,
            one.agency.name if one.agency else "",
            directory.full_name(one.place),
            one.due,
            _moment(one.raised_at),
            AUDIENCE_TEXT.get(one.audience, ""),
            _state(one),
            CONTEST_TEXT[one.contest],
            one.contest_reason,
            one.judged_reason,
        ]
        for one in queries.iter_warnings(request.actor, _read_filters(request.GET), today=request.today)
    )
    return _spreadsheet(f"warnings-{local_date(request.at):%Y%m%d}.xlsx", "预警", head, rows)


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
            told = _told(fault)
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
        lift = _choose(post, "verdict", {"uphold": False, "lift": True}, "请选择维持还是撤销。")
        actions.judge_contest(**who, lift=lift, reason=post.get("reason", ""))
    elif do == "order":
        actions.issue_order(**who, text=post.get("text", ""))
    else:
        raise Invalid("请点页面上的按钮办理。")


def _choose(post: Any, name: str, known: dict[str, bool], sentence: str) -> bool:
    chosen = post.get(name, "")
    if chosen not in known:
        raise Invalid(sentence, fields={name: sentence})
    return known[chosen]


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
    shown = {"contest": contests, "judge": judges, "order": may_order}
    raised = {one.level: one for one in queries.list_escalation(actor, clock_id=row.clock_id)}
    return WarningPage(
        one=_warning_row(row),
        why=limits.explain_clock(clock_id=row.clock_id),
        ladder=[(text, LEVEL_CSS[one], AUDIENCE_TEXT[AUDIENCE[one]], raised.get(int(one))) for one, text in LEVELS],
        orders=[_order_row(one, request.today) for one in orders],
        until=until,
        over=over,
        contest=contest if contests else [],
        judge=judge if judges else [],
        order=order if may_order else [],
        told=told,
        lost=_lost(request, shown.get(request.POST.get("do", ""), True), "reason", "text"),
    )


def _lost(request: Any, shown: bool, *names: str) -> str:
    """What was typed into a form that the page no longer has."""
    if shown:
        return ""
    return next((request.POST[name] for name in names if request.POST.get(name, "").strip()), "")


def _warning_fields(request: Any, told: Told) -> tuple[list[Shown], list[Shown], list[Shown]]:
    typed, errors = request.POST, told.errors
    reason, text, verdict = typed.get("reason", ""), typed.get("text", ""), typed.get("verdict", "")
    wrong = errors.get("reason", "")
    contest = Shown("reason", "为什么不认可", "textarea", value=reason, error=wrong, max_length=400, help="至少 10 个字。")
    judge = [
        Shown(
            "verdict",
            "复核结果",
            "choice",
            value=verdict,
            error=errors.get("verdict", ""),
            choices=[("uphold", "维持预警"), ("lift", "撤销预警（不再计数，记录保留）")],
        ),
        Shown("reason", "理由", "textarea", value=reason, error=wrong, max_length=400, help="至少 5 个字，承办机构看得到。"),
    ]
    order = Shown("text", "要做到什么", "textarea", value=text, error=errors.get("text", ""), max_length=400)
    return [contest], judge, [order]


# --- orders ------------------------------------------------------------------------------------------------
def _order_row(row: Order, today: Any) -> OrderRow:
    waits = row.state in ("open", "returned")
    late = waits and row.due_on is not None and row.due_on < today
    return OrderRow(row, ORDER_CSS[row.state], _is_number(row.subject_id), late)


@access("staff")
@require_GET
def orders(request: Any) -> HttpResponse:
    """The orders that a viewer may see: what waits for an answer first."""
    state = request.GET.get("state", "")
    state = state if state in ORDER_TEXT else ""
    rows = queries.list_orders(request.actor, state=state, limit=MANY_ORDERS)
    context = {
        "rows": [_order_row(one, request.today) for one in rows],
        "state": state,
        "states": ORDER_TEXT,
        "full": len(rows) == MANY_ORDERS,
        "many": MANY_ORDERS,
    }
    return render(request, "supervision/orders.html", context)


@access("staff")
@require_GET
def export_orders(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filter, whole."""
    state = request.GET.get("state", "")
    head = ["状态", "内容", "编号", "承办机构", "乡镇", "要求", "签发人", "签发时间", "答复期限", "答复", "答复人", "答复时间", "认可意见", "认可人"]
    rows = (
        [
            ORDER_TEXT[one.state],
            one.title,
            one.subject_id,
            one.agency.name,
            directory.full_name(one.place),
            one.text,
            one.issued_by,
            _moment(one.issued_at),
            one.due_on,
            one.answer,
            one.answered_by,
            _moment(one.answered_at),
            one.review,
            one.reviewed_by,
        ]
        for one in queries.iter_orders(request.actor, state=state if state in ORDER_TEXT else "")
    )
    return _spreadsheet(f"orders-{local_date(request.at):%Y%m%d}.xlsx", "督办单", head, rows)


@access("staff")
@require_http_methods(["GET", "POST"])
def order(request: Any, order_id: int) -> HttpResponse:
    """One order: answer it, accept the answer, or return it."""
    row = queries.get_order(request.actor, order_id)
    told = FINE
    if request.method == "POST":
        try:
            _act_on_order(request, order_id)
        except WeiminError as fault:
            told = _told(fault)
            row = queries.get_order(request.actor, order_id)
        else:
            return HttpResponseRedirect(reverse("desk:order", args=[order_id]))
    return render(request, "supervision/order.html", {"page": _order_page(request, row, told)}, status=told.status)


def _act_on_order(request: Any, order_id: int) -> None:
    do, post = request.POST.get("do", ""), request.POST
    who = {"by": request.actor, "at": request.at, "order_id": order_id}
    if do == "answer":
        actions.answer_order(**who, answer=post.get("answer", ""))
    elif do == "review":
        accept = _choose(post, "verdict", {"accept": True, "return": False}, "请选择认可还是退回。")
        actions.review_order(**who, accept=accept, words=post.get("review", ""))
    else:
        raise Invalid("请点页面上的按钮办理。")


def _order_page(request: Any, row: Order, told: Told) -> OrderPage:
    actor, typed, errors = request.actor, request.POST, told.errors
    answers = row.state in ("open", "returned") and row.agency_id in rights.own_bodies(actor)
    reviews = row.state == "answered" and rights.may_review(actor, row)
    answer = Shown(
        "answer",
        "答复",
        "textarea",
        value=typed.get("answer", ""),
        error=errors.get("answer", ""),
        max_length=400,
        help="写清楚原因、现在办到哪一步、什么时候办完（至少 10 个字）。",
    )
    review = [
        Shown(
            "verdict",
            "怎么处理",
            "choice",
            value=typed.get("verdict", ""),
            error=errors.get("verdict", ""),
            choices=[("accept", "认可"), ("return", "退回重新答复")],
        ),
        Shown(
            "review",
            "意见",
            "textarea",
            value=typed.get("review", ""),
            error=errors.get("review", ""),
            required=False,
            max_length=400,
            help="退回时写明哪里不行（至少 5 个字）。",
        ),
    ]
    shown = {"answer": answers, "review": reviews}
    return OrderPage(
        one=_order_row(row, request.today),
        place=directory.full_name(row.place),
        why=limits.explain_clock(clock_id=row.clock_id) if row.clock_id else None,
        answer=[answer] if answers else [],
        review=review if reviews else [],
        told=told,
        lost=_lost(request, shown.get(typed.get("do", ""), True), "answer", "review"),
    )


# --- overruns ----------------------------------------------------------------------------------------------
@access("staff")
@require_http_methods(["GET", "POST"])
def overruns(request: Any) -> HttpResponse:
    """The duties to explain an overrun: what is owed first, each with its form."""
    told, chosen = FINE, 0
    if request.method == "POST":
        chosen = _id(request.POST.get("overrun", ""))
        reason = request.POST.get(f"reason-{chosen}", "")
        try:
            actions.explain_overrun(by=request.actor, at=request.at, reason_id=chosen, reason=reason)
        except WeiminError as fault:
            told = _told(fault)
            told = replace(told, errors={f"{name}-{chosen}": text for name, text in told.errors.items()})
        else:
            return HttpResponseRedirect(reverse("desk:overruns"))
    rows = queries.list_reasons(request.actor, limit=MANY_REASONS)
    own = rights.own_bodies(request.actor)
    shown = [_reason_row(request, one, own, told) for one in rows]
    kept = any(one.form is not None and one.row.pk == chosen for one in shown)
    context = {
        "rows": shown,
        "told": told,
        "lost": _lost(request, told is FINE or kept, f"reason-{chosen}"),
        "full": len(rows) == MANY_REASONS,
        "many": MANY_REASONS,
    }
    return render(request, "supervision/overruns.html", context, status=told.status)


def _reason_row(request: Any, row: OverrunReason, own: frozenset[int], told: Told) -> ReasonRow:
    level, form = Level(row.level), None
    if row.written_at is None and row.agency_id in own:
        name = f"reason-{row.pk}"
        tail = "会公开，也会告诉申请人" if row.public else "只告知本人，不公开"
        form = Shown(
            name,
            "超期的原因",
            "textarea",
            value=request.POST.get(name, ""),
            error=told.errors.get(name, ""),
            max_length=400,
            help=f"这段话{tail}。至少 10 个字，不要写群众的姓名、电话和办件编号。",
        )
    late = row.written_at is None and row.due_on is not None and row.due_on < request.today
    return ReasonRow(row, LEVEL_TEXT[level], LEVEL_CSS[level], late, form)


# --- findings ----------------------------------------------------------------------------------------------
@access("staff", roles={"supervisor"})
@require_http_methods(["GET", "POST"])
def integrity(request: Any) -> HttpResponse:
    """Patterns in clocks that smell: counts, evidence, and what a look at each one showed."""
    told, chosen = FINE, 0
    if request.method == "POST":
        chosen = _id(request.POST.get("finding", ""))
        try:
            answer = _act_on_findings(request, chosen)
        except WeiminError as fault:
            told = _told(fault)
            told = replace(told, errors={f"{name}-{chosen}": text for name, text in told.errors.items()})
        else:
            return HttpResponseRedirect(answer)
    pattern, unseen = _read_pattern(request.GET)
    rows = queries.list_findings(request.actor, pattern=pattern, unseen=unseen, limit=MANY_FINDINGS)
    counts = queries.count_findings(request.actor)
    context = {
        "rows": [_finding_row(request, one, told) for one in rows],
        "patterns": [(code, text, PATTERN_WHY[code], counts.get(code, 0)) for code, text in PATTERN_TEXT.items()],
        "pattern": pattern,
        "unseen": unseen,
        "query": urlencode({"pattern": pattern, "unseen": "1" if unseen else ""}),
        "told": told,
        "chosen": chosen,
        "looked": _id(request.GET.get("looked", "")),
        "flagged": _id(request.GET.get("flagged", "")),
        "full": len(rows) == MANY_FINDINGS,
        "many": MANY_FINDINGS,
    }
    return render(request, "supervision/integrity.html", context, status=told.status)


def _act_on_findings(request: Any, chosen: int) -> str:
    """Look at the clocks now, or write down what a finding was; gives the address to go to."""
    here = reverse("desk:integrity")
    if request.POST.get("do") == "scan":
        scan = actions.scan_clocks(by=request.actor, at=request.at)
        return f"{here}?looked={scan.looked}&flagged={scan.flagged}"
    sound = _choose(request.POST, "sound", {"yes": True, "no": False}, "请选择正常还是有问题。")
    actions.explain_finding(
        by=request.actor, at=request.at, finding_id=chosen, sound=sound, words=request.POST.get("words", "")
    )
    pattern, unseen = _read_pattern(request.GET)
    return f"{here}?{urlencode({'pattern': pattern, 'unseen': '1' if unseen else ''})}"


def _read_pattern(get: Any) -> tuple[str, bool]:
    pattern = get.get("pattern", "")
    return (pattern if pattern in PATTERN_TEXT else ""), get.get("unseen") == "1"


def _finding_row(request: Any, row: Finding, told: Told) -> FindingRow:
    mine = request.POST.get("finding", "") == str(row.pk)
    sound = Shown(
        f"sound-{row.pk}",
        "核查结果",
        "choice",
        value=request.POST.get("sound", "") if mine else "",
        error=told.errors.get(f"sound-{row.pk}", ""),
    )
    words = Shown(
        f"words-{row.pk}",
        "是怎么回事",
        value=request.POST.get("words", "") if mine else "",
        error=told.errors.get(f"words-{row.pk}", ""),
    )
    return FindingRow(row, PATTERN_TEXT[row.pattern], _is_number(row.subject_id), sound, words)


@access("staff", roles={"supervisor"})
@require_GET
def export_findings(request: Any) -> FileResponse:
    """The same list as a spreadsheet, with the same filters, whole."""
    pattern, unseen = _read_pattern(request.GET)
    head = ["情形", "日期", "编号", "机构", "乡镇", "证据", "列出时间", "核查", "核查结果", "核查人", "核查时间"]
    seen = {None: "没看", True: "正常", False: "有问题"}
    rows = (
        [
            PATTERN_TEXT[one.pattern],
            one.on,
            one.subject_id,
            one.agency.name if one.agency else "",
            directory.full_name(one.place),
            one.evidence,
            _moment(one.found_at),
            seen[one.sound],
            one.explained,
            one.explained_by,
            _moment(one.explained_at),
        ]
        for one in queries.iter_findings(request.actor, pattern=pattern, unseen=unseen)
    )
    return _spreadsheet(f"findings-{local_date(request.at):%Y%m%d}.xlsx", "时钟异常", head, rows)


# --- spreadsheets ------------------------------------------------------------------------------------------
def _moment(at: datetime | None) -> datetime | None:
    """A moment as the clock on the wall shows it; spreadsheets know no time zones."""
    return at.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0) if at else None


def _sheets(rows: Iterable[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
    for place, row in enumerate(rows):
        yield place // _SHEET_ROWS, row


def _spreadsheet(name: str, title: str, head: list[str], rows: Iterable[list[Any]]) -> FileResponse:
    """Rows as a spreadsheet, written through a file so that its length costs no memory."""
    book = Workbook(write_only=True)
    sheets = [book.create_sheet(title)]
    sheets[0].append(head)
    for number, row in _sheets(rows):
        if number == len(sheets):
            sheets.append(book.create_sheet(f"{title}{number + 1}"))
            sheets[-1].append(head)
        sheets[-1].append([_cell(one) for one in row])
    out = tempfile.TemporaryFile()  # noqa: SIM115 — the answer closes it
    book.save(out)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=name, content_type=_XLSX)


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula, or refuses."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text
