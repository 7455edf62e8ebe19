"""Reading at size: the inbox and the case page, search, the weight of pages."""

from __future__ import annotations

import gzip
import random
import re
import time
from typing import Any

from bench.stage import Client, Timings

_COPY = """
INSERT INTO cases_case (number, item_version_id, offer_id, township_id, applicant_id, applicant_shown, item_name, channel,
  state, revision, instance_id, answers_sealed, delivery, submitted_at, accepted_at, accepted_how, decided_at, ended_at,
  due_on, statutory_due_on, due_provisional, clock_id, attention_at, attention_tries, outcome)
SELECT substr(o.township_id, 1, 9) || '-2001' || lpad((1 + g / 100000)::text, 2, '0') || '-' || lpad((g %% 100000)::text, 5, '0'), v.id, o.id, o.township_id, %(person)s, '演*', v.name,
  'window', CASE WHEN g / 10 %% 20 = 0 OR g <= 500 THEN 'handling' ELSE 'closed' END, 5, NULL, %(answers)s, 'pickup',
  now() - (g %% 700) * interval '1 day', now(), 'clerk', NULL, NULL, current_date + (g %% 30 - 5), NULL, false, NULL, NULL, 0, ''
FROM generate_series(%(first)s, %(last)s) g
JOIN LATERAL (SELECT * FROM catalogue_offer WHERE id = CASE WHEN g %% 10 = 0
  THEN (%(own)s::bigint[])[1 + g / 10 %% array_length(%(own)s::bigint[], 1)]
  ELSE %(offer)s + g * 7919::bigint %% %(offers)s END) o ON true
JOIN catalogue_itemversion v ON v.item_id = o.item_id AND v.status = 'in_force'
"""
_STEPS = """
INSERT INTO cases_step (case_id, task_id, bpmn_id, kind, name, outcomes, agency_id, role, state, assignee_id, assignee_name,
  due_on, opened_at, done_at, outcome, opinion)
SELECT c.id, kind.task, kind.task, kind.task, kind.name, 'agree disagree', CASE WHEN kind.task = 'accept' THEN o.accept_agency_id
  ELSE o.handle_agency_id END, kind.role, CASE WHEN kind.task = 'review' AND c.state = 'handling' THEN 'open' ELSE 'done' END,
  NULL, '', c.due_on, c.submitted_at, c.submitted_at, 'agree', ''
FROM cases_case c JOIN catalogue_offer o ON o.id = c.offer_id
CROSS JOIN (VALUES ('accept', '受理审查', 'front_desk'), ('review', '乡镇初审', 'reviewer')) AS kind(task, name, role)
WHERE c.number LIKE '%%-2001__-%%' AND NOT EXISTS (SELECT 1 FROM cases_step s WHERE s.case_id = c.id)
"""


def fill(count: int, already: int) -> None:
    """Fill up to `count` made-up matters over all townships, one in twenty still open."""
    from django.db import connection

    from weimin.base import crypto
    from weimin.kernel.catalogue.models import Offer
    from weimin.kernel.residents.models import Resident

    person = Resident.objects.order_by("id").values_list("pk", flat=True)[0]
    first = Offer.objects.order_by("id").values_list("pk", flat=True)[0]
    offers = Offer.objects.count()
    own = list(
        Offer.objects.filter(township_id="340321113000", handle_agency__name__contains="社会事务").values_list(
            "pk", flat=True
        )
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _COPY,
            {
                "person": person,
                "answers": crypto.seal("{}", purpose="cases.answers"),
                "first": already + 1,
                "last": count,
                "offer": first,
                "offers": offers,
                "own": own,
            },
        )
        cursor.execute(_STEPS)
        cursor.execute("VACUUM ANALYZE cases_case")
        cursor.execute("VACUUM ANALYZE cases_step")


def log_in(username: str) -> Client:
    """A staff session over HTTP."""
    from weimin.config.city import DEMO_PASSWORD

    link = Client()
    link.post_form("/desk/login/", {"login": username, "password": DEMO_PASSWORD})
    return link


