"""The lists in public: as they are today or were on any day, their history, what changed and why, and how to object."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import FileResponse, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from weimin.apps.listkeeping.web.shown import ShownSection, show_row
from weimin.base.errors import NotFound, WeiminError
from weimin.base.guard import access, limited, shared
from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.queries import lists
from weimin.kernel.catalogue.rules.comparing import Difference
from weimin.kernel.catalogue.rules.lists import ListKind, list_kinds
from weimin.kernel.catalogue.types import VersionView
from weimin.ui.answers import asked_day, read_day, status_of
from weimin.ui.fields import Shown
from weimin.ui.sheets import spreadsheet

PAGE_ROWS = 100


@dataclass
class ListPage:
    """One list as it was on a day."""

    kind: ListKind
    rows: Page[Any]
    on: date
    q: str
    today: date
    problem: str = ""
    section: str = "lists"


@dataclass
class RowPage:
    """One row: what it says on a day, its versions, what changed between two of them."""

    kind: ListKind
    code: str
    shown: VersionView
    sections: list[ShownSection]
    versions: list[VersionView]
    on: date
    today: date
    old: VersionView | None = None
    new: VersionView | None = None
    differences: tuple[Difference, ...] = ()
    fields: list[Shown] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    done: str = ""
    section: str = "lists"

    @property
    def old_title(self) -> str:
        """The heading over what the earlier version says."""
        return _titled(self.old)

    @property
    def new_title(self) -> str:
        """The heading over what the later version says."""
        return _titled(self.new)


def _titled(version: VersionView | None) -> str:
    return f"第 {version.number} 版（{version.status_text}）" if version else ""


@access("public", shared=shared())
@require_GET
def index(request: Any) -> HttpResponse:
    """Every list, with how many rows it has today."""
    counts = lists.count_rows(on=request.today)
    kinds = [(one, counts[one.code]) for one in list_kinds().values()]
    return render(request, "listkeeping/index.html", {"kinds": kinds, "section": "lists"})


@access("public", shared=shared("on", "page"))
@limited("search")
@require_GET
def rows(request: Any, list_code: str) -> HttpResponse:
    """One list: today's, or a day's."""
    kind, q = lists.get_kind(list_code), request.GET.get("q", "").strip()[:60]
    on, problem, status = asked_day(request)
    found = Paginator(lists.list_rows(list_code=list_code, on=on, text=q), PAGE_ROWS)
    page = ListPage(kind, found.get_page(request.GET.get("page")), on, q, request.today, problem)
    return render(request, "listkeeping/rows.html", {"page": page, "section": "lists"}, status=status)


@access("public")
@limited("data")
@require_GET
def export_rows(request: Any, list_code: str) -> FileResponse:
    """The same list as a spreadsheet."""
    kind = lists.get_kind(list_code)
    on = read_day(request.GET.get("on", ""), request.today)
    head = ["代码", "名称", "内容", "依据", "版本", "从哪天起"]
    wanted = lists.list_rows(list_code=list_code, on=on, text=request.GET.get("q", "")[:60], whole=True)
    cells = (
        [
            one.item.code,
            one.name,
            _contents(list_code, one.doc),
            "；".join(f"《{b.get('law', '')}》{b.get('article', '')}" for b in one.doc.get("basis") or ()),
            one.number,
            one.valid_from,
        ]
        for one in wanted.iterator(chunk_size=500)
    )
    return spreadsheet(f"{list_code}-{on:%Y%m%d}.xlsx", kind.name[:30], head, cells)


def _contents(list_code: str, doc: dict[str, Any]) -> str:
    """The single values of a row on one line each."""
    said = [
        pair for section in show_row(list_code, doc) for pair in section.pairs if pair[0] not in ("名称", "事项名称")
    ]
    return "；".join(f"{label}：{text}".replace("\n", "、") for label, text in said)


@access("public", shared=shared("on", "old", "new"))
@limited("search")
@require_http_methods(["GET", "POST"])
def row(request: Any, code: str) -> HttpResponse:
    """One row with its history; a resident or clerk who is logged in may ask for a change."""
    versions = [one for one in lists.list_versions(viewer=request.actor, code=code) if one.is_law]
    if not versions:
        raise NotFound("清单上没有这一行，或者还没有公布。")
    errors: dict[str, str] = {}
    problem, status = "", 200
    if request.method == "POST":
        try:
            return _propose(request, versions[0])
        except WeiminError as fault:
            errors, problem, status = fault.fields, fault.message, status_of(fault)
    page = _row_page(request, code, versions)
    page.fields, page.errors, page.problem = _proposal_fields(request.POST, errors), errors, "" if errors else problem
    return render(request, "listkeeping/row.html", {"page": page, "section": "lists"}, status=status)


def _row_page(request: Any, code: str, versions: list[VersionView]) -> RowPage:
    on = read_day(request.GET.get("on", ""), request.today)
    shown = lists.find_as_of(code=code, on=on)
    if shown is None:
        last = next((one for one in versions if one.effect == "set"), versions[0])
        shown = lists.get_version(viewer=request.actor, version_id=last.version_id)
    page = RowPage(
        kind=lists.get_kind(shown.list_code),
        code=code,
        shown=shown,
        sections=show_row(shown.list_code, shown.doc),
        versions=versions,
        on=on,
        today=request.today,
        done="您的建议已经收到，会在期限内答复。" if request.GET.get("done") == "proposed" else "",
    )
    numbers = [request.GET.get(one, "") for one in ("old", "new")]
    if all(one.isdecimal() and len(one) < 6 for one in numbers):
        page.old, page.new, page.differences = lists.compare_versions(
            viewer=request.actor, code=code, old=int(numbers[0]), new=int(numbers[1])
        )
    return page


def _propose(request: Any, version: VersionView) -> HttpResponse:
    """Take a proposal in; who is not logged in logs in first."""
    back = reverse("portal:list_row", args=[version.item_code])
    if request.actor.account_id is None:
        return HttpResponseRedirect(f"{reverse('portal:login')}?next={back}")
    actions.propose_change(
        by=request.actor,
        at=request.at,
        list_code=version.list_code,
        code=version.item_code,
        trigger="remark",
        text=request.POST.get("text", ""),
    )
    return HttpResponseRedirect(f"{back}?done=proposed")


def _proposal_fields(post: Any, errors: dict[str, str]) -> list[Shown]:
    return [
        Shown(
            name="text",
            label="您的建议",
            type="textarea",
            value=post.get("text", ""),
            error=errors.get("text", ""),
            help="哪里不对、应该怎么改。不要写身份证号、手机号。",
            max_length=1000,
        )
    ]


@access("resident")
@require_GET
def my_proposals(request: Any) -> HttpResponse:
    """What one proposed, and what was answered."""
    rows = lists.list_proposals(viewer=request.actor)
    kinds = {code: kind.name for code, kind in list_kinds().items()}
    return render(request, "listkeeping/my_proposals.html", {"rows": rows, "kinds": kinds, "section": "lists"})
