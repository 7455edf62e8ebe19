"""Fills a database with a city's worth of made-up matters.

python -m bench.city.load SIZE [--seed N]      SIZE: 10k, 1m, 10m or a number

The database is DATABASE_URL's, or the embedded one of `make run`; an empty one is first loaded with the city and its
demonstration people. All of it is made up: people are called 演 and a number and have birth dates in 1900.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.city import copying, lives, plan, settle, trail

#: Lines of the plan that one statement copies.
STRETCH = 20_000
#: The lived matters came in on this day; a Monday.
LIVED = datetime(2026, 9, 14, 1, 30, tzinfo=UTC)


class Tell:
    """How far it is, how fast, and when it will be done."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    @contextmanager
    def part(self, what: str, all_of_it: int = 0) -> Iterator[Callable[..., None]]:
        """One part of the work, with its own time; who works may know of how many only when it begins."""
        began, said = time.monotonic(), [0.0]

        def progress(done: int, total: int = all_of_it) -> None:
            now = time.monotonic()
            if now - said[0] < 1 and done != total:
                return
            said[0] = now
            speed = done / max(now - began, 1e-6)
            rest = f"，还要 {max(0, total - done) / max(speed, 1e-6):,.0f} 秒" if total else ""
            print(
                f"\r{what}  {done:,}{f'/{total:,}' if total else ''}  每秒 {speed:,.0f}{rest}        ",
                end="",
                flush=True,
            )

        yield progress
        print(f"\r{what}  {time.monotonic() - began:,.1f} 秒{' ' * 50}", flush=True)


def size_of(text: str) -> int:
    """A size as people write it: 10k, 1m, 250000.

    Raises: ValueError — no size
    """
    tidy = text.strip().lower()
    many = {"k": 1_000, "m": 1_000_000}.get(tidy[-1:], 1)
    digits = tidy if many == 1 else tidy[:-1]
    found = int(float(digits) * many) if digits.replace(".", "", 1).isdecimal() else 0
    if not 1 <= found <= 20_000_000:
        raise ValueError("大小写成 10k、1m、10m 或一个数，最多 20m")
    return found


def fill(count: int, *, seed: int = 1, now: datetime | None = None) -> dict[str, float]:
    """Fill the configured database, loaded with a city and its demonstration people, with so many matters.

    The same seed in the same hour gives the same city. Gives seconds by part.
    """
    from django.db import connection

    tell, now = Tell(), now or datetime.now(UTC)
    with connection.cursor() as cursor:

        def run(text: str, values: dict[str, Any] | None = None) -> list[Any]:
            cursor.execute(text, values)
            return cursor.fetchall() if cursor.description else []

        if run("SELECT 1 FROM residents_resident WHERE name LIKE '_演%%' AND created_via = 'made-up' LIMIT 1"):
            raise SystemExit("这个库里已经有一座演示城市；要另一种大小，请换一个空库。")
        with tell.part("样本办件") as progress:
            lived = _live(progress)
        most = copying.make_templates(run, [one.case_id for one in lived])
        _audit_template(run)
        copying.make_maps(run, lives.TOWNSHIP)
        towns = [row[0] for row in run("SELECT town FROM bench_town ORDER BY 1")]
        taken = dict(run("SELECT prefix, value FROM cases_casecounter"))
        until = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
        drawn = plan.Plan(count=count, seed=seed, lives=lived, towns=towns, until=until, taken=taken)
        _add_years(run, until.year - plan.YEARS - 1, now.year)
        run("SET session_replication_role = replica")
        with _without_indexes(run, tell):
            base = _write_people(cursor, drawn, tell)
            _write_plan(cursor, drawn, base, lived, tell)
            entries = partial(trail.copy_entries, _address(connection))
            with _beside(entries, "审计记录的余下部分", tell):  # digested here while PostgreSQL copies the tables
                _copy_tables(run, count, most, tell)
                with tell.part("查看记录"):
                    run(_STAFF)
                    run(_LOOKS)
        run("SET session_replication_role = origin")
        _finish(run, tell)
    with tell.part("在走的时钟") as progress, connection.cursor() as cursor:
        settle.settle_clocks(cursor.execute, now, progress=progress)
    with tell.part("预警督办") as progress:
        settle.attend(now, progress=progress)
    with _beside(partial(settle.count_figures, now), "统计数的余下部分", tell), tell.part("入链") as progress:
        trail.link_days(now - timedelta(days=365 * plan.YEARS), now, progress=progress)
    with tell.part("统计信息"), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return {"seconds": time.monotonic() - tell.began}


