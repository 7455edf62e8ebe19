"""What every address does with hostile requests, and what every answer carries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from weimin.base import clock
from weimin.config.hardening import MAX_JSON_BYTES, MAX_JSON_DEPTH, depth_of
from weimin.kernel.accounts.actions import create_client
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases import queries
from weimin.kernel.cases.testing import SYSTEM, Cast, hand_in, make_cast
from weimin.kernel.record.testing import Stored

AT = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "\\\\evil.example",
    "https:///evil.example",
    " //evil.example",
    "/%09/evil.example",
)


@pytest.fixture
def cast(city: None, db: None, settings: Any, tmp_path: Path) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.fixture
def token(cast: Cast) -> str:
    assert cast.clerk.post_id
    return create_client(by=SYSTEM, at=clock.now(), name="演示", post_id=cast.clerk.post_id)


def as_person(account_id: int | None) -> Client:
    """A browser in which somebody is logged in; faults are answers."""
    client = Client(raise_request_exception=False)
    account = Account.objects.get(pk=account_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def call(token: str, path: str, body: bytes | str | dict[str, Any]) -> Any:
    """POST to the API."""
    content = json.dumps(body) if isinstance(body, dict) else body
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "12345678"}
    client = Client(raise_request_exception=False)
    return client.post(f"/api/v1{path}", content, content_type="application/json", headers=headers)


def addresses(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    """Every address, with something made up in its places."""
    for one in (resolver or get_resolver()).url_patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            yield re.sub(r"<(?:(\w+):)?\w+>", lambda m: "1" if m.group(1) == "int" else "x", path)
        else:
            yield from addresses(one, path)


# --- bodies ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "depth"),
    [
        (b"", 0),
        (b"1", 0),
        (b"{}", 1),
        (b'{"a": [[1], {"b": 2}]}', 3),
        (b'{"a": "[[[[{{{{"}', 1),
        (b'{"a": "\\"[[[["}', 1),
        (b"[" * 100_000, 100_000),
        (b'"[[[[', 0),
    ],
)
def test_depth_is_counted_outside_of_strings(text: bytes, depth: int) -> None:
    assert depth_of(text) == depth


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b"[" * (MAX_JSON_DEPTH + 1) + b"]" * (MAX_JSON_DEPTH + 1), 400),
        (b'{"item_code": NaN}', 400),
        (b'{"step_id": ' + b"9" * 5000 + b"}", 400),
        (b"\xff\xfe{}", 400),
        (b"{", 400),
        (b"", 422),
        (b'"' + b"a" * MAX_JSON_BYTES + b'"', 413),
        (b'{"step_id": 1e400}', 422),
        (b"[]", 422),
        (b'{"a": "\\ud800"}', 422),
    ],
)
def test_hostile_json_gets_a_refusal_in_the_apis_shape(token: str, body: bytes, status: int) -> None:
    answer = call(token, "/matters", body)
    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message", "fields"}


def test_a_request_beyond_all_limits_is_refused_before_it_is_read(token: str) -> None:
    answer = Client().generic(
        "POST", "/api/v1/matters", b"{}", content_type="application/json", CONTENT_LENGTH=str(2**31)
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "http.413")
    page = Client().generic("POST", "/login/", b"", CONTENT_LENGTH=str(2**31))
    assert page.status_code == 413 and "太大" in page.content.decode()
    assert "default-src 'none'" in page["Content-Security-Policy"] and page["X-Content-Type-Options"] == "nosniff"
    assert Client().generic("POST", "/login/", b"", CONTENT_LENGTH="-5").status_code == 400


def test_too_many_fields_or_files_are_refused(city: None, db: None) -> None:
    client = Client(raise_request_exception=False)
    assert client.post("/login/", {f"f{n}": "1" for n in range(2500)}).status_code == 400
    assert client.post("/login/", {f"f{n}": SimpleUploadedFile("a.png", b"x") for n in range(60)}).status_code == 400
    assert (
        client.post(
            "/login/", {"phone": "1" * (6 * 1024 * 1024)}, content_type="application/x-www-form-urlencoded"
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    "extra",
    [
        {"state": "closed"},
        {"applicant_id": 1},
        {"by": "system"},
        {"person": {"is_staff": True}},
        {"channel": "counter"},
    ],
)
def test_fields_that_nobody_asked_for_are_refused(token: str, extra: dict[str, Any]) -> None:
    person = {
        "name": "演示甲",
        "id_number": "340300190001010011",
        "phone": "13900000041",
        "division_code": "340321100200",
    }
    body = {"item_code": "A4-24", "township_code": "340321113000", "person": {**person, **extra.get("person", {})}}
    answer = call(token, "/matters", {**body, **{k: v for k, v in extra.items() if k != "person"}})
    assert answer.status_code == 422
    (name,) = extra if "person" not in extra else ("person.is_staff",)
    assert any(field.endswith(name) for field in answer.json()["fields"])


def test_every_body_of_the_api_refuses_unknown_fields() -> None:
    from weimin.config import api

    document = api.schema()
    loose = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
            if (
                reference
                and document["components"]["schemas"][reference.rsplit("/", 1)[1]].get("additionalProperties")
                is not False
            ):
                loose.append(f"{method} {path}")
    assert not loose


# --- where to go next ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wanted", EVIL)
def test_no_redirect_leaves_the_site(cast: Cast, wanted: str) -> None:
    person = as_person(cast.applicant.account_id)
    clerk = as_person(cast.clerk.account_id)
    for answer in (
        Client().post("/elder/", {"back": wanted}),
        person.get("/login/", {"next": wanted}),
        clerk.get("/desk/login/", {"next": wanted}),
        person.post(
            "/my/profile/",
            {
                "next": wanted,
                "name": "张演示",
                "id_number": "340300190001010011",
                "phone": "13900000051",
                "division": "340321100200",
            },
        ),
        Client().get("/my/", {"next": wanted}),
        Client().get("//evil.example/%2e%2e"),
        Client().get("/my//evil.example"),
    ):
        target = answer.headers.get("Location", "/")
        assert target.startswith("/") and not target.startswith(("//", "/\\")), target


# --- paths, hosts, methods ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/ui/..%2f..%2f..%2fsettings.py",
        "/items/..%2F..%2Fetc%2Fpasswd/",
        "/items/%00/",
        "/my/files/../../etc/passwd",
        "/api/v1/items/..%2f..%2fetc",
    ],
)
def test_no_path_leaves_its_folder(city: None, db: None, path: str) -> None:
    answer = Client(raise_request_exception=False).get(path)
    assert answer.status_code in (302, 400, 404, 422)
    assert b"root:" not in answer.content and b"INSTALLED_APPS" not in answer.content


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost@evil.example", "127.0.0.1:99999x", "", "[::1"]
)
def test_a_foreign_host_is_refused(city: None, db: None, host: str) -> None:
    answer = Client(raise_request_exception=False).get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


def test_a_forged_forwarded_host_changes_nothing(city: None, db: None) -> None:
    answer = Client().get("/my/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert answer["Location"] == "/login/?next=/my/"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_refused_everywhere(city: None, db: None, method: str) -> None:
    client = Client(raise_request_exception=False)
    wrong = {}
    for path in addresses():
        answer = client.generic(method, path)
        if answer.status_code != 405:
            wrong[path] = answer.status_code
    assert not wrong


def test_no_address_fails_whoever_calls_it_with_whatever(cast: Cast) -> None:
    hostile = {
        "page": "-1",
        "after": "\x00",
        "q": "'\"><script>alert(1)</script>",
        "township": "../",
        "id": "9" * 40,
        "on": "x",
        "n": "9" * 40,
        "c": "\x00",
        "year": "99999999999",
    }
    broken = []
    for client in (
        Client(raise_request_exception=False),
        as_person(cast.applicant.account_id),
        as_person(cast.clerk.account_id),
    ):
        for path in addresses():
            for answer in (client.get(path, hostile), client.post(path, hostile)):
                if answer.status_code >= 500 or b"<script>alert(1)" in getattr(answer, "content", b""):
                    broken.append((path, answer.status_code))
    assert not broken


# --- headers and cookies -------------------------------------------------------------------------------------------
def test_every_answer_carries_the_headers(cast: Cast) -> None:
    person = as_person(cast.applicant.account_id)
    for answer in (
        Client().get("/"),
        Client().get("/nothing/"),
        person.get("/my/"),
        Client().get("/api/v1/items"),
        Client().get("/my/"),
    ):
        head = answer.headers
        policy = head["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
        assert "unsafe" not in policy and "data:" not in policy and "*" not in policy
        assert head["X-Content-Type-Options"] == "nosniff" and head["X-Frame-Options"] == "DENY"
        assert head["Referrer-Policy"] == "same-origin"
        assert head["Cross-Origin-Opener-Policy"] == "same-origin"
        assert head["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "geolocation=()" in head["Permissions-Policy"] and "camera=()" in head["Permissions-Policy"]
        assert "Server" not in head and "X-Powered-By" not in head


def test_what_a_person_or_client_sees_is_kept_by_no_cache(cast: Cast, token: str) -> None:
    person, clerk = as_person(cast.applicant.account_id), as_person(cast.clerk.account_id)
    personal = [person.get(path) for path in ("/my/", "/my/profile/", "/", "/my/messages/")]
    personal += [
        clerk.get("/desk/"),
        Client().get("/api/v1/matters/inbox", headers={"Authorization": f"Bearer {token}"}),
    ]
    for answer in personal:
        assert answer.status_code == 200 and "no-store" in answer["Cache-Control"], answer.request["PATH_INFO"]
    assert "no-store" not in Client().get("/").headers.get("Cache-Control", "")


def test_cookies_are_closed_to_scripts_and_other_sites(cast: Cast) -> None:
    client = Client()
    client.post("/login/", {"phone": "13900000051"})
    client.get("/login/")
    client.post("/elder/", {"back": "/"})
    client.get("/", {"township": "340321113000"})
    assert {"sessionid", "csrftoken", "elder"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"], cookie.key


def test_over_https_cookies_and_transport_are_bound_to_it() -> None:
    """The settings are read once, so another process reads them."""
    import os
    import subprocess
    import sys

    code = (
        "import weimin.config.settings as s; print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SECURE_HSTS_SECONDS, s.SECURE_PROXY_SSL_HEADER)"
    )
    environment = {**os.environ, "WEIMIN_HTTPS": "1", "WEIMIN_PROXIES": "1"}
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == ["__Host-sessionid", "True", "True", "31536000", "('HTTP_X_FORWARDED_PROTO',", "'https')"]


def test_a_form_from_elsewhere_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    account = Account.objects.get(pk=cast.applicant.account_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/my/profile/", {"name": "x"}).status_code == 403


# --- files -----------------------------------------------------------------------------------------------------------
def test_a_file_is_handed_out_as_what_it_is_and_runs_nothing(cast: Cast) -> None:
    done = hand_in(cast, AT)
    row = queries.get_case(cast.applicant, done.number).files[0]
    answer = as_person(cast.applicant.account_id).get(f"/my/files/{row.pk}/")
    assert answer.status_code == 200 and answer.content[:4] == b"\x89PNG"
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == f'inline; filename="file-{row.pk}.png"'
    assert "sandbox" in answer["Content-Security-Policy"] and "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff" and "no-store" in answer["Cache-Control"]
    row.blob.media_type = "application/pdf"
    row.blob.save(update_fields=["media_type"])
    pdf = as_person(cast.applicant.account_id).get(f"/my/files/{row.pk}/")
    assert pdf["Content-Disposition"] == f'attachment; filename="file-{row.pk}.pdf"'
    assert as_person(cast.neighbour.account_id).get(f"/my/files/{row.pk}/").status_code == 404


def test_a_broken_file_says_so_in_plain_words_and_is_not_handed_out(cast: Cast) -> None:
    done = hand_in(cast, AT)
    row = queries.get_case(cast.applicant, done.number).files[0]
    path = Stored(row.blob.sha256)
    raw = bytearray(path.read_bytes())
    raw[30] ^= 1
    path.write_bytes(raw)
    answer = as_person(cast.applicant.account_id).get(f"/my/files/{row.pk}/")
    assert answer.status_code == 503
    assert "已损坏或丢失" in answer.content.decode() and row.blob.sha256 not in answer.content.decode()
