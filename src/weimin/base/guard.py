"""The access rule that every view carries: deny by default, named where the view is written.

The middleware in `weimin.config.middleware` sets `request.actor`; a view without a rule is refused
there, and an architecture test finds it before that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Who may call a view at all; which rows they see is decided in SQL below it."""

    who: str
    roles: frozenset[str] = frozenset()
    own: bool = False
    reads: str = ""
    glass: bool = False

    def __str__(self) -> str:
        return (
            self.who + ("(own)" if self.own else "") + ("(" + ",".join(sorted(self.roles)) + ")" if self.roles else "")
        )


_KINDS = frozenset({"public", "entrance", "resident", "staff", "client", "demo"})


View = TypeVar("View", bound=Callable[..., Any])


def access(
    who: str, *, roles: set[str] | frozenset[str] = frozenset(), own: bool = False, reads: str = "", glass: bool = False
) -> Callable[[View], View]:
    """Name who may call a view: public, resident, staff (with any of the roles), client or demo.

    The entrance are the log-in pages: public, and accounts can be looked up there before anybody is known.
    `own` pages are about one's own log-in: staff reach them without a post, and while a new password or a
    second factor is due. `reads` marks a view that gives out personal data: why, in the words that the person reads.
    `glass` pages are those on which an administrator may look at matters while their break-glass session is open.

    Raises: ValueError — an unknown kind
    """
    if who not in _KINDS:
        raise ValueError(f"unknown kind of viewer: {who}")
    rule = AccessRule(who, frozenset(roles), own, reads, glass)

    def mark(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return mark


def limited(name: str) -> Callable[[View], View]:
    """Count the calls of a view by address against a limit of `WEIMIN_RATES`; the middleware refuses what is over."""

    def mark(view: View) -> View:
        view.rate_limit = name  # type: ignore[attr-defined]
        return view

    return mark
