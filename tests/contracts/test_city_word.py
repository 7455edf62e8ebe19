"""A provider whose word does not hold: wrong nonce, audience, issuer, time, key or no signature at all."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from joserfc.jws import JWSRegistry

from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.web import city as web
from weimin.kernel.accounts.web import provider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
KEY = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
OTHER = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
SECRET = OctKey.import_key(json.dumps(KEY.as_dict(private=False), sort_keys=True))


@dataclass
class Says:
    """What the provider answers: claims that differ, and how it signs."""

    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    sign: str = "good"
    nonce: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


class Liar(ThreadingHTTPServer):
    """An OpenID provider that says what a test tells it."""

    says = Says()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str) -> dict[str, Any]:
        if path.startswith("/.well-known/"):
            return {
                "issuer": self.issuer,
                "authorization_endpoint": self.issuer + "/auth",
                "token_endpoint": self.issuer + "/token",
                "userinfo_endpoint": self.issuer + "/me",
                "jwks_uri": self.issuer + "/keys",
                "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            } | self.says.metadata
        if path in ("/keys", "/endless"):
            return {"keys": [KEY.as_dict(private=False)]}
        if path == "/me":
            return {
                "sub": "somebody",
                "phone_number": "+8613900000071",
                "phone_number_verified": True,
            } | self.says.userinfo
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 300} | self.word()

    def word(self) -> dict[str, str]:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": "somebody",
            "aud": "weimin",
            "iat": now,
            "exp": now + 60,
            "nonce": self.says.nonce,
        }
        claims = {name: value for name, value in (claims | self.says.claims).items() if value is not None}
        registry = JWSRegistry(algorithms=["ES256", "HS256", "none"])
        match self.says.sign:
            case "good":
                return {"id_token": jwt.encode({"alg": "ES256", "kid": "one"}, claims, KEY, registry=registry)}
            case "another key":
                return {"id_token": jwt.encode({"alg": "ES256", "kid": "one"}, claims, OTHER, registry=registry)}
            case "public key as secret":
                return {"id_token": jwt.encode({"alg": "HS256", "kid": "one"}, claims, SECRET, registry=registry)}
            case "none":
                return {"id_token": jwt.encode({"alg": "none"}, claims, KEY, registry=registry)}
            case "garbage":
                return {"id_token": "a.b.c"}
        return {}


class Handler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", self.server.issuer + "/keys")  # type: ignore[attr-defined]
            self.end_headers()
            return
        body = json.dumps(self.server.answer(path)).encode()  # type: ignore[attr-defined]
        body += b" " * (2 * 1024 * 1024) if path == "/endless" else b""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Liar]:
    with Liar(("127.0.0.1", 0), Handler) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield one
        one.shutdown()


@pytest.fixture
def liar(server: Liar, settings: Any) -> Iterator[Liar]:
    settings.WEIMIN_OIDC_ISSUER = server.issuer
    settings.WEIMIN_OIDC_CLIENT_ID, settings.WEIMIN_OIDC_CLIENT_SECRET = "weimin", "s"
    settings.WEIMIN_OIDC_ID_CLAIM = "identity_number"
    server.says = Says()
    provider.forget()
    yield server
    provider.forget()


def come_back(client: Client, liar: Liar, **says: Any) -> Any:
    asked = parse_qs(urlsplit(client.get("/login/city/")["Location"]).query)
    liar.says = Says(**({"nonce": asked["nonce"][0]} | says))
    return client.get("/login/city/back/", {"code": "c", "state": asked["state"][0]})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_an_honest_word_is_taken(client: Client, liar: Liar) -> None:
    come_back(client, liar)
    assert is_in(client)


@pytest.mark.parametrize(
    "says",
    [
        {"nonce": "another"},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "somebody-else"}},
        {"claims": {"aud": "somebody-else", "azp": "weimin"}},
        {"claims": {"aud": None}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"iss": None}},
        {"claims": {"exp": 1_700_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"sign": "another key"},
        {"sign": "public key as secret"},
        {"sign": "none"},
        {"sign": "garbage"},
        {"sign": "missing"},
        {"userinfo": {"sub": "somebody-else"}},
        {"userinfo": {"sub": None}},
    ],
    ids=str,
)
def test_a_word_that_does_not_hold_admits_nobody(client: Client, liar: Liar, says: dict[str, Any]) -> None:
    answer = come_back(client, liar, **says)
    assert answer["Location"].startswith("/login/?why=city")
    assert not is_in(client)
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"phone_number_verified": False},
        {"phone_number_verified": "true"},
        {"phone_number_verified": 1},
        {"phone_number_verified": None},
        {"phone_number": "+12025550100"},
        {"phone_number": ""},
        {"phone_number": ["13900000071"]},
        {"phone_number": {"a": 1}},
    ],
    ids=str,
)
def test_a_phone_that_was_not_proved_makes_no_account(client: Client, liar: Liar, claims: dict[str, Any]) -> None:
    answer = come_back(client, liar, userinfo=claims)
    assert "why=city_no_phone" in answer["Location"]
    assert not Account.objects.exists()


@pytest.mark.parametrize("number", ["", "1", "34030019000101001X", ["340300190001010011"], None, "<script>"])
def test_a_number_that_is_none_is_not_used(client: Client, liar: Liar, number: Any) -> None:
    come_back(client, liar, userinfo={"name": "王演示", "identity_number": number})
    assert is_in(client)
    assert web.PROVEN not in client.session


# --- where the provider may send us --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/keys",
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example/keys",
        "file:///etc/passwd",
        "{issuer}/elsewhere",
        "{issuer}/endless",
        "{issuer}@evil.example/keys",
    ],
)
def test_the_provider_sends_us_nowhere_else_and_answers_shortly(client: Client, liar: Liar, address: str) -> None:
    liar.says = Says(metadata={"jwks_uri": address.format(issuer=liar.issuer)})
    answer = come_back(client, liar)
    assert answer["Location"].startswith("/login/?why=city")
    assert not is_in(client)
    provider.forget()
    come_back(client, liar)
    assert is_in(client), "the same with its own address"
