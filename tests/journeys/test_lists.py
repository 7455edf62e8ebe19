"""A list keeper changes a row, others check, approve and publish it; everybody reads what changed, and why."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.conftest import SIZES
from tests.journeys.people import look, staff
from tests.journeys.test_policy import listen

DESTITUTE, ORPHANS = "特困人员认定", "孤儿基本生活保障认定"


def look_twice(page: Page, text: str) -> None:
    """See a text on a phone and on a desk, without faults on either."""
    for width, height in (SIZES["phone"], SIZES["desktop"]):
        page.set_viewport_size({"width": width, "height": height})
        look(page, text)


def begin_version(page: Page, list_name: str, name: str) -> str:
    """Find a row of a list and begin its next version; returns the version's address."""
    page.click("nav >> text=清单")
    look_twice(page, "等您办的")
    page.click(f"main a:has-text('{list_name}')")
    page.fill("#q", name)
    page.click("main button:has-text('查找')")
    look_twice(page, name)
    page.get_by_label(f"起草新版本：{name}").click()
    expect(page.locator("h1")).to_contain_text("修改草稿")
    return page.url.removesuffix("edit/")


def section(page: Page, title: str) -> None:
    """Go to a section of the editor by its heading."""
    page.locator("main nav a", has_text=title).first.click()


def test_a_keeper_changes_a_row_and_sees_what_it_will_do_before_sending_it_on(pages: Callable[[str], Page]) -> None:
    keeper = pages("desktop")
    refused = listen(keeper)
    staff(keeper, "shi.qingdan")
    address = begin_version(keeper, "公共服务事项清单", DESTITUTE)
    look_twice(keeper, "这一次调整")

    keeper.locator("#f-trigger").select_option(label="定期评估")
    keeper.locator("#f-reason").fill("声明书可以到窗口现场填，时限缩短一天。")
    section(keeper, "材料")
    keeper.locator("summary", has_text="书面声明和承诺书").click()
    keeper.locator("[id='f-materials.0.note']").fill("签名后拍照，也可以到窗口现场填")
    section(keeper, "时限")
    keeper.locator("[id='f-limits.committed.value']").fill("40")
    keeper.click("text=保存并看对照")
    look_twice(keeper, "承诺时限不能长于法定时限（优化营商环境条例第三十六条）")
    expect(keeper.locator("[id='f-limits.committed.value']")).to_have_value("40")
    expect(keeper.locator("[id='f-materials.0.note']")).to_have_value("签名后拍照，也可以到窗口现场填")
    keeper.locator("a", has_text="承诺时限不能长于").click()
    expect(keeper.locator("[id='f-limits.committed.value']")).to_be_focused()
    keeper.locator("[id='f-limits.committed.value']").fill("24")

    section(keeper, "表单")
    phone, desk = keeper.locator(".device.phone"), keeper.locator(".device:not(.phone)")
    for box in (phone, desk):
        expect(box).to_contain_text("哪些事自己做不了")
        expect(box).to_contain_text("书面声明和承诺书（必交）")
    keeper.locator("summary", has_text="希望怎么供养").click()
    keeper.locator("[id='f-form.pages.6.label']").fill("想在哪里生活")
    for box in (phone, desk):
        expect(box).to_contain_text("想在哪里生活")
    keeper.click("text=保存并看对照")

    keeper.wait_for_url(re.compile(re.escape(address)))
    look_twice(keeper, "3 处不同")
    expect(keeper.locator("main")).to_contain_text("材料·“书面声明和承诺书”·说明")
    expect(keeper.locator("main")).to_contain_text("77 个乡镇（街道）在办")
    keeper.click("text=像群众一样试填")
    look_twice(keeper, "这里填的什么都不会留下")
    keeper.click("text=试着提交")
    look_twice(keeper, "请选择属于哪一种。")
    for label in ("本人", "60 岁以上老人", "在家分散供养"):
        keeper.get_by_label(label, exact=True).check()
    keeper.click("text=试着提交")
    look_twice(keeper, "可以提交。承诺时限 24 个工作日")
    keeper.goto(f"{address}try/")
    expect(keeper.get_by_label("本人", exact=True)).not_to_be_checked()
    keeper.goto(address)
    keeper.click("button:has-text('送牵头部门审核')")
    look_twice(keeper, "已送牵头部门审核，审核期间不能再改")
    expect(keeper.locator("main a:has-text('修改草稿')")).to_have_count(0)
    keeper.goto(f"{address}edit/")
    expect(keeper.locator("h1")).not_to_contain_text("修改草稿")
    assert refused == []


