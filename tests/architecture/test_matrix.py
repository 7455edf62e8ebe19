"""The access matrix: what comes of every address for everybody is checked in, and what may never come is never there."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.architecture import matrix as walking
from tests.architecture.matrix_world import (
    CLIENTS,
    OF_EVERYBODY,
    OF_SOMEBODY,
    OUTSIDE_CLIENTS,
    OUTSIDERS,
    PEOPLE,
    SENT,
    Matrix,
    build_matrix,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def matrix(
    django_db_setup: Any, django_db_blocker: Any, city: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Matrix]:
    from django.test import override_settings

    files = str(tmp_path_factory.mktemp("files"))
    with django_db_blocker.unblock(), override_settings(WEIMIN_FILES=files), transaction.atomic():
        yield build_matrix()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def outcomes(matrix: Matrix, django_db_blocker: Any) -> walking.Outcomes:
    with django_db_blocker.unblock():
        return walking.walk_all(matrix)


def test_the_matrix_is_the_one_that_was_reviewed(outcomes: walking.Outcomes) -> None:
    fresh = walking.render(outcomes)
    if os.environ.get("WEIMIN_WRITE_MATRIX"):
        walking.PAGE.write_text(fresh, encoding="utf-8")
    kept = walking.PAGE.read_text(encoding="utf-8")
    diff = "\n".join(difflib.unified_diff(kept.splitlines(), fresh.splitlines(), "checked in", "now", n=4, lineterm=""))
    assert not diff, f"somebody may do something else than was reviewed; `make matrix` writes it down:\n{diff}"


def test_no_cell_is_a_fault_of_the_server(outcomes: walking.Outcomes) -> None:
    strange = [
        f"{row.title} as {name}: {word}"
        for row, one in outcomes.items()
        for name, word in one.items()
        if word not in walking.WORDS
    ]
    assert not strange


#: What an outsider may be told about something of somebody: nothing.
CLOSED = frozenset({"log in", "due", "refused", "not found", "no token", "no way"})
#: Rows in which outsiders get another answer, each with its reason; the list only shrinks.
OPEN_TO_OUTSIDERS = {
    "GET /desk/cases/<str:number>/<str:take>/": "goes on to the matter's page, which looks",
    "GET /my/matters/<str:number>/supplement/": "the same",
}
#: Rows whose body names something of somebody by an id; their addresses do not.
NAMED_IN_THE_BODY = {
    "desk/repairs/",
    "desk/read-queries/",
    "desk/overruns/",
    "desk/integrity/ · explain",
    "desk/rights/",
}
NAMED_IN_THE_BODY |= {"desk/admin/ · decide", "desk/admin/glass/ · end", "desk/admin/glass/ · seen"}


def _parts(address: str) -> set[str]:
    return set(re.findall(r"<(?:\w+:)?(\w+)>", address))


def _of_somebody(row: walking.Row) -> bool:
    named = {f"{row.address} · {row.name}", row.address} & NAMED_IN_THE_BODY and row.method == "POST"
    return bool(_parts(row.address) & OF_SOMEBODY or named)


def test_every_part_of_an_address_says_whether_it_names_something_of_somebody(outcomes: walking.Outcomes) -> None:
    used = set().union(*(_parts(row.address) for row in outcomes))
    assert used <= OF_SOMEBODY | OF_EVERYBODY, "say it in matrix_world.py, and give it a value in test_reads.py"
    assert not OF_SOMEBODY & OF_EVERYBODY


def test_outsiders_get_nothing_of_what_is_somebodys(outcomes: walking.Outcomes) -> None:
    """Neither an answer nor a success nor a hint that only something was missing, whatever they ask and send."""
    told, excused = [], set()
    for row, one in outcomes.items():
        if not _of_somebody(row):
            continue
        outside = OUTSIDE_CLIENTS if row.address.startswith("api/") else OUTSIDERS
        open_to = {name: word for name, word in one.items() if name in outside and word not in CLOSED}
        if open_to and row.title in OPEN_TO_OUTSIDERS and set(open_to.values()) == {"on"}:
            excused.add(row.title)
        elif open_to:
            told.append(f"{row.title}: {open_to}")
    assert not told
    assert not excused ^ set(OPEN_TO_OUTSIDERS)


def test_who_may_and_who_may_not_are_told_apart_before_the_form_is_read(matrix: Matrix) -> None:
    """Sent nothing at all, an outsider is refused all the same: what is missing is not the first thing looked at."""
    told = []
    for row in walking.page_rows():
        if row.method == "POST" and _parts(row.address) & OF_SOMEBODY:
            bare = walking.Row("POST", row.address, row.name, row.stage, {})
            for name in sorted(OUTSIDERS):
                word, _ = walking.walk(matrix, bare, matrix.people[name])
                told += [] if word in CLOSED else [f"{row.title} as {name}: {word}"]
    assert not told


def test_every_row_that_is_somebodys_is_open_to_somebody(outcomes: walking.Outcomes) -> None:
    """A walk that nobody passes proves nothing: the world holds what each address needs."""
    passed = {"ok", "done", "on", "not now", "no way"}
    shut = [row.title for row, one in outcomes.items() if _of_somebody(row) and not passed & set(one.values())]
    assert not sorted(set(shut) ^ set(SHUT))


#: Addresses that this world opens to nobody, each with its reason; the list only shrinks.
SHUT = {
    "POST /desk/cases/<str:number>/<str:take>/ · confirm": "nothing is on its way by post in this world",
    "POST /api/v1/matters/<number>/confirm-delivery": "the same",
    "POST /desk/retention/<str:number>/ · nothing that there is": "it shows who is told so: who may see the list",
}


def test_everybody_is_there_and_every_body_sent_has_its_address(matrix: Matrix, outcomes: walking.Outcomes) -> None:
    assert set(matrix.people) == set(PEOPLE)
    assert set(matrix.clients) == set(CLIENTS)
    assert set(SENT) <= {row.address for row in outcomes}
