"""Lists at size: 77 townships with 2,000 items each on one standard, and 50 versions of every item.

Differences are counted as well as timed: none on identical copies, and one changed material is named.
"""

from __future__ import annotations

import copy
import random
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from bench import reading, stage
from bench.stage import Client, Timings

HEADING = "## Lists of 77 townships"
#: Items, versions of each, and how many are published.
FULL, QUICK = (2_000, 50, 40), (100, 10, 6)
BEGAN, EVERY = date(2001, 1, 1), timedelta(days=150)
_OFFERS = """
INSERT INTO catalogue_offer (item_id, township_id, accept_agency_id, handle_agency_id, county_agency_id, valid_from,
  local, copy, copy_digest, copy_at, approved_by, reason)
SELECT v.item_id, t.township_id, t.accept_agency_id, t.handle_agency_id, t.county_agency_id, %s, '{}', v.doc, v.digest, now(), '', ''
FROM catalogue_itemversion v JOIN catalogue_item i ON i.id = v.item_id AND i.code LIKE 'L-%%'
CROSS JOIN (SELECT DISTINCT ON (township_id) * FROM catalogue_offer ORDER BY township_id, id) t
WHERE v.status = 'in_force'
"""
_COLUMNS = (
    "item_id, effect, trigger, reason, revision, batch_id, drafted_by, published_at, name, plain, area, type_code, applied, audience, "
    "life_events, online, lead_key, decision_level, procedure_id, publication_class, digest, limit_text, names, search_text, search"
)
_OLDER = f"""
INSERT INTO catalogue_itemversion (number, status, valid_from, valid_until, doc, {_COLUMNS})
SELECT n, 'ended', %(began)s::date + (n - 1) * %(every)s, %(began)s::date + n * %(every)s,
  jsonb_set(v.doc, '{{plain}}', to_jsonb(v.plain || ' 第 ' || n || ' 版')), {", ".join("v." + one for one in _COLUMNS.split(", "))}
FROM catalogue_itemversion v JOIN catalogue_item i ON i.id = v.item_id AND i.code LIKE 'L-%%'
CROSS JOIN generate_series(%(first)s, %(last)s) n WHERE v.status = 'in_force' ORDER BY n, v.item_id
"""
_CHANGE = """
UPDATE catalogue_offer o SET copy_digest = md5(o.copy_digest), copy = jsonb_set(o.copy, '{materials,0,name}', '"改过的材料名称"')
WHERE o.id = ANY(%s)
"""
#: The words of a version are written by `executemany`, whose values are not kept: those of the version before stand in.
_WORDS = (
    "UPDATE catalogue_itemversion v SET search = (SELECT w.search FROM catalogue_itemversion w WHERE w.item_id = v.item_id"
    " AND w.search IS NOT NULL ORDER BY w.number DESC LIMIT 1) WHERE v.id = %s"
)


