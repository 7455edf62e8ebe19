"""Law and notices on the desk, and the working calendar on the portal, through HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from weimin.base import clock
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import log_in_by_phone, make_staff
from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.actions.law import UNITS
from weimin.kernel.deadlines.models import CalendarNotice, LegalParameter, NoticeShift
from weimin.kernel.deadlines.testing import LOADER, open_permit
from weimin.kernel.deadlines.web import law
from weimin.kernel.directory import actions as directory
from weimin.kernel.directory import queries as places
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
LAW, CALENDAR, PUBLIC = "/desk/law/", "/desk/calendar/", "/calendar/"
ROW = "/desk/law/permit.decision/"
NUMBER = "340321113-261230-00012"
OFF_2027 = {
    "元旦": ["2027-01-01"],
    "春节": ["2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11", "2027-02-12"],
    "清明节": ["2027-04-05"],
    "劳动节": ["2027-05-01", "2027-05-03", "2027-05-04"],
    "端午节": ["2027-06-09"],
    "中秋节": ["2027-09-15"],
    "国庆节": ["2027-10-01", "2027-10-02", "2027-10-03", "2027-10-04", "2027-10-05"],
}
#: Made up, and whole.
GOOD = "\n".join(
    ["日期,名称,休或班", *(f"{d},{n},休" for n, days in OFF_2027.items() for d in days), "2027-02-14,春节,班"]
)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    queries.forget()
    yield
    queries.forget()


def staff(*roles: str, username: str = "guize") -> Client:
    """Somebody in a post with these roles, logged in."""
    account_id = make_staff(username, name=f"张{username}")
    centre = next(one for one in places.list_agencies(division_code="340321113000") if one.kind == "centre")
    at = clock.now()
    officer = directory.add_officer(by=LOADER, at=at, name=f"张{username}", account_id=account_id)
    directory.appoint(by=LOADER, at=at, officer_id=officer, agency_id=centre.pk, roles=roles, title="岗位")
    client = Client()
    client.force_login(Account.objects.get(pk=account_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def keeper(username: str = "guize") -> Client:
    return staff("procedure_keeper", username=username)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def version(**more: str) -> dict[str, str]:
    fields = {"value": "15", "unit": "workday", "committed": "10", "valid_from": "2030-01-01", "valid_until": ""}
    words = {"article": "xkl-2019 art. 42", "certainty": "verified", "approver": "", "name": "许可决定"}
    return {
        "do": "change",
        **fields,
        **words,
        "starts": "受理",
        "counts": "次日起算",
        "reason": "按新的清单改短",
    } | more


def upload(client: Client, content: bytes, **more: str) -> Any:
    fields = {"number": "测试通知〔2026〕1号", "source": "测试", "reason": ""} | more
    return client.post(CALENDAR, {**fields, "file": SimpleUploadedFile("2027.csv", content)})


def look() -> None:
    """What the worker does until nothing is left but what must settle."""
    while actions.work_on_notices(at=clock.now()):
        pass


def propose(client: Client) -> str:
    """Load the good notice and look at what it moves; gives the address of its page."""
    address = upload(client, GOOD.encode())["Location"]
    look()
    return str(address)


# --- law ---------------------------------------------------------------------------------------------------
def test_every_unit_and_group_has_its_words() -> None:
    assert set(law.UNIT_WORDS) == UNITS
    named = {prefix for _, prefixes in law.GROUPS for prefix in prefixes.split()}
    used = {code.split(".")[0] for code in LegalParameter.objects.values_list("code", flat=True)}
    assert used <= named


def test_any_staff_read_the_law_in_words() -> None:
    page = text(staff("front_desk").get(LAW))
    assert "20 个工作日" in page
    assert "《行政许可法》第 42 条" in page
    assert "请按本地清单核对" in page
    assert "本地待填" in page
    assert "专家评审" in page
    assert "三分之二（66.66%）" in page
    assert 'href="/desk/law/permit.decision/"' in page


def test_law_is_searched_and_filtered() -> None:
    client = staff("front_desk")
    page = text(client.get(LAW, {"q": "行政许可法 第 42"}))
    assert "permit.decision" in page
    assert "dibao.confirm" not in page
    page = text(client.get(LAW, {"check": "1"}))
    assert "linshi.small.amount" in page
    assert "order.answer" in page
    assert "permit.decision" not in page
    assert "没有找到" in text(client.get(LAW, {"q": "没有这样的"}))


def test_law_is_read_with_one_query_whatever_its_length() -> None:
    client = staff("front_desk")
    costs = []
    for q in ("没有这样的", ""):
        queries.forget()
        with CaptureQueriesContext(connection) as seen:
            client.get(LAW, {"q": q})
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_law_opens_as_a_spreadsheet() -> None:
    answer = staff("front_desk").get("/desk/law.xlsx", {"q": "permit.decision"})
    rows = sheet(answer)
    assert rows[0][:4] == ("类别", "代码", "名称", "数值")
    assert ("行政许可", "permit.decision", "许可决定", "20 个工作日") in [row[:4] for row in rows]
    empty = staff("front_desk", username="other").get("/desk/law.xlsx", {"q": "没有这样的"})
    assert len(sheet(empty)) == 1


@pytest.mark.parametrize("path", [LAW, "/desk/law.xlsx", ROW, CALENDAR, f"{CALENDAR}1/", f"{CALENDAR}1/shifts.xlsx"])
def test_only_staff_open_these_pages(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    log_in_by_phone(client, "13900000061")
    assert client.get(path).status_code == 302
    assert client.post(path).status_code == 403


def test_a_keeper_writes_a_version_and_withdraws_it() -> None:
    client = keeper()
    assert "保存新的一版" in text(client.get(ROW))
    answer = client.post(ROW, version())
    assert (answer.status_code, answer["Location"]) == (302, f"{ROW}?done=changed")
    page = text(client.get(answer["Location"]))
    assert "新的一版已保存" in page
    assert "15 个工作日" in page
    assert "按新的清单改短" in page
    assert "张guize" in page
    new = LegalParameter.objects.get(code="permit.decision", valid_from=date(2030, 1, 1))
    sent = {"do": "withdraw", "withdraw_row": str(new.pk), "withdraw_reason": "起日写错了"}
    assert client.post(ROW, sent)["Location"] == f"{ROW}?done=withdrawn"
    page = text(client.get(ROW))
    assert "已作废" in page
    assert "作废：起日写错了" in page
    assert client.post(ROW, sent).status_code == 409
    assert queries.get_parameter(code="permit.decision", on=date(2030, 6, 1)).value == 20


def test_an_overlap_is_refused_and_what_was_typed_stays() -> None:
    client = keeper()
    answer = client.post(ROW, version(valid_from="2004-07-01", reason="从头改起，看看行不行"))
    page = text(answer)
    assert answer.status_code == 422
    assert "同一天只能有一版适用" in page
    assert "与已有的一版重叠" in page
    assert 'value="2004-07-01"' in page
    assert "从头改起，看看行不行" in page
    assert re.search(r'name="value" value="15"', page)
    assert LegalParameter.objects.filter(code="permit.decision").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("value", "二十", "请写成数字"),
        ("value", "NaN", "请写成数字"),
        ("value", "0.12345", "小数最多四位"),
        ("committed", "16", "不能超过法定数值"),
        ("unit", "week", "请从列表中选择"),
        ("certainty", "sure", "请从列表中选择"),
        ("valid_from", "", "请填写日期"),
        ("valid_from", "2030-02-30", "2030年2月30日这一天不存在"),
        ("valid_until", "2029-12-31", "止日要在起日之后"),
        ("article", "", "请写明依据"),
        ("counts", "数" * 81, "最多 80 个字"),
        ("reason", "改", "至少 5 个字"),
    ],
)
def test_a_wrong_field_is_shown_where_it_stands(field: str, value: str, says: str) -> None:
    answer = keeper().post(ROW, version(**{field: value}))
    page = text(answer)
    assert answer.status_code == 422
    assert says in page
    assert f'id="e-{field}"' in page
    assert value in page or field in ("unit", "certainty")  # a list shows only what it offers
    assert LegalParameter.objects.filter(code="permit.decision").count() == 1


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"withdraw_row": "", "withdraw_reason": "写错了写错了"}, "请选择要作废哪一版"),
        ({"withdraw_row": "1", "withdraw_reason": ""}, "请选择要作废哪一版"),
    ],
)
def test_only_a_version_of_this_parameter_is_withdrawn(sent: dict[str, str], says: str) -> None:
    other = LegalParameter.objects.exclude(code="permit.decision").values_list("pk", flat=True).first()
    if sent["withdraw_row"]:
        sent = {**sent, "withdraw_row": str(other)}
    answer = keeper().post(ROW, {"do": "withdraw", **sent})
    assert answer.status_code == 422
    assert says in text(answer)
    assert not LegalParameter.objects.exclude(withdrawn_at=None).exists()


def test_a_withdrawal_without_a_reason_is_refused_by_field() -> None:
    row = LegalParameter.objects.get(code="permit.decision")
    answer = keeper().post(ROW, {"do": "withdraw", "withdraw_row": str(row.pk), "withdraw_reason": "错"})
    assert answer.status_code == 422
    assert 'id="e-withdraw_reason"' in text(answer)


def test_others_read_the_history_and_change_nothing() -> None:
    client = staff("front_desk", "leader")
    page = text(client.get(ROW))
    assert "现在适用" in page
    assert "保存新的一版" not in page
    for sent in (version(), {"do": "withdraw"}, {}):
        answer = client.post(ROW, sent)
        assert answer.status_code == 403
        assert "由规则管理员维护" in text(answer)
    assert LegalParameter.objects.filter(code="permit.decision").count() == 1


def test_an_unknown_parameter_is_not_found() -> None:
    assert keeper().get("/desk/law/no.such/").status_code == 404


# --- holiday notices ---------------------------------------------------------------------------------------
def test_years_with_and_without_a_notice_are_shown() -> None:
    page = text(staff("front_desk").get(CALENDAR, {"year": "2026"}))
    assert "国办发明电〔2025〕7号" in page
    assert "暂定" in page
    assert "春节，放假" in page
    assert "周末调休上班" in page
    assert page.count("<caption>") == 12
    assert "装入新的放假安排" not in page
    assert "日期,名称,休或班" in text(keeper("lingyige").get(CALENDAR))
    far = clock.local_date(clock.now()).year + 2
    assert f"{far} 年" in page


@pytest.mark.parametrize("year", ["abc", "99999999", "-1", "0", "1900"])
def test_another_year_than_those_shown_is_this_year(year: str, client: Client) -> None:
    this = clock.local_date(clock.now()).year
    assert f'id="year">{this} 年' in text(client.get(PUBLIC, {"year": year}))


def test_a_good_notice_is_looked_at_and_approved_by_another() -> None:
    ref = open_permit(date(2026, 12, 30), number=NUMBER)
    first, second = keeper(), keeper("lingyige")
    answer = upload(first, GOOD.encode())
    assert answer.status_code == 302
    address = answer["Location"]
    page = text(first.get(address))
    assert "正在核算，进度自己更新" in page
    assert 'data-live="3"' in page
    assert "核对无误，批准" not in text(second.get(address))
    look()
    page = text(second.get(address))
    assert "影响已算出，待批准" in page
    assert "data-live" not in page
    assert f'href="/desk/cases/{NUMBER}/"' in page
    assert "办理：1 个" in page
    shift = NoticeShift.objects.get(clock_id=ref.clock_id)
    assert shift.new_due is not None
    assert f"{shift.new_due.month}月{shift.new_due.day}日" in page
    assert "请另一位规则管理员" in text(first.get(address))
    refused = first.post(address, {"do": "approve"})
    assert refused.status_code == 403
    assert "装入和批准要由两个人办" in text(refused)
    assert second.post(address, {"do": "approve"})["Location"] == address
    assert "正在核算，进度自己更新" in text(second.get(address))
    stale = second.post(address, {"do": "approve"})
    assert stale.status_code == 409
    assert "请刷新页面" in text(stale)
    look()
    actions.work_on_notices(at=clock.now() + timedelta(minutes=5))
    page = text(second.get(address))
    assert "已生效" in page
    assert "data-live" not in page
    assert "测试通知〔2026〕1号" in text(second.get(CALENDAR))


def test_shifts_are_paged_and_exported() -> None:
    for serial in range(60):
        open_permit(date(2026, 12, 30), number=f"340321113-261230-{serial:05d}")
    client = keeper()
    address = propose(client)
    page = text(client.get(address))
    assert page.count('href="/desk/cases/') == 50
    following = re.search(r'href="(\?after=\d+)"', page)
    assert following
    rest = text(client.get(address + following.group(1)))
    assert rest.count('href="/desk/cases/') == 10
    assert "回到第一页" in rest
    assert 'href="?after=' not in rest
    rows = sheet(client.get(f"{address}shifts.xlsx"))
    assert len(rows) == 61
    assert rows[1][1:3] == ("办理", "340321113-261230-00000")


def test_the_page_of_a_notice_costs_the_same_for_one_and_for_many() -> None:
    client = keeper()
    costs = []
    for serial in range(2):
        for one in range(1 + 30 * serial):
            open_permit(date(2026, 12, 30), number=f"{serial}-{one}")
        address = propose(client)
        with CaptureQueriesContext(connection) as seen:
            client.get(address)
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_a_notice_is_put_aside_with_a_reason() -> None:
    client = keeper()
    address = propose(client)
    answer = client.post(address, {"do": "reject", "reason": "不对"})
    assert answer.status_code == 422
    assert "请写明为什么不采用" in text(answer)
    assert ">不对</textarea>" in text(answer)
    assert client.post(address, {"do": "reject", "reason": "和原文对不上"}).status_code == 302
    page = text(client.get(address))
    assert "未采用" in page
    assert "和原文对不上" in page
    assert client.post(address, {"do": "reject", "reason": "和原文对不上"}).status_code == 409


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "文件是空的"),
        ("日期,名称,休或班\n2027-01-01,元旦,休".encode("gbk"), "另存为“CSV UTF-8”"),
        ("2027-01-01,元旦".encode(), "第 1 行看不懂"),
        ("2027-02-30,春节,休".encode(), "“2027-02-30”不是存在的日期"),
        (b'{"days": []}', "JSON 里应有 year"),
        (GOOD.replace("2027-09-15,中秋节,休\n", "").encode(), "没有写中秋节"),
        (GOOD.encode() + "\n2027-03-01,错,班".encode(), "本来就是工作日"),
        (b"x" * 900_000, "文件太大"),
    ],
)
def test_a_bad_notice_is_refused_in_words_and_what_was_typed_stays(content: bytes, says: str) -> None:
    before = CalendarNotice.objects.count()
    answer = upload(keeper(), content, source="从网站下载")
    page = text(answer)
    assert answer.status_code == 422
    assert says in page
    assert 'value="从网站下载"' in page
    assert CalendarNotice.objects.count() == before


def test_every_fault_of_a_notice_is_listed() -> None:
    page = text(upload(keeper(), GOOD.replace("2027-09-15,中秋节,休\n", "").encode() + "\n2027-03-01,错,班".encode()))
    for says in ("2027-03-01 本来就是工作日", "没有写中秋节", "天数对不上"):
        assert f"<li>{says}" in page


def test_a_file_and_a_number_are_needed() -> None:
    client = keeper()
    answer = client.post(CALENDAR, {"number": "1"})
    assert answer.status_code == 422
    assert 'id="e-file"' in text(answer)
    answer = upload(client, GOOD.encode(), number="")
    assert answer.status_code == 422
    assert 'id="e-number"' in text(answer)


def test_others_neither_load_nor_approve() -> None:
    client = staff("front_desk")
    answer = upload(client, GOOD.encode())
    assert answer.status_code == 403
    assert "由规则管理员维护" in text(answer)
    address = propose(keeper("lingyige"))
    assert "核对无误" not in text(client.get(address))
    for sent in ({"do": "approve"}, {"do": "reject", "reason": "我不喜欢它"}):
        assert client.post(address, sent).status_code == 403
    assert client.get(f"{CALENDAR}999999/").status_code == 404
    assert client.get(f"{CALENDAR}999999/shifts.xlsx").status_code == 404


# --- for everybody -----------------------------------------------------------------------------------------
def test_everybody_sees_the_year(client: Client) -> None:
    page = text(client.get(PUBLIC, {"year": "2026"}))
    assert "国办发明电〔2025〕7号" in page
    assert page.count("<caption>") == 12
    assert "2026年2月15日（周日） 到 2026年2月23日（周一）" in page
    assert "周末调休上班" in page
    assert "暂定" in page
    assert "<style" not in page


def test_the_calculator_answers_with_its_ledger(client: Client) -> None:
    answer = client.get(PUBLIC, {"start": "2026-09-18", "number": "20", "unit": "workday"})
    page = text(answer)
    assert answer.status_code == 200
    assert "2026年10月22日（周四）" in page
    assert "《民法典》第 201 条" in page
    assert 'class="strip"' in page
    page = text(client.get(PUBLIC, {"start": "2026年9月16日", "number": "１５", "unit": "day"}))
    assert "2026年10月8日" in page
    assert "顺延到" in page
    page = text(client.get(PUBLIC, {"start": "2028/12/1", "number": "3", "unit": "month"}))
    assert "还没有公布放假安排" in page


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"start": "2026-02-30", "number": "5", "unit": "day"}, "2026年2月30日这一天不存在"),
        ({"start": "明天", "number": "5", "unit": "day"}, "日期请写成"),
        ({"start": "", "number": "5", "unit": "day"}, "请填写日期"),
        ({"start": "1999-01-01", "number": "5", "unit": "day"}, "更早的日期算不准"),
        ({"start": "9999-01-01", "number": "5", "unit": "day"}, "日期太远"),
        ({"start": "2026-03-05", "number": "0", "unit": "day"}, "1 到 2000 的整数"),
        ({"start": "2026-03-05", "number": "-5", "unit": "day"}, "1 到 2000 的整数"),
        ({"start": "2026-03-05", "number": "9" * 5000, "unit": "day"}, "1 到 2000 的整数"),
        ({"start": "2026-03-05", "number": "2000", "unit": "month"}, "期限太长"),
        ({"start": "2026-03-05", "number": "5", "unit": "week"}, "请选择按工作日"),
        ({"start": "\x00", "number": "\x00", "unit": "\x00"}, "日期请写成"),
    ],
)
def test_the_calculator_says_what_to_mend(client: Client, sent: dict[str, str], says: str) -> None:
    answer = client.get(PUBLIC, sent)
    assert answer.status_code == 422
    assert says in text(answer)
    assert 'class="strip"' not in text(answer)


def test_what_was_typed_wrongly_can_be_seen_and_mended(client: Client) -> None:
    page = text(client.get(PUBLIC, {"start": "2026-02-30", "number": "五", "unit": "day"}))
    assert '<input type="text" id="f-start" name="start" value="2026-02-30"' in page
    assert 'name="number" value="五"' in page
    assert 'value="day" checked' in page
