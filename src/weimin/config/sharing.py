"""Public pages that are made once and given to everybody, until what is public changes.

Which views: those whose access rule says `shared`, asked by GET without a session. The view then sees nothing of
who asks: cookies other than those that its answers depend on are taken out of the request. An answer that sets
another cookie, or showed personal data, is given to its asker and kept for nobody.

How fresh: each answer carries the edition of what is public (`record.queries.read_edition`), read in the transaction
in which it was made and before anything else, and its day. It is given out only while the process knows the same
edition and it is the same day; the process asks for the edition when what it knows is a second old. So what was
published a second ago is on every page, whichever process and machine published it, and no message can be lost.

How much: answers are kept packed, the ones that were not asked for longest go first, within WEIMIN_SHARED_MB.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from http.cookies import Morsel
from threading import Lock
from typing import Any, cast
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import FileResponse, HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.cache import get_conditional_response

from weimin.base import clock
from weimin.base.guard import Shared
from weimin.kernel.directory import queries as directory
from weimin.kernel.record import queries as record

Answer = Callable[[HttpRequest], HttpResponse]
Stamp = tuple[int, date]

#: The edition is asked for again when what is known of it is so many seconds old.
ASK_SECONDS = 1.0
#: A cache on the way answers by itself for a second; then it asks, and mostly hears that nothing has changed.
PROXY = "s-maxage=1"
#: A browser asks each time: nobody could tell it of a new edition.
CACHE_CONTROL = f"public, max-age=0, {PROXY}"
OWN = "private, no-cache"
#: Larger answers are made anew for each who asks.
LARGEST = 2 * 1024 * 1024
#: Answers smaller than this are not packed.
_SMALL = 300
#: What an answer costs beside its content: Python's own objects, counted generously.
_OVERHEAD = 4000
_LONGEST_ADDRESS = 500
_DISPLAY_VALUE = re.compile(r"[0-9A-Za-z_-]{1,40}")

log = logging.getLogger("weimin.sharing")
_pack = GZipMiddleware(lambda request: HttpResponse())


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it is given out."""

    content: bytes
    packed: bool
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[Morsel[str], ...]
    etag: str
    stamp: Stamp
    until: float

    @property
    def size(self) -> int:
        """Bytes that keeping it takes, a little more rather than less."""
        return len(self.content) + sum(len(name) + len(value) for name, value in self.headers) + _OVERHEAD


class Shelf:
    """Kept answers, bounded by bytes; the ones not asked for longest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Kept] = OrderedDict()
        self._lock = Lock()
        self.size = 0

    def find(self, key: tuple[Any, ...], stamp: Stamp) -> Kept | None:
        """The answer of this edition and day; an older one is dropped."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                return None
            if kept.stamp != stamp or kept.until < time.monotonic():
                self._drop(key)
                return None
            self._kept.move_to_end(key)
            return kept

    def put(self, key: tuple[Any, ...], kept: Kept, *, most: int) -> None:
        """Keep an answer, and drop others until all of them fit."""
        with self._lock:
            self._drop(key)
            self._kept[key] = kept
            self.size += kept.size
            while self.size > most:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.size = 0

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, key: tuple[Any, ...]) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size -= gone.size


class Watch:
    """The edition as this process knows it: never older than a second."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._edition = 0
        self._asked = float("-inf")

    def edition(self) -> int:
        """The edition of at most a second ago."""
        now = self.now()
        if now - self._asked >= ASK_SECONDS:
            # noted before it is asked: what is published meanwhile is found by the next question
            self._edition, self._asked = record.read_edition(), now
        return self._edition


#: What this process keeps, and what it knows of the edition.
shelf = Shelf()
watch = Watch()
#: The edition under which the process last began to keep what it reads.
_learned: int | None = None


@dataclass(slots=True)
class Making:
    """A shared answer that is being made, and the edition it is made under."""

    day: date
    edition: int | None = None


def is_making(request: Any) -> bool:
    """Whether the answer to a request is to be a shared one."""
    return hasattr(request, "making")


def note_edition(request: Any) -> None:
    """Before the first look into the database: under which edition a shared answer is made."""
    making: Making | None = getattr(request, "making", None)
    if making is not None:
        making.edition = record.read_edition()
        if settings.WEIMIN_SHARED_MB:
            _learn(making.edition)


def _learn(edition: int) -> None:
    """Drop what the process keeps of another edition, as names of places: else a page of this one could show it."""
    global _learned
    if edition != _learned:
        directory.forget()
        _learned = edition


class Sharing:
    """Gives out what is kept, keeps what may be, and tells caches outside what they may do with it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        rule = _rule_for(request)
        if rule is None:
            answer = self.get_response(request)
            answer.setdefault("Cache-Control", OWN)
            return answer
        cookies = _display_cookies(request, rule)
        key = (request.scheme, request.get_host(), request.path, request.META["QUERY_STRING"], *sorted(cookies.items()))
        most = int(settings.WEIMIN_SHARED_MB * 1024 * 1024)
        if most:
            stamp = (watch.edition(), clock.local_date(clock.now()))
            kept = shelf.find(key, stamp)
            if kept is not None:
                return _give(request, kept)
        answer = self._make(request, cookies)
        kept = _keep(request, answer, rule)
        if kept is None:
            return cast(HttpResponse, _pack.process_response(request, answer))
        if most and kept.size <= most // 8:
            shelf.put(key, kept, most=most)
        return _give(request, kept)

    def _make(self, request: Any, cookies: dict[str, str]) -> HttpResponse:
        """Ask the view, which sees nothing of the asker and packs nothing."""
        seen, accepts = request.COOKIES, request.META.pop("HTTP_ACCEPT_ENCODING", None)
        request.COOKIES, request.making = cookies, Making(clock.local_date(clock.now()))
        try:
            return self.get_response(request)
        finally:
            request.COOKIES = seen
            if accepts is not None:
                request.META["HTTP_ACCEPT_ENCODING"] = accepts


