"""The deploy check and doctor see a web login that is above the second wall, and a table without one."""

from __future__ import annotations

import os
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from weimin.base import embedded
from weimin.config import checks, health, weblogin

pytestmark = pytest.mark.django_db


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def warned() -> list[str]:
    """What the deploy check says of the web login."""
    return [found for one, found in checks.look() if one.code == "weimin.W004"]


@pytest.mark.parametrize(
    ("role", "strong"),
    [
        ("", True),
        ("weimin_app", False),
        ("weimin_plain", False),
        ("weimin_above", True),
        ("weimin_owner", True),
        ("weimin_nobody", False),
    ],
    ids=["the owner itself", "the role", "a member", "bypassing", "owner of the tables", "no such role"],
)
def test_a_web_login_above_the_wall_is_warned_of(settings: Any, role: str, strong: bool) -> None:
    run("CREATE ROLE weimin_plain; GRANT weimin_app TO weimin_plain; CREATE ROLE weimin_above BYPASSRLS")
    run("CREATE ROLE weimin_owner")
    if role == "weimin_owner":
        run("ALTER TABLE cases_case OWNER TO weimin_owner")
    settings.WEIMIN_WEB_DATABASE_URL = f"postgres://{role}:x@127.0.0.1/weimin" if role else ""
    assert bool(warned()) == strong


def test_the_check_says_when_it_could_not_look() -> None:
    run("SET LOCAL search_path = pg_temp")
    with transaction.atomic():
        assert "没有检查" in warned()[0]
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("SELECT 1", []),
        ("ALTER TABLE cases_paper DISABLE ROW LEVEL SECURITY", ["cases_paper"]),
        ("DROP POLICY notices_own ON notices_message", ["notices_message"]),
        ("ALTER POLICY notices_own ON notices_message TO pg_monitor", ["notices_message"]),
    ],
    ids=["as shipped", "wall taken down", "no policy", "policy for others"],
)
def test_doctor_names_a_table_whose_wall_is_down(change: str, named: list[str]) -> None:
    run(change)
    assert weblogin.bare_tables() == named
    found = next(one for one in health.look() if one.name == "第二道墙")
    assert found.good == (not named)
    assert all(one in found.text for one in named)


def test_doctor_refuses_a_role_that_passes_the_wall() -> None:
    run("ALTER ROLE weimin_app BYPASSRLS")
    assert len(weblogin.bare_tables()) > 10


def test_a_strong_web_login_is_a_fault_outside_of_demonstrations(settings: Any) -> None:
    def good() -> bool:
        return next(one for one in health.look() if one.name == "第二道墙").good

    settings.WEIMIN_WEB_DATABASE_URL, settings.WEIMIN_DEMO = "", False
    assert not good()
    settings.WEIMIN_WEB_DATABASE_URL = "postgres://weimin_app@127.0.0.1/weimin"
    assert good()


def test_the_embedded_database_lets_the_role_in_with_its_own_password() -> None:
    data = embedded.data_folder() / "test"
    if not os.environ.get("DATABASE_URL", "").startswith(embedded.url_of(data).rpartition("/")[0]):
        pytest.skip("the tests run on a server of their own")
    with psycopg.connect(embedded.url_of(data), autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS weimin_let_in")
        owner.execute("CREATE ROLE weimin_let_in NOLOGIN")
        first = embedded.let_in(data, "weimin_let_in")
        assert embedded.let_in(data, "weimin_let_in") == first
        with psycopg.connect(first) as link:
            assert link.execute(
                "SELECT current_user, usesuper FROM pg_user WHERE usename = current_user"
            ).fetchone() == (
                "weimin_let_in",
                False,
            )
        owner.execute("DROP ROLE weimin_let_in")
