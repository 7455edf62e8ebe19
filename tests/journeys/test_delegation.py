"""A power goes down and comes back: drafted by the county, read and signed by the township, used, withdrawn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from tests.journeys.people import PICTURE, look, open_matter, staff
from weimin.base.clock import local_date, now

#: Another township than the demonstration's, which has the power already.
TOWN, STEM = "340321104000", "changfen"
DEPARTMENT = "自然资源"
PERSON = ("卫演示", "13900000051")
ITEM = "A9-51"


def fill_proposal(keeper: Page) -> None:
    """An entrustment of felling permits with every part that the law asks for, and one power too many."""
    until = (local_date(now()) + timedelta(days=700)).isoformat()
    keeper.goto("/desk/delegations/")
    keeper.click("text=提出一份")
    keeper.select_option("#f-kind", "entrust")
    keeper.select_option("#f-list_kind", "permit")
    keeper.select_option("#f-origin", "base")
    keeper.select_option("#f-focus", "farming")
    keeper.select_option("#f-township", TOWN)
    keeper.select_option("#f-lead", "自然资源和规划局")
    keeper.select_option("#f-recipient", "government")
    keeper.check(f"input[name=items][value={ITEM}]")
    keeper.check("input[name=powers][value=permit]")
    keeper.check("input[name=powers][value=coercive_measure]")
    keeper.select_option("#f-issuer_level", "county")
    keeper.fill("#f-issuer_name", "怀远县自然资源和规划局")
    keeper.fill("#f-limits", "农村居民采伐自留山和个人承包集体林地上的林木")
    keeper.fill("#f-basis", "森林法第五十七条")
    keeper.fill("#f-valid_until", until)


def make_ready(keeper: Page) -> None:
    """Evidence, first with one officer too few."""
    for name in ("legal_reviewer", "equipment", "training", "seal"):
        keeper.fill(f"#f-{name}", "已经具备")
    keeper.fill("#f-certificates", "演示证-201 2099-12-31")
    keeper.click("text=条件具备")
    look(keeper, "至少两名持有有效执法证的人员（行政处罚法第二十四条第二款、第四十二条）")
    expect(keeper.locator("#f-certificates")).to_have_value("演示证-201 2099-12-31")
    keeper.fill("#f-certificates", "演示证-201 2099-12-31\n演示证-202 2099-12-31")
    keeper.click("text=条件具备")
    look(keeper, "评估通过")


def aside(django_db_blocker: Any, work: Callable[[], Any]) -> Any:
    """Do something against the site's database beside the browser."""
    found: list[Any] = []

    def run() -> None:
        with django_db_blocker.unblock():
            try:
                found.append(work())
            finally:
                connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def hand_in() -> str:
    """A felling application at the township's window, reviewed up to the decision; gives its number."""
    from weimin.config.demonstration import actor_of
    from weimin.config.examples import answers_of
    from weimin.kernel.cases import actions as cases
    from weimin.kernel.cases.models import Case, Step
    from weimin.kernel.cases.testing import current_notice
    from weimin.kernel.cases.types import Channel, Submission
    from weimin.kernel.catalogue import queries as catalogue
    from weimin.kernel.directory import queries as directory
    from weimin.kernel.record.types import Actor
    from weimin.kernel.residents import actions as residents
    from weimin.kernel.residents.testing import make_id_number

    at = now()
    clerk = actor_of(f"{STEM}.shouli", at)
    assert clerk is not None
    name, phone = PERSON
    village = directory.children_of(TOWN)[0].code
    person = residents.register_resident(
        by=clerk, at=at, name=name, id_number=make_id_number(serial=51), phone=phone, division_code=village
    )
    spec = catalogue.get_current(code=ITEM)
    sent = Submission(
        item_code=ITEM,
        township_code=TOWN,
        applicant_id=person,
        channel=Channel.WINDOW,
        answers=answers_of(spec, local_date(at).isoformat()),
        waived_materials=tuple(one.code for one in spec.materials),
        notice=current_notice(at),
    )
    done = cases.submit(by=clerk, at=at, key=f"journey-{at}", submission=sent)
    cases.accept_application(by=clerk, at=at, case_id=done.case_id, step_id=done.next_steps[0].step_id)
    while (step := Step.objects.get(case_id=done.case_id, state="open")).kind == "review":
        who = Actor(
            kind="staff", name="演示承办", post_id=1, account_id=clerk.account_id, agency_id=step.agency_id,
            division_code=TOWN, roles=frozenset({"reviewer"}),
        )  # fmt: skip
        cases.complete_review(by=who, at=at, case_id=done.case_id, step_id=step.pk, outcome="agree", opinion="属实")
    return Case.objects.get(pk=done.case_id).number


