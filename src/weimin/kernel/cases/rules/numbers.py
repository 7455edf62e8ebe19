"""Matter numbers: township, day, serial; and the code on a receipt that proves it is ours."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from weimin.base.crypto import same, short_mac
from weimin.base.errors import Invalid


class NumberInvalid(Invalid):
    """The text is not a matter number."""

    code = "cases.number_invalid"


def number_prefix(*, township_code: str, on: date) -> str:
    """The part of a number that a township's counter of the day belongs to."""
    return f"{township_code[:9]}-{on:%y%m%d}"


def make_number(prefix: str, serial: int) -> str:
    """A matter number: 340321113-261124-00012."""
    return f"{prefix}-{serial:05d}"


def read_number(text: str) -> str:
    """Read a matter number typed with or without hyphens and spaces, in half or full width.

    Raises: NumberInvalid — not twenty digits
    """
    digits = re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))
    if len(digits) != 20:
        raise NumberInvalid("办件编号是 20 位数字，如 340321113-261124-00012，请对照凭证重新填写。")
    return f"{digits[:9]}-{digits[9:15]}-{digits[15:]}"


def receipt_code(number: str) -> str:
    """The verification code printed on a matter's papers."""
    return short_mac(number, purpose="receipt", length=8)


def receipt_holds(number: str, code: str) -> bool:
    """Whether a code belongs to a number."""
    return same(receipt_code(number), code.strip().upper())


def pickup_code(number: str) -> str:
    """The six-character code a person shows to collect a result."""
    return short_mac(number, purpose="pickup", length=6)
