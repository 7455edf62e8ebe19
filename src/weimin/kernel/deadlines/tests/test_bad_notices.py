"""Every notice that cannot be: refused with the fault in words, all faults listed, and nothing kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from weimin.kernel.deadlines import actions, queries, rules
from weimin.kernel.deadlines.models import CalendarNotice
from weimin.kernel.deadlines.testing import AT, KEEPER, OF_2027, text_of
from weimin.kernel.record.models import AuditEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
GOOD = text_of(OF_2027)


def without(*days: str) -> str:
    return "\n".join(line for line in GOOD.splitlines() if line.partition(",")[0] not in days)


def plus(*lines: str) -> str:
    return "\n".join([GOOD.strip(), *lines])


def as_json(**changes: Any) -> str:
    """The same notice as the public lists give it."""
    days = [{"date": one.day.isoformat(), "name": one.name, "isOffDay": not one.works} for one in OF_2027.days]
    return json.dumps({"year": 2027, "papers": ["https://www.gov.cn/1"], "days": days} | changes, ensure_ascii=False)


#: What is wrong, the file, and what each fault says.
FAULTY: list[tuple[str, str, tuple[str, ...]]] = [
    ("a day both off and worked", plus("2027-02-14,春节,休"), ("2027-02-14 既放假又上班",)),
    ("a day twice", plus("2027-02-08,春节,休"), ("2027-02-08 写了两次",)),
    ("a day of another year", plus("2028-03-01,错,休"), ("2028-03-01 不在 2027 年",)),
    ("a weekday made up", plus("2027-03-01,错,班"), ("2027-03-01 本来就是工作日",)),
    ("a day left out", without("2027-02-12"), ("天数对不上：工作日放假 13 天，周末上班 1 天", "现在是 12 天")),
    ("a make-up day left out", without("2027-02-14"), ("天数对不上", "现在是 14 天")),
    ("a holiday left out", without("2027-09-15"), ("没有写中秋节", "天数对不上")),
    ("a fixed day left out", without("2027-10-03"), ("2027-10-03（国庆节）是法定节假日，没有写成放假",)),
    ("a holiday on another day", GOOD.replace("2027-05-01", "2027-05-02"), ("2027-05-01（劳动节）是法定节假日",)),
    (
        "several at once",
        plus("2027-03-01,错,班", "2027-02-08,春节,班"),
        ("2027-03-01 本来就是工作日", "2027-02-08 既放假又上班", "2027-02-08 本来就是工作日"),
    ),
]
UNREADABLE: list[tuple[str, str, str]] = [
    ("empty", "", "文件是空的"),
    ("empty but for its mark", "\ufeff \n", "文件是空的"),
    ("a head and nothing else", "日期,名称,类型\n", "没有日期"),
    ("too long", "x" * 200_001, "文件太大"),
    ("two cells", "2027-01-01,元旦", "第 1 行看不懂"),
    ("neither off nor work", plus("2027-03-01,错,也许"), "第 20 行看不懂"),
    ("a day that does not exist", plus("2027-02-30,春节,休"), "“2027-02-30”不是存在的日期"),
    ("a day in other words", plus("2027年3月1日,春节,休"), "不是存在的日期"),
    ("a null byte", plus("\x00,春节,休"), "不是存在的日期|不是能读的 CSV"),
    ("an open quote", plus('"' + "x" * 140_000), "不是能读的 CSV|第 20 行看不懂"),
    ("another age", "1999-10-01,国庆节,休", "年份 1999 不对"),
    ("JSON cut short", as_json()[:-5], "JSON 里应有 year"),
    ("JSON without days", '{"year": 2027}', "JSON 里应有 year"),
    ("JSON without a year", as_json(year=None), "JSON 里应有 year"),
    ("JSON with another kind of days", as_json(days={"2027-01-01": True}), "JSON 里应有 year"),
    ("JSON with words for off", as_json(days=[{"date": "2027-01-01", "name": "元旦", "isOffDay": "是"}]), "isOffDay"),
    ("JSON with papers in one word", as_json(papers="x"), "JSON 里应有 year"),
    ("JSON without an end", '{"year": 2027, "days": ' + "[" * 100_000, "JSON 里应有 year"),
    ("JSON of another age", as_json(year=19999), "年份 19999 不对"),
]


def propose(text: str, *, number: str = "测试1号") -> int:
    return actions.propose_notice(by=KEEPER, at=AT, text=text, name="2027", number=number)


@pytest.fixture(autouse=True)
def _nothing_kept(loaded: None) -> Any:
    before = CalendarNotice.objects.count(), AuditEntry.objects.count()
    yield
    assert (CalendarNotice.objects.count(), AuditEntry.objects.count()) == before


@pytest.mark.parametrize(("text", "says"), [one[1:] for one in FAULTY], ids=[one[0] for one in FAULTY])
def test_a_notice_that_contradicts_itself_or_leaves_days_out(text: str, says: tuple[str, ...]) -> None:
    with pytest.raises(actions.NoticeBroken, match=r"2027 年放假安排有矛盾：.*请核对原文后重新装入") as refused:
        propose(text)
    faults = "".join(refused.value.fields.values())
    assert [one for one in says if one not in faults] == []


@pytest.mark.parametrize(("text", "says"), [one[1:] for one in UNREADABLE], ids=[one[0] for one in UNREADABLE])
def test_a_file_that_cannot_be_read(text: str, says: str) -> None:
    with pytest.raises(actions.NoticeBroken, match=says):
        propose(text)


def test_a_notice_needs_the_number_of_its_paper() -> None:
    for text in (GOOD, as_json()):
        with pytest.raises(actions.NoticeBroken, match="文号") as refused:
            propose(text, number=" ")
        assert refused.value.fields["number"] == "请填写文号。"


def test_a_year_whose_holidays_are_not_in_the_law_is_refused() -> None:
    with pytest.raises(queries.ParameterMissing, match=r"2010-01-01 适用的法定参数“holiday\.days”"):
        propose(GOOD.replace("2027-", "2010-"))


def test_json_and_csv_of_one_notice_are_the_same() -> None:
    one, other = rules.read_notice(GOOD, name="a.csv"), rules.read_notice(as_json(), name="a.json")
    assert one.days == other.days == OF_2027.days
    assert (one.source, other.source) == ("a.csv", "https://www.gov.cn/1")
    assert rules.check_notice(one, holidays=13) == []
    across = plus("2026-12-31,元旦,休", "2027-12-31,元旦,休", "2027-12-26,元旦,班", "2027-12-25,元旦,班")
    assert rules.check_notice(rules.read_notice(across, name="a"), holidays=13) == [], "days at the turn of the year"


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_the_shipped_notices_have_no_fault(year: int) -> None:
    (notice,) = (one for one in rules.read_shipped_notices() if one.year == year)
    assert rules.check_notice(notice, holidays=11 if year == 2024 else 13) == []
