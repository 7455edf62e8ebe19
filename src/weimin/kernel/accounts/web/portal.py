"""Residents log in by phone code."""

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

from weimin.base.guard import access
from weimin.base.identifiers import mask_phone
from weimin.kernel.accounts import queries
from weimin.kernel.accounts.forms import CodeForm, PhoneForm, may_send_code
from weimin.kernel.accounts.web.adapter import Adapter
from weimin.kernel.accounts.web.entrance import Entrance, back_to

#: How long somebody waits before the code is sent again.
RESEND_SECONDS = 60


class PhonePage(Entrance, RequestLoginCodeView):
    """Page one: the phone number."""

    kind = "resident"
    template_name = "accounts/login.html"

    def get_form_class(self) -> type[PhoneForm]:
        """Our form, whatever allauth's settings say."""
        return PhoneForm

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
        if not fault and not may_send_code(self._process.state["phone"]):
            fault = Adapter.error_messages["too_many_login_attempts"]
        if fault:
            return self.render_to_response(self.get_context_data(form=form, resend_fault=fault), status=429)
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
