"""nginx with a read group: who is asked, what is asked a second time, and what is not."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.front import Front, needs_nginx, until

pytestmark = needs_nginx


class Group(ThreadingHTTPServer):
    """In the place of web processes: says its name, and notes what it was asked."""

    daemon_threads = True
    request_queue_size = 512  # a flood waits here and is not turned away

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.name, self.asked = name, list[str]()
        #: What it answers; None: it takes the request and dies over it.
        self.status: int | None = 200
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def end(self) -> None:
        """Nobody listens there any more."""
        self.shutdown()
        self.server_close()


class Answers(BaseHTTPRequestHandler):
    """Of a group."""

    server: Group

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(f"{self.command} {self.path}")
        if self.server.status is None:
            return
        self.send_response(self.server.status)
        self.send_header(
            "Cache-Control", "no-store" if self.server.status == http.client.MISDIRECTED_REQUEST else "max-age=1"
        )
        self.end_headers()
        self.wfile.write(self.server.name.encode())

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def groups() -> Iterator[tuple[Group, Group]]:
    """Primary and read group."""
    both = Group("primary"), Group("read")
    yield both
    for one in both:
        one.end()


@pytest.fixture
def front(groups: tuple[Group, Group], tmp_path: Path) -> Iterator[Front]:
    """nginx before them."""
    primary, read = (one.server_port for one in groups)
    one = Front(tmp_path, tmp_path, (primary, primary), read)
    one.start()
    yield one
    one.stop()


def test_the_read_group_answers_only_who_is_nobody_and_looks(front: Front, groups: tuple[Group, Group]) -> None:
    assert front.ask("/")[2] == b"read"
    assert front.ask("/?1", Cookie="__Host-sessionid=x")[2] == b"primary"
    assert front.ask("/?2", Authorization="Bearer x")[2] == b"primary"
    assert front.ask("/search/?q=x")[2] == b"primary"
    assert front.ask("/", method="POST", body=b"a=1")[2] == b"primary"
    assert groups[1].asked == ["GET /"]


def test_what_the_read_group_must_not_answer_the_primary_does(front: Front, groups: tuple[Group, Group]) -> None:
    groups[1].status = http.client.MISDIRECTED_REQUEST
    assert front.ask("/")[::2] == (200, b"primary")


def test_a_form_that_the_primary_dies_over_is_sent_once(front: Front, groups: tuple[Group, Group]) -> None:
    primary, read = groups
    primary.status = None
    status, _, page = front.ask("/apply/", method="POST", body=b"a=1")
    assert (status, primary.asked, read.asked) == (502, ["POST /apply/"], [])
    assert "网站正在恢复" in page.decode()


def test_an_old_page_is_given_out_only_when_the_primary_is_gone_too(front: Front, groups: tuple[Group, Group]) -> None:
    primary, read = groups
    assert front.ask("/")[2] == b"read"
    read.end()
    until(lambda: front.ask("/")[2] == b"primary", "the primary is not asked", seconds=5)
    primary.end()
    until(lambda: front.ask("/")[1]["X-Cache"] == "STALE", "no old page is given out", seconds=5)
    status, _, page = front.ask("/items/")
    assert status == 502
    assert "网站正在恢复" in page.decode()


def test_limits_keep_their_pages(front: Front) -> None:
    status, told = front.announce("/", 131 * 1024 * 1024)
    assert status == 413
    assert "每个文件不超过 20 MB" in told
    pages = Counter(page if status == 429 else "" for status, _, page in front.flood("/", Cookie="__Host-sessionid=x"))
    assert pages.pop("") >= 200, "each request counts once"
    assert pages and all("访问太频繁" in one for one in pages)
