"""Staff log in by user name and password, and choose the post they act in."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import logout as end_session
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from weimin.base.guard import access
from weimin.base.shapes import read_id
from weimin.kernel.accounts.forms import StaffForm
from weimin.kernel.accounts.web import turnstile
from weimin.kernel.accounts.web.adapter import wait_of
from weimin.kernel.accounts.web.entrance import Entrance, held_off


class StaffLogin(Entrance, LoginView):
    """The staff log-in page."""

    kind = "staff"
    template_name = "accounts/desk_login.html"

    def get_form_class(self) -> type[StaffForm]:
        """Our form."""
        return StaffForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the password, in its turn.

        Raises: Crowded — too many log in at this moment
        """
        with turnstile.passwords.passing():
            return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show what is wrong; say how long to wait when it was tried too often."""
        return held_off(super().form_invalid(form), wait_of(form))  # type: ignore[no-any-return]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say it when no second factor is asked for."""
        return super().get_context_data(**kwargs) | {"second_factor": settings.WEIMIN_SECOND_FACTOR}

    def get_success_url(self) -> str:
        """Where they wanted to go, else the inbox."""
        return self.get_next_url() or reverse("desk:home")

    def get_default_success_url(self) -> str:
        """The inbox."""
        return reverse("desk:home")


staff_login = access("entrance")(StaffLogin.as_view())


@access("public")
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    end_session(request)
    return HttpResponseRedirect(reverse("desk:login"))


@access("staff")
@require_POST
def choose_post(request: Any) -> HttpResponse:
    """Act in another of one's posts from now on."""
    if post := read_id(request.POST.get("post", "")):
        request.session["post_id"] = post
    return HttpResponseRedirect(reverse("desk:home"))
