"""Residents log in by phone code, and see where they are logged in."""

from __future__ import annotations

from math import ceil
from typing import Any

from allauth.account.views import ConfirmLoginCodeView, RequestLoginCodeView
from django.conf import settings
from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from weimin.base.errors import TooOften
from weimin.base.guard import access
from weimin.base.identifiers import mask_phone
from weimin.kernel.accounts import actions, queries
from weimin.kernel.accounts.forms import CodeForm, PhoneForm
from weimin.kernel.accounts.web.adapter import too_often
from weimin.kernel.accounts.web.devices import Tries
from weimin.kernel.accounts.web.entrance import Entrance, back_to, held_off
from weimin.kernel.accounts.web.provider import is_offered
from weimin.kernel.accounts.web.sessions import digest

#: How long somebody waits before the code is sent again.
RESEND_SECONDS = 60


def spend_code(request: Any, phone: str) -> None:
    """Count one more code for a number: by number for strange browsers, by browser for known ones.

    Raises: TooOften — says how long to wait
    """
    found = queries.find_by_phone(phone)
    name = queries.phone_index(phone).hex()
    Tries(request, "code", account_id=found.pk if found else None, name=name).spend()


class PhonePage(Entrance, RequestLoginCodeView):
    """Page one: the phone number."""

    kind = "resident"
    template_name = "accounts/login.html"

    def get_form_class(self) -> type[PhoneForm]:
        """Our form, whatever allauth's settings say."""
        return PhoneForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep to the limits, find or make the account, send the code."""
        phone = form.cleaned_data["phone"]
        try:
            spend_code(self.request, phone)
        except TooOften as fault:
            form.add_error(None, too_often(fault))
            return held_off(self.form_invalid(form), fault.wait_seconds)
        form._user = actions.ensure_resident_account(at=self.request.at, phone=phone)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Offer the city's identity provider when there is one."""
        return super().get_context_data(**kwargs) | {"city_login": settings.WEIMIN_OIDC_NAME if is_offered() else ""}

    def get_success_url(self) -> str:
        """Page two; who is logged in already goes where they wanted."""
        if self.request.user.is_authenticated:
            return self.get_next_url() or reverse("portal:home")
        return str(self.passthrough_next_url(reverse("account_confirm_login_code")))


class CodePage(ConfirmLoginCodeView):
    """Page two: the code."""

    template_name = "accounts/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Say it when the code is too old."""
        answer = super().dispatch(request, *args, **kwargs)
        if getattr(self, "_process", self) is None:
            return back_to("portal:login", "expired", self.get_next_url())
        return answer

    def get_form_class(self) -> Any:
        """Our form for the code; the plain one for sending again."""
        return CodeForm if self._action == "verify" else super().get_form_class()

    def form_valid(self, form: Any) -> HttpResponse:
        """Log in; or send again, not too soon and not too often."""
        if self._action == "verify":
            return super().form_valid(form)
        wait = self._seconds_to_wait()
        fault = f"请过 {wait} 秒再获取新的验证码。" if wait else ""
        if not fault:
            try:
                spend_code(self.request, self._process.state["phone"])
            except TooOften as held:
                wait, fault = held.wait_seconds, held.message
        if fault:
            return held_off(self.render_to_response(self.get_context_data(form=form, resend_fault=fault)), wait)
        now = self.request.at.timestamp()
        self._process.state.update(at=now, sent_at=now)  # the new code lives as long as the first
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the fault; after too many, back to page one."""
        answer = super().form_invalid(form)
        if isinstance(answer, HttpResponseRedirect):
            return back_to("portal:login", "tries", self.get_next_url())
        return answer

    def _seconds_to_wait(self) -> int:
        state = self._process.state
        since = self.request.at.timestamp() - state.get("sent_at", state["at"])
        return max(0, ceil(RESEND_SECONDS - since))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the number masked, and in the demonstration where the code is."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        phone = self._process.state.get("phone") or ""
        return context | {"phone_shown": mask_phone(phone), "demo_codes": settings.WEIMIN_DEMO}


phone_page = access("entrance")(PhonePage.as_view())
code_page = access("entrance")(CodePage.as_view())


@access("public")
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    end_session(request)
    return HttpResponseRedirect(reverse("portal:home"))


@access("demo")
def demo_codes(request: Any) -> HttpResponse:
    """The demonstration's text messages, instead of a phone."""
    rows = queries.list_demo_sms(at=request.at)
    return render(request, "accounts/demo_codes.html", {"rows": rows})


@access("resident", own=True)
def sessions(request: Any) -> HttpResponse:
    """Where one is logged in; end one, or all others."""
    here = digest(request.session.session_key)
    if request.method == "POST":
        end_chosen(request, here)
        return HttpResponseRedirect(reverse("portal:sessions"))
    lines = queries.list_sessions(account_id=request.actor.account, here=here, at=request.at)
    return render(request, "accounts/sessions.html", {"sessions": lines, "section": "mine"})


def end_chosen(request: Any, here: str) -> None:
    """End the session that a form names, or all but the one in use."""
    if request.POST.get("which") == "others":
        actions.end_other_sessions(by=request.actor, at=request.at, keep=here)
    else:
        actions.end_session(by=request.actor, at=request.at, session_id=request.POST.get("session", "")[:64])
