"""Behind PgBouncer in transaction mode: two connections, sixteen people, and nobody sees with another's eyes."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.http import HttpResponse, JsonResponse
from django.test import Client
from django.urls import path

from tests.contracts.pooling import pooled, program
from weimin.base import clock
from weimin.base.errors import Conflict, NotReady
from weimin.base.guard import access
from weimin.config import health, jobs, weblogin
from weimin.config.urls import handler400, handler403, handler404, handler500  # noqa: F401
from weimin.config.urls import urlpatterns as real
from weimin.kernel.accounts.actions import spend
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import OTHER_TOWN, Cast, apart, hand_in, make_cast, sweep
from weimin.kernel.record.access import SETTINGS, keep
from weimin.kernel.record.actions import beat
from weimin.kernel.residents.models import Resident

THREADS, TURNS = 16, 12


def _seen() -> dict[str, list[Any]]:
    return {
        "cases": sorted(Case.objects.values_list("number", flat=True)),
        "people": sorted(Resident.objects.values_list("pk", flat=True)),
    }


@access("public")
def everything(request: Any) -> HttpResponse:
    """A view that forgot every filter, and asks twice."""
    first = _seen()
    assert first == _seen()
    return JsonResponse(first)


@access("public")
def broken(request: Any) -> HttpResponse:
    """A savepoint undone, what counts kept in the middle, then an error that undoes the rest."""
    Case.objects.exists()
    try:
        with transaction.atomic():
            beat(name="pooled", at=request.at, note="undone")
            raise Conflict("刚刚有人办过。")
    except Conflict:
        keep()
    spend(limit="city", who=str(threading.get_ident()), at=request.at)
    raise Conflict(str(_seen()))


@access("public")
def walked(request: Any) -> HttpResponse:
    """Rows through a cursor on the server, in portions of one."""
    people = Resident.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=1)
    return JsonResponse({**_seen(), "people": list(people)})


urlpatterns = [
    *real,
    path("t/everything/", everything),
    path("t/broken/", broken),
    path("t/walked/", walked),
]


@dataclass
class Stage:
    """The cast with two matters in two townships, and what each may see of them."""

    cast: Cast
    sees: dict[str, dict[str, list[Any]]]


def _begin() -> Stage:
    at = clock.now()
    cast = make_cast(at)
    one = hand_in(cast, at).number
    two = hand_in(cast, at, applicant_id=cast.neighbour.resident_id, township_code=OTHER_TOWN).number
    mine = {"cases": [one], "people": [cast.applicant.resident_id]}
    theirs = {"cases": [two], "people": [cast.neighbour.resident_id]}
    both = {name: sorted([*mine[name], *theirs[name]]) for name in mine}
    sees = {"nobody": {"cases": [], "people": []}, "applicant": mine, "neighbour": theirs, "stranger": theirs}
    sees |= dict.fromkeys(("clerk", "reviewer", "issuer", "leader"), mine)
    sees |= dict.fromkeys(("county", "decider", "supervisor"), both)
    return Stage(cast, sees)


@pytest.fixture
def stage(city: None, db: None, settings: Any, tmp_path: Any) -> Iterator[Stage]:
    """Committed, so that other connections find it; the test's own asks nothing, as it would hold what is swept."""
    settings.WEIMIN_FILES = str(tmp_path)
    settings.ROOT_URLCONF = __name__
    settings.WEIMIN_RATES = settings.WEIMIN_RATES | {"city": "10000/m"}
    yield apart(_begin)
    apart(sweep)


@pytest.fixture
def pool(stage: Stage) -> Iterator[int]:
    """From here on this process reaches the database through two pooled connections."""
    if not program():
        pytest.skip("PgBouncer is not installed: scripts/setup.sh check installs it as root")
    there = connection.settings_dict
    before = (there["HOST"], there["PORT"])
    with pooled(*before, there["USER"], there["PASSWORD"]) as port:
        there["HOST"], there["PORT"] = "127.0.0.1", str(port)
        try:
            yield port
        finally:
            there["HOST"], there["PORT"] = before


def _browser(stage: Stage, who: str) -> Client:
    client = Client(raise_request_exception=False)
    if who != "nobody":
        account = Account.objects.get(pk=getattr(stage.cast, who).account_id)
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _together(works: list[Callable[[], None]]) -> list[BaseException]:
    faults: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(one,)) for one in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return faults


def test_sixteen_people_on_two_connections_see_each_their_own(stage: Stage, pool: int, django_db_blocker: Any) -> None:
    servers: Counter[int] = Counter()

    def person(number: int) -> None:
        names = list(stage.sees)
        who, dice = names[number % len(names)], random.Random(number)
        browser, mine = _browser(stage, who), stage.sees[who]
        for _ in range(TURNS):
            how = dice.choice(("everything", "walked", "broken"))
            answer = browser.get(f"/t/{how}/")
            if how == "broken":
                assert answer.status_code == 409, who
                assert str(mine).replace("'", "&#x27;") in answer.content.decode(), who
            else:
                assert answer.json() == mine, who

    def platform() -> None:
        telling = ", ".join(f"current_setting('weimin.{one}', true)" for one in SETTINGS)
        for _ in range(TURNS * 5):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_backend_pid(), current_setting('role'), {telling}")
                pid, role, *told = cursor.fetchone()
            servers[pid] += 1
            assert role == "none" and not any(told)

    works: list[Callable[[], None]] = [lambda n=n: person(n) for n in range(THREADS)]  # type: ignore[misc]
    assert _together([*works, platform]) == []
    assert len(servers) <= 2, "the pool has two connections"


def test_nothing_of_a_session_is_asked_of_the_pool(stage: Stage, pool: int) -> None:
    """After requests of all kinds a connection holds no locks, prepared statements, cursors or temporary tables."""

    def left() -> set[Any]:
        for who in ("clerk", "applicant", "nobody"):
            browser = _browser(stage, who)
            for address in ("/", "/desk/", "/t/walked/", "/t/broken/"):
                browser.get(address)
        found = set()
        for _ in range(6):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE name"
                    " <> ''), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),"
                    " (SELECT count(*) FROM pg_listening_channels()), pg_my_temp_schema()::bigint"
                )
                found.add(cursor.fetchone())
        return found

    assert apart(left) == {(0, 0, 0, 0, 0)}


def test_the_worker_refuses_a_pool_and_doctor_says_so(stage: Stage, pool: int) -> None:
    def look() -> bool:
        assert weblogin.is_pooled()
        with pytest.raises(NotReady, match="WEIMIN_DIRECT_DATABASE_URL"):
            jobs.work()
        return next(one for one in health.look() if one.name == "连接池").good

    assert apart(look) is False


def test_straight_to_the_server_it_is_no_pool(stage: Stage) -> None:
    assert apart(weblogin.is_pooled) is False
