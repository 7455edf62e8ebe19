"""The made-up city of the measurements: the same for the same seed, skewed, and complete in its tables."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from psycopg.pq import TransactionStatus

from bench.city import copying
from bench.city.lives import Life
from bench.city.load import Tell, _list_numbers, _write_people, size_of
from bench.city.plan import Matter, Plan
from weimin.base import keeping
from weimin.kernel.directory.models import Division
from weimin.kernel.residents.models import Resident

UNTIL = datetime(2026, 11, 25, 6, tzinfo=UTC)
TOWNS = [f"34032110{n}000" for n in range(8)]
LIVES = [
    Life(n * 10 + m, f"A{n}", way, timedelta(days=days), ended)
    for n in range(5)
    for m, (way, days, ended) in enumerate(
        [("plain", 9, True), ("refused", 2, True), ("received", 0, False), ("step1", 2, False)]
    )
]
#: Tables that hang on a matter and are not copied, each with its reason.
LEFT_OUT = {
    "cases.Draft": "nobody is filling anything in",
    "cases.Comment": "rare",
    "rights.DestructionLine": "nothing is old enough",
    "rights.Hold": "nothing is held",
}


def made(seed: int = 7, count: int = 4000) -> list[Matter]:
    return list(Plan(count=count, seed=seed, lives=LIVES, towns=TOWNS, until=UNTIL, taken={}).list_matters())


def test_the_same_seed_makes_the_same_city_and_another_one_another() -> None:
    assert made() == made()
    assert made() != made(seed=8)


def test_matters_come_in_order_with_numbers_of_their_own() -> None:
    rows = made()
    assert len(rows) == 4000
    assert [one.at for one in rows] == sorted(one.at for one in rows)
    assert len({one.number for one in rows}) == 4000
    assert all(one.number.startswith(f"{one.town[:9]}-{one.at:%y%m%d}-") for one in rows)


def test_numbers_go_on_after_those_that_are_taken() -> None:
    first = made()[0]
    taken = {first.number.rpartition("-")[0]: 40}
    again = next(Plan(count=4000, seed=7, lives=LIVES, towns=TOWNS, until=UNTIL, taken=taken).list_matters())
    assert again.number.endswith("-00041")


def test_it_is_skewed_by_township_hour_and_weekday_and_old_matters_are_ended() -> None:
    rows = made()
    towns = Counter(one.town for one in rows).most_common()
    assert towns[0][1] > 2 * towns[-1][1]
    assert sum(9 <= one.at.hour < 12 for one in rows) > 3 * sum(one.at.hour < 7 for one in rows)
    assert sum(one.at.weekday() > 4 for one in rows) < 300
    ways = {one.case_id: one for one in LIVES}
    old = [one for one in rows if one.at < UNTIL - timedelta(days=60)]
    left = sum(not ways[one.life].ended for one in old)
    assert 0 < left < len(old) / 100
    assert all(ways[one.life].lasted <= UNTIL - one.at for one in rows)


def test_people_apply_where_they_live() -> None:
    plan = Plan(count=4000, seed=7, lives=LIVES, towns=TOWNS, until=UNTIL, taken={})
    home = {place: town for place, town, _ in plan.list_people()}
    assert all(home[one.person] == one.town for one in plan.list_matters())


@pytest.mark.parametrize(("text", "size"), [("10k", 10_000), ("1M", 1_000_000), (" 1.5m ", 1_500_000), ("77", 77)])
def test_sizes_as_people_write_them(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "0", "-5", "many", "1g", "30m"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="最多 20m"):
        size_of(text)


def test_every_table_that_hangs_on_a_matter_is_copied_or_says_why_not() -> None:
    case = apps.get_model("cases", "Case")
    hang = {
        model._meta.label: model._meta.db_table
        for model in apps.get_models()
        if any(field.related_model is case for field in model._meta.concrete_fields)
    }
    copied = {one.name for one in copying.TABLES}
    assert {label for label, table in hang.items() if table not in copied} == set(LEFT_OUT)


@pytest.mark.django_db
def test_nothing_is_asked_of_the_connection_that_people_are_copied_over(
    city: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept for ten seconds runs out while a large city is copied; asked anew there, it would wait for ever."""
    seconds = count(keeping.monotonic() + 60, 60)
    monkeypatch.setattr(keeping, "monotonic", lambda: next(seconds))

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        assert connection.connection.info.transaction_status != TransactionStatus.ACTIVE, sql
        return execute(sql, params, many, context)

    towns = list(Division.objects.filter(level="township").values_list("code", flat=True))
    plan = Plan(count=40, seed=7, lives=LIVES, towns=towns, until=UNTIL, taken={})
    with connection.cursor() as cursor, connection.execute_wrapper(refuse):
        _write_people(cursor, plan, Tell())
    assert Resident.objects.filter(created_via="made-up").count() == sum(plan.people.values())


@pytest.mark.django_db
def test_identity_numbers_are_of_1900_and_nobody_s_before() -> None:
    numbers = list(islice(_list_numbers([*TOWNS[:1], "340322100000"], set()), 4))
    assert [number[:17] for number, _, _ in numbers] == [
        "34032119000101001",
        "34032219000101001",
        "34032119000101002",
        "34032219000101002",
    ]
    again = list(islice(_list_numbers(TOWNS[:1], {numbers[0][1]}), 2))
    assert again[0] == numbers[2]
