"""Work goes down through the gate, a village speaks past its township, and a township is heard before a matter passes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.journeys.people import PICTURE, TOWNSHIP, look, staff

#: A folder for pictures of the pages, where somebody asks for them.
SHOTS = os.environ.get("WEIMIN_SHOTS", "")
TASK = "秋收前巡查灌溉机井"


def see(page: Page, text: str, name: str) -> None:
    """See a text without serious faults, nothing wider than the window; keep a picture when asked to."""
    look(page, text)
    width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= window, f"{name}: {width} px in {window}"
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}-{window}.png", full_page=True)


def fill_task(page: Page) -> None:
    """Everything that the form asks for, but the source of the money wants the township's share, and no contact."""
    page.fill("#f-title", TASK)
    page.fill("#f-content", "逐口核对机井能不能用，不能用的报县里修。")
    page.check(f"input[name=places][value='{TOWNSHIP}']")
    page.check("input[name=field][value=other]")
    page.check("input[name=responsible][value=county]")
    page.fill("#f-basis", "《安徽省抗旱条例》第十二条")
    page.fill("#f-starts", (date.today() + timedelta(days=10)).isoformat())
    page.fill("#f-ends", (date.today() + timedelta(days=40)).isoformat())
    page.fill("#f-amount", "10000")
    page.fill("#f-amount_source", "县里一半，乡镇配套一半")
    page.fill("#f-people", "县局派 2 人，乡镇 2 人配合")


def test_a_task_on_no_list_is_refused_kindly_mended_admitted_carried_and_counted(pages: Callable[[str], Page]) -> None:
    body, office, town, visitor = pages("desktop"), pages("desktop"), pages("phone"), pages("phone")
    staff(body, "huaiyuan.lingdao", post="农业农村局")
    body.goto("/desk/tasks/")
    see(body, "任务准入", "tasks-body")
    body.click("text=申请下达任务")
    see(body, "每一次申请都留底", "task-new")
    fill_task(body)
    body.click("text=提交到准入关口")
    see(body, "配套资金", "task-new-refused")
    look(body, "联系人和办公电话")
    expect(body.locator("#f-title")).to_have_value(TASK)
    expect(body.locator(f"input[name=places][value='{TOWNSHIP}']")).to_be_checked()

    body.goto("/desk/tasks/")
    body.click(f"[aria-label='改了再提：{TASK}']")
    see(body, "上次填写", "task-again")
    expect(body.locator("#f-people")).to_have_value("县局派 2 人，乡镇 2 人配合")
    body.fill("#f-amount_source", "县财政抗旱专项")
    body.fill("#f-contact", "农水股 0552-8010000")
    body.click("text=提交到准入关口")
    see(body, "已转领导小组办公室审核", "task-asked")
    address = body.url.split("?")[0]

    staff(office, "huaiyuan.zhunru")
    office.goto("/desk/tasks/")
    see(office, TASK, "tasks-office")
    office.click(f"main >> text={TASK}")
    look(office, "最迟答复")
    office.click("button:text-is('不予准入')")
    look(office, "请写明准入或不予准入的理由")
    office.fill("#f-reason", "抗旱条例有依据，经费已经落实，准入。")
    see(office, "准入审核", "task-office")
    office.click("button:text-is('准入')")
    look(office, "已记录决定")

    staff(town, "liucheng.lingdao")
    town.goto("/desk/tasks/")
    see(town, TASK, "tasks-town")
    town.click(f"main >> text={TASK}")
    see(town, "提出异议", "task-town")
    town.fill("textarea[name=text]", "查了 46 口，3 口要修，已报县局。")
    town.click("text=报完成")
    look(town, "查了 46 口")

    visitor.goto(f"/tasks/?county={TOWNSHIP[:6]}000000")
    see(visitor, "怀远县农业农村局", "figures")
    visitor.click("a[aria-label^='怀远县农业农村局 准入']")
    see(visitor, TASK, "records")
    visitor.click(f"text={TASK}")
    see(visitor, "抗旱条例有依据", "public-task")
    expect(visitor.locator("body")).not_to_contain_text("0552-8010000")
    body.goto(address)
    see(body, "已完成", "task-done")


