"""What people do in the journeys, in their own words: log in, look, click."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import no_serious_faults

PASSWORD = "demo-2026"
TOWNSHIP = "340321113000"
#: A made-up picture: a real, tiny PNG.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f0003860180"
    "5a34a16b0000000049454e44ae426082"
)


def look(page: Page, text: str) -> None:
    """See a text on the page, and that the page has no serious accessibility fault."""
    expect(page.locator("body")).to_contain_text(text)
    no_serious_faults(page)


def log_in_by_code(page: Page, phone: str) -> None:
    """A resident's log-in: phone, then the code from the demonstration's page of texts."""
    page.fill("#f-phone", phone)
    no_serious_faults(page)
    page.click("text=获取验证码")
    look(page, "输入验证码")
    with page.context.expect_page() as opened:
        page.click("text=在这里看验证码")
    codes = opened.value
    look(codes, "演示短信")
    found = re.search(r"登录验证码 (\d{6})", codes.locator(".results").inner_text())
    assert found
    codes.close()
    page.fill("#f-code", found.group(1))
    page.click("main button:has-text('登录')")


def give_identity(page: Page, name: str, number: str, village: str) -> None:
    """The one-time identity page."""
    look(page, "办事前登记一次身份信息")
    page.fill("#f-name", name)
    page.fill("#f-id_number", number)
    page.select_option("#f-township", TOWNSHIP)
    page.select_option("#f-division", village)
    page.click("main button:has-text('保存')")


def staff(page: Page, username: str, post: str = "") -> None:
    """A staff log-in, and the choice of a post."""
    page.goto("/desk/login/")
    page.fill("#f-login", username)
    page.fill("#f-password", PASSWORD)
    page.click("main button:has-text('登录')")
    expect(page.locator("nav.menu")).to_be_visible()
    if post:
        label = page.locator(f"#post option:has-text('{post}')").first.inner_text()
        page.select_option("#post", label=label)
        page.click("text=切换岗位")
        expect(page.locator("h1")).to_contain_text("待办")


def open_matter(page: Page, number: str) -> None:
    """Find a matter by its number in the bar."""
    page.fill("#find", number.replace("-", ""))
    page.press("#find", "Enter")
    expect(page.locator("body")).to_contain_text(number)


def number_on(page: Page) -> str:
    """The matter number that the page shows."""
    found = re.search(r"\d{9}-\d{6}-\d{5}", page.locator("main").inner_text())
    assert found
    return found.group()
