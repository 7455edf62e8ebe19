"""Agencies: every place has its bodies, every rule finds one, names and successions have their days."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
import yaml
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from weimin.kernel.directory import actions, queries
from weimin.kernel.directory.models import Agency, AgencyName, AgencySuccession, Window
from weimin.kernel.directory.testing import AT, CITY, COUNTY, LOADER, TOWN, body, shipped_codes
from weimin.kernel.record.models import AuditEntry

pytestmark = pytest.mark.usefixtures("bengbu")
TOWNS = shipped_codes("township")
REFORM = date(2019, 3, 1)
STATIONS = {
    "social",
    "labour",
    "land",
    "farm",
    "health",
    "culture",
    "veterans",
    "justice",
    "finance",
    "emergency",
    "building",
}
#: Which station of a township handles the field of which department.
STATION_OF = {
    "教育局": "social",
    "民政局": "social",
    "残联": "social",
    "人社局": "labour",
    "医保局": "labour",
    "应急管理局": "emergency",
    "退役军人事务局": "veterans",
    "人武部": "veterans",
    "卫生健康委": "health",
    "文化和旅游局": "culture",
    "体育局": "culture",
    "宣传部": "culture",
    "农业农村局": "farm",
    "自然资源和规划局": "land",
    "住建局": "building",
    "司法局": "justice",
    "财政局": "finance",
    "政府办": "gov",
    "乡镇政府": "gov",
}
#: Where an item goes whose lead no body of the township carries.
STATION_OF_AREA = {
    "A1": "social",
    "A2": "labour",
    "A3": "labour",
    "A4": "social",
    "A5": "social",
    "A6": "social",
    "A7": "health",
    "A8": "culture",
    "A9": "gov",
    "": "gov",
}


def code_of(agency_id: int | None) -> str:
    return Agency.objects.get(pk=agency_id).code if agency_id is not None else ""


# --- every place has its bodies -----------------------------------------------------------------------------
def test_every_township_has_all_its_bodies_and_windows() -> None:
    by_place: dict[str, set[str]] = defaultdict(set)
    for code in Agency.objects.filter(division__level="township").values_list("code", flat=True):
        place, _, suffix = code.partition("-")
        by_place[place].add(suffix)
    assert set(by_place) == set(TOWNS)
    assert all(suffixes == STATIONS | {"gov", "centre"} for suffixes in by_place.values())
    windows = Window.objects.values_list("agency__division_id", "number", "name")
    assert Counter(place for place, _, _ in windows) == dict.fromkeys(TOWNS, 4)
    assert {name for place, _, name in windows if place == TOWN} == {
        "综合受理窗口一",
        "综合受理窗口二",
        "社会事务窗口",
        "统一出件窗口",
    }


def test_every_village_has_its_committee_and_its_agent_station() -> None:
    kinds = Counter(Agency.objects.filter(division__level="village").values_list("division_id", "kind"))
    assert len(kinds) == 2 * 1116 and set(kinds.values()) == {1}
    assert {kind for _, kind in kinds} == {"committee", "agent_station"}


def test_every_county_has_the_same_departments_and_the_city_all_but_the_armed_forces_department() -> None:
    keys: dict[str, set[str]] = defaultdict(set)
    for place, lead in Agency.objects.filter(kind="department").values_list("division_id", "lead_keys"):
        keys[place] |= set(lead)
    assert set(keys) == {CITY, *shipped_codes("county")}
    assert all(keys[county] == keys[COUNTY] for county in shipped_codes("county"))
    assert keys[COUNTY] - keys[CITY] == {"人武部"}
    assert set(STATION_OF) - {"乡镇政府"} <= keys[COUNTY]


def test_nobody_answers_for_another_bodys_field_in_one_place() -> None:
    carried = Counter(
        (place, key)
        for place, keys in Agency.objects.exclude(lead_keys=[]).values_list("division_id", "lead_keys")
        for key in keys
    )
    assert max(carried.values()) == 1


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (f"{TOWN}-gov", "怀远县榴城镇人民政府"),
        (f"{TOWN}-centre", "榴城镇便民服务中心"),
        (f"{TOWN}-social", "榴城镇社会事务办公室"),
        (f"{COUNTY}-d03", "怀远县民政局"),
        (f"{COUNTY}-d01", "怀远县人力资源和社会保障局"),
        (f"{COUNTY}-d06", "怀远县残疾人联合会"),
        (f"{COUNTY}-d16", "怀远县委宣传部"),
        (f"{CITY}-d16", "蚌埠市委宣传部"),
        (f"{CITY}-d24", "蚌埠市委机构编制委员会办公室"),
        (f"{CITY}-d25", "蚌埠市监察委员会"),
    ],
)
def test_codes_and_names_that_must_stay(code: str, name: str) -> None:
    """Codes are for good: a department's code comes from the file, not from its place in it."""
    assert Agency.objects.get(code=code).name == name


