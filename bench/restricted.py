"""What a viewer of one township pays at size beside one of the whole city, and what the second wall itself costs.

Both see the same number of rows on a page; requests take turns, so that whatever else the machine does meets all alike.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from bench import reading, stage
from bench.stage import Client, Timings

HEADING = "## A restricted viewer beside a wide one"
CLERK, WIDE, ADMIN = "liucheng.shenhe", "bench.shi", "shi.xitong"
LEADER, SUPERVISOR = "liucheng.lingdao", "shi.jiandu"
TOWN, COUNTY = "340321113000", "340321000000"
#: Matters that hang on one delegation, and what is searched for in the inbox.
ACTS, WORD = 2_000, "补贴"
_GIVE = """
INSERT INTO cases_step (case_id, task_id, bpmn_id, kind, name, outcomes, agency_id, role, state, assignee_id, assignee_name,
  due_on, opened_at, done_at, outcome, opinion)
SELECT c.id, 'city', 'city', 'review', '市级复核', 'agree disagree', %(city)s, 'reviewer', 'open', NULL, '', s.due_on,
  c.submitted_at, NULL, '', ''
FROM (SELECT c.id, row_number() OVER (PARTITION BY c.township_id, c.item_name LIKE %(word)s ORDER BY md5(c.number)) AS place
      FROM cases_case c WHERE c.state = 'handling' AND c.item_name LIKE %(word)s = %(worded)s) picked
