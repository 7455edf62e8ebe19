"""People look after their own log-in: an app with digits, a passkey, the list of devices."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import SIZES, no_serious_faults
from tests.journeys.people import PASSWORD, log_in_by_code, look, staff
from weimin.kernel.accounts.testing import digits

KEEPER, REVIEWER = "shi.qingdan", "liucheng.shenhe"
HEADING = "main h1"


@pytest.fixture
def here(browser: Browser, site: str) -> Iterator[Callable[[str], Page]]:
    """Pages on http://localhost: browsers give passkeys to names, not to bare addresses."""
    contexts = []

    def make(size: str) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=site.replace("127.0.0.1", "localhost")
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda fault: pytest.fail(f"script error: {fault}"))
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def as_before(browser: Browser, site: str, django_db_blocker: Any) -> Iterator[None]:
    """Whoever set something up has nothing set up afterwards: the people are the other journeys' too."""
    yield

    def forget() -> None:
        from allauth.mfa.models import Authenticator

        from weimin.kernel.accounts.models import Account

        with django_db_blocker.unblock():
            Authenticator.objects.all().delete()
            Account.objects.exclude(totp_step=0).update(totp_step=0)
            connections.close_all()

    thread = threading.Thread(target=forget)  # outside the test's own transaction
    thread.start()
    thread.join()


def give_device(page: Page) -> tuple[Any, str]:
    """A device of its own for the page, that says yes for its owner."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    return session, str(device)


def log_out(page: Page) -> None:
    page.click(".bar button:has-text('退出')")
    expect(page.locator(HEADING)).to_contain_text("工作人员登录")


def give_password(page: Page, username: str) -> None:
    page.goto("/desk/login/")
    page.fill("#f-login", username)
    page.fill("#f-password", PASSWORD)
    page.click("main button:text-is('登录')")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_who_must_have_a_second_factor_sets_up_an_app_and_logs_in_with_it(
    here: Callable[[str], Page], settings: Any, size: str
) -> None:
    settings.WEIMIN_SECOND_FACTOR = True
    page = here(size)
    give_password(page, KEEPER)
    expect(page.locator(HEADING)).to_contain_text("账号安全")
    look(page, "您的岗位要求第二因素")
    page.goto("/desk/items/")
    expect(page.locator(HEADING)).to_contain_text("账号安全")
    page.click("text=设置手机验证器")
    look(page, "设置手机验证器")
    box = page.locator("main svg").bounding_box()
    assert box and box["width"] >= 200
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.fill("#f-code", "000000")
    page.click("text=设置好了")
    look(page, "数字不对")
    assert page.locator("code.secret").inner_text().replace(" ", "") == secret
    page.fill("#f-code", digits(secret))
    page.click("text=设置好了")
    look(page, "只显示这一次")
    codes = re.findall(r"\d{8}", page.locator("main").inner_text())
    assert len(codes) == 10
    page.click("text=已经存好")
    look(page, "恢复码还剩 10 个")
    page.goto("/desk/items/")
    expect(page.locator(HEADING)).not_to_contain_text("账号安全")
    log_out(page)
    give_password(page, KEEPER)
    look(page, "第二步验证")
    page.fill("#f-code", "111111")
    page.click("main button:text-is('验证')")
    look(page, "数字不对，或者已经用过")
    page.fill("#f-code", codes[0])
    page.click("main button:text-is('验证')")
    expect(page.locator(HEADING)).to_contain_text("待办")


def test_a_passkey_is_added_and_logs_in_alone_or_as_the_second_step(here: Callable[[str], Page]) -> None:
    page = here("desktop")
    give_device(page)
    give_password(page, REVIEWER)
    page.click("a[title='账号安全']")
    page.click("text=添加通行密钥")
    look(page, "添加通行密钥")
    page.fill("#f-name", "办公室电脑")
    page.click("main button:text-is('添加')")
    look(page, "只显示这一次")
    page.click("text=已经存好")
    look(page, "通行密钥：办公室电脑")
    log_out(page)

    sent: list[str] = []
    page.on(
        "request", lambda one: sent.append(one.post_data or "") if one.url.endswith("/desk/login/passkey/") else None
    )
    no_serious_faults(page)
    page.click("text=用通行密钥登录")
    expect(page.locator(HEADING)).to_contain_text("待办")
    page.click("a[title='账号安全']")
    look(page, "用通行密钥；刚刚在用")
    log_out(page)

    replayed = page.evaluate(
        """async (body) => (await fetch('/desk/login/passkey/', {method: 'POST', body, redirect: 'follow',
           headers: {'Content-Type': 'application/x-www-form-urlencoded'}})).url""",
        re.sub(
            r"csrfmiddlewaretoken=[^&]+",
            "csrfmiddlewaretoken=" + page.locator("[name=csrfmiddlewaretoken]").first.input_value(),
            sent[-1],
        ),
    )
    assert "why=key" in replayed

    give_password(page, REVIEWER)
    look(page, "第二步验证")
    page.click("text=用通行密钥验证")
    expect(page.locator(HEADING)).to_contain_text("待办")


def test_a_device_that_says_no_logs_nobody_in(here: Callable[[str], Page]) -> None:
    page = here("desktop")
    session, device = give_device(page)
    give_password(page, REVIEWER)
    page.goto("/desk/account/key/")
    page.click("main button:text-is('添加')")
    page.click("text=已经存好")
    log_out(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.click("text=用通行密钥登录")
    expect(page.locator(".passkey-said")).to_contain_text("没有完成")
    expect(page.locator(HEADING)).to_contain_text("工作人员登录")


def test_another_device_has_no_key(here: Callable[[str], Page]) -> None:
    page = here("desktop")
    give_device(page)
    page.goto("/desk/login/")
    page.click("text=用通行密钥登录")
    expect(page.locator(".passkey-said")).to_contain_text("没有完成")


def test_staff_end_a_log_in_that_they_do_not_know(pages: Callable[[str], Page]) -> None:
    mine, strange = pages("desktop"), pages("phone")
    staff(mine, REVIEWER)
    staff(strange, REVIEWER)
    mine.click("a[title='账号安全']")
    look(mine, "就是现在这个")
    mine.click("text=结束其他所有登录")
    expect(mine.locator("text=结束其他所有登录")).to_have_count(0)
    strange.goto("/desk/")
    expect(strange.locator(HEADING)).to_contain_text("工作人员登录")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_resident_sees_where_they_are_logged_in(pages: Callable[[str], Page], size: str) -> None:
    page, other = pages(size), pages("desktop")
    phone = {"phone": "13900000087", "desktop": "13900000088"}[size]
    for one in (other, page):
        one.goto("/login/?next=/my/sessions/")
        log_in_by_code(one, phone)
    look(page, "只记设备大类和大概时间")
    page.click("text=结束这次登录")
    expect(page.locator("text=结束这次登录")).to_have_count(0)
    other.goto("/my/sessions/")
    look(other, "用手机号登录")
