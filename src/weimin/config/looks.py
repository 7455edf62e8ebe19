"""One entry of the read log for each answer that gives out personal data, made before the answer leaves.

Queries note whom they give out (`weimin.base.looking`); here the list of one request becomes one entry, with
the words of the view's mark. An answer that shows nothing of what was found, as a redirect or an error page,
makes none. When the entry cannot be written the answer does not leave.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse

from weimin.base.looking import Looks, collecting
from weimin.kernel.record import access as wall
from weimin.kernel.residents import actions as residents
from weimin.kernel.residents import queries

log = logging.getLogger("weimin.looks")
UNMARKED = "未注明"
#: A form that is shown again with what is wrong shows its people again. (An error's own page shows nobody.)
_SHOWS_AGAIN = (403, 409, 422)


class Unmarked(RuntimeError):
    """A view gave out personal data and its access rule does not say why."""


class Looked:
    """Inside the access rules: collects whom a request shows and makes its entry."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with collecting() as looks:
            request.looks = looks  # type: ignore[attr-defined]
            response = self.get_response(request)
        if response.streaming and not isinstance(response, FileResponse):
            response.streaming_content = _watched(request, response.streaming_content, looks)  # type: ignore[attr-defined]
        elif looks and _shows(request, response):
            keep_look(request, looks)
        return response

    def process_exception(self, request: Any, exception: Exception) -> None:
        """An error's page shows nothing of what was found."""
        request.looks.drop()


def _shows(request: HttpRequest, response: HttpResponse) -> bool:
    if request.path.startswith("/api/"):
        return response.status_code < 300
    return response.status_code < 300 or response.status_code in _SHOWS_AGAIN


def _watched(request: Any, parts: Any, looks: Looks) -> Iterator[bytes]:
    """The parts of an answer that is made while it is sent; its entry is made when it ends or breaks off."""
    source = iter(parts)
    try:
        with wall.acting(request.actor):
            while True:
                with collecting(looks):
                    try:
                        part = next(source)
                    except StopIteration:
                        return
                yield part
    finally:
        if looks:
            with wall.acting(request.actor):  # a reader who left undoes the first
                keep_look(request, looks)


def keep_look(request: Any, looks: Looks) -> None:
    """Make the entry of one request.

    Raises: Unmarked — the view does not say why, in tests; elsewhere the entry says that
    Cost:   one insert; one query more when people are known by their log-ins
    """
    by = request.actor
    shown = dict.fromkeys(looks.people)
    if looks.accounts:
        found = queries.list_residents_of(account_ids={account for account, _ in looks.accounts})
        shown |= dict.fromkeys((found[account], matter) for account, matter in looks.accounts if account in found)
    others = [one for one in shown if by.kind != "resident" or one[0] != by.resident_id]
    if not others:
        return
    match = request.resolver_match
    path = match.view_name if match else request.path
    residents.record_read(
        by=by, at=request.at, shown=others, why=_why(request, looks, path), path=path, revealed=looks.revealed
    )


def _why(request: Any, looks: Looks, path: str) -> str:
    if request.actor.glass_why:
        return str(request.actor.glass_why)
    rule = getattr(request.resolver_match.func, "access_rule", None) if request.resolver_match else None
    why = rule.reads if rule else getattr(request, "reads", "")
    if not why:
        if settings.WEIMIN_READS_STRICT:
            raise Unmarked(path)
        log.error("%s gives out personal data without saying why", path)
        why = UNMARKED
    if looks.reason:
        return looks.reason
    return f"{why}：{next(iter(looks.about.values()))}" if len(looks.about) == 1 else str(why)
