"""The device cookie on requests and answers, and the budget of tries that follows from it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse

from weimin.base import clock
from weimin.base.addresses import address_of
from weimin.base.errors import TooOften
from weimin.kernel.accounts.actions import give_back, note_held, spend
from weimin.kernel.accounts.rules import devices as rules
from weimin.kernel.record.types import Actor

COOKIE = "weimin_device"


def known_device(request: Any, account_id: int | None) -> str:
    """The number of a browser from which this account was logged into before; '' for a strange one."""
    found = rules.open_devices(request.COOKIES.get(COOKIE, ""), at=clock.now())
    return found[account_id][0] if account_id in found else ""


def remember_device(request: Any, answer: HttpResponse, account_id: int) -> None:
    """Give the browser a new number for an account that has just been logged into."""
    at = clock.now()
    kept = rules.open_devices(request.COOKIES.get(COOKIE, ""), at=at)
    answer.set_cookie(
        COOKIE,
        rules.seal_devices(kept, account_id=account_id, at=at),
        max_age=rules.KEEP,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Strict",
    )


class Tries:
    """Tries at one secret of one account: counted before they are looked at, given back when they were good.

    A strange browser counts against the pool of all strange browsers and against its address; a known one only
    against itself. So an attacker uses up what strangers have, and the owner's own browser goes on as before.
    """

    def __init__(self, request: Any, limit: str, *, account_id: int | None, name: str = "") -> None:
        self.request, self.limit, self.account_id = request, limit, account_id
        device = known_device(request, account_id)
        self.known = bool(device)
        who = f"device:{device}" if device else f"name:{name}" if name else f"account:{account_id}"
        self._pools = [(limit, who)]
        if not device:
            self._pools.append((f"{limit}.address", address_of(request)))

    def spend(self) -> None:
        """Use one try of every pool.

        Raises: TooOften — a pool is empty; nothing was used
        """
        at = clock.now()
        for done, (limit, who) in enumerate(self._pools):
            try:
                spend(limit=limit, who=who, at=at)
            except TooOften:
                for one in self._pools[:done]:
                    give_back(limit=one[0], who=one[1], at=at)
                if self.account_id:
                    by = Actor.anonymous(via="desk" if self.request.path.startswith("/desk/") else "portal")
                    note_held(by=by, at=at, account_id=self.account_id, known_device=self.known)
                raise

    def give_back(self) -> None:
        """The try was good."""
        at = clock.now()
        for limit, who in self._pools:
            give_back(limit=limit, who=who, at=at)
