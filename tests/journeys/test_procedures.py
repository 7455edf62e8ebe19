"""A list keeper changes a procedure and a decision table, reads the checker's answer, and a colleague publishes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.people import look, staff
from tests.journeys.test_policy import listen

EDIT = "/desk/procedures/flows/on_the_spot/edit/"


def open_editor(page: Page, path: str) -> None:
    """Open an editor and wait until the drawing stands; every word that it shows is Chinese."""
    page.goto(path)
    expect(page.locator("form#editor[data-ready]")).to_have_count(1)
    assert page.evaluate("[...document.getElementById('editor').missing]") == []


def save(page: Page) -> None:
    """Save what is drawn and come to the checker's answer."""
    page.locator(".tools button", has_text="保存草稿").click()
    page.wait_for_url(re.compile("saved=1"))
    expect(page.locator("form#editor[data-ready]")).to_have_count(1)


def drawn(page: Page, element: str) -> str:
    """Where a drawn element can be clicked."""
    return f'.djs-element[data-element-id="{element}"] .djs-hit'


def test_a_procedure_is_redrawn_checked_and_published_by_a_colleague(
    pages: Callable[[str], Page], tmp_path: Path
) -> None:
    keeper = pages("desktop")
    refused = listen(keeper)
    staff(keeper, "shi.qingdan")
    keeper.click("nav >> text=流程和决策表")
    look(keeper, "现行")
    keeper.click("a:has-text('当场')")
    look(keeper, "起草下一版")
    open_editor(keeper, EDIT)
    keeper.locator(drawn(keeper, "accept")).first.click()
    keeper.get_by_label("名称").fill("当场受理审查")
    keeper.get_by_label("名称").press("Tab")
    look(keeper, "做什么")
    save(keeper)
    look(keeper, "每一条走法都检查过了")
    expect(keeper.locator(".paths li").first).to_contain_text("当场受理审查 受理的便民服务中心的窗口受理人员：")
    with keeper.expect_download() as file:
        keeper.locator("summary", has_text="用文件改").click()
        keeper.click("a:has-text('下载现在的文件')")
    good = tmp_path / "good.bpmn"
    file.value.save_as(good)

    keeper.locator(drawn(keeper, "refused")).first.click()
    keeper.keyboard.press("Delete")
    save(keeper)
    expect(keeper.locator(".findings li").first).to_contain_text("必须改")
    expect(keeper.locator(".findings")).to_contain_text("受理吗？")
    keeper.locator(".findings button", has_text="在图上看").first.click()
    expect(keeper.locator(".djs-element.faulty").first).to_be_visible()
    keeper.goto("/desk/procedures/flows/on_the_spot/")
    look(keeper, "检查还有问题，改好以后才能送审")
    expect(keeper.locator("button:has-text('送审')")).to_have_count(0)

    open_editor(keeper, EDIT)
    keeper.locator("summary", has_text="用文件改").click()
    keeper.set_input_files("#file", good)
    keeper.locator("details button", has_text="保存草稿").click()
    look(keeper, "每一条走法都检查过了")
    keeper.goto("/desk/procedures/flows/on_the_spot/")
    keeper.fill("#f-reason", "群众看不出这一步当场就办，名称写清楚。")
    keeper.click("button:has-text('送审')")
    look(keeper, "要由另一位清单管理员发布")
    expect(keeper.locator("button:has-text('发布')")).to_have_count(0)
    assert refused == []

    colleague = pages("desktop")
    refused = listen(colleague)
    staff(colleague, "shi.qingdan2")
    colleague.goto("/desk/procedures/flows/on_the_spot/")
    look(colleague, "等待审核")
    expect(colleague.locator(".differences")).to_contain_text("当场受理审查")
    colleague.click("text=并排看两张图")
    expect(colleague.locator("[data-bpmn][data-drawn]")).to_have_count(2)
    expect(colleague.locator(".djs-element.changed").first).to_be_visible()
    look(colleague, "图上绿色是新增")
    colleague.go_back()
    colleague.click("button:has-text('看过了，发布')")
    look(colleague, "现行（第 2 版）")
    assert refused == []


def test_a_decision_table_is_changed_tried_out_and_its_gap_is_named(pages: Callable[[str], Page]) -> None:
    keeper = pages("desktop")
    refused = listen(keeper)
    staff(keeper, "shi.qingdan")
    open_editor(keeper, "/desk/procedures/tables/self_care/edit/")
    look(keeper, "没有空档，没有重叠")
    cell = keeper.locator("td.input-cell", has_text="[1..3]").first
    cell.click()
    editor = cell.locator(".plain-cell")
    editor.fill("[1..2]")
    keeper.locator("h1").click()
    save(keeper)
    look(keeper, "有空档：自己做不了的项数为3时，没有一行成立")
    keeper.fill("#f-try-ability", "5")
    keeper.click("button:has-text('试一试')")
    look(keeper, "符合第 3 行")
    assert refused == []


def test_on_a_phone_a_procedure_can_be_read(pages: Callable[[str], Page]) -> None:
    keeper = pages("phone")
    staff(keeper, "shi.qingdan")
    keeper.goto("/desk/procedures/")
    look(keeper, "流程和决策表")
    keeper.goto("/desk/procedures/flows/promise/")
    expect(keeper.locator("[data-bpmn][data-drawn]")).to_have_count(1)
    look(keeper, "文字说明")


def test_a_step_is_put_into_the_way_and_its_properties_are_chosen(pages: Callable[[str], Page]) -> None:
    keeper = pages("desktop")
    refused = listen(keeper)
    staff(keeper, "shi.qingdan")
    open_editor(keeper, "/desk/procedures/flows/promise/edit/")
    arrow = keeper.locator('.djs-connection[data-element-id="f_review"] .djs-hit').first.bounding_box()
    assert arrow is not None
    keeper.locator('.djs-palette .entry[data-action="task"]').click()
    middle = arrow["x"] + arrow["width"] / 2, arrow["y"] + arrow["height"] / 2
    keeper.mouse.move(*middle, steps=5)
    keeper.mouse.click(*middle)
    keeper.keyboard.press("Escape")
    panel = keeper.locator("[data-panel]")
    expect(panel.locator("h2")).to_have_text("环节")
    panel.get_by_label("名称").fill("入户核查")
    panel.get_by_label("做什么").select_option(label="现场核查")
    panel.get_by_label("这一步的期限").fill("3")
    panel.get_by_label("这一步的期限").press("Tab")
    save(keeper)
    expect(keeper.locator(".findings")).to_have_count(0)
    look(keeper, "入户核查 乡镇（街道）承办站所的审核人员：完成")
    keeper.goto("/desk/procedures/flows/promise/")
    look(keeper, "环节“入户核查”")
    assert refused == []
