"""Forms as data: reading a definition, checking answers, publishing a JSON Schema.

One definition serves portal, desk and API: the same checks run wherever answers come from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from weimin.base import identifiers
from weimin.base.errors import Invalid
from weimin.kernel.catalogue.rules.wording import OWN, pattern_words
from weimin.kernel.catalogue.types import FIELD_TYPES, Column, Form, FormField, FormPage

Answers = dict[str, Any]


class FormBroken(Invalid):
    """A form definition is not right."""

    code = "catalogue.form_broken"


class UnknownFields(Invalid):
    """Answers came for fields that the form does not have."""

    code = "catalogue.unknown_fields"


def read_form(doc: Mapping[str, Any]) -> Form:
    """Read a form definition; what it asks for as files stands among the materials (`file_questions`).

    Raises: FormBroken — an unknown type, a name twice, a condition on a later or unknown field
    """
    pages = []
    seen: set[str] = set()
    for page in doc.get("pages") or []:
        fields = []
        for raw in page.get("fields") or []:
            one = _read_field(raw)
            if one.name in seen:
                raise FormBroken(f"表单里有两个“{one.name}”字段。")
            if one.show_field and one.show_field not in seen:
                raise FormBroken(f"“{one.label}”的显示条件引用了后面或不存在的字段。")
            seen.add(one.name)
            fields.append(one)
        typed = tuple(one for one in fields if one.type != "file")
        if typed:
            pages.append(FormPage(str(page.get("title", "")), typed))
    return Form(tuple(pages))


def file_questions(doc: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The questions of a form that are answered with files, as they stand in the definition."""
    asked = [raw for page in doc.get("pages") or [] for raw in page.get("fields") or []]
    return [raw for raw in asked if raw.get("type") == "file"]


def _choices(raw: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in raw or [])


def _read_field(raw: Mapping[str, Any]) -> FormField:
    kind = str(raw.get("type", ""))
    if kind not in FIELD_TYPES:
        raise FormBroken(f"不认识的字段类型：{kind}")
    show = raw.get("show_if") or {}
    values = show.get("in", [show["equals"]] if "equals" in show else [])
    columns = tuple(
        Column(str(c["name"]), str(c["label"]), str(c.get("type", "text")), _choices(c.get("choices")))
        for c in raw.get("columns") or []
    )
    if any(column.type == "file" for column in columns):
        raise FormBroken(f"“{raw.get('label')}”的表格里不能收文件，请单独问一题。")
    if kind == "file" and show:
        raise FormBroken(f"“{raw.get('label')}”收文件，不能设显示条件，请改成不必填。")
    bounds: dict[str, Any] = {key: str(raw[key]) for key in ("min", "max") if raw.get(key) is not None}
    return FormField(
        name=str(raw["name"]),
        type=kind,
        label=str(raw["label"]),
        required=bool(raw.get("required")),
        help=str(raw.get("help") or ""),
        choices=_choices(raw.get("choices")),
        max_length=int(raw.get("max_length") or (2000 if kind == "textarea" else 200)),
        pattern=str(raw.get("pattern") or ""),
        pattern_message=str(raw.get("pattern_message") or ""),
        unit=str(raw.get("unit") or ""),
        level=str(raw.get("level") or "village"),
        columns=columns,
        max_rows=int(raw.get("max_rows") or 10),
        show_field=str(show.get("field") or ""),
        show_values=tuple(str(value) for value in values),
        **bounds,
    )


def is_shown(field: FormField, answers: Mapping[str, Any]) -> bool:
    """Whether a question is asked, given the answers before it."""
    if not field.show_field:
        return True
    given = answers.get(field.show_field)
    chosen = given if isinstance(given, list) else [given]
    return any(str(value) in field.show_values for value in chosen if value is not None)


def check_answers(
    fields: tuple[FormField, ...], raw: Mapping[str, Any], *, today: date
) -> tuple[Answers, dict[str, str]]:
    """Check answers to some fields of a form.

    Hidden fields are dropped; what was typed is the caller's to keep for showing again.

    Shape:  (clean answers by name, sentences by name); clean values are JSON-ready
    """
    clean: Answers = {}
    errors: dict[str, str] = {}
    for field in fields:
        if not is_shown(field, {**raw, **clean}):
            continue
        value = raw.get(field.name)
        if value is None or (isinstance(value, str) and not value.strip()) or value == []:
            if field.required:
                errors[field.name] = _missing_text(field)
            continue
        try:
            result = _CHECKS[field.type](field, value, today)
        except Invalid as fault:
            errors[field.name] = fault.message
        else:
            if result in ("", [], None):
                if field.required:
                    errors[field.name] = _missing_text(field)
            else:
                clean[field.name] = result
    return clean, errors


