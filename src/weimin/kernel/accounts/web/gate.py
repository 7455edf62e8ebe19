"""What somebody has to do before the desk opens: change a temporary password, set up a second factor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from weimin.kernel.accounts.web.sessions import FACTOR


def must_have_factor(roles: Iterable[str]) -> bool:
    """Whether holders of any of these roles need a second factor here."""
    return settings.WEIMIN_SECOND_FACTOR and not settings.WEIMIN_SECOND_FACTOR_ROLES.isdisjoint(roles)


def what_is_due(request: Any, roles: Callable[[], Iterable[str]]) -> str:
    """The name of the page that comes first; '' when the desk is open.

    `roles` gives the roles of every post of the account, whichever it acts in now, and is asked only when needed.
    """
    if request.user.password_is_temporary:
        return "desk:password"
    if not settings.WEIMIN_SECOND_FACTOR or request.session.get(FACTOR):
        return ""
    return "desk:account" if must_have_factor(roles()) else ""
