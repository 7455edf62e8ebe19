"""Public pages beside an empty view of the same server in the same run: made for the first time, kept, and behind nginx."""

from __future__ import annotations

import gzip
import http.client
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import reading, stage
from bench.stage import Timings, in_parallel

CONCURRENT = (1, 8, 32)
PAGES = {
    "home": "/",
    "guide": "/items/A5-31/",
    "guide for a township": "/items/A5-31/?township=340321113000",
    "items": "/items/",
    "items by area and online": "/items/?area=3&online=1",
    "search for a name": "/items/?q=%E4%BD%8E%E4%BF%9D",
    "list": "/lists/village_duty/",
    "calendar": "/calendar/",
    "open data, items.csv": "/data/items.csv",
}
#: What is never kept: a question in somebody's own words.
OWN_WORDS = "/items/?q=%E5%A6%88%E5%A6%88%E8%80%81%E4%BA%86%E8%B5%B0%E4%B8%8D%E5%8A%A8"
EMPTY = "/health/"
NGINX_PORT = stage.PORT + 1
_CACHE = """
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=public:8m max_size=256m inactive=1d use_temp_path=off;
  map $http_cookie $has_session { default 0; "~sessionid=" 1; }
  upstream web { server 127.0.0.1:{web}; keepalive 32; }
  server {
    listen 127.0.0.1:{port};
    location / {
      proxy_pass http://web; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_set_header Accept-Encoding gzip;
      gunzip on;
      proxy_cache public; proxy_cache_revalidate on; proxy_ignore_headers Vary;
      proxy_cache_key "$scheme$http_host$request_uri $cookie_elder $cookie_township";
      proxy_cache_bypass $has_session $http_authorization; proxy_no_cache $has_session $http_authorization;
    }
  }
"""


class Reader:
    """A browser without a session over one kept-alive connection, which takes packed answers."""

    def __init__(self, port: int) -> None:
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> int:
        """Fetch a path; gives the bytes of the body."""
        return len(self.fetch(path))

    def fetch(self, path: str) -> bytes:
        """Fetch a path."""
        headers = {"Accept-Encoding": "gzip", "Cookie": "township=340321113000"}
        self.link.request("GET", path, headers=headers)
        answer = self.link.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} {answer.status}")
        return body


def read(path: str, *, concurrent: int, requests: int, port: int = stage.PORT) -> dict[str, float]:
    """Requests a second and the spread of their times."""
    times = Timings()

    def work(_: int) -> None:
        reader = Reader(port)
        for _ in range(requests // concurrent):
            began = time.perf_counter()
            reader.get(path)
            times.values.append((time.perf_counter() - began) * 1000)

    seconds = in_parallel(concurrent, work)
    return {
        "per_second": len(times.values) / seconds,
        **{f"p{int(at * 100)}": times.at(at) for at in (0.5, 0.95, 0.99)},
    }


def make_anew(path: str, *, repeats: int) -> dict[str, float]:
    """The same with a new edition before each request, so that every answer is made; one at a time."""
    from weimin.base import clock
    from weimin.kernel.record import actions

    times, reader = Timings(), Reader(stage.PORT)
    for _ in range(repeats):
        actions.raise_edition(at=clock.now())
        time.sleep(1.05)  # the server asks once a second; this waits for the load, not for a condition
        began = time.perf_counter()
        reader.get(path)
        times.values.append((time.perf_counter() - began) * 1000)
    return {f"p{int(at * 100)}": times.at(at) for at in (0.5, 0.95)}


def until_seen(port: int, *, repeats: int) -> Timings:
    """Milliseconds from the commit of a change of an item to the first answer that shows it, through a full cache."""
    from django.db import transaction

    from weimin.base import clock
    from weimin.kernel.catalogue.models import ItemVersion
    from weimin.kernel.record import actions

    times, reader = Timings(), Reader(port)
    for number in range(repeats):
        words = f"第 {number} 次改写"
        reader.get(PAGES["items"])
        with transaction.atomic():  # as publishing does it: the change and its edition together
            ItemVersion.objects.filter(item__code="A5-31", status="in_force").update(plain=words)
            actions.raise_edition(at=clock.now())
        began = time.perf_counter()
        while words not in gzip.decompress(reader.fetch(PAGES["items"])).decode():
            if time.perf_counter() - began > 10:
                raise RuntimeError("a change is not shown")
        times.values.append((time.perf_counter() - began) * 1000)
    return times


@contextmanager
def proxy() -> Iterator[int | None]:
    """nginx before the server with a cache as in service, where it is installed; gives its port."""
    if stage.find_nginx() is None:
        yield None
        return
    with stage.nginx(_CACHE.replace("{web}", str(stage.PORT)).replace("{port}", str(NGINX_PORT))):
        stage.wait_for(NGINX_PORT)
        yield NGINX_PORT


def measure(*, quick: bool) -> list[str]:
    """The section of the page."""
    requests = 600 if quick else 6000
    lines = [
        "## Public pages",
        "",
        f"{stage.describe()}. granian with two processes of one thread; packed answers, no session; the load generator "
        "shares the cores. Ratio: requests a second beside those of the empty view (`/health/`) at the same concurrency, "
        "measured just before. Kept: the second and later requests of an edition. nginx: with the cache of "
        "`docs/explanation/public-pages.md` before the same server.",
        "",
    ]
    with stage.serving(keeping=True), proxy() as port:
        lines += _table("kept", stage.PORT, requests)
        if port:
            lines += _table("through nginx", port, requests)
        lines += ["| made anew | p50 ms | p95 ms |", "| --- | --- | --- |"]
        for name, path in PAGES.items():
            found = make_anew(path, repeats=3 if quick else 10)
            lines.append(f"| {name} | {found['p50']:.1f} | {found['p95']:.1f} |")
        own = read(OWN_WORDS, concurrent=1, requests=30 if quick else 300)
        lines.append(f"| search in own words, never kept | {own['p50']:.1f} | {own['p95']:.1f} |")
        seen = until_seen(port or stage.PORT, repeats=5 if quick else 40)
    way = "nginx with a full cache" if port else "the server (nginx is not installed here)"
    lines += [
        "",
        f"From the commit of a change to the first answer that shows it, through {way}, asked without pause: "
        f"p50 {seen.at(0.5):.0f} ms, longest {max(seen.values):.0f} ms.",
    ]
    return [*lines, "", stage.load() + "."]


def _table(title: str, port: int, requests: int) -> list[str]:
    """One row a page and concurrency, the empty view of the server itself beside it."""
    lines = [
        f"| {title} | concurrent | requests/s | empty view, requests/s | ratio | p50 ms | p95 ms | p99 ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for concurrent in CONCURRENT:
        floor: dict[str, Any] = read(EMPTY, concurrent=concurrent, requests=requests)
        for name, path in PAGES.items():
            read(path, concurrent=concurrent, requests=8 * concurrent, port=port)  # each process has made it
            found = read(path, concurrent=concurrent, requests=requests, port=port)
            lines.append(
                f"| {name} | {concurrent} | {found['per_second']:.0f} | {floor['per_second']:.0f} | "
                f"{found['per_second'] / floor['per_second']:.2f} | {found['p50']:.1f} | {found['p95']:.1f} | "
                f"{found['p99']:.1f} |"
            )
    return [*lines, ""]


def run(*, quick: bool) -> list[str]:
    """Prepare a city and measure."""
    os.environ.setdefault("WEIMIN_RATES", stage.RATES)
    stage.prepare()
    reading.fill_items(200 if quick else 2000)
    return measure(quick=quick)
