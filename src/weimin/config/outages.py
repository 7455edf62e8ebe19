"""What a person is told when the database or a disk gives way: a kind 503 that says when to come back, not a fault.

PostgreSQL says by the class of its error that it is not the request's fault: connection lost or refused (08, 57P), too
many connections, no disk or memory (53), a lock not had in time (55P03), a deadlock or a clash of transactions (40), a
server that may only be read, such as one that was just taken over from (25006). Whatever was written is undone with its
transaction; under the same idempotency key it may be sent again, and the page offers that where no secret was typed.
A connection that ended while nobody used it is no outage: it is let go before the next request.
"""

from __future__ import annotations

import errno
import select

import psycopg
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from weimin.config import lost_forms

#: How long to wait when nothing better is known.
WAIT_SECONDS = 5
#: A disk is not given space in seconds.
WAIT_FOR_SPACE_SECONDS = 60
BUSY = "系统暂时连不上，没有办成，也没有留下半截的记录。请稍等几秒，用同一页再提交一次，不会重复办理。"
#: A page that was only to be read, and a form that may have been done just before the connection went.
READING = "系统暂时连不上，请稍等几秒，再打开一次。"
UNSURE = "系统暂时连不上，多半没有办成。请稍等几秒，回到刚才那一页看看办成没有，没有再提交一次。"
FULL = "系统的存储空间满了，现在可以查看，暂时不能提交。已经受理的办件不受影响，请过几分钟再试。"
#: The longest form that is given back to be sent once more, in bytes.
_LONGEST = 200_000
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_STATES = ("08", "40", "53", "57P", "55P03", "25006")


def is_full(fault: BaseException | None) -> bool:
    """Whether a disk had no space, the database's or that of the files."""
    return (isinstance(fault, OSError) and fault.errno in _FULL) or _state(fault) == "53100"


def is_outage(fault: BaseException | None) -> bool:
    """Whether a request failed through no fault of its own and may be sent again.

    Shape:  False for what is our fault: bad SQL, a broken constraint
    """
    if is_full(fault):
        return True
    if not isinstance(fault, DatabaseError | InterfaceError):
        return False
    state = _state(fault)
    # without a state the connection itself is gone: the server said nothing any more
    return state.startswith(_STATES) if state else isinstance(fault, OperationalError | InterfaceError)


def _state(fault: BaseException | None) -> str:
    """The SQLSTATE of a database error; '' for others."""
    return str(getattr(fault.__cause__, "sqlstate", "") or "") if isinstance(fault, DatabaseError) else ""


def outage(request: HttpRequest, fault: BaseException | None) -> HttpResponse:
    """The answer 503, made without asking the database: as JSON for the API, else as a page."""
    full = is_full(fault)
    if request.path.startswith("/api/"):
        code, message = ("system.full", FULL) if full else ("system.busy", BUSY)
        body: dict[str, object] = {"code": code, "message": message, "fields": {}}
        answer: HttpResponse = JsonResponse(body, status=503, json_dumps_params={"ensure_ascii": False})
    else:
        again = _again(request)
        message = FULL if full else BUSY if again else UNSURE if request.method == "POST" else READING
        # no request: context processors would ask who acts
        context = {"status": 503, "title": "暂时用不了", "message": message, "again": again}
        answer = HttpResponse(render_to_string("ui/error.html", context), status=503)
    answer["Retry-After"] = str(WAIT_FOR_SPACE_SECONDS if full else WAIT_SECONDS)
    answer["Cache-Control"] = "no-store"
    return answer


def _again(request: HttpRequest) -> dict[str, object] | None:
    """A form as it was sent, to be sent once more; None where that cannot be.

    Only one that carries a key or a revision, so that a second sending never does it twice; only from a page of ours
    and of somebody who is logged in. Files and passwords never stand in a page: a form with a file, and all of one's
    own log-in, is filled in anew. Its token goes back as it came: what another site's page sent stays refused.
    """
    if request.method != "POST" or not lost_forms.from_our_page(request):
        return None
    if int(request.headers.get("Content-Length") or 0) > _LONGEST:  # nothing big is read for an answer that says no
        return None
    try:
        rule = getattr(resolve(request.path).func, "access_rule", None)
        if rule is None or rule.own or rule.who not in ("resident", "staff"):
            return None
        if request.FILES or not {"key", "revision"} & set(request.POST):
            return None
    except (Resolver404, MultiPartParserError, BadRequest, SuspiciousOperation, OSError):
        return None
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    return {"address": request.get_full_path(), "typed": typed}


def let_go(**_: object) -> None:
    """Close connections that the server has ended while nobody used them: the request that begins makes new ones.

    After a restart, a failover or a rest of PgBouncer nobody is told to try again for the sake of an old connection.

    Cost:   one system call a connection, no round trip
    """
    for one in connections.all(initialized_only=True):
        if one.connection is not None and not one.in_atomic_block and _is_over(one.connection):
            one.close()


def _is_over(link: psycopg.Connection[object]) -> bool:
    """Whether there is something to read where nothing was asked: a server that ends a connection says so or hangs."""
    if link.closed:
        return True
    watch = select.poll()
    try:
        watch.register(link.fileno(), select.POLLIN)
    except psycopg.OperationalError:  # it has no socket any more
        return True
    return bool(watch.poll(0))
