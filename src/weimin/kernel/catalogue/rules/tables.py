"""Items and their materials as flat tables for CSV: each column with what it holds, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from weimin.kernel.catalogue import types
from weimin.kernel.catalogue.rules.codes import code_sets
from weimin.kernel.catalogue.types import PublishedItem

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, what it holds, and how it is read from a row."""

    name: str
    meaning: str
    read: Callable[[Any], Any]


def cell(value: Any) -> str:
    """A value as text that no spreadsheet takes for a formula; lists with 、 between."""
    if isinstance(value, bool):
        return "是" if value else "否"
    text = "、".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _limit(item: PublishedItem, kind: str) -> str:
    raw = (item.doc.get("limits") or {}).get(kind) or {}
    return types.LimitSpec(raw.get("value"), str(raw.get("unit") or "none")).text


def _ways(item: PublishedItem) -> list[str]:
    return [types.CHANNELS.get(str(one), str(one)) for one in item.doc.get("channels") or []]


ITEM_COLUMNS = (
    Column("事项代码", "本平台的稳定代码，不重复使用", lambda one: one.code),
    Column("版本", "第几版，从 1 起", lambda one: one.number),
    Column("生效日期", "这一版从哪天起现行，如 2026-01-05", lambda one: one.valid_from.isoformat()),
    Column("事项名称", "规范名称", lambda one: one.name),
    Column("通俗说明", "一句大白话", lambda one: one.plain),
    Column("服务领域代码", "A1–A9", lambda one: one.area),
    Column("服务领域", "领域名称", lambda one: types.AREAS.get(one.area, "")),
    Column("事项类型代码", "GB/T 39046 表 A.1", lambda one: one.type_code),
    Column("事项类型", "类型名称", lambda one: types.ITEM_TYPES.get(one.type_code, "")),
    Column("基本编码", "12 位，县级清单给出后才有", lambda one: one.doc.get("base_code")),
    Column("依申请", "由群众申请为“是”，机关主动办理为“否”", lambda one: one.applied),
    Column("服务对象", "GB/T 39046 表 A.4 的名称", lambda one: [types.AUDIENCES.get(x, x) for x in one.audience]),
    Column("受理条件", "谁能办", lambda one: one.doc.get("conditions")),
    Column("法定时限", "法律规定的最长时间", lambda one: _limit(one, "statutory")),
    Column("承诺时限", "本市承诺的时间", lambda one: _limit(one, "committed")),
    Column("收费", "收费为“是”", lambda one: bool((one.doc.get("fee") or {}).get("charged"))),
    Column("办理形式", "窗口、网上、手机、邮寄、村代办员、上门办", _ways),
    Column("能网上办", "能全程网上办理为“是”", lambda one: bool(one.doc.get("online"))),
    Column("跑几趟", "要到现场几次", lambda one: int(one.doc.get("visits") or 0)),
    Column("办理结果", "办成后得到什么", lambda one: (one.doc.get("result") or {}).get("name")),
    Column("牵头部门", "主管的县级部门", lambda one: one.doc.get("lead")),
    Column(
        "设定依据",
        "法律、法规、文件和条款",
        lambda one: [f"《{x.get('law')}》{x.get('article') or ''}" for x in one.doc.get("basis") or []],
    ),
    Column("群众叫法", "搜索用的俗称", lambda one: one.doc.get("synonyms")),
)
MATERIAL_COLUMNS = (
    Column("事项代码", "哪个事项", lambda one: one[0].code),
    Column("材料代码", "在这一事项里不重复", lambda one: one[1].get("code")),
    Column("材料名称", "交什么", lambda one: one[1].get("name")),
    Column("必交", "必须交为“是”，有就交为“否”", lambda one: bool(one[1].get("required"))),
    Column("提交方式", "原件、复印件、照片、电子件，或联网核对不用交", lambda one: _kind(one[1])),
    Column("原件份数", "几份", lambda one: int(one[1].get("originals") or 0)),
    Column("复印件份数", "几份", lambda one: int(one[1].get("copies") or 0)),
    Column("出具机构", "谁开的", lambda one: one[1].get("issued_by")),
    Column("说明", "有什么要求", lambda one: one[1].get("note")),
    Column("依据", "凭什么要", lambda one: one[1].get("basis")),
)


def _kind(raw: dict[str, Any]) -> str:
    return types.MATERIAL_KINDS.get(str(raw.get("kind") or "electronic"), "")


def item_rows(items: Iterator[PublishedItem]) -> Iterator[list[str]]:
    """A row for each item."""
    for item in items:
        yield [cell(column.read(item)) for column in ITEM_COLUMNS]


def material_rows(items: Iterator[PublishedItem]) -> Iterator[list[str]]:
    """A row for each material of each item."""
    for item in items:
        for raw in item.doc.get("materials") or []:
            yield [cell(column.read((item, raw))) for column in MATERIAL_COLUMNS]


def code_rows() -> Iterator[list[str]]:
    """A row for each code of the standard's sets: table, set, code, name."""
    for one in code_sets().values():
        for code, name in one.codes.items():
            yield [one.table, one.name, code, name]
