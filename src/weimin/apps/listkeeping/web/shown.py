"""How a row of a list is shown: its contents in words by section, for any page of the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weimin.kernel.catalogue.rules.comparing import in_words
from weimin.kernel.catalogue.rules.records import Part, rows_of, sections_of, value_at
from weimin.kernel.catalogue.rules.wording import condition_words, pattern_words


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section of a row in words: pairs, or a table."""

    title: str
    pairs: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def part_in_words(part: Part, value: Any, rows: Sequence[Mapping[str, Any]] = ()) -> str:
    """A value as people read it, choices by their names; a condition speaks of the other rows of its group."""
    if part.type == "condition":
        return condition_words(value, rows)
    if part.type == "pattern":
        return pattern_words(str(value or ""))
    names = dict(part.choices)
    if part.type == "choice":
        return names.get(str(value), str(value or ""))
    if part.type == "choices":
        return "、".join(names.get(str(one), str(one)) for one in value or ())
    if part.type == "lines":
        return "\n".join(str(one) for one in value or ())
    if part.type == "pairs":
        return "、".join(str(one[1]) for one in value or ())
    if part.type == "cells":
        return "、".join(str(one["label"]) for one in value or ())
    return in_words(value)


#: Names by which the platform keeps rows apart: nothing that a reader looks for.
_INNER = {("materials", "code"), ("form.pages", "name"), ("basis", "id")}


def show_row(list_code: str, doc: Mapping[str, Any]) -> list[ShownSection]:
    """The contents of a row by section; empty values are left out, empty columns of tables too."""
    shown = []
    for section in sections_of(list_code):
        if section.group:
            found = rows_of(section, doc)
            table = [[part_in_words(part, row.get(part.path), found) for part in section.parts] for row in found]
            kept = [
                place
                for place, part in enumerate(section.parts)
                if any(row[place] for row in table) and (section.group, part.path) not in _INNER
            ]
            heads = tuple(section.parts[place].label for place in kept)
            rows = tuple(tuple(row[place] for place in kept) for row in table)
            if rows:
                shown.append(ShownSection(section.title, heads=heads, rows=rows))
            continue
        pairs = ((part.label, part_in_words(part, value_at(doc, part.path))) for part in section.parts)
        if said := tuple((label, text) for label, text in pairs if text):
            shown.append(ShownSection(section.title, pairs=said))
    return shown
