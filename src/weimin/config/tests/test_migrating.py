"""A change of a table gives way to who uses it, and comes back."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from weimin.config import migrating

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two connections of their own: one reads a table in a transaction, the other wants to change it."""
    there = connection.settings_dict
    words = {
        "host": there["HOST"],
        "port": there["PORT"],
        "user": there["USER"],
        "password": there["PASSWORD"],
        "dbname": there["NAME"],
    }
    with psycopg.connect(**words) as reader, psycopg.connect(**words, autocommit=True) as changer:
        changer.execute("DROP TABLE IF EXISTS busy_table")
        changer.execute("CREATE TABLE busy_table (a int)")
        changer.execute("SET lock_timeout = '50ms'")
        reader.execute("SELECT * FROM busy_table")
        yield reader, changer
        reader.rollback()
        changer.execute("DROP TABLE busy_table")


def test_it_comes_back_when_the_table_is_free(pair: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    reader, changer = pair
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 2:
            reader.rollback()

    migrating.patiently(lambda: changer.execute("ALTER TABLE busy_table ADD b int"), what="x", rest=rest)
    assert rests == list(migrating.RESTS[:2])


def test_it_gives_up_and_says_so_when_it_never_is(pair: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    _, changer = pair
    rests: list[float] = []
    with pytest.raises(migrating.TableBusy):
        migrating.patiently(
            lambda: changer.execute("ALTER TABLE busy_table ADD b int"), what="cases.0010", rest=rests.append
        )
    assert rests == list(migrating.RESTS)


def test_another_fault_is_not_tried_again(pair: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    _, changer = pair
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrating.patiently(lambda: changer.execute("ALTER TABLE no_such ADD b int"), what="x", rest=pytest.fail)


def test_nothing_left_is_nothing_done() -> None:
    migrating.bring_up()
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
