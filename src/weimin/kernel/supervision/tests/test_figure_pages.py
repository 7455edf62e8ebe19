"""Figures through HTTP: each number opens as many records as it says, for whom, as a sheet, and what everybody sees."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from weimin.base.clock import local_date
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN, Cast, make_cast
from weimin.kernel.directory import queries as places
from weimin.kernel.supervision.models import PlaceTally, Tally
from weimin.kernel.supervision.queries.figures import Numbers, month_of
from weimin.kernel.supervision.testing import CITY, OTHER_COUNTY, Watch, browse, count_figures, text
from weimin.kernel.supervision.tests.matters import accepted, count_two_in
from weimin.kernel.supervision.web import figures as web
from weimin.kernel.supervision.web.figures import read_month, share_text
from weimin.kernel.supervision.web.public_figures import told
from weimin.ui.testing import sheet

pytestmark = pytest.mark.django_db
PAGE, RECORDS, SHEET, PUBLIC = "/desk/figures/", "/desk/figures/records/", "/desk/figures.xlsx", "/figures/"
RECORDS_SHEET, PUBLIC_SHEET = "/desk/figures/records.xlsx", "/figures.xlsx"


@pytest.fixture
def lived(city: None, db: Any, at: datetime, settings: Any, tmp_path: Any) -> Cast:
    """Three matters that were received and accepted a moment ago, and counted."""
    settings.WEIMIN_FILES = str(tmp_path)
    cast = make_cast(at)
    for _ in range(3):
        accepted(cast, at)
    count_figures(at + timedelta(seconds=1))
    return cast


def numbers_of(page: str) -> list[tuple[str, int]]:
    """Each number that opens records: its address and how many."""
    found = re.findall(r'<a href="(/desk/figures/records/\?[^"]+)"[^>]*>(\d+)</a>', page)
    return [(html.unescape(address), int(many)) for address, many in found]


@pytest.mark.parametrize("who", ["clerk", "leader", "county", "city"])
def test_every_number_opens_as_many_records_as_it_says(lived: Cast, present: Watch, who: str) -> None:
    client = browse(lived.clerk if who == "clerk" else getattr(present, who))
    numbers = numbers_of(text(client.get(PAGE)))
    assert numbers
    for address, many in numbers:
        page = text(client.get(address))
        assert page.count("</tr>") - 1 == many == 3, address
        assert f"：{many}</h1>" in page
        head, *rows = sheet(client.get(address.replace(RECORDS, RECORDS_SHEET)))
        assert head == ("时间", "事项", "编号", "超期")
        assert len(rows) == many and all(str(row[2]) in page for row in rows)


def test_the_records_sheet_holds_the_newest_and_the_page_says_so(lived: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(web, "EXPORT", 2)
    client = browse(lived.clerk)
    address, many = numbers_of(text(client.get(PAGE)))[0]
    page = text(client.get(address))
    assert many == 3 and "表格装最新的 2 条" in page
    _, *rows = sheet(client.get(address.replace(RECORDS, RECORDS_SHEET)))
    assert [row[2] for row in rows] == re.findall(r'href="/desk/cases/([^/]+)/"', page)[:2]


def test_the_records_sheet_is_as_closed_as_the_page(lived: Cast) -> None:
    address = f"{RECORDS_SHEET}?of=steps.accept"
    assert len(sheet(browse(lived.clerk).get(address))) == 4
    assert len(sheet(browse(lived.stranger).get(address))) == 1
    assert browse(lived.clerk).get(f"{RECORDS_SHEET}?of=people.names").status_code == 404


def test_a_leader_sees_matters_by_township_item_and_body(lived: Cast, present: Watch) -> None:
    page = text(browse(present.leader).get(PAGE))
    for says in ("按月", "按乡镇", "按事项", "按机构", "怀远县榴城镇", "榴城镇便民服务中心", "统计到", "满意率"):
        assert says in page
    assert lived.applicant.name not in page


def test_a_clerk_sees_the_steps_of_their_own_body_only(lived: Cast) -> None:
    page = text(browse(lived.clerk).get(PAGE))
    assert "环节" in page
    assert "按乡镇" not in page
    assert numbers_of(text(browse(lived.stranger).get(PAGE))) == []


def test_todays_steps_are_paged_and_none_is_left_out(lived: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(web, "DONE", 2)
    client, address, seen = browse(lived.clerk), f"{PAGE}?kind=accept", []
    for _ in range(2):
        page = text(client.get(address))
        listed = page[page.index('id="today"') :]
        seen.append(re.findall(r'href="/desk/cases/([^/]+)/"', listed))
        further = re.search(r'href="(\?[^"]+after=[^"]+)#today"', listed)
        address = PAGE + html.unescape(further[1]) if further else ""
    assert [len(one) for one in seen] == [2, 1] and not address
    assert len({number for one in seen for number in one}) == 3
    assert "回到最新" in page
    assert "回到最新" not in text(client.get(f"{PAGE}?after=x"))


def test_the_leader_of_a_county_office_sees_its_steps_and_no_empty_months_of_matters(
    lived: Cast, present: Watch
) -> None:
    page = text(browse(present.county_leader).get(PAGE))
    assert "环节（图）" in page
    assert "满意率" not in page


def test_a_city_is_told_by_its_counties_and_a_county_that_asks_for_its_city_by_itself(
    lived: Cast, present: Watch
) -> None:
    far = places.children_of(OTHER_COUNTY)[0].code
    count_two_in(far, Tally.objects.exclude(item="*").get(measure="cases.received"))
    client = browse(present.city)
    page = text(client.get(PAGE))
    assert "按县区" in page and "点县区的名字" in page and "按乡镇" not in page
    opens = re.search(rf'href="(\?[^"]*place={OTHER_COUNTY}[^"]*)"', page)
    assert opens and "办件统计（龙子湖区 " in text(client.get(PAGE + html.unescape(opens[1])))
    title = text(client.get(f"{RECORDS}?of=cases.received&place={CITY}"))
    assert "蚌埠市" in title
    asked = text(browse(present.county).get(f"{PAGE}?place={CITY}"))
    assert "蚌埠市" not in asked[asked.index("<h1>") : asked.index("</h1>")]
    assert "看全部" not in asked.split("本单位今天")[0]


def test_the_sheet_says_what_the_page_says(lived: Cast, present: Watch) -> None:
    rows = sheet(browse(present.leader).get(SHEET))
    assert rows[0][:4] == ("月份", "收件", "办结", "超期办结")
    assert rows[-1][1] == 3
    assert sheet(browse(lived.stranger).get(SHEET))[0][0] == "月份"


def test_a_page_says_when_changes_wait(lived: Cast, present: Watch, at: datetime) -> None:
    client = browse(present.leader)
    assert "正在计入" not in text(client.get(PAGE))
    accepted(lived, at)
    assert "正在计入" in text(client.get(PAGE))


def test_nonsense_in_an_address_is_told_kindly(lived: Cast, present: Watch) -> None:
    client = browse(present.leader)
    for query in ("month=nonsense", "month=2999-01", "month=0001-01", "kind=x"):
        assert client.get(f"{PAGE}?{query}").status_code == 200
    for query in ("of=cases.closed&after=x_y", "of=cases.closed&agency=x&place=x", "late=1&item=zz"):
        assert client.get(f"{RECORDS}?{query}").status_code == 200
    assert client.get(f"{RECORDS}?of=warned.1").status_code == 404
    assert client.get(f"{RECORDS}?of=x'--").status_code == 404


def test_everybody_sees_months_that_are_over_and_nothing_of_few(lived: Cast, at: datetime) -> None:
    last = month_of(local_date(at), 1)
    anyone = Client()
    assert "少于10件" not in text(anyone.get(f"{PUBLIC}?place={TOWN}")).split("</table>")[0]  # this month is not over
    for model in (Tally, PlaceTally):
        model.objects.filter(measure="cases.received").update(day=last, n=9)
    page = text(anyone.get(f"{PUBLIC}?place={TOWN}"))
    assert "少于10件" in page.split("</table>")[0]
    assert "怀远县榴城镇" in page
    assert f"{PUBLIC_SHEET}?place={TOWN}" in page
    assert "少于10件" in [line[1] for line in sheet(anyone.get(f"{PUBLIC_SHEET}?place={TOWN}"))]
    assert "少于10件" not in text(anyone.get(f"{PUBLIC}?place={OTHER_TOWN}")).split("</table>")[0]
    PlaceTally.objects.filter(measure="cases.received").update(n=12)
    assert "12 件" in text(anyone.get(PUBLIC))
    received = [line[1] for line in sheet(anyone.get(PUBLIC_SHEET))]
    assert received[0] == "收件"
    assert 12 in received
    PlaceTally.objects.update(public=False)
    assert "12 件" not in text(anyone.get(f"{PUBLIC}?place=nonsense"))
    assert 12 not in [line[1] for line in sheet(anyone.get(f"{PUBLIC_SHEET}?place=nonsense"))]


@pytest.mark.parametrize(
    ("many", "says", "share"),
    [(0, 0, None), (1, "少于10件", None), (9, "少于10件", None), (10, 10, 0.9), (1234, 1234, 1233 / 1234)],
)
def test_few_are_not_told_and_no_share_is_made_of_them(many: int, says: int | str, share: float | None) -> None:
    counts = {"cases.received": many, "cases.closed": many, "rated.1": many - 1, "rated.5": 1} if many else {}
    assert told(Numbers(counts, late=1)) == (says, says, share, share)


@pytest.mark.parametrize(
    ("late", "base", "says"), [(0, 0, "—"), (1, 4, "3/4 件"), (1, 10, "90.0%"), (0, 9, "9/9 件"), (5, 200, "97.5%")]
)
def test_a_share_of_few_is_told_as_numbers(late: int, base: int, says: str) -> None:
    one = Numbers({"cases.closed": base}, late=late)
    assert share_text(one.share_in_time(base), base) == says


@pytest.mark.parametrize(
    ("text_", "month"), [("2026-09", (2026, 9)), ("2026-12", (2026, 11)), ("2020-01", (2026, 11)), ("x", (2026, 11))]
)
def test_a_month_is_one_of_the_last_three_years(text_: str, month: tuple[int, int]) -> None:
    today = datetime(2026, 11, 25).date()
    found = read_month(text_, today)
    assert (found.year, found.month, found.day) == (*month, 1)
