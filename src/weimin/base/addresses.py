"""Where a request comes from, as far as our own proxies vouch for it.

An address is used for one thing: to count how often one place knocks. It is never stored; what is kept is a
keyed digest that expires with the limit. The duty to keep network logs for six months is met by the proxy's
access log, which the platform neither reads nor copies.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from django.conf import settings

#: IPv6 hands whole networks to one household: the first half of the address is the place.
_IPV6_PREFIX = 64
UNKNOWN = "unknown"


def client_address(*, remote: str, forwarded: str, proxies: int) -> str:
    """The address that the outermost trusted proxy saw.

    Each trusted proxy appends the address it was called from, so the one that counts stands `proxies` places from
    the end; whatever stands before it was written by the caller and is not believed. A list that is too short did
    not pass our proxies: the peer itself counts.

    Shape:  an IPv4 address, the /64 network of an IPv6 address, or `unknown`
    """
    hops = [one.strip() for one in forwarded.split(",")] if forwarded else []
    text = hops[-proxies] if 0 < proxies <= len(hops) else remote
    return _place(text) or _place(remote) or UNKNOWN


def _place(text: str) -> str:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Network((found, _IPV6_PREFIX), strict=False).network_address)
    return str(found)


def address_of(request: Any) -> str:
    """The address of a request, by the number of proxies that the settings name."""
    return client_address(
        remote=request.META.get("REMOTE_ADDR") or "",
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR") or "",
        proxies=settings.WEIMIN_PROXIES,
    )
