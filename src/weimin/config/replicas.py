"""A second group of web processes that answers from a standby what only looks, and says 421 to all it must not answer.

The proxy sends there what comes without a session and only asks; nothing depends on its guess. What this group cannot
answer, it answers with 421, and the proxy asks the group of the primary instead: what would write, what belongs to
somebody, what is asked by a browser whose own write has not arrived here, and everything while the standby lags.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse

from weimin.base.keeping import keep
from weimin.config.probes import PROBES

Answer = Callable[[HttpRequest], HttpResponse]
#: The place in the log of writes that a browser's last write reached; read groups wait for nobody, they pass on.
COOKIE = "wrote"
#: By then every standby that may answer has it.
COOKIE_SECONDS = 300
_PLACE = re.compile(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}")
_READS = ("GET", "HEAD")


class Replicas:
    """Outermost but one: which group answers, and how far a browser's writes have come."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.WEIMIN_READ_GROUP:
            return self._read(request)
        response = self.get_response(request)
        if settings.WEIMIN_REPLICAS and request.method not in _READS and response.status_code < 500:
            _mark(response)
        return response

    def _read(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:  # of this process: it lives, whatever the standby does
            return self.get_response(request)
        if why := _reason(request):
            return _elsewhere(why)
        response = self.get_response(request)
        # a write is refused by the standby itself, whatever page tried it; an outage here is none there
        return _elsewhere("failed") if response.status_code >= 500 else response


def _reason(request: HttpRequest) -> str:
    """Why this group does not answer a request; '' when it may."""
    if request.method not in _READS:
        return "writes"
    if settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers:
        return "somebody"
    try:
        place, seconds = _stand()
    except (DatabaseError, InterfaceError):
        return "away"
    if seconds > settings.WEIMIN_REPLICA_LAG_SECONDS:
        return "behind"
    wrote = request.COOKIES.get(COOKIE, "")
    if wrote and (_number(wrote) > place):
        # it may have come a moment ago: what is kept says less than the server does
        try:
            place = _ask()[0]
        except (DatabaseError, InterfaceError):
            return "away"
        return "own write" if _number(wrote) > place else ""
    return ""


@keep
def _stand() -> tuple[int, float]:
    return _ask()


def _ask() -> tuple[int, float]:
    """How far this standby has come, and for how many seconds it has heard of no write.

    The worker writes every twenty seconds, so a standby that hears of none for longer is cut off, or the worker stands
    still; either way the primary is asked. On a primary, such as a standby just promoted, it is never behind.

    Cost:   one query, kept for some seconds
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN r.standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END::text,"
            " CASE WHEN NOT r.standby THEN 0 ELSE"
            " coalesce(extract(epoch FROM now() - pg_last_xact_replay_timestamp()), 'infinity') END::float"
            " FROM (SELECT pg_is_in_recovery() AS standby) r"
        )
        place, seconds = cursor.fetchone()
    return _number(place), seconds


def _mark(response: HttpResponse) -> None:
    """Tell the browser how far its write has come; without it, it would be answered by whoever has not heard of it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            place = cursor.fetchone()[0]
    except (DatabaseError, InterfaceError):
        return
    secure = settings.SECURE_COOKIES
    response.set_cookie(COOKIE, place, max_age=COOKIE_SECONDS, httponly=True, secure=secure, samesite="Lax")


def _number(place: str) -> int:
    """A place in the log as a number; a made-up one lies ahead of everything, so that the primary is asked."""
    if not _PLACE.fullmatch(place):
        return 2**64
    high, low = place.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def _elsewhere(why: str) -> HttpResponse:
    answer = HttpResponse("ask the primary\n", status=421, content_type="text/plain")
    answer["Weimin-Elsewhere"] = why
    answer["Cache-Control"] = "no-store"
    return answer
