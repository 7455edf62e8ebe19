"""The client that asks the city's identity provider: Authlib's, kept to one place and to short answers.

The only module that calls another machine. It reaches the origin of `WEIMIN_OIDC_ISSUER` and nothing else, whatever
the provider says of its own addresses; follows no redirect; reads at most a megabyte; waits five seconds; and takes
neither proxies nor passwords from the environment. The provider may stand in the city's inner network, so it is the
operator's setting and not the kind of address that says where may be called.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import DjangoOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from joserfc.errors import JoseError
from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter

#: What may go wrong while asking and while checking what was answered.
FAULTS = (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError, TypeError)
#: How far the provider's clock may be off.
LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 5
_ANSWER_BYTES = 1024 * 1024
#: Signatures that need no shared secret.
_SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class Untrusted(ValueError):
    """The provider's answer is not what was asked for."""


class _ShortAnswers(HTTPAdapter):
    """Reads an answer to its limit, and refuses to be sent on."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        """Send, and read what comes."""
        answer = super().send(request, *args, **(kwargs | {"stream": True}))
        content = answer.raw.read(_ANSWER_BYTES + 1, decode_content=True)
        answer.close()
        if len(content) > _ANSWER_BYTES:
            raise Untrusted("the answer is too long")
        if answer.is_redirect:
            raise Untrusted("the answer sends elsewhere")
        answer._content = content
        return answer


class _OneOrigin(OAuth2Session):  # type: ignore[misc]
    """A session that reaches the provider's origin only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trust_env = False
        parts = urlsplit(settings.WEIMIN_OIDC_ISSUER)
        self.adapters.clear()
        self.mount(f"{parts.scheme}://{parts.netloc}/", _ShortAnswers())


class _App(DjangoOAuth2App):  # type: ignore[misc]
    client_cls = _OneOrigin


class _Clients(OAuth):  # type: ignore[misc]
    oauth2_client_cls = _App


_clients: dict[tuple[str, str, str], Any] = {}


def is_offered() -> bool:
    """Whether an identity provider is set up here."""
    return bool(settings.WEIMIN_OIDC_ISSUER and settings.WEIMIN_OIDC_CLIENT_ID)


def client() -> Any:
    """The client of the configured provider, with what the provider says of itself; kept by the process.

    Raises: one of FAULTS — it does not answer, or calls itself otherwise
    """
    key = (settings.WEIMIN_OIDC_ISSUER, settings.WEIMIN_OIDC_CLIENT_ID, settings.WEIMIN_OIDC_CLIENT_SECRET)
    if key not in _clients:
        _clients[key] = _make()
    return _clients[key]


def _make() -> Any:
    issuer = settings.WEIMIN_OIDC_ISSUER.rstrip("/")
    made = _Clients().register(
        "city",
        client_id=settings.WEIMIN_OIDC_CLIENT_ID,
        client_secret=settings.WEIMIN_OIDC_CLIENT_SECRET,
        server_metadata_url=issuer + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": settings.WEIMIN_OIDC_SCOPE,
            "code_challenge_method": "S256",
            "default_timeout": _TIMEOUT_SECONDS,
            "leeway": 0,  # its tokens are used at once, however short they live
        },
    )
    said = made.load_server_metadata()
    if str(said.get("issuer", "")).rstrip("/") != issuer:
        raise Untrusted("the issuer is another one")
    offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
    said["id_token_signing_alg_values_supported"] = [one for one in offered if one in _SIGNATURES]
    return made


def forget() -> None:
    """Ask the provider anew what it says of itself; for tests and after a change of settings."""
    _clients.clear()
