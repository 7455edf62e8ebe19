"""What machines ask of a web process: whether it lives, whether it can serve, and its metrics."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from weimin.base import crypto, keys
from weimin.base.errors import NotReady
from weimin.base.guard import access
from weimin.config import metrics
from weimin.config.answers import error_page

#: How long an answer about readiness stands, in seconds: probes of several balancers cost one look.
STANDS = 2.0
_last: dict[str, Any] = {"at": -STANDS, "wrong": []}


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _tables() -> bool:
    """Whether the tables are at least as new as this code; newer ones are fine while an upgrade rolls."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _keys() -> bool:
    keys.ring().current_id()
    return crypto.unseal(crypto.seal("检查", purpose="health"), purpose="health") == "检查"


def _files() -> bool:
    root = Path(settings.WEIMIN_FILES_ROOT)
    while not root.exists():
        root = root.parent
    return os.access(root, os.W_OK)


_LOOKS: dict[str, Callable[[], bool]] = {"database": _database, "tables": _tables, "keys": _keys, "files": _files}
#: What was found good once stays so while the process lives: tables do not grow older.
_SETTLED = frozenset({"tables"})
_settled: set[str] = set()


def look() -> list[str]:
    """The names of what is not ready; empty when everything is.

    Cost:   one query at most every two seconds
    """
    if time.monotonic() - _last["at"] < STANDS:
        return list(_last["wrong"])
    wrong = []
    for name, good in _LOOKS.items():
        if name in _settled:
            continue
        try:
            fine = good()
        except (DatabaseError, NotReady, OSError):
            fine = False
        if not fine:
            wrong.append(name)
        elif name in _SETTLED:
            _settled.add(name)
    _last.update(at=time.monotonic(), wrong=wrong)
    return wrong


@access("public")
@require_safe
def live(request: Any) -> HttpResponse:
    """The process answers; nothing else is looked at, so that a lost database restarts no web process."""
    return HttpResponse("ok", content_type="text/plain")


@access("public")
@require_safe
def ready(request: Any) -> HttpResponse:
    """Whether requests may be sent here: 503 with the names of what is missing, which say nothing to a stranger."""
    wrong = look()
    return JsonResponse({"ready": not wrong, "wrong": wrong}, status=503 if wrong else 200)


@access("public")
@require_safe
def show_metrics(request: Any) -> HttpResponse:
    """Metrics for whoever has the token; for everybody else the address does not exist."""
    given = request.headers.get("Authorization", "")
    if not metrics.is_on() or not crypto.same(given, f"Bearer {settings.WEIMIN_METRICS_TOKEN}"):
        return error_page(request, 404, "网址可能写错了，或者这一页已经撤下。可以回首页搜索要办的事。")
    body, kind = metrics.draw()
    return HttpResponse(body, content_type=kind)
