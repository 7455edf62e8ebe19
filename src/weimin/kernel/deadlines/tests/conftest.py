"""Fixtures of the deadlines tests: the shipped calendar, in memory and in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.testing import AT, LOADER, shipped_calendar


@pytest.fixture(scope="session")
def shipped() -> Calendar:
    """The shipped notices, without a database."""
    return shipped_calendar()


@pytest.fixture
def loaded(db: Any) -> Iterator[None]:
    """The shipped notices and parameters in the database, and nothing left in the process after."""
    queries.forget()
    actions.load_parameters(by=LOADER, at=AT)
    actions.load_grounds(by=LOADER, at=AT)
    actions.load_calendar_files(by=LOADER, at=AT)
    queries.get_calendar()
    yield
    queries.forget()
