"""What lies in a place, by the directory's own links: the one answer to "within this township, county, city".

A code says less than it seems. The statistics bureau numbers villages by its own townships: cut to nine digits, 295
village codes name another township than the one they belong to, and some name another county. So nothing outside of
this module cuts codes to find out what lies where; the wall asks the same of the database (`directory_in_place`).
"""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Q

from weimin.base.identifiers import place_prefix
from weimin.kernel.directory.models import Division
from weimin.kernel.directory.queries.editions import of_edition

#: The levels of the places that consist of townships.
ABOVE_TOWNSHIPS = ("county", "city", "province")


@of_edition
def _lineage() -> dict[str, tuple[str, ...]]:
    """Each place with all it lies in, itself first."""
    above: dict[str, str | None] = dict(Division.objects.values_list("code", "parent_id"))
    found: dict[str, tuple[str, ...]] = {}
    for code in above:
        chain, place = [code], above[code]
        while place:
            chain.append(place)
            place = above.get(place)
        found[code] = tuple(chain)
    return found


@of_edition
def _spans() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Each place as SQL finds all in it: a beginning that codes share, if it says true, and the codes beside it."""
    inside: dict[str, set[str]] = defaultdict(set)
    begins: dict[str, set[str]] = defaultdict(set)
    for code, chain in _lineage().items():
        for place in chain:
            inside[place].add(code)
        for length in (2, 4, 6, 9, 12):
            begins[code[:length]].add(code)
    spans = {}
    for place, codes in inside.items():
        shared = begins[place_prefix(place)]
        exact = shared <= codes
        spans[place] = (place_prefix(place) if exact else "", tuple(sorted(codes - shared if exact else codes)))
    return spans


def is_within(code: str, place: str) -> bool:
    """Whether a division is a place or lies in it; False for codes that name none.

    Cost:   no query but the edition's every ten seconds
    """
    return place in _lineage().get(code, ())


def within(name: str, place: str) -> Q:
    """The rows whose division is a place or lies in it, by the field that holds the code; none for an unknown place.

    Shape:  `name` is a column of text or ends in `__code`: "place", "township__code", "agency__division__code"
    Cost:   no query but the edition's every ten seconds; in SQL the range of a beginning, or a list of codes
    """
    begin, codes = _spans().get(place, ("", ()))
    if not begin:
        return Q(**{f"{name}__in": codes})
    spans = Q(**{f"{name}__startswith": begin})
    return spans | Q(**{f"{name}__in": codes}) if codes else spans


def upward(rows: str) -> str:
    """SQL to stand in a WITH RECURSIVE: each place that `rows` names, with itself and every place that it lies in.

    Shape:  gives `upward (place, above, upper)`, `upper` being whether the place above is a county, city or province.
            `rows` is a table of code's own that has a column `place`; what the directory does not have is left out
    """
    return f"""upward (place, above, upper) AS (
  SELECT code::text, code, level IN {ABOVE_TOWNSHIPS} FROM directory_division
  WHERE code IN (SELECT place FROM {rows})
  UNION ALL SELECT below.place, d.code, d.level IN {ABOVE_TOWNSHIPS} FROM upward below
  JOIN directory_division own ON own.code = below.above JOIN directory_division d ON d.code = own.parent_id
)"""  # noqa: S608 — a name of our own


def is_above_townships(code: str) -> bool:
    """Whether a place is a county, city or province: lists, tasks and matters are made there."""
    return level_of(code) in ABOVE_TOWNSHIPS


def county_of(code: str) -> str:
    """The county that a place is or lies in; '' above counties and for codes that name none."""
    return next((place for place in _lineage().get(code, ()) if _levels()[place] == "county"), "")


def level_of(code: str) -> str:
    """The level of a place: province, city, county, township, village; '' for a code that names none."""
    return _levels().get(code, "")


@of_edition
def _levels() -> dict[str, str]:
    return dict(Division.objects.values_list("code", "level"))
