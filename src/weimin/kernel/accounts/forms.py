"""Log-in forms: phone and code, staff name and password, second step, new password."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, LoginForm, RequestLoginCodeForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm
from django import forms

from weimin.base import clock
from weimin.kernel.accounts.actions import spend_totp
from weimin.kernel.accounts.actions.passwords import MAX_LENGTH

#: A key's answer is some two kilobytes.
_CREDENTIAL_LENGTH = 20_000
_BAD_KEY = "这次没有认出您的通行密钥，请再试一次，或换一种方式。"


class PhoneForm(RequestLoginCodeForm):
    """Asks for a mobile number; the page finds the account and sends the code."""

    def clean_phone(self) -> str:
        """The checked number."""
        self._user = None
        return str(self.cleaned_data["phone"])


class CodeForm(ConfirmLoginCodeForm):
    """Asks for the six digits."""


class StaffForm(LoginForm):
    """User name and password of staff."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "用户名"
        self.fields["login"].max_length = 150
        self.fields["password"].label = "口令"
        for field in self.fields.values():
            field.validators.append(_not_too_long)


def _not_too_long(value: str) -> None:
    if len(value) > MAX_LENGTH:
        raise forms.ValidationError("太长了，请重新输入。")


class SecondForm(AuthenticateForm):
    """The second step after the password: six digits of the app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "验证器上的 6 位数字"
        self.fields["code"].error_messages["required"] = "请填写验证器上的 6 位数字，或一个恢复码。"
        self.fields["code"].validators.append(_not_too_long)

    def clean_code(self) -> str:
        """Count the try, then look: a code of the app is good once, a recovery code too."""
        adapter: Any = get_adapter()
        tries = adapter.spend_try("second", self.user)
        code = str(self.cleaned_data["code"])
        for one in Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN):
            if self._holds(one, code):
                self.authenticator = one
                tries.give_back()
                return code
        raise forms.ValidationError("数字不对，或者已经用过。请等验证器换一组新的数字再填。", code="incorrect_code")

    def _holds(self, one: Authenticator, code: str) -> bool:
        if one.type == Authenticator.Type.TOTP:
            secret = decrypt(one.data["secret"])
            return spend_totp(at=clock.now(), account_id=self.user.pk, secret=secret, code=code)
        return bool(one.wrap().validate_code(code))


class _Careful:
    """Refuses in words what is no answer of a key, whatever shape it has."""

    def full_clean(self) -> None:
        """Clean; nothing a browser sends may break the page."""
        try:
            super().full_clean()  # type: ignore[misc]
        except (TypeError, ValueError, KeyError, AttributeError, IndexError):
            self.cleaned_data: dict[str, Any] = {}
            self.add_error(None, _BAD_KEY)  # type: ignore[attr-defined]

    def clean_credential(self) -> Any:
        """A JSON object of a sensible size, then what the library says of it."""
        raw = self.data.get("credential", "")  # type: ignore[attr-defined]
        if len(raw) > _CREDENTIAL_LENGTH or not isinstance(self.cleaned_data.get("credential"), dict):
            raise forms.ValidationError(_BAD_KEY)
        check = getattr(super(), "clean_credential", None)
        return check() if check else self.cleaned_data["credential"]


class SecondKeyForm(_Careful, AuthenticateWebAuthnForm):
    """The second step by passkey."""


class KeyLoginForm(_Careful, LoginWebAuthnForm):
    """The log-in by passkey alone."""


class NewKeyForm(_Careful, AddWebAuthnForm):
    """A new passkey with a name."""

    def clean_name(self) -> str:
        """A short name; one is made up when it is missing."""
        return str(super().clean_name())[:40]
