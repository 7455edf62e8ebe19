"""What the gate asks for, what law bars, and when a matter may pass; without a database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from weimin.apps.taskadmission import rules
from weimin.apps.taskadmission.testing import COMPLETE, form
from weimin.apps.taskadmission.types import FORMS, OpinionFacts

TODAY = date(2026, 3, 2)


def test_a_complete_form_has_no_fault() -> None:
    reading = rules.read_task(COMPLETE, today=TODAY)
    assert (reading.faults, reading.barred) == ({}, {})
    assert (reading.starts, reading.ends, reading.amount) == (date(2026, 3, 5), date(2026, 6, 30), Decimal(20000))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "短"}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"content": "做"}, "content"),
        ({"basis": " "}, "basis"),
        ({"people": ""}, "people"),
        ({"contact": ""}, "contact"),
        ({"places": ()}, "places"),
        ({"target": "city"}, "places"),
        ({"responsible": ""}, "responsible"),
        ({"field": "x"}, "field"),
        ({"starts": "三月"}, "starts"),
        ({"ends": "2026-02-30"}, "ends"),
        ({"ends": "2026-03-04"}, "ends"),
        ({"starts": "2026-03-01"}, "starts"),
        ({"content": "请村民王某（34032119000101 0012）每天两次巡查田块"}, "content"),
        ({"people": "由张某负责，电话 139-0000-0101"}, "people"),
        ({"title": "找１３９０００００１０１帮忙"}, "title"),
        ({"amount": ""}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "Infinity"}, "amount"),
        ({"amount": "1e30"}, "amount"),
        ({"amount": "0"}, "zero_reason"),
        ({"amount_source": ""}, "amount_source"),
    ],
)
def test_each_missing_or_wrong_part_is_named_by_its_field_alone(changes: dict[str, Any], field: str) -> None:
    assert list(rules.read_task(form(**changes), today=TODAY).faults) == [field]


def test_nothing_filled_in_names_every_part_at_once() -> None:
    faults = rules.read_task(
        form(**dict.fromkeys(("title", "basis", "amount", "people", "contact", "ends"), "")), today=TODAY
    )
    assert set(faults.faults) == {"title", "basis", "amount", "people", "contact", "ends"}


@pytest.mark.parametrize(
    "text",
    [
        "县财政一半，乡镇配套一半",
        "由村里自筹",
        "街道先行垫付",
        "配套资金由乡镇安排",
        "乡 镇 自行解决",
        "不足部分村里自筹",
    ],
)
def test_townships_and_villages_are_not_made_to_pay_their_share(text: str) -> None:
    """Plan item 6."""
    for name in ("amount_source", "people"):
        assert rules.NO_MATCHING in rules.read_task(form(**{name: text}), today=TODAY).barred[name]
    free = rules.read_task(form(amount="0", zero_reason=text), today=TODAY)
    assert rules.NO_MATCHING in free.barred["zero_reason"]


@pytest.mark.parametrize(
    "text", ["县财政全额，不要乡镇配套", "县级专项，无需村里自筹", "省里配套资金", "县级财政环保专项"]
)
def test_money_that_the_county_pays_itself_is_no_matching_money(text: str) -> None:
    assert not rules.read_task(form(amount_source=text), today=TODAY).barred


LAWS = (
    {"title": "中华人民共和国演示法", "short": "演示法", "from": date(2010, 1, 1), "until": date(2026, 3, 2)},
    {"title": "新演示条例", "short": "新演示条例", "from": date(2026, 3, 3), "until": None},
    {"title": "续演示法", "short": "续演示法", "from": date(2000, 1, 1), "until": date(2020, 1, 1)},
    {"title": "续演示法", "short": "续演示法", "from": date(2020, 1, 1), "until": None},
)


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        ("《演示法》第三条", "失效"),
        ("《中华人民共和国演示法》第三条", "失效"),
        ("演示法第三条", "失效"),
        ("《续演示法》第一条、《演示法》第二条", "失效"),
        ("《新演示条例》第一条", "起才施行"),
        ("《续演示法》第一条", ""),
        ("县委 2026 年第 3 号文件", ""),
        ("《不在登记里的办法》第一条", ""),
    ],
)
def test_a_basis_that_is_not_in_force_on_the_day_is_refused(basis: str, said: str) -> None:
    fault = rules.read_task(form(basis=basis), today=TODAY, laws=LAWS).faults.get("basis", "")
    assert said in fault
    assert bool(fault) is bool(said)


@pytest.mark.parametrize("text", ["办公室 0552-8010000", "第 20260302 号文件", "共 1390000 元"])
def test_a_bodys_telephone_and_plain_numbers_name_nobody(text: str) -> None:
    assert not rules.names_somebody(text)


def test_no_money_needs_a_reason_and_thousands_may_be_parted() -> None:
    assert not rules.read_task(form(amount="0", zero_reason="由部门自己的人去做"), today=TODAY).faults
    assert rules.read_task(form(amount="20,000.50"), today=TODAY).amount == Decimal("20000.50")


@pytest.mark.parametrize("field", sorted(rules.NEVER_VILLAGE))
def test_a_village_is_never_responsible_for_what_the_central_opinion_names(field: str) -> None:
    """T2-33."""
    barred = rules.read_task(form(field=field, responsible="village"), today=TODAY).barred
    assert rules.COMMUNITY in barred["responsible"]
    assert not rules.read_task(form(field=field, responsible="township"), today=TODAY).barred
    assert not rules.read_task(form(field="other", responsible="village"), today=TODAY).barred


@pytest.mark.parametrize("kind", ["order", "", "命令"])
def test_a_village_is_given_no_order(kind: str) -> None:
    """T2-20: there is no type for it, and what is none of the three is barred with the article."""
    assert "order" not in FORMS
    assert rules.GUIDED in rules.read_task(form(target="village", form=kind), today=TODAY).barred["form"]


@pytest.mark.parametrize(("kind", "barred"), [("guide", False), ("assist", False), ("entrusted", True)])
def test_what_is_entrusted_to_a_village_is_paid_for(kind: str, barred: bool) -> None:
    """T2-34."""
    wanted = form(target="village", form=kind, amount="0", zero_reason="村里自己就能办")
    assert ("amount" in rules.read_task(wanted, today=TODAY).barred) is barred


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ([], ["nobody_asked"]),
        ([("asked", False)], ["opinion_missing"]),
        ([("answered", False)], ["opinion_unanswered"]),
        ([("answered", True)], []),
        ([("silent", False)], []),
        ([("answered", True), ("silent", False), ("asked", False)], ["opinion_missing"]),
        ([("asked", False), ("answered", False)], ["opinion_missing", "opinion_unanswered"]),
    ],
)
def test_a_matter_passes_only_with_every_opinion_in_and_answered(
    facts: list[tuple[str, bool]], codes: list[str]
) -> None:
    found = rules.find_blockers(OpinionFacts("榴城镇", state, replied) for state, replied in facts)
    assert [one.code for one in found] == codes
    assert all(one.clause == rules.TAKE_PART for one in found)
