"""The middleware that makes the entry: answers sent in parts, entries that cannot be written, clients with tokens."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from weimin.base import clock, looking
from weimin.base.guard import access
from weimin.config.looks import Looked
from weimin.kernel.residents.models import ReadEntry
from weimin.kernel.residents.testing import CLERK

pytestmark = pytest.mark.django_db


def call(view: Any, answer: Any, status: int = 200) -> Any:
    """Send a request through the middleware to a view that notes people while it works."""
    request: Any = RequestFactory().get("/desk/list/")
    request.actor, request.at = CLERK, clock.now()
    request.resolver_match = SimpleNamespace(view_name="desk:list", func=view)
    return Looked(lambda _: answer())(request)


@access("staff", reads="导出名单")
def export(request: Any) -> None: ...


def _rows(count: int) -> Iterator[bytes]:
    for person in range(1, count + 1):
        looking.note(person, matter=f"N-{person}")
        yield b"x"


def test_an_answer_sent_in_parts_enters_everybody_it_showed() -> None:
    answer = call(export, lambda: StreamingHttpResponse(_rows(3)))
    assert not ReadEntry.objects.exists()
    assert b"".join(answer.streaming_content) == b"xxx"
    entry = ReadEntry.objects.get()
    assert (entry.residents, entry.matters, entry.why) == ([1, 2, 3], ["N-1", "N-2", "N-3"], "导出名单")


def test_an_answer_that_breaks_off_enters_whom_it_showed_until_then() -> None:
    answer = call(export, lambda: StreamingHttpResponse(_rows(100)))
    parts = iter(answer.streaming_content)
    next(parts)
    next(parts)
    for close in answer._resource_closers:  # as the server does when the reader is gone, before it says the end
        close()
    assert ReadEntry.objects.get().residents == [1, 2]


@pytest.mark.parametrize(("status", "entries"), [(200, 1), (422, 1), (409, 1), (403, 1), (302, 0), (404, 0), (500, 0)])
def test_only_an_answer_that_shows_people_is_entered(status: int, entries: int) -> None:
    def show() -> HttpResponse:
        looking.note(1)
        return HttpResponse(status=status)

    call(export, show)
    assert ReadEntry.objects.count() == entries


def test_when_the_entry_cannot_be_written_the_answer_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        raise DatabaseError("full")

    monkeypatch.setattr("weimin.config.looks.residents.record_read", broken)

    def show() -> HttpResponse:
        looking.note(1)
        return HttpResponse("张演示")

    with pytest.raises(DatabaseError):
        call(export, show)