def pages(reviewer: Client, repeats: int = 150) -> dict[str, tuple[float, float, float]]:
    """p50 and p95 of the inbox and of case pages, as a reviewer of one township."""
    status, text = reviewer.get("/desk/")
    assert status == 200, status
    numbers = re.findall(r'data-href="(/desk/cases/[^"]+)"', text.decode())[:10]
    result = {}
    for name, paths in (("inbox", ["/desk/"]), ("case", numbers)):
        times = Timings()
        for turn in range(repeats + 10):
            began = time.perf_counter()
            status, _ = reviewer.get(paths[turn % len(paths)])
            assert status == 200, status
            if turn >= 10:
                times.values.append((time.perf_counter() - began) * 1000)
        result[name] = (times.at(0.5), times.at(0.95), float(len(paths)))
    return result


QUERIES = (
    "低保",
    "老人补贴",
    "宅基地盖房",
    "生娃上户口",
    "社保卡丢了",
    "gljt",
    "dibao",
    "高令津贴",
    "领养老金",
    "医保参保",
    "欠工资",
    "孩子上学",
    "残疾人补贴",
    "退伍军人",
    "怀远县榴城镇低保怎么办理",
    "报销医药费",
    "房子塌了",
    "五保户",
    "调解",
    "砍树",
)


def fill_items(count: int) -> None:
    """Fill up to `count` made-up items in force: real names with a place before them."""
    from django.db import connection

    from weimin.kernel.catalogue.actions import read_item_files
    from weimin.kernel.catalogue.models import Item, ItemVersion
    from weimin.kernel.catalogue.rules import searching
    from weimin.kernel.directory.models import Division

    records = read_item_files()
    places = list(Division.objects.filter(level="village").values_list("name", flat=True))
    random.seed(7)
    have = Item.objects.count()
    sample = ItemVersion.objects.filter(status="in_force").first()
    assert sample is not None
    items = Item.objects.bulk_create([Item(code=f"X-{n}") for n in range(have, count)], batch_size=5000)
    versions = []
    vectors = []
    for item in items:
        record = dict(random.choice(records))
        prefix = random.choice(places)[:4]
        record["name"] = prefix + record["name"]
        record["synonyms"] = [prefix + one for one in record["synonyms"][:6]]
        names = searching.names_of(record)
        vectors.append(searching.as_tsvector(record))
        versions.append(
            ItemVersion(
                item=item,
                number=1,
                status="in_force",
                valid_from=sample.valid_from,
                name=record["name"][:120],
                plain=record["plain"],
                area=record["area"],
                type_code=record["type"],
                applied=True,
                audience=record["audience"],
                life_events=record["life_events"],
                online=True,
                lead_key=record["lead"],
                decision_level="county",
                procedure_id=sample.procedure_id,
                publication_class="public",
                doc={"limits": record["limits"], "procedure": record["procedure"]},
                names=names,
                limit_text="10 个工作日",
                search_text=" ".join(names)[:2000],
            )
        )
    made = ItemVersion.objects.bulk_create(versions, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE catalogue_itemversion SET search = %s::tsvector WHERE id = %s",
            [(vector, one.pk) for vector, one in zip(vectors, made, strict=True)],
        )
        cursor.execute("VACUUM ANALYZE catalogue_itemversion")


def search(repeats: int = 10) -> tuple[float, float, str]:
    """p50 and p95 of the database's time per search over twenty questions, and the slowest question."""
    from django.db import connection

    from weimin.kernel.catalogue import queries

    times = Timings()
    worst: dict[str, float] = {}
    spent = 0.0

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent += (time.perf_counter() - began) * 1000

    for turn in range(repeats + 1):
        for text in QUERIES:
            spent = 0.0
            with connection.execute_wrapper(timed):
                queries.search_items(text=text)
            if turn:
                times.values.append(spent)
                worst[text] = max(worst.get(text, 0), spent)
    slowest = max(worst, key=lambda one: worst[one])
    return times.at(0.5), times.at(0.95), f"{slowest} {worst[slowest]:.1f} ms"


def weights() -> dict[str, int]:
    """Bytes over the wire, compressed, of the home and guide page with everything they load at once."""
    link = Client()
    link.headers["Accept-Encoding"] = "gzip"
    result = {}
    for name, path in (("home", "/"), ("guide", "/items/A5-31/?township=340321113000")):
        _, raw = link.get(path)
        text = gzip.decompress(raw).decode() if raw[:2] == b"\x1f\x8b" else raw.decode()
        total = len(raw)
        for asset in set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', text)):
            _, body = link.get(asset)
            total += len(body)
        result[name] = total
    return result


def count_filled() -> int:
    """How many made-up matters there are."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case WHERE number LIKE '%-2001__-%'")
        return int(cursor.fetchone()[0])
