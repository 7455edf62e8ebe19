"""The second step of a staff log-in, and the log-in by passkey alone."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.http import HttpRequest, HttpResponse

from weimin.base.guard import access, limited
from weimin.kernel.accounts.forms import KeyLoginForm, SecondForm, SecondKeyForm
from weimin.kernel.accounts.web.adapter import wait_of
from weimin.kernel.accounts.web.entrance import back_to, held_off


class SecondStep(AuthenticateView):
    """Asks for the digits of the app, a passkey or a recovery code."""

    template_name = "accounts/second.html"

    def get_form_class(self) -> type[SecondForm]:
        """Our form, which uses a code up in the database."""
        return SecondForm

    def get_webauthn_form_class(self) -> type[SecondKeyForm]:
        """Our form, which takes any bad input."""
        return SecondKeyForm

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong; say how long to wait when it was tried too often."""
        return held_off(super().form_invalid(form), wait_of(form))  # type: ignore[no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page needs for both ways."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        kinds = set(self.stage.login.user.authenticator_set.values_list("type", flat=True))
        return context | {"has_app": "totp" in kinds, "has_key": "webauthn" in kinds}


class KeyLogin(LoginWebAuthnView):
    """Gives a challenge, and takes a passkey's answer in place of name, password and second step."""

    def get_form_class(self) -> type[KeyLoginForm]:
        """Our form."""
        return KeyLoginForm

    def form_invalid(self, form: Any) -> HttpResponse:
        """Back to the log-in page with the reason."""
        return back_to("desk:login", "key")


second_step = access("entrance")(SecondStep.as_view())
key_login = access("entrance")(limited("passkey")(KeyLogin.as_view()))


@access("public")
def start_again(request: HttpRequest) -> HttpResponse:
    """Give up the second step and log in anew."""
    if not request.user.is_authenticated:
        request.session.flush()
    return back_to("desk:login", "changed")
