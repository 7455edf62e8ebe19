"""Staff look after their own log-in: password, second factors, recovery codes, sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import segno
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.account.views import ReauthenticateView
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret, get_totp_secret
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib.auth import update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from weimin.base.errors import Invalid, TooOften
from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.accounts import actions, queries
from weimin.kernel.accounts.actions.factors import record_factor
from weimin.kernel.accounts.actions.passwords import MAX_LENGTH
from weimin.kernel.accounts.forms import NewKeyForm
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.types import FactorLine, SessionLine
from weimin.kernel.accounts.web.devices import Tries
from weimin.kernel.accounts.web.entrance import held_off
from weimin.kernel.accounts.web.portal import end_chosen
from weimin.kernel.accounts.web.sessions import FACTOR, digest

_CODES_SHOWN = "recovery_codes_due"


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What the page of one's own log-in shows."""

    account: Account
    factors: list[FactorLine]
    codes_left: int
    sessions: list[SessionLine]
    factor_due: bool

    @property
    def has_app(self) -> bool:
        """Whether an authenticator app is set up."""
        return any(one.kind == "totp" for one in self.factors)


@access("staff", own=True)
@never_cache
def account(request: Any) -> HttpResponse:
    """One's own log-in at a glance; end sessions from here."""
    here = digest(request.session.session_key)
    if request.method == "POST":
        end_chosen(request, here)
        return HttpResponseRedirect(reverse("desk:account"))
    factors = queries.list_factors(account_id=request.user.pk)
    page = AccountPage(
        account=request.user,
        factors=factors,
        codes_left=queries.count_recovery_codes(account_id=request.user.pk),
        sessions=queries.list_sessions(account_id=request.user.pk, here=here, at=request.at),
        factor_due=request.due == "desk:account",
    )
    return render(request, "accounts/account.html", {"page": page})


# --- password --------------------------------------------------------------------------------------------------
@access("staff", own=True)
@sensitive_post_parameters()
@never_cache
def password(request: Any) -> HttpResponse:
    """Change one's password; every other session ends."""
    errors: dict[str, str] = {}
    wait = 0
    if request.method == "POST":
        old, new, again = (request.POST.get(name, "")[: MAX_LENGTH + 1] for name in ("old", "new", "again"))
        try:
            _change(request, old, new, again)
        except Invalid as fault:
            errors = fault.fields
        except TooOften as fault:
            errors, wait = {"old": fault.message}, fault.wait_seconds
        else:
            return HttpResponseRedirect(reverse("desk:account"))
    context = {"errors": errors, "temporary": request.user.password_is_temporary}
    return held_off(render(request, "accounts/password.html", context, status=422 if errors else 200), wait)  # type: ignore[no-any-return]


def _change(request: Any, old: str, new: str, again: str) -> None:
    if new != again:
        raise Invalid("两次输入的新口令不一样。", fields={"again": "和上面的新口令不一样，请再输入一次。"})
    tries = Tries(request, "login", account_id=request.user.pk)
    tries.spend()
    try:
        actions.change_password(
            by=request.actor,
            at=request.at,
            account_id=request.user.pk,
            old=old,
            new=new,
            keep=digest(request.session.session_key),
        )
    except Invalid as fault:
        if "old" not in fault.fields:
            tries.give_back()
        raise
    tries.give_back()
    request.user.refresh_from_db()
    update_session_auth_hash(request, request.user)  # a new key, and the mark of the new password


class Confirm(ReauthenticateView):
    """The password once more, before second factors are changed."""

    template_name = "accounts/confirm.html"

    def get_default_success_url(self) -> str:
        """Back to one's own log-in."""
        return reverse("desk:account")


confirm = access("staff", own=True)(sensitive_post_parameters()(Confirm.as_view()))


# --- second factors -----------------------------------------------------------------------------------------------
def _has_now(request: Any, kind: str) -> None:
    """A second factor was set up here: this session has used it, the others did not and end."""
    request.session[FACTOR] = True
    request.session.cycle_key()
    request.session.save()
    actions.end_other_sessions(by=request.actor, at=request.at, keep=digest(request.session.session_key))
    record_factor(by=request.actor, at=request.at, verb="accounts.factor.added", account_id=request.user.pk, kind=kind)


