"""Whom one request showed: queries that give out a person's data say so here, and one entry is made of it.

A query notes every person whose name, card, answers, papers or files it gives out. The outermost code of
the request (`weimin.config.looks`) opens the list before the view runs and turns it into one entry of the
read log before the answer leaves. Outside a request nothing is noted, and nothing whole can be revealed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from weimin.base.errors import Invalid

#: A reason in fewer characters than this says nothing.
SHORTEST_REASON = 5


class ReasonTooShort(Invalid):
    """Whoever wants to see a whole number says why."""

    code = "looking.reason_too_short"


class NotRecorded(RuntimeError):
    """A whole number was asked for where no entry would be made of it."""


@dataclass(slots=True)
class Looks:
    """What one request showed: people with the matter they were shown for, and why a whole number was opened.

    Shape:  people are (resident id, matter number or ''); accounts are log-ins whose people are found later
    """

    people: dict[tuple[int, str], None] = field(default_factory=dict)
    accounts: dict[tuple[int, str], None] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    revealed: str = ""
    reason: str = ""

    def drop(self) -> None:
        """Forget all: what was found does not leave in the answer."""
        self.people.clear()
        self.accounts.clear()
        self.about.clear()
        self.revealed = self.reason = ""

    def __bool__(self) -> bool:
        return bool(self.people or self.accounts)


_looks: ContextVar[Looks | None] = ContextVar("looks", default=None)


@contextmanager
def collecting(looks: Looks | None = None) -> Iterator[Looks]:
    """Collect what is noted from here on, into a list of its own."""
    mine = looks if looks is not None else Looks()
    token = _looks.set(mine)
    try:
        yield mine
    finally:
        _looks.reset(token)


def note(resident_id: int | None, *, matter: str = "", about: str = "") -> None:
    """Say that a person's data is given out, for which matter, and what the matter is about."""
    looks = _looks.get()
    if looks is None or resident_id is None:
        return
    looks.people[resident_id, matter] = None
    if matter and about:
        looks.about[matter] = about


def note_account(account_id: int | None, *, matter: str = "") -> None:
    """The same, by the log-in of a person."""
    looks = _looks.get()
    if looks is not None and account_id is not None:
        looks.accounts[account_id, matter] = None


def drop() -> None:
    """Say that nothing of what was found is in the answer."""
    looks = _looks.get()
    if looks is not None:
        looks.drop()


def note_reveal(what: str, *, reason: str) -> None:
    """Say which number is given out whole, and the reason that was typed.

    Raises: ReasonTooShort — no reason, or one too short to mean anything
            NotRecorded — outside a request, where nobody would ever know
    """
    said = " ".join(reason.split())
    if len(said.replace(" ", "")) < SHORTEST_REASON:
        told = f"请写明为什么要看全号，至少 {SHORTEST_REASON} 个字，本人会看到。"
        raise ReasonTooShort(told, fields={"reason": told})
    looks = _looks.get()
    if looks is None:
        raise NotRecorded(what)
    looks.revealed, looks.reason = what, said
