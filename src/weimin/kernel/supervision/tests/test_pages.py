"""Warnings through HTTP: figures, filters, pages by key, one warning with its forms, and what is refused and kept."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from weimin.base import clock
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.types import Level
from weimin.kernel.supervision import actions
from weimin.kernel.supervision.models import Order, Warning
from weimin.kernel.supervision.testing import Watch, browse, count_figures, run_clocks, started, text, warn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
LIST = "/desk/warnings/"
WHY = "材料当天已办完，系统里晚录了半天。"
NUMBER = "340321113-261102-00001"


@pytest.fixture
def at(city: None) -> datetime:
    """Now, for pages read the wall clock; at a weekend or on a holiday the same time of the last day that was worked.

    A limit whose last day is over is overrun on the day after, also when that is a Saturday: nothing is just due then.
    """
    now, works = clock.now(), limits.get_calendar().works
    while not works(clock.local_date(now)):
        now -= timedelta(days=1)
    return now


def page_of(row: Warning) -> str:
    return f"{LIST}{row.pk}/"


def rows_of(page: str) -> list[str]:
    """The ids of the warnings in a list, as it orders them."""
    return re.findall(r'<td><a href="/desk/warnings/(\d+)/">', page)


# --- the list of warnings ----------------------------------------------------------------------------------
def test_every_number_opens_as_many_warnings_as_it_says(present: Watch, at: datetime) -> None:
    rows = [warn(at, str(number), level=Level.LAW) for number in range(3)]
    warn(at, "9", level=Level.RED, body="340321113000-social")
    client, judge = browse(present.clerk), browse(present.county)
    for row in rows:
        assert client.post(page_of(row), {"do": "contest", "reason": WHY}).status_code == 302
    for row, verdict in zip(rows, ("lift", "uphold"), strict=False):
        sent = {"do": "judge", "verdict": verdict, "reason": "查过收件记录"}
        assert judge.post(page_of(row), sent).status_code == 302
    count_figures(at + timedelta(minutes=5))
    page = text(judge.get(LIST))
    assert len(rows_of(page)) == 14
    numbers = re.findall(r'<td><a href="(\?[^"]+)#list"[^>]*>(\d+)</a></td>', page)
    assert [int(count) for _, count in numbers[:20]] == [4, 0, 0, 0, 4, 4, 0, 0, 0, 4, 3, 0, 0, 0, 3, 3, 1, 1, 1, 2]
    assert len(numbers) == 20 + 2 * 6
    for query, count in numbers:
        assert len(rows_of(text(judge.get(LIST + query)))) == int(count), query
    for says in ("近 90 天", "监督员", "榴城镇便民服务中心", "申诉复核", "1 条等您复核", "计数＝发出－复核撤销"):
        assert says in page


def test_a_list_says_what_waits_for_its_viewer(present: Watch, at: datetime) -> None:
    warn(at, NUMBER, level=Level.LAW, kind="case")
    page = text(browse(present.clerk).get(LIST))
    assert "1 份等本单位答复" in page
    assert "1 件等本单位说明" in page
    assert "时钟异常" not in page
    assert NUMBER in page  # no matter that the viewer may open, so no link
    assert f'href="/desk/cases/{NUMBER}/"' not in page
    assert "没有这样的预警" in text(browse(present.elsewhere).get(LIST))


@pytest.mark.parametrize(
    ("query", "many"),
    [
        ({}, 6),
        ({"level": "4"}, 1),
        ({"level": "2"}, 2),
        ({"running": "1"}, 6),
        ({"contest": "contested"}, 0),
        ({"days": "365", "level": "1"}, 2),
        ({"agency": "999999"}, 0),
        ({"level": "9", "contest": "x", "days": "7", "agency": "-1", "running": "yes"}, 6),
        ({"level": "\x00", "days": "9" * 400, "agency": "9" * 400}, 6),
    ],
)
def test_filters_and_what_they_do_not_know(present: Watch, at: datetime, query: dict[str, str], many: int) -> None:
    warn(at, "1", level=Level.LAW)
    warn(at, "2", level=Level.RED)
    answer = browse(present.city).get(LIST, query)
    assert answer.status_code == 200
    assert len(rows_of(text(answer))) == many


def test_a_long_list_is_paged_by_key_and_loses_nothing(present: Watch, at: datetime) -> None:
    """Sixty yellow ones, many of the same moment."""
    for minute in range(3):
        run_clocks(at + timedelta(minutes=minute), [f"{minute}-{n}" for n in range(20)], start=started(at, worked=4))
    client = browse(present.city)
    first = text(client.get(LIST, {"level": "1"}))
    assert len(rows_of(first)) == 50
    assert "回到第一页" not in first
    following = re.search(r'href="(\?[^"]*after=[^"]+)#list">下一页', first)
    assert following
    second = text(client.get(LIST + following.group(1)))
    assert "回到第一页" in second
    assert "下一页" not in second
    assert len({*rows_of(first), *rows_of(second)}) == 60
    assert [int(one) for one in rows_of(first) + rows_of(second)] == sorted(
        Warning.objects.values_list("pk", flat=True), reverse=True
    )


@pytest.mark.parametrize(
    "after", ["x", "_", "2026-01-01_", "2026-01-01_5", "0001-01-01T00:00:00Z_1", "9999-12-31T23:59:59Z_9", "\x00_1"]
)
def test_a_key_that_cannot_be_read_is_the_first_page(present: Watch, at: datetime, after: str) -> None:
    warn(at)
    for path in (LIST, "/overruns/", "/overruns.json"):
        assert browse(present.city).get(path, {"after": after}).status_code == 200
    assert len(rows_of(text(browse(present.city).get(LIST, {"after": after})))) == 1


# --- one warning -------------------------------------------------------------------------------------------
def test_a_warning_is_contested_judged_and_ordered_on_its_page(present: Watch, at: datetime) -> None:
    row = warn(at, level=Level.RED)
    path, clerk, judge = page_of(row), browse(present.clerk), browse(present.county)
    page = text(clerk.get(path))
    for says in ("红色预警", "为什么是这一天", "承办人", "承办机构负责人", "没有到这一级", "最迟", "为什么不认可"):
        assert says in page
    assert "复核结果" not in page
    assert "签发督办单</button>" not in page
    answer = clerk.post(path, {"do": "contest", "reason": WHY})
    assert (answer.status_code, answer["Location"]) == (302, path)
    page = text(clerk.get(path))
    assert WHY in page
    assert present.clerk.label in page
    assert "最迟复核" in page
    assert 'value="contest"' not in page
    assert judge.post(path, {"do": "judge", "verdict": "uphold", "reason": "收件时间有据可查"}).status_code == 302
    assert judge.post(path, {"do": "order", "text": "两天内办完并答复"}).status_code == 302
    page = text(clerk.get(path))
    for says in ("复核维持", "收件时间有据可查", present.county.label, "待答复"):
        assert says in page
    assert 'value="order"' not in text(judge.get(path)), "one order at a time"


@pytest.mark.parametrize(
    ("who", "sent", "status", "says"),
    [
        ("clerk", {"do": "contest", "reason": "不认可的"}, 422, "至少 10 个字"),
        ("clerk", {"do": "contest", "reason": "很" * 401}, 422, "最多 400 个字"),
        ("clerk", {"do": "nothing", "reason": WHY}, 422, "请点页面上的按钮"),
        ("clerk", {"do": "judge", "verdict": "lift", "reason": WHY}, 403, "由监督员办理"),
        ("clerk", {"do": "order", "text": "两天内办完"}, 403, "由监督员或单位领导签发"),
        ("county", {"do": "contest", "reason": WHY}, 403, "由承办机构办理"),
        ("county", {"do": "judge", "verdict": "lift", "reason": WHY}, 409, "没有待复核的申诉"),
        ("county", {"do": "order", "text": "快"}, 422, "要做到什么"),
    ],
)
def test_a_refused_form_says_why_and_keeps_what_was_typed(
    present: Watch, at: datetime, who: str, sent: dict[str, str], status: int, says: str
) -> None:
    row = warn(at)
    answer = browse(getattr(present, who)).post(page_of(row), sent)
    page = text(answer)
    assert answer.status_code == status
    assert says in page
    assert (sent.get("reason") or sent["text"]) in page
    assert not Warning.objects.exclude(contest="").exists()
    assert not Order.objects.exists()


def test_a_verdict_has_to_be_chosen(present: Watch, at: datetime) -> None:
    row = warn(at)
    actions.contest_warning(by=present.clerk, at=at, warning_id=row.pk, reason=WHY)
    client = browse(present.county)
    answer = client.post(page_of(row), {"do": "judge", "verdict": "maybe", "reason": "查过收件记录"})
    assert answer.status_code == 422
    assert "请选择维持还是撤销" in text(answer)
    assert ">查过收件记录</textarea>" in text(answer)
    answer = client.post(page_of(row), {"do": "judge", "verdict": "lift", "reason": "没"})
    assert answer.status_code == 422
    assert 'value="lift" checked' in text(answer)


def test_who_comes_second_keeps_the_words(present: Watch, at: datetime) -> None:
    row = warn(at)
    assert browse(present.clerk).post(page_of(row), {"do": "contest", "reason": WHY}).status_code == 302
    answer = browse(present.leader).post(page_of(row), {"do": "contest", "reason": "单位领导也写了一段理由。"})
    assert answer.status_code == 409
    assert "没有提交，需要时可以复制" in text(answer)
    assert "单位领导也写了一段理由。" in text(answer)


def test_a_warning_of_long_ago_is_not_contested_any_more(present: Watch, at: datetime) -> None:
    row = warn(at - timedelta(days=30))
    client = browse(present.clerk)
    page = text(client.get(page_of(row)))
    assert "没有申诉。申诉到" in page
    assert 'value="contest"' not in page
    answer = client.post(page_of(row), {"do": "contest", "reason": WHY})
    assert answer.status_code == 409
    assert "申诉要在预警后 3 个工作日内提出" in text(answer)
    assert WHY in text(answer)


def test_what_people_wrote_is_text_and_no_markup(present: Watch, at: datetime) -> None:
    row = warn(at)
    client = browse(present.clerk)
    client.post(page_of(row), {"do": "contest", "reason": "<script>alert(1)</script>不认可"})
    assert "<script>alert(1)</script>" not in client.get(page_of(row)).content.decode()
    unstorable = browse(present.county).post(page_of(row), {"do": "order", "text": "两天内办完\x00并答复"})
    assert unstorable.status_code == 400
    assert "无法识别的字符" in text(unstorable)
