"""The measurements' client fills in forms as a browser does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest

from bench.stage import Client

FORM = '<form><input type="hidden" name="csrfmiddlewaretoken" value="mark-1"></form>'


class Page(BaseHTTPRequestHandler):
    """A form behind a cookie; who says that it sends JSON is answered in JSON, as the log-in page does."""

    protocol_version = "HTTP/1.1"
    sent: list[tuple[str, dict[str, list[str]]]]

    def do_GET(self) -> None:
        text = '{"html": "…"}' if self.headers["Content-Type"] else FORM
        self._answer(200, text, "csrftoken=cookie-1; Path=/")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.sent.append((self.headers["Cookie"], parse_qs(body)))
        self._answer(302, "", "session=in; Path=/")

    def _answer(self, status: int, text: str, cookie: str) -> None:
        self.send_response(status)
        self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    Page.sent = []
    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_form_is_sent_with_its_mark_and_the_cookies_are_kept(port: int) -> None:
    link = Client(port=port)
    link.post_form("/desk/login/", {"login": "演示"})
    assert Page.sent == [("csrftoken=cookie-1", {"csrfmiddlewaretoken": ["mark-1"], "login": ["演示"]})]
    assert link.headers["Cookie"] == "csrftoken=cookie-1; session=in"
    link.link.close()
