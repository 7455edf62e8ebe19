"""Somebody says what they need, and finds it; what was asked in vain reaches the list keeper; anybody takes the data."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from tests.journeys.people import look, staff

VAIN = "养蜂有没有补贴"


def _shot(page: Page, name: str) -> None:
    """Keep a picture where one is asked for."""
    if folder := os.environ.get("WEIMIN_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.fixture
def asked_elsewhere(site: str, django_db_blocker: Any) -> None:
    """Two others asked the same in vain."""

    def ask() -> None:
        from weimin.base import clock
        from weimin.kernel.catalogue import actions

        with django_db_blocker.unblock():
            for _ in range(2):
                actions.count_miss(at=clock.now(), text=VAIN, found=True, may_count=lambda _: True)
            connections.close_all()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_plain_sentence_finds_the_item(pages: Callable[[str], Page], size: str) -> None:
    page = pages(size)
    page.goto("/items/")
    page.fill("#q", "那个，我想问问老人瘫痪在床有没有护理费啊")
    page.press("#q", "Enter")
    look(page, "找到")
    first = page.locator(".results li").first
    expect(first).to_contain_text("经济困难失能老年人护理和养老服务补贴")
    _shot(page, f"found-{size}")
    page.goto("/items/?q=孩子不上学")
    look(page, "不用申请，工作人员上门办")
    _shot(page, f"own-{size}")


def test_what_was_asked_in_vain_reaches_the_list_keeper(pages: Callable[[str], Page], asked_elsewhere: None) -> None:
    person = pages("phone")
    person.goto(f"/items/?q={VAIN}")
    look(person, "相近的事")
    for size in ("phone", "desktop"):
        keeper = pages(size)
        staff(keeper, "shi.qingdan")
        keeper.goto("/desk/misses/")
        look(keeper, "养蜂")
        _shot(keeper, f"misses-{size}")
    row = keeper.locator("tr", has_text="养蜂 补贴")
    expect(row).to_contain_text("3")
    row.locator("button").click()
    expect(keeper.locator("tr", has_text="养蜂 补贴")).to_have_count(0)
    keeper.select_option("#kind", "word")
    keeper.click("text=只看这一种")
    look(keeper, "事项里没有的词")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_anybody_takes_the_data(pages: Callable[[str], Page], size: str) -> None:
    page = pages(size)
    page.goto("/")
    page.click("footer >> text=开放数据")
    look(page, "按 GB/T 39046-2020 表 4 的数据项")
    _shot(page, f"data-{size}")
    page.click("summary")
    look(page, "committedDays")
    with page.expect_download() as taken:
        page.click("text=事项表（CSV）")
    assert taken.value.suggested_filename == "items.csv"
