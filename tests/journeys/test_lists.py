"""A list keeper changes a row, others check, approve and publish it; everybody reads what changed, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import SIZES
from tests.journeys.people import TOWNSHIP, look, staff
from tests.journeys.test_policy import listen
from weimin.kernel.catalogue.tests.test_importing import helping

DESTITUTE, ORPHANS = "特困人员认定", "孤儿基本生活保障认定"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
    keeper.locator("summary", has_text="哪些事自己做不了").click()
    keeper.locator("[id='f-form.pages.5.show_if']").fill("“属于哪一种”选了“老人”")
    keeper.click("text=保存并看对照")
    look_twice(keeper, "“属于哪一种”没有“老人”这个答案，只能是：60 岁以上老人、残疾人、未满 16 周岁。")
    keeper.locator("[id='f-form.pages.5.show_if']").fill("“属于哪一种”选了“60 岁以上老人”或“残疾人”")
    keeper.click("text=保存并看对照")

    keeper.wait_for_url(re.compile(re.escape(address)))
    look_twice(keeper, "4 处不同")
    expect(keeper.locator("main")).to_contain_text("材料·“书面声明和承诺书”·说明")
    expect(keeper.locator("main")).to_contain_text("77 个乡镇（街道）在办")
    expect(keeper.locator("main")).to_contain_text("没有乡镇印过")
    keeper.click("text=像群众一样试填")
    look_twice(keeper, "这里填的什么都不会留下")
    expect(keeper.get_by_label("吃饭")).to_be_hidden()
    keeper.click("text=试着提交")
    look_twice(keeper, "请选择属于哪一种。")
    for label in ("本人", "60 岁以上老人", "在家分散供养"):
        keeper.get_by_label(label, exact=True).check()
    expect(keeper.get_by_label("吃饭")).to_be_visible()
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


def bring(page: Page, name: str, content: bytes) -> None:
    """Upload a workbook of the helping duties."""
    page.goto("/desk/lists/imports/")
    page.locator("#f-list_code").select_option(label="村（居）协助政府工作清单")
    page.locator("#f-file").set_input_files({"name": name, "mimeType": SHEET, "buffer": content})
    page.locator("#f-trigger").select_option(label="定期评估")
    page.locator("#f-reason").fill("年度评估以后调整。")
    page.click("text=上传并核对")
    look_twice(page, "排队中")


def spoilt(book: Any) -> None:
    """What people do to sheets: a row without money, a word that the list does not have, a basis for no row."""
    book["清单"]["F3"] = ""
    book["清单"]["D4"] = "责成"
    book["依据"].append(["XZ-99999", "某法", "第一条", ""])


def merged(book: Any) -> None:
    """Cells merged for looks, and a heading of one's own."""
    book["清单"].merge_cells("B2:B3")
    book["依据"]["C1"] = "哪一条"


def test_a_workbook_with_faults_is_read_row_by_row_and_the_mended_one_goes_its_way(
    pages: Callable[[str], Page], worker: Callable[[], str]
) -> None:
    keeper = pages("desktop")
    refused = listen(keeper)
    staff(keeper, "shi.qingdan")
    keeper.goto("/desk/lists/village_help/")
    look_twice(keeper, "（10 项现行）")
    keeper.click("text=表格导入")
    look_twice(keeper, "还没有导入过")
    keeper.click("text=上传并核对")
    look_twice(keeper, "请选择 xlsx 文件")

    bring(keeper, "协助清单（初稿）.xlsx", helping(5, merged))
    worker()
    look_twice(keeper, "一行也没有导入")
    expect(keeper.locator("tr", has_text="有合并的单元格（B2:B3）")).to_contain_text("清单")
    expect(keeper.locator("tr", has_text="不认识这些标题：哪一条")).to_contain_text("依据")

    bring(keeper, "协助清单（二稿）.xlsx", helping(5, spoilt))
    worker()
    look_twice(keeper, "要改的地方（3 处）")
    for row, text in (("3", "“经费”不能空"), ("4", "没有“责成”"), ("7", "XZ-99999")):
        line = keeper.locator("tr", has_text=text)
        expect(line.locator("td").nth(1)).to_have_text(row)
    keeper.goto("/lists/village_help/")
    expect(keeper.locator("main")).to_contain_text("共 10 项")

    bring(keeper, "协助清单（定稿）.xlsx", helping(5))
    worker()
    look_twice(keeper, "5 行有变化")
    address = keeper.url
    keeper.click("button:has-text('整批送审')")
    look_twice(keeper, "正在审核")
    for who, act in (("shi.qingdan2", "整批通过"), ("shi.fazhi", "整批通过"), ("shi.lingdao", "整批通过")):
        page = pages("desktop")
        staff(page, who)
        page.click("nav >> text=清单")
        look_twice(page, "协助清单（定稿）.xlsx")
        page.click("main a:has-text('协助清单（定稿）.xlsx')")
        page.click(f"button:has-text('{act}')")
        look(page, "正在审核")
    keeper.goto(address)
    keeper.click("button:has-text('整批公布')")
    look_twice(keeper, "已完成")
    worker()
    reader = pages("phone")
    reader.goto("/lists/village_help/")
    look_twice(reader, "共 15 项")
    reader.click("text=协助第 2 项")
    look_twice(reader, "每年 1000 元")
    assert refused == []


