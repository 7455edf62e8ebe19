"""Orders, reasons, findings, spreadsheets and the public page through HTTP; and for whom each is closed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from weimin.base.clock import local_date
from weimin.kernel.accounts.testing import log_in_by_phone, make_staff
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN, hand_in, make_cast
from weimin.kernel.deadlines.types import Level
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import actions
from weimin.kernel.supervision.models import Finding, Order, OverrunReason, Warning
from weimin.kernel.supervision.testing import (
    SYSTEM,
    Watch,
    browse,
    look,
    owe_reason,
    run_clocks,
    started,
    text,
    warn,
)
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
LIST, ORDERS, OVERRUNS, INTEGRITY = "/desk/warnings/", "/desk/orders/", "/desk/overruns/", "/desk/integrity/"
PUBLIC, FEED = "/overruns/", "/overruns.json"
SAID = "经办人生病住院，已另外安排人手，下周三前办完。"
BECAUSE = "档案要到县档案馆调取，等了八个工作日。"
NUMBER = "340321113-261102-00001"
BAD = "=HYPERLINK('https://example.org','点这里看')"


# --- orders ------------------------------------------------------------------------------------------------
def ordered(watch: Watch, at: datetime, number: str = "1", **fields: Any) -> Order:
    """An order by the county's supervisor."""
    row = warn(at, number, **fields)
    pk = actions.issue_order(by=watch.county, at=at, warning_id=row.pk, text="两天内办完并答复")
    return Order.objects.get(pk=pk)


def test_an_order_is_answered_returned_and_accepted_on_its_page(present: Watch, at: datetime) -> None:
    path = f"{ORDERS}{ordered(present, at).pk}/"
    clerk, judge = browse(present.clerk), browse(present.county)
    assert 'value="review"' not in text(judge.get(path))
    assert clerk.post(path, {"do": "answer", "answer": SAID})["Location"] == path
    page = text(judge.get(path))
    assert SAID in page
    assert present.clerk.label in page
    assert 'value="answer"' not in page
    assert judge.post(path, {"do": "review", "verdict": "return", "review": "没写哪天办完"}).status_code == 302
    page = text(clerk.get(path))
    for says in ("退回重新答复", "没写哪天办完", "为什么是这一天"):
        assert says in page
    assert clerk.post(path, {"do": "answer", "answer": SAID + "十二日。"}).status_code == 302
    assert judge.post(path, {"do": "review", "verdict": "accept", "review": ""}).status_code == 302
    page = text(clerk.get(path))
    assert "已认可" in page
    assert "（没有写意见）" in page


@pytest.mark.parametrize(
    ("who", "answered", "sent", "status", "says"),
    [
        ("clerk", False, {"do": "answer", "answer": "在办了"}, 422, "至少 10 个字"),
        ("clerk", False, {"do": "answer", "answer": "办" * 401}, 422, "最多 400 个字"),
        ("clerk", False, {"do": "", "answer": SAID}, 422, "请点页面上的按钮"),
        ("clerk", True, {"do": "answer", "answer": SAID + "再补一句"}, 409, "已经答复"),
        ("clerk", True, {"do": "review", "verdict": "accept", "review": "很好"}, 403, "由监督员或签发单位的领导认可"),
        ("county", False, {"do": "answer", "answer": SAID}, 403, "由承办机构办理"),
        ("county", False, {"do": "review", "verdict": "accept", "review": "可以"}, 409, "还没有答复"),
        ("county", True, {"do": "review", "verdict": "", "review": "可以的"}, 422, "请选择认可还是退回"),
        ("county", True, {"do": "review", "verdict": "return", "review": "不"}, 422, "哪里不行"),
        ("county", True, {"do": "review", "verdict": "accept", "review": "好" * 401}, 422, "最多 400 个字"),
    ],
)
def test_a_refused_order_form_keeps_what_was_typed(
    present: Watch, at: datetime, who: str, answered: bool, sent: dict[str, str], status: int, says: str
) -> None:
    order = ordered(present, at)
    if answered:
        actions.answer_order(by=present.clerk, at=at, order_id=order.pk, answer=SAID)
    answer = browse(getattr(present, who)).post(f"{ORDERS}{order.pk}/", sent)
    assert answer.status_code == status
    assert says in text(answer)
    assert (sent.get("answer") or sent["review"]) in text(answer)
    order.refresh_from_db()
    assert order.state == ("answered" if answered else "open")


