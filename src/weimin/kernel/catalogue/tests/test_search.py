"""What people say finds what they mean."""

from __future__ import annotations

import pytest

from weimin.kernel.catalogue import queries
from weimin.kernel.catalogue.rules import searching
from weimin.kernel.catalogue.types import Filters

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("高龄津贴", "A5-31"),
        ("老人补贴", "A5-31"),
        ("gaolingjintie", "A5-31"),
        ("gljt", "A5-31"),
        ("GLJT", "A5-31"),
        ("高令津贴", "A5-31"),
        ("高龄律贴", "A5-31"),
        ("高龄津帖", "A5-31"),
        ("低保", "A4-19"),
        ("吃低保", "A4-19"),
        ("底保", "A4-19"),
        ("dibao", "A4-19"),
        ("怀远县榴城镇低保怎么办理", "A4-19"),
        ("宅基地盖房", "A9-48"),
        ("生娃上户口", "A7-40"),
        ("五保户", "A4-22"),
        ("讨薪", "A2-11"),
        ("欠工资", "A2-11"),
        ("社保卡丢了", "A3-18"),
        ("报销医药费", "A3-17"),
        ("领养老金", "A3-13"),
        ("领养劳金", "A3-13"),
        ("娃上学", "A1-02"),
        ("gaolinjintie", "A5-31"),
        ("dibaoo", "A4-19"),
        ("zhaijidi", "A9-48"),
        ("zhaijdi", "A9-48"),
        ("没钱吃饭", "A4-23"),
        ("老人死了领钱", "A3-15"),
        ("生病花了很多钱", "A4-24"),
        ("当兵", "A9-59"),
        ("小孩上学", "A1-02"),
        ("失业登记", "A2-06"),
    ],
)
def test_plain_words_slips_and_pinyin(city: None, said: str, code: str) -> None:
    found = queries.search_items(text=said)
    assert code in [one.code for one in found[:3]], [one.name for one in found]


def test_an_everyday_name_does_not_hide_what_shares_its_words(city: None) -> None:
    codes = [one.code for one in queries.search_items(text="低保")]
    assert codes[0] == "A4-19"
    assert "A4-20" in codes
    assert len(queries.search_items(text="老人补贴")) > 1
    assert queries.search_items(text="小孩")


@pytest.mark.parametrize("said", ["", "   ", "'; DROP TABLE", "\\", "&|!:*()", "’‘“”", "a" * 500, "😀", "zz", "的了吗"])
def test_odd_questions_do_no_harm(city: None, said: str) -> None:
    queries.search_items(text=said)


def test_filters_narrow(city: None) -> None:
    every = queries.search_items(text="")
    aged = queries.search_items(text="", filters=Filters(life_event="ageing"))
    assert 0 < len(aged) < len(every)
    assert {one.area for one in queries.search_items(text="", filters=Filters(area="A9"))} == {"A9"}
    online = queries.search_items(text="", filters=Filters(online=True, township="340321113000"))
    assert online
    assert all(one.online for one in online)
    assert queries.search_items(text="", filters=Filters(township="340321113001")) == []


def test_every_item_carries_everyday_names_and_life_events(city: None) -> None:
    for version in queries.list_in_force():
        assert len(version.names) >= 4, version.name
        assert version.life_events, version.name


@pytest.mark.parametrize(
    ("left", "right", "far"),
    [
        ("津贴", "津贴", 0),
        ("高令津贴", "高龄津贴", 1),
        ("高津龄贴", "高龄津贴", 1),
        ("高津贴", "高龄津贴", 1),
        ("天", "地人和", 3),
    ],
)
def test_distance(left: str, right: str, far: int) -> None:
    assert searching.distance(left, right) == far


def test_own_motion_items_are_not_offered_to_applicants(city: None) -> None:
    assert "A1-04" not in [one.code for one in queries.search_items(text="")]
    assert {one.code for one in queries.list_own_motion(township_code="340321113000")} == {"A1-04", "A4-27"}
