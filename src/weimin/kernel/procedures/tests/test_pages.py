"""Procedures and tables on the desk through HTTP, without script: bad input is named, and what was sent comes back."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import make_staff
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.procedures.models import DecisionTable, DraftSave, Procedure, ProcedureVersion
from weimin.kernel.procedures.testing import SHIPPED, SHIPPED_TABLES
from weimin.kernel.procedures.tests.test_checking import BAD_LIVES
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
LIST = "/desk/procedures/"
FLOW, TABLE = "/desk/procedures/flows/promise/", "/desk/procedures/tables/self_care/"
GOOD = SHIPPED["promise"].read_text(encoding="utf-8").replace("受理审查", "当场受理审查")
REASON = "名称写清楚一些。"


def staff(username: str, *roles: str) -> Client:
    """Somebody in a post of the city with these roles, logged in."""
    account_id = make_staff(username, name=f"张{username}")
    by, at = Actor.system("测试", via="cli"), clock.now()
    agency = places.list_agencies(division_code="340300000000")[0]
    officer = directory.add_officer(by=by, at=at, name=f"张{username}", account_id=account_id)
    directory.appoint(by=by, at=at, officer_id=officer, agency_id=agency.pk, roles=roles, title="岗位")
    client = Client()
    client.force_login(Account.objects.get(pk=account_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def keeper() -> Client:
    return staff("qingyi", "list_keeper")


@pytest.fixture
def colleague() -> Client:
    return staff("qinger", "list_keeper")


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def send(client: Client, xml: str, *, revision: int = 0, address: str = FLOW) -> Any:
    return client.post(f"{address}edit/", {"xml": xml, "revision": revision})


def test_a_change_goes_from_draft_to_the_next_version_by_two_people(keeper: Client, colleague: Client) -> None:
    answer = send(keeper, GOOD.replace("\n", "\r\n"))
    assert answer.status_code == 302
    shown = text(keeper.get(answer["Location"]))
    assert "每一条走法都检查过了" in shown and "当场受理审查" in shown and "第 1 次" in shown
    assert "起草新的" in text(keeper.get(LIST)) and "草稿" in text(keeper.get(LIST))
    said = keeper.post(FLOW, {"do": "propose", "revision": 1, "reason": "短"})
    assert said.status_code == 422 and "请写明为什么要改" in text(said) and "短</textarea>" in text(said)
    assert keeper.post(FLOW, {"do": "propose", "revision": 1, "reason": REASON}).status_code == 302
    own = keeper.post(FLOW, {"do": "approve", "revision": 1})
    assert own.status_code == 403 and "另一位清单管理员" in text(own)
    page = text(colleague.get(FLOW))
    assert "等待审核" in page and "受理审查" in page and REASON in page
    assert colleague.post(FLOW, {"do": "approve", "revision": 1}).status_code == 302
    page = text(colleague.get(FLOW))
    assert "现行（第 2 版）" in page and "和第 1 版比" in page
    told = text(colleague.get(f"{FLOW}compare/?before=1&after=2"))
    assert "环节“当场受理审查”" in told
    file = colleague.get(f"{FLOW}2.xml?keep=1")
    assert file.content.decode() == GOOD and "promise-2.bpmn" in file["Content-Disposition"]


@pytest.mark.parametrize("rule", ["end.not_issued", "decide.twice", "unreachable", "dead_end", "never_ends"])
def test_a_broken_path_is_told_with_element_and_article_and_cannot_be_proposed(keeper: Client, rule: str) -> None:
    assert send(keeper, BAD_LIVES[rule]).status_code == 302
    shown = text(keeper.get(f"{FLOW}edit/"))
    assert "必须改" in shown and 'data-where="' in shown and "在图上看" in shown
    assert ("依据：行政许可法" in shown) == (rule in ("end.not_issued", "decide.twice"))
    said = keeper.post(FLOW, {"do": "propose", "revision": 1, "reason": REASON})
    assert said.status_code == 422 and "流程图不能发布" in text(said)
    assert not ProcedureVersion.objects.filter(procedure__code="promise", number=2).exists()


UNSAFE = {
    "broken": ("<bpmn:definitions", "不是完整的 XML"),
    "entity bomb": ('<!DOCTYPE a [<!ENTITY b "bbbb">]>' + GOOD, "文档类型或实体"),
    "outside file": ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + GOOD, "文档类型或实体"),
    "not a drawing": ("<html/>", "不是 BPMN"),
    "too large": (GOOD + "<!--" + "x" * 600_000 + "-->", "超过 512 KB"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_file_is_refused_and_comes_back_to_be_mended(keeper: Client, name: str) -> None:
    xml, told = UNSAFE[name]
    said = send(keeper, xml)
    assert said.status_code == 422 and told in text(said)
    assert xml[:200] in text(said)
    assert not DraftSave.objects.exists()


def test_a_script_is_kept_as_a_faulty_draft_and_never_runs(keeper: Client) -> None:
    xml = GOOD.replace(
        '<bpmn:endEvent id="refused"', '<bpmn:scriptTask id="evil" name="x"/><bpmn:endEvent id="refused"'
    )
    assert send(keeper, xml).status_code == 302
    assert "脚本能执行任意程序" in text(keeper.get(f"{FLOW}edit/"))
    assert keeper.post(FLOW, {"do": "propose", "revision": 1, "reason": REASON}).status_code == 422


@pytest.mark.parametrize(
    ("body", "told"), [(b"\xff\xfe\x00x", "不是 UTF-8"), (b"x" * 600_000, "超过 512 KB"), (b"<a/>", "不是 BPMN")]
)
def test_an_uploaded_file_that_cannot_be_used_is_named(keeper: Client, body: bytes, told: str) -> None:
    file = SimpleUploadedFile("a.bpmn", body)
    said = keeper.post(f"{FLOW}edit/", {"xml": GOOD, "revision": 0, "file": file})
    assert said.status_code == 422 and told in text(said)


def test_an_uploaded_file_comes_before_what_the_page_holds(keeper: Client) -> None:
    file = SimpleUploadedFile("a.bpmn", GOOD.encode("utf-8-sig"))
    assert keeper.post(f"{FLOW}edit/", {"xml": "<a/>", "revision": 0, "file": file}).status_code == 302
    assert keeper.get(f"{FLOW}draft.xml").content.decode() == GOOD


def test_two_who_save_the_same_draft_lose_nothing(keeper: Client, colleague: Client) -> None:
    assert send(keeper, GOOD).status_code == 302
    mine = GOOD.replace("当场受理审查", "马上受理审查")
    said = send(colleague, mine)
    shown = text(said)
    assert said.status_code == 409 and "刚存过这份草稿" in shown and "马上受理审查" in shown
    assert 'name="revision" value="1"' in shown
    assert send(colleague, mine, revision=1).status_code == 302
    assert keeper.get(f"{FLOW}save-1.xml").content.decode() == GOOD
    assert keeper.get(f"{FLOW}draft.xml").content.decode() == mine


def test_an_older_version_comes_back_as_a_new_one(keeper: Client, colleague: Client) -> None:
    send(keeper, GOOD)
    keeper.post(FLOW, {"do": "propose", "revision": 1, "reason": REASON})
    colleague.post(FLOW, {"do": "approve", "revision": 1})
    assert "照这一版起草" in text(keeper.get(FLOW))
    shown = text(keeper.get(f"{FLOW}edit/?from=1"))
    assert "这是以前的一版，还没有保存" in shown and "当场受理审查" not in shown
    assert "当场受理审查" in text(keeper.get(f"{FLOW}edit/?from=save-1"))
    assert keeper.get(f"{FLOW}edit/?from=save-99").status_code == 404


def test_a_table_is_saved_tried_out_and_its_gap_named(keeper: Client) -> None:
    xml = SHIPPED_TABLES["self_care"].read_text(encoding="utf-8")
    shown = text(keeper.get(f"{TABLE}edit/?try=1&try-ability=4"))
    assert "没有空档" in shown and "符合第 3 行" in shown and "完全丧失生活自理能力" in shown
    assert "不在表的范围里" in text(keeper.get(f"{TABLE}edit/?try=1&try-ability=7"))
    assert "对不了表" in text(keeper.get(f"{TABLE}edit/?try=1&try-ability=many"))
    assert send(keeper, xml.replace("[1..3]", "[1..2]"), address=TABLE).status_code == 302
    assert "有空档：自己做不了的项数为3时" in text(keeper.get(f"{TABLE}edit/"))
    assert "A4-22 特困人员认定" in text(keeper.get(TABLE))
    assert "1 到 2" in text(keeper.get(f"{TABLE}compare/"))


@pytest.mark.parametrize(
    ("copy", "code", "status"),
    [
        ("flows:promise", "card", 302),
        ("tables:self_care", "card", 302),
        ("", "card", 422),
        ("flows:nothing", "card", 404),
        ("flows:promise", "promise", 422),
        ("flows:promise", "../x", 422),
    ],
)
def test_a_new_one_begins_as_a_copy(keeper: Client, copy: str, code: str, status: int) -> None:
    said = keeper.post(LIST, {"copy": copy, "code": code, "name": "老年卡"})
    assert said.status_code == status
    made = Procedure.objects.filter(code="card").exists() or DecisionTable.objects.filter(code="card").exists()
    assert made == (status == 302)
    if made:
        assert "老年卡" in text(keeper.get(said["Location"]))
    else:
        assert "老年卡" in text(said)


@pytest.mark.parametrize("part", ["", "edit/", "compare/", "1.xml"])
def test_nobody_but_a_keeper_comes_in_and_unknown_ones_are_not_found(keeper: Client, part: str) -> None:
    other = staff("chuangkou", "front_desk")
    assert other.get(FLOW + part).status_code == 403
    assert keeper.get(FLOW + part).status_code == 200
    assert keeper.get(f"/desk/procedures/flows/nothing/{part}").status_code == 404
    assert keeper.get(f"/desk/procedures/others/promise/{part}").status_code == 404
    assert keeper.get(f"{FLOW}99.xml").status_code == 404


def test_the_list_asks_a_steady_number_of_queries(keeper: Client) -> None:
    keeper.get(LIST)
    with CaptureQueriesContext(connection) as first:
        keeper.get(LIST)
    for place in range(5):
        send(keeper, GOOD.replace("当场", f"第{place}"), revision=place)
    with CaptureQueriesContext(connection) as second:
        keeper.get(LIST)
    assert len(second) == len(first)
