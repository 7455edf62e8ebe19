"""Everything about a matter carries its county, so that a city's tables can be distributed by it (Citus)."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from bench.city.copying import TABLES
from weimin.base.counties import CountyKey, county_of
from weimin.kernel.cases.models import Case, Comment
from weimin.kernel.cases.testing import TOWN, earlier_today, hand_in, make_cast, take_to_decision
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.residents.models import Resident

AT = earlier_today()
CARRIED = {
    one._meta.db_table: one
    for one in apps.get_models()
    if any(isinstance(f, CountyKey) for f in one._meta.local_fields)
}


def test_every_table_that_grows_with_matters_carries_the_county() -> None:
    assert {one.name for one in TABLES} <= set(CARRIED)
    assert {"residents_resident", "supervision_warning", "supervision_order"} <= set(CARRIED)


@pytest.mark.django_db
def test_all_rows_of_a_life_lie_in_its_county(city: None, settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    cast = make_cast(AT)
    done = hand_in(cast, AT)
    take_to_decision(cast, AT, done.case_id)
    while deliver_outbox(at=AT):
        pass
    assert county_of(TOWN) == "340321000000"
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        for table in CARRIED:
            cursor.execute(f"SELECT DISTINCT county FROM {table}")  # noqa: S608 — names of our own
            if rows := cursor.fetchall():
                found[table] = {row[0] for row in rows}
    lived = {"cases_case", "cases_step", "cases_casefile", "cases_paper", "cases_timelineentry", "notices_message"}
    lived |= {"deadlines_clock", "deadlines_clockentry", "procedures_instance", "residents_resident"}
    assert lived <= set(found)
    assert {table: codes for table, codes in found.items() if codes != {"340321000000"}} == {}


@pytest.mark.django_db
def test_a_row_asks_what_it_hangs_on_only_when_that_is_not_at_hand(
    city: None, settings: Any, tmp_path: Any, django_assert_num_queries: Any
) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    cast = make_cast(AT)
    case = Case.objects.get(pk=hand_in(cast, AT).case_id)
    near = Comment(case=case, at=AT, by_label="演示", text="近处")
    with django_assert_num_queries(1):
        near.save(force_insert=True)
    far = Comment(case_id=case.pk, at=AT, by_label="演示", text="远处")
    with django_assert_num_queries(2):
        far.save(force_insert=True)
    assert near.county == far.county == case.county == "340321000000"


@pytest.mark.django_db
@pytest.mark.parametrize(("place", "county"), [("", ""), ("nowhere", ""), ("340300000000", ""), (TOWN, "340321000000")])
def test_a_place_above_counties_and_a_code_that_names_none_have_no_county(city: None, place: str, county: str) -> None:
    clock = Clock(place=place)
    entry = ClockEntry(clock=clock)
    field = Clock._meta.get_field("county")
    assert field.pre_save(clock, True) == county
    assert ClockEntry._meta.get_field("county").pre_save(entry, True) == county
    person = Resident(division_id=place or None)
    assert Resident._meta.get_field("county").pre_save(person, True) == county
