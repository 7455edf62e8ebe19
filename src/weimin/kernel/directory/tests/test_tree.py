"""What lies in a place: by the links of the directory, in the process, in SQL and in the row policies alike."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from weimin.base.identifiers import place_prefix
from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.models import Agency, Division
from weimin.kernel.directory.testing import AT, CITY, COUNTY, LOADER, TOWN, shipped, shipped_codes
from weimin.kernel.record.access import acting
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.usefixtures("bengbu")
#: 340321100xxx are villages of 340321113000; there is a township 340321100000 beside it.
MISLED = "340321100000"
PLACES = [*shipped_codes("city"), *shipped_codes("county"), *shipped_codes("township"), *shipped_codes("village")[::90]]


def below(place: str) -> set[str]:
    """A place and all below it, as the shipped list says."""
    found, rows = {place}, shipped()
    for row in rows:
        if row["parent"] in found:
            found.add(row["code"])
    return found


@pytest.mark.parametrize("place", PLACES)
def test_the_three_ways_to_ask_what_lies_in_a_place_answer_what_the_list_says(place: str) -> None:
    told = below(place)
    assert set(Division.objects.filter(queries.within("code", place)).values_list("code", flat=True)) == told
    assert {code for code in (row["code"] for row in shipped()) if queries.is_within(code, place)} == told
    agency = Agency.objects.filter(division_id=place).first()
    assert agency is not None
    who = Actor(kind="staff", name="演示", account_id=1, post_id=1, agency_id=agency.pk, division_code=place)
    with acting(who), connection.cursor() as cursor:
        cursor.execute("SELECT code FROM directory_division WHERE directory_in_place(code)")
        assert {code for (code,) in cursor.fetchall()} == told


def test_a_code_cut_short_would_have_shown_one_township_anothers_villages() -> None:
    own = {one.code for one in queries.children_of(TOWN)}
    assert own and all(code.startswith(place_prefix(MISLED)) for code in own)
    assert not own & set(Division.objects.filter(queries.within("code", MISLED)).values_list("code", flat=True))
    assert own < set(Division.objects.filter(queries.within("code", TOWN)).values_list("code", flat=True))


@pytest.mark.parametrize("place", ["", "340321999000", "3403", "榴城镇"])
def test_in_an_unknown_place_lies_nothing(place: str) -> None:
    assert not Division.objects.filter(queries.within("code", place)).exists()
    assert not queries.is_within(TOWN, place)
    assert not queries.is_within(place, CITY)
    assert not queries.is_above_townships(place)


def test_the_wall_opens_no_place_to_whoever_serves_nowhere() -> None:
    with acting(Actor.anonymous()), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM directory_division WHERE directory_in_place(code)")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(("code", "above"), [(CITY, True), (COUNTY, True), (TOWN, False), ("village", False)])
def test_counties_and_the_city_stand_above_townships(code: str, above: bool) -> None:
    assert queries.is_above_townships(queries.children_of(TOWN)[0].code if code == "village" else code) is above


def test_a_village_that_moves_lies_in_its_new_township_at_once() -> None:
    moved = queries.children_of(TOWN)[0].code
    rows = [dict(row, parent=MISLED) if row["code"] == moved else row for row in shipped()]
    assert queries.is_within(moved, TOWN)
    actions.load_divisions(by=LOADER, at=AT, rows=rows)
    assert queries.is_within(moved, MISLED)
    assert not queries.is_within(moved, TOWN)
    assert moved in Division.objects.filter(queries.within("code", MISLED)).values_list("code", flat=True)


def test_what_lies_where_is_kept(django_assert_num_queries: Any) -> None:
    queries.is_within(TOWN, COUNTY)
    queries.within("code", TOWN)
    queries.is_above_townships(TOWN)
    with django_assert_num_queries(0):
        assert queries.is_within(TOWN, COUNTY)
        queries.within("code", COUNTY)
        queries.is_above_townships(COUNTY)