def prepare(items: int) -> None:
    """Put made-up items in force, each offered and published by every township as its own identical text."""
    from django.db import connection

    from weimin.kernel.catalogue.actions import read_item_files
    from weimin.kernel.catalogue.actions.loading import columns_of
    from weimin.kernel.catalogue.models import Item, ItemVersion
    from weimin.kernel.catalogue.rules import searching

    records = [one for one in read_item_files() if one.get("materials")]
    procedures = dict(ItemVersion.objects.filter(status="in_force").values_list("item__code", "procedure_id"))
    made = Item.objects.bulk_create([Item(code=f"L-{n:04d}") for n in range(1, items + 1)])
    versions = []
    for place, item in enumerate(made):
        doc = copy.deepcopy(records[place % len(records)])
        procedure = procedures[doc["code"]]
        doc |= {"code": item.code, "name": f"{doc['name']}（{place + 1}）"}
        columns = columns_of("service", doc, procedure_id=procedure)
        versions.append(ItemVersion(item=item, number=1, status="in_force", valid_from=BEGAN, search=None, **columns))
    kept = ItemVersion.objects.bulk_create(versions, batch_size=200)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE catalogue_itemversion SET search = %s::tsvector WHERE id = %s",
            [(searching.as_tsvector(one.doc), one.pk) for one in kept],
        )
        cursor.execute(_OFFERS, [BEGAN])
        for table in ("catalogue_itemversion", "catalogue_offer", "catalogue_item"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def add_history(first: int, last: int) -> None:
    """Give every made-up item older versions from one number to another; the one in force follows them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalogue_itemversion v SET number = %s, valid_from = %s FROM catalogue_item i"
            " WHERE i.id = v.item_id AND i.code LIKE 'L-%%' AND v.status = 'in_force'",
            [last + 1, BEGAN + EVERY * last],
        )
        cursor.execute(_OLDER, {"began": BEGAN, "every": EVERY.days, "first": first, "last": last})
        cursor.execute("VACUUM ANALYZE catalogue_itemversion")


# Drift


def drift(url: str) -> list[dict[str, Any]]:
    """The nightly report of all townships: identical, one material changed, one text in a hundred changed."""
    from weimin.kernel.catalogue.models import Offer

    offers = list(Offer.objects.exclude(copy_digest="").order_by("pk").values_list("pk", flat=True))
    found = [_report_of("every copy identical", url, changed=[])]
    assert not found[0]["rows"], f"{len(found[0]['rows'])} false differences"
    one = [offers[len(offers) // 3]]
    found.append(_report_of("one material changed", url, changed=one))
    assert len(found[1]["rows"]) == 1, found[1]["rows"]
    named = found[1]["rows"][0]
    assert named.what.startswith("材料") and "改过的材料名称" in named.what + named.theirs, (named.what, named.theirs)
    some = random.Random(5).sample(sorted(set(offers) - set(one)), len(offers) // 100)
    found.append(_report_of("one text in a hundred changed", url, changed=some))
    assert len({(row.township_id, row.item_code) for row in found[2]["rows"]}) == len(some) + 1
    for row in found:
        row["offers"] = len(offers)
    return found


def _report_of(what: str, url: str, *, changed: list[int]) -> dict[str, Any]:
    """Change some copies, and time the report with all that it writes; the first time it also keeps what is new."""
    from django.db import connection

    from weimin.base import clock
    from weimin.kernel.catalogue import actions
    from weimin.kernel.catalogue.queries import drift as reports
    from weimin.kernel.record.types import Actor

    if changed:
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE, [changed])
            cursor.execute("VACUUM ANALYZE catalogue_offer")
    times, floors = Timings(), Timings()
    for _ in range(5):
        actions.request_drift(by=Actor.system("测量"), at=clock.now())
        times.values.append(_seconds(lambda: actions.work_on_drift(at=clock.now())))
        floors.values.append(_seconds(lambda: _plain_drift(url)))
    rows = list(reports.list_findings(on=clock.local_date(clock.now())))
    return {"what": what, "rows": rows, "first": times.values[0], "times": times, "floors": floors}


def _plain_drift(url: str) -> int:
    """The floor: every offer's digest beside that of the list, and the texts where they differ."""
    import psycopg

    with psycopg.connect(url) as link:
        return len(
            link.execute(
                "SELECT o.copy, v.doc FROM catalogue_offer o JOIN catalogue_itemversion v ON v.item_id = o.item_id"
                " AND v.status = 'in_force' WHERE o.valid_until IS NULL AND o.copy_digest <> '' AND o.copy_digest <> v.digest"
            ).fetchall()
        )


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# Publishing


def publish(url: str, count: int) -> dict[str, Any]:
    """Versions go the whole way; half of them are offered by all townships, half by one; gives the times to publish."""
    from django.db import connection
    from django.db.transaction import atomic
    from django.test.utils import CaptureQueriesContext

    from weimin.base import clock
    from weimin.kernel.catalogue import actions
    from weimin.kernel.catalogue.models import Offer

    keeper = stage.actor_of("shi.qingdan")
    codes = [f"L-{n:04d}" for n in range(1, count + 1)]
    for code in codes[1::2]:
        keep = Offer.objects.filter(item__code=code).order_by("pk").values_list("pk", flat=True)[:1]
        Offer.objects.filter(item__code=code).exclude(pk__in=list(keep)).delete()
    ready = [_approved(code) for code in codes]
    times: dict[bool, Timings] = {True: Timings(), False: Timings()}
    floor, numbers = Timings(), set()
    for place, version in enumerate(ready):
        with atomic():
            with CaptureQueriesContext(connection) as caught:
                actions.publish_version(by=keeper, at=clock.now(), version_id=version)
            connection.set_rollback(True)
        sql = [one["sql"] for one in caught.captured_queries if not one["sql"].startswith(("SAVE", "RELEASE"))]
        numbers.add(len(sql))
        floor.values.append(_replay(url, [_WORDS % version if "times:" in one else one for one in sql]))
        spent = _seconds(lambda v=version: actions.publish_version(by=keeper, at=clock.now(), version_id=v)) * 1000
        times[place % 2 == 0].values.append(spent)
    return {"all": times[True], "one": times[False], "floor": floor, "statements": sorted(numbers)}


def _approved(code: str) -> int:
    """A version with a changed material that waits for its publication."""
    from weimin.base import clock
    from weimin.kernel.catalogue import actions
    from weimin.kernel.catalogue.models import ItemVersion

    at, keeper = clock.now(), stage.actor_of("shi.qingdan")
    version = actions.begin_draft(by=keeper, at=at, list_code="service", code=code)
    doc = ItemVersion.objects.get(pk=version).doc
    doc["materials"][0]["name"] = "换了名称的材料"
    drafting = actions.Drafting(doc=doc, trigger="review", reason="测量：材料换名称", valid_from=clock.local_date(at))
    faults = actions.save_draft(by=keeper, at=at, version_id=version, revision=0, drafting=drafting)
    assert not faults, faults
    actions.submit_draft(by=keeper, at=at, version_id=version)
    for who, step in (("shi.qingdan2", "lead"), ("shi.fazhi", "legal"), ("shi.lingdao", "approve")):
        actions.review_version(
            by=stage.actor_of(who), at=at, version_id=version, stage=step, outcome="passed", opinion=""
        )
    return version


def _replay(url: str, sql: list[str]) -> float:
    """The floor: the same statements by psycopg, one transaction, taken back; gives milliseconds."""
    import psycopg

    with psycopg.connect(url) as link:
        link.execute("SELECT 1")
        began = time.perf_counter()
        for one in sql:
            link.execute(one)  # type: ignore[arg-type]
        spent = (time.perf_counter() - began) * 1000
        link.rollback()
    return spent


# As of a day


def as_of(url: str, items: int, versions: int, repeats: int) -> dict[str, Timings]:
    """A row, and a page of a hundred rows, on days of any of the versions; each beside its floor, in turns."""
    import psycopg

    from weimin.kernel.catalogue.models import ItemVersion
    from weimin.kernel.catalogue.queries import lists

    found = {name: Timings() for name in ("row", "row floor", "page", "page floor")}
    dice = random.Random(11)
    with psycopg.connect(url, autocommit=True) as link:
        for turn in range(repeats + 5):
            code, number = f"L-{dice.randint(1, items):04d}", dice.randint(1, versions)
            on = BEGAN + EVERY * (number - 1) + timedelta(days=dice.randint(0, EVERY.days - 1))
            pk = ItemVersion.objects.values_list("pk", flat=True).get(item__code=code, number=number)
            same = ItemVersion.objects.filter(number=number, item__code__startswith="L-").order_by("item__code")
            hundred = list(same.values_list("pk", flat=True)[:100])

            def row(code: str = code, on: date = on, number: int = number) -> None:
                shown = lists.find_as_of(code=code, on=on)
                assert shown is not None and shown.number == number, (code, on, number)

            def plain(pk: int = pk) -> None:
                link.execute(
                    "SELECT v.*, i.* FROM catalogue_itemversion v JOIN catalogue_item i ON i.id = v.item_id WHERE v.id = %s",
                    [pk],
                ).fetchall()

            def page(on: date = on) -> None:
                rows = lists.list_rows(list_code="service", on=on)
                assert rows.count() and len(rows[:100]) == min(100, items)

            def plain_page(ids: list[int] = hundred) -> None:
                link.execute("SELECT count(*) FROM catalogue_item WHERE list_code = 'service'").fetchall()
                link.execute(
                    "SELECT v.id, v.number, v.name, v.plain, v.valid_from, v.valid_until, v.reason, i.* FROM catalogue_itemversion v"
                    " JOIN catalogue_item i ON i.id = v.item_id WHERE v.id = ANY(%s) ORDER BY i.code",
                    [ids],
                ).fetchall()

            ways = [("row", row), ("row floor", plain), ("page", page), ("page floor", plain_page)]
            dice.shuffle(ways)
            for name, way in ways:
                spent = _seconds(way) * 1000
                if turn >= 5:
                    found[name].values.append(spent)
    return found


# Pages


def pages(items: int, versions: int, repeats: int) -> dict[str, Timings]:
    """Public pages and the keeper's, in turns with an empty view."""
    anyone, keeper = Client(), reading.log_in("shi.qingdan")
    dice = random.Random(3)

    def code() -> str:
        return f"L-{dice.randint(items // 2, items):04d}"

    def day() -> date:
        return BEGAN + EVERY * dice.randint(0, versions - 1) + timedelta(days=dice.randint(0, 99))

    ways: dict[str, tuple[Client, Callable[[], str], str]] = {
        "an empty view": (anyone, lambda: "/health/", ""),
        "two versions compared": (
            anyone,
            lambda: f"/rows/{code()}/?old={dice.randint(1, versions - 1)}&new={versions}",
            'id="compare"',
        ),
        "a row on a day, with its history": (anyone, lambda: f"/rows/{code()}/?on={day()}", "<h2>历史</h2>"),
        "a list on a day, 100 rows": (anyone, lambda: f"/lists/service/?on={day()}", "L-0001"),
        "the drift report, with nothing and then with 500 rows": (keeper, lambda: "/desk/lists/drift/", "drift.xlsx"),
        "the keeper's list, 100 rows": (keeper, lambda: "/desk/lists/service/?q=%EF%BC%88", "L-0001"),
    }
    times = {name: Timings() for name in ways}
    order = list(ways)
    for turn in range(repeats + 3):
        dice.shuffle(order)
        for name in order:
            client, path, mark = ways[name]
            asked = path()
            began = time.perf_counter()
            status, body = client.get(asked)
            spent = (time.perf_counter() - began) * 1000
            assert status == 200 and mark.encode() in body, (asked, status, mark)
            if turn >= 3:
                times[name].values.append(spent)
    return times


# The page of figures


def measure(url: str, *, quick: bool = False) -> list[str]:
    """Fill, measure, and give the section of the page."""
    items, versions, count = QUICK if quick else FULL
    repeats = 20 if quick else 150
    filled = time.perf_counter()
    prepare(items)
    filled = time.perf_counter() - filled
    add_history(1, 1)
    few = as_of(url, items, 2, repeats)
    with stage.serving():
        first = pages(items, 2, repeats)
    add_history(2, versions - 1)
    many = as_of(url, items, versions, repeats)
    drifts = drift(url)
    with stage.serving():
        second = pages(items, versions, repeats)
    published = publish(url, count)
    return _report(items, versions, filled, few, many, drifts, first, second, published)


def _report(
    items: int,
    versions: int,
    filled: float,
    few: dict[str, Timings],
    many: dict[str, Timings],
    drifts: list[dict[str, Any]],
    first: dict[str, Timings],
    second: dict[str, Timings],
    published: dict[str, Any],
) -> list[str]:
    lines = [
        HEADING,
        "",
        f"- Run: {stage.describe()}; {stage.load()}",
        f"- {items:,} items in force, each offered by 77 townships, every one with its own published text of {drifts[0]['offers']:,}; "
        f"2 and then {versions} versions of each item. Filled in {filled:.0f} s",
        "- Figures of a line and their floors take turns; a row's page shows all its versions, so it grows with them",
        "",
        "Drift: what differs in all townships. Nothing is reported of identical copies, one changed material is named as such, and of one text in "
        "a hundred every difference is found. Floor: the digests compared and the differing texts read by plain SQL.",
        "",
        "| copies | compared | differences | first report, s | report, s | floor, s | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in drifts:
        spent, floor = one["times"].at(0.5), one["floors"].at(0.5)
        lines.append(
            f"| {one['what']} | {one['offers']:,} | {len(one['rows']):,} | {one['first']:.2f} | {spent:.2f} | {floor:.2f} | {spent / floor:.1f} |"
        )
    lines += [
        "",
        "As of a day: the row, and the first hundred rows with their number, that were law on any day of the history. Floor: the same rows by "
        "plain SQL, by their ids.",
        "",
        f"| query | 2 versions, p50/p95 ms | {versions} versions, p50/p95 ms | ratio of p95 | floor at {versions}, p50/p95 ms | ratio to the floor |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, what in (("row", "one row"), ("page", "a page of a list")):
        one, floor = many[name], many[f"{name} floor"]
        lines.append(
            f"| {what} | {few[name].pair} | {one.pair} | {one.at(0.95) / few[name].at(0.95):.2f} | {floor.pair} | "
            f"{one.at(0.5) / floor.at(0.5):.1f} |"
        )
    lines += [
        "",
        f"| page over HTTP | 2 versions, p50/p95 ms | {versions} versions, p50/p95 ms | ratio of p95 |",
        "| --- | --- | --- | --- |",
    ]
    for name, now in second.items():
        lines.append(f"| {name} | {first[name].pair} | {now.pair} | {now.at(0.95) / first[name].at(0.95):.2f} |")
    whole, alone, floor = published["all"], published["one"], published["floor"]
    lines += [
        "",
        "Publishing an approved version, by how many townships offer the item. Floor: the same statements by psycopg in one transaction.",
        "",
        "| townships | published | statements | p50/p95 ms | floor, p50/p95 ms | ratio of p50 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    statements = "–".join(map(str, sorted({published["statements"][0], published["statements"][-1]})))
    for number, one in ((77, whole), (1, alone)):
        lines.append(
            f"| {number} | {len(one.values)} | {statements} | {one.pair} | {floor.pair} | {one.at(0.5) / floor.at(0.5):.1f} |"
        )
    return lines
