"""Every view that is marked as shared gives the same bytes to whoever asks without a session, and nobody's data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from tests.architecture.test_reads import TOKENS, WHOLE, World, build_world, fill_address
from tests.architecture.test_structure import patterns
from weimin.base import clock
from weimin.config import sharing
from weimin.kernel.record import actions as record

pytestmark = pytest.mark.django_db
SHARED = sorted(
    (address, view)
    for address, view in patterns(get_resolver())
    if getattr(view, "access_rule", None) and view.access_rule.shared
)
#: A value for each parameter by which an answer may differ.
PARAMS = {
    "township": "340321113000",
    "county": "340321000000",
    "q": "低保",
    "area": "3",
    "audience": "1",
    "event": "birth",
    "online": "1",
    "on": "2026-06-01",
    "old": "1",
    "new": "1",
    "page": "1",
    "since": "2026-01-01",
    "until": "2026-12-31",
    "agency": "1",
    "kind": "asked",
    "year": "2026",
    "before": "2026-01-06",
    "after": "",
    "item": "A3-13",
    "place": "340321113000",
}
#: What the made-up world has none of.
NONE_MADE_UP = {"delegations/<str:letter>/"}


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any, city: None) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        found = build_world()
        for days in (2, 0):  # two days of the chain are closed
            record.chain_entries(at=clock.now() - timedelta(days=days))
        found.values["day"] = clock.local_date(clock.now() - timedelta(days=1)).isoformat()
        yield found
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def emptied(settings: Any) -> Iterator[None]:
    settings.WEIMIN_SHARED_MB = 8
    sharing.shelf.clear()
    yield
    sharing.shelf.clear()


def ask(client: Client, path: str, **headers: str) -> Any:
    return client.get(path, headers=headers)


@contextmanager
def standby() -> Iterator[None]:
    """The database refuses every write, as a standby does."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        yield
        transaction.set_rollback(True)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def stranger() -> Client:
    """Somebody without a session whose browser brings everything that a browser can bring."""
    client = Client()
    client.cookies["csrftoken"] = "a" * 32
    client.cookies["elder"] = "0"
    client.cookies["township"] = "<script>"
    client.cookies["messages"] = "W1tdXQ"
    client.cookies["other"] = "somebody"
    return client


BROUGHT = {
    "Accept-Language": "en",
    "User-Agent": "Old Phone 1.0",
    "X-Forwarded-For": "203.0.113.9",
    "HX-Request": "true",
    "Referer": "http://testserver/my/",
}


@pytest.mark.parametrize(("address", "view"), SHARED, ids=[address or "home" for address, _ in SHARED])
def test_a_shared_answer_is_the_same_for_everybody_and_a_standby_can_make_it(
    world: World, address: str, view: Any, settings: Any
) -> None:
    path = fill_address(address, world.values)
    logged_in = world.walkers["applicant"][1]
    mine = ask(logged_in, path)
    assert mine.status_code in (200, 404) and not len(sharing.shelf)
    if "html" in mine["Content-Type"]:
        assert "no-store" in mine["Cache-Control"], "a page of ours says who is logged in"
    first = ask(Client(), path)
    if first.status_code == 404 and address in NONE_MADE_UP:
        pytest.skip("none of this kind is in the made-up world")
    content = body(first)
    settings.WEIMIN_SHARED_MB = 0
    with standby():
        second = ask(stranger(), path, **BROUGHT)
    assert body(second) == content, "it depends on something of who asks"
    for answer in (first, second):
        assert not answer.cookies and "Set-Cookie" not in answer.headers
        assert re.fullmatch(r"public, .*s-maxage=1", answer["Cache-Control"]) and answer["ETag"]
    assert b"csrfmiddlewaretoken" not in content
    shown = content.decode("utf-8", "replace")
    assert not [one for one in (*WHOLE, *TOKENS) if one in shown]


@pytest.mark.parametrize(("address", "view"), SHARED, ids=[address or "home" for address, _ in SHARED])
def test_a_kept_answer_asks_the_database_nothing(world: World, address: str, view: Any) -> None:
    path = fill_address(address, world.values)
    first = ask(Client(), path)
    if first.status_code == 404 and address in NONE_MADE_UP:
        pytest.skip("none of this kind is in the made-up world")
    content = body(first)
    with CaptureQueriesContext(connection) as caught:
        again = ask(stranger(), path, **BROUGHT)
    assert not [one["sql"] for one in caught if "record_edition" not in one["sql"]]
    assert body(again) == content


def test_every_parameter_that_makes_another_answer_has_a_value_here() -> None:
    named = set().union(*(view.access_rule.shared.params for _, view in SHARED))
    assert named == set(PARAMS)


@pytest.mark.parametrize(("address", "view"), SHARED, ids=[address or "home" for address, _ in SHARED])
def test_with_its_parameters_too(world: World, address: str, view: Any, settings: Any) -> None:
    path = fill_address(address, world.values)
    settings.WEIMIN_SHARED_MB = 0
    for name in sorted(view.access_rule.shared.params):
        asked = f"{path}?{name}={PARAMS[name]}"
        answers = [ask(one, asked) for one in (Client(), stranger())]
        assert body(answers[0]) == body(answers[1]), asked
        assert set(answers[0].cookies) <= view.access_rule.shared.cookies


#: Answers that never change, or are the same for all without a page around them: they say so themselves.
KEPT_FOR_GOOD = {"audit/<str:day>/<int:part>.txt"}


def test_nothing_else_is_kept_on_the_way(world: World) -> None:
    """Whoever asks: pages of somebody, forms with tokens, refusals, papers."""
    told = []
    marked = {address for address, _ in SHARED}
    for address, view in patterns(get_resolver()):
        if address in marked | KEPT_FOR_GOOD or not hasattr(view, "access_rule"):
            continue
        path = fill_address(address, world.values)
        for name in ("nobody", "applicant", "worker"):
            answer = world.walkers[name][1].get(path)
            said = answer.headers.get("Cache-Control", "")
            if "no-store" not in said and (name != "nobody" or "private" not in said):
                told.append(f"{address} as {name}: {answer.status_code} {said}")
    assert not told
