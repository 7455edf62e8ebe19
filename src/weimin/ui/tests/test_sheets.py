"""Spreadsheets that carry what people typed, and run none of it."""

from __future__ import annotations

import pytest

from weimin.ui.sheets import spreadsheet
from weimin.ui.testing import sheet


def cells(*values: object) -> list[object]:
    """What a spreadsheet program reads back from a row of these."""
    answer = spreadsheet("a.xlsx", "表", ["头"] * len(values), [values])
    return list(sheet(answer)[1])


@pytest.mark.parametrize(
    "typed",
    [
        '=HYPERLINK("http://x","点我")',
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "＝1+1",
        "＋1",
        "－1",
        "＠SUM(1)",
        " =1+1",
        "\u3000=1+1",
        "\t=1+1",
        "\n=1+1",
    ],
)
def test_what_would_be_a_formula_is_text(typed: str) -> None:
    (value,) = cells(typed)
    assert str(value).startswith("'") and str(value)[1:].strip() == typed.strip()


def test_what_is_no_formula_stays() -> None:
    assert cells("王秀兰", "3-5 号楼", "a=b", "", 5, None, "低保\x00\x0b金") == [
        "王秀兰",
        "3-5 号楼",
        "a=b",
        None,
        5,
        None,
        "低保金",
    ]


def test_a_spreadsheet_is_always_saved_never_shown() -> None:
    answer = spreadsheet("名单.xlsx", "表", ["头"], [["a"]])
    assert answer["Content-Disposition"].startswith("attachment")
