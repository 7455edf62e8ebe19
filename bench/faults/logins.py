"""A thousand people log in at once: those at work go on, who is turned away is told when to come back, memory is bounded."""

from __future__ import annotations

import http.client
import re
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlencode

from bench.faults.prepare import PASSWORD
from bench.faults.stage import Stage, until

#: What a clerk at work may wait for the home page of the desk while the thousand come, at p95 on two cores.
BOUND_MS = 3000
#: So long the last may wait, in seconds: passwords get half of the time, whatever the machine's mood.
PATIENCE = 900
#: How much the web processes together may grow, in megabytes.
GROWTH_MB = 700


class Browser:
    """A browser at the staff log-in."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage, self.name, self.cookies = stage, name, dict[str, str]()

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, float, str]:
        """Ask over a connection of its own: status, how long to wait, the page."""
        link = http.client.HTTPConnection("127.0.0.1", self.stage.port, timeout=180)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            link.request(method, path, urlencode(fields) if fields is not None else None, headers)
            answer = link.getresponse()
            text = answer.read().decode()
        finally:
            link.close()
        for one in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = one.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, float(answer.getheader("Retry-After") or 0), text

    def log_in(self, mark: str, book: Counter[str]) -> None:
        """Try until the desk opens, as often as one is told to come back."""
        fields = {"csrfmiddlewaretoken": mark, "login": self.name, "password": PASSWORD}
        while True:
            try:
                status, wait, text = self.ask("POST", "/desk/login/", fields)
            except OSError:
                book["no answer"] += 1
                time.sleep(1)
                continue
            book[str(status)] += 1
            if status == 302:
                return
            assert status in (429, 503) and wait, f"{status} {wait} {text[-400:]}"
            assert "请过" in text, text[-400:]
            time.sleep(wait)


def run(people: int = 1000, clerks: int = 4) -> list[str]:
    """Everybody at once, and a few who are at work."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Stage(Path(folder) / "stage") as stage:
        names = [
            f"faults.{town}.{who}" for town in (0, 1) for who in ("clerk", "station", "county", "decider", "issuer")
        ]
        first = Browser(stage, names[0])
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', first.ask("GET", "/desk/login/")[2])
        assert found
        mark, at_work = found.group(1), []
        for nth in range(clerks):
            clerk = Browser(stage, names[nth])
            clerk.cookies = dict(first.cookies)
            clerk.log_in(mark, Counter())
            at_work.append(clerk)
        time.sleep(8)  # what the clerks' own log-ins used up is paid
        before, quiet = _memory(stage), _work(at_work, lambda passed: passed > 5)
        return _rush(stage, at_work, [(names[n % 10], dict(first.cookies)) for n in range(people)], mark, before, quiet)


def _rush(
    stage: Stage,
    at_work: list[Browser],
    people: list[tuple[str, dict[str, str]]],
    mark: str,
    before: float,
    quiet: float,
) -> list[str]:
    book, faults = Counter[str](), list[BaseException]()
    peak, waits = [before], list[float]()

    def come(name: str, cookies: dict[str, str]) -> None:
        began = time.monotonic()
        browser = Browser(stage, name)
        browser.cookies = cookies
        try:
            browser.log_in(mark, book)
            waits.append(time.monotonic() - began)
        except BaseException as fault:
            faults.append(fault)

    threading.stack_size(256 * 1024)
    crowd = [threading.Thread(target=come, args=(name, dict(cookies)), daemon=True) for name, cookies in people]
    for one in crowd:
        one.start()
    threading.stack_size(0)

    def over(_: float) -> bool:
        peak.append(_memory(stage))
        return not any(one.is_alive() for one in crowd)

    busy = _work(at_work, over)
    assert not faults, faults[0]
    until("pages come", lambda: stage.get("/health/")[0] == 200)
    assert len(waits) == len(people), f"{len(people) - len(waits)} never got in"
    assert stage.web.starts == 1, "the web server ended"
    assert busy < BOUND_MS, f"clerks at work waited {busy:.0f} ms (p95)"
    assert max(peak) - before < GROWTH_MB, f"web processes grew from {before:.0f} to {max(peak):.0f} MB"
    waits.sort()
    return [
        f"{len(people)} people at once; answers: {', '.join(f'{k} {v}' for k, v in sorted(book.items()))}",
        f"half were in after {waits[len(waits) // 2]:.0f} s, the last after {waits[-1]:.0f} s",
        f"clerks at work, p95 of the desk's home: {quiet:.0f} ms before, {busy:.0f} ms meanwhile (bound {BOUND_MS} ms)",
        f"memory of the web processes: {before:.0f} MB before, {max(peak):.0f} MB at most",
    ]


def _work(clerks: list[Browser], over: object) -> float:
    """Have clerks open the desk's home until it is over; p95 in milliseconds."""
    took, stop, began = list[float](), threading.Event(), time.monotonic()

    def work(clerk: Browser) -> None:
        while not stop.is_set():
            asked = time.monotonic()
            status = clerk.ask("GET", "/desk/")[0]
            assert status == 200, status
            took.append((time.monotonic() - asked) * 1000)
            stop.wait(0.5)

    threads = [threading.Thread(target=work, args=(one,), daemon=True) for one in clerks]
    for one in threads:
        one.start()
    while not over(time.monotonic() - began) and time.monotonic() - began < PATIENCE:  # type: ignore[operator]
        time.sleep(0.5)
    stop.set()
    for one in threads:
        one.join()
    assert took, "no clerk got a page"
    return sorted(took)[int(len(took) * 0.95)]


def _memory(stage: Stage) -> float:
    """Megabytes that the web server and its processes hold."""
    total = 0
    for pid in (stage.web.process.pid, *stage.web.children()):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        total += int(found.group(1)) if found else 0
    return total / 1024
