"""Keys of pages: they come back as they went out, and what is none is the first page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from weimin.base.clock import SHANGHAI
from weimin.base.paging import page_key, read_page_key


@pytest.mark.parametrize("zone", [UTC, SHANGHAI])
def test_a_key_leads_back_to_its_row(zone: object) -> None:
    moment = datetime(2026, 9, 14, 1, 30, 0, 123, tzinfo=UTC)
    key = page_key(moment.astimezone(zone), 7)  # type: ignore[arg-type]
    assert read_page_key(key) == (moment, 7)
    assert key.isascii() and not set(key) & set("+ %&#?")


def test_years_below_a_thousand_are_no_reason_to_fail() -> None:
    assert page_key(None, 7) == ""
    assert read_page_key(page_key(datetime(1, 1, 2, tzinfo=UTC), 7)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "_",
        "x",
        "x_1",
        "2026-09-14T01:30:00Z",
        "2026-09-14T01:30:00_1",
        "2026-09-14T01:30:00Z_0",
        "2026-09-14T01:30:00Z_x",
        "2026-09-14T01:30:00Z_+5",
        "2026-09-14T01:30:00Z_ 5",
        "2026-09-14T01:30:00Z_٣",
        f"2026-09-14T01:30:00Z_{2**63}",
        "0001-01-01T00:00:00+14:00_1",
        "9999-12-31T23:59:59-14:00_1",
    ],
)
def test_what_is_no_key_is_the_first_page(text: str) -> None:
    assert read_page_key(text) is None


def test_another_zone_is_the_same_moment() -> None:
    found = read_page_key("2026-09-14T09:30:00+08:00_3")
    assert found == (datetime(2026, 9, 14, 1, 30, tzinfo=UTC), 3)
    assert found[0].utcoffset() == timedelta(hours=8)