def test_department_codes_are_written_in_the_file_and_given_once() -> None:
    plan = yaml.safe_load((actions.DATA / "agencies.yaml").read_text(encoding="utf-8"))
    codes = [row["code"] for row in plan["departments"]]
    assert len(set(codes)) == len(codes) and all(re.fullmatch(r"d\d{2}", code) for code in codes)
    keys = [row["key"] for row in plan["departments"]]
    assert len(set(keys)) == len(keys)


def test_a_subdistrict_has_an_office_and_a_town_a_government() -> None:
    for name, place in Agency.objects.filter(kind="government").values_list("name", "division__name"):
        assert name.endswith(f"{place}办事处" if place.endswith("街道") else f"{place}人民政府"), name


def test_stations_and_centre_stand_under_their_own_government() -> None:
    for one in Agency.objects.filter(kind__in=("centre", "station")).select_related("parent"):
        assert one.parent is not None
        assert (one.parent.kind, one.parent.division_id) == ("government", one.division_id)
    led = queries.list_led_agencies(agency_id=Agency.objects.get(code=f"{TOWN}-gov").pk)
    assert len(led) == len(set(led)) == 13
    assert set(led) == {one.pk for one in queries.list_agencies(division_code=TOWN)}


# --- which body a rule means --------------------------------------------------------------------------------
@pytest.mark.parametrize(("lead", "suffix"), STATION_OF.items())
def test_each_lead_finds_its_station_in_every_township(lead: str, suffix: str) -> None:
    codes = dict(Agency.objects.filter(division__level="township").values_list("pk", "code"))
    for town in TOWNS:
        found = queries.resolve_agency(rule="township", township_code=town, lead_key=lead)
        assert found is not None and codes[found] == f"{town}-{suffix}"


@pytest.mark.parametrize(("area", "suffix"), STATION_OF_AREA.items())
def test_each_area_finds_a_station_in_every_township_even_without_its_lead(area: str, suffix: str) -> None:
    codes = dict(Agency.objects.filter(division__level="township").values_list("pk", "code"))
    for town in TOWNS:
        found = queries.resolve_agency(rule="township", township_code=town, lead_key="没有的部门", area=area)
        assert found is not None and codes[found] == f"{town}-{suffix}"


@pytest.mark.parametrize("lead", [lead for lead in STATION_OF if lead != "乡镇政府"])
def test_each_lead_finds_its_department_in_the_townships_own_county(lead: str) -> None:
    places = {pk: (place, keys) for pk, place, keys in Agency.objects.values_list("pk", "division_id", "lead_keys")}
    for town in TOWNS:
        found = queries.resolve_agency(rule="county", township_code=town, lead_key=lead)
        assert found is not None
        assert places[found] == (queries.get_division(town).parent_code, [lead])


@settings(max_examples=100)
@given(town=st.sampled_from(TOWNS), lead=st.sampled_from([*STATION_OF, "", "没有的部门"]))
def test_every_matter_is_accepted_at_its_own_townships_centre(town: str, lead: str) -> None:
    found = queries.resolve_agency(rule="accepting", township_code=town, lead_key=lead)
    assert code_of(found) == f"{town}-centre"


