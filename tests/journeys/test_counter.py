"""A farmer without a phone at the counter: an on-the-spot item, done in one visit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import look, number_on, open_matter, staff

FARMERS = {"phone": ("340321190002281237", "冯演示"), "desktop": ("340322190003032466", "郑演示")}


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_farmer_registers_at_the_counter(pages: Callable[[str], Page], size: str) -> None:
    id_number, name = FARMERS[size]
    clerk = pages(size)
    staff(clerk, "liucheng.shouli")
    clerk.click("text=新办件")
    clerk.fill("#q", "失业")
    clerk.click("main button:has-text('找')")
    look(clerk, "失业登记")
    clerk.click("a:has-text('失业登记')")
    look(clerk, "当面核对身份证")
    clerk.fill("#f-id_number", id_number)
    clerk.fill("#f-name", name)
    clerk.fill("#f-phone", "13900000021")
    clerk.check("input[name=status][value=unemployed]")
    clerk.click("text=收件，出凭证")
    look(clerk, "请选择所在的村或社区")
    expect(clerk.locator("#f-name")).to_have_value(name)
    clerk.select_option("#f-division", index=1)
    clerk.click("text=收件，出凭证")
    look(clerk, "请先看处理个人信息告知书")
    clerk.check("input[name=notice]")
    clerk.click("text=收件，出凭证")
    look(clerk, "我来办")
    number = number_on(clerk)
    clerk.click("main button:has-text('受理')")
    look(clerk, "当场决定")
    clerk.check("input[name=outcome][value=approve]")
    clerk.fill("#reasons", "情况属实，予以登记。")
    clerk.click("text=签发决定")
    look(clerk, "发放，办结")
    clerk.fill("#signed_by", name)
    clerk.click("text=发放，办结")
    look(clerk, "已办结")
    for title in ("收件凭证", "受理通知书", "办理决定书", "送达回证"):
        link = clerk.locator(f"a:has-text('{title}')").get_attribute("href") or ""
        assert clerk.request.get(link).body().startswith(b"%PDF")
    clerk.click("text=办件统计")
    look(clerk, "失业登记")

    stranger = pages("desktop")
    staff(stranger, "changfen.shouli")
    answer = stranger.goto(f"/desk/cases/{number}/")
    assert answer is not None and answer.status == 404
    look(stranger, "不归您查看")
    keeper = pages("desktop")
    staff(keeper, "shi.qingdan")
    keeper.click("text=要核对的事项")
    look(keeper, "凭经验")
    operator = pages("desktop")
    staff(operator, "shi.yunwei")
    operator.click("text=运行情况")
    look(operator, "演示短信")
    open_matter(clerk, number)
