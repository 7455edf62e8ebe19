"""Where the next page of a list begins that is in the order of time: the last row's moment and id, as one word."""

from __future__ import annotations

from datetime import UTC, datetime

from weimin.base.shapes import read_id


def page_key(moment: datetime | None, pk: int) -> str:
    """The key of a page's last row, with nothing in it that an address would change; '' for a row without a moment."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{pk}" if moment else ""


def read_page_key(text: str) -> tuple[datetime, int] | None:
    """The moment and id of a key from an address; None, which is the first page, for what is none."""
    at, _, number = text.rpartition("_")
    last = read_id(number)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, last) if last and moment.tzinfo and 1900 < moment.year < 9999 else None
