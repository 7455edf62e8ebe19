"""Log-in forms."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, LoginForm, RequestLoginCodeForm
from allauth.core import context, ratelimit

from weimin.base import clock
from weimin.kernel.accounts.actions import ensure_resident_account
from weimin.kernel.accounts.queries import phone_index


def may_send_code(phone: str) -> bool:
    """Whether one more code may go to a number now; counts it if so. The key is the blind index."""
    return bool(ratelimit.consume(context.request, action="request_login_code", key=phone_index(phone).hex()))


class PhoneForm(RequestLoginCodeForm):
    """Asks for a mobile number and sends a code; a number seen first gets an account."""

    def clean_phone(self) -> str:
        """Keep to the rate limits, then find or make the account of the checked number."""
        phone = str(self.cleaned_data["phone"])
        if not may_send_code(phone):
            raise get_adapter().validation_error("too_many_login_attempts")
        self._user = ensure_resident_account(at=clock.now(), phone=phone)
        return phone


class CodeForm(ConfirmLoginCodeForm):
    """Asks for the six digits."""


class StaffForm(LoginForm):
    """User name and password of staff."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "用户名"
        self.fields["password"].label = "口令"
