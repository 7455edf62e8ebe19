"""Building a house: homestead approval with the rural planning permit, several bodies side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import (
    PICTURE,
    TOWNSHIP,
    give_identity,
    log_in_by_code,
    look,
    number_on,
    open_matter,
    staff,
)

PEOPLE = {
    "phone": ("13900000031", "王演示", "340323190012317777"),
    "desktop": ("13900000032", "褚演示", "340322190009090050"),
}


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_villager_builds_a_house(pages: Callable[[str], Page], tmp_path: Path, size: str) -> None:
    phone, name, id_number = PEOPLE[size]
    photo = tmp_path / "承诺书.png"
    photo.write_bytes(PICTURE)
    me = pages(size)
    me.goto(f"/items/A9-48/?township={TOWNSHIP}")
    look(me, "宅基地")
    me.click("a:has-text('网上申请')")
    log_in_by_code(me, phone)
    give_identity(me, name, id_number, "340321100200")
    me.fill("input[name=members-0-person]", name)
    me.select_option("select[name=members-0-relation]", "head")
    me.select_option("select[name=members-0-here]", "yes")
    me.check("input[name=plot_now][value=none]")
    me.click("text=保存并继续")
    me.check("input[name=reason][value=split]")
    me.select_option("#f-village", index=1)
    me.fill("#f-place", "村东头老槐树旁")
    me.check("input[name=land_kind][value=idle]")
    me.click("text=保存并继续")
    me.fill("#f-plot_area", "160")
    me.fill("#f-house_area", "120")
    me.fill("#f-floors", "2")
    me.click("text=保存并继续")
    me.check("input[name=neighbours][value=agreed]")
    me.fill("#f-noticed_on", "2026-10-20")
    for box in me.locator("input[name=promises]").all():
        box.check()
    me.click("text=保存并继续")
    look(me, "上传材料")
    me.set_input_files("#f-material_commitment", photo)
    me.set_input_files("#f-material_meeting_record", photo)
    me.click("text=保存并继续")
    me.click("text=确认提交")
    look(me, "提交成功")
    number = number_on(me)

    clerk = pages("desktop")
    staff(clerk, "liucheng.shouli")
    open_matter(clerk, number)
    clerk.click("main button:has-text('受理')")
    look(clerk, "现在在")
    expect(clerk.locator("main")).to_contain_text("自然资源和规划所")
    expect(clerk.locator("main")).to_contain_text("村镇建设办公室")

    reviewer = pages("desktop")
    staff(reviewer, "liucheng.shenhe", "自然资源")
    for post in ("自然资源", "村镇建设", "农业农村"):
        label = reviewer.locator(f"#post option:has-text('{post}')").first.inner_text()
        reviewer.select_option("#post", label=label)
        reviewer.click("text=切换岗位")
        open_matter(reviewer, number)
        reviewer.locator("input[name=outcome]").first.check()
        reviewer.fill("#opinion", "符合规划，四至清楚")
        reviewer.click("button:has-text('提交意见')")
    decider = pages("desktop")
    staff(decider, "liucheng.shenpi", "农业农村")
    open_matter(decider, number)
    look(decider, "乡镇审批决定")
    decider.check("input[name=outcome][value=approve]")
    decider.fill("#reasons", "符合一户一宅和村庄规划，准予。")
    decider.click("text=签发决定")
    look(decider, "已作出决定")
    open_matter(reviewer, number)
    reviewer.click("text=结果已制作，转出件")
    me.reload()
    code = me.locator(".pickup").inner_text()
    clerk.reload()
    open_matter(clerk, number)
    clerk.fill("#code", code)
    clerk.click("text=发放，办结")
    look(clerk, "已办结")
    me.reload()
    look(me, "已办结")
