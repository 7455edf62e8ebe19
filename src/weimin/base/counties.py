"""The county that a row belongs to, on every table that grows with matters: the key by which they can be distributed.

A city's database stays one as long as one machine carries it. Beyond that its rows are spread by county over several
(docs/explanation/scale.md): everything about a matter, its people and their notices lies together then, for a row's
key is that of what it hangs on. Pages do not read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

_known: list[Callable[[str], str]] = []


def know(county_of: Callable[[str], str]) -> None:
    """Say how the county of a place is found; called by the directory."""
    _known[:] = [county_of]


def county_of(place: str) -> str:
    """The code of the county that a place is or lies in; '' above counties and for no place."""
    return _known[0](place) if _known and place else ""


class CountyKey(models.CharField):
    """The county's code, filled when the row is made: from a place's code, or from the row that it hangs on.

    `of` names the column of the place or the reference to that row. A row that hangs on nothing yet has ''.

    Cost:   none when what it hangs on is at hand; else one query
    """

    def __init__(self, verbose_name: str = "县区", *, of: str = "", **options: Any) -> None:
        self.of = of
        given = {"max_length": 12, "blank": True, "default": "", "db_default": "", "editable": False}
        options = {**given, "help_text": "所在县区的代码，数据按它分布", **options}
        super().__init__(verbose_name, **options)

    def deconstruct(self) -> Any:
        """To migrations it is a plain column: they import nothing of ours."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def pre_save(self, row: models.Model, add: bool) -> Any:
        """Fill it when the row is made."""
        held = getattr(row, self.attname)
        if add and not held and self.of:
            held = self._found(row)
            setattr(row, self.attname, held)
        return held

    def _found(self, row: models.Model) -> str:
        field = row._meta.get_field(self.of)
        parent = field.related_model
        if not hasattr(parent, "county"):
            return county_of(str(getattr(row, field.attname) or ""))  # type: ignore[union-attr]
        if field.is_cached(row):  # type: ignore[union-attr]
            return str(getattr(getattr(row, self.of), "county", ""))
        key = getattr(row, field.attname)  # type: ignore[union-attr]
        found = parent._base_manager.filter(pk=key).values_list("county", flat=True).first()  # type: ignore[union-attr]
        return str(found or "")
