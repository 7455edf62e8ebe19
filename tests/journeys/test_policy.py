"""The strict content policy in a real browser: no page asks for what it forbids, and the drawing still draws."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.journeys.people import look, staff

PUBLIC = (
    "/",
    "/items/",
    "/items/?q=低保",
    "/login/",
    "/desk/login/",
    "/calendar/",
    "/overruns/",
    "/verify/",
    "/nothing/",
)
DESK = ("/desk/", "/desk/new/", "/desk/figures/", "/desk/new/A3-13/")


def listen(page: Page) -> list[str]:
    """What the browser refuses from now on."""
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
    return refused


def test_no_page_asks_for_what_the_policy_forbids(pages: Callable[[str], Page]) -> None:
    visitor = pages("phone")
    refused = listen(visitor)
    for path in PUBLIC:
        visitor.goto(path)
        expect(visitor.locator("h1").first).to_be_visible()
    visitor.goto("/items/A3-13/?township=340321113000")
    for summary in visitor.locator("summary").all():
        summary.click()
    box = visitor.locator("[data-bpmn]")
    box.scroll_into_view_if_needed()
    expect(visitor.locator("[data-bpmn][data-drawn]")).to_have_count(1)
    expect(box.locator("svg text").first).to_be_visible()
    clerk = pages("desktop")
    refused_at_desk = listen(clerk)
    staff(clerk, "liucheng.shouli")
    for path in DESK:
        clerk.goto(path)
    look(clerk, "当面核对身份证")
    assert (refused, refused_at_desk) == ([], [])
