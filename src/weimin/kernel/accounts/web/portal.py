"""Residents log in by phone code."""

from __future__ import annotations

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
from weimin.kernel.accounts.forms import CodeForm, PhoneForm


class PhonePage(RequestLoginCodeView):
    """Page one: the phone number."""

    template_name = "accounts/login.html"

    def get_form_class(self) -> type[PhoneForm]:
        """Our form, whatever allauth's settings say."""
        return PhoneForm


class CodePage(ConfirmLoginCodeView):
    """Page two: the code."""

    template_name = "accounts/code.html"

    def get_form_class(self) -> Any:
        """Our form for the code; the plain one for sending again."""
        return CodeForm if self._action == "verify" else super().get_form_class()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the number masked, and in the demonstration where the code is."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        phone = self._process.state.get("phone") or ""
        return context | {"phone_shown": mask_phone(phone), "demo_codes": settings.WEIMIN_DEMO}


phone_page = access("public")(PhonePage.as_view())
code_page = access("public")(CodePage.as_view())


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
