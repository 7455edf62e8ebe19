"""The classes of keeping as they stand in the data file."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from weimin.base.clock import day_start, local_date
from weimin.kernel.rights import rules
from weimin.kernel.rights.rules import RetentionClass, RetentionRule

DATA = Path(__file__).parents[1] / "data"


@cache
def _read() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DATA / "retention.yaml").read_text(encoding="utf-8"))
    return found


def list_classes() -> dict[str, RetentionClass]:
    """Every class of keeping by its code."""
    return {row["code"]: RetentionClass(**row) for row in _read()["classes"]}


def list_rules() -> list[RetentionRule]:
    """Which class each table is kept by, as package.Table."""
    return [RetentionRule(row["table"], row["class"], row.get("note", "")) for row in _read()["tables"]]


def class_of_matter(type_code: str) -> RetentionClass:
    """The class that a matter is kept by, from its item's type."""
    return list_classes()[rules.matter_class(_read()["matters"], type_code)]


def over_before(code: str, *, at: datetime) -> datetime:
    """The moment before which rows of a class that counts years are over.

    Law:    pipl-2021 art. 19
    """
    last = rules.latest_over(local_date(at), list_classes()[code])
    assert last is not None, "the class counts years"
    return day_start(last)


def kept_until(*, type_code: str, ended_on: date) -> date | None:
    """The first day on which an ended matter may be destroyed; None when it is kept for good.

    Law:    pipl-2021 art. 19
    """
    return rules.period_end(ended_on, class_of_matter(type_code))
