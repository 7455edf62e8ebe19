"""A record of a list as people edit it: sections of questions made from a schema, and the way back from what was typed.

The same schema makes the page of the editor and the columns of the spreadsheet. What it does not name stays as it is,
and a value that was not touched stays exactly what it was.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from weimin.kernel.catalogue import types
from weimin.kernel.catalogue.rules.lists import ListKind, list_kinds
from weimin.kernel.catalogue.rules.wording import OWN, condition_words, pattern_words, read_condition, read_pattern

DATA = Path(__file__).parents[1] / "data"
_UNITS = {"workday": "工作日", "day": "自然日", "same_day": "当场", "by_plan": "按年度安排", "none": "没有规定"}
_LEVELS = {
    "county": "县里决定",
    "township": "乡镇决定",
    "township_if_empowered": "赋权、委托以后乡镇决定，否则县里决定",
    "village": "村里办理",
}
_EFFECTS = {
    "permit": "许可",
    "benefit": "给付",
    "confirmation": "确认",
    "registration": "登记",
    "ruling": "裁决",
    "filing": "备案",
    "service": "服务",
}
_PUBLICATION = {"public": "公开", "village": "村内公示结果", "never": "不公开"}
_FIELD_TYPES = {
    "text": "一行字",
    "textarea": "多行字",
    "number": "数",
    "money": "金额",
    "date": "日期",
    "choice": "单选",
    "choices": "多选",
    "id_number": "身份证号",
    "phone": "手机号",
    "division": "地区",
    "table": "表格",
    "file": "文件",
}
#: The most rows that a group takes, so that a page stays a page.
MOST_ROWS = 200
Get = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a record.

    Shape:  path is dotted from the record, or from the row in a group
    """

    path: str
    label: str
    type: str
    required: bool = False
    most: int = 200
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: single values, or with a group the rows of a list."""

    title: str
    parts: tuple[Part, ...]
    group: str = ""
    row: str = ""
    pages: bool = False


@cache
def sections_of(list_code: str) -> tuple[Section, ...]:
    """How the rows of a list are edited."""
    kind = list_kinds()[list_code]
    if list_code != "service":
        return _flat(kind)
    rows = yaml.safe_load((DATA / "item_schema.yaml").read_text(encoding="utf-8"))
    return tuple(
        Section(
            title=row["title"],
            parts=tuple(_part(one) for one in row["parts"]),
            group=row.get("group", ""),
            row=row.get("row", ""),
            pages=bool(row.get("pages")),
        )
        for row in rows
    )


def _flat(kind: ListKind) -> tuple[Section, ...]:
    columns = tuple(
        Part(one.name, one.label, one.type, one.required, 1000, one.help, one.choices) for one in kind.columns
    )
    name = Part("name", "名称", "text", required=True, most=120)
    basis = tuple(_part(one) for section in _basis_parts() for one in section["parts"])
    return (Section("内容", (name, *columns)), Section("依据", basis, group="basis", row="依据"))


def _basis_parts() -> list[dict[str, Any]]:
    rows = yaml.safe_load((DATA / "item_schema.yaml").read_text(encoding="utf-8"))
    return [row for row in rows if row.get("group") == "basis"]


def _part(raw: Mapping[str, Any]) -> Part:
    return Part(
        path=raw["path"],
        label=raw["label"],
        type=raw["type"],
        required=bool(raw.get("required")),
        most=int(raw.get("most") or 2000),
        help=str(raw.get("help") or ""),
        choices=tuple(_choice_sets()[raw["choices"]].items()) if raw.get("choices") else (),
    )


@cache
def _choice_sets() -> dict[str, dict[str, str]]:
    events = yaml.safe_load((DATA / "life_events.yaml").read_text(encoding="utf-8"))
    return {
        "areas": types.AREAS,
        "item_types": types.ITEM_TYPES,
        "audiences": types.AUDIENCES,
        "channels": types.CHANNELS,
        "material_kinds": types.MATERIAL_KINDS,
        "procedures": types.PROCEDURES,
        "field_types": _FIELD_TYPES,
        "formats": {"jpg": "照片 jpg", "png": "图片 png", "pdf": "pdf", "docx": "Word", "xlsx": "表格"},
        "limit_units": _UNITS,
        "levels": _LEVELS,
        "effects": _EFFECTS,
        "publication": _PUBLICATION,
        "life_events": {one["code"]: one["name"] for one in events},
    }


# --- to what people see -------------------------------------------------------------------------------
def value_at(doc: Any, path: str) -> Any:
    """The value at a dotted path, None where there is none."""
    for step in path.split("."):
        doc = doc.get(step) if isinstance(doc, Mapping) else None
    return doc


def as_typed(part: Part, value: Any) -> str:
    """A value as it stands in a field; lists one a line, choices by their codes."""
    if value is None or value == []:
        return ""
    if part.type == "yes_no":
        return "yes" if value else "no"
    if part.type == "pairs":
        return "\n".join(f"{one[0]}={one[1]}" for one in value)
    if part.type == "cells":
        return "\n".join("|".join([one["name"], one["label"], one.get("type", "text")]) for one in value)
    if part.type in ("lines", "choices"):
        return "\n".join(str(one) for one in value)
    return pattern_words(str(value)) if part.type == "pattern" else str(value)


@cache
def choice_names(list_code: str) -> dict[str, dict[str, str]]:
    """What the codes of a list's records are called, by path; in a group by the group's path and the part's."""
    return {
        f"{section.group}.{part.path}".removeprefix("."): dict(part.choices)
        for section in sections_of(list_code)
        for part in section.parts
        if part.choices
    }


