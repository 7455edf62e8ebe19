"""How django-allauth reads and writes our accounts: sealed phone numbers, texts by our provider."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django import forms

from weimin.kernel.accounts import queries
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.registry import sms_provider


class Adapter(DefaultAccountAdapter):
    """The phone half of allauth's adapter, and quiet page messages."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": "验证码不对，请看清最新一条短信里的 6 位数字再填。",
        "too_many_login_attempts": "试的次数太多，请过几分钟再获取新的验证码。",
        "rate_limited": "请求太频繁，请过一分钟再试。",
        "username_password_mismatch": "用户名或口令不对，请重新输入。",
        "account_inactive": "这个账号已停用，请联系本单位管理员。",
    }

    def phone_form_field(self, **kwargs: Any) -> forms.CharField:
        """A plain field; our own form checks the number."""
        return forms.CharField(label="手机号", **kwargs)

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

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Never happens: an account is made before the code is sent."""

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Never happens: there is no sign-up page."""

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what they have to say themselves."""