def test_a_power_is_entrusted_signed_used_and_withdrawn(
    pages: Callable[[str], Page], worker: Callable[[], str], django_db_blocker: Any, tmp_path: Path
) -> None:
    keeper = pages("desktop")
    staff(keeper, "huaiyuan.qingdan")
    fill_proposal(keeper)
    keeper.click("main button:has-text('提出')")
    look(keeper, "行政强制措施不得委托（行政强制法第十七条）")
    expect(keeper.locator("#f-limits")).to_have_value("农村居民采伐自留山和个人承包集体林地上的林木")
    keeper.uncheck("input[name=powers][value=coercive_measure]")
    keeper.click("main button:has-text('提出')")
    look(keeper, "要有书面决定或委托书，写明文号（行政处罚法第二十条第二款）")
    keeper.fill("#f-document", "怀自然资演〔2026〕51 号")
    keeper.click("main button:has-text('提出')")
    look(keeper, "评估承接条件")
    address = keeper.url.split("?")[0]
    number = address.rstrip("/").rsplit("/", 1)[1]

    make_ready(keeper)
    keeper.fill("#f-published_by_issuer", "县政府网")
    keeper.click("text=已决定并公布")
    look(keeper, "要附上书面决定或委托书的文件")
    draft = keeper.locator("a:has-text('按所填内容生成的文稿')").get_attribute("href") or ""
    assert keeper.request.get(draft).body().startswith(b"%PDF")
    scan = tmp_path / "委托书.png"
    scan.write_bytes(PICTURE)
    keeper.set_input_files("#f-letter", scan)
    keeper.click("text=附上文件")
    look(keeper, "委托书.png")
    keeper.fill("#f-published_by_issuer", "县政府网")
    keeper.click("text=已决定并公布")
    look(keeper, "受委托的机关也要公布委托书（行政处罚法第二十条第二款）")
    keeper.fill("#f-published_by_recipient", "镇公示栏")
    keeper.click("text=已决定并公布")
    look(keeper, "已决定公布")

    head = pages("phone")
    staff(head, f"{STEM}.lingdao")
    head.goto("/desk/delegations/")
    look(head, number)
    head.click(f"a:has-text('{number}')")
    look(head, "书面决定（委托书）")
    letter = head.locator("a:has-text('委托书.png')").get_attribute("href") or ""
    assert head.request.get(letter).body() == PICTURE
    head.click("text=签字确认")
    look(head, "请先看书面决定、事项、权限和承接条件，再勾选")
    head.check("input[name=read]")
    head.click("text=签字确认")
    look(head, "已办好")
    expect(head.locator("text=签字确认")).to_have_count(0)

    body = pages("desktop")
    staff(body, "huaiyuan.lingdao", DEPARTMENT)
    body.goto(address)
    body.check("input[name=read]")
    body.click("text=签字确认")
    look(body, "已签确认书")
    keeper.goto(address)
    keeper.click("button:has-text('试运行')")
    look(keeper, "定期评估")

    visitor = pages("phone")
    visitor.goto(f"/delegations/?township={TOWN}")
    look(visitor, "林木采伐许可")
    visitor.click("a:has-text('林木采伐许可')")
    look(visitor, "的名义作出决定")

    case = aside(django_db_blocker, hand_in)
    decider = pages("desktop")
    staff(decider, f"{STEM}.shenpi", DEPARTMENT)
    open_matter(decider, case)
    decider.check("input[name=outcome][value=approve]")
    decider.fill("#reasons", "符合采伐规定，准予。")
    decider.click("text=签发决定")
    look(decider, "已作出决定")
    expect(decider.locator("body")).to_contain_text(number)

    second = aside(django_db_blocker, hand_in)
    keeper.goto(f"{address}acts/")
    look(keeper, "共 2 件，您能看的 0 件")
    for reader in (head, body):
        reader.goto(f"{address}acts/")
        look(reader, case)
        expect(reader.locator("body")).to_contain_text(second)

    keeper.goto(address)
    keeper.fill("#f-reason", "承接人员调走了")
    keeper.select_option("#f-open_matters", "hand_up")
    later = local_date(now()) + timedelta(days=9)
    keeper.fill("#f-on", later.isoformat())
    keeper.click("main button:has-text('收回')")
    look(keeper, "在此以前照常办")
    worker()
    keeper.reload()
    expect(keeper.locator("h1")).to_contain_text("试运行")
    keeper.fill("#f-reason", "承接人员已经调走")
    keeper.select_option("#f-open_matters", "hand_up")
    keeper.fill("#f-on", local_date(now()).isoformat())
    keeper.click("main button:has-text('收回')")
    look(keeper, "已收回")
    expect(keeper.locator("body")).to_contain_text("在办 1 件交县级主管部门决定")
    open_matter(decider, second)
    expect(decider.locator("text=签发决定")).to_have_count(0)
    head.goto("/desk/delegations/coverage/")
    look(head, "八个重点领域")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_pages_of_delegations_fit_phone_and_desk(pages: Callable[[str], Page], size: str) -> None:
    keeper = pages(size)
    staff(keeper, "huaiyuan.qingdan")
    for path, text in (
        ("/desk/delegations/", "提出一份"),
        ("/desk/delegations/new/", "交出哪些权力"),
        ("/desk/delegations/coverage/", "合计"),
    ):
        keeper.goto(path)
        look(keeper, text)
