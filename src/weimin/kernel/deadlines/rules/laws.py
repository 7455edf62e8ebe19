"""The law register as shipped: how people read the ids of laws in ledgers and parameters."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[1] / "data"


@cache
def list_laws() -> tuple[dict[str, Any], ...]:
    """Every row of the law register.

    Shape:  mappings with id, title, short, issuer, version, from, until
    """
    return tuple(yaml.safe_load((DATA / "laws.yaml").read_text(encoding="utf-8")))


@cache
def _names() -> dict[str, str]:
    return {row["id"]: row["short"] for row in list_laws()}


def article_text(article: str) -> str:
    """An article for people: xkl-2019 art. 42 → 《行政许可法》第 42 条; other texts as they are."""
    law, mark, number = article.partition(" art. ")
    if not mark or law not in _names():
        return article
    return f"《{_names()[law]}》第 {number} 条"