JOIN cases_case c USING (id) JOIN cases_step s ON s.case_id = c.id AND s.state = 'open'
ORDER BY picked.place, c.id LIMIT %(rows)s
"""


def prepare(count: int) -> dict[str, Any]:
    """Fill in matters; give a body of the city as many open steps as the clerk's, over all townships; gives the people."""
    from django.db import connection

    from weimin.base import clock
    from weimin.kernel.cases import access

    reading.fill(count, 0)
    _appoint_wide()
    people = {name: stage.actor_of(name) for name in (CLERK, WIDE, LEADER, SUPERVISOR, ADMIN)}
    people[ADMIN] = replace(people[ADMIN], glass_place=COUNTY, glass_why="测量")
    mine = access.workable_steps(people[CLERK])
    worded = mine.filter(case__item_name__contains=WORD).count()
    wanted = {True: worded, False: mine.count() - worded}
    letter = _letter()
    with connection.cursor() as cursor:
        for has, rows in wanted.items():
            cursor.execute(_GIVE, {"city": people[WIDE].agency, "word": f"%{WORD}%", "worded": has, "rows": rows})
        cursor.execute(
            "UPDATE cases_case SET delegation = %s WHERE id IN"
            " (SELECT id FROM cases_case WHERE township_id = %s ORDER BY md5(number) LIMIT %s)",
            [letter, TOWN, ACTS],
        )
        for table in ("cases_case", "cases_step"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    assert access.workable_steps(people[WIDE]).count() == sum(wanted.values())
    numbers = list(access.visible_cases(people[CLERK]).order_by("pk").values_list("number", flat=True)[:2000:50])
    return {
        "people": people,
        "letter": letter,
        "numbers": numbers,
        "today": clock.local_date(clock.now()),
        "count": count,
    }


def _appoint_wide() -> None:
    """Somebody of the city who both supervises and handles."""
    from django.contrib.auth.hashers import make_password

    from weimin.base import clock
    from weimin.config.city import DEMO_PASSWORD
    from weimin.config.demonstration import LOADER
    from weimin.kernel.accounts import actions as accounts
    from weimin.kernel.directory import actions as directory

    at, name = clock.now(), "演示市级"
    secret = make_password(DEMO_PASSWORD)
    account = accounts.create_staff_account(by=LOADER, at=at, username=WIDE, name=name, password_hash=secret)
    officer = directory.add_officer(by=LOADER, at=at, name=name, account_id=account)
    directory.appoint(
        by=LOADER,
        at=at,
        officer_id=officer,
        agency_id=stage.actor_of(SUPERVISOR).agency,
        roles=("supervisor", "reviewer"),
        title="监督员",
    )


def _letter() -> str:
    from weimin.apps.delegation import queries
    from weimin.kernel.record.types import Actor

    return str(queries.list_for_desk(viewer=Actor.system(), township=TOWN).order_by("pk")[0].number)


# Over HTTP


def over_http(world: dict[str, Any], repeats: int) -> list[dict[str, Any]]:
    """Every page, taken in turns by those who may see it; a row of figures a page."""
    link = {name: reading.log_in(name) for name in (CLERK, WIDE, LEADER, SUPERVISOR, ADMIN)}
    _break_glass(link[ADMIN])
    numbers, letter = world["numbers"], world["letter"]

    def found(client: Client, turn: int) -> int:
        status, _ = client.get(f"/desk/find/?q={numbers[turn % len(numbers)]}")
        assert status == 302, status
        return 1

    def page(path: str, mark: str) -> Callable[[Client, int], int]:
        def look(client: Client, turn: int) -> int:
            status, body = client.get(path.format(numbers[turn % len(numbers)]))
            assert status == 200, (path, status)
            return body.count(mark.encode()) if mark else 1

        return look

    def sheet(path: str) -> Callable[[Client, int], int]:
        def take(client: Client, turn: int) -> int:
            status, body = client.get(path)
            assert status == 200, (path, status)
            return _rows_of(body) if turn == 0 else 0

        return take

    clerks, leaders = (link[CLERK], link[WIDE], None), (link[LEADER], link[SUPERVISOR], None)
    seeking = (link[CLERK], link[WIDE], link[ADMIN])
    return [
        _turns("inbox", clerks, page("/desk/", "data-href="), repeats),
        _turns(f"search in it: {WORD}", clerks, page(f"/desk/?item={WORD_QUOTED}", "data-href="), repeats),
        _turns("its export, xlsx", clerks, sheet("/desk/inbox.xlsx"), repeats // 5),
        _turns("search by number", seeking, found, repeats),
        _turns("the matter found", seeking, page("/desk/cases/{}/", ""), repeats),
        _turns(
            "matters of a delegation", leaders, page(f"/desk/delegations/{letter}/acts/", 'href="/desk/cases/'), repeats
        ),
        _turns("their export, xlsx", leaders, sheet(f"/desk/delegations/{letter}/acts.xlsx"), repeats // 5),
    ]


WORD_QUOTED = "%E8%A1%A5%E8%B4%B4"


def _turns(
    what: str, clients: tuple[Client | None, ...], look: Callable[[Client, int], int], repeats: int
) -> dict[str, Any]:
    """The clients' times for one page, in an order that changes; the rows that each saw are the same."""
    who = [(place, one) for place, one in enumerate(clients) if one is not None]
    rows = {place: look(one, 0) for place, one in who}
    assert len(set(rows.values())) == 1, f"{what}: not the same number of rows: {rows}"
    times = [Timings() for _ in clients]
    for turn in range(repeats + 5):
        random.shuffle(who)
        for place, one in who:
            began = time.perf_counter()
            look(one, turn + 1)
            if turn >= 5:
                times[place].values.append((time.perf_counter() - began) * 1000)
    return {"what": what, "rows": rows[0], "times": times}


def _rows_of(body: bytes) -> int:
    """The rows of a spreadsheet below its head."""
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return book.read("xl/worksheets/sheet1.xml").count(b"<row ") - 1


def _break_glass(client: Client) -> None:
    """Open a session in which an administrator sees the matters of a county."""
    client.post_form(
        "/desk/admin/glass/", {"place": COUNTY, "purpose": "BENCH-1", "reason": "测量限定范围的查询要多少时间"}
    )


# In this process: the same queries behind the wall and before it


@contextmanager
def _owner() -> Iterator[None]:
    """One transaction of the owner of the tables: the viewer's filters stay, the wall is not there."""
    from django.db import transaction

    with transaction.atomic():
        yield


def the_wall(world: dict[str, Any], repeats: int) -> list[dict[str, Any]]:
    """Every query of a viewer behind the wall and as the owner, in turns."""
    people, numbers = world["people"], world["numbers"]
    rows = []
    for what, ask in _questions(world).items():
        for name in _who_asks(what):
            viewer = people[name]
            behind, before = _walled(viewer, lambda turn, a=ask, v=viewer: a(v, numbers[turn % len(numbers)]), repeats)
            rows.append({"what": what, "who": name, "behind": behind, "before": before})
    return rows


def _questions(world: dict[str, Any]) -> dict[str, Callable[[Any, str], Any]]:
    from weimin.kernel.cases import queries
    from weimin.kernel.cases.queries.authorities import list_under_delegation

    today, letter = world["today"], world["letter"]
    return {
        "inbox and its counts": lambda who, _: (queries.get_inbox(who), queries.count_inbox(who, today=today)),
        "search in the inbox": lambda who, _: queries.get_inbox(who, item=WORD),
        "search by number": lambda who, number: queries.find_number(who, number),
        "one matter with its parts": lambda who, number: queries.get_case(who, number),
        "a page of a delegation's matters": lambda who, _: list(list_under_delegation(who, delegation=letter)[:50]),
        "all of them": lambda who, _: list(list_under_delegation(who, delegation=letter)),
    }


def _who_asks(what: str) -> tuple[str, ...]:
    if "inbox" in what:
        return (CLERK, WIDE)
    return (LEADER, SUPERVISOR) if "delegation" in what or "them" in what else (CLERK, WIDE, ADMIN)


def _walled(viewer: Any, ask: Callable[[int], Any], repeats: int) -> tuple[Timings, Timings]:
    from weimin.kernel.record import access as wall

    behind, before = Timings(), Timings()
    ways: list[tuple[Timings, Callable[[], Any]]] = [(behind, lambda: wall.acting(viewer)), (before, _owner)]
    for turn in range(repeats + 5):
        random.shuffle(ways)
        for times, way in ways:
            began = time.perf_counter()
            with way():
                ask(turn)
            if turn >= 5:
                times.values.append((time.perf_counter() - began) * 1000)
    return behind, before


# The page


def measure(*, quick: bool = False) -> list[str]:
    """Fill, measure, and give the section of the page."""
    count, repeats = (5_000, 30) if quick else (100_000, 300)
    world = prepare(count)
    with stage.serving():
        pages = over_http(world, repeats)
    walls = the_wall(world, repeats)
    return _report(count, repeats, pages, walls)


_WORDS = {
    CLERK: "reviewer of a township",
    WIDE: "reviewer and supervisor of the city",
    LEADER: "leader of a township",
    SUPERVISOR: "supervisor of the city",
    ADMIN: "administrator, break-glass on a county",
}


def _report(count: int, repeats: int, pages: list[dict[str, Any]], walls: list[dict[str, Any]]) -> list[str]:
    lines = [
        HEADING,
        "",
        f"- Run: {stage.describe()}; {stage.load()}; web, PostgreSQL and the load generator share the cores",
        f"- {count:,} matters over 77 townships, a tenth of them in the restricted viewers' own; every page shows all its viewers the same number "
        "of rows; requests take turns in an order that changes",
        f"- {repeats} requests a page and viewer, {repeats // 5} of exports, one connection each. The wide viewer of the inbox serves in a body of the city "
        "with as many open steps as the township's, over all townships; where a delegation's matters are listed both see the same matters",
        "",
        "| page | rows | restricted, p50/p95 ms | wide, p50/p95 ms | ratio of p50 | ratio of p95 | administrator, p50/p95 ms | restricted to it, p95 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in pages:
        narrow, wide, glass = one["times"]
        ratio = [narrow.at(share) / wide.at(share) for share in (0.5, 0.95)]
        seen = f"{glass.pair} | {narrow.at(0.95) / glass.at(0.95):.2f}" if glass.values else " | "
        lines.append(
            f"| {one['what']} | {one['rows'] or 1:,} | {narrow.pair} | {wide.pair} | {ratio[0]:.2f} | {ratio[1]:.2f} | {seen} |"
        )
    lines += [
        "",
        "What the wall itself costs: the same queries in one process, by the viewer behind the wall and by the owner of the tables, who has none; "
        "the viewer's own filters stay in both. Telling the database who acts is in it.",
        "",
        "| query | viewer | behind the wall, p50/p95 ms | the owner, p50/p95 ms | ratio of p50 | ms more at p50 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for one in walls:
        behind, before = one["behind"], one["before"]
        lines.append(
            f"| {one['what']} | {_WORDS[one['who']]} | {behind.pair} | {before.pair} | {behind.at(0.5) / before.at(0.5):.2f} | "
            f"{behind.at(0.5) - before.at(0.5):.2f} |"
        )
    return lines
