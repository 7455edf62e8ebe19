"""Time-based one-time passwords: which step a code belongs to (RFC 6238)."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

PERIOD = 30
#: Steps before and after the present one that count, for phones whose clock is a little off.
TOLERANCE = 1


def code_at(secret: str, step: int) -> str:
    """The six digits of a step."""
    key = base64.b32decode(secret, casefold=True)
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    place = mac[-1] & 15
    return f"{(int.from_bytes(mac[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def find_step(*, secret: str, code: str, at: datetime) -> int | None:
    """The step that a code belongs to, near a moment; None when it belongs to none of them."""
    code = "".join(code.split())
    now = int(at.timestamp()) // PERIOD
    found = None
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found
