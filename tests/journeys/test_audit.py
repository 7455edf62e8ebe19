"""A resident checks a receipt against the published chain; the audit administrator looks at the trail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page

from tests.journeys.people import look, staff


def _beside(unblocker: Any, work: Callable[[], Any]) -> Any:
    """Run something on the database in a thread of its own, beside the browser's loop."""
    answers: list[Any] = []

    def run() -> None:
        with unblocker.unblock():
            answers.append(work())
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return answers[0]


@pytest.fixture(scope="module")
def receipt(site: str, django_db_blocker: Any) -> tuple[str, str]:
    """A matter of the demonstration, whose day is closed; gives its number and code."""

    def work() -> tuple[str, str]:
        from weimin.base import clock
        from weimin.config import jobs
        from weimin.config.city import DEMO_PASSWORD
        from weimin.config.demonstration import LOADER
        from weimin.kernel.accounts import actions as accounts
        from weimin.kernel.cases.models import Case
        from weimin.kernel.cases.rules.numbers import receipt_code
        from weimin.kernel.directory import actions as directory
        from weimin.kernel.directory import queries as places

        at = clock.now()
        account = accounts.create_staff_account(
            by=LOADER, at=at, username="t.shenji", name="演示审计", password=DEMO_PASSWORD
        )
        person = directory.add_officer(by=LOADER, at=at, name="演示审计", account_id=account)
        city = next(one for one in places.list_agencies(division_code="340300000000"))
        directory.appoint(
            by=LOADER, at=at, officer_id=person, agency_id=city.pk, roles=("audit_admin",), title="审计管理员"
        )
        jobs.chain(at)
        jobs.chain(at + timedelta(days=1))
        number = Case.objects.order_by("number").values_list("number", flat=True)[0]
        return number, receipt_code(number)

    return _beside(django_db_blocker, work)  # type: ignore[no-any-return]


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_a_resident_checks_a_receipt_against_the_published_chain(
    pages: Callable[[str], Page], receipt: tuple[str, str], size: str
) -> None:
    page = pages(size)
    number, code = receipt
    page.goto("/verify/")
    page.fill("#n", number)
    page.fill("#c", code)
    page.click("main button:has-text('核验')")
    look(page, "已入链，当天已封存公布")
    page.locator("summary", has_text="在链上的位置").first.click()
    digest = page.locator("dd.code").nth(1).inner_text()
    look(page, "本条摘要")
    page.locator(".timeline details a").first.click()
    look(page, "当天摘要")
    with page.expect_download() as file:
        page.locator("a", has_text="-1.txt").click()
    text = file.value.path().read_text(encoding="utf-8")
    assert any(line.split()[1] == digest for line in text.splitlines() if not line.startswith("#"))
    page.locator("a", has_text="审计链每日摘要").first.click()
    look(page, "怎么自己核对")


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_the_audit_administrator_looks_for_what_somebody_did(
    pages: Callable[[str], Page], receipt: tuple[str, str], size: str
) -> None:
    page = pages(size)
    staff(page, "t.shenji")
    page.click("nav.menu a:has-text('审计记录')")
    look(page, "历次核验")
    page.select_option("#subject_type", "case")
    page.fill("#subject_id", receipt[0])
    page.click("button:has-text('查找')")
    page.locator("summary").first.click()
    look(page, "收件")
    with page.expect_download() as file:
        page.click("button:has-text('导出表格')")
    assert file.value.suggested_filename.startswith("audit-")