def test_orders_are_listed_by_what_is_next_and_filtered(present: Watch, at: datetime) -> None:
    old = ordered(present, at - timedelta(days=20), "1")
    done, fresh = ordered(present, at, "2"), ordered(present, at, NUMBER, kind="case")
    actions.answer_order(by=present.clerk, at=at, order_id=done.pk, answer=SAID)
    client = browse(present.clerk)
    page = text(client.get(ORDERS))
    assert re.findall(r'href="/desk/orders/(\d+)/"', page) == [str(one.pk) for one in (old, fresh, done)]
    assert page.count("超期未答复") == 1
    assert NUMBER in page  # no matter that the viewer may open, so no link
    assert f'href="/desk/cases/{NUMBER}/"' not in page
    answered = text(client.get(ORDERS, {"state": "answered"}))
    assert re.findall(r'href="/desk/orders/(\d+)/"', answered) == [str(done.pk)]
    assert len(re.findall(r'href="/desk/orders/(\d+)/"', text(client.get(ORDERS, {"state": "x"})))) == 3


# --- reasons -----------------------------------------------------------------------------------------------
def test_a_reason_is_owed_written_and_shown(present: Watch, at: datetime) -> None:
    row = owe_reason(at, NUMBER)
    OverrunReason.objects.update(public=True)
    client = browse(present.clerk)
    page = text(client.get(OVERRUNS))
    for says in ("超承诺期限", "最迟", "会公开，也会告诉申请人", "说明并公开"):
        assert says in page
    assert "由承办机构说明" in text(browse(present.county).get(OVERRUNS))
    answer = client.post(OVERRUNS, {"overrun": str(row.pk), f"reason-{row.pk}": BECAUSE})
    assert (answer.status_code, answer["Location"]) == (302, OVERRUNS)
    page = text(client.get(OVERRUNS))
    assert "已说明" in page
    assert BECAUSE in page
    assert "说明并公开</button>" not in page


def test_a_reason_late_and_not_for_the_public_says_so(present: Watch, at: datetime) -> None:
    owe_reason(at - timedelta(days=30), NUMBER)
    page = text(browse(present.clerk).get(OVERRUNS))
    for says in ("逾期没有说明", "只告知本人", "说明，只告知本人"):
        assert says in page


@pytest.mark.parametrize(
    ("who", "reason", "status", "says"),
    [
        ("clerk", "太忙了", 422, "至少 10 个字"),
        ("clerk", "申请人 13900000051 一直联系不上", 422, "身份证号和手机号码"),
        ("clerk", "忙" * 401, 422, "最多 400 个字"),
        ("county", BECAUSE, 403, "由承办机构办理"),
        ("elsewhere", BECAUSE, 404, "找不到这项说明"),
    ],
)
def test_a_refused_reason_is_kept(present: Watch, at: datetime, who: str, reason: str, status: int, says: str) -> None:
    row = owe_reason(at, NUMBER)
    answer = browse(getattr(present, who)).post(OVERRUNS, {"overrun": str(row.pk), f"reason-{row.pk}": reason})
    assert answer.status_code == status
    assert says in text(answer)
    assert reason in text(answer)
    row.refresh_from_db()
    assert row.written_at is None


def test_a_reason_written_twice_keeps_the_second_writers_words(present: Watch, at: datetime) -> None:
    row = owe_reason(at, NUMBER)
    actions.explain_overrun(by=present.clerk, at=at, reason_id=row.pk, reason=BECAUSE)
    answer = browse(present.leader).post(
        OVERRUNS, {"overrun": str(row.pk), f"reason-{row.pk}": "单位领导也写了一段说明。"}
    )
    assert answer.status_code == 409
    assert "单位领导也写了一段说明。" in text(answer)
    for nonsense in ("", "x", "9" * 400, "-1"):
        assert browse(present.clerk).post(OVERRUNS, {"overrun": nonsense}).status_code in (404, 422)


def test_a_list_that_is_cut_says_so(present: Watch, at: datetime) -> None:
    numbers = [f"x-{number}" for number in range(101)]
    run_clocks(at, numbers, start=started(at, worked=11), kind="case")
    client = browse(present.clerk)
    assert "只列出前 100 份，全部的请导出表格" in text(client.get(ORDERS))
    assert len(sheet(client.get("/desk/orders.xlsx"))) == 102
    assert "只列出前 100 件" in text(client.get(OVERRUNS))


# --- the public page ---------------------------------------------------------------------------------------
def test_the_public_page_and_feed_name_no_person_and_no_matter(at: datetime, settings: Any, tmp_path: Any) -> None:
    """A real matter: the township said nothing for weeks, and then why."""
    settings.WEIMIN_FILES = str(tmp_path)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cast = make_cast(at - timedelta(days=60))
    done = hand_in(cast, at - timedelta(days=60))
    look(at)
    row = OverrunReason.objects.filter(agency_id=cast.clerk.agency_id).get()
    actions.explain_overrun(by=cast.clerk, at=at, reason_id=row.pk, reason=BECAUSE)
    client = Client()
    page, feed = text(client.get(PUBLIC)), client.get(FEED)
    (shown,) = feed.json()["rows"]
    assert shown["item"] == "城乡居民基本养老保险待遇申领"
    assert (shown["township"], shown["agency"]) == ("怀远县榴城镇", "榴城镇便民服务中心")
    assert (shown["reason"], shown["limit"]) == (BECAUSE, "受理审查的法定期限")
    assert (shown["published"], shown["finished"]) == (local_date(at).isoformat(), local_date(at).isoformat())
    for says in (shown["item"], "怀远县榴城镇", BECAUSE, "法定期限"):
        assert says in page
    for private in (done.number, cast.applicant.name, cast.clerk.name, cast.reviewer.name, "13900000051"):
        assert private not in page + feed.content.decode()


