"""Checks and masks of the identifiers that people and bodies carry.

Nothing here says whether a number was issued; only whether it could have been.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from weimin.base.errors import Invalid

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PHONE = re.compile(r"1[3-9]\d{9}")


class IdentifierInvalid(Invalid):
    """The number cannot be one of its kind."""

    code = "base.identifier_invalid"


@dataclass(frozen=True, slots=True)
class IdNumber:
    """A citizen's identity number that passed its checks."""

    number: str
    region: str
    birth_date: date
    sex: str
    upgraded: bool = False


def _id_check(first17: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(first17, _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11]


def _plain(text: str) -> str:
    """What was typed, with full-width digits and letters made plain, without spaces and hyphens."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()


def check_id_number(text: str) -> IdNumber:
    """Check an 18-digit identity number, or upgrade an old 15-digit one.

    A lower-case x and full-width characters are accepted; spaces and hyphens are dropped; an unknown
    region is no fault, since regions are abolished.

    Raises: IdentifierInvalid — with the reason in plain words
    Law:    gb-11643 art. 4
    """
    number = _plain(text)
    upgraded = False
    if re.fullmatch(r"[0-9]{15}", number):
        number = number[:6] + "19" + number[6:]
        number, upgraded = number + _id_check(number), True
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        raise IdentifierInvalid("身份证号应为 18 位：前 17 位是数字，最后一位是数字或 X。请对照身份证重新填写。")
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as broken:
        raise IdentifierInvalid(
            f"身份证号里的出生日期 {number[6:10]} 年 {number[10:12]} 月 {number[12:14]} 日不存在，请核对第 7 到 14 位。"
        ) from broken
    if _id_check(number[:17]) != number[17]:
        raise IdentifierInvalid("身份证号校验不通过，可能有一位写错或前后写反，请对照身份证逐位核对。")
    sex = "男" if int(number[16]) % 2 else "女"
    return IdNumber(number, number[:6], birth, sex, upgraded)


def check_uscc(text: str) -> str:
    """Check a unified social credit code and its organisation code; gives it in upper case.

    Raises: IdentifierInvalid — with the reason in plain words
    Law:    gb-32100 art. 4
    """
    code = _plain(text)
    if len(code) != 18:
        raise IdentifierInvalid(f"统一社会信用代码应为 18 位，现在是 {len(code)} 位，请对照证照重新填写。")
    wrong = next((letter for letter in code if letter not in _USCC_LETTERS), None)
    if wrong is not None:
        raise IdentifierInvalid(f"统一社会信用代码里不会出现“{wrong}”（不用 I、O、S、V、Z），请对照证照核对。")
    if not code[2:8].isdigit():
        raise IdentifierInvalid("统一社会信用代码第 3 到 8 位应为数字（登记机关所在地区划），请核对。")
    total = sum(_USCC_LETTERS.index(letter) * weight for letter, weight in zip(code, _USCC_WEIGHTS, strict=False))
    if _USCC_LETTERS[(31 - total % 31) % 31] != code[17]:
        raise IdentifierInvalid("统一社会信用代码校验不通过，可能有一位写错，请对照证照逐位核对。")
    if not _organisation_code_holds(code[8:17]):
        raise IdentifierInvalid("统一社会信用代码中的组织机构代码（第 9 到 17 位）校验不通过，请核对。")
    return code


def _organisation_code_holds(code: str) -> bool:
    values = [int(letter) if letter.isdigit() else ord(letter) - 55 for letter in code[:8]]
    check = 11 - sum(v * w for v, w in zip(values, _ORG_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(check, str(check)) == code[8]


def check_phone(text: str) -> str:
    """Check a mainland mobile number; gives its eleven digits.

    Raises: IdentifierInvalid — with the reason in plain words
    """
    digits = _plain(text)
    if digits.startswith("+86"):
        digits = digits[3:]
    if not _PHONE.fullmatch(digits):
        raise IdentifierInvalid("手机号应为 11 位数字、以 1 开头，请重新填写。")
    return digits


def mask_id(number: str) -> str:
    """Show the first six and the last character of an identity number."""
    return number[:6] + "*" * max(len(number) - 7, 0) + number[-1:]


def mask_phone(number: str) -> str:
    """Show the first three and the last two digits of a phone number."""
    return number[:3] + "*" * max(len(number) - 5, 0) + number[-2:]


def mask_name(name: str) -> str:
    """Show the family name's first character only."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def place_prefix(code: str) -> str:
    """The part of a division's code that all below it share: 340321000000 → 340321."""
    for length in (2, 4, 6, 9):
        if not code[length:].strip("0"):
            return code[:length]
    return code


def mask_numbers(text: str) -> str:
    """Mask what may be an identity number, a phone or a bank card wherever it stands in a text.

    Shape:  runs of eleven digits and more, also written in groups; a card keeps four digits at each end
    """
    return _LONG_NUMBER.sub(_masked_run, text)


#: Digits with single blanks or dashes between them; the last may be the X of an identity number.
_LONG_NUMBER = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){9,}[ -]?[0-9Xx](?![0-9])")


def _masked_run(found: re.Match[str]) -> str:
    run = re.sub(r"[ -]", "", found.group())
    if len(run) == 11:
        return mask_phone(run)
    if len(run) in (15, 18):
        return mask_id(run)
    return run[:4] + "*" * (len(run) - 8) + run[-4:]
