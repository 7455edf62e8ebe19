"""When the database or a disk gives way the answer is a kind 503 that says when to come back; our own faults stay 500."""

from __future__ import annotations

import errno
import select
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
)
from django.test import Client

from weimin.config.outages import is_full, is_outage, let_go


def caused(kind: type[Exception], cause: Exception | None) -> Exception:
    fault = kind("x")
    fault.__cause__ = cause
    return fault


OURS = {
    "SQL that is wrong": caused(ProgrammingError, psycopg.errors.SyntaxError("x")),
    "a broken constraint": caused(IntegrityError, psycopg.errors.UniqueViolation("x")),
    "a program fault": ValueError("x"),
    "a file that is not there": OSError(errno.ENOENT, "x"),
    "a division by zero in SQL": caused(OperationalError, psycopg.errors.DivisionByZero("x")),
}
GIVEN_WAY = {
    "no connection": caused(OperationalError, psycopg.OperationalError("connection refused")),
    "connection closed": caused(InterfaceError, psycopg.InterfaceError("the connection is closed")),
    "too many connections": caused(OperationalError, psycopg.errors.TooManyConnections("x")),
    "shutting down": caused(OperationalError, psycopg.errors.AdminShutdown("x")),
    "starting up": caused(OperationalError, psycopg.errors.CannotConnectNow("x")),
    "deadlock": caused(OperationalError, psycopg.errors.DeadlockDetected("x")),
    "lock not had in time": caused(OperationalError, psycopg.errors.LockNotAvailable("x")),
    "taken over, only for reading": caused(DatabaseError, psycopg.errors.ReadOnlySqlTransaction("x")),
    "database's disk full": caused(OperationalError, psycopg.errors.DiskFull("x")),
    "files' disk full": OSError(errno.ENOSPC, "x"),
}


@pytest.mark.parametrize("fault", OURS.values(), ids=OURS)
def test_our_own_faults_are_none(fault: Exception) -> None:
    assert not is_outage(fault)


@pytest.mark.parametrize(("name", "fault"), GIVEN_WAY.items(), ids=GIVEN_WAY)
def test_what_gave_way_is_known(name: str, fault: Exception) -> None:
    assert is_outage(fault)
    assert is_full(fault) == ("disk full" in name)


@pytest.fixture
def gone(city: None, db: None, monkeypatch: Any) -> Any:
    """The connection is ended while the page is made: everything that is asked of it afterwards fails."""
    fault = caused(OperationalError, psycopg.errors.AdminShutdown("terminating connection"))

    def fail(*_: object, **__: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        yield


@pytest.mark.parametrize("path", ["/", "/api/v1/items"])
def test_a_backend_that_is_killed_is_a_kind_answer(path: str, gone: None) -> None:
    answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code == 503, answer.content
    assert answer["Retry-After"] == "5"
    assert "请稍等几秒" in answer.content.decode()
    assert "再提交一次</button>" not in answer.content.decode()


def sent(path: str, typed: dict[str, Any], site: str = "same-origin") -> str:
    answer = Client(raise_request_exception=False).post(path, typed, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 503, answer.content
    return answer.content.decode()


def test_a_form_can_be_sent_once_more_as_it_was(gone: None) -> None:
    page = sent("/desk/find/?from=1", {"q": '演示 "一"', "key": "k-1", "csrfmiddlewaretoken": "t"})
    assert '<form class="actions" method="post" action="/desk/find/?from=1">' in page
    assert '<input type="hidden" name="q" value="演示 &quot;一&quot;">' in page
    assert '<input type="hidden" name="key" value="k-1">' in page
    assert '<input type="hidden" name="csrfmiddlewaretoken" value="t">' in page


@pytest.mark.parametrize(
    ("path", "typed", "site"),
    [
        ("/desk/find/", {"q": "演示", "key": "1"}, "cross-site"),
        ("/desk/find/", {"q": "演示", "key": "1", "photo": SimpleUploadedFile("a.jpg", b"x")}, "same-origin"),
        ("/desk/find/", {"q": "演示" * 40_000, "key": "1"}, "same-origin"),
        ("/desk/find/", {"q": "演示"}, "same-origin"),
        ("/desk/account/password/", {"old": "演示", "new": "演示", "key": "1"}, "same-origin"),
        ("/desk/login/", {"login": "演示", "password": "演示", "key": "1"}, "same-origin"),
        ("/nowhere/", {"q": "演示", "key": "1"}, "same-origin"),
    ],
    ids=["from elsewhere", "with a file", "long", "done twice", "own password", "log-in", "no such page"],
)
def test_what_cannot_be_sent_again_stands_in_no_page(path: str, typed: dict[str, Any], site: str, gone: None) -> None:
    page = sent(path, typed, site)
    assert "演示" not in page
    assert "再提交一次</button>" not in page
    assert "看看办成没有" in page


def test_a_connection_that_the_server_ended_is_let_go(db: None, monkeypatch: Any) -> None:
    """Ended by an operator, by a restart or by a pooler: the next request finds a new one."""
    address = connection.get_connection_params()
    address.pop("cursor_factory")
    link, other = psycopg.connect(**address), psycopg.connect(**address, autocommit=True)
    one = SimpleNamespace(connection=link, in_atomic_block=False, close=link.close)
    monkeypatch.setattr(connections, "all", lambda **_: [one])
    let_go()
    assert not link.closed
    other.execute("SELECT pg_terminate_backend(%s)", [link.info.backend_pid])
    assert select.select([link.fileno()], [], [], 10)[0], "the server has not hung up"
    one.in_atomic_block = True
    let_go()
    assert not link.closed, "what stands in a transaction is left to it"
    one.in_atomic_block = False
    let_go()
    assert link.closed
    other.close()