def test_the_office_refuses_and_the_body_takes_another_back(pages: Callable[[str], Page]) -> None:
    body, office = pages("phone"), pages("phone")
    staff(office, "huaiyuan.zhunru")
    office.goto("/desk/tasks/")
    office.click("main >> text=汛前排查沟渠涵闸")
    office.fill("#f-reason", "这是县局自己的职责，自己有人员，不予准入。")
    office.click("button:text-is('不予准入')")
    see(office, "已记录决定", "task-refused")
    staff(body, "huaiyuan.lingdao", post="农业农村局")
    body.goto("/desk/tasks/")
    body.click("main >> text=汛前排查沟渠涵闸")
    look(body, "自己有人员")
    body.click("text=改了再提")
    see(body, "上次填写", "task-refused-again")
    body.fill("#f-title", "汛前请乡镇提供涵闸名册")
    body.click("text=提交到准入关口")
    look(body, "已转领导小组办公室审核")
    body.click("summary:has-text('撤回这个任务')")
    body.fill("#f-withdrawal", "名册县局自己已有，不用乡镇报。")
    see(body, "承接单位不用再办", "task-withdraw")
    body.click("button:text-is('撤回')")
    see(body, "部门已撤回", "task-withdrawn")


def test_a_village_speaks_of_its_township_which_does_not_hear_it(pages: Callable[[str], Page]) -> None:
    agent, town, office = pages("phone"), pages("desktop"), pages("desktop")
    told = "镇里在村群里要求两天内上报照片，没有文件。"
    staff(agent, "liucheng.daiban")
    agent.goto("/desk/tasks/")
    agent.click("text=绕开准入的反映")
    see(agent, "乡镇看不到", "report-village")
    named = agent.locator("#f-agency option:has-text('榴城镇人民政府')").first.inner_text()
    agent.select_option("#f-agency", label=named)
    agent.fill("#f-text", told)
    agent.click("text=送领导小组办公室")
    see(agent, told, "report-village-sent")
    staff(town, "liucheng.lingdao")
    town.goto("/desk/tasks/reports/")
    see(town, "绕开准入下任务的反映", "reports-town")
    expect(town.locator("body")).not_to_contain_text(told)
    staff(office, "huaiyuan.zhunru")
    office.goto("/desk/tasks/reports/")
    see(office, told, "reports-office")
    card = office.locator("section.panel", has_text=told)
    card.locator("textarea").fill("已要求榴城镇撤回，照片不用报。")
    card.locator("text=查实，已纠正").click()
    look(office, "照片不用报")


def test_a_township_is_heard_and_answered_before_a_county_matter_passes(pages: Callable[[str], Page]) -> None:
    body, town, visitor = pages("desktop"), pages("phone"), pages("phone")
    staff(body, "huaiyuan.lingdao", post="民政局")
    body.goto("/desk/matters/")
    see(body, "县第二养老服务中心选址", "matters-body")
    body.click("main a:text-is('征求乡镇意见')")
    look(body, "打算怎么做")
    body.click("text=发出征求意见")
    see(body, "请写名称", "matter-new-refused")
    body.check("input[name=kind][value=siting]")
    body.fill("#f-title", "榴城镇殡仪服务站选址")
    body.fill("#f-content", "拟在榴城镇东侧新建殡仪服务站，占地十亩，请说说选址和道路的意见。")
    body.check(f"input[name=townships][value='{TOWNSHIP}']")
    body.click("text=发出征求意见")
    see(body, "意见还没有回来", "matter-asked")
    address = re.sub(r"\?.*", "", body.url)

    staff(town, "liucheng.lingdao")
    town.goto("/desk/matters/")
    see(town, "榴城镇殡仪服务站选址", "matters-town")
    town.goto(address)
    see(town, "本乡镇的态度", "matter-town")
    town.check("input[name=stance][value=object]")
    town.fill("#f-reasons", "离村小学不到三百米，请另选地方。")
    town.set_input_files("#f-files", {"name": "位置图.png", "mimeType": "image/png", "buffer": PICTURE})
    town.click("text=回复意见")
    see(town, "已经送到", "matter-town-said")

    body.goto(address)
    see(body, "还没有答复采纳不采纳", "matter-body")
    look(body, "位置图.png")
    body.fill("textarea[name=text]", "同意，改到镇东三公里外，离学校和村庄都远。")
    body.click("button:text-is('采纳')")
    look(body, "已答复")
    body.click("text=办理通过")
    see(body, "事项已通过", "matter-passed")

    visitor.goto("/county-matters/")
    see(visitor, "榴城镇殡仪服务站选址", "public-matters")
    visitor.click("text=榴城镇殡仪服务站选址")
    see(visitor, "改到镇东三公里外", "public-matter")
    expect(visitor.locator("body")).not_to_contain_text("位置图.png")