@pytest.mark.parametrize("place", ["", "340321999000", COUNTY, CITY, shipped_codes("village")[0]])
@pytest.mark.parametrize("rule", ["accepting", "county"])
def test_a_place_that_is_no_township_has_no_body(rule: str, place: str) -> None:
    assert queries.resolve_agency(rule=rule, township_code=place, lead_key="没有的部门") is None


@pytest.mark.parametrize("place", [COUNTY, CITY, "340321999000"])
def test_the_county_rule_takes_only_a_township(place: str) -> None:
    assert queries.resolve_agency(rule="county", township_code=place, lead_key="民政局") is None


def test_a_county_without_the_lead_has_no_body() -> None:
    assert queries.resolve_agency(rule="county", township_code=TOWN, lead_key="没有的部门") is None


@pytest.mark.parametrize("rule", ["", "village", "body:land", "Township"])
def test_a_rule_that_does_not_exist_is_told(rule: str) -> None:
    with pytest.raises(queries.AgencyRuleUnknown, match="只能是"):
        queries.resolve_agency(rule=rule, township_code=TOWN, lead_key="民政局")


def test_finding_a_body_costs_no_query_the_second_time(django_assert_num_queries: Any) -> None:
    body()
    body("county")
    with django_assert_num_queries(0):
        for town in TOWNS:
            for rule in ("accepting", "township", "county"):
                body(rule, town=town)


def test_every_item_of_the_catalogue_finds_its_bodies_everywhere() -> None:
    from weimin.kernel.catalogue.actions import read_item_files

    leads = {(record["lead"], record["area"]) for record in read_item_files()}
    assert len({area for _, area in leads}) == 9
    for lead, area in leads:
        assert lead in STATION_OF
        for town in TOWNS:
            for rule in ("accepting", "township", "county"):
                assert queries.resolve_agency(rule=rule, township_code=town, lead_key=lead, area=area) is not None


# --- names and successions ----------------------------------------------------------------------------------
#: law.md 0.3: the plan's body, today's body, the matter ("" is the whole).
SUCCESSIONS = [
    ("农林委员会", "农业农村局", ""),
    ("农林委员会", "自然资源和规划局", "林业"),
    ("国土资源局", "自然资源和规划局", ""),
    ("城乡规划局", "自然资源和规划局", ""),
    ("文化广电新闻出版局", "文化和旅游局", ""),
    ("文化广电新闻出版局", "委宣传部", "新闻出版和电影"),
    ("环境保护局", "生态环境局", ""),
    ("机构编制委员会办公室", "委机构编制委员会办公室", ""),
    ("监察局", "监察委员会", ""),
    ("信息化办公室", "数据资源管理局", ""),
    ("行政审批监管局", "数据资源管理局", "政务服务管理"),
    ("政务服务中心", "数据资源管理局", "政务服务大厅"),
    ("行政执法局", "城市管理行政执法局", ""),
    ("卫生和计划生育委员会", "卫生健康委员会", ""),
    ("卫生和计划生育委员会", "医疗保障局", "新农合"),
    ("人力资源和社会保障局", "医疗保障局", "医疗和生育保险"),
    ("安全生产监督管理局", "应急管理局", ""),
    ("民政局", "应急管理局", "救灾"),
    ("民政局", "退役军人事务局", "优抚安置"),
    ("人民政府法制办公室", "司法局", "政府法制"),
    ("社会治安综合治理委员会办公室", "委政法委员会", "社会治安综合治理"),
    ("住房和城乡建设委员会", "住房和城乡建设局", ""),
]


@pytest.mark.parametrize("place", ["蚌埠市", "怀远县", "龙子湖区"])
def test_who_took_over_from_whom(place: str) -> None:
    rows = queries.list_successions().filter(agency__division__name=place)
    assert {(one.old_name, one.agency.name, one.matter) for one in rows} == {
        (place + old, place + new, matter) for old, new, matter in SUCCESSIONS
    }
    assert {one.on for one in rows} == {REFORM}


def test_what_is_from_memory_says_so() -> None:
    assert set(AgencyName.objects.values_list("certainty", flat=True)) == {"memory-high"}
    assert set(AgencySuccession.objects.values_list("certainty", flat=True)) == {"memory-high"}


