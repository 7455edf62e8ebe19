"""One number goes from the request to its log lines, what it queues, what the worker does, and the page of an error."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client, RequestFactory

from weimin.base import clock, tracing
from weimin.base.guard import access
from weimin.base.scrubbing import ScrubbingFormatter, ScrubbingJsonFormatter, scrub
from weimin.config.answers import server_error
from weimin.config.watching import Watched
from weimin.kernel.record import actions, registry
from weimin.kernel.record.models import OutboxMessage

pytestmark = pytest.mark.django_db
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NUMBER, PHONE, CARD = "340300190001010011", "13900000051", "6222000000000000001"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged from INFO on, as the JSON of production."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(ScrubbingJsonFormatter(configured.LOGGING["formatters"]["json"]["fmt"]))
    handler.addFilter(tracing.Traced())
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)


def entries(out: io.StringIO, name: str = "weimin.access") -> list[dict[str, Any]]:
    return [one for one in map(json.loads, out.getvalue().splitlines()) if one["name"] == name]


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (PARENT, TRACE),
        (f" {PARENT} ", TRACE),
        ("", ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (PARENT.upper(), ""),
        (f"00-{TRACE}-00f067aa0ba902b7", ""),
        (f"{PARENT}\nx", ""),
        (f"00-ab{PHONE}{'a' * 19}-00f067aa0ba902b7-01", ""),
    ],
)
def test_a_parent_is_read_strictly(header: str, found: str) -> None:
    assert tracing.read_parent(header) == found


def test_a_trace_of_ours_stands_in_the_log_as_it_is() -> None:
    made = {tracing.make() for _ in range(2000)}
    assert len(made) == 2000
    assert all(scrub(one) == one and tracing.read_parent(f"00-{one}-00f067aa0ba902b7-01") == one for one in made)


@pytest.mark.parametrize(("proxies", "taken"), [(1, True), (0, False)])
def test_a_number_is_taken_from_our_own_proxy_only(settings: Any, proxies: int, taken: bool) -> None:
    settings.WEIMIN_PROXIES = proxies
    answer = Client().get("/health/live", headers={"traceparent": PARENT})
    assert (answer["X-Trace"] == TRACE) is taken
    assert len(answer["X-Trace"]) == 32
    assert tracing.current() == "", "nothing stays in force"


def test_what_a_request_queues_carries_its_number_through_the_worker(lines: io.StringIO) -> None:
    seen = []

    def listener(*, at: Any, payload: dict[str, Any]) -> None:
        seen.append(tracing.current())
        if payload.get("more"):
            actions.queue_event(at=at, topic="test.traced", payload={})
        else:
            raise ValueError("no")

    registry.listen("test.traced", listener)
    try:
        at = clock.now()
        with tracing.tracing(TRACE):
            actions.queue_event(at=at, topic="test.traced", payload={"more": 1})
        OutboxMessage.objects.create(topic="test.traced", payload={"more": 0}, queued_at=at, due_at=at)
        actions.deliver_outbox(at=at)
        actions.deliver_outbox(at=at)
    finally:
        registry._listeners["test.traced"].remove(listener)
    assert seen[0] == seen[2] == TRACE
    assert seen[1] not in ("", TRACE), "a message of before has a number of its own"
    assert list(OutboxMessage.objects.order_by("pk").values_list("trace", flat=True)) == [TRACE, "", TRACE]
    assert [one["trace"] for one in entries(lines, "weimin.outbox")] == seen[1:]
    assert tracing.current() == ""


def test_an_access_line_says_what_and_how_long_and_nothing_of_anybody(city: None, lines: io.StringIO) -> None:
    answer = Client().get(f"/verify/?number={NUMBER}", headers={"User-Agent": "a browser"})
    line = entries(lines)[-1]
    assert {"view": "portal:verify", "method": "GET", "status": answer.status_code, "actor": "anonymous"}.items() <= (
        line.items()
    )
    assert line["trace"] == answer["X-Trace"]
    assert line["ms"] > 0
    assert isinstance(line["sql"], int)
    assert not [one for one in ("/verify", NUMBER, "127.0.0.1", "browser") if one in json.dumps(line)]


def test_an_unknown_address_is_not_written_down(lines: io.StringIO) -> None:
    Client().get(f"/no/{NUMBER}/?q=words")
    assert entries(lines)[-1]["view"] == "none"
    assert "words" not in lines.getvalue()


def test_slow_requests_are_warned_of(settings: Any, lines: io.StringIO) -> None:
    settings.WEIMIN_SLOW_MS = 0
    Client().get("/no/such/")
    assert entries(lines)[-1]["levelname"] == "WARNING"


@pytest.mark.parametrize("path", ["/", "/api/v1/matters"])
def test_the_page_of_a_fault_has_a_number_to_read_out(path: str) -> None:
    def fail(request: Any) -> HttpResponse:
        return server_error(request)

    answer = Watched(access("public")(fail))(RequestFactory().get(path))
    assert tracing.spoken(answer["X-Trace"]) in answer.content.decode()
    assert answer.status_code == 500


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("weimin.test", logging.ERROR, "x.py", 1, message, args, None)
    made.__dict__.update(trace="-", **extra)
    return made


def broken() -> logging.LogRecord:
    try:
        raise ValueError(f'Key (id_number)=({NUMBER}) exists; token={PHONE} "quoted"')
    except ValueError as fault:
        made = record("failed")
        made.exc_info = (type(fault), fault, fault.__traceback__)
        return made


@pytest.mark.parametrize("form", ["line", "json"])
@pytest.mark.parametrize(
    "made",
    [
        record("phone %s of %s", PHONE, NUMBER),
        record("extras", phone=PHONE, number=int(PHONE), card=int(CARD), deep={"a": [{"b": NUMBER}, (PHONE,)]}),
        record("names", **{"extra": {NUMBER: 1}}),
        record('token="abcdefgh"'),
        record("an object", what=ValueError(PHONE)),
        broken(),
    ],
    ids=["arguments", "extras", "names", "token", "object", "exception"],
)
def test_no_number_of_a_person_passes_in_any_form(form: str, made: logging.LogRecord) -> None:
    style = configured.LOGGING["formatters"][form]
    made_by = ScrubbingJsonFormatter(style["fmt"]) if form == "json" else ScrubbingFormatter(style["format"])
    text = made_by.format(made)
    assert not [one for one in (NUMBER, PHONE, CARD, "abcdefgh") if one in text]
    if form == "json":
        assert json.loads(text)["name"] == "weimin.test"


def test_measurements_stay_numbers_and_no_number_hides_as_one() -> None:
    made = record("done", seconds=0.0291237461234567, start=1795642873.5748506, phone=float(PHONE))
    found = json.loads(ScrubbingJsonFormatter(configured.LOGGING["formatters"]["json"]["fmt"]).format(made))
    assert (found["seconds"], found["start"], found["phone"]) == (0.0291237461234567, 1795642873.5748506, "[手机号]")
