"""What a row of any list must be: the lists as data, and the checks that run at every save and publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from weimin.kernel.catalogue import types
from weimin.kernel.catalogue.rules.items import check_item

DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True, slots=True)
class ListColumn:
    """What a row of a list says under one heading."""

    name: str
    label: str
    type: str
    required: bool
    choices: tuple[tuple[str, str], ...]
    help: str

    def text_of(self, doc: Mapping[str, Any]) -> str:
        """The value in words, lines apart."""
        value = doc.get(self.name)
        if self.type == "lines":
            return "\n".join(str(one) for one in value or ())
        return dict(self.choices).get(str(value), str(value or ""))


@dataclass(frozen=True, slots=True)
class ListKind:
    """One of the lists; the service list has no columns, its rows are item records."""

    code: str
    name: str
    hint: str
    plan: str
    needs_basis: bool
    columns: tuple[ListColumn, ...]


@cache
def list_kinds() -> dict[str, ListKind]:
    """The lists by code, in the order in which they are shown."""
    rows = yaml.safe_load((DATA / "lists.yaml").read_text(encoding="utf-8"))
    return {row["code"]: _kind(row) for row in rows}


def _kind(row: Mapping[str, Any]) -> ListKind:
    columns = tuple(
        ListColumn(one["name"], one["label"], one["type"], one["required"], _choices(one.get("choices")), one["help"])
        for one in row["columns"]
    )
    return ListKind(row["code"], row["name"], row["hint"], row["plan"], row["basis"], columns)


def _choices(raw: Any) -> tuple[tuple[str, str], ...]:
    if raw == "types":
        return tuple((code, name) for code, name in types.ITEM_TYPES.items() if "01" <= code <= "10")
    return tuple((raw or {}).items())


def dead_laws(doc: Mapping[str, Any], laws: Iterable[Mapping[str, Any]], *, on: date) -> list[str]:
    """The bases of a row that are not in force on a day, as people read them.

    Shape:  laws are rows of the law register: id, short, from, until. A basis outside of the register is not judged
    """
    known = {row["id"]: row for row in laws}
    dead = []
    for basis in doc.get("basis") or ():
        law = known.get(basis.get("id") or "")
        if law is None:
            continue
        if law["from"] > on:
            dead.append(f"《{law['short']}》{law['from']:%Y-%m-%d} 起才施行")
        elif law.get("until") and law["until"] <= on:
            dead.append(f"《{law['short']}》已于 {law['until']:%Y-%m-%d} 失效")
    return dead


def check_row(
    kind: ListKind, doc: Mapping[str, Any], *, laws: Iterable[Mapping[str, Any]] = (), on: date | None = None
) -> dict[str, str]:
    """List what is wrong with a row, by field; empty when it may come into force on the day.

    Law:    yhys-722 art. 35, 36; cwh-2025 art. 43
    """
    faults = check_item(doc) if kind.code == "service" else _check_columns(kind, doc)
    if on is not None and (dead := dead_laws(doc, laws, on=on)):
        faults["basis"] = "依据当天不在施行：" + "；".join(dead) + "。请换成现行的依据，或者改生效日。"
    return faults


def _check_columns(kind: ListKind, doc: Mapping[str, Any]) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not str(doc.get("name") or "").strip():
        faults["name"] = "名称不能空。"
    elif len(str(doc["name"])) > 120:
        faults["name"] = "名称最多 120 个字。"
    if kind.needs_basis and not any(str(one.get("law") or "").strip() for one in doc.get("basis") or ()):
        faults["basis"] = "没有依据的，不能进清单。"
    for place, basis in enumerate(doc.get("basis") or (), start=1):
        if not (str(basis.get("law") or "").strip() and str(basis.get("article") or "").strip()):
            faults["basis"] = f"第 {place} 条依据要写明文件名称和条款。"
    for column in kind.columns:
        value = doc.get(column.name)
        if column.required and not value:
            faults[column.name] = f"“{column.label}”不能空。"
        elif column.choices and value and value not in dict(column.choices):
            faults[column.name] = f"“{column.label}”只能是：{'、'.join(dict(column.choices).values())}。"
        elif column.type == "lines" and value and not isinstance(value, list):
            faults[column.name] = f"“{column.label}”要一行一项。"
    for name in sorted(set(doc) - {"name", "basis", "certainty", *(one.name for one in kind.columns)}):
        faults[name] = f"这张清单没有“{name}”这一栏。"
    return faults
