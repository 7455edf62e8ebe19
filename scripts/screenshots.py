"""Takes the pictures of the docs from a running demonstration: python scripts/screenshots.py http://127.0.0.1:8000."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs/images"
TOWN = "340321113000"
PHONE, NAME, NUMBER = "13900000099", "郑演示", "340311190010150082"


def apply(page: Page, site: str) -> str:
    """Log in, register, apply for the old-age allowance; pictures on the way."""
    page.goto(f"{site}/")
    page.screenshot(path=IMAGES / "home-phone.png")
    page.goto(f"{site}/items/A5-31/?township={TOWN}")
    page.screenshot(path=IMAGES / "guide-phone.png")
    page.click("a:has-text('网上申请')")
    page.fill("#f-phone", PHONE)
    page.click("text=获取验证码")
    with page.context.expect_page() as opened:
        page.click("text=在这里看验证码")
    code = re.search(r"登录验证码 (\d{6})", opened.value.locator(".results").inner_text())
    assert code
    page.fill("#f-code", code.group(1))
    page.click("main button:has-text('登录')")
    if page.locator("#f-id_number").count():
        page.fill("#f-name", NAME)
        page.fill("#f-id_number", NUMBER)
        page.select_option("#f-township", TOWN)
        page.select_option("#f-division", "340321100200")
        page.click("main button:has-text('保存')")
    page.check("input[name=who_for][value=self]")
    page.screenshot(path=IMAGES / "apply-phone.png")
    page.click("text=保存并继续")
    page.check("input[name=living][value=home_village]")
    page.select_option("#f-village", index=2)
    page.click("text=保存并继续")
    page.check("input[name=card_type][value=social_card]")
    page.fill("#f-bank_name", "怀远农商银行")
    page.fill("#f-account_number", "6222000000000000001")
    page.click("text=保存并继续")
    picture = Path("/tmp/card.png")
    picture.write_bytes((IMAGES / "home-phone.png").read_bytes())
    page.set_input_files("#f-material_bank_card", picture)
    page.click("text=保存并继续")
    page.click("text=确认提交")
    page.click("summary:has-text('为什么是这一天')")
    page.screenshot(path=IMAGES / "matter-phone.png", full_page=True)
    found = re.search(r"\d{9}-\d{6}-\d{5}", page.locator("main").inner_text())
    assert found
    return found.group()


def main() -> None:
    """Take six pictures."""
    site = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN").new_page()
        number = apply(phone, site)
        desk = browser.new_context(viewport={"width": 1280, "height": 860}, locale="zh-CN").new_page()
        desk.goto(f"{site}/desk/")
        desk.fill("#f-login", "liucheng.shouli")
        desk.fill("#f-password", "demo-2026")
        desk.click("main button:has-text('登录')")
        desk.screenshot(path=IMAGES / "inbox-desk.png")
        desk.goto(f"{site}/desk/cases/{number}/")
        desk.screenshot(path=IMAGES / "case-desk.png")
        browser.close()


if __name__ == "__main__":
    main()
