"""Around every request: its trace, how long it took and how much it asked of the database, as a log line and as counts.

Nothing of who asked for what is kept: the view's name stands for the address, the kind of the actor for the person.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from weimin.base import tracing
from weimin.config import metrics

log = logging.getLogger("weimin.access")
#: Methods by name; others count as one, so that nobody fills the metrics.
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


class Watched:
    """Outermost of all: one trace, one line and one count a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # a number from outside is taken from our own proxy only: otherwise anybody could hide among another's lines
        parent = request.headers.get("traceparent", "") if settings.WEIMIN_PROXIES else ""
        asked = 0

        def count(execute: Callable[..., Any], *rest: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(*rest)

        with tracing.tracing(tracing.read_parent(parent)) as trace:
            began = time.perf_counter()
            with connection.execute_wrapper(count):
                response = self.get_response(request)
            seconds = time.perf_counter() - began
            response["X-Trace"] = trace
            if not hasattr(request, "is_probe"):
                _keep(request, response.status_code, seconds, asked)
        return response


def _keep(request: HttpRequest, status: int, seconds: float, asked: int) -> None:
    found = request.resolver_match
    view = (found.view_name or found._func_path) if found else "none"
    method = request.method if request.method in _METHODS else "other"
    if metrics.is_on():
        metrics.note_request(view=view, method=method or "other", status=status, seconds=seconds, statements=asked)
    slow = seconds * 1000 >= settings.WEIMIN_SLOW_MS
    level = logging.WARNING if slow else logging.INFO
    if log.isEnabledFor(level):
        kind = getattr(getattr(request, "actor", None), "kind", "-")
        fields = {"view": view, "method": method, "status": status, "ms": round(seconds * 1000, 1), "sql": asked}
        log.log(
            level,
            "%s %s %s %.1f ms, %s statements, %s",
            method,
            view,
            status,
            seconds * 1000,
            asked,
            kind,
            extra={**fields, "actor": kind},
        )
