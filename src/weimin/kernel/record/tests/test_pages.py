"""The published chain, the receipt's page and the audit administrator's, through HTTP."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import log_in_by_phone, make_staff
from weimin.kernel.cases.rules.numbers import receipt_code
from weimin.kernel.cases.testing import hand_in, make_cast
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import AuditDay, AuditEntry
from weimin.kernel.record.queries import chain
from weimin.kernel.record.testing import asked, explain, link_all
from weimin.kernel.record.tests.chain_help import AT, CLERK, DAY, tamper, write
from weimin.kernel.record.types import Actor, TrailFilter
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
TRAIL, EXPORT = "/desk/audit/", "/desk/audit.xlsx"


@pytest.fixture
def days() -> list[AuditDay]:
    """Two closed days, the second without entries; all that the city's loading wrote is in the first."""
    write(3)
    link_all(AT)
    link_all(AT + 2 * DAY)
    return list(AuditDay.objects.order_by("day"))


def staff(*roles: str) -> Client:
    """Somebody in a post with these roles, logged in."""
    account_id = make_staff()
    centre = next(one for one in places.list_agencies(division_code="340321113000") if one.kind == "centre")
    at = clock.now()
    officer = directory.add_officer(by=Actor.system(), at=at, name="张伟", account_id=account_id)
    directory.appoint(by=Actor.system(), at=at, officer_id=officer, agency_id=centre.pk, roles=roles, title="岗位")
    client = Client()
    client.force_login(Account.objects.get(pk=account_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(path).status_code == 200
    return asked(seen)


# --- what is published ------------------------------------------------------------------------------------
def test_before_the_first_day_is_closed_the_page_says_so(client: Client) -> None:
    assert "还没有封存的日子" in client.get("/audit/").content.decode()
    assert client.get("/audit/days.json").json() == {"days": [], "next": ""}
    assert client.get("/audit/days.atom").status_code == 200


def test_everybody_sees_the_digest_of_every_closed_day(client: Client, days: list[AuditDay]) -> None:
    page = client.get("/audit/").content.decode()
    feed = ElementTree.fromstring(client.get("/audit/days.atom").content)  # noqa: S314 — our own
    titles = [one.text for one in feed.iter("{http://www.w3.org/2005/Atom}title")]
    rows = client.get("/audit/days.json").json()["days"]
    for one in days:
        assert one.digest in page
        assert f"{one.day} {one.digest}" in titles
        assert {"day": str(one.day), "digest": one.digest, "count": one.count}.items() <= next(
            row for row in rows if row["day"] == str(one.day)
        ).items()
        assert one.digest in client.get(f"/audit/{one.day}/").content.decode()


def test_the_pages_carry_no_content_and_no_person(client: Client, days: list[AuditDay]) -> None:
    for path in ("/audit/", "/audit/days.json", "/audit/days.atom", "/audit/2026-11-24/", "/audit/2026-11-24/1.txt"):
        text = client.get(path).content.decode()
        assert CLERK.name not in text
        assert "N-1" not in text
        assert "received" not in text


@pytest.mark.parametrize("lines", [50_000, 2])
def test_anybody_recomputes_a_day_with_the_script_that_is_offered(
    client: Client, days: list[AuditDay], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    monkeypatch.setattr(chain, "PART_LINES", max(lines, days[0].count // 2 + 1) if lines == 2 else lines)
    script = tmp_path / "recompute.py"
    script.write_bytes(client.get("/audit/recompute.py").content)
    links = re.findall(r'href="(/audit/2026-11-24/\d+\.txt)"', client.get("/audit/2026-11-24/").content.decode())
    assert len(links) == (2 if lines == 2 else 1)
    files = []
    for number, link in enumerate(links):
        files.append(tmp_path / f"{number}.txt")
        files[-1].write_bytes(client.get(link).content)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(script), *map(str, files)], capture_output=True, text=True, check=False
        )

    fine = run()
    assert fine.returncode == 0, fine.stderr
    assert days[0].digest in fine.stdout
    text = files[0].read_text(encoding="utf-8")
    digest = text.splitlines()[-1].split()[1]
    files[0].write_text(text.replace(digest, digest[1:] + digest[:1]), encoding="utf-8")
    assert run().returncode == 1
    files[0].write_text(text.rsplit("\n", 2)[0] + "\n", encoding="utf-8")
    assert run().returncode == 1


def test_a_day_without_entries_has_a_file_that_fits_too(client: Client, days: list[AuditDay], tmp_path: Any) -> None:
    text = client.get("/audit/2026-11-25/1.txt").content.decode()
    assert [line for line in text.splitlines() if not line.startswith("#")] == []
    assert f"# digest {days[1].digest}" in text


def test_who_has_a_file_is_not_sent_it_again(client: Client, days: list[AuditDay]) -> None:
    answer = client.get("/audit/2026-11-24/1.txt")
    assert "immutable" in answer["Cache-Control"]
    with CaptureQueriesContext(connection) as seen:
        again = client.get("/audit/2026-11-24/1.txt", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, asked(seen)) == (304, b"", 1)


@pytest.mark.parametrize(
    "path",
    [
        "/audit/2026-11-26/",
        "/audit/2026-11-23/",
        "/audit/2026-02-30/",
        "/audit/x/",
        "/audit/2026-11-24/0.txt",
        "/audit/2026-11-24/2.txt",
        "/audit/2026-11-24/99999999999999999999.txt",
        "/audit/?before=x",
        "/audit/days.json?before=2026-13-01",
    ],
)
def test_what_there_is_not_is_not_found(client: Client, days: list[AuditDay], path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_list_goes_on_by_its_own_links_and_costs_the_same(client: Client) -> None:
    write(1)
    link_all(AT)
    link_all(AT + DAY)
    few = cost(client, "/audit/")
    link_all(AT + 40 * DAY)
    assert cost(client, "/audit/") == few <= 3
    page = client.get("/audit/").content.decode()
    following = re.search(r'href="(\?before=[\d-]+)"', page)
    assert following
    page = client.get(f"/audit/{following.group(1)}").content.decode()
    assert "2026年11月24日" in page
    assert "更早的" not in page


# --- the receipt ------------------------------------------------------------------------------------------
def test_a_receipt_shows_that_its_matter_is_in_the_chain(client: Client) -> None:
    at = clock.now()
    number = hand_in(make_cast(at), at).number
    address = f"/verify/?n={number}&c={receipt_code(number)}"
    assert "正在入链" in client.get(address).content.decode()
    link_all(at)
    page = client.get(address).content.decode()
    entry = AuditEntry.objects.select_related("link").get(subject_type="case", subject_id=number)
    assert "已入链，当天过完后封存公布" in page
    assert "<strong>收件</strong>" in page
    assert entry.digest in page
    assert entry.link.chain in page
    assert f"第 {entry.link.place} 条" in page
    link_all(at + DAY)
    page = client.get(address).content.decode()
    assert "已入链，当天已封存公布" in page
    assert f"/audit/{entry.link.day}/" in page
    assert "张演示" not in page
    assert cost(client, address) <= 7


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_auditentry SET via = 'x' WHERE id = %s",
        "UPDATE record_auditentry SET digest = repeat('0', 64) WHERE id = %s",
        "UPDATE record_auditlink SET chain = repeat('0', 64) WHERE entry_id = %s",
        "UPDATE record_auditlink SET place = place + 1000 WHERE entry_id = %s",
    ],
)
def test_a_receipt_whose_record_was_touched_says_so(client: Client, statement: str) -> None:
    at = clock.now()
    number = hand_in(make_cast(at), at).number
    link_all(at)
    address = f"/verify/?n={number}&c={receipt_code(number)}"
    assert "和链上的对不上" not in client.get(address).content.decode()
    tamper(statement, AuditEntry.objects.get(subject_type="case", subject_id=number).pk)
    assert "和链上的对不上" in client.get(address).content.decode()


def test_without_the_code_nothing_of_the_record_is_shown(client: Client) -> None:
    at = clock.now()
    number = hand_in(make_cast(at), at).number
    link_all(at)
    wrong = "0" * 8 if receipt_code(number) != "0" * 8 else "1" * 8
    page = client.get(f"/verify/?n={number}&c={wrong}").content.decode()
    assert "对不上" in page
    assert "这件事的记录" not in page
    assert AuditEntry.objects.get(subject_type="case", subject_id=number).digest not in page


# --- the audit administrator ------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [TRAIL, EXPORT])
def test_only_the_audit_administrator_opens_the_trail(client: Client, path: str) -> None:
    send = client.get if path == TRAIL else client.post
    assert send(path).status_code in (302, 403)
    resident = Client()
    log_in_by_phone(resident, "13900000001")
    assert (resident.get if path == TRAIL else resident.post)(path).status_code in (302, 403)
    other = staff("supervisor", "operator", "leader", "front_desk")
    assert (other.get if path == TRAIL else other.post)(path).status_code == 403
    with pytest.raises(queries.TrailClosed):
        queries.list_trail(CLERK, TrailFilter())
    with pytest.raises(queries.TrailClosed):
        queries.iter_trail(CLERK, TrailFilter())


FOUND = [
    ({"subject_type": "case", "subject_id": "N-7"}, True),
    ({"subject_id": "N-8"}, False),
    ({"actor": "7"}, True),
    ({"actor": "8"}, False),
    ({"actor": "演示李娜"}, True),
    ({"actor": "李娜"}, True),
    ({"actor": "李"}, False),
    ({"actor": "100%"}, False),
    ({"verb": "record.outbox.retried"}, True),
    ({"verb": "cases.case.accepted"}, False),
    ({"since": "2026-11-24", "until": "2026-11-24"}, True),
    ({"since": "2026-11-25", "until": "2026-11-30"}, False),
]


@pytest.mark.parametrize(("asked", "there"), FOUND, ids=lambda one: json.dumps(one, ensure_ascii=False))
def test_the_trail_is_searched_by_each_part(asked: dict[str, str], there: bool) -> None:
    write(1, subject="N-7")
    link_all(AT)
    client = staff("audit_admin")
    rows = client.get(TRAIL, asked).context["page"].rows
    assert any(one.subject_id == "N-7" for one in rows) is there
    if there and "subject_id" in asked:
        assert (rows[0].verb, rows[0].actor_name) == ("重发失败的通知", "榴城镇便民服务中心 演示李娜")
        assert rows[0].changes[0] == ("due_on", "", "2026-12-01") or rows[0].changes[0][0] == "state"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"since": "2026-13-01"}, 422),
        ({"actor": "9" * 30}, 422),
        ({"before": "x_1"}, 200),
        ({"before": "2026-11-24T00:00:00_1"}, 200),
        ({"before": f"2026-11-24T00:00:00+00:00_{2**70}"}, 200),
        ({"subject_id": "\x00' OR 1=1 --"}, 200),
    ],
)
def test_what_cannot_be_searched_is_said_and_kept(asked: dict[str, str], status: int) -> None:
    client = staff("audit_admin")
    answer = client.get(TRAIL, asked)
    assert answer.status_code == status
    if status == 422:
        assert next(iter(asked.values())) in answer.content.decode()


