"""Codes of items: base code (12), implementation code (31), handling code (33), and the standard's code sets.

A base code (基本编码) names what is the same everywhere; an implementation code (实施编码) puts before it the body
that does it and the level at which it is done; a handling code (业务办理项编码) adds the variant. Codes are text and
never used again.

GB/T 39046 itself still prints lengths of 10 and 24, older than the rule in use. Such codes come in with a warning and
are never written by the platform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from weimin.base.errors import Invalid
from weimin.base.identifiers import IdentifierInvalid, check_uscc

BASE, IMPLEMENTATION, HANDLING = 12, 31, 33
#: The longest that the printed standard knows: codes up to these lengths are older, not wrong.
OLD_BASE, OLD_IMPLEMENTATION = 10, 24
_BODY, _LEVEL = 18, 1
_OWN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")
_AREA = re.compile(r"(A[1-9])-")


class CodeInvalid(Invalid):
    """A code of an item breaks its rule."""

    code = "catalogue.code_invalid"


@dataclass(frozen=True, slots=True)
class CodeSet:
    """One enumeration of the standard."""

    key: str
    name: str
    table: str
    codes: dict[str, str]
    free: tuple[tuple[str, str], ...]
    own: dict[str, str]

    def holds(self, code: str) -> bool:
        """Whether the standard knows a code, or leaves it to places."""
        return code in self.codes or any(len(code) == len(low) and low <= code <= high for low, high in self.free)


@dataclass(frozen=True, slots=True)
class ItemCode:
    """A code taken apart; what an older code does not tell is empty.

    Shape:  `warnings` are sentences for the list keeper, empty for a code of today's rule
    """

    text: str
    base: str
    body: str = ""
    level: str = ""
    serial: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """Two figures: 00 national, 34 Anhui; empty for an older code."""
        return self.base[:2] if len(self.base) == BASE else ""

    @property
    def type_code(self) -> str:
        """The item type by table A.1; empty for an older code."""
        return self.base[2:4] if len(self.base) == BASE else ""


@cache
def code_sets() -> dict[str, CodeSet]:
    """The code sets of GB/T 39046, annex A, by our key."""
    read = yaml.safe_load((Path(__file__).parents[1] / "data/codes.yaml").read_text(encoding="utf-8"))
    return {
        key: CodeSet(
            key=key,
            name=raw["name"],
            table=raw["table"],
            codes=dict(raw["codes"]),
            free=tuple((low, high) for low, high in raw.get("free") or ()),
            own=dict(raw.get("own") or {}),
        )
        for key, raw in read["sets"].items()
    }


def read_base_code(text: str, *, type_code: str = "") -> ItemCode:
    """Read a base code: 2 area, 2 type, 2 department, 3 main item, 3 sub-item (000 none), all figures.

    Raises: CodeInvalid — no figures, too long, another type than the item's
    """
    code = _plain(text)
    if not (code.isascii() and code.isdecimal()):
        raise CodeInvalid(f"基本编码应为 {BASE} 位数字，现在是“{text}”。")
    if len(code) <= OLD_BASE:
        return ItemCode(code, code, warnings=(f"基本编码只有 {len(code)} 位，是旧编码，请换成 {BASE} 位的。",))
    if len(code) != BASE:
        raise CodeInvalid(f"基本编码应为 {BASE} 位数字，现在是 {len(code)} 位。")
    _check_type(code[2:4], type_code, "基本编码第 3、4 位")
    return ItemCode(code, code)


def read_implementation_code(text: str, *, type_code: str = "") -> ItemCode:
    """Read an implementation code: the body's social credit code, the level, the base code.

    Raises: CodeInvalid — wrong length, body, level or type
    Law:    gb-32100 art. 4
    """
    code = _plain(text)
    if not re.fullmatch(r"[0-9A-Z]+", code):
        raise CodeInvalid(f"实施编码应为 {IMPLEMENTATION} 位数字和大写字母，现在是“{text}”。")
    if len(code) <= OLD_IMPLEMENTATION:
        warning = f"实施编码只有 {len(code)} 位，是旧编码，请换成 {IMPLEMENTATION} 位的。"
        return ItemCode(code, "", warnings=(warning,))
    if len(code) != IMPLEMENTATION:
        raise CodeInvalid(f"实施编码应为 {IMPLEMENTATION} 位，现在是 {len(code)} 位。")
    body, level, base = code[:_BODY], code[_BODY], code[_BODY + _LEVEL :]
    try:
        check_uscc(body)
    except IdentifierInvalid as broken:
        raise CodeInvalid(f"实施编码前 18 位不对：{broken.message}") from broken
    if level not in code_sets()["level"].codes:
        raise CodeInvalid(f"实施编码第 19 位是行使层级 1–7，现在是“{level}”。")
    if not base.isdecimal():
        raise CodeInvalid("实施编码后 12 位是基本编码，应全是数字。")
    _check_type(base[2:4], type_code, "实施编码第 22、23 位")
    return ItemCode(code, base, body=body, level=level)


def read_handling_code(text: str, *, type_code: str = "") -> ItemCode:
    """Read a handling code: an implementation code and two figures of a variant.

    Raises: CodeInvalid — wrong length or variant, or what is wrong with the implementation code
    """
    code = _plain(text)
    if len(code) != HANDLING:
        raise CodeInvalid(f"业务办理项编码应为 {HANDLING} 位，现在是 {len(code)} 位。")
    serial = code[IMPLEMENTATION:]
    if not (serial.isascii() and serial.isdecimal()) or serial == "00":
        raise CodeInvalid(f"业务办理项编码最后两位是序号 01–99，现在是“{serial}”。")
    whole = read_implementation_code(code[:IMPLEMENTATION], type_code=type_code)
    return ItemCode(code, whole.base, body=whole.body, level=whole.level, serial=serial)


def make_implementation_code(*, body: str, level: str, base: str) -> str:
    """Write an implementation code.

    Raises: CodeInvalid — a part breaks its rule; an older base code cannot be written
    """
    if len(_plain(base)) != BASE:
        raise CodeInvalid(f"基本编码不足 {BASE} 位，不能编成实施编码。")
    return read_implementation_code(_plain(body) + level + _plain(base)).text


def make_handling_code(*, implementation: str, serial: int) -> str:
    """Write a handling code.

    Raises: CodeInvalid — a part breaks its rule, or no number from 1 to 99
    """
    return read_handling_code(f"{_plain(implementation)}{serial:02d}").text


def check_record(doc: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """What is wrong with the codes that an item record carries, by field, and what should only be looked at.

    `base_code`, `implementation_code` and `handling_code` may be missing: the county list brings them.
    """
    faults: dict[str, str] = {}
    warnings: list[str] = []
    own = str(doc.get("code") or "")
    area = _AREA.match(own)
    if own and not _OWN.fullmatch(own):
        faults["code"] = "事项代码只能用字母、数字、点和短横，最长 40 位。"
    elif area and area.group(1) != doc.get("area"):
        faults["code"] = f"事项代码 {own} 和服务领域 {doc.get('area')} 对不上。"
    found: dict[str, ItemCode] = {}
    for key, read in _READERS.items():
        if text := str(doc.get(key) or "").strip():
            try:
                found[key] = read(text, type_code=str(doc.get("type") or ""))
            except CodeInvalid as broken:
                faults[key] = broken.message
                continue
            warnings.extend(found[key].warnings)
    bases = {one.base for one in found.values() if len(one.base) == BASE}
    if len(bases) > 1:
        faults.setdefault("implementation_code", "实施编码里的基本编码和这一事项的基本编码不一样。")
    return faults, warnings


_READERS = {
    "base_code": read_base_code,
    "implementation_code": read_implementation_code,
    "handling_code": read_handling_code,
}


def _plain(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


def _check_type(found: str, wanted: str, where: str) -> None:
    if not code_sets()["item_type"].holds(found):
        raise CodeInvalid(f"{where}是事项类型，“{found}”不在 GB/T 39046 表 A.1 之内。")
    if wanted and found != wanted:
        raise CodeInvalid(f"{where}是事项类型 {found}，和这一事项的类型 {wanted} 不一样。")
