"""The pages that grow with a city: their time at several sizes, as people who may see little and much of it.

Each size is a city of its own (bench.city), loaded once and kept beside the configured database for the next run. Every
page's statements are explained too: none may read a big table in whole.

python -m bench.flat [SIZE …]      e.g. 10k 1m
"""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote

from bench import life, plans, stage, trend
from bench.stage import Client, Timings

#: Which sizes are measured; the variable names others.
SIZES = os.environ.get("BENCH_SIZES", "10k 1m").split()
#: So often each size has its turn.
ROUNDS = 3
TOWN = "340321113000"
CLERK, REVIEWER, COUNTY, CITY = "liucheng.shouli", "liucheng.shenhe", "huaiyuan.shenhe", "shi.jiandu"
RESIDENT, NOBODY = "resident", ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as somebody opens it; posted fields make it a form.

    {n} is one of their own matters, {id} and {name} are of its applicant, {five} is the number of somebody with some
    five matters, {few} an item of which some five wait: pages that hold as much at every size.
    """

    name: str
    who: str
    path: str
    posts: str = ""
    #: What the issue asks of p95 at a million matters, in milliseconds.
    asked: int = 0


PAGES = (
    Page("inbox", CLERK, "/desk/", asked=60),
    Page("inbox, one step and word", REVIEWER, "/desk/?kind=review&item=%E8%A1%A5%E8%B4%B4", asked=60),
    Page("inbox export", CLERK, "/desk/inbox.xlsx"),
    Page("inbox export of some five rows", CLERK, "/desk/inbox.xlsx?item={few}"),
    Page("case page", CLERK, "/desk/cases/{n}/", asked=80),
    Page("find by number", CLERK, "/desk/find/?q={n}"),
    Page("find by identity number", CLERK, "/desk/find/", posts="{id}", asked=20),
    Page("find by identity number, of some five matters", CLERK, "/desk/find/", posts="{five}", asked=20),
    Page("find by name", CLERK, "/desk/find/", posts="{name}"),
    Page("figures", CLERK, "/desk/figures/", asked=80),
    Page("warnings", CLERK, "/desk/warnings/"),
    Page("county's inbox", COUNTY, "/desk/", asked=60),
    Page("county's case page", COUNTY, "/desk/cases/{n}/", asked=80),
    Page("county's figures", "huaiyuan.lingdao", "/desk/figures/", asked=80),
    Page("county finds by identity number", COUNTY, "/desk/find/", posts="{id}", asked=20),
    Page("city's warnings", CITY, "/desk/warnings/"),
    Page("city's case page", CITY, "/desk/cases/{n}/"),
    Page("city's figures", CITY, "/desk/figures/", asked=80),
    Page("the records behind a figure", CITY, "/desk/figures/records/?of=cases.received"),
    Page("figures export", CITY, "/desk/figures.xlsx"),
    Page("audit page", "shi.shenji", "/desk/audit/"),
    Page("audit of a matter", "shi.shenji", "/desk/audit/?subject_type=case&subject_id={n}"),
    Page("audit by name", "shi.shenji", "/desk/audit/?actor=%E6%BC%94%E7%A4%BA%E7%BB%BC%E5%90%88001"),
    Page("looks", "shi.shenji", "/desk/reads/"),
    Page("message centre", RESIDENT, "/my/messages/"),
    Page("my matters", RESIDENT, "/my/"),
    Page("who looked at my data", RESIDENT, "/my/reads/"),
    Page("public home", NOBODY, "/"),
    Page("public figures", NOBODY, "/figures/", asked=80),
    Page("public figures of a township", NOBODY, f"/figures/?place={TOWN}", asked=80),
    Page("public overruns", NOBODY, "/overruns/"),
    Page("public audit days", NOBODY, "/audit/"),
)
#: What is written at 8 at once over HTTP while the worker runs, and what the issue asks of its p95.
WRITES = {"submit": 120, "accept": 0, "decide": 0}


@dataclass
class Row:
    """What one page cost at one size."""

    name: str
    times: list[float]
    statements: int
    most: int
    where: str

    @property
    def timings(self) -> Timings:
        """The durations as figures are drawn from them."""
        return Timings(self.times)


class World:
    """Whose pages are opened, and the matters and people that they are about."""

    def __init__(self) -> None:
        from django.test import Client as Browser

        self.dice = random.Random(1)
        self.person = self._busy_person()
        self.few = self._item_of_few()
        self.browsers: dict[str, Any] = {name: Browser() for name in {one.who for one in PAGES}}
        self.own: dict[str, list[dict[str, str]]] = {}
        for name, browser in self.browsers.items():
            account = self._account_of(name)
            if account:
                browser.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
            self.own[name] = self._matters_of(name, account)

    def _busy_person(self) -> int:
        """A made-up person with as many matters as anybody, with a log-in."""
        from django.db import connection

        from weimin.base import clock
        from weimin.kernel.accounts import actions as accounts
        from weimin.kernel.residents.models import Resident

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT applicant_id FROM cases_case WHERE township_id = %s AND id %% 7 = 0 GROUP BY 1"
                " ORDER BY count(*) DESC, 1 LIMIT 1",
                [TOWN],
            )
            found = int(cursor.fetchone()[0])
        row = Resident.objects.get(pk=found)
        if row.account_id is None:
            row.account = accounts.ensure_resident_account(at=clock.now(), phone="13900009999")
            row.save(update_fields=["account"])
        return found

    def _item_of_few(self) -> str:
        """An item of which about five wait for the clerk at any size, so that an export holds as many rows."""
        from weimin.kernel.cases import access

        steps = access.workable_steps(stage.actor_of(CLERK))
        many = Counter(steps.values_list("case__item_name", flat=True))
        told = {one: sum(n for name, n in many.items() if one in name) for one in many}
        return quote(min(told, key=lambda one: (abs(told[one] - 5), one), default=""))

    def _account_of(self, name: str) -> Any:
        from weimin.kernel.accounts.models import Account
        from weimin.kernel.residents.models import Resident

        if name == RESIDENT:
            return Resident.objects.select_related("account").get(pk=self.person).account
        return Account.objects.get(username=name) if name else None

    def _matters_of(self, name: str, account: Any) -> list[dict[str, str]]:
        from weimin.base import crypto
        from weimin.kernel.cases import access
        from weimin.kernel.cases.models import Case
        from weimin.kernel.residents.queries import ID

        rows = Case.objects.exclude(applicant=None).filter(applicant__created_via="made-up")
        if account is not None and name != RESIDENT:
            actor = stage.actor_of(name)
            mine = access.STEPS.visible(actor, "count") if actor.agency_id else None
            if mine is not None and not actor.roles & {"supervisor", "audit_admin"}:
                rows = rows.filter(pk__in=list(mine.order_by("-pk").values_list("case_id", flat=True)[:400]))
        found = [one for one in rows.select_related("applicant").order_by("-pk")[:400] if one.applicant]
        people = {one.applicant_id for one in found}
        many = Counter(Case.objects.filter(applicant__in=people).values_list("applicant", flat=True))
        ids = {one.applicant_id: crypto.unseal(bytes(one.applicant.id_sealed), purpose=ID) for one in found}
        five = [one.applicant_id for one in found if 4 <= many[one.applicant_id] <= 6] or list(ids)
        return [
            {
                "n": one.number,
                "id": ids[one.applicant_id],
                "name": one.applicant.name,
                "five": ids[five[place % len(five)]],
            }
            for place, one in enumerate(found)
        ]

    def turns(self, page: Page, many: int) -> Iterator[tuple[str, str]]:
        """Addresses and what is posted to them, `many` times."""
        for _ in range(many):
            values = self.dice.choice(self.own[page.who] or [{"n": "", "id": "", "name": "", "five": ""}])
            yield page.path.format(**values, few=self.few), page.posts.format(**values)


def _asking(world: World, page: Page) -> Callable[[str, str], int]:
    """A way to open the page over HTTP as its viewer; gives the status."""
    browser = world.browsers[page.who]
    cookies = {one.key: one.value for one in browser.cookies.values() if one.value}
    link = Client(cookie="; ".join(f"{name}={value}" for name, value in cookies.items()))
    mark = link.mark("/desk/") if page.posts else ""

    def ask(path: str, posted: str) -> int:
        if posted:
            return link.send_form(path, {"csrfmiddlewaretoken": mark, "q": posted})[0]
        return link.get(path)[0]

    return ask


def explain_pages(world: World) -> dict[str, plans.Seen]:
    """Open every page three times in this process with its statements explained.

    Raises: AssertionError — a page does not answer, or reads a big table in whole
    """
    big, found = plans.big_tables(), {}
    for page in PAGES:
        seen = plans.Seen()
        for path, posted in world.turns(page, 3):
            browser = world.browsers[page.who]
            with plans.explaining(seen, big):
                answer = browser.post(path, {"q": posted}) if posted else browser.get(path)
                b"".join(answer) if answer.streaming else answer.content
            assert answer.status_code in (200, 302), (page.name, path, answer.status_code)
        seen.statements //= 3
        found[page.name] = seen
    found["one round of the worker"] = explain_worker(big)
    whole = {name: sorted(seen.whole) for name, seen in found.items() if seen.whole}
    assert not whole, f"big tables are read in whole: {whole}"
    return found


def explain_worker(big: dict[str, str], few: int = plans.FEW) -> plans.Seen:
    """What the worker does each second, explained: events, due moments, figures of some matters, links of the chain."""
    from weimin.base import clock
    from weimin.config import jobs
    from weimin.kernel.cases.models import Case
    from weimin.kernel.deadlines import actions as deadlines
    from weimin.kernel.record import actions as record
    from weimin.kernel.supervision.actions import tallying

    seen, at = plans.Seen(few), clock.now()
    tallying.note_changed("case", Case.objects.order_by("-pk").values_list("pk", flat=True)[:5], at=at)
    with plans.explaining(seen, big):
        jobs._round(at)
        deadlines.attend_clocks(at=at)
        record.chain_entries(at=at)
    return seen


def measure_size(*, requests: int, explain: bool) -> list[Row]:
    """Every page at the size of one loaded city; the database is that of this process."""
    from django.core.management import call_command

    call_command("collectstatic", verbosity=0, interactive=False)
    world = World()
    seen = explain_pages(world) if explain else defaultdict(plans.Seen)
    rows = []
    with stage.serving(front=True) as (web, _):
        for page in PAGES:
            ask, times = _asking(world, page), Timings()
            for turn, (path, posted) in enumerate(world.turns(page, requests + 5)):
                began = time.perf_counter()
                status = ask(path, posted)
                assert status in (200, 302), (page.name, path, status)
                if turn >= 5:
                    times.values.append((time.perf_counter() - began) * 1000)
            one = seen[page.name]
            rows.append(Row(page.name, times.values, one.statements, one.most, one.where))
            print(f"{page.name:34} {_shown(times)} ms", file=sys.stderr, flush=True)
        tokens = life.make_tokens()
        life.measure(tokens, web, concurrent=4, lives=16)  # warm
        lived = life.measure(tokens, web, concurrent=8, lives=max(16, requests))["times"]
    rows += [Row(f"{name}, 8 at once", lived[name].values, 0, 0, "") for name in WRITES]
    return rows


def _shown(times: Timings) -> str:
    return " / ".join(f"{times.at(share):.0f}" for share in (0.5, 0.95, 0.99))


def city_of(size: str) -> str:
    """The address of a database with a city of a size; loaded unless a run before left it, with the same tables."""
    import psycopg

    base = os.environ.get("DATABASE_URL", "")
    if not base:
        from weimin.base import embedded

        base = embedded.ensure_started(stage.ROOT / ".data" / "bench")
    server, name = base.rpartition("/")[0], f"weimin_city_{size}"
    state = subprocess.run(
        [sys.executable, "-c", "from bench.flat import schema_mark; print(schema_mark())"],
        env={
            **os.environ,
            "DATABASE_URL": base,
            "DJANGO_SETTINGS_MODULE": "weimin.config.settings",
            "PYTHONPATH": f"{stage.ROOT}:{stage.ROOT / 'src'}",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
        kept = link.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if kept is None or not str(kept[0]).startswith(state):
            stage.make_database(link, name)
            began = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "bench.city.load", size],
                env={**os.environ, "DATABASE_URL": f"{server}/{name}"},
                cwd=stage.ROOT,
                stdout=sys.stderr,
                check=True,
            )
            note = f"{state} loaded in {time.monotonic() - began:.0f} s"
            link.execute(f"COMMENT ON DATABASE {name} IS '{note}'")
    return f"{server}/{name}"


def schema_mark() -> str:
    """What tells one version of the tables from another."""
    import hashlib

    import django

    django.setup()
    from django.db.migrations.loader import MigrationLoader

    names = sorted(str(one) for one in MigrationLoader(None).disk_migrations)
    return hashlib.sha256("".join(names).encode()).hexdigest()[:12]


def measure(*, quick: bool) -> list[str]:
    """Every size, each in a process of its own; the report's lines."""
    sizes = {size: city_of(size) for size in (["10k"] if quick else SIZES)}
    found: dict[str, tuple[list[Row], str]] = {}
    rounds = 1 if quick else ROUNDS
    for turn in range(rounds):
        for size, url in sizes.items():
            rows, told = _measure_apart(url, requests=40 if quick else 300 // rounds, explain=not turn)
            if not turn:
                found[size] = rows, told
            else:
                for row, more in zip(found[size][0], rows, strict=True):
                    row.times += more.times
    risen: list[str] = []
    for size, (rows, _) in found.items():
        figures = {one.name: tuple(one.timings.at(share) for share in (0.5, 0.95, 0.99)) for one in rows}
        risen += trend.note(size, figures) if not quick else []
    return [*report(found, rounds), *(f"- Risen: {one}" for one in risen)]


def _measure_apart(url: str, *, requests: int, explain: bool) -> tuple[list[Row], str]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.flat", "--rows", str(requests), *([] if explain else ["--plain"])],
        env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": f"{stage.ROOT}:{stage.ROOT / 'src'}"},
        cwd=stage.ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    rows, told = json.loads(done.stdout)
    return [Row(*one) for one in rows], told


def report(found: dict[str, tuple[list[Row], str]], rounds: int) -> list[str]:
    """One table: pages against sizes, the last beside the first."""
    sizes = list(found)
    lines = ["## A city at several sizes", "", f"- Run: {stage.describe()}; {stage.load()}"]
    lines += [f"- {size}: {note}" for size, (_, note) in found.items()]
    lines += [
        f"- Asked {stage.way()}; one request after another, sizes in turn {rounds} times, so that a busy hour of the host is"
        " all sizes'; p50 / p95 / p99 in milliseconds. Every statement of every page was explained: none reads a big table"
        " in whole. Rows: the most that one statement looks at in a big table.",
        "",
        f"| page | {' | '.join(sizes)} | p95 to the first | asked of p95 | statements | rows |",
        f"| --- |{' --- |' * (len(sizes) + 4)}",
    ]
    first, last = found[sizes[0]][0], found[sizes[-1]][0]
    for place, row in enumerate(last):
        times = " | ".join(_shown(found[size][0][place].timings) for size in sizes)
        ratio = row.timings.at(0.95) / max(first[place].timings.at(0.95), 0.1)
        asked = [*(one.asked for one in PAGES), *WRITES.values()][place] or ""
        lines.append(f"| {row.name} | {times} | {ratio:.2f} | {asked} | {row.statements} | {row.most:,} {row.where} |")
    return lines


def main() -> None:
    """Measure the sizes that are named and print; with --rows the configured database, for the process above."""
    if "--rows" not in sys.argv:
        global SIZES
        SIZES = sys.argv[1:] or SIZES
        print("\n".join(measure(quick=False)))
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weimin.config.settings")
    os.environ["WEIMIN_HOSTS"] = "127.0.0.1,localhost,testserver"
    import django

    django.setup()
    logging.disable(logging.WARNING)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), (SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname ="
            " current_database()), pg_size_pretty(pg_database_size(current_database())) FROM cases_case"
        )
        many, note, size = cursor.fetchone()
    requests = int(sys.argv[sys.argv.index("--rows") + 1])
    rows = measure_size(requests=requests, explain="--plain" not in sys.argv)
    told = f"{many:,} matters, {size}, {str(note).partition(' ')[2] or 'loaded before'}"
    print(json.dumps([[list(asdict(one).values()) for one in rows], told]))


if __name__ == "__main__":
    main()
