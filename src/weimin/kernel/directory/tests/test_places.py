"""Divisions in the database: counts, who is in whom, names, order, reloading."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.models import Division
from weimin.kernel.directory.testing import AT, CITY, COUNTY, LOADER, TOWN, shipped, shipped_codes
from weimin.kernel.record.models import AuditEntry

pytestmark = pytest.mark.usefixtures("bengbu")
VILLAGES = shipped_codes("village")


def test_the_city_is_all_there() -> None:
    counts = Counter(Division.objects.values_list("level", flat=True))
    assert counts == {"province": 1, "city": 1, "county": 7, "township": 77, "village": 1116}


def test_every_place_hangs_where_the_list_says_and_knows_its_county_and_township() -> None:
    said = {row["code"]: row for row in shipped()}

    def above(code: str, level: str) -> str:
        while code and said[code]["level"] != level:
            code = said[code]["parent"]
        return code

    for place in Division.objects.all():
        row = said[place.code]
        assert (place.name, place.level, place.parent_id or "") == (row["name"], row["level"], row["parent"])
        assert (place.code_system, place.nbs_code) == (row["code_system"], row["nbs_code"])
        assert place.county_code == above(place.code, "county")
        assert place.township_code == above(place.code, "township")


def test_no_village_is_attached_by_cutting_its_code() -> None:
    """The statistics bureau's township code in a village code names another township 295 times."""
    townships = set(shipped_codes("township"))
    misleading = [
        code
        for code in VILLAGES
        if (cut := code[:9] + "000") in townships and cut != queries.get_division(code).parent_code
    ]
    assert len(misleading) == 295
    for code in misleading:
        assert queries.township_of(code) == Division.objects.get(code=code).parent_id
        assert queries.township_of(code) != code[:9] + "000"


@settings(max_examples=200)
@given(code=st.sampled_from(VILLAGES))
def test_a_village_stands_among_the_children_of_its_township_and_its_full_name_begins_with_it(code: str) -> None:
    place = queries.get_division(code)
    town = queries.get_division(queries.township_of(code))
    assert place in queries.children_of(town.code)
    assert queries.full_name(code) == queries.full_name(town.code) + place.name
    assert queries.full_name(code) == place.county_name + town.name + place.name


@pytest.mark.parametrize(
    ("code", "full", "township", "county"),
    [
        ("340000000000", "", "", ""),
        (CITY, "", "", ""),
        (COUNTY, "怀远县", "", "怀远县"),
        (TOWN, "怀远县榴城镇", TOWN, "怀远县"),
    ],
)
def test_names_and_townships_level_by_level(code: str, full: str, township: str, county: str) -> None:
    assert queries.full_name(code) == full
    assert queries.township_of(code) == township
    assert queries.get_division(code).county_name == county


@pytest.mark.parametrize("code", ["", "340321999000", "3403", "榴城镇", "340321113000 "])
def test_an_unknown_code_is_told_and_breaks_nothing(code: str) -> None:
    assert not queries.division_exists(code)
    assert queries.full_name(code) == "" and queries.township_of(code) == ""
    with pytest.raises(queries.DivisionUnknown, match="请从列表中选择"):
        queries.get_division(code)


def test_below_a_place_stand_its_own_and_below_nothing_the_province() -> None:
    assert [one.name for one in queries.children_of("")] == ["安徽省"]
    assert [one.name for one in queries.children_of("340000000000")] == ["蚌埠市"]
    assert len(queries.children_of(CITY)) == 7
    assert queries.children_of("340321999000") == queries.children_of(VILLAGES[0]) == []


def test_townships_are_listed_by_county_and_pinyin() -> None:
    listed = queries.list_townships()
    assert len(listed) == len(set(listed)) == 77
    groups = dict(queries.townships_by_county())
    assert {name: len(towns) for name, towns in groups.items()} == Counter(
        queries.get_division(row["parent"]).name for row in shipped() if row["level"] == "township"
    )
    huaiyuan = [one.name for one in groups["怀远县"]]
    assert huaiyuan.index("白莲坡镇") < huaiyuan.index("鲍集镇") < huaiyuan.index("榴城镇") < huaiyuan.index("徐圩乡")


def test_the_city_reads_beng_bu() -> None:
    assert Division.objects.get(code=CITY).sort_key.startswith("beng bu")
    assert "beng bu" in Division.objects.get(name="小蚌埠镇").sort_key


def test_villages_of_one_name_in_one_county_stay_apart() -> None:
    names = Counter(Division.objects.filter(level="village").values_list("county_code", "name"))
    twice = [key for key, count in names.items() if count > 1]
    assert len(twice) == 25
    for county, name in twice:
        towns = list(Division.objects.filter(county_code=county, name=name).values_list("township_code", flat=True))
        assert len(towns) == names[(county, name)]


def test_what_is_kept_costs_no_query_the_second_time(django_assert_num_queries: Any) -> None:
    queries.townships_by_county()
    queries.children_of(TOWN)
    with django_assert_num_queries(0):
        queries.townships_by_county()
        queries.children_of(TOWN)
        queries.full_name(VILLAGES[0])
        queries.get_division(TOWN)


def test_loading_again_changes_nothing_and_says_so_in_the_trail() -> None:
    before = list(Division.objects.order_by("code").values())
    told = AuditEntry.objects.filter(verb="directory.divisions.loaded").count()
    assert actions.load_divisions(by=LOADER, at=AT, rows=list(shipped())) == 1202
    assert list(Division.objects.order_by("code").values()) == before
    assert AuditEntry.objects.filter(verb="directory.divisions.loaded").count() == told + 1


def test_a_renamed_place_shows_its_new_name_at_once_and_a_place_left_out_stays() -> None:
    assert queries.full_name(TOWN) == "怀远县榴城镇"
    rows = [
        dict(row, name="榴城街道", code_system="nbs") if row["code"] == TOWN else row
        for row in shipped()
        if row["code"] != VILLAGES[0]
    ]
    assert actions.load_divisions(by=LOADER, at=AT, rows=rows) == 1201
    assert queries.full_name(TOWN) == "怀远县榴城街道"
    town = Division.objects.get(code=TOWN)
    assert (town.sort_key, town.code_system) == ("liu cheng jie dao", "nbs")
    assert queries.division_exists(VILLAGES[0])


def test_a_village_that_moves_is_found_under_its_new_township() -> None:
    moved = queries.children_of(TOWN)[0].code
    other = next(one.code for one in queries.list_townships() if one.code[:6] != TOWN[:6])
    rows = [dict(row, parent=other) if row["code"] == moved else row for row in shipped()]
    actions.load_divisions(by=LOADER, at=AT, rows=rows)
    assert queries.township_of(moved) == other
    place = Division.objects.get(code=moved)
    assert (place.township_code, place.county_code) == (other, queries.get_division(other).parent_code)
