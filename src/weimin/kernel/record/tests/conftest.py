"""Stores of files for tests; a database of its own for tests of the chain.

Those commit, kill and tamper, which no rollback undoes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from weimin.base import contents
from weimin.kernel.record.tests.bucket_help import make_bucket, serving, use_server
from weimin.kernel.record.tests.chain_help import truncate


def connect(name: str = "") -> psycopg.Connection[Any]:
    """A connection of its own to the database that Django looks at, or to another of the same server."""
    there = connection.settings_dict
    return psycopg.connect(
        host=there["HOST"],
        port=there["PORT"],
        user=there["USER"],
        password=there["PASSWORD"],
        dbname=name or there["NAME"],
        autocommit=True,
    )


@contextmanager
def looking_at(name: str) -> Iterator[None]:
    """Django works on another database of the same server for a while."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


@pytest.fixture(scope="session")
def _chain_database(django_db_setup: Any, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock():
        name = f"{connection.settings_dict['NAME']}_chain"
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with connect("postgres") as link:
            link.execute(drop)
            link.execute(
                sql.SQL(
                    "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
                ).format(sql.Identifier(name))
            )
        with looking_at(name):
            call_command("migrate", "record", verbosity=0, interactive=False)
    yield name
    with django_db_blocker.unblock(), connect("postgres") as link:
        link.execute(drop)


@pytest.fixture
def trail(_chain_database: str, django_db_blocker: Any) -> Iterator[str]:
    """An empty trail in that database, where what is written is really committed; gives its name."""
    with django_db_blocker.unblock(), looking_at(_chain_database):
        truncate()
        yield _chain_database


@pytest.fixture
def a_folder(tmp_path: Path) -> str:
    """The address of an empty folder for contents."""
    return str(tmp_path / "files")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """An S3 server in this process; gives its address."""
    with serving() as address:
        yield address


@pytest.fixture
def a_bucket(s3_server: str, settings: Any) -> Iterator[str]:
    """The address of an empty bucket, with a prefix."""
    use_server(settings, s3_server)
    yield make_bucket()
    contents.open_store.cache_clear()
