"""The gate, the township's desk, the office and the public pages over HTTP."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.apps.taskadmission import actions
from weimin.apps.taskadmission.models import Attempt, Matter, Report, Target, Task
from weimin.apps.taskadmission.testing import (
    COMPLETE,
    county_body,
    form,
    head,
    office,
    town_body,
    town_head,
    village_agent,
)
from weimin.base import clock
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases.testing import PICTURE
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.testing import COUNTY, TOWN
from weimin.kernel.record.types import Actor
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
NEW = "/desk/tasks/new/"


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    settings.WEIMIN_SECOND_FACTOR = False


def browse(actor: Actor) -> Client:
    client = Client()
    client.force_login(Account.objects.get(pk=actor.account_id))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def typed(**changes: Any) -> dict[str, Any]:
    """The complete form as a browser sends it, in this year."""
    today = clock.local_date(clock.now())
    dates = {"starts": str(today), "ends": str(today + timedelta(days=60))}
    return COMPLETE.typed() | {"key": "k", "town": ""} | dates | changes


def in_force(**changes: Any) -> Any:
    """A form that is complete now, for calls without the page."""
    sent = typed(**changes)
    return form(**{one: sent[one] for one in COMPLETE.typed()})


def admitted() -> Task:
    said = actions.submit_task(by=head(), at=clock.now(), wanted=in_force(row_code="A3-13"), key="made")
    return Task.objects.get(pk=said.task_id)


# --- the form at the gate ------------------------------------------------------------------------------------
def test_the_head_of_a_county_body_brings_a_task_on_the_list_and_sees_it_admitted() -> None:
    client = browse(head())
    page = text(client.get(NEW))
    assert "A3-13" in page
    assert f'value="{TOWN}"' in page
    answer = client.post(NEW, typed(row_code="A3-13"), follow=True)
    assert "当场准入" in text(answer)
    assert Task.objects.get().state == "admitted"
    assert COMPLETE.title in text(client.get("/desk/tasks/"))


def test_a_form_with_faults_keeps_all_that_was_typed_names_each_field_and_is_on_record() -> None:
    client = browse(head())
    answer = client.post(NEW, typed(contact="", amount="0", ends="", content="<b>甲</b>"))
    page = text(answer)
    assert answer.status_code == 422
    for field in ("contact", "zero_reason", "ends", "content"):
        assert f'id="e-{field}"' in page
    assert COMPLETE.title in page
    assert COMPLETE.people in page
    assert "&lt;b&gt;甲" in page
    assert re.search(rf'value="{TOWN}" checked', page)
    assert 'name="key" value="k"' not in page
    assert (Attempt.objects.get().outcome, Task.objects.count()) == ("incomplete", 0)
    assert "要件不全" in text(client.get("/desk/tasks/"))
    key = re.search(r'name="key" value="([0-9a-f]+)"', page).group(1)  # type: ignore[union-attr]
    assert client.post(NEW, typed(key=key)).status_code == 302


def test_a_form_that_was_sent_back_opens_again_as_it_was_typed_and_goes_through_when_mended() -> None:
    client = browse(head())
    client.post(NEW, typed(contact="", content="<b>每天巡查两次</b>，发现火点马上报告。"))
    again = re.search(r"/desk/tasks/new/\?attempt=\d+", text(client.get("/desk/tasks/"))).group()  # type: ignore[union-attr]
    page = text(client.get(again))
    assert "&lt;b&gt;每天巡查两次" in page
    assert re.search(rf'value="{TOWN}" checked', page)
    assert "上次填写" in page
    assert browse(office()).get(again).status_code == 403
    assert browse(head("农业农村局")).get(again).status_code == 404
    assert client.post(NEW, typed(key="again")).status_code == 302


def test_a_refused_task_to_a_village_opens_again_with_its_villages_and_the_body_can_take_one_back() -> None:
    client, village = browse(head()), directory.children_of(TOWN)[0]
    client.post(NEW, typed(target="village", town=TOWN, places=[village.code], form="assist"))
    place = f"/desk/tasks/{Task.objects.get().pk}/"
    browse(office()).post(place, {"do": "refuse", "reason": "属于部门自己的职责"})
    again = re.search(r"/desk/tasks/new/\?attempt=\d+", text(client.get(place))).group()  # type: ignore[union-attr]
    assert re.search(rf'value="{village.code}" checked', text(client.get(again)))
    assert 'value="withdraw"' not in text(client.get(place))
    new = client.post(NEW, typed(title="另外一个任务", key="n"))["Location"].split("?")[0]
    bare = client.post(new, {"do": "withdraw", "withdrawal": ""})
    assert bare.status_code == 422
    assert 'id="e-withdrawal"' in text(bare)
    assert "已经撤回" in text(client.post(new, {"do": "withdraw", "withdrawal": "由部门自己做了"}, follow=True))
    assert "由部门自己做了" in text(Client().get(new.replace("/desk", "")))


def test_a_form_sent_twice_makes_one_task() -> None:
    client = browse(head())
    there = [client.post(NEW, typed())["Location"] for _ in range(2)]
    assert there[0] == there[1]
    assert Task.objects.count() == 1


def test_a_task_to_a_village_offers_guide_assist_entrust_and_no_order() -> None:
    client, village = browse(head()), directory.children_of(TOWN)[0]
    page = text(client.get(NEW, {"town": TOWN}))
    for word in ("指导", "协助", "委托", village.name):
        assert word in page
    assert 'value="order"' not in page
    sent = typed(target="village", town=TOWN, places=[village.code], form="order")
    answer = client.post(NEW, sent)
    assert answer.status_code == 422
    assert "不能下命令" in text(answer)
    assert Attempt.objects.get().outcome == "barred"
    assert client.post(NEW, sent | {"form": "assist", "key": "z"}).status_code == 302


def test_the_desk_names_the_clause_when_a_village_is_made_responsible() -> None:
    answer = browse(head()).post(NEW, typed(responsible="village", field="environment"))
    assert answer.status_code == 422
    assert "城乡社区治理" in text(answer)


@pytest.mark.parametrize("who", [town_head, office])
def test_townships_and_the_office_bring_no_task(who: Any) -> None:
    assert browse(who()).get(NEW).status_code == 403
    assert Client().get(NEW).status_code == 302


# --- office and townships ---------------------------------------------------------------------------------------
def test_the_office_refuses_with_reasons_and_everybody_can_read_why() -> None:
    browse(head()).post(NEW, typed())
    task, client = Task.objects.get(), browse(office())
    assert task.title in text(client.get("/desk/tasks/"))
    bare = client.post(f"/desk/tasks/{task.pk}/", {"do": "refuse", "reason": ""})
    assert bare.status_code == 422
    assert 'id="e-reason"' in text(bare)
    assert client.post(f"/desk/tasks/{task.pk}/", {"do": "refuse", "reason": "属于部门自己的职责"}).status_code == 302
    page = text(Client().get(f"/tasks/{task.pk}/"))
    assert "属于部门自己的职责" in page
    assert task.contact not in page
    assert browse(town_head()).get(f"/desk/tasks/{task.pk}/").status_code == 404


def test_a_township_objects_is_answered_and_reports_done() -> None:
    task = admitted()
    place = f"/desk/tasks/{task.pk}/"
    target, town, desk = Target.objects.get(task=task), browse(town_head()), browse(office())
    assert task.contact in text(town.get(place))
    short = town.post(place, {"do": "object", "target": target.pk, "text": "不"})
    assert short.status_code == 422
    assert ">不</textarea>" in text(short)
    town.post(place, {"do": "object", "target": target.pk, "text": "没有人手也没有车"})
    assert "没有人手也没有车" in text(desk.get("/desk/tasks/"))
    desk.post(place, {"do": "keep", "target": target.pk, "text": "部门派车派人"})
    page = text(town.get(place))
    assert "部门派车派人" in page
    assert 'value="object"' not in page
    town.post(place, {"do": "done", "target": target.pk, "text": "全部巡查完毕"})
    target.refresh_from_db()
    assert target.state == "done"
    assert town.post(place, {"do": "burn", "target": "x" * 30}).status_code == 422
    assert browse(town_head("340321100000")).get(place).status_code == 404


def test_a_bypass_is_reported_and_answered_and_the_body_does_not_see_who_told() -> None:
    town, desk, body = browse(town_head()), browse(office()), browse(head())
    bad = town.post("/desk/tasks/reports/", {"key": "r", "agency": "", "text": "短短"})
    assert bad.status_code == 422
    assert ">短短</textarea>" in text(bad)
    told = "在群里要求三天内报一张表"
    town.post("/desk/tasks/reports/", {"key": "r", "agency": county_body(), "text": told})
    row = Report.objects.get()
    assert told in text(desk.get("/desk/tasks/reports/"))
    assert told not in text(body.get("/desk/tasks/reports/"))
    assert [line[2] for line in sheet(desk.get("/desk/tasks/reports.xlsx"))[1:]] == [told]
    assert len(sheet(body.get("/desk/tasks/reports.xlsx"))) == 1
    desk.post("/desk/tasks/reports/", {"report": row.pk, "do": "uphold", "answer": "已责成撤回并通报"})
    page = text(Client().get("/tasks/records/", {"county": COUNTY, "kind": "bypassed"}))
    assert "已责成撤回并通报" in page
    assert told not in page


def test_a_village_agent_reports_the_township_which_does_not_see_it() -> None:
    agent, told = browse(village_agent()), "镇里在村群里要求三天内报一张表"
    page = text(agent.get("/desk/tasks/reports/"))
    assert f'value="{town_body()}"' in page
    assert "乡镇看不到" in page
    assert agent.post("/desk/tasks/reports/", {"key": "v", "agency": town_body(), "text": told}).status_code == 302
    assert told in text(agent.get("/desk/tasks/reports/"))
    assert told not in text(browse(town_head()).get("/desk/tasks/reports/"))
    desk = text(browse(office()).get("/desk/tasks/reports/"))
    assert told in desk
    assert directory.children_of(TOWN)[0].name in desk


def test_the_tasks_that_one_sees_as_a_spreadsheet_without_the_bodys_telephone() -> None:
    task, town = admitted(), browse(town_head())
    assert "/desk/tasks.xlsx?state=admitted" in text(town.get("/desk/tasks/?state=admitted"))
    answer = town.get("/desk/tasks.xlsx")
    (line,) = sheet(answer)[1:]
    assert line[:2] == (task.title, "已准入")
    assert task.contact not in line
    assert len(sheet(town.get("/desk/tasks.xlsx?state=refused"))) == 1
    assert len(sheet(browse(town_head("340321100000")).get("/desk/tasks.xlsx"))) == 1


# --- in public ---------------------------------------------------------------------------------------------------
def test_the_public_sees_the_figures_as_picture_table_and_spreadsheet_and_goes_down_to_the_records() -> None:
    task = admitted()
    actions.submit_task(by=head(), at=clock.now(), wanted=in_force(contact=""), key="x")
    page = text(Client().get("/tasks/", {"county": COUNTY}))
    assert "<meter" in page
    link = re.search(r'href="(/tasks/records/\?[^"]+kind=admitted)"', page).group(1)  # type: ignore[union-attr]
    assert f"/tasks/{task.pk}/" in text(Client().get(link.replace("&amp;", "&")))
    lines = sheet(Client().get("/tasks.xlsx", {"county": COUNTY}))
    assert lines[1][1:8] == (1, 1, 0, 0, 0, 0, 1)


@pytest.mark.parametrize(
    "query", [{"since": "昨天"}, {"since": "2026-05-01", "until": "2026-01-01"}, {"until": "9999-12-31"}]
)
def test_a_bad_period_is_said_and_the_year_is_shown(query: dict[str, str]) -> None:
    answer = Client().get("/tasks/", query)
    assert answer.status_code == 422
    assert "今年以来" in text(answer)


@pytest.mark.parametrize(
    "path", ["/tasks/", "/tasks/records/?kind=x&agency=-1&page=99&county=1", "/county-matters/?county=x"]
)
def test_public_pages_stand_without_any_record(path: str) -> None:
    assert Client().get(path).status_code == 200


def test_what_is_not_there_is_not_found() -> None:
    for path in ("/tasks/999/", "/county-matters/999/"):
        assert Client().get(path).status_code == 404


def test_the_figures_cost_the_same_for_one_record_and_for_many() -> None:
    costs, by = [], head()
    for count in (1, 12):
        for number in range(count):
            actions.submit_task(
                by=by, at=clock.now(), wanted=in_force(title=f"第 {count} 批第 {number} 个"), key=f"{count}-{number}"
            )
        with CaptureQueriesContext(connection) as seen:
            Client().get("/tasks/", {"county": COUNTY})
            Client().get("/tasks/records/", {"county": COUNTY})
        costs.append(len(seen))
    assert costs[0] == costs[1]


# --- the right to take part ----------------------------------------------------------------------------------------
def test_a_file_on_an_opinion_is_kept_opened_by_who_may_and_never_public(settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    body, town, other = browse(head()), browse(town_head()), browse(town_head("340321100000"))
    sent: dict[str, Any] = {
        "kind": "siting",
        "title": "新建区域养老服务中心",
        "content": "拟在镇东建一所养老服务中心。",
    }
    both = [TOWN, "340321100000"]
    row = Matter.objects.get(pk=actions.raise_matter(by=head(), at=clock.now(), townships=both, key="m", **sent))
    place, opinion = f"/desk/matters/{row.pk}/", row.opinions.get(township_id=TOWN)
    give = {"do": "give", "opinion": opinion.pk, "stance": "object", "text": "离村小学太近"}
    lies = town.post(place, give | {"files": [SimpleUploadedFile("图.png", b"<script>")]})
    assert lies.status_code == 422
    assert "离村小学太近</textarea>" in text(lies)
    assert town.post(place, give | {"files": [SimpleUploadedFile("图.png", PICTURE)]}).status_code == 302
    path = re.search(r"/desk/matters/files/\d+/", text(body.get(place))).group()  # type: ignore[union-attr]
    answer = body.get(path)
    assert answer.content == PICTURE
    assert answer["Content-Disposition"].startswith("attachment")
    assert town.get(path).status_code == 200
    assert other.get(path).status_code == 404
    assert "/desk/matters/files/" not in text(other.get(place))
    assert Client().get(path).status_code == 302
    assert "图.png" not in text(Client().get(f"/county-matters/{row.pk}/"))
    body.post(place, {"do": "withdraw", "withdrawal": "选址改到别处去了"})
    assert "选址改到别处去了" in text(Client().get(f"/county-matters/{row.pk}/"))


def test_a_matter_asks_is_answered_and_passes_only_then_and_all_of_it_is_public() -> None:
    body, town = browse(head()), browse(town_head())
    bad = body.post("/desk/matters/new/", {"key": "m", "kind": "siting", "title": "建", "content": ""})
    assert bad.status_code == 422
    assert 'value="siting" checked' in text(bad)
    sent = {
        "key": "m",
        "kind": "siting",
        "title": "新建区域养老服务中心",
        "content": "拟在镇东建一所养老服务中心，要占用空地。",
        "townships": [TOWN],
    }
    place = body.post("/desk/matters/new/", sent)["Location"]
    row = Matter.objects.get()
    assert "意见还没有回来" in text(body.get(place))
    shut = body.post(place, {"do": "pass"})
    assert shut.status_code == 422
    assert "还不能通过" in text(shut)
    opinion = row.opinions.get()
    bare = town.post(place, {"do": "give", "opinion": opinion.pk, "stance": "", "text": "只写了理由"})
    assert bare.status_code == 422
    assert "只写了理由</textarea>" in text(bare)
    town.post(place, {"do": "give", "opinion": opinion.pk, "stance": "suggest", "text": "建议改到镇西"})
    assert "还没有答复" in text(body.get(place))
    body.post(place, {"do": "decline", "opinion": opinion.pk, "text": "镇西是基本农田，不能建"})
    assert body.post(place, {"do": "pass"}).status_code == 302
    page = text(Client().get(f"/county-matters/{row.pk}/"))
    for word in ("建议改到镇西", "镇西是基本农田", "不采纳", "已通过"):
        assert word in page
    assert row.title in text(Client().get("/county-matters/"))
    assert row.title in text(town.get("/desk/matters/"))
    (line,) = sheet(town.get("/desk/matters.xlsx"))[1:]
    assert line[:2] + line[6:10] == (row.title, "已通过", 1, 1, 0, 1)
    assert browse(town_head("340321100000")).get(place).status_code == 404
