"""Lists as spreadsheets, for every office that lives in them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.http import FileResponse
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from weimin.base.clock import SHANGHAI

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A sheet holds 1,048,576 rows; what is more goes on in the next one.
SHEET_ROWS = 1_000_000
#: What a spreadsheet takes for the beginning of a formula, also in full width and behind blanks.
_FORMULA = "=+-@＝＋－＠"
#: What splits or moves cells when a sheet is saved as text.
_SPLITS = ("\t", "\r", "\n")


def spreadsheet(name: str, title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> FileResponse:
    """Rows as a spreadsheet to download; written through a file, so that length costs no memory."""
    return spreadsheets(name, [(title, head, rows)])


def spreadsheets(name: str, sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Any]]]]) -> FileResponse:
    """Several sheets in one workbook to download, each with its title, headings and rows."""
    book = Workbook(write_only=True)
    for title, head, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.append(list(head))
        for place, row in enumerate(rows):
            if place and place % SHEET_ROWS == 0:
                sheet = book.create_sheet(f"{title}{place // SHEET_ROWS + 1}")
                sheet.append(list(head))
            sheet.append([_cell(one) for one in row])
    out = tempfile.TemporaryFile()  # noqa: SIM115 — the answer closes it
    book.save(out)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=name, content_type=XLSX)


def moment(at: datetime | None) -> datetime | None:
    """A moment as the clock on the wall shows it; spreadsheets know no time zones."""
    return at.astimezone(SHANGHAI).replace(tzinfo=None, microsecond=0) if at else None


def _cell(value: Any) -> Any:
    """A value that no spreadsheet takes for a formula, or refuses."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    first = text.lstrip()[:1]
    return "'" + text if text[:1] in _SPLITS or (first and first in _FORMULA) else text
