"""Fixtures of the directory tests: the real city, and nothing of a test left in the process after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weimin.kernel.directory import queries


@pytest.fixture
def bengbu(city: None, db: Any) -> Iterator[None]:
    """The real city; what the process keeps of it is dropped before and after."""
    queries.forget()
    yield
    queries.forget()
