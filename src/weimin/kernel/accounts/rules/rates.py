"""How often something may be tried: reading the limits, and saying how long to wait."""

from __future__ import annotations

import re
from math import ceil

from weimin.kernel.accounts.types import Rate

#: Every limit that the settings give a rate to.
LIMITS = frozenset(
    {
        "login",
        "login.address",
        "second",
        "second.address",
        "passkey",
        "code",
        "code.address",
        "city",
        "verify",
        "search",
        "search.miss",
        "search.misses",
        "data",
        "api.client",
        "api.unknown",
        "held",
    }
)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RATE = re.compile(r"([1-9]\d{0,6})/([1-9]\d{0,3})?([smhd])")


def parse_rates(text: str) -> tuple[Rate, ...]:
    """Read `10/5m,100/d`: ten in five minutes and a hundred a day.

    Raises: ValueError — not such a text
    """
    rates = []
    for part in text.split(","):
        found = _RATE.fullmatch(part.strip())
        if not found:
            raise ValueError(f"not a limit like 10/5m: {part!r}")
        rates.append(Rate(int(found[1]), int(found[2] or 1) * _UNITS[found[3]]))
    return tuple(rates)


def wait_words(seconds: int) -> str:
    """How long to wait, in words a person reads.

    Units:  seconds below two minutes, then minutes, then hours, rounded up
    """
    if seconds < 120:
        return f"{seconds} 秒"
    if seconds < 7200:
        return f"{ceil(seconds / 60)} 分钟"
    return f"{ceil(seconds / 3600)} 小时"
