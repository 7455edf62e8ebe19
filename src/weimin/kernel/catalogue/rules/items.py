"""What an item record must be before it may come into force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from weimin.base.errors import Invalid
from weimin.kernel.catalogue import types
from weimin.kernel.catalogue.rules import codes
from weimin.kernel.catalogue.rules.forms import FormBroken, file_questions, read_form
from weimin.kernel.catalogue.types import LimitSpec, Material

#: The eight grounds on which a permit's clock may stop.
PERMIT_PAUSES = ("听证", "招标", "拍卖", "检验", "检测", "检疫", "鉴定", "专家评审")
#: Routes of filings: received or returned for correction, never approved.
FILING_ROUTES = frozenset({"filing", "filing_window"})
#: Which procedures there are is data: whether one of this code is published is asked where versions are made.
_PROCEDURE = re.compile(r"[a-z][a-z0-9_]{1,39}")
#: Names that the pages around a form send themselves: an item's own question may not bear one.
PAGE_NAMES = frozenset(
    [
        "csrfmiddlewaretoken",
        "key",
        "return",
        "remove",
        "name",
        "id_number",
        "phone",
        "division",
        "channel",
        "seen",
        "kept",
        "taken",
    ]
)


class ItemBroken(Invalid):
    """An item record breaks a rule; the fields name each fault."""

    code = "catalogue.item_broken"


def read_limit(raw: Mapping[str, Any]) -> LimitSpec:
    """Read a limit of an item record."""
    value = raw.get("value")
    return LimitSpec(
        int(value) if value is not None else None,
        str(raw.get("unit") or "none"),
        int(raw.get("extend") or 0),
        str(raw.get("basis") or ""),
        str(raw.get("note") or ""),
        str(raw.get("extend_code") or ""),
    )


def read_materials(doc: Mapping[str, Any]) -> tuple[Material, ...]:
    """Read the list of materials of an item record, and what its form asks for as files: one way to hand in a file."""
    listed = tuple(
        Material(
            code=str(raw["code"]),
            name=str(raw["name"]),
            required=bool(raw.get("required")),
            kind=str(raw.get("kind") or "electronic"),
            originals=int(raw.get("originals") or 0),
            copies=int(raw.get("copies") or 0),
            issued_by=str(raw.get("issued_by") or ""),
            share_source=str(raw.get("share_source") or ""),
            accept=tuple(raw.get("accept") or ("jpg", "png", "pdf")),
            note=str(raw.get("note") or ""),
            basis=str(raw.get("basis") or ""),
        )
        for raw in doc.get("materials") or []
    )
    asked = tuple(
        Material(
            code=str(raw["name"]),
            name=str(raw["label"]),
            required=bool(raw.get("required")),
            kind="photo",
            copies=1,
            accept=tuple(raw.get("accept") or ("jpg", "png", "pdf")),
            note=str(raw.get("help") or ""),
            basis=str(raw.get("basis") or ""),
        )
        for raw in file_questions(doc.get("form") or {})
    )
    return listed + asked


def check_item(doc: Mapping[str, Any]) -> dict[str, str]:
    """List what is wrong with an item record, by field; empty when it may come into force.

    Law:    yhys-722 art. 35, 36; xkl-2019 art. 45, 58; sw-716 art. 7
    """
    faults: dict[str, str] = {}
    _check_codes(doc, faults)
    faults.update(codes.check_record(doc)[0])
    _check_limits(doc, faults)
    _check_materials(doc, faults)
    if (doc.get("fee") or {}).get("charged") and not (doc.get("fee") or {}).get("basis"):
        faults["fee"] = "收费必须写明法律、行政法规依据（行政许可法第五十八条）。"
    if not doc.get("basis"):
        faults["basis"] = "没有设定依据，不能进清单。"
    if (doc.get("legal_effect") == "filing") != (doc.get("procedure") in FILING_ROUTES):
        faults["procedure"] = "备案事项只有“收到备案”和“退回更正”，要走备案流程；别的事项不能走备案流程。"
    if (doc.get("certainty") or {}).get("basis") == "verified":
        for place, basis in enumerate(doc.get("basis") or [], start=1):
            if not all(str(basis.get(one) or "").strip() for one in ("law", "article", "version")):
                faults["basis"] = f"第 {place} 条依据标了“已核对”，要写明法规（文件）名称、条款和版本日期。"
    if doc.get("visits") and not doc.get("visit_reason"):
        faults["visit_reason"] = "要群众到现场的，必须写明原因。"
    if doc.get("type") == "01":
        extra = set((doc.get("limits") or {}).get("pause_grounds") or []) - set(PERMIT_PAUSES)
        if extra:
            faults["pause_grounds"] = f"行政许可只能因八种法定情形停钟，不能有：{'、'.join(sorted(extra))}。"
    try:
        form = read_form(doc.get("form") or {})
        if taken := sorted(one.name for one in form.fields if one.name in PAGE_NAMES):
            faults["form"] = f"字段名 {'、'.join(taken)} 是页面自己用的，请换一个。"
    except (FormBroken, KeyError) as broken:
        faults["form"] = f"表单有错：{broken}"
    return faults


def _check_codes(doc: Mapping[str, Any], faults: dict[str, str]) -> None:
    for key in ("code", "name", "plain", "lead", "procedure"):
        if not str(doc.get(key) or "").strip():
            faults[key] = "必填项为空。"
    if doc.get("area") not in types.AREAS:
        faults["area"] = "服务领域代码不在 A1–A9 之内。"
    if doc.get("type") not in types.ITEM_TYPES:
        faults["type"] = "事项类型不在 GB/T 39046 代码表之内。"
    if not _PROCEDURE.fullmatch(str(doc.get("procedure") or "")):
        faults["procedure"] = "流程代码由小写字母、数字和下划线组成，请从已公布的流程里选。"
    wrong = set(doc.get("audience") or []) - set(types.AUDIENCES)
    if wrong or not doc.get("audience"):
        faults["audience"] = "服务对象代码不对。"
    if set(doc.get("channels") or []) - set(types.CHANNELS):
        faults["channels"] = "办理形式代码不对。"
    if "1" not in (doc.get("channels") or []) and doc.get("applied", True):
        faults["channels"] = "任何依申请事项都要保留窗口办理（优化营商环境条例第三十七条）。"


def _check_limits(doc: Mapping[str, Any], faults: dict[str, str]) -> None:
    limits = doc.get("limits") or {}
    statutory = read_limit(limits.get("statutory") or {})
    committed = read_limit(limits.get("committed") or {})
    comparable = statutory.counted and committed.counted and statutory.unit == committed.unit
    if comparable and (committed.value or 0) > (statutory.value or 0):
        faults["limits"] = "承诺时限不能长于法定时限（优化营商环境条例第三十六条）。"
    if statutory.extend and not statutory.extend_code:
        faults["limits"] = "可以延长的，要写明依据哪个法定参数延长、由谁批准。"
    for stage in limits.get("stages") or []:
        if not stage.get("steps") or stage.get("unit") not in types.UNITS or not isinstance(stage.get("value"), int):
            faults["stages"] = f"分段期限“{stage.get('name')}”要写明包括哪几个环节、多少天和单位。"
    renewal = (doc.get("renewal") or {}).get("expires_field")
    if renewal and renewal not in {one.get("name") for one in _form_fields(doc)}:
        faults["renewal"] = f"表单里没有有效期字段“{renewal}”。"
    if doc.get("type") == "01" and statutory.unit != "workday":
        faults["limits"] = "行政许可的期限一律按工作日计算（行政许可法第八十二条）。"


def _form_fields(doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for page in (doc.get("form") or {}).get("pages") or [] for one in page.get("fields") or []]


def _check_materials(doc: Mapping[str, Any], faults: dict[str, str]) -> None:
    seen: set[str] = set()
    for material in read_materials(doc):
        if material.code in seen:
            faults["materials"] = f"材料代码“{material.code}”重复。"
        seen.add(material.code)
        if material.shared and material.required:
            faults["materials"] = f"“{material.name}”能共享核对，不得要求提交（716 号令第七条）。"
        if not material.basis:
            faults["materials"] = f"“{material.name}”没有写明依据（优化营商环境条例第三十五条）。"
        if material.kind not in types.MATERIAL_KINDS:
            faults["materials"] = f"“{material.name}”的提交方式不对。"
