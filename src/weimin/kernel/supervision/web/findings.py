"""Clocks that smell, on the desk: patterns, evidence, and what a look at each showed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.base.clock import local_date
from weimin.base.errors import WeiminError
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.directory import queries as directory
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.models import Finding
from weimin.kernel.supervision.types import (
    PATTERN_TEXT,
    PATTERN_WHY,
)
from weimin.kernel.supervision.web.shown import (
    FINE,
    Told,
    choose,
    lost,
    openable,
    told_of,
)
from weimin.ui.fields import Shown
from weimin.ui.sheets import moment, spreadsheet

MANY_FINDINGS = 200


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding with its form."""

    row: Finding
    text: str
    is_case: bool
    sound: Shown
    words: Shown


@access("staff", roles={"supervisor"})
@require_http_methods(["GET", "POST"])
def integrity(request: Any) -> HttpResponse:
    """Patterns in clocks that smell: counts, evidence, and what a look at each one showed."""
    told, chosen = FINE, 0
    if request.method == "POST":
        chosen = read_id(request.POST.get("finding", ""))
        try:
            answer = _act_on_findings(request, chosen)
        except WeiminError as fault:
            told = told_of(fault)
            told = replace(told, errors={f"{name}-{chosen}": text for name, text in told.errors.items()})
        else:
            return HttpResponseRedirect(answer)
    pattern, unseen = _read_pattern(request.GET)
    rows = queries.list_findings(request.actor, pattern=pattern, unseen=unseen, limit=MANY_FINDINGS)
    opens = openable(request, rows)
    counts = queries.count_findings(request.actor)
    kept = told is FINE or any(one.pk == chosen for one in rows)
    context = {
        "rows": [_finding_row(request, one, told, opens) for one in rows],
        "patterns": [(code, text, PATTERN_WHY[code], counts.get(code, 0)) for code, text in PATTERN_TEXT.items()],
        "pattern": pattern,
        "unseen": unseen,
        "query": urlencode({"pattern": pattern, "unseen": "1" if unseen else ""}),
        "told": told,
        "lost": lost(request, kept, "words"),
        "chosen": chosen,
        "looked": read_id(request.GET.get("looked", "")),
        "flagged": read_id(request.GET.get("flagged", "")),
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
    sound = choose(request.POST, "sound", {"yes": True, "no": False}, "请选择正常还是有问题。")
    actions.explain_finding(
        by=request.actor, at=request.at, finding_id=chosen, sound=sound, words=request.POST.get("words", "")
    )
    pattern, unseen = _read_pattern(request.GET)
    return f"{here}?{urlencode({'pattern': pattern, 'unseen': '1' if unseen else ''})}"


def _read_pattern(get: Any) -> tuple[str, bool]:
    pattern = get.get("pattern", "")
    return (pattern if pattern in PATTERN_TEXT else ""), get.get("unseen") == "1"


def _finding_row(request: Any, row: Finding, told: Told, opens: set[str]) -> FindingRow:
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
    return FindingRow(row, PATTERN_TEXT[row.pattern], row.subject_id in opens, sound, words)


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
            moment(one.found_at),
            seen[one.sound],
            one.explained,
            one.explained_by,
            moment(one.explained_at),
        ]
        for one in queries.iter_findings(request.actor, pattern=pattern, unseen=unseen)
    )
    return spreadsheet(f"findings-{local_date(request.at):%Y%m%d}.xlsx", "时钟异常", head, rows)