@lru_cache(maxsize=2048)
def _shared_match(path: str) -> ResolverMatch | None:
    """The view at an address, if its answers are shared."""
    try:
        found = resolve(path)
    except Resolver404:
        return None
    rule = getattr(found.func, "access_rule", None)
    return found if rule and rule.shared else None


def _rule_for(request: HttpRequest) -> Shared | None:
    """Whether the answer to a request may be a shared one, and by which rule."""
    if request.method != "GET" or "HTTP_AUTHORIZATION" in request.META:
        return None
    query = request.META.get("QUERY_STRING", "")
    if len(request.path) + len(query) > _LONGEST_ADDRESS or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return None
    match = _shared_match(request.path_info)
    if match is None:
        return None
    rule: Shared = match.func.access_rule.shared  # type: ignore[attr-defined]
    if query and not _is_allowed(query, rule):
        return None
    request.resolver_match = match  # for the log and the metrics, which name the view of a kept answer too
    try:
        request.get_host()
    except DisallowedHost:
        return None
    return rule


def _is_allowed(query: str, rule: Shared) -> bool:
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    return rule.params.issuperset(names) and len(set(names)) == len(names)


def _display_cookies(request: HttpRequest, rule: Shared) -> dict[str, str]:
    """The cookies that the answer may depend on; one that says nothing is as none."""
    found = {"elder": "1"} if request.COOKIES.get("elder") == "1" else {}
    for name in rule.cookies:
        value = request.COOKIES.get(name, "")
        if _DISPLAY_VALUE.fullmatch(value):
            found[name] = value
    return found


def _keep(request: Any, answer: HttpResponse, rule: Shared) -> Kept | None:
    """What is to be kept of an answer; nothing of one that is somebody's own, an error, or too large."""
    making: Making = request.making
    if answer.status_code not in (200, 304) or getattr(request, "unshared", False):
        _as_own(answer)
        return None
    if not rule.cookies.issuperset(answer.cookies) or request.looks:
        log.error("%s is marked as shared and is somebody's own", request.resolver_match.view_name)
        _as_own(answer)
        return None
    said = answer.get("Cache-Control")
    answer["Cache-Control"] = f"{said}, {PROXY}" if said else CACHE_CONTROL
    answer["Vary"] = "Accept-Encoding, Cookie"
    content = _content(answer)
    if content is None or making.edition is None:
        return None
    return _kept(answer, content, (making.edition, making.day), rule)


def _content(answer: HttpResponse) -> bytes | None:
    """The content of a whole answer that is not too large."""
    if answer.status_code != 200:
        return None
    if not answer.streaming:
        return answer.content if len(answer.content) <= LARGEST else None
    if not isinstance(answer, FileResponse) or int(answer.get("Content-Length", LARGEST + 1)) > LARGEST:
        return None
    content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    answer.file_to_stream.close()  # the answer's own close would tell Django that the request is over
    return content


def _kept(answer: HttpResponse, content: bytes, stamp: Stamp, rule: Shared) -> Kept:
    etag = answer.get("ETag") or f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    del answer["ETag"], answer["Content-Length"]
    packed = len(content) >= _SMALL
    cookies = []
    for cookie in answer.cookies.values():
        cookie["expires"] = ""  # Max-Age says it, whenever it is given out
        cookies.append(cookie)
    return Kept(
        content=gzip.compress(content, compresslevel=6, mtime=0) if packed else content,
        packed=packed,
        headers=tuple(answer.items()),
        cookies=tuple(cookies),
        etag=etag,
        stamp=stamp,
        until=time.monotonic() + rule.seconds if rule.seconds else float("inf"),
    )


def _give(request: HttpRequest, kept: Kept) -> HttpResponse:
    """A kept answer to one who asks: not at all when they have it, with a display cookie when theirs is another."""
    meta = request.META
    due = [one for one in kept.cookies if request.COOKIES.get(one.key) != one.value]
    packed = kept.packed and "gzip" in meta.get("HTTP_ACCEPT_ENCODING", "")
    content = kept.content if packed or not kept.packed else gzip.decompress(kept.content)
    answer = HttpResponse(content, headers=dict(kept.headers))
    answer.headers["ETag"] = kept.etag
    answer.headers["Content-Length"] = str(len(content))
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    if due:
        for one in due:
            answer.cookies[one.key] = one  # type: ignore[assignment]
        return _as_own(answer)
    if "HTTP_IF_NONE_MATCH" in meta:
        return get_conditional_response(request, etag=kept.etag, response=answer) or answer
    return answer


def _as_own(answer: HttpResponse) -> HttpResponse:
    """An answer that no cache on the way keeps."""
    answer["Cache-Control"] = OWN
    return answer
