"""The number that ties together what one request causes: its log lines, what it queues, what the worker does with that.

It is the trace id of W3C Trace Context, so that a proxy that has one already can hand it on. It says nothing of anybody
and is good for searching logs only.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from weimin.base.scrubbing import scrub

P = ParamSpec("P")
T = TypeVar("T")
_PARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_current: ContextVar[str] = ContextVar("weimin_trace", default="")


def read_parent(header: str) -> str:
    """The trace id of a `traceparent` header; '' when it is not one, or has the form of a number that logs scrub."""
    found = _PARENT.fullmatch(header.strip())
    return found.group(1) if found and scrub(found.group(1)) == found.group(1) else ""


def make() -> str:
    """A new trace id, of which the scrubber of the logs leaves all."""
    while scrub(trace := secrets.token_hex(16)) != trace:
        pass
    return trace


def current() -> str:
    """The trace id in force; '' outside of requests and jobs."""
    return _current.get()


@contextmanager
def tracing(trace: str = "") -> Iterator[str]:
    """Have a trace id in force, a new one when none is given."""
    token = _current.set(trace or make())
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def traced(work: Callable[P, T]) -> Callable[P, T]:
    """Have every call of a job run under a trace of its own."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with tracing():
            return work(*args, **kwargs)

    return run


def spoken(trace: str) -> str:
    """What a person reads out over the phone: the first eight digits, as 3f9a-12bc; '' for none."""
    return f"{trace[:4]}-{trace[4:8]}" if trace else ""


class Traced(logging.Filter):
    """Puts the trace id in force on every record, '-' where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record pass."""
        record.trace = _current.get() or "-"
        return True
