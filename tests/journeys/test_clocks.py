"""The clock as people meet it: a permit stands for a review, is extended, a holiday notice moves dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.journeys.people import give_identity, log_in_by_code, look, open_matter, staff
from weimin.base.clock import local_date, now
from weimin.config.examples import PEOPLE

APPLICANT = PEOPLE[10 % len(PEOPLE)]


def felling_number(page: Page) -> str:
    """The number of the demonstration's felling permit, from the reviewer's inbox."""
    row = page.locator("tr:has-text('林木采伐许可')").first
    return row.locator("td.code").inner_text()


def test_a_permit_stands_goes_on_and_is_extended(pages: Callable[[str], Page], worker: Callable[[], str]) -> None:
    today = local_date(now()).isoformat()
    later = (local_date(now()) + timedelta(days=9)).isoformat()
    reviewer = pages("desktop")
    staff(reviewer, "liucheng.shenhe", "自然资源")
    number = felling_number(reviewer)
    open_matter(reviewer, number)
    look(reviewer, "期限和时钟")
    reviewer.click("summary:has-text('依法停钟')")
    reviewer.select_option("#ground", "expert_review")
    reviewer.fill("#on", today)
    reviewer.fill("#pause_reason", "请林业专家现场评审")
    reviewer.click("text=停钟并出告知书")
    look(reviewer, "书面告知申请人")
    expect(reviewer.locator("#pause_reason")).to_have_value("请林业专家现场评审")
    reviewer.fill("#until", later)
    reviewer.click("text=停钟并出告知书")
    look(reviewer, "已停钟")
    paper = reviewer.locator("a:has-text('办理期限扣除告知书')").get_attribute("href") or ""
    assert reviewer.request.get(paper).body().startswith(b"%PDF")

    name, identity, phone = APPLICANT
    me = pages("phone")
    me.goto("/my/profile/")
    log_in_by_code(me, phone)
    give_identity(me, name, identity, "340321100200")
    me.goto(f"/my/matters/{number}/")
    look(me, "不计入办理期限")
    look(me, "已停钟")

    reviewer.fill("input[name=resume_on]", today)
    reviewer.click("text=恢复计时")
    look(reviewer, "恢复计时，停到")
    reviewer.click("summary:has-text('申请延长期限')")
    reviewer.fill("#extend_reason", "连日雨雪，现场看不了")
    reviewer.click("text=送负责人批准")
    look(reviewer, "延长期限审批")

    head = pages("desktop")
    staff(head, "huaiyuan.lingdao", "自然资源")
    open_matter(head, number)
    look(head, "申请延长的理由")
    head.check("input[name=outcome][value=extend]")
    head.fill("#extend_words", "情况属实，同意延长一次")
    head.click("main button:has-text('批复')")
    look(head, "批准延长")

    worker()
    me.reload()
    look(me, "经批准延长办理期限")
    me.click("a:has-text('单独看、打印') >> nth=0")
    look(me, "为什么是这一天")
    expect(me.locator("body")).to_contain_text("《行政许可法》第 45 条")
    expect(me.locator("body")).to_contain_text("记入：")
    pdf = me.locator("a:has-text('PDF')").first.get_attribute("href") or ""
    assert me.request.get(pdf).body().startswith(b"%PDF")
    me.goto("/my/messages/")
    look(me, "办理期限延长")


#: A made-up notice for 2027: every holiday of the regulation, weekends made up for by the days after.
NEXT_YEAR = "日期,名称,类型\n" + "".join(
    f"2027-{month:02}-{day:02},{name},休\n"
    for name, month, days in (
        ("元旦", 1, (1, 2, 3)),
        ("春节", 2, (5, 6, 7, 8, 9, 10)),
        ("清明节", 4, (3, 4, 5)),
        ("劳动节", 5, (1, 2, 3, 4)),
        ("端午节", 6, (9,)),
        ("中秋节", 9, (15,)),
        ("国庆节", 10, (1, 2, 3, 4, 5)),
    )
    for day in days
)


def test_a_holiday_notice_is_looked_at_and_approved_by_another(
    pages: Callable[[str], Page], worker: Callable[[], str]
) -> None:
    keeper = pages("desktop")
    staff(keeper, "shi.guize")
    keeper.click("nav a:has-text('放假安排')")
    look(keeper, "暂定")
    bad = NEXT_YEAR.replace("2027-02-10,春节,休", "2027-02-10,春节,班")
    keeper.set_input_files("input[type=file]", {"name": "2027.csv", "mimeType": "text/csv", "buffer": bad.encode()})
    keeper.fill("input[name=number]", "国办发明电〔2026〕测试号")
    keeper.click("main form[enctype] button")
    look(keeper, "本来就是工作日")
    keeper.set_input_files(
        "input[type=file]", {"name": "2027.csv", "mimeType": "text/csv", "buffer": NEXT_YEAR.encode()}
    )
    keeper.click("main form[enctype] button")
    look(keeper, "2027")
    worker()
    keeper.reload()
    look(keeper, "待批准")
    address = keeper.url
    look(keeper, "装入和批准要由两个人办")
    second = pages("desktop")
    staff(second, "shi.guize2")
    second.goto(address)
    second.click("main button:has-text('批准')")
    look(second, "已批准")
    worker()
    public = pages("phone")
    public.goto("/calendar/")
    look(public, "工作日历")


def test_a_supervisor_orders_and_a_body_answers(pages: Callable[[str], Page], worker: Callable[[], str]) -> None:
    worker()
    supervisor = pages("desktop")
    staff(supervisor, "shi.jiandu")
    supervisor.click("nav a:has-text('预警督办')")
    look(supervisor, "超承诺期限")
    supervisor.goto("/desk/integrity/")
    look(supervisor, "时钟异常")
    supervisor.goto("/desk/orders/")
    look(supervisor, "督办")
    public = pages("phone")
    public.goto("/overruns/")
    look(public, "超期")
