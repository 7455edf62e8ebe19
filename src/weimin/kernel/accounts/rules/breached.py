"""Whether a password is in a list of breached ones: a sorted file of SHA-1 digests, asked without the network.

The file is in the form in which the public lists are handed out: one line a password, forty capital hex digits, a
colon and how often it was seen, sorted by the digits. SHA-1 is the list's choice and protects nothing here.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_DIGITS = 40
#: No line of such a list is longer.
_LINE = 64


def _line_from(handle: int, place: int, size: int) -> tuple[int, bytes]:
    """The first whole line that starts at or after a place: where it starts, and its digits."""
    begin = max(place - 1, 0)
    block = os.pread(handle, 2 * _LINE, begin)
    skip = 0 if place == 0 else block.find(b"\n") + 1
    if place and not skip:
        return size, b""
    return begin + skip, block[skip : skip + _DIGITS].upper()


def is_breached(path: Path, password: str) -> bool:
    """Whether the list holds a password.

    Raises: OSError — the file cannot be read
    Cost:   about 35 small reads in a list of a billion lines
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            start, digits = _line_from(handle, middle, size)
            if start >= size or digits >= wanted:
                high = middle
            else:
                low = middle + 1
        start, digits = _line_from(handle, low, size)
        return start < size and digits == wanted
    finally:
        os.close(handle)


def looks_sorted(path: Path, *, samples: int = 64) -> bool:
    """Whether a file looks like such a list: sampled lines are hex digits in rising order."""
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        before = b""
        for number in range(samples):
            start, digits = _line_from(handle, size * number // samples, size)
            if start >= size:
                break
            if len(digits) != _DIGITS or digits.strip(b"0123456789ABCDEF") or digits < before:
                return False
            before = digits
        return bool(before)
    finally:
        os.close(handle)
