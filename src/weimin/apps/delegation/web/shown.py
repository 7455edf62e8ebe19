"""How pages of delegations read what was asked for."""

from __future__ import annotations

from datetime import date

from weimin.base.errors import Invalid


def read_day(text: str, today: date) -> date:
    """The day that is asked for; today where none is given.

    Raises: Invalid — no day
    """
    try:
        return date.fromisoformat(text.strip()) if text.strip() else today
    except ValueError:
        raise Invalid("日期请写成 2026-03-05 这样。", fields={"on": "日期请写成 2026-03-05 这样。"}) from None
