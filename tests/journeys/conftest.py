"""A real browser against the platform on a real port, with the demonstration's people."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright

# playwright keeps an event loop in this thread; the tests call Django beside it
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
ROOT = Path(__file__).resolve().parents[2]
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys use the test database; the server writes through connections of its own."""
    for item in items:
        if "journeys" in str(item.path):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def demo(city: None, django_db_blocker: Any) -> Iterator[None]:
    """The demonstration's staff."""
    with django_db_blocker.unblock():
        from weimin.base import clock
        from weimin.config import city as loading

        loading.load_demo(at=clock.now())
    yield


@pytest.fixture(scope="session")
def site(demo: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[str]:
    """The platform's address: a threaded server on a free port over the test database."""
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.test.testcases import LiveServerThread

    settings.WEIMIN_FILES = str(tmp_path_factory.mktemp("files"))
    with django_db_blocker.unblock():
        thread = LiveServerThread("127.0.0.1", StaticFilesHandler)
        thread.daemon = True
        thread.start()
        thread.is_ready.wait()
        if thread.error:
            raise thread.error
        yield f"http://127.0.0.1:{thread.port}"
        thread.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium from the system."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no Chromium: run make check, which installs it")
    with sync_playwright() as driver:
        one = driver.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
            ],
        )
        yield one
        one.close()


@pytest.fixture
def pages(browser: Browser, site: str) -> Iterator[Callable[[str], Page]]:
    """Make a page of a size, in a context of its own: `pages("phone")`."""
    contexts = []

    def make(size: str) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=site)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda fault: pytest.fail(f"script error: {fault}"))
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def worker(django_db_blocker: Any) -> Callable[[], str]:
    """Do what waits for the worker now."""

    def work() -> str:
        from weimin.config import jobs

        said: list[str] = []

        def run() -> None:
            with django_db_blocker.unblock():
                said.append(jobs.work_once())
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return said[0]

    return work


def no_serious_faults(page: Page) -> None:
    """Run axe-core on the page as it stands and fail on serious or critical faults."""
    page.evaluate(AXE)
    result = page.evaluate("async () => await axe.run(document, {resultTypes: ['violations']})")
    bad = [
        {"id": v["id"], "help": v["help"], "nodes": [n["html"][:160] for n in v["nodes"][:3]]}
        for v in result["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert not bad, f"{page.url}: {json.dumps(bad, ensure_ascii=False, indent=1)}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1, f"{page.url} scrolls sideways by {wide}px"