def test_pages_follow_each_other_without_gap_or_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries.trail, "PAGE", 4)
    write(10, subject="N-7")  # all at the same moment
    client = staff("audit_admin")
    seen: list[int] = []
    address = f"{TRAIL}?subject_type=case&subject_id=N-7"
    costs = []
    while True:
        costs.append(cost(client, address))
        page = client.get(address).context["page"]
        seen += [json.dumps(one.changes) for one in page.rows]
        if not page.next:
            break
        address = f"{TRAIL}?{page.query}&before={page.next.replace('+', '%2B')}"
    assert len(seen) == len(set(seen)) == 10
    assert len(set(costs)) == 1


def test_the_search_costs_the_same_for_few_and_many() -> None:
    write(1, subject="N-7")
    client = staff("audit_admin")
    few = cost(client, TRAIL)
    write(60, subject="N-7")
    assert cost(client, TRAIL) == few <= 14


@pytest.fixture
def much() -> None:
    """Enough entries for the planner to choose as it would in a city."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_auditentry"
            " (at, verb, subject_type, subject_id, actor_kind, actor_id, actor_name, via, changes, digest)"
            " SELECT %s + n * interval '1 minute', 'cases.case.' || n %% 20, 'case', 'M-' || n / 8, 'staff', n %% 500,"
            " '怀远县便民服务中心 演示' || n %% 500, 'desk', '{}', repeat('0', 64) FROM generate_series(1, 20000) n",
            [AT],
        )
        cursor.execute("ANALYZE record_auditentry")


@pytest.mark.usefixtures("much")
@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (TrailFilter(subject_type="case", subject_id="M-7"), "record_audit_subject"),
        (TrailFilter(actor_id=7), "record_audit_actor"),
        (TrailFilter(actor_name="演示77"), "record_audit_name"),
        (TrailFilter(verb="cases.case.3"), "record_audit_verb"),
        (TrailFilter(since=AT.date(), until=AT.date()), "record_audit_at"),
        (TrailFilter(), "record_audit_at"),
    ],
)
def test_each_search_has_an_index(wanted: TrailFilter, index: str) -> None:
    viewer = Actor(kind="staff", name="演示审计", roles=frozenset({"audit_admin"}))
    rows = queries.trail._narrow(viewer, wanted).select_related(None).order_by("-at", "-id")[:50]
    assert rows
    assert index in {one.index for one in explain(*rows.query.sql_with_params())}


def test_an_export_holds_what_was_found_and_is_on_record_itself() -> None:
    write(3, subject="=N-7")
    client = staff("audit_admin")
    answer = client.post(f"{EXPORT}?subject_type=case&subject_id=%3DN-7")
    rows = sheet(answer)
    assert len(rows) == 4
    assert rows[1][5] == "'=N-7", "no formula"
    entry = AuditEntry.objects.get(verb="record.trail.exported")
    assert entry.changes == {"subject_type": "case", "subject_id": "=N-7"}
    assert client.get(EXPORT).status_code == 405


def test_the_page_shows_lag_last_check_and_what_is_broken() -> None:
    write(2)
    client = staff("audit_admin")
    page = client.get(TRAIL).content.decode()
    assert "还没有核验过" in page
    assert client.get(TRAIL).context["page"].lag.waiting >= 2
    link_all(AT)
    by = Actor.system("系统（夜间核验）")
    assert actions.check_chain(by=by, at=AT).good
    page = client.get(TRAIL).content.decode()
    assert "通过" in page
    assert client.get(TRAIL).context["page"].lag.waiting == 0
    tamper("UPDATE record_auditentry SET via = 'x' WHERE subject_id = 'N-1'")
    assert not actions.check_chain(by=by, at=AT + timedelta(hours=1)).good
    page = client.get(TRAIL).content.decode()
    assert "核验不符" in page
    assert "记录的内容被改过" in page
