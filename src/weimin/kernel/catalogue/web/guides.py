"""Paper guides on the desk of a township: one A4 page each, and which of those on the wall are out of date."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from weimin.base.clock import local_date
from weimin.base.guard import access
from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.queries import lists, prints
from weimin.kernel.directory import queries as directory

PRINTERS = {"front_desk", "issuer", "leader"}


@access("staff", roles=PRINTERS)
@require_GET
def guides(request: Any) -> HttpResponse:
    """What one's township offers, with the version that hangs on the wall; stale ones first."""
    township = directory.township_of(request.actor.division_code)
    offered = lists.list_township_offers(township=township, on=request.today) if township else []
    # each body hangs up its own: the oldest on any wall says whether something is out of date
    oldest: dict[str, prints.Printed] = {}
    for one in prints.list_printed(township=township) if township else ():
        before = oldest.get(one.item_code)
        if before is None or (one.number, one.last_on) < (before.number, before.last_on):
            oldest[one.item_code] = one
    rows = []
    for offer, version in offered:
        printed = oldest.get(offer.item.code)
        # what a township says of its own changes the page, too
        changed = max(version.valid_from, offer.valid_from) if version else None
        stale = (
            printed and version and (printed.number != version.number or printed.last_on < (changed or request.today))
        )
        if version:
            rows.append((offer.item.code, version, printed, bool(stale)))
    rows.sort(key=lambda row: not row[3])
    context = {
        "rows": rows,
        "stale": sum(row[3] for row in rows),
        "place": directory.full_name(township) if township else "",
    }
    return render(request, "catalogue/desk_guides.html", context)


@access("staff", roles=PRINTERS)
@require_POST
def print_guide(request: Any, code: str) -> HttpResponse:
    """The guide in force as one A4 page; that it was printed is counted."""
    township = directory.township_of(request.actor.division_code)
    actions.note_print(by=request.actor, at=request.at, code=code)
    drawn = prints.draw_guide(code=code, township=township, on=local_date(request.at))
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="guide-{code}.pdf"'
    return answer