def refuse_unknown(form: Form, raw: Mapping[str, Any]) -> None:
    """Refuse answers to questions that the form does not ask.

    Raises: UnknownFields — with each name
    """
    known = {field.name for field in form.fields}
    extra = sorted(set(raw) - known)
    if extra:
        sentence = "这个事项的表单没有这一项，请刷新页面后重新填写。"
        raise UnknownFields(
            f"表单里没有这些内容：{'、'.join(extra)[:100]}。请刷新页面后重新填写。",
            fields=dict.fromkeys(extra, sentence),
        )


def _missing_text(field: FormField) -> str:
    verb = "请选择" if field.type in ("choice", "choices", "division") else "请填写"
    return f"{verb}{field.label}。"


def _text(field: FormField, value: Any, today: date) -> str:
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", str(value)).strip()
    if field.type == "text":
        text = re.sub(r"\s+", " ", text)
    if len(text) > field.max_length:
        raise Invalid(f"{field.label}最多 {field.max_length} 个字，现在有 {len(text)} 个。")
    if field.pattern and not re.fullmatch(field.pattern, text):
        raise Invalid(field.pattern_message or _pattern_text(field))
    return text


def _pattern_text(field: FormField) -> str:
    words = pattern_words(field.pattern)
    return f"{field.label}的格式不对，请核对。" if words == OWN else f"{field.label}的格式应该是：{words}。请核对。"


def _number(field: FormField, value: Any, today: date) -> str:
    text = str(value).strip().replace(",", "").replace("，", "")
    try:
        number = Decimal(text)
    except InvalidOperation as broken:
        raise Invalid(f"{field.label}应填数字，如 12 或 3.5。") from broken
    if not number.is_finite() or abs(number.adjusted()) > 15:
        raise Invalid(f"{field.label}应填数字，如 12 或 3.5。")
    exponent = number.as_tuple().exponent
    if field.type == "money" and isinstance(exponent, int) and exponent < -2:
        raise Invalid(f"{field.label}最多写到分（两位小数）。")
    lowest = Decimal(field.min) if field.min is not None else (Decimal(0) if field.type == "money" else None)
    if lowest is not None and number < lowest:
        raise Invalid(f"{field.label}不能小于 {lowest}{field.unit}。")
    if field.max is not None and number > Decimal(field.max):
        raise Invalid(f"{field.label}不能大于 {field.max}{field.unit}。")
    if len(text) > 20:
        raise Invalid(f"{field.label}的数字太长，请核对。")
    return format(number, "f")


def _bound(text: str, today: date) -> date:
    return today if text == "today" else date.fromisoformat(text)


def _date(field: FormField, value: Any, today: date) -> str:
    parts = re.findall(r"\d+", str(value))
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    try:
        day = date(*(int(part) for part in parts))  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError) as broken:
        raise Invalid(f"{field.label}不是存在的日期，请按 2026-03-05 这样填写。") from broken
    if field.max is not None and day > _bound(field.max, today):
        raise Invalid(f"{field.label}不能晚于 {_bound(field.max, today).isoformat()}。")
    if field.min is not None and day < _bound(field.min, today):
        raise Invalid(f"{field.label}不能早于 {_bound(field.min, today).isoformat()}。")
    return day.isoformat()


def _choice(field: FormField, value: Any, today: date) -> str:
    if str(value) not in dict(field.choices):
        raise Invalid(f"请从列出的选项里选择{field.label}。")
    return str(value)


def _many(field: FormField, value: Any, today: date) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return list(dict.fromkeys(_choice(field, one, today) for one in values))


def _division(field: FormField, value: Any, today: date) -> str:
    code = str(value).strip()
    if not re.fullmatch(r"\d{12}", code):
        raise Invalid(f"请从列表中选择{field.label}。")
    return code