def check(page: Page, address: str, act: str, opinion: str = "") -> None:
    """Open what waits, and pass, return or refuse it."""
    page.click("nav >> text=清单")
    look_twice(page, "等您办的")
    page.locator("section", has_text="等您办的").locator("a", has_text=ORPHANS).click()
    expect(page).to_have_url(address)
    if opinion:
        page.fill("#f-opinion", opinion)
    page.click(f"main button:has-text('{act}')")


def test_a_change_is_checked_returned_mended_approved_and_published(pages: Callable[[str], Page]) -> None:
    keeper = pages("desktop")
    staff(keeper, "shi.qingdan")
    address = begin_version(keeper, "公共服务事项清单", ORPHANS)
    keeper.locator("#f-trigger").select_option(label="群众建议")
    keeper.locator("#f-reason").fill("早一点办好。")
    keeper.locator("[id='f-plain']").fill("父母都不在了的孩子，每月领生活费。")
    keeper.locator("[id='f-limits.committed.value']").fill("15")
    keeper.click("text=保存并看对照")
    keeper.click("button:has-text('送牵头部门审核')")
    look(keeper, "已送牵头部门审核")

    lead, lawyer, head = pages("desktop"), pages("desktop"), pages("desktop")
    staff(lead, "shi.qingdan2")
    check(lead, address, "通过")
    look_twice(lead, "已通过，转到下一个环节")

    staff(lawyer, "shi.fazhi")
    check(lawyer, address, "退回修改")
    look_twice(lawyer, "退回或不同意要写明理由")
    lawyer.fill("#f-opinion", "理由太笼统，请写明依据的是哪条群众建议。")
    lawyer.click("main button:has-text('退回修改')")
    look_twice(lawyer, "已退回修改")

    keeper.goto(address)
    look_twice(keeper, "理由太笼统")
    keeper.click("text=修改草稿")
    expect(keeper.locator("#f-reason")).to_have_value("早一点办好。")
    keeper.locator("#f-reason").fill("三名监护人提出办得太慢，按实际用时缩短到 15 个工作日。")
    keeper.click("text=保存并看对照")
    keeper.click("button:has-text('送牵头部门审核')")
    for page, done in ((lead, "已通过"), (lawyer, "已通过"), (head, "已通过")):
        if page is head:
            staff(head, "shi.lingdao")
        check(page, address, "通过", "同意")
        look_twice(page, done)

    keeper.goto(address)
    look_twice(keeper, "待公布")
    keeper.click("main button:has-text('公布')")
    look_twice(keeper, "已经公布")

    reader = pages("phone")
    reader.goto(f"/lists/service/?q={ORPHANS}")
    look_twice(reader, "第 2 版")
    reader.click(f"main a:has-text('{ORPHANS}')")
    look_twice(reader, "三名监护人提出办得太慢")
    expect(reader.locator(".timeline")).to_contain_text("起因：群众建议")
    reader.click("button:has-text('版对照')")
    look_twice(reader, "第 1 版和第 2 版有什么不同")
    expect(reader.locator("del", has_text="20")).to_be_visible()
    expect(reader.locator("ins", has_text="15")).to_be_visible()
    reader.goto("/items/A4-26/")
    look_twice(reader, "15 个工作日")
    expect(reader.locator("main")).to_contain_text("父母都不在了的孩子")
