"""A gateway of text messages that notes every key it was given, and can be slow; and the provider that asks it."""

from __future__ import annotations

import os
import threading
import time
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """The gateway, in threads of this process: it is no part of what is killed."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.wait_seconds = 0.0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                time.sleep(outer.wait_seconds)
                with outer.lock:
                    outer.keys[self.path.removeprefix("/")] += 1
                try:
                    self.send_response(204)
                    self.end_headers()
                except OSError:
                    pass  # whoever asked is dead

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()


class Provider:
    """The text provider that web and worker are given by WEIMIN_SMS_PROVIDER."""

    def send(self, *, phone: str, text: str, key: str = "") -> None:
        """Hand over a text under its key."""
        ask = urllib.request.Request(f"{os.environ['FAULTS_RECEIVER']}/{key}", data=text.encode(), method="POST")
        with urllib.request.urlopen(ask, timeout=60):
            pass
