"""What takes the time of a write action beside its rows: own time by package, from a profile in process."""

from __future__ import annotations

import cProfile
import pstats
import re
from collections import defaultdict
from typing import Any

from bench import life

#: Own time is booked under the first of these that a file's path names; the rest under Python.
PACKAGES = ("weimin", "django", "ninja", "pydantic", "SpiffWorkflow", "psycopg", "cryptography")
_WAITS = re.compile(r"poll|select|wait|recv|epoll")


class _Inner:
    """A client in this process."""

    def __init__(self, token: str) -> None:
        from django.test import Client

        self.client, self.token = Client(SERVER_NAME="localhost"), token

    def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key}
        answer = self.client.post(path, body, content_type="application/json", headers=headers)
        assert answer.status_code < 300, answer.content.decode()
        found: dict[str, Any] = answer.json()
        return found


def measure(lives: int = 30) -> dict[str, float]:
    """Shares of own time by package, waiting for PostgreSQL apart; they add up to one."""
    people = life.make_tokens(1)[0]
    links: Any = {role: _Inner(token) for role, token in people.items() if role not in ("township", "village")}
    for _ in range(3):
        life.live(links, people, lambda name, value: None)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(lives):
        life.live(links, people, lambda name, value: None)
    profile.disable()
    return _shares(pstats.Stats(profile).stats)  # type: ignore[attr-defined]


def _shares(stats: dict[Any, Any]) -> dict[str, float]:
    own: dict[str, float] = defaultdict(float)
    for (file, _, name), (_, _, spent, _, callers) in stats.items():
        if file != "~":
            own[_package(file)] += spent
        elif _WAITS.search(name) and "psycopg" in str(callers):
            own["waiting for PostgreSQL"] += spent
        else:  # what is written in C is booked under who called it
            for (caller, _, _), (_, _, part, _) in callers.items():
                own[_package(caller)] += part
    total = sum(own.values())
    return {name: spent / total for name, spent in sorted(own.items(), key=lambda one: -one[1])}


def _package(file: str) -> str:
    parts = file.replace("\\", "/").split("/")
    return next((one for one in PACKAGES if one in parts or f"{one}_binary" in parts), "Python and others")


def report(shares: dict[str, float]) -> list[str]:
    """The lines for the page of figures."""
    return [
        "## Where an action's time goes\n",
        "Own time of the packages over thirty lives in one process, by cProfile, which makes small functions look dearer than they are.\n",
        "| package | share |\n| --- | --- |",
        *[f"| {name} | {share:.0%} |" for name, share in shares.items() if share >= 0.005],
    ]
