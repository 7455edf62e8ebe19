"""Lives of matters over HTTP, sent as a patient program sends them, and a book of what was acknowledged.

Each request has an idempotency key. When no answer comes, or one that says “later”, the same request is sent again
under the same key until it is acknowledged. What is acknowledged is written down, to be held against the database.
"""

from __future__ import annotations

import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.faults.stage import Stage
from bench.life import ITEM, id_number

#: How long one request is tried before a promise is called broken.
PATIENCE = 180.0
_serials = iter(range(1, 10_000_000))
_serial_lock = threading.Lock()


@dataclass
class Book:
    """What was acknowledged, what was seen on the way, and how long requests took."""

    matters: list[str] = field(default_factory=list)
    answers: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    unkind: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        """Count something seen."""
        with self.lock:
            self.seen[what] += 1


class Sender:
    """One client that repeats until it is acknowledged."""

    def __init__(self, stage: Stage, book: Book, token: str) -> None:
        self.stage, self.book = stage, book
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self.link: http.client.HTTPConnection | None = None

    def send(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Send until acknowledged; gives the answer.

        Raises: AssertionError — refused for good, or not acknowledged in time
        """
        ends, began = time.monotonic() + PATIENCE, time.monotonic()
        while time.monotonic() < ends:
            status, wait, text = self._once(path, body, key)
            if 200 <= status < 300:
                answer: dict[str, Any] = json.loads(text)
                with self.book.lock:
                    self.book.milliseconds.append((time.monotonic() - began) * 1000)
                    self.book.answers[key] = (path, self.headers["Authorization"], body, answer)
                return answer
            assert status in (0, 429) or status >= 500, f"{path} was refused: {status} {text}"
            time.sleep(min(wait, 1.0) * random.uniform(0.2, 1))
        raise AssertionError(f"{path} was not acknowledged within {PATIENCE:.0f} s")

    def _once(self, path: str, body: dict[str, Any], key: str) -> tuple[int, float, str]:
        try:
            if self.link is None:
                self.link = http.client.HTTPConnection("127.0.0.1", self.stage.port, timeout=60)
            self.link.request("POST", path, json.dumps(body), {**self.headers, "Idempotency-Key": key})
            answer = self.link.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as fault:
            self.book.note(type(fault).__name__)
            with suppress(Exception):
                self.link.close()  # type: ignore[union-attr]
            self.link = None
            return 0, 0.5, ""
        wait = answer.getheader("Retry-After")
        if answer.status >= 300:
            self.book.note(str(answer.status))
            if answer.status == 500 or (answer.status == 503 and not (wait and _chinese(text))):
                with self.book.lock:
                    self.book.unkind.append(f"{path} {answer.status} {text[:300]}")
        return answer.status, float(wait or 0.5), text


def _chinese(text: str) -> bool:
    with suppress(ValueError):
        text = json.loads(text)["message"]
    return any("一" <= one <= "鿿" for one in text)


def live(stage: Stage, book: Book, people: dict[str, Any], *, seed: int = 0) -> str:
    """Take one matter from submission to rating; gives its number. Now and then a request is sent twice."""
    dice = random.Random(seed)

    def post(who: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        sender, key = Sender(stage, book, people[who]), secrets.token_hex(12)
        answer = sender.send(f"/api/v1/matters{path}", body, key)
        if dice.random() < 0.1:
            again = sender.send(f"/api/v1/matters{path}", body, key)
            assert again == answer, f"{path}: a repeat was answered otherwise: {answer} {again}"
        if sender.link is not None:
            sender.link.close()
        return answer

    with _serial_lock:
        serial = next(_serials)
    person = {"name": "演示", "id_number": id_number(serial), "phone": f"139{serial:08d}"}
    answers = {"disease": "慢性病", "paid": "3200", "from_date": "2026-01-05", "bank": "social"}
    submission = {
        "item_code": ITEM,
        "township_code": people["township"],
        "person": {**person, "division_code": people["village"]},
        "answers": {**answers, "account": "6222000000000000001"},
    }
    said = post("clerk", "", submission)
    number = str(said["number"])
    with book.lock:
        book.matters.append(number)
    decision = {"outcome": "approve", "reasons": "符合条件，准予。", "basis": "社会救助法第二十四条"}
    agree = {"outcome": "agree", "opinion": "属实"}
    for who, verb, more in (
        ("clerk", "accept", {}),
        ("station", "review", agree),
        ("county", "review", agree),
        ("decider", "decide", decision),
        ("county", "make-result", {}),
        ("issuer", "hand-out", {"signed_by": "演示"}),
    ):
        said = post(who, f"/{number}/{verb}", {"step_id": said["next_steps"][0]["step_id"], **more})
    post("clerk", f"/{number}/rating", {"grade": 1})
    return number


class Load:
    """So many people at work until they are told to go home; each ends the matter in hand."""

    def __init__(self, stage: Stage, book: Book, *, people: int, seed: int = 1) -> None:
        self.failures: list[BaseException] = []
        self._stop = threading.Event()

        def work(nth: int) -> None:
            try:
                life = 0
                while not self._stop.is_set():
                    live(stage, book, stage.tokens[nth % len(stage.tokens)], seed=seed * 10_000 + nth * 1000 + life)
                    life += 1
            except BaseException as fault:
                self.failures.append(fault)

        self._threads = [threading.Thread(target=work, args=(nth,), daemon=True) for nth in range(people)]
        for one in self._threads:
            one.start()

    def __enter__(self) -> Load:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stop.set()
        for one in self._threads:
            one.join()
        if self.failures and kind is None:
            raise self.failures[0]
