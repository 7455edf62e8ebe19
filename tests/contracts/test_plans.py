"""Every page that grows with the city can be answered from indexes: told not to, PostgreSQL reads no table in whole.

With few rows the planner would rightly read them all; forbidden to, it shows whether it has another way. What it does at
a million matters the measurements look at (bench/flat.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from bench import flat, plans
from bench.city.copying import TABLES
from weimin.kernel.cases.testing import Cast, client_of, earlier_today, hand_in, make_cast, take_to_decision
from weimin.kernel.record.testing import link_all

pytestmark = pytest.mark.django_db
AT = earlier_today()
#: What grows with the matters of a city.
GROWING = frozenset(
    {one.name for one in TABLES}
    | {"record_auditentry", "record_auditlink", "record_outboxmessage", "residents_resident", "residents_readentry"}
    | {"supervision_warning", "supervision_order", "supervision_overrunreason"}
)
PAGES = (
    ("clerk", "/desk/"),
    ("clerk", "/desk/?kind=accept&mine=1&item=补贴"),
    ("clerk", "/desk/inbox.xlsx"),
    ("clerk", "/desk/cases/{n}/"),
    ("clerk", "/desk/find/?q={n}"),
    ("clerk", "/desk/find/ 340300190001010011"),
    ("clerk", "/desk/find/ 张演示"),
    ("clerk", "/desk/figures/"),
    ("clerk", "/desk/warnings/"),
    ("leader", "/desk/cases/{n}/"),
    ("leader", "/desk/figures/"),
    ("supervisor", "/desk/cases/{n}/"),
    ("supervisor", "/desk/warnings/"),
    ("supervisor", "/desk/orders/"),
    ("supervisor", "/desk/overruns/"),
    ("applicant", "/my/"),
    ("applicant", "/my/matters/{n}/"),
    ("applicant", "/my/messages/"),
    ("applicant", "/my/reads/"),
    ("applicant", "/overruns/"),
)


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.fixture
def growing(cast: Cast) -> Iterator[dict[str, str]]:
    """The tables that grow and their parts, while PostgreSQL is told not to read tables in whole."""
    tables = {part: whole for part, whole in plans.big_tables(0).items() if whole in GROWING}
    assert set(tables.values()) == GROWING
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    yield tables
    with connection.cursor() as cursor:
        cursor.execute("RESET enable_seqscan")


def test_no_page_needs_a_whole_table_that_grows(cast: Cast, growing: dict[str, str]) -> None:
    done = hand_in(cast, AT)
    take_to_decision(cast, AT, done.case_id)
    link_all(AT)
    faults = {}
    for who, page in PAGES:
        path, _, sought = page.format(n=done.number).partition(" ")
        client, seen = client_of(getattr(cast, who)), plans.Seen(few=0)
        with plans.explaining(seen, growing):
            answer = client.post(path, {"q": sought}) if sought else client.get(path)
            body = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code in (200, 302), (who, path, answer.status_code, body[:200])
        assert seen.statements
        if seen.whole:
            faults[f"{who} {path}"] = sorted(seen.whole)
    assert faults == {}


def test_no_step_and_no_round_of_the_worker_needs_a_whole_table_that_grows(cast: Cast, growing: dict[str, str]) -> None:
    done, seen = hand_in(cast, AT), plans.Seen(few=0)
    with plans.explaining(seen, growing):
        take_to_decision(cast, AT, done.case_id)
    assert seen.statements
    assert seen.whole == set()
    worker = flat.explain_worker(growing, few=0)
    assert worker.statements
    assert worker.whole == set()


def test_a_table_without_an_index_for_a_question_is_named(cast: Cast, growing: dict[str, str]) -> None:
    hand_in(cast, AT)
    seen = plans.Seen(few=0)
    with plans.explaining(seen, growing), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM cases_case WHERE delivery = %s", ["pickup"])
    assert seen.whole == {"cases_case"} and seen.statements == 1
    locking = plans.Seen(few=0)
    with plans.explaining(locking, growing), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM cases_case WHERE delivery = %s FOR UPDATE", ["pickup"])
    assert locking.whole == {"cases_case"}
