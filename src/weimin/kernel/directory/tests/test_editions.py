"""Another machine changes the directory: this process notices, whatever way it was changed, and asks once in ten seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from weimin.base import keeping
from weimin.kernel.directory import queries
from weimin.kernel.directory.models import Agency, Division
from weimin.kernel.directory.queries.editions import edition
from weimin.kernel.directory.testing import COUNTY, TOWN, body

pytestmark = pytest.mark.django_db
VILLAGE = "340321113998"


@pytest.fixture(autouse=True)
def fresh(city: None) -> Any:
    """Nothing kept of another test."""
    queries.forget()
    yield
    queries.forget()


def add_village() -> None:
    """As another process would: through nothing that this one knows of."""
    Division.objects.create(code=VILLAGE, name="新设村", level="village", parent_id=TOWN, county_code=COUNTY)


def rename(model: Any, pk: Any) -> None:
    model.objects.filter(pk=pk).update(name="改名")


CHANGES: dict[str, tuple[Callable[[], None], Callable[[], Any]]] = {
    "a village": (add_village, lambda: queries.is_within(VILLAGE, TOWN)),
    "a village in the list": (add_village, lambda: VILLAGE in {one.code for one in queries.children_of(TOWN)}),
    "a village's level": (add_village, lambda: queries.level_of(VILLAGE)),
    "a place's name": (lambda: rename(Division, TOWN), lambda: queries.get_division(TOWN).name == "改名"),
    "a body's name": (lambda: rename(Agency, body()), lambda: queries.agency_name(body()) == "改名"),
}


@pytest.mark.parametrize(("change", "shows"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_by_another_process_shows_after_the_seconds_of_keeping(
    change: Callable[[], None], shows: Callable[[], Any], monkeypatch: Any
) -> None:
    now = keeping.monotonic()
    monkeypatch.setattr(keeping, "monotonic", lambda: now)
    assert not shows()
    change()
    assert not shows(), "within the seconds nothing is asked"
    monkeypatch.setattr(keeping, "monotonic", lambda: now + keeping.KEEP_SECONDS)
    assert shows()


def test_what_is_kept_costs_one_question_in_ten_seconds(django_assert_num_queries: Any, monkeypatch: Any) -> None:
    now = keeping.monotonic()
    monkeypatch.setattr(keeping, "monotonic", lambda: now)
    queries.is_within(TOWN, COUNTY)
    with django_assert_num_queries(0):
        assert queries.is_within(TOWN, COUNTY)
    monkeypatch.setattr(keeping, "monotonic", lambda: now + keeping.KEEP_SECONDS)
    with django_assert_num_queries(1):
        assert queries.is_within(TOWN, COUNTY)


def test_a_statement_that_changes_nothing_else_leaves_the_edition_as_it_is() -> None:
    before = edition()
    Division.objects.filter(code=TOWN).first()
    keeping.forget()
    assert edition() == before
