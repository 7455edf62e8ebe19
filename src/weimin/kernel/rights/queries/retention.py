"""The classes of keeping as they stand in the data file."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

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


def kept_until(*, type_code: str, ended_on: date) -> date | None:
    """The first day on which an ended matter may be destroyed; None when it is kept for good.

    Law:    pipl-2021 art. 19
    """
    return rules.period_end(ended_on, class_of_matter(type_code))