def test_the_public_page_is_narrowed_and_paged(present: Watch, at: datetime) -> None:
    bodies = [(f"{TOWN}-centre", TOWN), (f"{OTHER_TOWN}-centre", OTHER_TOWN)]
    for place in range(60):
        body, town = bodies[place % 2 == 1 and place < 10]
        owe_reason(at, f"x-{place}", body=body, place=town)
    OverrunReason.objects.update(public=True, reason=BECAUSE, written_at=at)
    client = Client()
    first = text(client.get(PUBLIC))
    assert first.count(BECAUSE) == 50
    following = re.search(r'href="(\?[^"]+)">下一页', first)
    assert following
    second = text(client.get(PUBLIC + following.group(1)))
    assert second.count(BECAUSE) == 10
    assert "回到第一页" in second
    page = client.get(FEED).json()
    rest = client.get(f"{FEED}?after={page['next']}").json()  # as it stands in the feed
    assert (len(page["rows"]), len(rest["rows"]), rest["next"]) == (50, 10, "")
    assert len(client.get(FEED, {"township": OTHER_TOWN}).json()["rows"]) == 5
    assert "现在看的是怀远县" in text(client.get(PUBLIC, {"township": OTHER_TOWN}))
    for unknown in ("340321000000", "x", "\x00", "9" * 400):
        assert text(client.get(PUBLIC, {"township": unknown})).count(BECAUSE) == 50


def test_what_is_owed_or_private_is_not_public(present: Watch, at: datetime) -> None:
    owe_reason(at, "x")
    row = owe_reason(at, "y")
    actions.explain_overrun(by=present.clerk, at=at, reason_id=row.pk, reason=BECAUSE)
    assert "没有超期的" in text(Client().get(PUBLIC))
    assert Client().get(FEED).json() == {"rows": [], "next": ""}


# --- findings ----------------------------------------------------------------------------------------------
@pytest.fixture
def found(present: Watch, at: datetime) -> Finding:
    """A clock that somebody began weeks back, and one elsewhere."""
    warn(at, NUMBER, kind="case")
    warn(at, "far", body="340302100000-centre", place="340302100000")
    actions.scan_clocks(by=SYSTEM, at=at)
    return Finding.objects.get(subject_id=NUMBER)


def test_clocks_are_looked_at_now_and_findings_explained(present: Watch, at: datetime, found: Finding) -> None:
    client = browse(present.county)
    answer = client.post(INTEGRITY, {"do": "scan"})
    assert answer["Location"] == f"{INTEGRITY}?looked=2&flagged=2"
    page = text(client.get(answer["Location"]))
    assert "查了近 30 天的 2 个时钟，2 个有要看的情形" in page
    assert "事后倒填日期 1 条" in page
    assert NUMBER in page  # no matter that the viewer may open, so no link
    assert f'href="/desk/cases/{NUMBER}/"' not in page
    assert found.evidence in page
    sent = {"finding": str(found.pk), "sound": "yes", "words": "停电，次日补录，有记录"}
    answer = client.post(f"{INTEGRITY}?pattern=backdated&unseen=1", sent)
    assert answer["Location"] == f"{INTEGRITY}?pattern=backdated&unseen=1"
    assert f'id="n{found.pk}"' not in text(client.get(answer["Location"]))
    page = text(client.get(INTEGRITY, {"pattern": "backdated"}))
    for says in ("正常</span>", "停电，次日补录，有记录", present.county.label, "重写"):
        assert says in page
    assert f'id="n{found.pk}"' not in text(client.get(INTEGRITY, {"pattern": "burst"}))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"sound": "yes", "words": "没事"}, "请写明核查结果（至少 5 个字）"),
        ({"sound": "", "words": "停电，次日补录，有记录"}, "请选择正常还是有问题"),
        ({"sound": "no", "words": "查" * 401}, "最多 400 个字"),
    ],
)
def test_a_refused_look_keeps_what_was_typed(present: Watch, found: Finding, sent: dict[str, str], says: str) -> None:
    answer = browse(present.county).post(INTEGRITY, {"finding": str(found.pk), **sent})
    page = text(answer)
    assert answer.status_code == 422
    assert says in page
    assert f'name="words" value="{sent["words"]}"' in page
    assert page.count(" checked>") == bool(sent["sound"])
    assert Finding.objects.get(pk=found.pk).sound is None


