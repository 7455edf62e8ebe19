"""The edition of what is public counts from the commit on, in whichever order transactions commit, and waits for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from weimin.kernel.record import actions, queries, registry
from weimin.kernel.record.tests.chain_help import AT
from weimin.kernel.record.tests.conftest import connect
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.usefixtures("trail")
RAISE = "INSERT INTO record_edition (at, rises) VALUES (now(), 1)"


@pytest.fixture
def others() -> Iterator[list[Any]]:
    """Two connections of others who publish; one that waits for a lock gives up at once."""
    links = [connect() for _ in range(2)]
    for one in links:
        one.execute("SET lock_timeout = '200ms'")
    yield links
    for one in links:
        one.close()


def test_it_rises_with_each_commit_and_not_before(others: list[Any]) -> None:
    """A page that is made between the write and the commit belongs to the edition of before."""
    began = queries.read_edition()
    first, second = others
    first.execute("BEGIN")
    first.execute(RAISE)
    second.execute("BEGIN")
    second.execute(RAISE)
    assert queries.read_edition() == began
    second.execute("COMMIT")
    assert queries.read_edition() == began + 1
    first.execute("COMMIT")
    assert queries.read_edition() == began + 2


def test_what_is_taken_back_does_not_count(others: list[Any]) -> None:
    began = queries.read_edition()
    others[0].execute("BEGIN")
    others[0].execute(RAISE)
    others[0].execute("ROLLBACK")
    assert queries.read_edition() == began


def test_folding_beside_somebody_who_publishes_loses_nothing(others: list[Any]) -> None:
    publishing, folding = others
    actions.raise_edition(at=AT)
    began = queries.read_edition()
    publishing.execute("BEGIN")
    publishing.execute(RAISE)
    actions.fold_editions(at=AT)
    assert queries.read_edition() == began
    publishing.execute("COMMIT")
    actions.fold_editions(at=AT)
    assert folding.execute("SELECT count(*), sum(rises) FROM record_edition").fetchone() == (1, began + 1)


@pytest.mark.parametrize(("verb", "rises"), [("somebody.row.published", 1), ("record.outbox.retried", 0)])
def test_every_verb_begins_an_edition_unless_it_is_known_to_change_nothing_public(verb: str, rises: int) -> None:
    edition = queries.read_edition()
    actions.record_audit(
        by=Actor.system("测试"), at=AT, verb=verb, subject_type="row", subject_id=1, changes={"a": [1, 2]}
    )
    assert queries.read_edition() == edition + rises


def test_a_quiet_verb_is_one_of_the_package() -> None:
    with pytest.raises(ValueError, match="strange"):
        registry.register_verbs({"a.b.done": "做"}, {}, quiet=["a.b.strange"])
    assert not registry.is_quiet("nobody.knows.this")
