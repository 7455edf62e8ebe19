"""What the operator sees: failed deliveries, workers, demonstration codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.accounts import queries as accounts
from weimin.kernel.cases import queries as cases
from weimin.kernel.deadlines import queries as deadlines
from weimin.kernel.record import actions, queries


@access("staff", roles={"operator"})
@require_http_methods(["GET", "POST"])
def operations(request: Any) -> HttpResponse:
    """Deliveries that wait or failed, the workers' signs of life, the demonstration's texts."""
    if request.method == "POST":
        if chosen := read_id(request.POST.get("message", "")):
            actions.retry_failed(by=request.actor, at=request.at, message_id=chosen)
        return HttpResponseRedirect(reverse("desk:operations"))
    context = {
        "outbox": queries.count_outbox(),
        "failed": queries.list_failed(),
        "workers": queries.list_workers(),
        "silent_since": request.at - timedelta(minutes=2),
        "texts": accounts.list_demo_sms(at=request.at),
        "digests": queries.list_digests(),
        "digest_silent": queries.is_digest_silent(at=request.at),
        "stuck_clocks": deadlines.list_stuck(),
        "stuck_cases": cases.list_stuck(),
    }
    return render(request, "desk/operations.html", context)
