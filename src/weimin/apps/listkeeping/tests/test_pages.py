"""The pages of the lists over HTTP: read by everybody, kept by keepers, checked by others."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from weimin.base import clock
from weimin.kernel.accounts import actions as accounts
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import log_in_by_phone
from weimin.kernel.catalogue import actions
from weimin.kernel.catalogue.models import ItemVersion, Proposal
from weimin.kernel.catalogue.tests.test_importing import helping
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.record.types import Actor
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
SYSTEM = Actor.system("测试")
CITY, TOWN = "340300000000", "340321113000"


def staff(role: str, *, place: str = CITY, lead: str = "数据资源局", name: str = "") -> Client:
    """Somebody of a body, logged in."""
    bodies = places.list_agencies(division_code=place)
    body = next((one for one in bodies if lead in one.lead_keys), bodies[0])
    at, title = clock.now(), name or f"演示{role}"
    username = f"t-{role}-{place}-{title}"[:60]
    account = accounts.create_staff_account(by=SYSTEM, at=at, username=username, name=title, password="x")
    officer = directory.add_officer(by=SYSTEM, at=at, name=title, account_id=account)
    directory.appoint(by=SYSTEM, at=at, officer_id=officer, agency_id=body.pk, roles=(role,), title=title)
    client = Client()
    client.force_login(Account.objects.get(pk=account))
    return client


@pytest.fixture
def keeper(settings: Any) -> Client:
    settings.WEIMIN_SECOND_FACTOR = False
    return staff("list_keeper")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def begin(client: Client, code: str = "A3-13", list_code: str = "service") -> int:
    """Begin a draft through the page; returns its id."""
    answer = client.post(f"/desk/lists/{list_code}/", {"code": code})
    assert answer.status_code == 302, text(answer)
    return int(re.search(r"versions/(\d+)/edit", answer["Location"]).group(1))  # type: ignore[union-attr]


def fields_of(page: str) -> dict[str, Any]:
    """Every field of the editor as a browser would send it."""
    form = re.search(r'<form method="post" novalidate class="editor".*?</form>', page, re.S)
    assert form
    body, sent = form.group(), dict[str, Any]()
    for tag in re.findall(r"<input [^>]*>", body):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent.setdefault(name.group(1), []).append(value.group(1) if value else "")
    for name, content in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', body, re.S):
        sent[name] = content
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen.group(1) if chosen else ""
    return sent


def unescaped(sent: dict[str, Any]) -> dict[str, Any]:
    import html

    return {k: [html.unescape(one) for one in v] if isinstance(v, list) else html.unescape(v) for k, v in sent.items()}


# --- in public ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/lists/", "/lists/service/", "/lists/village_duty/", "/rows/CW-01/", "/rows/A3-13/"])
def test_everybody_reads_the_lists(path: str) -> None:
    assert Client().get(path).status_code == 200


@pytest.mark.parametrize("path", ["/lists/nothing/", "/rows/ZZ-1/", "/lists/nothing.xlsx"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert Client().get(path).status_code == 404


def test_a_list_of_a_day_before_it_began_is_empty_and_a_bad_day_is_said() -> None:
    assert "共 0 项" in text(Client().get("/lists/village_duty/", {"on": "2020-01-01"}))
    answer = Client().get("/lists/village_duty/", {"on": "昨天"})
    assert answer.status_code == 422
    assert "2026-03-05" in text(answer)


def test_a_list_goes_out_as_a_spreadsheet() -> None:
    lines = sheet(Client().get("/lists/village_duty.xlsx"))
    assert lines[0][:2] == ("代码", "名称")
    assert len(lines) == 20


def test_drafts_are_nobodys_in_public(keeper: Client) -> None:
    version = begin(keeper)
    assert text(Client().get("/rows/A3-13/")).count("草稿") == 0
    assert Client().get(f"/desk/lists/versions/{version}/").status_code == 302


def test_a_resident_proposes_and_reads_the_answer(keeper: Client) -> None:
    resident = Client()
    log_in_by_phone(resident, "13900000001")
    assert Client().post("/rows/A3-13/", {"text": "材料太多了，少要一份"})["Location"].startswith("/login/")
    too_short = resident.post("/rows/A3-13/", {"text": "少"})
    assert "5 到 1000 个字" in text(too_short)
    assert resident.post("/rows/A3-13/", {"text": "材料太多了，少要一份"}).status_code == 302
    proposal = Proposal.objects.get()
    assert (proposal.by_label, proposal.trigger, proposal.due_on is not None) == ("群众", "remark", True)
    answer = keeper.post("/desk/lists/proposals/", {"id": proposal.pk, "answer": "同意，少要复印件", "do": "take"})
    assert "/edit/" in answer["Location"]
    assert "同意，少要复印件" in text(resident.get("/my/proposals/"))
    again = keeper.post("/desk/lists/proposals/", {"id": proposal.pk, "answer": "同意，少要复印件", "do": "take"})
    assert again.status_code == 409


# --- the editor ------------------------------------------------------------------------------------------
def test_a_draft_saved_untouched_is_unchanged(keeper: Client) -> None:
    version = begin(keeper)
    before = ItemVersion.objects.get(pk=version).doc
    sent = unescaped(fields_of(text(keeper.get(f"/desk/lists/versions/{version}/edit/"))))
    sent |= {"trigger": "review", "reason": "看看", "do": "save"}
    assert keeper.post(f"/desk/lists/versions/{version}/edit/", sent).status_code == 302
    assert ItemVersion.objects.get(pk=version).doc == before


def test_an_edit_is_kept_even_where_it_is_wrong_and_what_is_wrong_is_said(keeper: Client) -> None:
    version = begin(keeper)
    sent = unescaped(fields_of(text(keeper.get(f"/desk/lists/versions/{version}/edit/"))))
    sent |= {"trigger": "review", "reason": "改", "do": "save", "plain": "换一句大白话", "name": ""}
    page = text(keeper.post(f"/desk/lists/versions/{version}/edit/", sent))
    assert "“事项名称”不能空" in page
    assert ItemVersion.objects.get(pk=version).doc["plain"] == "换一句大白话"
    assert keeper.post(f"/desk/lists/versions/{version}/", {"do": "submit"}).status_code in (400, 422)


def test_rows_are_added_moved_and_dropped_without_losing_what_was_typed(keeper: Client) -> None:
    version = begin(keeper)
    address = f"/desk/lists/versions/{version}/edit/"
    sent = unescaped(fields_of(text(keeper.get(address)))) | {"plain": "还没有保存的字"}
    more = unescaped(fields_of(text(keeper.post(address, sent | {"do": "add:faq"}))))
    assert more["plain"] == ["还没有保存的字"] or more["plain"] == "还没有保存的字"
    count = sum(name.startswith("faq.") and name.endswith("._was") for name in sent)
    assert f"faq.{count}._was" in more
    less = unescaped(fields_of(text(keeper.post(address, more | {"do": f"drop:faq.{count}"}))))
    assert f"faq.{count}._was" not in less
    if count > 1:
        moved = unescaped(fields_of(text(keeper.post(address, less | {"do": "up:faq.1"}))))
        assert moved["faq.0._was"] == ["1"]


def test_of_two_editors_the_second_is_told_and_keeps_the_text(keeper: Client) -> None:
    other = staff("list_keeper", name="演示另一个")
    version = begin(keeper)
    address = f"/desk/lists/versions/{version}/edit/"
    mine = unescaped(fields_of(text(keeper.get(address)))) | {"trigger": "review", "reason": "甲", "do": "save"}
    theirs = mine | {"reason": "乙", "plain": "乙写的话"}
    assert keeper.post(address, mine).status_code == 302
    answer = other.post(address, theirs)
    assert answer.status_code == 409
    assert "乙写的话" in text(answer)
    assert ItemVersion.objects.get(pk=version).reason == "甲"


def test_the_preview_draws_what_is_typed_and_stores_nothing(keeper: Client) -> None:
    version = begin(keeper, "A1-01")
    before = ItemVersion.objects.get(pk=version).doc
    sent = unescaped(fields_of(text(keeper.get(f"/desk/lists/versions/{version}/edit/"))))
    page = text(keeper.post(f"/desk/lists/versions/{version}/preview/", sent | {"form.pages.0.label": "娃娃叫什么"}))
    assert "娃娃叫什么" in page
    assert ItemVersion.objects.get(pk=version).doc == before


def test_a_try_out_checks_as_the_real_form_and_leaves_nothing(keeper: Client) -> None:
    version = begin(keeper, "A1-01")
    address = f"/desk/lists/versions/{version}/try/"
    assert keeper.get(address).status_code == 200
    answer = keeper.post(address, {"child_name": "演示"})
    assert answer.status_code == 422
    assert "孩子身份证号" in text(answer)


def test_a_version_goes_its_way_through_the_pages(keeper: Client) -> None:
    version = begin(keeper)
    sent = unescaped(fields_of(text(keeper.get(f"/desk/lists/versions/{version}/edit/"))))
    sent |= {"trigger": "review", "reason": "说得更明白", "plain": "换一句大白话", "do": "done"}
    assert keeper.post(f"/desk/lists/versions/{version}/edit/", sent).status_code == 302
    address = f"/desk/lists/versions/{version}/"
    page = text(keeper.get(address))
    assert "1 处不同" in page
    assert "77 个乡镇（街道）在办" in page
    assert keeper.post(address, {"do": "submit"}).status_code == 302
    assert "整批" not in text(keeper.get(address))
    way = [
        (staff("list_keeper", name="演示复核"), "lead"),
        (staff("legal_reviewer", lead="司法局"), "legal"),
        (staff("leader", lead="政府办"), "approve"),
    ]
    for client, stage in way:
        assert f'name="stage" value="{stage}"' in text(client.get(address))
        assert client.post(address, {"do": "passed", "stage": stage}).status_code == 302
    assert keeper.post(address, {"do": "publish"}).status_code == 302
    guide = text(Client().get("/items/A3-13/"))
    assert "换一句大白话" in guide
    compared = text(Client().get("/rows/A3-13/", {"old": "1", "new": "2"}))
    assert "换一句大白话" in compared


@pytest.mark.parametrize("role", ["front_desk", "reviewer", "decider"])
def test_other_posts_have_no_lists_on_their_desk(settings: Any, role: str) -> None:
    settings.WEIMIN_SECOND_FACTOR = False
    assert staff(role).get("/desk/lists/").status_code == 403


# --- spreadsheets, drift, offers ---------------------------------------------------------------------------
def test_a_workbook_is_brought_and_its_faults_are_shown_by_row(keeper: Client) -> None:
    def change(book: Any) -> None:
        book["清单"]["F3"] = ""

    upload = io.BytesIO(helping(3, change))
    upload.name = "协助清单.xlsx"
    today = clock.local_date(clock.now())
    sent = {"list_code": "village_help", "trigger": "review", "reason": "年度评估", "valid_from": today.isoformat()}
    answer = keeper.post("/desk/lists/imports/", {**sent, "file": upload})
    assert answer.status_code == 302, text(answer)
    assert "data-live" in text(keeper.get(answer["Location"]))
    actions.work_on_imports(at=clock.now())
    page = text(keeper.get(answer["Location"]))
    assert "一行也没有导入" in page
    assert "<td>3</td>" in page
    assert "“经费”不能空" in page


def test_the_sheet_to_fill_has_every_group(keeper: Client) -> None:
    answer = keeper.get("/desk/lists/service/rows.xlsx")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert [one.title for one in book.worksheets] == ["清单", "设定依据", "材料", "表单", "办理步骤", "常见问题"]


def test_a_townships_leader_says_where_and_the_guide_shows_it(settings: Any) -> None:
    settings.WEIMIN_SECOND_FACTOR = False
    leader = staff("leader", place=TOWN, lead="人社局")
    assert leader.get("/desk/offers/").status_code == 200
    wrong = leader.post("/desk/offers/A1-01/", {"committed_days": "9", "reason": "搬家"})
    assert "更短" in text(wrong)
    assert leader.post("/desk/offers/A1-01/", {"address": "新大厅二楼 3 号", "reason": "搬家"}).status_code == 302
    guide = text(Client().get("/items/A1-01/", {"township": TOWN}))
    assert "新大厅二楼 3 号" in guide
    assert "还没有核对过" in text(leader.get("/desk/lists/drift/", {"all": "1"}))
    assert leader.post("/desk/lists/drift/").status_code == 403
    assert staff("list_keeper").post("/desk/lists/drift/").status_code == 302
    assert "data-live" in text(leader.get("/desk/lists/drift/"))
    actions.work_on_drift(at=clock.now())
    drift = text(leader.get("/desk/lists/drift/", {"all": "1"}))
    assert "新大厅二楼 3 号" in drift
    assert "新大厅二楼 3 号" not in text(leader.get("/desk/lists/drift/"))
    outside = staff("leader", place="340321104000", lead="人社局")
    assert "新大厅二楼 3 号" not in text(outside.get("/desk/lists/drift/", {"all": "1"}))
    assert [line[5] for line in sheet(leader.get("/desk/lists/drift.xlsx", {"all": "1"}))][1:] == ["新大厅二楼 3 号"]
