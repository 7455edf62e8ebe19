"""Reads of missed questions, for list keepers."""

from __future__ import annotations

from collections.abc import Iterator

from weimin.kernel.catalogue.models import SearchMiss


def list_misses(*, kind: str = "", limit: int = 50) -> list[SearchMiss]:
    """Missed questions that came often enough to be shown, most frequent first.

    Cost:   one query
    """
    rows = SearchMiss.objects.exclude(text="").order_by("-count", "pk")
    return list((rows.filter(kind=kind) if kind else rows)[:limit])


def all_misses() -> Iterator[SearchMiss]:
    """Every missed question that is shown, for export."""
    return SearchMiss.objects.exclude(text="").order_by("-count", "pk").iterator(chunk_size=2000)


def count_hidden() -> int:
    """How many missed questions came too seldom to be shown."""
    return SearchMiss.objects.filter(text="").count()
