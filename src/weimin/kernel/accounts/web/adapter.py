"""How django-allauth reads and writes our accounts: sealed phone numbers, texts by our provider."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms
from django.http import HttpRequest, HttpResponse

from weimin.base.errors import Invalid
from weimin.base.identifiers import check_phone
from weimin.kernel.accounts import queries
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.registry import sms_provider
from weimin.kernel.accounts.web.entrance import back_to


class PhoneField(forms.CharField):
    """A mainland mobile number; gives its eleven digits."""

    default_error_messages = {"required": "请填写手机号。"}

    def clean(self, value: Any) -> str:
        """Check the number."""
        text = str(super().clean(value))
        try:
            return check_phone(text) if text else ""
        except Invalid as fault:
            raise forms.ValidationError(fault.message) from fault


class Adapter(DefaultAccountAdapter):
    """The phone half of allauth's adapter, and quiet page messages."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": "验证码不对，请看清最新一条短信里的 6 位数字再填。",
        "too_many_login_attempts": "试的次数太多，请过几分钟再试。",
        "rate_limited": "请求太频繁，请过一分钟再试。",
        "username_password_mismatch": "用户名或口令不对，请重新输入。",
        "phone_password_mismatch": "用户名或口令不对，请重新输入。",
        "account_inactive": "这个账号已停用，请联系本单位管理员。",
    }

    def phone_form_field(self, **kwargs: Any) -> forms.CharField:
        """A field that takes mobile numbers only: what else is typed at the desk is a user name."""
        return PhoneField(label="手机号", **kwargs)

    def get_phone(self, user: Account) -> tuple[str, bool] | None:
        """The account's number and whether it was verified."""
        phone = queries.phone_of(user)
        return (phone, user.phone_verified) if phone else None

    def set_phone(self, user: Account, phone: str, verified: bool) -> None:
        """Numbers are set when the account is made; nothing changes them yet."""

    def set_phone_verified(self, user: Account, phone: str) -> None:
        """A code came back from this number."""
        user.phone_verified = True
        user.save(update_fields=["phone_verified"])

    def get_user_by_phone(self, phone: str) -> Account | None:
        """The account of a number."""
        return queries.find_by_phone(phone)

    def send_verification_code_sms(self, user: Account, phone: str, code: str, **kwargs: Any) -> None:
        """Send a log-in code."""
        sms_provider().send(phone=phone, text=f"登录验证码 {code}，5 分钟内有效。工作人员不会向您要验证码。")

    def respond_user_inactive(self, request: HttpRequest, user: Account) -> HttpResponse:
        """Back to the log-in page of their kind, with the reason."""
        return back_to("desk:login" if user.kind == "staff" else "portal:login", "inactive")

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Never happens: an account is made before the code is sent."""

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Never happens: there is no sign-up page."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what they have to say themselves."""