def _table(field: FormField, value: Any, today: date) -> list[dict[str, str]]:
    if not isinstance(value, list):
        raise Invalid(f"{field.label}的内容无法识别，请重新填写。")
    rows = []
    for position, row in enumerate(value, start=1):
        if not isinstance(row, Mapping):
            raise Invalid(f"{field.label}第 {position} 行无法识别。")
        cells = {c.name: str(row.get(c.name) or "").strip() for c in field.columns}
        if not any(cells.values()):
            continue
        rows.append(_row(field, cells, position, today))
    if len(rows) > field.max_rows:
        raise Invalid(f"{field.label}最多填 {field.max_rows} 行。")
    return rows


def _row(field: FormField, cells: dict[str, str], position: int, today: date) -> dict[str, str]:
    clean = {}
    for column in field.columns:
        if not cells[column.name]:
            raise Invalid(f"{field.label}第 {position} 行没有填“{column.label}”。")
        cell = FormField(column.name, column.type, f"第 {position} 行的{column.label}", choices=column.choices)
        clean[column.name] = str(_CHECKS[column.type](cell, cells[column.name], today))
    return clean


def _id_number(field: FormField, value: Any, today: date) -> str:
    return identifiers.check_id_number(str(value)).number


def _phone(field: FormField, value: Any, today: date) -> str:
    return identifiers.check_phone(str(value))


_CHECKS = {
    "text": _text,
    "textarea": _text,
    "number": _number,
    "money": _number,
    "date": _date,
    "choice": _choice,
    "choices": _many,
    "division": _division,
    "table": _table,
    "id_number": _id_number,
    "phone": _phone,
}


def json_schema(form: Form, *, title: str, schema_id: str) -> dict[str, Any]:
    """The form as JSON Schema 2020-12, for other systems that submit matters."""
    properties = {one.name: _property(one) for one in form.fields}
    always = [one.name for one in form.fields if one.required and not one.show_field]
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_id,
        "title": title,
        "type": "object",
        "properties": properties,
        "required": [name for name in always if name in properties],
        "additionalProperties": False,
    }
    conditions = [_condition(one) for one in form.fields if one.required and one.show_field]
    if conditions:
        schema["allOf"] = conditions
    return schema


def _condition(field: FormField) -> dict[str, Any]:
    asked: dict[str, Any] = {"enum": list(field.show_values)}
    return {
        "if": {
            "properties": {field.show_field: {"anyOf": [asked, {"contains": asked, "type": "array"}]}},
            "required": [field.show_field],
        },
        "then": {"required": [field.name]},
    }


def _property(field: FormField) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": field.label}
    if field.help:
        schema["description"] = field.help
    if field.type in ("text", "textarea"):
        schema |= {"type": "string", "maxLength": field.max_length}
        if field.pattern:
            schema["pattern"] = f"^(?:{field.pattern})$"
    elif field.type in ("number", "money"):
        schema |= {"type": ["string", "number"]} | _bounds(field)
    elif field.type == "date":
        schema |= {"type": "string", "format": "date"} | _bounds(field)
    elif field.type == "choice":
        schema |= {"enum": [value for value, _ in field.choices]}
    elif field.type == "choices":
        schema |= {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": [value for value, _ in field.choices]},
        }
    elif field.type == "division":
        schema |= {"type": "string", "pattern": "^[0-9]{12}$"}
    elif field.type == "id_number":
        schema |= {"type": "string", "pattern": "^[0-9]{17}[0-9Xx]$"}
    elif field.type == "phone":
        schema |= {"type": "string", "pattern": "^1[3-9][0-9]{9}$"}
    elif field.type == "table":
        cells = {c.name: {"title": c.label, "type": "string"} for c in field.columns}
        row = {"type": "object", "properties": cells, "required": list(cells), "additionalProperties": False}
        schema |= {"type": "array", "maxItems": field.max_rows, "items": row}
    return schema


def _bounds(field: FormField) -> dict[str, Any]:
    """The lowest and highest answer: as numbers, or as words for dates, which JSON Schema cannot bound."""
    if field.type == "date":
        named = {"x-minimum": field.min, "x-maximum": field.max}
        return {name: value for name, value in named.items() if value is not None}
    lowest = field.min if field.min is not None else ("0" if field.type == "money" else None)
    bounds = {"minimum": lowest, "maximum": field.max}
    return {name: float(Decimal(value)) for name, value in bounds.items() if value is not None}
