"""Passwords get half of a process's time: a burst passes, the rest are told when to come back, each at another moment."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import pairwise
from typing import Any

import pytest
from django.test import Client

from weimin.kernel.accounts.actions import DemoSmsProvider
from weimin.kernel.accounts.testing import ask_for_code
from weimin.kernel.accounts.web import turnstile
from weimin.kernel.accounts.web.turnstile import BURST_SECONDS, LONGEST_SECONDS, SHARE, Crowded, Turnstile


def used_up() -> Turnstile:
    gate = Turnstile()
    for _ in range(30):
        gate.leave(now=100.0, seconds=0.1)
    return gate


def test_a_burst_passes_and_the_rest_are_sent_away() -> None:
    gate, now, passed = Turnstile(), 100.0, 0
    for _ in range(100):
        try:
            gate.enter(now=now)
        except Crowded:
            break
        now += 0.1
        gate.leave(now=now, seconds=0.1)
        passed += 1
    assert passed == pytest.approx(BURST_SECONDS / (0.1 / SHARE - 0.1), abs=2)


def test_over_a_long_time_checks_take_their_share() -> None:
    gate, now, busy = Turnstile(), 0.0, 0.0
    while now < 600:
        try:
            gate.enter(now=now)
        except Crowded:
            now += 0.01
            continue
        now += 0.1
        busy += 0.1
        gate.leave(now=now, seconds=0.1)
    assert busy / now == pytest.approx(SHARE, abs=0.02)


def test_each_is_given_a_moment_of_their_own_and_none_waits_for_ever() -> None:
    gate = used_up()
    waits = []
    for _ in range(1000):
        with pytest.raises(Crowded) as told:
            gate.enter(now=100.0)
        waits.append(told.value.wait_seconds)
    assert len(set(waits)) > 20
    assert waits[0] >= 1
    assert max(waits) == LONGEST_SECONDS
    placed = next(n for n, (one, after) in enumerate(pairwise(waits)) if after < one)
    assert placed * 0.1 / SHARE == pytest.approx(LONGEST_SECONDS, abs=5), "the next two minutes are given away in order"
    assert len(set(waits[placed:])) > 50, "whoever finds no place comes at any moment, not all together"


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.9, 1.5])
def test_five_hundred_at_once_are_in_as_soon_as_the_share_allows(seconds: float) -> None:
    """Everybody comes back when told. Also where one check takes so long that all of them together wait for long."""
    gate, free, coming = Turnstile(), 0.0, [(0.0, nth) for nth in range(500)]
    while coming:
        at, nth = heappop(coming)
        now = max(at, free)
        try:
            gate.enter(now=now)
        except Crowded as told:
            free = now + 0.01
            heappush(coming, (free + told.wait_seconds, nth))
        else:
            free = now + seconds
            gate.leave(now=free, seconds=seconds)
    assert free < 1.05 * 500 * seconds / SHARE + LONGEST_SECONDS / 2


def test_whoever_comes_back_in_time_passes() -> None:
    gate = used_up()
    with pytest.raises(Crowded) as told:
        gate.enter(now=100.0)
    gate.enter(now=100.0 + told.value.wait_seconds)


def test_the_log_in_page_says_when_to_come_back(city: None, db: None, monkeypatch: Any) -> None:
    import time

    gate = Turnstile()
    monkeypatch.setattr(turnstile, "passwords", gate)
    gate.leave(now=time.monotonic(), seconds=30)
    answer = Client().post("/desk/login/", {"login": "somebody", "password": "a-password-of-mine"})
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 1
    assert "现在登录的人很多" in answer.content.decode()
    assert Client().get("/desk/login/").status_code == 200


def test_a_slow_gateway_of_codes_leaves_time_for_those_at_work(city: None, db: None, monkeypatch: Any) -> None:
    import time

    gate, sent = Turnstile(), list[str]()

    def take_long(self: Any, *, phone: str, text: str) -> None:
        sent.append(text)
        gate.leave(now=time.monotonic(), seconds=30)  # beside the moment that this call really took

    monkeypatch.setattr(turnstile, "codes", gate)
    monkeypatch.setattr(DemoSmsProvider, "send", take_long)
    assert ask_for_code(Client(), "13900000001").status_code == 302
    answer = ask_for_code(Client(), "13900000002")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 1
    assert len(sent) == 1
