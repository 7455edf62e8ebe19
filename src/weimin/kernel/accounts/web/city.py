"""Residents log in at the city's identity provider: OpenID Connect, code flow with state, nonce and PKCE.

Authlib speaks the protocol and checks the signed word of the provider. What is kept of it is which account it
belongs to, as a digest; name and identity number stay in the sealed session until the person registers with them.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.django_client import OAuth
from django.conf import settings
from django.contrib.auth import logout as end_session
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from joserfc.errors import JoseError
from requests import RequestException

from weimin.base.errors import Invalid
from weimin.base.guard import access, limited
from weimin.base.identifiers import check_id_number
from weimin.kernel.accounts import actions
from weimin.kernel.accounts.types import CityIdentity
from weimin.kernel.accounts.web.entrance import back_to
from weimin.kernel.record.types import Actor

log = logging.getLogger("weimin.login")
#: Name and number that the provider vouched for, until the person registers.
PROVEN = "city_identity"
NEXT = "city_next"
#: Signatures that need no shared secret.
_SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_TIMEOUT_SECONDS = 5
#: How far the provider's clock may be off.
_LEEWAY_SECONDS = 60
_FAULTS = (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError, TypeError)


class _Untrusted(ValueError):
    """The provider's answer is not what was asked for."""


def is_offered() -> bool:
    """Whether an identity provider is set up here."""
    return bool(settings.WEIMIN_OIDC_ISSUER and settings.WEIMIN_OIDC_CLIENT_ID)


_clients: dict[tuple[str, str, str], Any] = {}


def _client() -> Any:
    """The client of the configured provider, with what the provider says of itself; kept by the process."""
    if not is_offered():
        raise Http404
    key = (settings.WEIMIN_OIDC_ISSUER, settings.WEIMIN_OIDC_CLIENT_ID, settings.WEIMIN_OIDC_CLIENT_SECRET)
    if key not in _clients:
        client = OAuth().register(
            "city",
            client_id=settings.WEIMIN_OIDC_CLIENT_ID,
            client_secret=settings.WEIMIN_OIDC_CLIENT_SECRET,
            server_metadata_url=settings.WEIMIN_OIDC_ISSUER.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": settings.WEIMIN_OIDC_SCOPE,
                "code_challenge_method": "S256",
                "default_timeout": _TIMEOUT_SECONDS,
                "leeway": 0,  # its tokens are used at once, however short they live
            },
        )
        said = client.load_server_metadata()
        if str(said.get("issuer", "")).rstrip("/") != settings.WEIMIN_OIDC_ISSUER.rstrip("/"):
            raise _Untrusted("the issuer is another one")
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [one for one in offered if one in _SIGNATURES]
        _clients[key] = client
    return _clients[key]


@access("public")
@limited("city")
@require_GET
@never_cache
def start(request: Any) -> HttpResponse:
    """Send somebody to the provider."""
    wanted = request.GET.get("next", "")
    try:
        answer: HttpResponse = _client().authorize_redirect(request, _callback(request))
    except _FAULTS as fault:
        log.warning("the identity provider does not answer: %s", type(fault).__name__)
        return back_to("portal:login", "city_down", wanted)
    request.session[NEXT] = wanted[:500]
    return answer


def _callback(request: Any) -> str:
    address = str(request.build_absolute_uri(reverse("portal:city_back")))
    return address.replace("http://", "https://", 1) if settings.SESSION_COOKIE_SECURE else address


@access("public")
@limited("city")
@require_GET
@never_cache
def come_back(request: Any) -> HttpResponse:
    """Take the provider's answer: which account it is, and in."""
    wanted = request.session.pop(NEXT, "")
    try:
        identity = _identity(request)
    except _FAULTS as fault:
        log.warning("a log-in at the identity provider failed: %s", type(fault).__name__)
        return back_to("portal:login", "city", wanted)
    try:
        account = actions.link_city_identity(by=Actor.anonymous(), at=request.at, identity=identity)
    except actions.CityIdentityRefused as fault:
        return back_to("portal:login", fault.code.removeprefix("accounts."), wanted)
    if request.user.is_authenticated and request.user.pk != account.pk:
        end_session(request)  # one browser, one person
    record_authentication(request, account, "city")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    answer = perform_login(request, Login(user=account, redirect_url=wanted if wanted and safe else None))
    if request.user.is_authenticated and identity.name and identity.id_number:
        request.session[PROVEN] = {"name": identity.name, "id_number": identity.id_number}
    return answer or HttpResponseRedirect(reverse("portal:home"))


def _identity(request: Any) -> CityIdentity:
    """What the provider vouches for, of all that it says."""
    client = _client()
    issuer = settings.WEIMIN_OIDC_ISSUER.rstrip("/")
    if request.GET.get("iss", issuer).rstrip("/") != issuer:
        raise _Untrusted("the answer is of another issuer")
    wanted = {
        "iss": {"essential": True, "value": client.server_metadata["issuer"]},
        "aud": {"essential": True, "value": settings.WEIMIN_OIDC_CLIENT_ID},
    }
    token = client.authorize_access_token(request, claims_options=wanted, leeway=_LEEWAY_SECONDS)
    claims = dict(token.get("userinfo") or {})
    if not claims.get("sub"):
        raise _Untrusted("no signed identity came")
    more = dict(client.userinfo(token=token)) if "userinfo_endpoint" in client.server_metadata else {}
    if more and more.get("sub") != claims["sub"]:
        raise _Untrusted("userinfo is of somebody else")
    claims = more | claims
    verified = claims.get("phone_number_verified") is True
    id_number = _number(str(claims.get(settings.WEIMIN_OIDC_ID_CLAIM) or "")[:40])
    return CityIdentity(
        issuer=issuer,
        subject=str(claims["sub"]),
        phone=str(claims.get("phone_number") or "") if verified else "",
        name=str(claims.get("name") or "")[:40] if id_number else "",
        id_number=id_number,
    )


def _number(text: str) -> str:
    """An identity number as it is kept; '' when the claim is missing or holds something else."""
    try:
        return check_id_number(text).number if text else ""
    except Invalid:
        return ""
