"""Items as records of GB/T 39046-2020, table 4: the data items by their Chinese names, codes by annex A.

Given are the data items that the catalogue knows; those that it does not (an intermediary, a quota) are left out, not
filled in. What differs by township (place, hours, telephone, window) is with the township's offer, not here.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from weimin.kernel.catalogue import types
from weimin.kernel.catalogue.rules.codes import code_sets
from weimin.kernel.catalogue.types import PublishedItem

_LEVELS = {"county": "4", "township": "5", "township_if_empowered": "4", "village": "6"}
_EMPOWERED = "赋权、委托后由乡镇行使，行使层级为 5"


def day(value: date | None) -> str:
    """A date as the standard writes it: 20261125."""
    return value.strftime("%Y%m%d") if value else ""


def record_of(item: PublishedItem) -> dict[str, Any]:
    """One item as a record of the standard."""
    doc = item.doc
    level = _LEVELS.get(str(doc.get("decision_level") or ""), "7")
    return {
        "事项名称": item.name,
        "平台事项代码": item.code,
        "基本编码": str(doc.get("base_code") or ""),
        "实施编码": str(doc.get("implementation_code") or ""),
        "业务办理项编码": str(doc.get("handling_code") or ""),
        **_named("事项类型", "item_type", item.type_code),
        "设定依据": "；".join(f"《{one.get('law')}》{one.get('article') or ''}" for one in doc.get("basis") or []),
        **_named("行使层级", "level", level),
        "权限划分": _EMPOWERED if doc.get("decision_level") == "township_if_empowered" else "",
        "实施主体": str(doc.get("lead") or ""),
        **_named("实施主体性质", "body_kind", "1"),
        **_limit("法定办结时限", doc, "statutory"),
        **_limit("承诺办结时限", doc, "committed"),
        "受理条件": "；".join(str(one) for one in doc.get("conditions") or []),
        "办理流程": "；".join(f"{one.get('name')}：{one.get('text')}" for one in doc.get("steps") or []),
        "联办机构": "、".join(str(one) for one in doc.get("cooperating") or []),
        "结果名称": str((doc.get("result") or {}).get("name") or ""),
        "是否收费": "1" if (doc.get("fee") or {}).get("charged") else "0",
        "收费依据": str((doc.get("fee") or {}).get("basis") or ""),
        "通办范围": "全市" if doc.get("accept_other_townships") else "本乡镇（街道）",
        **_named_all("服务对象", "audience", item.audience),
        **_channels(doc),
        **_named("办件类型", "case_kind", "1" if doc.get("procedure") == "on_the_spot" else "2"),
        "是否网办": "1" if doc.get("online") else "0",
        "到办事现场次数": int(doc.get("visits") or 0),
        "必须现场办理原因说明": str(doc.get("visit_reason") or ""),
        "咨询电话": "12345",
        "监督电话": "12345",
        "常见问题": [{"问": str(one.get("q") or ""), "答": str(one.get("a") or "")} for one in doc.get("faq") or []],
        "事项版本": item.number,
        "计划生效日期": day(item.valid_from),
        "计划取消日期": day(item.valid_until),
        "材料": [_material(one) for one in doc.get("materials") or []],
    }


def _named(name: str, key: str, code: str) -> dict[str, str]:
    return {name: code_sets()[key].codes.get(code, ""), f"{name}代码": code}


def _named_all(name: str, key: str, codes: tuple[str, ...]) -> dict[str, list[str]]:
    known = code_sets()[key].codes
    return {name: [known.get(one, "") for one in codes], f"{name}代码": list(codes)}


def _channels(doc: dict[str, Any]) -> dict[str, list[str]]:
    """Channels by table A.5; what the platform adds is 9 其他, each once."""
    known = code_sets()["channel"].codes
    found = dict.fromkeys(one if one in known else "9" for one in map(str, doc.get("channels") or []))
    return _named_all("办理形式", "channel", tuple(found))


def _limit(name: str, doc: dict[str, Any], kind: str) -> dict[str, Any]:
    raw = (doc.get("limits") or {}).get(kind) or {}
    value, unit = raw.get("value"), str(raw.get("unit") or "none")
    spec = types.LimitSpec(value, unit)
    return {
        name: value if spec.counted else None,
        f"{name}单位": {"workday": "工作日", "day": "自然日"}.get(unit, ""),
        f"{name}说明": "；".join(part for part in (spec.text, str(raw.get("note") or "")) if part),
    }


def _material(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "名称": str(raw.get("name") or ""),
        "出具机构": str(raw.get("issued_by") or ""),
        "说明": str(raw.get("note") or ""),
        "原件份数": int(raw.get("originals") or 0),
        "复印件份数": int(raw.get("copies") or 0),
        "是否必备": "1" if raw.get("required") else "0",
        "提交方式": types.MATERIAL_KINDS.get(str(raw.get("kind") or ""), ""),
    }