@contextmanager
def _beside(work: Callable[..., int], what: str, tell: Tell) -> Iterator[None]:
    """Have other work done over connections of its own meanwhile, and wait for what is left of it in the end."""
    far = (0, 0)

    def report(done: int, total: int) -> None:
        nonlocal far
        far = done, total

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work, progress=report)
        yield
        with tell.part(what) as progress:
            while not running.done():
                wait([running], timeout=1)
                progress(*far)
            running.result()


def _live(progress: Callable[[int, int], None]) -> list[lives.Life]:
    from weimin.kernel.record import actions as record

    found = []
    for one in lives.live_all(at=LIVED, progress=lambda _, done, total: progress(done, total)):
        found.append(one)
    while record.deliver_outbox(at=datetime.now(UTC)):
        pass
    return found


def _audit_template(run: Callable[..., Any]) -> None:
    run(
        "CREATE UNLOGGED TABLE bench_t_audit AS SELECT c.id AS life, t.* FROM record_auditentry t"
        " JOIN cases_case c ON t.subject_type = 'case' AND c.number = t.subject_id WHERE c.id IN (SELECT life FROM bench_life)"
    )


@contextmanager
def _without_indexes(run: Callable[..., Any], tell: Tell) -> Iterator[None]:
    """Take plain indexes of the filled tables away, and make them again at the end."""
    names = [one.name for one in copying.TABLES] + ["residents_readentry", "record_auditentry", "residents_resident"]
    found = run(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = ANY (SELECT x::regclass FROM unnest(%(names)s::text[]) x) AND NOT i.indisunique",
        {"names": names},
    )
    for name, _ in found:
        run(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with tell.part("索引", len(found)) as progress:
            run("SET maintenance_work_mem = '1GB'")
            for done, (_, definition) in enumerate(found, start=1):
                run(definition.replace(" ON ONLY ", " ON "))  # an index of a parted table is made on its parts too
                progress(done)


def _add_years(run: Callable[..., Any], first: int, last: int) -> None:
    """Parts for the years that the city's matters go back, of every table that is parted by year."""
    for name in ("record_auditentry", "record_auditlink", "residents_readentry"):
        for year in range(first, last + 1):
            run("SELECT record_add_year(%(name)s::regclass, %(year)s)", {"name": name, "year": year})


def _list_numbers(towns: Iterable[str], taken: set[bytes]) -> Iterator[tuple[str, bytes, date]]:
    """Identity numbers with birth dates in 1900 that nobody has, of all counties in turn: 364,635 of each."""
    from weimin.base.identifiers import _id_check
    from weimin.kernel.residents.queries import id_index

    counties = sorted({town[:6] for town in towns})
    for day, order in product(range(365), range(1, 1000)):
        born = date(1900, 1, 1) + timedelta(days=day)
        for county in counties:
            first = f"{county}{born:%Y%m%d}{order:03d}"
            number = first + _id_check(first)
            if (index := id_index(number)) not in taken:
                yield number, index, born


def _write_people(cursor: Any, drawn: plan.Plan, tell: Tell) -> int:
    """Write the people; gives the key of the first."""
    from weimin.base import crypto
    from weimin.base.counties import county_of
    from weimin.kernel.residents.queries import ID, PHONE

    cursor.execute("SELECT coalesce(max(id), 0) + 1 FROM residents_resident")
    base = int(cursor.fetchone()[0])
    cursor.execute(
        "SELECT township_code, array_agg(code ORDER BY code) FROM directory_division WHERE level = 'village' GROUP BY 1"
    )
    villages = dict(cursor.fetchall())
    counties = {town: county_of(town) for town in drawn.towns.things}  # nothing can be asked while rows are copied
    cursor.execute("SELECT id_index FROM residents_resident")
    numbers = _list_numbers(drawn.towns.things, {bytes(row[0]) for row in cursor.fetchall()})
    phone = crypto.seal("13900000000", purpose=PHONE)
    text = (
        "COPY residents_resident (id, kind, name, id_sealed, id_index, birth_date, phone_sealed, created_at, created_via,"
        " account_id, division_id, county) FROM STDIN"
    )
    total = sum(drawn.people.values())
    with tell.part("服务对象", total) as progress, cursor.copy(text) as out:
        for place, town, name in drawn.list_people():
            number, index, born = next(numbers)
            home = villages.get(town) or [town]
            out.write_row(
                [
                    base + place,
                    "person",
                    name,
                    crypto.seal(number, purpose=ID),
                    index,
                    born,
                    phone,
                    drawn.until - timedelta(days=365 * plan.YEARS),
                    "made-up",
                    None,
                    home[place % len(home)],
                    counties[town],
                ]
            )
            if place % 5000 == 0:
                progress(place)
        progress(total)
    return base


def _write_plan(cursor: Any, drawn: plan.Plan, base: int, lived: list[lives.Life], tell: Tell) -> None:
    from weimin.base.clock import local_date

    cursor.execute(
        "CREATE UNLOGGED TABLE bench_plan (n int, life bigint, shift interval, days int, town text, person bigint,"
        " number text, shown text)"
    )
    cursor.execute("CREATE UNLOGGED TABLE bench_count (prefix text, value int)")
    lived_on, serials = local_date(LIVED), {}
    with tell.part("计划", drawn.count) as progress:
        with cursor.copy("COPY bench_plan FROM STDIN") as out:
            for n, one in enumerate(drawn.list_matters()):
                days = (local_date(one.at) - lived_on).days
                out.write_row([n, one.life, one.at - LIVED, days, one.town, base + one.person, one.number, "演*"])
                prefix, _, serial = one.number.rpartition("-")
                serials[prefix] = int(serial)
                if n % 5000 == 0:
                    progress(n)
        with cursor.copy("COPY bench_count FROM STDIN") as out:
            for pair in serials.items():
                out.write_row(pair)
    cursor.execute("CREATE INDEX ON bench_plan (n)")
    cursor.execute("CREATE INDEX ON bench_plan (shift)")
    cursor.execute("ANALYZE bench_plan")
    cursor.execute(
        "INSERT INTO cases_casecounter SELECT * FROM bench_count"
        " ON CONFLICT (prefix) DO UPDATE SET value = greatest(cases_casecounter.value, excluded.value)"
    )


def _copy_tables(run: Callable[..., Any], count: int, most: dict[str, int], tell: Tell) -> None:
    base = {one.name: run(f"SELECT coalesce(max(id), 0) + 1 FROM {one.name}")[0][0] for one in copying.TABLES}
    for table in copying.TABLES:
        columns = run(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %(name)s"
            " AND table_schema = 'public' ORDER BY ordinal_position",
            {"name": table.name},
        )
        text = copying.statement(table, columns, base, most)
        with tell.part(table.name, count) as progress:
            for first in range(0, count, STRETCH):
                run(text, {"first": first, "last": min(first + STRETCH, count) - 1})
                progress(min(first + STRETCH, count))


_STAFF = """
CREATE UNLOGGED TABLE bench_staff AS
  SELECT DISTINCT ON (p.agency_id) p.agency_id, p.id AS post, f.account_id AS account
  FROM directory_post p JOIN directory_officer f ON f.id = p.officer_id WHERE f.account_id IS NOT NULL ORDER BY 1, 2
"""
_LOOKS = """
INSERT INTO residents_readentry (at, residents, matters, no_matter, account_id, post_id, who, agency_id, why, revealed, path, via)
SELECT coalesce(s.done_at, s.opened_at), ARRAY[c.applicant_id], ARRAY[c.number], false, b.account, b.post,
  s.assignee_name, s.agency_id, '办理', '', 'desk:case', 'desk'
FROM cases_step s JOIN cases_case c ON c.id = s.case_id JOIN bench_plan p ON p.number = c.number
LEFT JOIN bench_staff b ON b.agency_id = s.agency_id
"""


def _finish(run: Callable[..., Any], tell: Tell) -> None:
    """Sequences, statistics, and no scratch table left."""
    with tell.part("统计信息"):
        for table in (
            *(one.name for one in copying.TABLES),
            "residents_resident",
            "residents_readentry",
            "record_auditentry",
        ):
            run(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"
            )
            run(f"VACUUM ANALYZE {table}")  # so that the rest is planned well, and read from indexes alone
        for (name,) in run("SELECT relname FROM pg_class WHERE relname LIKE 'bench\\_%%' AND relkind = 'r'"):
            run(f"DROP TABLE {name}")


def _address(connection: Any) -> str:
    from psycopg.conninfo import make_conninfo

    given = connection.settings_dict
    return make_conninfo(
        host=given["HOST"], port=given["PORT"], user=given["USER"], password=given["PASSWORD"], dbname=given["NAME"]
    )


def main() -> None:
    """Fill the configured database."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("size")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    try:
        count = size_of(given.size)
    except ValueError as wrong:
        asked.error(str(wrong))
    from weimin.config.cli.answering import setup
    from weimin.config.cli.loading import PARTS, load_parts

    setup()
    from weimin.config import city
    from weimin.kernel.catalogue.models import Offer

    city.prepare_database()
    if not Offer.objects.exists():
        load_parts(PARTS)
    done = fill(count, seed=given.seed)
    print(f"{count:,} 件，{done['seconds']:,.0f} 秒")


if __name__ == "__main__":
    main()
