"""Fixtures of the deadlines tests: the shipped calendar, in memory and in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weimin.kernel.deadlines import queries
from weimin.kernel.deadlines.rules import Calendar
from weimin.kernel.deadlines.testing import shipped_calendar


@pytest.fixture(scope="session")
def shipped() -> Calendar:
    """The shipped notices, without a database."""
    return shipped_calendar()


@pytest.fixture
def loaded(city: None, db: Any) -> Iterator[None]:
    """The city's notices, parameters and grounds in the database, and nothing left in the process after."""
    queries.forget()
    yield
    queries.forget()
