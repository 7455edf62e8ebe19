"""Whole lists as workbooks: the sheets that people fill, and what was filled, row by row.

The first sheet has a row for each row of the list; each group (materials, questions, bases) has a sheet of its own
whose rows name the code that they belong to. A sheet that is missing, or silent about a code, leaves that part alone.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from weimin.kernel.catalogue.rules.records import Part, Section, as_typed, rows_of, sections_of, typed_rows, value_at

#: The heading of the code, and the name of the first sheet.
CODE, FIRST = "事项代码", "清单"
#: The most rows that one workbook brings, and the most cells that one is read for.
MOST_ROWS, MOST_CELLS = 20_000, 4_000_000


@dataclass(frozen=True, slots=True)
class SheetFault:
    """Something wrong at one place of a workbook; row 0 is the sheet itself."""

    sheet: str
    row: int
    heading: str
    text: str


@dataclass(slots=True)
class SheetRow:
    """One row of the list as it was filled.

    Shape:  typed by part path; groups by group, each filled row with `_row`, its number in its sheet
    """

    row: int
    code: str
    typed: dict[str, str]
    groups: dict[str, list[dict[str, str]]] = field(default_factory=dict)


def heads_of(section: Section) -> list[str]:
    """The headings of a section's parts."""
    return [part.label for part in section.parts]


def single_parts(list_code: str) -> list[Part]:
    """The parts that have one value in a row."""
    return [part for section in sections_of(list_code) if not section.group for part in section.parts]


def groups_of(list_code: str) -> list[Section]:
    """The groups of a list's rows."""
    return [section for section in sections_of(list_code) if section.group]


def fill_sheets(
    list_code: str, rows: Sequence[tuple[str, Mapping[str, Any]]]
) -> Iterator[tuple[str, list[str], Iterator[list[str]]]]:
    """The sheets of a workbook with some rows in it: title, headings, rows of cells."""
    single = single_parts(list_code)
    yield (
        FIRST,
        [CODE, *(part.label for part in single)],
        ([code, *(as_typed(part, value_at(doc, part.path)) for part in single)] for code, doc in rows),
    )
    for section in groups_of(list_code):
        yield (section.title, [CODE, *heads_of(section)], _group_cells(section, rows))


def _group_cells(section: Section, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[list[str]]:
    for code, doc in rows:
        for one in typed_rows(section, rows_of(section, doc)):
            yield [code, *(one[part.path] for part in section.parts)]


def read_workbook(content: bytes, list_code: str) -> tuple[list[SheetRow], list[SheetFault]]:
    """The rows of a workbook, and what is wrong with its sheets and headings; what cells say is not judged here.

    Cost:   about 30 µs a cell
    """
    try:
        book = load_workbook(io.BytesIO(content), data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError):
        return [], [SheetFault("", 0, "", "这个文件打不开。请用“下载可导入的表格”得到的表格填写，存成 xlsx 再传。")]
    faults: list[SheetFault] = []
    sheets = {sheet.title.strip(): sheet for sheet in book.worksheets}
    if FIRST not in sheets:
        return [], [SheetFault("", 0, "", f"没有叫“{FIRST}”的工作表。现有：{'、'.join(sheets) or '无'}。")]
    known = {FIRST, *(section.title for section in groups_of(list_code))}
    for title in sheets.keys() - known:
        faults.append(
            SheetFault(title, 0, "", f"不认识“{title}”这张工作表，请删掉，或者改成：{'、'.join(sorted(known))}。")
        )
    rows = _read_first(sheets[FIRST], list_code, faults)
    by_code = {one.code: one for one in rows}
    for section in groups_of(list_code):
        if section.title in sheets:
            _read_group(sheets[section.title], section, by_code, faults)
    return rows, faults


def _read_first(sheet: Any, list_code: str, faults: list[SheetFault]) -> list[SheetRow]:
    parts = {part.label: part for part in single_parts(list_code)}
    rows: list[SheetRow] = []
    seen: dict[str, int] = {}
    for number, cells in _lines(sheet, list(parts), faults):
        code = cells.pop(CODE, "")
        if not code:
            faults.append(SheetFault(FIRST, number, CODE, "没有写代码。"))
        elif code in seen:
            faults.append(SheetFault(FIRST, number, CODE, f"代码 {code} 和第 {seen[code]} 行重复。"))
        else:
            seen[code] = number
            rows.append(SheetRow(number, code, {parts[label].path: text for label, text in cells.items()}))
    if not rows and not faults:
        faults.append(SheetFault(FIRST, 0, "", "表格里没有内容。"))
    return rows


def _read_group(sheet: Any, section: Section, rows: Mapping[str, SheetRow], faults: list[SheetFault]) -> None:
    paths = {part.label: part.path for part in section.parts}
    for number, cells in _lines(sheet, list(paths), faults):
        code = cells.pop(CODE, "")
        if code not in rows:
            faults.append(SheetFault(sheet.title, number, CODE, f"“{FIRST}”里没有代码“{code}”。"))
            continue
        filled = {paths[label]: text for label, text in cells.items()}
        rows[code].groups.setdefault(section.group, []).append({"_row": str(number), **filled})


def _lines(sheet: Any, labels: list[str], faults: list[SheetFault]) -> Iterator[tuple[int, dict[str, str]]]:
    """The filled lines of a sheet by heading; sheets that cannot be read by line give none."""
    title = sheet.title
    if merged := sorted(str(one) for one in sheet.merged_cells.ranges):
        text = f"有合并的单元格（{'、'.join(merged[:5])}），看不出哪一行是哪一行。请取消合并，每格都填上。"
        faults.append(SheetFault(title, 0, "", text))
        return
    if sheet.max_row > MOST_ROWS + 1 or sheet.max_row * sheet.max_column > MOST_CELLS:
        faults.append(
            SheetFault(title, 0, "", f"有 {sheet.max_row - 1} 行，一次最多 {MOST_ROWS} 行。请分几个文件导入。")
        )
        return
    lines = sheet.iter_rows(values_only=True)
    heads = [_text(one) for one in next(lines, ())]
    while heads and not heads[-1]:
        heads.pop()
    if wrong := _heading_fault(heads, labels):
        faults.append(SheetFault(title, 1, "", wrong))
        return
    for number, line in enumerate(lines, start=2):
        texts = [_text(one) for one in line[: len(heads)]]
        if any(texts):
            yield number, dict(zip(heads, texts, strict=False))


def _heading_fault(heads: list[str], labels: list[str]) -> str:
    unknown = [one for one in heads if one not in (CODE, *labels)]
    twice = sorted({one for one in heads if heads.count(one) > 1})
    if CODE not in heads:
        return f"第一行要是标题，并且有“{CODE}”一栏。"
    if unknown:
        return f"不认识这些标题：{'、'.join(one or '（空）' for one in unknown[:5])}。能用的有：{'、'.join(labels)}。"
    return f"标题重复：{'、'.join(twice)}。" if twice else ""


def _text(value: Any) -> str:
    """A cell as text; whole numbers without a point, days as days, the mark before what looked like a formula gone."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text
