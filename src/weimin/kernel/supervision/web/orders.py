"""Orders on the desk: the list, and one order with its answer and its review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import Invalid, WeiminError
from weimin.base.guard import access
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import Explanation
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision import access as rights
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.models import Order
from weimin.kernel.supervision.types import (
    ORDER_TEXT,
)
from weimin.kernel.supervision.web.shown import (
    FINE,
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

MANY_ORDERS = 100


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


@access("staff")
@require_GET
def orders(request: Any) -> HttpResponse:
    """The orders that a viewer may see: what waits for an answer first."""
    state = request.GET.get("state", "")
    state = state if state in ORDER_TEXT else ""
    rows = queries.list_orders(request.actor, state=state, limit=MANY_ORDERS)
    opens = openable(request, rows)
    context = {
        "rows": [order_row(one, request.today, opens) for one in rows],
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
    head = [
        "状态",
        "内容",
        "编号",
        "承办机构",
        "乡镇",
        "要求",
        "签发人",
        "签发时间",
        "答复期限",
        "答复",
        "答复人",
        "答复时间",
        "认可意见",
        "认可人",
    ]
    rows = (
        [
            ORDER_TEXT[one.state],
            one.title,
            one.subject_id,
            one.agency.name,
            directory.full_name(one.place),
            one.text,
            one.issued_by,
            moment(one.issued_at),
            one.due_on,
            one.answer,
            one.answered_by,
            moment(one.answered_at),
            one.review,
            one.reviewed_by,
        ]
        for one in queries.iter_orders(request.actor, state=state if state in ORDER_TEXT else "")
    )
    return spreadsheet(f"orders-{local_date(request.at):%Y%m%d}.xlsx", "督办单", head, rows)


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
            told = told_of(fault)
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
        accept = choose(post, "verdict", {"accept": True, "return": False}, "请选择认可还是退回。")
        actions.review_order(**who, accept=accept, words=post.get("review", ""))
    else:
        raise Invalid("请点页面上的按钮办理。")


def _order_page(request: Any, row: Order, told: Told) -> OrderPage:
    actor, typed, errors = request.actor, request.POST, told.errors
    answers = row.state in ("open", "returned") and row.agency_id in rights.own_bodies(actor)
    reviews = row.state == "answered" and rights.ORDERS.may(actor, "review", row)
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
        one=order_row(row, request.today, openable(request, [row])),
        place=directory.full_name(row.place),
        why=limits.explain_clock(clock_id=row.clock_id) if row.clock_id else None,
        answer=[answer] if answers else [],
        review=review if reviews else [],
        told=told,
        lost=lost(request, shown.get(typed.get("do", ""), True), "answer", "review"),
    )