@pytest.mark.parametrize(
    ("now", "on", "then"),
    [
        ("卫生健康委员会", date(2017, 1, 1), "卫生和计划生育委员会"),
        ("卫生健康委员会", REFORM - timedelta(days=1), "卫生和计划生育委员会"),
        ("卫生健康委员会", REFORM, "卫生健康委员会"),
        ("卫生健康委员会", date(2026, 11, 24), "卫生健康委员会"),
        ("监察委员会", REFORM - timedelta(days=1), "监察局"),
        ("民政局", REFORM - timedelta(days=1), "民政局"),
        ("民政局", REFORM, "民政局"),
        ("自然资源和规划局", REFORM - timedelta(days=1), "自然资源和规划局"),
        ("医疗保障局", REFORM, "医疗保障局"),
    ],
)
def test_the_name_of_a_body_on_a_day(now: str, on: date, then: str) -> None:
    agency = Agency.objects.get(name=f"怀远县{now}")
    assert queries.name_on(agency.pk, on=on) == f"怀远县{then}"


def test_a_body_bears_one_name_a_day_and_its_present_name_now() -> None:
    spans: dict[int, list[tuple[date, date]]] = defaultdict(list)
    for one in AgencyName.objects.select_related("agency"):
        spans[one.agency_id].append((one.valid_from, one.valid_until or date.max))
        assert one.valid_until is not None or one.name == one.agency.name
    assert set(spans) == set(Agency.objects.filter(kind="department").values_list("pk", flat=True))
    for periods in spans.values():
        periods.sort()
        assert periods[-1][1] == date.max
        for (_, until), (start, _) in pairwise(periods):
            assert until <= start


def test_a_name_cannot_end_before_it_begins() -> None:
    agency = Agency.objects.get(code=f"{COUNTY}-d03")
    for until in (REFORM, REFORM - timedelta(days=1)):
        with pytest.raises(IntegrityError, match="directory_name_period"), transaction.atomic():
            AgencyName.objects.create(
                agency=agency, name="甲", valid_from=REFORM, valid_until=until, certainty="memory-low"
            )


# --- loading again, unknown bodies --------------------------------------------------------------------------
def test_loading_again_adds_nothing_and_keeps_what_was_filled_in() -> None:
    Agency.objects.filter(code=f"{TOWN}-centre").update(phone="0552-8000000", name="榴城镇为民服务中心")
    tables = (Agency, AgencyName, AgencySuccession, Window)
    before = [table.objects.count() for table in tables]
    seen: list[tuple[int, int]] = []
    count = actions.load_agencies(by=LOADER, at=AT, progress=lambda done, total: seen.append((done, total)))
    assert [table.objects.count() for table in tables] == before
    assert count == Agency.objects.count() == seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    centre = Agency.objects.get(code=f"{TOWN}-centre")
    assert (centre.phone, centre.name) == ("0552-8000000", "榴城镇为民服务中心")
    entry = AuditEntry.objects.filter(verb="directory.agencies.loaded").latest("pk")
    assert entry.changes == {"agencies": count}


def test_a_body_that_went_missing_is_made_again_and_found() -> None:
    lost = body(lead="财政局")
    Agency.objects.filter(pk=lost).delete()
    queries.forget()
    assert code_of(body(lead="财政局")) == f"{TOWN}-gov"
    actions.load_agencies(by=LOADER, at=AT)
    found = Agency.objects.get(pk=body(lead="财政局"))
    assert found.code == f"{TOWN}-finance"
    assert found.parent is not None and found.parent.code == f"{TOWN}-gov"


def test_an_unknown_agency_is_told() -> None:
    assert queries.agency_name(10**9) == ""
    with pytest.raises(queries.AgencyUnknown):
        queries.get_agency(10**9)
    with pytest.raises(queries.AgencyUnknown):
        queries.check_agency(10**9)
    one = queries.get_agency(body())
    assert one.division.name == "榴城镇" and queries.agency_name(one.pk) == one.name
