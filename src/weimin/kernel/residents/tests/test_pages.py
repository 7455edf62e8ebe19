"""My information, who looked at it, and the counter's page of corrections."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from weimin.base import clock
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import log_in_by_phone, make_staff
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.residents.testing import TOWN, make_id_number, register, village

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
PROFILE, READS, CORRECT = "/my/profile/", "/my/reads/", "/desk/correct/"
REVEAL = "/desk/correct/reveal/"
NUMBER = make_id_number()
PHONE, OTHER_PHONE = "13900000001", "13900000002"


def form(**more: str) -> dict[str, str]:
    return {"name": "王秀英", "id_number": NUMBER, "division": village()} | more


def staff(client: Client, *roles: str, username: str = "zhangwei") -> None:
    account_id = make_staff(username)
    centre = next(one for one in places.list_agencies(division_code=TOWN) if one.kind == "centre")
    at = clock.now()
    officer = directory.add_officer(by=Actor.system(), at=at, name="张伟", account_id=account_id)
    directory.appoint(by=Actor.system(), at=at, officer_id=officer, agency_id=centre.pk, roles=roles, title="岗位")
    client.force_login(Account.objects.get(pk=account_id), backend="django.contrib.auth.backends.ModelBackend")


# --- my information --------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [PROFILE, READS])
def test_a_visitor_is_sent_to_log_in_and_back(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


@pytest.mark.parametrize("path", [PROFILE, READS])
def test_staff_have_no_profile_here(client: Client, path: str) -> None:
    staff(client, "front_desk")
    assert client.get(path)["Location"] == f"/login/?next={path}"
    assert client.post(path, form()).status_code == 403
    assert not Resident.objects.exists()


def test_the_first_visit_asks_and_says_why(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    page = client.get(PROFILE).content.decode()
    assert "办事前登记一次身份信息" in page
    assert "个人信息保护法第三十四条" in page
    assert f'value="{TOWN}"' in page and village() not in page, "a thousand villages are no list for a phone"
    for name in ("name", "id_number", "township"):
        assert f'for="f-{name}"' in page


def test_the_township_first_and_then_the_village(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    chosen = form(township=TOWN, division="", choose="1")
    page = client.post(PROFILE, chosen)
    text = page.content.decode()
    assert (page.status_code, f'value="{village()}"' in text, NUMBER in text) == (200, True, True)
    assert 'class="field wrong"' not in text
    other = client.post(PROFILE, form(township="340321104000", choose="1")).content.decode()
    assert village() not in other, "the villages of the township that is chosen now"
    late = client.post(PROFILE, form(township="340321104000"))
    assert (late.status_code, "请选择所在的村" in late.content.decode()) == (422, True)
    assert not Resident.objects.exists()
    assert client.post(PROFILE, form(township=TOWN))["Location"] == "/my/"


def test_the_township_of_an_earlier_page_is_there_already(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    client.cookies["township"] = TOWN
    assert f'value="{village()}"' in client.get(PROFILE).content.decode()
    for odd in ("", "340321000000", "x"):
        client.cookies["township"] = odd
        assert client.get(PROFILE).status_code == 200


def test_given_once_it_is_shown_masked_from_then_on(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    answer = client.post(PROFILE, form())
    assert (answer.status_code, answer["Location"]) == (302, "/my/")
    page = client.get(PROFILE).content.decode()
    assert "王秀英" in page
    assert NUMBER not in page
    assert PHONE not in page
    assert NUMBER[:6] + "*" * 11 + NUMBER[-1] in page
    assert "139******01" in page
    assert '<form method="post" novalidate>' not in page
    client.post(PROFILE, form(name="李国强", id_number=make_id_number(serial=8)))
    assert Resident.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "请填写姓名"),
        ("name", "<script>x</script>", "请按身份证填写"),
        ("id_number", "", "请填写身份证号"),
        ("id_number", "34032119000228123", "应为 18 位"),
        ("id_number", "340321190002281230", "校验不通过"),
        ("division", "", "请先选乡镇"),
        ("division", "340321113", "请先选乡镇"),
        ("name", "王\x00", "请按身份证填写"),
    ],
)
def test_a_wrong_field_is_shown_with_what_was_typed(client: Client, field: str, value: str, says: str) -> None:
    log_in_by_phone(client, PHONE)
    answer = client.post(PROFILE, form(**{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert "<script>x" not in page
    kept = form(**{field: value})
    assert (kept["id_number"] in page) or not kept["id_number"]
    assert re.search(r'class="field wrong"', page)
    assert not Resident.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "landed"),
    [("/items/", "/items/"), ("https://evil.example/", "/my/"), ("//evil.example", "/my/"), ("", "/my/")],
)
def test_saving_returns_to_where_it_was_needed_and_nowhere_else(client: Client, wanted: str, landed: str) -> None:
    log_in_by_phone(client, PHONE)
    page = client.get(PROFILE, {"next": wanted}).content.decode()
    hidden = re.search(r'name="next" value="([^"]*)"', page)
    assert hidden
    assert client.post(PROFILE, form(next=hidden.group(1)))["Location"] == landed
    assert "evil" not in page.split("<main", 1)[1]


def test_each_sees_only_their_own(client: Client) -> None:
    log_in_by_phone(client, PHONE)
    client.post(PROFILE, form())
    other = Client()
    log_in_by_phone(other, OTHER_PHONE)
    answer = other.post(PROFILE, form())  # knows name and number, has not the phone
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "已经绑定另一个手机号" in page
    assert "139******01" not in page
    assert "办事前登记一次身份信息" in other.get(PROFILE).content.decode()
    other.post(PROFILE, form(name="李国强", id_number=make_id_number(serial=8)))
    page = other.get(PROFILE).content.decode()
    assert "李国强" in page
    assert "王秀英" not in page


def test_another_name_under_the_number_says_what_to_do(client: Client) -> None:
    register()
    log_in_by_phone(client, PHONE)
    page = client.post(PROFILE, form(name="王秀兰")).content.decode()
    assert "户口簿" in page
    assert "王秀英" not in page


# --- the counter corrects -------------------------------------------------------------------------------------
def test_the_counter_finds_then_corrects(client: Client) -> None:
    pk = register()
    staff(client, "front_desk")
    assert client.get(CORRECT).status_code == 200
    page = client.post(CORRECT, {"step": "find", "id_number": NUMBER}).content.decode()
    assert "139******01" in page
    assert PHONE not in page
    page = client.post(CORRECT, {"step": "save", "id_number": NUMBER, "phone": OTHER_PHONE}).content.decode()
    assert "已处理：手机号" in page
    assert queries.phone_for_notices(resident_id=pk) == OTHER_PHONE
    assert "没有变化" in client.post(CORRECT, {"step": "save", "id_number": NUMBER}).content.decode()
    looks = ReadEntry.objects.filter(residents=[pk], why="窗口核对、更正登记信息", path="desk:correct")
    assert looks.count() == ReadEntry.objects.count() == 3


def test_the_counter_shows_the_phone_whole_for_a_reason_that_stays(client: Client) -> None:
    pk = register()
    staff(client, "front_desk")
    sent = {"id_number": NUMBER, "field": "phone", "reason": "手机"}
    answer = client.post(REVEAL, sent)
    assert answer.status_code == 422
    assert "至少 5 个字" in answer.content.decode()
    assert PHONE not in answer.content.decode()
    assert not ReadEntry.objects.exists()
    answer = client.post(REVEAL, sent | {"reason": "当面核对手机号"})
    assert PHONE in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    entry = ReadEntry.objects.get()
    assert (entry.residents, entry.why, entry.revealed) == ([pk], "当面核对手机号", "手机号")
    assert client.get(REVEAL).status_code == 405
    assert client.post(REVEAL, sent | {"field": "name", "reason": "当面核对姓名"}).status_code == 404
    assert client.post(REVEAL, sent | {"id_number": make_id_number(serial=8)}).status_code == 404
    assert ReadEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"step": "find", "id_number": make_id_number(serial=8)}, "没有登记过"),
        ({"step": "find", "id_number": ""}, "应为 18 位"),
        ({"step": "save", "id_number": NUMBER, "phone": "123"}, "11 位"),
        ({"step": "save", "id_number": NUMBER, "name": "王"}, "请按身份证填写"),
        ({"step": "save", "id_number": NUMBER, "division": "1"}, "请选择"),
    ],
)
def test_what_cannot_be_corrected_is_said_in_words(client: Client, sent: dict[str, Any], says: str) -> None:
    register()
    staff(client, "front_desk")
    answer = client.post(CORRECT, sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_only_the_counter_may_open_the_page(client: Client) -> None:
    assert client.get(CORRECT).status_code == 302
    staff(client, "reviewer")
    assert client.get(CORRECT).status_code == 403
    assert client.post(CORRECT, {"step": "find", "id_number": NUMBER}).status_code == 403
    resident = Client()
    log_in_by_phone(resident, PHONE)
    assert resident.post(CORRECT, {"step": "find", "id_number": NUMBER}).status_code == 403
