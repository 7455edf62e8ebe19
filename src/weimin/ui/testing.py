"""What tests read out of what was answered."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import load_workbook


def sheet(answer: Any) -> list[tuple[Any, ...]]:
    """The rows of a spreadsheet that was answered, its head first."""
    return list(load_workbook(io.BytesIO(answer.getvalue())).worksheets[0].values)
