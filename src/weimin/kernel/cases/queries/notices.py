"""The privacy notice as its versions stand in the data file."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import yaml

from weimin.kernel.cases.rules import notices as rules
from weimin.kernel.cases.rules.notices import Notice
from weimin.kernel.cases.rules.notices import asks_about_children as asks_about_children
from weimin.kernel.cases.rules.notices import item_notice as item_notice

DATA = Path(__file__).parents[1] / "data" / "notice.yaml"


@cache
def _read(path: Path) -> tuple[Notice, ...]:
    return tuple(Notice(**row) for row in yaml.safe_load(path.read_text(encoding="utf-8")))


def list_notices() -> list[Notice]:
    """Every version, newest first."""
    return sorted(_read(DATA), key=lambda one: (one.valid_from, one.version), reverse=True)


def get_notice(*, on: date) -> Notice:
    """The version in force on a day; before the first, the first.

    Law:    pipl-2021 art. 17
    """
    rows = _read(DATA)
    return rules.notice_on(rows, max(on, min(one.valid_from for one in rows)))
