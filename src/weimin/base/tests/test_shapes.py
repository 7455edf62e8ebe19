"""An id that comes in is a number that a column can hold, or no row's."""

from __future__ import annotations

import pytest

from weimin.base.shapes import read_id


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, 0),
        ("1" * 5000, 0),
        ("", 0),
        ("0", 0),
        ("-7", 0),
        (" 7", 0),
        ("７", 0),
        ("²", 0),
        ("7.0", 0),
        ("7\x00", 0),
    ],
)
def test_an_id_is_a_number_of_a_row_or_none(text: str, wanted: int) -> None:
    assert read_id(text) == wanted
