"""The one renderer: a form definition and answers become questions that any page can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from weimin.base.identifiers import mask_id, mask_numbers, mask_phone
from weimin.kernel.catalogue.types import FormField
from weimin.kernel.directory import queries as directory
from weimin.ui.fields import Cell, Shown

_EMPTY_ROWS = 3


def show_fields(
    fields: tuple[FormField, ...], answers: Mapping[str, Any], errors: Mapping[str, str], *, place: str = ""
) -> list[Shown]:
    """The questions with what was typed and what is wrong; `place` is the township to choose within."""
    return [_show(one, answers.get(one.name), errors.get(one.name, ""), place) for one in fields]


def _show(field: FormField, value: Any, error: str, place: str) -> Shown:
    shown = Shown(
        name=field.name,
        label=field.label,
        type=field.type,
        value=value if value is not None else ([] if field.type == "choices" else ""),
        error=error,
        help=field.help,
        required=field.required,
        choices=field.choices,
        columns=field.columns,
        unit=field.unit or ("元" if field.type == "money" else ""),
        max_length=field.max_length,
        accept=",".join(f".{one}" for one in field.accept),
        show_field=field.show_field,
        show_values="|".join(field.show_values),
    )
    if field.type == "division":
        shown.groups = _division_groups(field.level, place)
    if field.type == "table":
        shown.rows = _rows(field, value if isinstance(value, list) else [])
    return shown


def _division_groups(level: str, place: str) -> list[tuple[str, list[tuple[str, str]]]]:
    if level == "village" and place:
        return [("", [(one.code, one.name) for one in directory.children_of(place)])]
    return [(county, [(one.code, one.name) for one in towns]) for county, towns in directory.townships_by_county()]


def _rows(field: FormField, given: list[Mapping[str, str]]) -> list[list[Cell]]:
    count = min(field.max_rows, max(_EMPTY_ROWS, len(given) + 1))
    return [
        [
            Cell(
                name=f"{field.name}-{number}-{column.name}",
                label=f"第 {number + 1} 行{column.label}",
                type=column.type,
                value=str(given[number].get(column.name, "")) if number < len(given) else "",
                choices=column.choices,
            )
            for column in field.columns
        ]
        for number in range(count)
    ]


def read_post(fields: tuple[FormField, ...], post: QueryDict) -> dict[str, Any]:
    """What was typed into some fields of a posted form, as answers to check."""
    answers: dict[str, Any] = {}
    for field in fields:
        if field.type == "choices":
            answers[field.name] = post.getlist(field.name)
        elif field.type == "table":
            answers[field.name] = [
                {c.name: post.get(f"{field.name}-{row}-{c.name}", "") for c in field.columns}
                for row in range(field.max_rows)
                if any(post.get(f"{field.name}-{row}-{c.name}") for c in field.columns)
            ]
        elif field.name in post:
            answers[field.name] = post[field.name]
    return answers


def strange_names(fields: tuple[FormField, ...], post: QueryDict, *, beside: set[str]) -> dict[str, str]:
    """A sentence for each posted name that is neither one of the fields nor one of the page's own, `beside`."""
    known = {"csrfmiddlewaretoken"} | beside | {one.name for one in fields}
    cells = {
        f"{one.name}-{row}-{column.name}" for one in fields for row in range(one.max_rows) for column in one.columns
    }
    return {
        name: f"表单里没有“{name[:40]}”这一项，请从办事指南重新进入后再填。"
        for name in sorted(set(post) - known - cells)
    }


def answers_in_words(
    fields: tuple[FormField, ...], answers: Mapping[str, Any], *, masked: bool = False
) -> list[tuple[str, str]]:
    """Questions and answers as text; `masked` hides identity numbers, phones and bank cards from staff."""
    return [
        (
            field.label,
            _masked(field, answers[field.name]) if masked else _in_words(field, answers[field.name]),
        )
        for field in fields
        if field.name in answers
    ]


def list_hidden(fields: tuple[FormField, ...], answers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The questions, by name and label, whose answers stand masked and can be shown whole for a reason."""
    return [
        (field.name, field.label)
        for field in fields
        if field.name in answers and _masked(field, answers[field.name]) != _in_words(field, answers[field.name])
    ]


def _masked(field: FormField, value: Any) -> str:
    """An answer with every long number in it masked, in whatever kind of question it was typed."""
    if field.type == "id_number":
        return mask_id(str(value))
    return mask_phone(str(value)) if field.type == "phone" else mask_numbers(_in_words(field, value))


def _in_words(field: FormField, value: Any) -> str:
    names = dict(field.choices)
    if field.type == "choice":
        return names.get(str(value), str(value))
    if field.type == "choices":
        return "、".join(names.get(str(one), str(one)) for one in value)
    if field.type == "division":
        return directory.full_name(str(value)) or str(value)
    if field.type == "table":
        heads = {c.name: c for c in field.columns}
        return "；".join(
            "，".join(f"{heads[k].label}{dict(heads[k].choices).get(v, v)}" for k, v in row.items() if k in heads)
            for row in value
        )
    return f"{value}{field.unit or ('元' if field.type == 'money' else '')}"