def _to_codes(request: Any) -> HttpResponse:
    """To the recovery codes when they are new, else back."""
    had = queries.count_recovery_codes(account_id=request.user.pk)
    if not had:
        RecoveryCodes.activate(request.user)
        request.session[_CODES_SHOWN] = True
        return HttpResponseRedirect(reverse("desk:recovery_codes"))
    return HttpResponseRedirect(reverse("desk:account"))


@access("staff", own=True)
@never_cache
def app(request: Any) -> HttpResponse:
    """Set up an authenticator app: picture and secret, then the first digits."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if any(one.kind == "totp" for one in queries.list_factors(account_id=request.user.pk)):
        return HttpResponseRedirect(reverse("desk:account"))
    secret = get_totp_secret(regenerate=request.method != "POST")
    error, wait = "", 0
    if request.method == "POST":
        try:
            if _first_digits(request, secret):
                return _to_codes(request)
            error = "数字不对。请确认手机时间准确，等验证器换一组新的数字再填。"
        except TooOften as fault:
            error, wait = fault.message, fault.wait_seconds
    link = get_mfa_adapter().build_totp_url(request.user, secret)
    context = {
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "picture": mark_safe(segno.make(link, error="m").svg_inline(scale=5, border=3)),  # noqa: S308
        "error": error,
    }
    return held_off(render(request, "accounts/app.html", context, status=422 if error else 200), wait)  # type: ignore[no-any-return]


def _first_digits(request: Any, secret: str) -> bool:
    """Whether the digits are right; the app is set up if so, once even when two requests come."""
    tries = Tries(request, "second", account_id=request.user.pk)
    tries.spend()
    code = request.POST.get("code", "")[:20]
    try:
        with transaction.atomic():
            if not actions.spend_totp(at=request.at, account_id=request.user.pk, secret=secret, code=code):
                return False
            TOTP.activate(request.user, secret)
    except IntegrityError:  # set up by another request meanwhile
        return True
    tries.give_back()
    clear_totp_secret(request)
    _has_now(request, "totp")
    return True


class NewKey(AddWebAuthnView):
    """Set up a passkey: the browser asks the device, the device asks the person."""

    template_name = "accounts/key.html"

    def get_form_class(self) -> type[NewKeyForm]:
        """Our form."""
        return NewKeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Ask for a key that knows its owner and can log in alone."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        options = begin_registration(self.request.user, passwordless=True)  # type: ignore[arg-type]
        return context | {"js_data": {"creation_options": options}, "form": kwargs.get("form") or self.get_form()}

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the key."""
        had = queries.count_recovery_codes(account_id=self.request.user.pk)  # type: ignore[arg-type]
        super().form_valid(form)  # makes the first recovery codes too
        _has_now(self.request, "webauthn")
        if had:
            return HttpResponseRedirect(reverse("desk:account"))
        self.request.session[_CODES_SHOWN] = True
        return HttpResponseRedirect(reverse("desk:recovery_codes"))


new_key = access("staff", own=True)(never_cache(NewKey.as_view()))


@access("staff", own=True)
@require_POST
def drop_factor(request: Any) -> HttpResponse:
    """Take a second factor away."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    actions.drop_factor(by=request.actor, at=request.at, factor_id=read_id(request.POST.get("factor", "")))
    if not queries.has_second_factor(account_id=request.user.pk):
        request.session[FACTOR] = False
    return HttpResponseRedirect(reverse("desk:account"))


@access("staff", own=True)
@never_cache
def recovery_codes(request: Any) -> HttpResponse:
    """Show new recovery codes, once; make new ones at the press of a button."""
    raise_if_reauthentication_required(request, app="allauth.mfa")
    if not queries.has_second_factor(account_id=request.user.pk):
        return HttpResponseRedirect(reverse("desk:account"))
    if request.method == "POST":
        with transaction.atomic():
            actions.drop_recovery_codes(account_id=request.user.pk)
            generate_recovery_codes(request)
        record_factor(
            by=request.actor,
            at=request.at,
            verb="accounts.factor.codes_made",
            account_id=request.user.pk,
            kind="recovery_codes",
        )
        request.session[_CODES_SHOWN] = True
        return HttpResponseRedirect(reverse("desk:recovery_codes"))
    shown: list[str] = []
    if request.session.pop(_CODES_SHOWN, False):
        shown = RecoveryCodes.activate(request.user).get_unused_codes()
    left = queries.count_recovery_codes(account_id=request.user.pk)
    return render(request, "accounts/recovery_codes.html", {"codes": shown, "left": left})