def test_a_look_at_anothers_finding_is_refused_and_kept(present: Watch, found: Finding) -> None:
    sent = {"finding": str(found.pk), "sound": "yes", "words": "停电，次日补录，有记录"}
    answer = browse(present.other_county).post(INTEGRITY, sent)
    assert answer.status_code == 404
    assert "找不到这条异常" in text(answer)
    assert "停电，次日补录，有记录" in text(answer)


# --- spreadsheets ------------------------------------------------------------------------------------------
def test_spreadsheets_hold_the_list_with_its_filters_and_no_formula(present: Watch, at: datetime) -> None:
    row = warn(at, NUMBER, level=Level.LAW, kind="case")
    clerk, judge = browse(present.clerk), browse(present.county)
    assert clerk.post(f"{LIST}{row.pk}/", {"do": "contest", "reason": BAD}).status_code == 302
    order = Order.objects.get()
    assert clerk.post(f"{ORDERS}{order.pk}/", {"do": "answer", "answer": BAD}).status_code == 302
    actions.scan_clocks(by=SYSTEM, at=at)
    sent = {"finding": str(Finding.objects.get().pk), "sound": "no", "words": "+" + BAD}
    assert judge.post(INTEGRITY, sent).status_code == 302
    rows = sheet(judge.get("/desk/warnings.xlsx"))
    assert rows[0][:4] == ("等级", "内容", "编号", "承办机构")
    assert [one[0] for one in rows[1:]] == ["超法定期限", "超承诺期限", "红色预警", "黄色预警"]
    assert rows[1][2:5] == (NUMBER, "榴城镇便民服务中心", "怀远县榴城镇")
    assert rows[1][7:11] == ("监督员", "计时中", "已申诉，待复核", "'" + BAD)
    assert len(sheet(judge.get("/desk/warnings.xlsx", {"level": "4"}))) == 2
    rows = sheet(judge.get("/desk/orders.xlsx"))
    assert (rows[1][0], rows[1][9]) == ("已答复，待认可", "'" + BAD)
    assert len(sheet(judge.get("/desk/orders.xlsx", {"state": "open"}))) == 1
    rows = sheet(judge.get("/desk/integrity.xlsx"))
    assert (rows[1][0], rows[1][2], rows[1][7], rows[1][8]) == ("事后倒填日期", NUMBER, "有问题", "'+" + BAD)
    assert len(sheet(judge.get("/desk/integrity.xlsx", {"unseen": "1"}))) == 1
    for path in ("/desk/warnings.xlsx", "/desk/orders.xlsx"):
        assert len(sheet(browse(present.elsewhere).get(path))) == 1, "others get the head alone"


# --- outsiders ---------------------------------------------------------------------------------------------
STAFF_PAGES = [LIST, f"{LIST}1/", ORDERS, f"{ORDERS}1/", OVERRUNS, INTEGRITY]
SHEETS = ["/desk/warnings.xlsx", "/desk/orders.xlsx", "/desk/integrity.xlsx"]


@pytest.mark.parametrize("path", STAFF_PAGES + SHEETS)
def test_only_staff_in_a_post_open_these_pages(client: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/desk/login/")
    log_in_by_phone(client, "13900000061")
    assert client.get(path)["Location"].startswith("/desk/login/")
    assert client.post(path).status_code == 403
    assert browse(Actor(kind="staff", name="", account_id=make_staff())).get(path).status_code == 403


def test_staff_of_other_places_find_nothing(present: Watch, at: datetime) -> None:
    order = ordered(present, at)
    for who in (present.elsewhere, present.other_county, present.county_leader):
        client = browse(who)
        for path in (f"{LIST}{order.warning_id}/", f"{ORDERS}{order.pk}/"):
            assert client.get(path).status_code == 404
            assert client.post(path, {"do": "answer", "answer": SAID}).status_code == 404
    assert browse(present.city).get(f"{LIST}{Warning.objects.latest('pk').pk + 1}/").status_code == 404


@pytest.mark.parametrize("who", ["clerk", "leader", "county_leader"])
def test_findings_are_closed_to_all_but_supervisors(present: Watch, who: str) -> None:
    client = browse(getattr(present, who))
    assert client.get(INTEGRITY).status_code == 403
    assert client.post(INTEGRITY, {"do": "scan"}).status_code == 403
    assert client.get("/desk/integrity.xlsx").status_code == 403


@pytest.mark.parametrize("path", [LIST, ORDERS, *SHEETS, PUBLIC, FEED])
def test_lists_are_only_read(present: Watch, path: str) -> None:
    assert browse(present.county).post(path).status_code == 405
