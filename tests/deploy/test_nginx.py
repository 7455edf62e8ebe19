"""The operator's nginx before real web processes: what it limits, keeps, hides and says when nobody answers."""

from __future__ import annotations

import gzip
import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from bench.stage import free_port
from tests.deploy.front import HOST, ROOT, Front, Web, needs_nginx, until

pytestmark = [pytest.mark.django_db, needs_nginx]


@pytest.fixture(scope="module")
def webs(city: None, tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[list[Web]]:
    """Two web processes on the test database."""
    there = connection.settings_dict
    address = f"postgres://{there['USER']}:{there['PASSWORD']}@{there['HOST']}:{there['PORT']}/{there['NAME']}"
    data = tmp_path_factory.mktemp("data")
    environment = {**os.environ, "WEIMIN_DATA": str(data), "DATABASE_URL": address, "PYTHONPATH": str(ROOT / "src")}
    collect = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--noinput", "-v0"]
    subprocess.run(collect, env=environment, check=True)
    both = [Web(free_port(), address, data) for _ in range(2)]
    for one in both:
        one.start()
    yield both
    for one in both:
        one.stop()


@pytest.fixture(scope="module")
def front(webs: list[Web], tmp_path_factory: Any) -> Iterator[Front]:
    """nginx before them."""
    one = Front(tmp_path_factory.mktemp("nginx"), webs[0].data / "static", (webs[0].port, webs[1].port))
    one.start()
    yield one
    one.stop()


def test_plain_http_goes_to_https(front: Front) -> None:
    one = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=10)
    one.request("GET", "/search/?q=x", headers={"Host": HOST})
    answer = one.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/search/?q=x")
    one.close()


def test_pages_carry_each_security_header_once(front: Front) -> None:
    status, headers, _ = front.ask("/")
    assert status == 200
    names = ["Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options"]
    names += ["Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"]
    assert {name: len(headers.get_all(name, [])) for name in names} == dict.fromkeys(names, 1)
    assert headers["Server"] == "nginx"


def test_another_host_name_is_not_answered(front: Front) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        front.ask("/", Host="elsewhere.example")


def test_static_files_are_kept_for_ever_and_come_packed(front: Front) -> None:
    page = front.ask("/")[2].decode()
    style = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert style
    status, headers, content = front.ask(style[1], Accept_Encoding="gzip")
    assert status == 200
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Type"].startswith("text/css")
    assert b"{" in gzip.decompress(content)
    assert front.ask("/static/../nginx.conf")[0] in (400, 404)


def test_probes_and_metrics_are_for_this_machine(front: Front) -> None:
    assert front.ask("/health/live")[0] == 200
    assert front.ask("/health/live", source="127.0.0.2")[0] == 403
    assert front.ask("/metrics", source="127.0.0.2")[0] == 403


#: An answer of the application that may be kept for five minutes.
KEPT = "/audit/days.json"


def test_what_may_be_kept_is_kept_and_given_to_the_next(front: Front) -> None:
    said = [front.ask(KEPT, Accept_Encoding="gzip")[1]["X-Cache"] for _ in range(3)]
    assert said == ["MISS", "HIT", "HIT"]


def test_display_cookies_have_entries_of_their_own(front: Front) -> None:
    front.ask(KEPT + "?limit=2")
    assert front.ask(KEPT + "?limit=2", Cookie="elder=1")[1]["X-Cache"] == "MISS"
    assert front.ask(KEPT + "?limit=2", Cookie="township=340321113000; elder=1")[1]["X-Cache"] == "MISS"
    assert front.ask(KEPT + "?limit=2", Cookie="township=340321113000; elder=1")[1]["X-Cache"] == "HIT"


def test_no_address_names_the_entry_of_another(front: Front) -> None:
    front.ask(KEPT + "?limit=4", Accept_Encoding="gzip")
    assert front.ask(KEPT + "?limit=4", Accept_Encoding="gzip")[1]["X-Cache"] == "HIT"
    assert front.ask(KEPT + "?limit=4gzip")[1]["X-Cache"] == "MISS"
    front.ask(KEPT + "?limit=5", Cookie="elder=1")
    assert front.ask(KEPT + "?limit=51/")[1]["X-Cache"] == "MISS"


def test_a_request_bears_our_own_number_whatever_the_client_says(front: Front) -> None:
    parent = "ab" * 16
    numbers = {front.ask("/login/", traceparent=f"00-{parent}-{'cd' * 8}-01")[1]["X-Trace"] for _ in range(2)}
    assert len(numbers) == 2
    assert parent not in numbers
    log = front.folder / "log/weimin.log"  # one that the logs' scrubber takes for a person's is made anew
    until(lambda: any(one in log.read_text(encoding="utf-8") for one in numbers), "nginx's log has another number")


