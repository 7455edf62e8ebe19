"""Fixtures of supervision's tests: the cast of a matter, and who watches it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from weimin.base import clock
from weimin.kernel.cases.testing import Cast, make_cast
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.supervision.testing import Watch, make_watch
from weimin.kernel.supervision.tests.matters import AT


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    """Clerk, reviewers, decider, issuer and two residents, in post since AT."""
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.fixture
def watch(city: None, db: Any) -> Watch:
    """Clerks, leaders and supervisors of several places, in post since AT."""
    return make_watch(AT)


@pytest.fixture
def at() -> datetime:
    """Now: pages read the wall clock."""
    return clock.now()


@pytest.fixture
def present(city: None, db: Any, at: datetime) -> Watch:
    """The same who watch, in post since today, for pages."""
    return make_watch(at)


@pytest.fixture
def nothing_kept() -> Iterator[None]:
    """No calendar and no parameter of this test stays in the process."""
    yield
    limits.forget()
