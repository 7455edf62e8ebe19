"""The main job: a family applies for the old-age allowance, from search to rating."""

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
    "phone": ("13900000011", "周演示", "340300190001010011"),
    "desktop": ("13900000012", "吴演示", "34030019000101002X"),
}


def _apply(page: Page, photo: Path) -> None:
    """Three pages of questions, the photo, the review."""
    look(page, "给谁申请")
    page.click("text=保存并继续")
    look(page, "请选择")
    page.check("input[name=who_for][value=relative]")
    page.fill("#f-elder_name", "老演示")
    page.fill("#f-elder_id", "340321190002281230")
    page.check("input[name=relation][value=child]")
    page.click("text=保存并继续")
    look(page, "身份证号校验不通过")
    expect(page.locator("#f-elder_name")).to_have_value("老演示")
    page.fill("#f-elder_id", "340321190002281237")
    page.click("text=保存并继续")
    page.check("input[name=living][value=home_village]")
    page.select_option("#f-village", index=2)
    page.click("text=保存并继续")
    page.check("input[name=card_type][value=social_card]")
    page.fill("#f-bank_name", "怀远农商银行")
    page.fill("#f-account_number", "6222000000000000001")
    page.click("text=保存并继续")
    look(page, "上传材料")
    page.click("text=保存并继续")
    look(page, "请上传")
    page.set_input_files("#f-material_bank_card", photo)
    page.click("text=保存并继续")
    look(page, "核对后提交")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_family_applies_for_old_age_allowance(
    pages: Callable[[str], Page], worker: Callable[[], str], tmp_path: Path, size: str
) -> None:
    phone, name, id_number = PEOPLE[size]
    photo = tmp_path / "社保卡.png"
    photo.write_bytes(PICTURE)
    me = pages(size)

    me.goto("/")
    look(me, "要办什么事")
    me.fill("#q", "老人补贴")
    me.press("#q", "Enter")
    look(me, "高龄津贴")
    me.click("text=高龄津贴")
    look(me, "谁能办")
    me.select_option("#township", TOWNSHIP)
    me.click("text=选好了")
    me.click("text=看流程图")
    expect(me.locator("[data-drawn]")).to_be_visible()
    me.click("a:has-text('网上申请')")
    log_in_by_code(me, phone)
    give_identity(me, name, id_number, "340321100200")
    _apply(me, photo)
    me.click("text=确认提交")
    look(me, "提交成功")
    number = number_on(me)
    look(me, "为什么是这一天")

    clerk = pages("desktop")
    staff(clerk, "liucheng.shouli")
    look(clerk, "高龄津贴")
    open_matter(clerk, number)
    look(clerk, "我来办")
    receipt = clerk.request.get(clerk.locator("a:has-text('收件凭证')").get_attribute("href") or "")
    assert receipt.ok and receipt.body().startswith(b"%PDF")
    clerk.click("text=一次性告知补正")
    clerk.check("input[name=ask][value=bank_card]")
    clerk.fill("#what_bank_card", "卡号看不清，请重拍")
    clerk.click("text=发出补正告知")
    look(clerk, "等您补正材料")

    me.reload()
    look(me, "卡号看不清，请重拍")
    me.click("text=补齐提交")
    look(me, "还没有补")
    me.set_input_files("#f-material_bank_card", photo)
    me.click("text=补齐提交")
    look(me, "您已补正")

    open_matter(clerk, number)
    clerk.click("main button:has-text('受理')")
    look(clerk, "已受理，办理中")
    assert (
        clerk.request.get(clerk.locator("a:has-text('受理通知书')").get_attribute("href") or "")
        .body()
        .startswith(b"%PDF")
    )

    reviewer = pages("desktop")
    staff(reviewer, "liucheng.shenhe", "社会事务")
    open_matter(reviewer, number)
    reviewer.check("input[name=outcome][value=agree]")
    reviewer.fill("#opinion", "已上门核实，情况属实")
    reviewer.click("button:has-text('提交意见')")
    look(reviewer, "乡镇初审：同意")

    county = pages("desktop")
    staff(county, "huaiyuan.shenhe", "民政局")
    open_matter(county, number)
    county.check("input[name=outcome][value=agree]")
    county.click("button:has-text('提交意见')")
    decider = pages("desktop")
    staff(decider, "huaiyuan.shenpi", "民政局")
    open_matter(decider, number)
    decider.click("text=签发决定")
    look(decider, "决定要写明理由和依据")
    decider.check("input[name=outcome][value=approve]")
    decider.fill("#reasons", "年满 80 周岁，符合高龄津贴发放条件。")
    decider.click("text=签发决定")
    look(decider, "已作出决定")
    open_matter(county, number)
    county.click("text=结果已制作，转出件")
    look(county, "结果已出")
    worker()

    me.reload()
    look(me, "结果可以领取了")
    code = me.locator(".pickup").inner_text()
    issuer = pages("desktop")
    staff(issuer, "liucheng.chujian")
    open_matter(issuer, number)
    issuer.fill("#code", "000000")
    issuer.click("text=发放，办结")
    look(issuer, "取件码不对")
    issuer.fill("#code", code)
    issuer.click("text=发放，办结")
    look(issuer, "已办结")
    worker()

    me.reload()
    look(me, "已办结")
    for step in (
        "收到您的申请",
        "需要您补正",
        "您已补正",
        "已受理",
        "已完成审核",
        "已作出决定",
        "结果已领取",
    ):
        expect(me.locator(".timeline")).to_contain_text(step)
    me.locator(".timeline a:has-text('为什么')").first.click()
    look(me, "起算，当天不计入")
    me.go_back()
    me.click("text=评价这次办事")
    look(me, "这次办得怎么样")
    me.check("input[name=grade][value='1']")
    me.fill("#comment", "没跑县城，很方便")
    me.click("text=提交评价")
    look(me, "已评价：非常满意")
    me.goto("/my/messages/")
    look(me, "结果可以领取")
    me.goto("/my/reads/")
    look(me, "怀远县民政局")
    me.goto("/my/")
    look(me, "已办结")
