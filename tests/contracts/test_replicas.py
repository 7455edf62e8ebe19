"""A read group answers what only looks, and passes on with 421 whatever it must not answer; a browser reads its own write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from weimin.base.guard import access
from weimin.base.keeping import forget
from weimin.config import replicas
from weimin.config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from weimin.config.urls import urlpatterns as real
from weimin.kernel.accounts.actions import rates
from weimin.kernel.record.actions import beat

pytestmark = pytest.mark.django_db
FAR = "FFFFFFF0/0"


@access("public")
def writes(request: Any) -> HttpResponse:
    """A page that writes although it is only asked for."""
    beat(name="replica", at=request.at, note="")
    return HttpResponse("written")


urlpatterns = [*real, path("t/writes/", writes)]


@pytest.fixture(autouse=True)
def stage(city: None, settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    forget()
    rates._here.clear()
    yield
    forget()


@pytest.fixture
def standby(settings: Any) -> Iterator[None]:
    """This process as a read group; the database refuses writes as a standby does."""
    settings.WEIMIN_READ_GROUP = True
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
    yield


def ask(address: str, *, cookies: dict[str, str] | None = None, method: str = "get", **headers: str) -> HttpResponse:
    browser = Client(raise_request_exception=False)
    for name, value in (cookies or {}).items():
        browser.cookies[name] = value
    return getattr(browser, method)(address, headers=headers or None)


#: Public pages that only look, so that a standby can answer them.
LOOKS = ("/", "/items/", "/lists/", "/delegations/", "/tasks/", "/calendar/", "/overruns/", "/privacy/", "/data/")


@pytest.mark.parametrize("address", LOOKS)
def test_a_page_that_only_looks_writes_nothing(standby: None, address: str) -> None:
    assert ask(address).status_code == 200


def test_a_limit_holds_on_a_standby_though_nothing_is_written(standby: None, settings: Any) -> None:
    settings.WEIMIN_RATES = settings.WEIMIN_RATES | {"search": "3/h"}
    assert [ask("/items/").status_code for _ in range(5)] == [200, 200, 200, 429, 429]


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a form": ({"address": "/items/", "method": "post"}, "writes"),
    "somebody": ({"address": "/", "cookies": {"sessionid": "x"}}, "somebody"),
    "a client": ({"address": "/api/v1/items", "Authorization": "Bearer x"}, "somebody"),
    "a page that writes": ({"address": "/t/writes/"}, "failed"),
    "a write not here yet": ({"address": "/", "cookies": {replicas.COOKIE: FAR}}, "own write"),
    "a made-up mark": ({"address": "/", "cookies": {replicas.COOKIE: "'; --"}}, "own write"),
}


@pytest.mark.parametrize(("asked", "why"), CASES.values(), ids=CASES.keys())
def test_what_a_read_group_must_not_answer_it_passes_on(standby: None, asked: dict[str, Any], why: str) -> None:
    answer = ask(**asked)
    assert (answer.status_code, answer["Weimin-Elsewhere"]) == (421, why)
    assert answer["Cache-Control"] == "no-store"


def test_a_write_that_has_arrived_is_read_here(standby: None) -> None:
    assert ask("/", cookies={replicas.COOKIE: "0/1"}).status_code == 200


def test_a_standby_that_hears_nothing_answers_nothing(standby: None, settings: Any) -> None:
    settings.WEIMIN_REPLICA_LAG_SECONDS = -1
    assert ask("/")["Weimin-Elsewhere"] == "behind"


@pytest.mark.parametrize("address", ["/health/live", "/metrics"])
def test_a_read_group_answers_machines_itself(standby: None, settings: Any, address: str) -> None:
    """They ask whether this process lives; the primary's answer would be another's."""
    settings.WEIMIN_REPLICA_LAG_SECONDS = -1
    settings.WEIMIN_METRICS_TOKEN = "0" * 32
    assert ask("/").status_code == 421
    assert ask(address, Authorization=f"Bearer {'0' * 32}").status_code == 200


@pytest.mark.parametrize(("beside", "marked"), [(True, True), (False, False)])
def test_the_answer_to_a_write_says_how_far_it_came(settings: Any, beside: bool, marked: bool) -> None:
    settings.WEIMIN_REPLICAS = beside
    answer = ask("/elder/", method="post")
    assert (replicas.COOKIE in answer.cookies) == marked
    if marked:
        assert 0 < replicas._number(answer.cookies[replicas.COOKIE].value) < 2**64


def test_a_look_is_not_marked(settings: Any) -> None:
    settings.WEIMIN_REPLICAS = True
    assert replicas.COOKIE not in ask("/").cookies
