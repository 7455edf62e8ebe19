"""A lost device, a broken matter: the security administrator resets, the system administrator looks, the person sees it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from tests.journeys.conftest import no_serious_faults
from tests.journeys.people import PASSWORD, give_identity, log_in_by_code, look

CLERK, SECURITY, SYSTEM, AUDIT = "liucheng.shenhe", "shi.anquan", "shi.xitong", "shi.shenji"
TOWNSHIP = "340321113000"
REASON = "核查故障单里办件打不开的原因"


def beside(blocker: Any, work: Callable[[], Any]) -> Any:
    """Do something in the site's database, outside of the test's own transaction."""
    found: list[Any] = []

    def run() -> None:
        with blocker.unblock():
            try:
                found.append(work())
            finally:
                connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.fixture
def matter(site: str, django_db_blocker: Any) -> Iterator[tuple[str, str, str, str]]:
    """A matter of the demonstration whose applicant logs in by phone, and a clerk with a device; gives number, phone, name, identity."""

    def begin() -> tuple[str, str, str, str]:
        from weimin.config.examples import PEOPLE
        from weimin.kernel.accounts.models import Account
        from weimin.kernel.accounts.testing import set_up_app
        from weimin.kernel.cases.models import Case

        set_up_app(Account.objects.get(username=CLERK).pk)
        person, identity, phone = PEOPLE[0]
        case = Case.objects.filter(applicant__name=person, township_id=TOWNSHIP).earliest("pk")
        return case.number, phone, person, identity

    def end() -> None:
        from allauth.mfa.models import Authenticator

        from weimin.kernel.directory.models import Glass

        Authenticator.objects.all().delete()
        Glass.objects.all().delete()

    yield beside(django_db_blocker, begin)
    beside(django_db_blocker, end)


def enter(page: Page, username: str) -> None:
    """An administrator's log-in, which ends on the administrators' page."""
    page.goto("/desk/login/")
    page.fill("#f-login", username)
    page.fill("#f-password", PASSWORD)
    page.click("main button:has-text('登录')")
    expect(page.locator("h1")).to_have_text("管理员")
    no_serious_faults(page)


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_lost_device_and_a_broken_matter(
    pages: Callable[[str], Page], matter: tuple[str, str, str, str], size: str, tmp_path: Any
) -> None:
    number, phone, name, identity = matter

    security = pages(size)
    enter(security, SECURITY)
    security.click("nav >> text=账号和岗位")
    security.fill("#q", CLERK)
    security.click("main button:has-text('查找')")
    look(security, CLERK)
    security.locator("td a").first.click()
    look(security, "手机验证器")
    security.fill("#f-reason", "本人当面申请，手机丢失")
    security.click("main button:has-text('重置第二因素')")
    look(security, "第二因素已重置")
    expect(security.locator("dl.facts")).to_contain_text("没有设置")

    system = pages(size)
    enter(system, SYSTEM)
    system.goto(f"/desk/cases/{number}/")
    expect(system.locator("body")).to_contain_text("管理员不办件")
    system.goto("/desk/admin/")
    system.click("nav >> text=应急查看")
    no_serious_faults(system)
    system.click("main button:has-text('打开')")
    look(system, "请写明为什么要看办件")
    system.select_option("#f-place", TOWNSHIP)
    system.fill("#f-purpose", "GD-2026-117")
    system.fill("#f-reason", REASON)
    system.click("main button:has-text('打开')")
    look(system, "正在应急查看：榴城镇")
    system.fill("#find", number)
    system.press("#find", "Enter")
    look(system, number)
    system.goto("/desk/admin/glass/")
    system.click("main button:has-text('现在结束')")
    look(system, "已提前结束")

    person = pages(size)
    person.goto("/login/?next=/my/reads/")
    log_in_by_code(person, phone)
    person.goto("/my/profile/")
    if person.locator("#f-id_number").count():
        give_identity(person, name, identity, "340321100200")
    person.goto("/my/reads/")
    look(person, f"应急查看（GD-2026-117）：{REASON}")

    auditor = pages(size)
    enter(auditor, AUDIT)
    auditor.click("nav >> text=应急查看")
    look(auditor, REASON)
    expect(auditor.locator("main")).to_contain_text("当地领导还没有签收")
