"""No identity number, phone, card or token lands in a log line, an address or an error page."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.log import DEFAULT_LOGGING

from weimin.base import clock, contents
from weimin.base.scrubbing import ScrubbingFormatter
from weimin.kernel.accounts.actions import create_client
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases.testing import PICTURE, SYSTEM, Cast, hand_in, make_cast
from weimin.kernel.record.models import AuditEntry, OutboxMessage

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
NUMBER, PHONE, CARD = "340300190001010011", "13900000051", "6222000000000000001"
PERSON = {"name": "张演示", "id_number": NUMBER, "phone": PHONE, "division_code": "340321100200"}


@pytest.fixture
def cast(city: None, db: None, settings: Any, tmp_path: Path) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that is logged, from the lowest level on, formatted as in production but not scrubbed."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)


def browser(account_id: int | None) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(Account.objects.get(pk=account_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def walk(cast: Cast, token: str) -> Iterator[Any]:
    """Error paths with somebody's real-looking data in them: refused, conflicting, malformed, unknown."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "leak-test-1"}
    api, person, clerk = (
        Client(raise_request_exception=False),
        browser(cast.applicant.account_id),
        browser(cast.clerk.account_id),
    )

    def post(path: str, body: Any, **more: str) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        return api.post(f"/api/v1{path}", text, content_type="application/json", headers={**headers, **more})

    body = {"item_code": "A3-13", "township_code": "340321113000", "person": PERSON, "answers": {"account": CARD}}
    yield post("/matters", body)
    yield post("/matters", {**body, "person": {**PERSON, "id_number": NUMBER[:-1] + "9"}})
    yield post("/matters", {**body, "answers": {"account": CARD, "hack": NUMBER}})
    yield post("/matters", json.dumps(body)[:-2])
    yield post("/matters", {**body, "person": {**PERSON, "name": "\x00" + PHONE}})
    yield post(f"/matters/{NUMBER}/accept", {"step_id": 1})
    yield post("/matters", body, Authorization=f"Bearer {token}x")
    yield person.post(
        "/my/profile/", {"name": PHONE, "id_number": NUMBER[:-1] + "9", "phone": PHONE[:-1], "division": "1"}
    )
    yield person.post("/my/profile/", {"name": "\x00", "id_number": NUMBER, "phone": PHONE, "division": "340321100200"})
    yield Client(raise_request_exception=False).post("/login/", {"phone": PHONE})
    yield Client(raise_request_exception=False).post("/login/", {"phone": PHONE + "0"})
    yield Client(raise_request_exception=False).post("/desk/login/", {"login": PHONE, "password": NUMBER})
    yield clerk.post("/desk/new/person/", {"id": NUMBER})
    yield clerk.post("/desk/new/A3-13/", {"person-id_number": NUMBER, "person-phone": PHONE, "account": CARD})
    yield Client(enforce_csrf_checks=True).post("/login/", {"phone": PHONE})
    yield person.post("/apply/A3-13/340321113000/answers/", {"account": CARD + "1", "other": NUMBER})


def leaks(text: str) -> list[str]:
    return [one for one in (NUMBER, NUMBER[:-1], PHONE, CARD, "wm_") if one in text]


def test_error_paths_log_no_person_and_lead_to_addresses_without_one(cast: Cast, lines: io.StringIO) -> None:
    assert cast.clerk.post_id
    token = create_client(by=SYSTEM, at=clock.now(), name="演示", post_id=cast.clerk.post_id)
    statuses = []
    for answer in walk(cast, token):
        statuses.append(answer.status_code)
        assert answer.status_code < 500
        assert not leaks(answer.headers.get("Location", ""))
        if answer.status_code >= 400 and "json" in answer.get("Content-Type", ""):
            assert not leaks(answer.content.decode())
        assert token not in answer.content.decode()
    assert {401, 403, 404, 422} <= set(statuses)
    said = lines.getvalue()
    assert "Unprocessable" in said, "the walk is logged at all"
    # the one address that had a number in it was made by the caller; what is written in production is scrubbed
    assert leaks(said.replace(f"/matters/{NUMBER}/", "")) == []
    assert leaks(ScrubbingFormatter("%(message)s").format(logging.makeLogRecord({"msg": said}))) == []


def test_a_fault_of_the_server_shows_nothing_and_logs_no_person(cast: Cast, settings: Any, tmp_path: Path) -> None:
    contents.open_store.cache_clear()
    settings.WEIMIN_FILES, settings.WEIMIN_BUCKET_ENDPOINT = "s3://leaks/weimin", f"no address {NUMBER}"
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(ScrubbingFormatter("%(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        assert cast.clerk.post_id
        token = create_client(by=SYSTEM, at=clock.now(), name="演示", post_id=cast.clerk.post_id)
        answer = Client(raise_request_exception=False).post(
            "/api/v1/matters/files?item_code=A3-13&material_code=bank_card",
            {"file": SimpleUploadedFile(f"{NUMBER}.png", PICTURE)},
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "12345678"},
        )
    finally:
        logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500
    page = answer.content.decode()
    assert not leaks(page) and "Traceback" not in page and str(tmp_path) not in page
    assert "Traceback" in out.getvalue() and not leaks(out.getvalue())


def test_every_handler_of_the_settings_scrubs() -> None:
    logging_settings = configured.LOGGING
    forms = {name for name, one in logging_settings["formatters"].items() if "ScrubbingFormatter" in str(one.get("()"))}
    assert {one["formatter"] for one in logging_settings["handlers"].values()} <= forms
    assert "mail_admins" in DEFAULT_LOGGING["loggers"]["django"]["handlers"]
    assert logging_settings["loggers"]["django"]["handlers"] == [], "Django's own handlers would mail request fields"


def test_trail_and_outbox_hold_no_person_in_clear(cast: Cast) -> None:
    hand_in(cast, AT)
    for model in (AuditEntry, OutboxMessage):
        text = json.dumps([list(map(str, row)) for row in model.objects.values_list()], ensure_ascii=False)
        assert text != "[]" and not leaks(text)


def test_no_form_puts_a_persons_number_into_an_address() -> None:
    personal = re.compile(r'name="[^"]*(id_number|phone|idcard|account|address|person|password|code_sms)[^"]*"')
    wrong = []
    for path in sorted((ROOT / "src/weimin").rglob("templates/**/*.html")):
        for form in re.findall(r"<form\b[^>]*>.*?</form>", path.read_text(encoding="utf-8"), re.S):
            if 'method="post"' not in form.split(">", 1)[0] and personal.search(form):
                wrong.append(path.name)
    assert not wrong
