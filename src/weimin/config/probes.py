"""What machines ask of a web process: whether it lives, whether it can serve, and its metrics.

They are answered before sessions, transactions and host names are looked at: a lost database must not make a process
look dead, and a balancer asks by address.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from weimin.base import clock, contents, crypto, keys
from weimin.base.errors import NotReady
from weimin.base.guard import access
from weimin.base.keeping import keep_for
from weimin.config import health, metrics
from weimin.config.answers import NO_SUCH_PAGE, error_page
from weimin.kernel.record import queries as record

#: How long an answer about readiness stands, in seconds: probes of several balancers cost one look.
STANDS = 2.0


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    """The migrations that this code knows."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _tables() -> bool:
    """Whether the tables are at least as new as this code; newer ones are fine while an upgrade rolls."""
    return _wanted() <= set(MigrationRecorder(connection).applied_migrations())


def _keys() -> bool:
    keys.ring().current_id()
    return crypto.unseal(crypto.seal("检查", purpose="health"), purpose="health") == "检查"


def _files() -> bool:
    root = contents.folder_of_machine()
    # a bucket that is away fails uploads kindly; all else can be served
    return root is None or os.access(contents.nearest_folder(root), os.W_OK)


_LOOKS: dict[str, Callable[[], bool]] = {"database": _database, "tables": _tables, "keys": _keys, "files": _files}
#: What was found good once stays so while the process lives: tables do not grow older.
_SETTLED = frozenset({"tables"})
_settled: set[str] = set()


def forget() -> None:
    """Have the next probe look anew, at everything."""
    look.forget()
    _settled.clear()


@keep_for(STANDS)
def look() -> tuple[list[str], bool]:
    """The names of what is not ready, none when everything is; and whether there is maintenance.

    Cost:   two small queries at most every two seconds
    """
    wrong: list[str] = []
    for name, good in _LOOKS.items():
        if name in _settled or (name == "tables" and "database" in wrong):
            continue
        try:
            fine = good()
        except (DatabaseError, NotReady, OSError):
            fine = False
        if not fine:
            wrong.append(name)
        elif name in _SETTLED:
            _settled.add(name)
    return wrong, not {"database", "tables"} & set(wrong) and record.is_under_maintenance(at=clock.now())


@access("public")
@require_safe
def live(request: Any) -> HttpResponse:
    """The process answers; nothing else is looked at, so that a lost database restarts no web process."""
    return HttpResponse("ok", content_type="text/plain")


@access("public")
@require_safe
def ready(request: Any) -> HttpResponse:
    """Whether requests may be sent here: 503 with the names of what is missing, which say nothing to a stranger.

    Maintenance is told and is no reason to send nothing: reading goes on.
    """
    wrong, under = look()
    body = {"ready": not wrong, "wrong": wrong, "maintenance": under}
    return JsonResponse(body, status=503 if wrong else 200)


@access("public")
@require_safe
def show_metrics(request: Any) -> HttpResponse:
    """Metrics for whoever has the token; for everybody else the address does not exist."""
    given = request.headers.get("Authorization", "")
    if not metrics.is_on() or not crypto.same(given, f"Bearer {settings.WEIMIN_METRICS_TOKEN}"):
        return error_page(request, 404, NO_SUCH_PAGE)
    body, kind = metrics.draw(health.kept_facts())
    return HttpResponse(body, content_type=kind)


#: Addresses that machines ask, each process about itself.
PROBES: dict[str, Callable[[Any], HttpResponse]] = {
    "/health/live": live,
    "/health/ready": ready,
    "/metrics": show_metrics,
}


class Probed:
    """Answers what machines ask before anything is done that only people need."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path_info)
        if view is None:
            return self.get_response(request)
        request.is_probe = True  # type: ignore[attr-defined]
        answer = view(request)
        answer["Cache-Control"] = "no-store"
        return answer