@pytest.mark.parametrize(
    "sent",
    [
        {"Cookie": "__Host-sessionid=abc"},
        {"Cookie": "elder=1; __Host-sessionid=abc"},
        {"Cookie": "something=else"},
        {"Cookie": "township=340321113000; device=abc"},
        {"Cookie": "township=340321113000; township=340321104000"},
        {"Cookie": "elder=0; township=340321113000; elder=1"},
        {"Authorization": "Bearer abc"},
    ],
    ids=str,
)
def test_whoever_may_be_somebody_is_answered_for_themselves(front: Front, sent: dict[str, str]) -> None:
    front.ask(KEPT + "?limit=3")
    assert front.ask(KEPT + "?limit=3", **sent)[1]["X-Cache"] == "BYPASS"
    assert front.ask(KEPT + "?limit=3")[1]["X-Cache"] == "HIT"


def test_an_answer_that_sets_a_cookie_is_kept_for_nobody(front: Front) -> None:
    answers = [front.ask("/?township=340321113000")[1] for _ in range(2)]
    assert all("township=340321113000" in one["Set-Cookie"] for one in answers)
    assert [one["X-Cache"] for one in answers] == ["MISS", "MISS"]


def test_too_large_a_request_is_refused_kindly_before_it_is_read(front: Front) -> None:
    status, told = front.announce("/login/", 131 * 1024 * 1024)
    assert status == 413
    assert "每个文件不超过 20 MB" in told


def test_a_flood_is_told_to_wait(front: Front) -> None:
    answers = front.flood("/no-such-page")
    seen = Counter(status for status, _, _ in answers)
    assert set(seen) == {404, 429} and seen[404] >= 200, seen
    headers, told = next((headers, told) for status, headers, told in answers if status == 429)
    assert "访问太频繁" in told
    assert headers["Retry-After"]
    assert front.ask("/no-such-page")[0] == 404, "others are not held off"


def ask_all_the_time(
    front: Front, stop: threading.Event, method: str, seen: Counter[str], slowest: list[float]
) -> None:
    """Ask one request after the other over one connection, as a browser does; a lost connection counts as a fault."""
    one = front.connect("127.0.0.3")
    body = b"back=/" if method == "POST" else None
    while not stop.wait(0.08):
        began = time.monotonic()
        try:
            one.request(
                method, "/" if method == "GET" else "/elder/", body, {"Host": HOST, "Referer": f"https://{HOST}/"}
            )
            answer = one.getresponse()
            answer.read()
            seen[f"{method} {answer.status}"] += 1
        except (OSError, http.client.HTTPException) as fault:
            seen[f"{method} {type(fault).__name__}"] += 1
            one.close()
            one = front.connect("127.0.0.3")
        slowest.append(time.monotonic() - began)
    one.close()


def test_a_rolling_restart_loses_no_request(front: Front, webs: list[Web]) -> None:
    """One process after the other is restarted while pages are read and forms are sent."""
    stop, seen, slowest = threading.Event(), Counter[str](), [0.0]
    threads = [
        threading.Thread(target=ask_all_the_time, args=(front, stop, method, seen, slowest))
        for method in ("GET", "GET", "POST")
    ]
    for one in threads:
        one.start()
    for web in webs:
        web.stop()
        web.start()
        known = sum(seen.values())
        until(lambda known=known: sum(seen.values()) > known + 20, "nothing is answered any more")
    stop.set()
    for one in threads:
        one.join()
    assert set(seen) == {"GET 200", "POST 302"}, seen
    assert sum(seen.values()) > 100


def test_when_nobody_answers_a_kind_page_says_so(front: Front, webs: list[Web]) -> None:
    """Last: it stops the web processes."""
    for web in webs:
        web.stop()
    assert front.ask(KEPT, Accept_Encoding="gzip")[0] == 200, "what is kept is still given out"
    # within its second it is given out as fresh, then as better than none
    until(lambda: front.ask("/")[1]["X-Cache"] == "STALE", "an old public page is not given out")
    assert front.ask("/")[0] == 200
    status, headers, content = front.ask("/desk/login/")
    assert status == 502
    assert "网站正在恢复" in content.decode()
    assert headers["Content-Type"].startswith("text/html")
    assert headers.get_all("Content-Security-Policy") is not None
    assert headers["Cache-Control"] == "no-store"