def rows_of(section: Section, doc: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a group, a form's questions each with the title of its page."""
    found = value_at(doc, section.group) or []
    if not section.pages:
        return [dict(one) for one in found]
    return [{**field, "_page": page.get("title", "")} for page in found for field in page.get("fields") or []]


def typed_rows(section: Section, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The rows of a group as they stand in fields, each with its place in `_was`."""
    return [
        {"_was": str(place)} | {part.path: _typed_in(part, row, rows) for part in section.parts}
        for place, row in enumerate(rows)
    ]


def _typed_in(part: Part, row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """A value of a row as it stands in a field; a condition speaks of the other rows."""
    value = row.get(part.path)
    return condition_words(value, rows) if part.type == "condition" else as_typed(part, value)


def typed_record(list_code: str, doc: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, list[dict[str, str]]]]:
    """A whole record as it stands in fields: values by path, rows by group; `read_record` is the way back."""
    typed: dict[str, str] = {}
    rows: dict[str, list[dict[str, str]]] = {}
    for section in sections_of(list_code):
        if section.group:
            rows[section.group] = typed_rows(section, rows_of(section, doc))
        else:
            typed |= {part.path: as_typed(part, value_at(doc, part.path)) for part in section.parts}
    return typed, rows


# --- back from what was typed --------------------------------------------------------------------------
def read_value(part: Part, text: str) -> tuple[Any, str]:
    """What was typed as a value, and what is wrong with it."""
    text = text.replace("\r\n", "\n").strip()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not text:
        empty: dict[str, Any] = {"lines": [], "choices": [], "pairs": [], "cells": [], "yes_no": False, "number": None}
        return empty.get(part.type, ""), f"“{part.label}”不能空。" if part.required else ""
    if part.type in ("text", "long", "choice") and len(text) > part.most:
        return text, f"“{part.label}”最多 {part.most} 个字，现在 {len(text)} 个。"
    if part.type == "yes_no":
        return text in ("yes", "是", "1", "true", "True"), ""
    if part.type == "number":
        return (int(text), "") if text.isdecimal() and len(text) < 7 else (None, f"“{part.label}”要写成整数，如 20。")
    if part.type in ("pairs", "cells"):
        return _read_pieces(part, lines)
    if part.type == "pattern":
        return read_pattern(text)
    if part.type == "lines":
        return lines, ""
    return _read_choice(part, lines)


def _read_pieces(part: Part, lines: list[str]) -> tuple[Any, str]:
    """Lines in pieces: choices as value=label, columns as name|label|type."""
    if part.type == "pairs":
        pairs = [[one.strip() for one in line.replace("＝", "=").split("=", 1)] for line in lines]
        whole = all(len(one) == 2 and all(one) for one in pairs)
        return pairs, "" if whole else f"“{part.label}”要写成“值=字”，一行一个。"
    cells = [[one.strip() for one in line.replace("｜", "|").split("|")] for line in lines]
    if not all(2 <= len(one) <= 3 and all(one) for one in cells):
        return [], f"“{part.label}”要写成“名|标题|类型”，一行一列。"
    return [{"name": one[0], "label": one[1], "type": one[2] if len(one) > 2 else "text"} for one in cells], ""


def _read_choice(part: Part, lines: list[str]) -> tuple[Any, str]:
    if part.type not in ("choice", "choices"):
        return " ".join(lines) if part.type == "text" else "\n".join(lines), ""
    known = dict(part.choices)
    named = {label: code for code, label in part.choices}
    codes = [one if one in known else named.get(one, one) for one in lines]
    wrong = [one for one in codes if one not in known]
    said = f"“{part.label}”没有“{'、'.join(wrong)}”，只能是：{'、'.join(known.values())}。" if wrong else ""
    return (codes if part.type == "choices" else codes[0]), said


def read_record(
    list_code: str, base: Mapping[str, Any], typed: Mapping[str, str], rows: Mapping[str, Sequence[Mapping[str, str]]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """A record from what was typed over the one before.

    Shape:  typed by path; rows by group, each a mapping by part path with `_was`, the place of the row before ('' for a
            new one). Returns the record and faults by `path` or `group.place.path`
    """
    doc, faults = copy.deepcopy(dict(base)), dict[str, str]()
    for section in sections_of(list_code):
        if section.group:
            _read_group(section, base, doc, rows.get(section.group, ()), faults)
            continue
        for part in section.parts:
            if part.path in typed:
                _read_part(part, doc, typed[part.path], part.path, faults)
    return doc, faults


def _read_part(part: Part, doc: dict[str, Any], text: str, name: str, faults: dict[str, str]) -> None:
    """Set one value where what was typed says something else than the value that stands."""
    before = value_at(doc, part.path)
    if part.type == "pattern" and text.strip() == OWN:
        return
    value, wrong = read_value(part, text)
    if wrong:
        faults[name] = wrong
    if wrong and part.type == "pattern":
        return
    if text.replace("\r\n", "\n").strip() == as_typed(part, before).strip():
        return
    if part.type == "choices" and sorted(value) == sorted(str(one) for one in before or ()):
        return  # a page sends what was ticked in its own order
    if part.type == "text" and isinstance(before, int | float) and not isinstance(before, bool):
        value = _like(before, value)
    if part.type == "cells" and before:
        known = {one["name"]: one for one in before}
        value = [{**known.get(one["name"], {}), **one} for one in value]
    *way, last = part.path.split(".")
    into = doc
    for step in way:
        into = into.setdefault(step, {})
    into[last] = value


def _like(before: float, value: str) -> Any:
    """A number where one stood, so that 5 stays a number."""
    try:
        return int(value) if isinstance(before, int) else float(value)
    except ValueError:
        return value


def _read_group(
    section: Section,
    base: Mapping[str, Any],
    doc: dict[str, Any],
    rows: Sequence[Mapping[str, str]],
    faults: dict[str, str],
) -> None:
    before = rows_of(section, base)
    after = []
    for place, row in enumerate(rows[:MOST_ROWS]):
        was = row.get("_was", "")
        one = dict(before[int(was)]) if was.isdecimal() and int(was) < len(before) else {}
        new = not one
        for part in section.parts:
            # a sheet without the column leaves what stands
            if part.type != "condition" and (new or part.path in row):
                _read_part(part, one, row.get(part.path, ""), f"{section.group}.{place}.{part.path}", faults)
        after.append(one)
    for part in section.parts:
        if part.type == "condition":
            _read_conditions(section, part, before, after, rows, faults)
    if len(rows) > MOST_ROWS:
        faults[section.group] = f"“{section.title}”最多 {MOST_ROWS} 行。"
    if after == before:
        return
    if section.pages:
        after = _paged(base, section, after)
    *way, last = section.group.split(".")
    into = doc
    for step in way:
        into = into.setdefault(step, {})
    into[last] = after


def _read_conditions(
    section: Section,
    part: Part,
    before: Sequence[Mapping[str, Any]],
    after: list[dict[str, Any]],
    rows: Sequence[Mapping[str, str]],
    faults: dict[str, str],
) -> None:
    """Set the conditions whose words changed, once all questions are known by their new names."""
    for place, one in enumerate(after):
        typed = rows[place].get(part.path)
        if typed is None or typed.strip() == condition_words(one.get(part.path), before):
            continue
        value, wrong = read_condition(typed, after, before)
        if wrong:
            faults[f"{section.group}.{place}.{part.path}"] = wrong
        elif value is None:
            one.pop(part.path, None)
        else:
            one[part.path] = value


def _paged(base: Mapping[str, Any], section: Section, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions put on pages again: neighbours with the same page title stand on one page."""
    known = {page.get("title"): page for page in value_at(base, section.group) or []}
    pages: list[dict[str, Any]] = []
    for field in fields:
        title = field.pop("_page", "")
        if not pages or pages[-1]["title"] != title:
            pages.append({**known.get(title, {}), "title": title, "fields": []})
        pages[-1]["fields"].append(
            {key: value for key, value in field.items() if value not in ("", None, [])} | _kept(field)
        )
    return pages


def _kept(field: Mapping[str, Any]) -> dict[str, Any]:
    """What every question says, empty or not."""
    return {"required": bool(field.get("required")), "help": field.get("help") or ""}
