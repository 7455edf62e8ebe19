"""A person's messages."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from weimin.base.guard import access
from weimin.kernel.messages import actions, queries


@access("resident")
def messages(request: Any) -> HttpResponse:
    """The message centre; opening it marks everything read."""
    rows = queries.list_messages(request.actor)
    if any(row.read_at is None for row in rows):
        actions.mark_read(by=request.actor, at=request.at)
    return render(request, "messages/messages.html", {"rows": rows})
