"""When the database or a disk gives way the answer is a kind 503 that says when to come back; our own faults stay 500."""

from __future__ import annotations

import errno
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, ProgrammingError, connection
from django.test import Client

from weimin.config.outages import is_full, is_outage


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


@pytest.mark.parametrize("path", ["/", "/api/v1/items"])
def test_a_backend_that_is_killed_is_a_kind_answer(path: str, city: None, db: None, monkeypatch: Any) -> None:
    """The connection is ended while the page is made: everything that is asked of it afterwards fails."""
    fault = caused(OperationalError, psycopg.errors.AdminShutdown("terminating connection"))

    def gone(*_: object, **__: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", gone)
        answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code == 503, answer.content
    assert answer["Retry-After"] == "5"
    assert "请稍等几秒" in answer.content.decode()
