"""Log-in forms."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm, LoginForm, RequestLoginCodeForm
from django import forms

from weimin.base import clock
from weimin.base.errors import Invalid
from weimin.base.identifiers import check_phone
from weimin.kernel.accounts.actions import ensure_resident_account


class PhoneForm(RequestLoginCodeForm):
    """Asks for a mobile number and sends a code; a number seen first gets an account."""

    def clean_phone(self) -> str:
        """Check the number, make the account, keep to the rate limits."""
        try:
            phone = check_phone(self.cleaned_data["phone"])
        except Invalid as fault:
            raise forms.ValidationError(fault.message) from fault
        ensure_resident_account(at=clock.now(), phone=phone)
        self.cleaned_data["phone"] = phone
        return str(super().clean_phone())


class CodeForm(ConfirmLoginCodeForm):
    """Asks for the six digits."""


class StaffForm(LoginForm):
    """User name and password of staff."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "用户名"
        self.fields["password"].label = "口令"
