"""Townships on one standard: where each differs from the list, and what a township's leader may say of its own."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.queries import drift as reports
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.items import read_limit
from weimin.kernel.directory import queries as directory
from weimin.ui.answers import asked_day, read_day, status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import spreadsheet

#: How many differences a page shows; the spreadsheet has them all.
SHOWN = 500
DRIFT_ROLES = {"list_keeper", "supervisor", "leader"}


def _township(request: Any) -> str:
    """The township that is asked for; a leader of one sees that one only."""
    township = request.GET.get("township", "")
    if "leader" in request.actor.roles and not request.actor.roles & {"list_keeper", "supervisor"}:
        township = directory.township_of(request.actor.division_code) or township
    return township if township and directory.division_exists(township) else ""


@access("staff", roles=DRIFT_ROLES)
@require_http_methods(["GET", "POST"])
def drift(request: Any) -> HttpResponse:
    """What differed from the list by the report of a day, since when, who approved it; a keeper asks for one now."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            actions.request_drift(by=request.actor, at=request.at)
            return HttpResponseRedirect(reverse("desk:drift"))
        except WeiminError as fault:
            problem, status = fault.message, status_of(fault)
    on, wrong, day_status = asked_day(request)
    township, allowed = _township(request), request.GET.get("all") == "1"
    found = reports.list_findings(on=on, township=township, allowed=allowed)
    rows = list(found[: SHOWN + 1])
    context = {
        "rows": [(directory.full_name(one.township_id), one) for one in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "all": allowed,
        "on": on,
        "township": township,
        "townships": directory.townships_by_county(),
        "shown": SHOWN,
        "report": reports.find_report(),
        "running": reports.find_running(),
        "trend": reports.list_trend(until=request.today),
        "keeper": "list_keeper" in request.actor.roles,
        "problem": problem or wrong,
    }
    return render(request, "listkeeping/drift.html", context, status=max(status, day_status))


@access("staff", roles=DRIFT_ROLES)
@require_GET
def export_drift(request: Any) -> FileResponse:
    """The same as a spreadsheet, whole."""
    head = [
        "乡镇（街道）", "事项代码", "事项", "哪里不同", "清单", "乡镇", "从哪天起", "第一次发现", "谁批准", "是否允许",
    ]  # fmt: skip
    on = read_day(request.GET.get("on", ""), request.today)
    found = reports.list_findings(on=on, township=_township(request), allowed=request.GET.get("all") == "1")
    cells = (
        [
            directory.full_name(one.township_id),
            one.item_code,
            one.item_name,
            one.what,
            one.base,
            one.theirs,
            one.since,
            one.first_on,
            one.approved_by,
            "允许" if one.allowed else "不允许",
        ]
        for one in found.iterator(chunk_size=1000)
    )
    return spreadsheet(f"drift-{on:%Y%m%d}.xlsx", "和清单的差异", head, cells)


@access("staff", roles={"leader"})
@require_GET
def offers(request: Any) -> HttpResponse:
    """What the leader's township offers, and what it says of its own."""
    township = directory.township_of(request.actor.division_code)
    found = lists.list_township_offers(township=township, on=request.today) if township else []
    rows = [(row, version, reports.local_in_words(row.local, version)) for row, version in found]
    context = {"rows": rows, "place": directory.full_name(township) if township else ""}
    return render(request, "listkeeping/offers.html", context)


@access("staff", roles={"leader"})
@require_http_methods(["GET", "POST"])
def offer(request: Any, code: str) -> HttpResponse:
    """One item of the leader's township: place, time, contact, window and a shorter promise."""
    township = directory.township_of(request.actor.division_code)
    row, version = lists.get_township_offer(township=township, code=code, on=request.today)
    errors: dict[str, str] = {}
    problem, status = "", 200
    typed = {name: str(value) for name, value in row.local.items()} | {"reason": ""}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip() for name in ("reason", *_LABELS)}
        try:
            actions.change_offer(
                by=request.actor,
                at=request.at,
                code=code,
                township_code=township,
                local=_local(typed),
                reason=typed["reason"],
            )
            return HttpResponseRedirect(f"{reverse('desk:offer', args=[code])}?done=saved")
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    committed = read_limit((version.doc.get("limits") or {}).get("committed") or {})
    context = {
        "row": row,
        "version": version,
        "committed": committed.text,
        "place": directory.full_name(township),
        "fields": _fields(typed, errors, counted=committed.counted),
        "errors": errors,
        "problem": "" if errors else problem,
        "done": "已保存，办事指南今天起按这个显示。" if request.GET.get("done") == "saved" else "",
    }
    return render(request, "listkeeping/offer.html", context, status=status)


_LABELS = {
    "address": ("办理地点", "不填就用便民服务中心的地址", 80),
    "hours": ("办理时间", "不填就用便民服务中心的时间", 60),
    "phone": ("咨询电话", "", 40),
    "window": ("窗口", "如 3 号窗口", 40),
    "committed_days": ("承诺天数", "只能比清单更短；不填就跟清单走", 4),
}


def _local(typed: dict[str, str]) -> actions.LocalFields:
    """What was typed.

    Raises: OfferBroken — the days are no number
    """
    days = typed["committed_days"]
    if days and not (days.isascii() and days.isdecimal()):
        raise actions.OfferBroken("承诺天数要写成整数。", fields={"committed_days": "要写成整数，如 3。"})
    texts = {name: typed[name] for name in ("address", "hours", "phone", "window")}
    return actions.LocalFields(**texts, committed_days=int(days) if days else None)


def _fields(typed: dict[str, str], errors: dict[str, str], *, counted: bool) -> list[Shown]:
    shown = [
        Shown(
            name=name,
            label=label,
            type="number" if name == "committed_days" else "text",
            value=typed.get(name, ""),
            error=errors.get(name, ""),
            help=hint,
            required=False,
            max_length=most,
        )
        for name, (label, hint, most) in _LABELS.items()
        if counted or name != "committed_days"
    ]
    reason = Shown(
        name="reason", label="为什么要改", value=typed.get("reason", ""), error=errors.get("reason", ""), max_length=200
    )
    return [*shown, reason]
