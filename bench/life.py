"""One matter's whole life through HTTP, against two floors measured in the same run."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bench.stage import Client, Timings, cpu_seconds, in_parallel

ITEM = "A4-24"
ACTIONS = ("submit", "accept", "review", "review", "decide", "make-result", "hand-out", "rate")
_serial = itertools.count(1)


def id_number(serial: int) -> str:
    """A made-up identity number with a birth date in 1900."""
    from weimin.base.identifiers import _id_check

    first = f"340300{1900}{1 + serial // 28000 % 12:02d}{1 + serial // 1000 % 28:02d}{serial % 1000:03d}"
    return first + _id_check(first)


def make_tokens(count: int = 16) -> list[dict[str, Any]]:
    """Clients for the posts that one life needs, in several townships."""
    from weimin.base import clock
    from weimin.config.demonstration import LOADER
    from weimin.kernel.accounts.actions import create_client
    from weimin.kernel.directory import queries as places
    from weimin.kernel.directory.models import Post

    at = clock.now()
    made = []
    for town in places.list_townships()[:count]:
        agencies = {
            rule: places.resolve_agency(rule=rule, township_code=town.code, lead_key="医保局", area="A4")
            for rule in ("accepting", "township", "county")
        }

        def token(rule: str, role: str, agencies: dict[str, int | None] = agencies) -> str:
            post = Post.objects.filter(agency_id=agencies[rule], roles__contains=[role]).first()
            assert post is not None
            return create_client(by=LOADER, at=at, name="bench", post_id=post.pk)

        made.append(
            {
                "township": town.code,
                "village": places.children_of(town.code)[0].code,
                "clerk": token("accepting", "front_desk"),
                "station": token("township", "reviewer"),
                "county": token("county", "reviewer"),
                "decider": token("county", "decider"),
                "issuer": token("accepting", "issuer"),
            }
        )
    return made


def application(people: dict[str, Any], serial: int) -> dict[str, Any]:
    """What a window sends for one person who applies."""
    return {
        "item_code": ITEM,
        "township_code": people["township"],
        "person": {
            "name": "演示",
            "id_number": id_number(serial),
            "phone": f"139{serial:08d}",
            "division_code": people["village"],
        },
        "answers": {
            "disease": "慢性病",
            "paid": "3200",
            "from_date": "2026-01-05",
            "bank": "social",
            "account": "6222000000000000001",
        },
    }


def live(links: dict[str, Client], people: dict[str, Any], note: Any) -> None:
    """Take one matter from submission to rating; note(name, milliseconds) for each action."""

    def post(who: str, name: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        began = time.perf_counter()
        answer = links[who].post(f"/api/v1/matters{path}", body, secrets.token_hex(12))
        note(name, (time.perf_counter() - began) * 1000)
        return answer

    def step(answer: dict[str, Any]) -> int:
        return int(answer["next_steps"][0]["step_id"])

    said = post("clerk", "submit", "", application(people, next(_serial)))
    number = said["number"]
    said = post("clerk", "accept", f"/{number}/accept", {"step_id": step(said)})
    said = post(
        "station", "review", f"/{number}/review", {"step_id": step(said), "outcome": "agree", "opinion": "属实"}
    )
    said = post("county", "review", f"/{number}/review", {"step_id": step(said), "outcome": "agree", "opinion": "属实"})
    said = post(
        "decider",
        "decide",
        f"/{number}/decide",
        {"step_id": step(said), "outcome": "approve", "reasons": "符合条件，准予。", "basis": "社会救助法第二十四条"},
    )
    said = post("county", "make-result", f"/{number}/make-result", {"step_id": step(said)})
    post("issuer", "hand-out", f"/{number}/hand-out", {"step_id": step(said), "signed_by": "演示"})
    post("clerk", "rate", f"/{number}/rating", {"grade": 1})


def _links(people: dict[str, Any]) -> dict[str, Client]:
    return {role: Client(token) for role, token in people.items() if role not in ("township", "village")}


def measure(tokens: list[dict[str, Any]], web: Sequence[int], *, concurrent: int, lives: int) -> dict[str, Any]:
    """Lives at a concurrency: actions a second, p50 and p95 by action, web CPU per action."""
    times: dict[str, Timings] = defaultdict(Timings)
    everything = Timings()

    def note(name: str, value: float) -> None:
        times[name].values.append(value)
        everything.values.append(value)

    def work(number: int) -> None:
        people = tokens[number % len(tokens)]
        links = _links(people)
        for _ in range(max(1, lives // concurrent)):
            live(links, people, note)

    before = cpu_seconds(web)
    seconds = in_parallel(concurrent, work)
    used = cpu_seconds(web) - before
    done = len(everything.values)
    return {
        "concurrent": concurrent,
        "actions": done,
        "per_second": done / seconds,
        "p50": everything.at(0.5),
        "p95": everything.at(0.95),
        "cpu_ms": used * 1000 / done,
        "times": times,
        "by_action": {name: (one.at(0.5), one.at(0.95)) for name, one in times.items()},
    }


def empty_view(*, concurrent: int, requests: int) -> dict[str, float]:
    """The floor of the server: a view that touches nothing."""
    times = Timings()

    def work(_: int) -> None:
        link = Client()
        for _ in range(requests // concurrent):
            began = time.perf_counter()
            link.get("/health/")
            times.values.append((time.perf_counter() - began) * 1000)

    seconds = in_parallel(concurrent, work)
    return {"per_second": len(times.values) / seconds, "p95": times.at(0.95)}


#: PostgreSQL's type number of jsonb.
_JSONB = 3802
_WRITE = re.compile(r'^(INSERT INTO|UPDATE) "?(\w+)"?')


def statements() -> dict[str, list[str]]:
    """SQL of each action of one life, through the API in this process, transaction control left out."""
    from django.db import connection
    from django.test import Client as Inner
    from django.test.utils import CaptureQueriesContext

    people = make_tokens(1)[0]
    found: dict[str, list[str]] = {}

    class Captured:
        def __init__(self, token: str) -> None:
            self.token = token

        def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
            with CaptureQueriesContext(connection) as caught:
                answer = Inner(SERVER_NAME="localhost").post(
                    path,
                    body,
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": key},
                )
            if answer.status_code >= 300:
                raise RuntimeError(answer.content.decode())
            name = "submit" if path.endswith("matters") else path.rsplit("/", 1)[1].replace("rating", "rate")
            control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SET ", "ROLLBACK")
            found[name] = [q["sql"] for q in caught.captured_queries if not q["sql"].startswith(control)]
            result: dict[str, Any] = answer.json()
            return result

    links: Any = {r: Captured(t) for r, t in people.items() if r not in ("township", "village")}
    for _ in range(2):  # the second life runs with everything warm
        live(links, people, lambda name, value: None)
    return found


def psycopg_floor(url: str, sql: dict[str, list[str]], *, concurrent: int, lives: int) -> float:
    """The same rows written by psycopg, one transaction an action: actions a second."""
    import psycopg

    plan = [[_WRITE.match(one) for one in sql[name]] for name in ACTIONS]
    writes = [[(m.group(1), m.group(2)) for m in one if m] for one in plan]
    tables = {table for one in writes for _, table in one}
    rows: dict[str, tuple[list[str], list[Any]]] = {}
    documents: set[tuple[str, str]] = set()
    with psycopg.connect(url) as link:
        for table in tables:
            cursor = link.execute(f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT 1")
            names = [one.name for one in cursor.description or []]
            documents |= {(table, one.name) for one in cursor.description or [] if one.type_code == _JSONB}
            rows[table] = (names, list(cursor.fetchone() or []))

    def value(table: str, name: str, old: Any) -> Any:
        fresh = {
            ("cases_case", "number"),
            ("record_rememberedanswer", "key"),
            ("cases_step", "task_id"),
            ("notices_message", "source"),
            ("cases_casecounter", "prefix"),
            ("accounts_allowance", "key"),
        }
        if (table, name) in fresh:
            return secrets.token_hex(10)
        if name == "id_index":
            return secrets.token_bytes(32)
        if (table, name) in documents and old is not None:
            return psycopg.types.json.Jsonb(old)
        return old

    def work(_: int) -> None:
        with psycopg.connect(url) as link:
            for _ in range(max(1, lives // concurrent)):
                for one in writes:
                    with link.transaction():
                        for verb, table in one:
                            names, old = rows[table]
                            if verb == "UPDATE" or table == "evaluation_rating":
                                key = names[0]
                                link.execute(
                                    f'UPDATE {table} SET {names[-1]} = {names[-1]} WHERE "{key}" = %s', [old[0]]
                                )
                                continue
                            keep = [n for n in names if n != "id"]
                            values = [value(table, n, o) for n, o in zip(names, old, strict=True) if n != "id"]
                            marks = ", ".join(["%s"] * len(keep))
                            link.execute(
                                f"INSERT INTO {table} ({', '.join(chr(34) + n + chr(34) for n in keep)}) VALUES ({marks})",
                                values,
                            )

    seconds = in_parallel(concurrent, work)
    return max(1, lives // concurrent) * concurrent * len(ACTIONS) / seconds
