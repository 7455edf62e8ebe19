"""Who looked at my data, asking why, the answer with its clock, and what the auditor sees of it all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.base.errors import Forbidden, Invalid
from weimin.kernel.cases.testing import OTHER_TOWN, SYSTEM, TOWN, Cast, make_cast
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.directory import queries as places
from weimin.kernel.evaluation import actions, queries
from weimin.kernel.evaluation.access import AnswerNotYours, visible_read_queries
from weimin.kernel.evaluation.models import ReadQuery
from weimin.kernel.record.access import acting
from weimin.kernel.record.models import OutboxMessage
from weimin.kernel.residents.models import ReadEntry
from weimin.kernel.residents.queries import LooksClosed, ReadUnknown, list_bursts
from weimin.kernel.residents.testing import look
from weimin.kernel.supervision.testing import COUNTY, browse, serve, text
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
READS, ANSWER, LOOKS = "/my/reads/", "/desk/read-queries/", "/desk/reads/"
WHY = "我没有办这件事，为什么看我的资料？"
REPLY = "当时窗口核对待遇领取资格，看的是您的登记信息。"


@pytest.fixture
def cast() -> Cast:
    return make_cast(clock.now())


@pytest.fixture
def entry(cast: Cast) -> int:
    return look(_me(cast), by=cast.clerk, at=clock.now(), why="窗口核对登记信息", path="desk:correct")


def _me(cast: Cast) -> int:
    assert cast.applicant.resident_id
    return cast.applicant.resident_id


def ask(cast: Cast, entry: int, at: Any = None) -> int:
    return actions.ask_about_read(by=cast.applicant, at=at or clock.now(), entry_id=entry, question=WHY)


# --- the person's page ---------------------------------------------------------------------------------
def test_the_person_reads_who_looked_and_nobody_elses(cast: Cast) -> None:
    client = browse(cast.applicant)
    assert "还没有人看过" in text(client.get(READS))
    look(_me(cast), by=cast.clerk, at=clock.now(), why="办理：高龄津贴", matter="N-1")
    look(cast.neighbour.resident_id or 0, by=cast.clerk, at=clock.now(), why="办理：低保", matter="N-2")
    page = text(client.get(READS))
    assert cast.clerk.label in page
    assert "（演示）" in page  # the post
    assert "办理：高龄津贴" in page
    assert "从工作台看的" in page
    assert "N-1" in page
    assert "低保" not in page
    assert "N-2" not in page


def test_looks_stand_by_day_newest_first_and_page_by_key(cast: Cast) -> None:
    now = clock.now()
    for number in range(35):
        look(_me(cast), by=cast.clerk, at=now - timedelta(days=40 - number), why=f"第{number}次")
    client = browse(cast.applicant)
    first = text(client.get(READS))
    assert first.index("第34次") < first.index("第33次")
    assert "第4次" not in first
    key = first.split("?before=")[1].split('"')[0]
    second = text(client.get(READS, {"before": key}))
    assert "第4次" in second
    assert "第0次" in second
    assert "第5次" not in second
    assert "更早的" not in second
    assert client.get(READS, {"before": "x" * 99}).status_code == 200


def test_the_list_costs_the_same_for_one_and_for_many(cast: Cast) -> None:
    client, costs = browse(cast.applicant), []
    for count in (1, 25):
        for _ in range(count):
            look(_me(cast), by=cast.clerk)
        with CaptureQueriesContext(connection) as seen:
            client.get(READS)
        costs.append(len(seen))
    assert costs[0] == costs[1]


# --- asking and answering ---------------------------------------------------------------------------------
def test_a_person_asks_and_the_head_of_the_agency_answers_by_a_day(cast: Cast, entry: int) -> None:
    client, leader = browse(cast.applicant), serve(clock.now(), f"{TOWN}-gov", "leader")
    address = f"{READS}{entry}/"
    assert address in text(client.get(READS))
    assert client.post(address, {"question": WHY})["Location"] == address
    row = ReadQuery.objects.get()
    ticking = Clock.objects.get(pk=row.clock_id)
    assert (ticking.purpose, ticking.committed_value, ticking.agency_id) == ("reads", 15, cast.clerk.agency_id)
    assert "最迟" in text(client.get(READS))
    desk = browse(leader)
    page = text(desk.get(ANSWER))
    assert WHY in page
    assert "窗口核对登记信息" in page
    assert "张演示" not in page
    answer = desk.post(ANSWER, {"query": str(row.pk), "answer": "看过了"})
    assert answer.status_code == 422
    assert "至少 10 个字" in text(answer)
    assert "看过了" in text(answer)
    assert desk.post(ANSWER, {"query": str(row.pk), "answer": REPLY}).status_code == 302
    assert REPLY in text(client.get(READS))
    assert REPLY in text(client.get(address))
    ticking.refresh_from_db()
    assert ticking.state == "stopped"
    told = OutboxMessage.objects.filter(topic="evaluation.read.answered").get()
    assert told.payload["resident_id"] == cast.applicant.resident_id
    assert WHY not in str(told.payload)
    assert "没有要答复的询问" in text(desk.get(ANSWER))


@pytest.mark.parametrize("question", ["", "为什么", "   \n  "])
def test_a_question_needs_words(cast: Cast, entry: int, question: str) -> None:
    answer = browse(cast.applicant).post(f"{READS}{entry}/", {"question": question})
    assert answer.status_code == 422
    assert "至少 5 个字" in text(answer)
    assert not ReadQuery.objects.exists()


def test_a_look_is_asked_about_once_and_only_by_who_was_looked_at(cast: Cast, entry: int) -> None:
    ask(cast, entry)
    with pytest.raises(actions.AskedBefore, match="已经问过"):
        ask(cast, entry)
    with pytest.raises(ReadUnknown):
        actions.ask_about_read(by=cast.neighbour, at=clock.now(), entry_id=entry, question=WHY)
    with pytest.raises(Forbidden):
        actions.ask_about_read(by=cast.clerk, at=clock.now(), entry_id=entry, question=WHY)
    assert browse(cast.neighbour).get(f"{READS}{entry}/").status_code == 404
    assert ReadQuery.objects.count() == Clock.objects.filter(purpose="reads").count() == 1


def test_a_look_by_no_agency_cannot_be_asked_about(cast: Cast) -> None:
    entry = look(_me(cast), by=cast.neighbour, at=clock.now())
    with pytest.raises(Forbidden, match="不是哪个单位做的"):
        ask(cast, entry)


def test_who_may_answer(cast: Cast, entry: int) -> None:
    at = clock.now()
    query = ask(cast, entry)
    others = [
        cast.clerk,
        cast.reviewer,
        cast.applicant,
        serve(at, f"{OTHER_TOWN}-gov", "leader"),
        serve(at, f"{TOWN}-gov", "audit_admin"),
        serve(at, "340302000000-d18", "supervisor"),
    ]
    for who in others:
        with pytest.raises(AnswerNotYours):
            actions.answer_read_query(by=who, at=at, query_id=query, answer=REPLY)
    actions.answer_read_query(by=serve(at, f"{COUNTY}-d18", "supervisor"), at=at, query_id=query, answer=REPLY)
    with pytest.raises(AnswerNotYours, match="已经答复过"):
        actions.answer_read_query(by=serve(at, f"{TOWN}-gov", "leader"), at=at, query_id=query, answer=REPLY)
    with pytest.raises(Invalid):
        actions.answer_read_query(by=cast.clerk, at=at, query_id=query, answer="短")


def test_nobody_answers_for_their_own_look(cast: Cast) -> None:
    at = clock.now()
    leader = serve(at, f"{TOWN}-gov", "leader")
    query = ask(cast, look(_me(cast), by=leader, at=at))
    assert "没有要答复的询问" in text(browse(leader).get(ANSWER))
    with pytest.raises(AnswerNotYours):
        actions.answer_read_query(by=leader, at=at, query_id=query, answer=REPLY)


def test_what_is_overdue_reaches_the_auditor_without_the_person(cast: Cast, entry: int) -> None:
    at = clock.now()
    ask(cast, entry, at - timedelta(days=60))
    auditor = serve(at, f"{TOWN}-gov", "audit_admin")
    page = text(browse(auditor).get(LOOKS))
    assert "逾期没有答复的询问（1）" in page
    assert cast.clerk.label in page
    assert "张演示" not in page
    assert WHY not in page
    assert queries.list_overdue_queries(cast.clerk, today=clock.local_date(at)) == []


# --- what the auditor sees --------------------------------------------------------------------------------
def test_bursts_and_looks_without_a_matter_are_listed_by_day(cast: Cast) -> None:
    at = clock.now()
    auditor = browse(serve(at, f"{TOWN}-gov", "audit_admin"))
    look(*range(1000, 1051), by=cast.clerk, at=at, matter="N-1", why="导出待办表格")
    look(*range(1000, 1050), by=cast.reviewer, at=at, matter="N-1", why="正好五十个")
    look(7, by=cast.county, at=at, why="窗口核对登记信息", path="desk:correct")
    look(8, by=cast.decider, at=at - timedelta(days=2), why="前天的查看")
    page = text(auditor.get(LOOKS))
    assert "短时间大量查看（1）" in page
    assert f"<td>{cast.clerk.label}</td>" in page
    assert "<td>51</td>" in page
    assert f"<td>{cast.reviewer.label}</td>" not in page
    assert "没有办件的查看（1）" in page
    assert "窗口核对登记信息" in page
    assert "前天的查看" not in page
    before = (clock.local_date(at) - timedelta(days=2)).isoformat()
    assert "前天的查看" in text(auditor.get(LOOKS, {"day": before}))
    assert auditor.get(LOOKS, {"day": "昨天"}).status_code == 200
    rows = sheet(auditor.get("/desk/reads.xlsx"))
    assert [row[0] for row in rows[1:]] == ["短时间大量查看", "没有办件的查看"]
    assert ReadEntry.objects.count() == 4, "the auditor saw nobody's data"


def test_a_burst_that_began_before_midnight_is_found_on_the_day_it_ends(cast: Cast) -> None:
    day = clock.local_date(clock.now()) - timedelta(days=1)
    midnight = clock.day_start(day)
    look(*range(30), by=cast.clerk, at=midnight - timedelta(minutes=4), matter="N")
    look(*range(30, 60), by=cast.clerk, at=midnight + timedelta(minutes=4), matter="N")
    auditor = browse(serve(clock.now(), f"{TOWN}-gov", "audit_admin"))
    assert "短时间大量查看（1）" in text(auditor.get(LOOKS, {"day": day.isoformat()}))
    assert "短时间大量查看（0）" in text(auditor.get(LOOKS, {"day": (day - timedelta(days=1)).isoformat()}))


def test_only_the_auditor_sees_everybodys_looks(cast: Cast) -> None:
    at = clock.now()
    for who in (cast.clerk, serve(at, f"{TOWN}-gov", "leader"), serve(at, f"{COUNTY}-d18", "supervisor")):
        assert browse(who).get(LOOKS).status_code == 403
        assert browse(who).get("/desk/reads.xlsx").status_code == 403
        with pytest.raises(LooksClosed):
            list_bursts(who, since=at, until=at, within=timedelta(minutes=1), more_than=1)
    assert Client().get(LOOKS).status_code == 302
    assert list_bursts(SYSTEM, since=at, until=at, within=timedelta(minutes=1), more_than=1) == []


def test_a_townships_supervisor_sees_questions_to_its_villages_and_not_to_those_whose_codes_begin_alike(
    cast: Cast, entry: int
) -> None:
    """The villages of 榴城镇 (340321113) carry codes that begin like 荆山镇's (340321100): both walls go by the links."""
    at, query = clock.now(), ask(cast, entry)
    village = places.children_of(TOWN)[0].code
    assert village.startswith("340321100")
    station = places.list_agencies(division_code=village).get(kind="agent_station")
    ReadQuery.objects.filter(pk=query).update(agency=station)
    for body, sees in ((f"{TOWN}-gov", True), ("340321100000-gov", False), (f"{COUNTY}-d18", True)):
        who = serve(at, body, "supervisor")
        assert visible_read_queries(who).exists() is sees, body
        with acting(who):
            assert ReadQuery.objects.exists() is sees, body
