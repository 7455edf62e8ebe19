"""The access rule that every view carries: deny by default, named where the view is written.

The middleware in `weimin.config.middleware` sets `request.actor`; a view without a rule is refused
there, and an architecture test finds it before that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class Shared:
    """A view's answers are the same for everybody who is not logged in, and may be kept and given to the next.

    They depend on the address, on the `params` of its query (an answer asked with any other is not kept), on the large
    type, on the display cookies named here, on what is public and on the day; on nothing of who asks. With `seconds`
    they show more than changes by publishing, and are kept so long at most.
    """

    params: frozenset[str] = frozenset()
    cookies: frozenset[str] = frozenset()
    seconds: int | None = None


def shared(*params: str, cookies: tuple[str, ...] = (), seconds: int | None = None) -> Shared:
    """Say that a public view's answers may be shared, and by which parts of the query they differ."""
    return Shared(frozenset(params), frozenset(cookies), seconds)


@dataclass(frozen=True, slots=True)
class AccessRule:
    """Who may call a view at all; which rows they see is decided in SQL below it."""

    who: str
    roles: frozenset[str] = frozenset()
    own: bool = False
    reads: str = ""
    glass: bool = False
    shared: Shared | None = None

    def __str__(self) -> str:
        return (
            self.who + ("(own)" if self.own else "") + ("(" + ",".join(sorted(self.roles)) + ")" if self.roles else "")
        )


_KINDS = frozenset({"public", "entrance", "resident", "staff", "client", "demo"})


View = TypeVar("View", bound=Callable[..., Any])


def access(
    who: str,
    *,
    roles: set[str] | frozenset[str] = frozenset(),
    own: bool = False,
    reads: str = "",
    glass: bool = False,
    shared: Shared | None = None,
) -> Callable[[View], View]:
    """Name who may call a view: public, resident, staff (with any of the roles), client or demo.

    The entrance are the log-in pages: public, and accounts can be looked up there before anybody is known.
    `own` pages are about one's own log-in: staff reach them without a post, and while a new password or a
    second factor is due. `reads` marks a view that gives out personal data: why, in the words that the person reads.
    `glass` pages are those on which an administrator may look at matters while their break-glass session is open.
    `shared` answers may be kept and given to the next who asks.

    Raises: ValueError — an unknown kind; shared what is not public or gives out personal data
    """
    if who not in _KINDS:
        raise ValueError(f"unknown kind of viewer: {who}")
    if shared and (who != "public" or reads):
        raise ValueError("only public views without personal data are shared")
    rule = AccessRule(who, frozenset(roles), own, reads, glass, shared)

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
