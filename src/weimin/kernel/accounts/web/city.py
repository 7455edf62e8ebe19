"""Residents log in at the city's identity provider: OpenID Connect, code flow with state, nonce and PKCE.

Authlib speaks the protocol and checks the signed word of the provider. What is kept of it is which account it
belongs to, as a digest; name and identity number stay in the sealed session until the person registers with them.
"""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import logout as end_session
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from weimin.base.errors import Invalid
from weimin.base.guard import access, limited
from weimin.base.identifiers import check_id_number
from weimin.kernel.accounts import actions
from weimin.kernel.accounts.types import CityIdentity
from weimin.kernel.accounts.web import provider
from weimin.kernel.accounts.web.entrance import back_to
from weimin.kernel.record.types import Actor

log = logging.getLogger("weimin.login")
#: Name and number that the provider vouched for, until the person registers.
PROVEN = "city_identity"
NEXT = "city_next"


@access("entrance")
@limited("city")
@require_GET
@never_cache
def start(request: Any) -> HttpResponse:
    """Send somebody to the provider."""
    _check_offered()
    wanted = request.GET.get("next", "")
    try:
        answer: HttpResponse = provider.client().authorize_redirect(request, _callback(request))
    except provider.FAULTS as fault:
        log.warning("the identity provider does not answer: %s", type(fault).__name__)
        return back_to("portal:login", "city_down", wanted)
    request.session[NEXT] = wanted[:500]
    return answer


def _check_offered() -> None:
    if not provider.is_offered():
        raise Http404


def _callback(request: Any) -> str:
    address = str(request.build_absolute_uri(reverse("portal:city_back")))
    return address.replace("http://", "https://", 1) if settings.SESSION_COOKIE_SECURE else address


@access("entrance")
@limited("city")
@require_GET
@never_cache
def come_back(request: Any) -> HttpResponse:
    """Take the provider's answer: which account it is, and in."""
    _check_offered()
    wanted = request.session.pop(NEXT, "")
    try:
        identity = _identity(request)
    except provider.FAULTS as fault:
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
    client = provider.client()
    issuer = settings.WEIMIN_OIDC_ISSUER.rstrip("/")
    if request.GET.get("iss", issuer).rstrip("/") != issuer:
        raise provider.Untrusted("the answer is of another issuer")
    wanted = {
        "iss": {"essential": True, "value": client.server_metadata["issuer"]},
        "aud": {"essential": True, "value": settings.WEIMIN_OIDC_CLIENT_ID},
    }
    token = client.authorize_access_token(request, claims_options=wanted, leeway=provider.LEEWAY_SECONDS)
    claims = dict(token.get("userinfo") or {})
    if not claims.get("sub"):
        raise provider.Untrusted("no signed identity came")
    more = dict(client.userinfo(token=token)) if "userinfo_endpoint" in client.server_metadata else {}
    if more and more.get("sub") != claims["sub"]:
        raise provider.Untrusted("userinfo is of somebody else")
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