def test_a_township_says_where_and_when_and_promises_less_time_but_nothing_else(
    pages: Callable[[str], Page], worker: Callable[[], str]
) -> None:
    head = pages("desktop")
    refused = listen(head)
    staff(head, "liucheng.lingdao")
    head.click("nav >> text=本乡镇事项")
    look_twice(head, "跟清单走")
    head.click("main a:has-text('失业登记')")
    look_twice(head, "当场办结")
    expect(head.locator("#f-committed_days")).to_have_count(0)
    head.go_back()
    head.click("main a:has-text('就业困难人员认定')")
    look_twice(head, "清单承诺 10 个工作日")
    asked = head.locator("main form .field label").all_inner_texts()
    assert [one.removesuffix("（选填）") for one in asked] == [
        "办理地点", "办理时间", "咨询电话", "窗口", "承诺天数", "为什么要改",
    ]  # fmt: skip
    head.fill("#f-address", "新大厅二楼")
    head.fill("#f-hours", "周一至周五 8:30—17:00，周六上午")
    head.fill("#f-window", "3 号窗口")
    head.fill("#f-committed_days", "12")
    head.fill("#f-reason", "搬进了新大厅")
    head.click("text=批准并从今天起施行")
    look_twice(head, "只能比清单的 10 个工作日更短（优化营商环境条例第三十六条）")
    expect(head.locator("#f-address")).to_have_value("新大厅二楼")
    head.fill("#f-committed_days", "7")
    head.click("text=批准并从今天起施行")
    look_twice(head, "已保存，办事指南今天起按这个显示")
    head.goto("/desk/offers/")
    row = head.locator("tr", has_text="就业困难人员认定")
    for text in ("地点：新大厅二楼", "窗口：3 号窗口", "承诺时限：7 个工作日"):
        expect(row).to_contain_text(text)
    look_twice(head, "7 个工作日")

    reader = pages("phone")
    reader.goto(f"/items/A2-07/?township={TOWNSHIP}")
    look_twice(reader, "3 号窗口")
    expect(reader.locator("main")).to_contain_text("7 个工作日")
    reader.goto("/items/A2-07/?township=340321104000")
    expect(reader.locator("main")).not_to_contain_text("3 号窗口")
    expect(reader.locator("main")).to_contain_text("10 个工作日")

    keeper = pages("desktop")
    staff(keeper, "shi.qingdan")
    keeper.goto("/desk/lists/drift/")
    look_twice(keeper, "还没有核对过")
    keeper.click("button:has-text('现在核对')")
    look_twice(keeper, "排队中")
    worker()
    look_twice(keeper, "没有不允许的差异")
    keeper.check("text=也看允许的本地内容")
    keeper.click("button:has-text('查看')")
    look_twice(keeper, "新大厅二楼")
    expect(keeper.locator("tr", has_text="新大厅二楼")).to_contain_text("榴城镇人民政府")
    look_twice(keeper, "这 30 天")
    assert refused == []


def test_a_window_prints_guides_and_the_keeper_sees_whose_paper_a_new_version_makes_stale(
    pages: Callable[[str], Page],
) -> None:
    clerk = pages("desktop")
    staff(clerk, "liucheng.shouli")
    clerk.click("nav >> text=纸质指南")
    look_twice(clerk, "没有印过")
    row = clerk.locator("tr", has_text="林木采伐许可")
    with clerk.context.expect_page() as opened:
        row.locator("button").click()
    opened.value.close()
    clerk.reload()
    expect(row).to_contain_text("是新的")
    look_twice(clerk, "第 1 版")

    keeper = pages("desktop")
    staff(keeper, "shi.qingdan")
    begin_version(keeper, "公共服务事项清单", "林木采伐许可（自留山、个人承包集体林）")
    keeper.click("text=‹ 第 2 版")
    look_twice(keeper, "公布会影响什么")
    expect(keeper.locator("main")).to_contain_text("1 个乡镇（街道）印过，公布以后都是旧的，要换")
    keeper.click("text=看是哪些乡镇")
    look_twice(keeper, "怀远县榴城镇")
