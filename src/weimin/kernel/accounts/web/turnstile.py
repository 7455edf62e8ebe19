"""What a log-in waits for gets a share of a web process, never all of it.

Checking a password takes much time and memory on purpose; handing a code to the gateway of texts takes as long as the
gateway does. When everybody logs in at once, at eight in the morning or under attack, or the gateway is slow, those who
are at work already go on: a process gives to passwords at most half of its time, and so to codes. A burst is let
through; who comes when that is used up is told at once, before anything is looked up, when there will be time. Each
process counts for itself: nothing is shared, nothing waits.

Whoever would wait too long is given no place but a moment by chance: sent away for the longest time, all of them would
come back together, find room for two or three, and the process would stand idle until they come together again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from weimin.base.errors import NotReady

#: What part of its time a process gives to passwords, and what part to codes.
SHARE = 0.5
#: How many seconds of checking may be owed before somebody is turned away.
BURST_SECONDS = 3.0
#: Nobody is sent away for longer than this.
LONGEST_SECONDS = 120


class Crowded(NotReady):
    """Too many people log in at this moment; `wait_seconds` says when there is time."""

    code = "accounts.crowded"

    def __init__(self, wait_seconds: int) -> None:
        super().__init__(f"现在登录的人很多，请过 {wait_seconds} 秒再登录。已经登录的不受影响。")
        self.wait_seconds = wait_seconds


class Turnstile:
    """Lets checks pass as long as they keep within their share of the time; gives the others a place in time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paid_at = 0.0  # when what was used so far is paid by the time that passed
        self._promised_at = 0.0  # the last moment that somebody was sent away to
        self._cost = 0.2  # what one check lately used up of the time

    def enter(self, *, now: float) -> None:
        """Let somebody pass.

        Raises: Crowded — with a moment of their own, so that not all come back at once
        """
        with self._lock:
            if self._paid_at - now <= BURST_SECONDS:
                return
            place = max(self._promised_at, self._paid_at - BURST_SECONDS, now) + self._cost
            if place - now > LONGEST_SECONDS:
                raise Crowded(random.randint(LONGEST_SECONDS // 2, LONGEST_SECONDS))  # noqa: S311 — nobody's secret
            self._promised_at = place
            raise Crowded(max(1, ceil(place - now)))

    def leave(self, *, now: float, seconds: float) -> None:
        """Count the time that a check took."""
        with self._lock:
            self._cost = seconds / SHARE
            self._paid_at = max(self._paid_at, now - seconds) + self._cost

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Enter, and count the time until the end.

        Raises: Crowded
        """
        began = time.monotonic()
        self.enter(now=began)
        try:
            yield
        finally:
            now = time.monotonic()
            self.leave(now=now, seconds=now - began)


#: Those of this process.
passwords, codes = Turnstile(), Turnstile()
