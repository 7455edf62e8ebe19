"""How django-allauth reads and writes our accounts: sealed phones and secrets, our limits, our sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from weimin.base import clock
from weimin.base.addresses import address_of
from weimin.base.errors import Invalid, TooOften
from weimin.base.identifiers import check_phone
from weimin.kernel.accounts import queries
from weimin.kernel.accounts.actions import keep_secret, record_log_in
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.registry import sms_provider
from weimin.kernel.accounts.rules import device_words
from weimin.kernel.accounts.web import turnstile
from weimin.kernel.accounts.web.devices import Tries, remember_device
from weimin.kernel.accounts.web.entrance import back_to
from weimin.kernel.accounts.web.sessions import BEGAN, DEVICE, FACTOR, WAYS
from weimin.kernel.record.types import Actor

#: For how long after a log-in second factors may be changed without giving the password again.
FRESH = timedelta(minutes=10)


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


def too_often(fault: TooOften) -> forms.ValidationError:
    """A refusal as a form says it; `wait_of` finds it again."""
    return forms.ValidationError(fault.message, code="too_often", params={"wait": fault.wait_seconds})


def wait_of(form: Any) -> int:
    """How many seconds a form asks to wait; 0 when it does not."""
    faults = [one for errors in form.errors.as_data().values() for one in errors if one.code == "too_often"]
    return max((one.params["wait"] for one in faults), default=0)


class OneCheck(AuthenticationBackend):
    """allauth's check of a password, and no other after it: a wrong one costs one hash, as an unknown name does."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        """The account, or an end to asking."""
        user = super().authenticate(request, **credentials)
        if user is None:
            raise PermissionDenied
        return user


class Adapter(DefaultAccountAdapter):
    """The phone half of allauth's adapter, our counting of tries, and quiet page messages."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_code": "验证码不对，请看清最新一条短信里的 6 位数字再填。",
        "incorrect_password": "口令不对，请重新输入。",
        "too_many_login_attempts": "试的次数太多，请过几分钟再试。",
        "rate_limited": "请求太频繁，请过一分钟再试。",
        "username_password_mismatch": "用户名或口令不对，请重新输入。",
        "phone_password_mismatch": "用户名或口令不对，请重新输入。",
        "account_inactive": "这个账号已停用，请联系本单位管理员。",
    }

    # --- phones ----------------------------------------------------------------------------------------
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
        """Send a log-in code.

        Raises: Crowded — the gateway is slow, and the codes of others took their share of the time
        """
        with turnstile.codes.passing():
            sms_provider().send(phone=phone, text=f"登录验证码 {code}，5 分钟内有效。工作人员不会向您要验证码。")

    def send_unknown_account_sms(self, phone: str, **kwargs: Any) -> None:
        """Never happens: an account is made before the code is sent."""

    def send_account_already_exists_sms(self, phone: str) -> None:
        """Never happens: there is no sign-up page."""

    # --- tries -------------------------------------------------------------------------------------------
    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that our own proxies vouch for."""
        return address_of(request)

    def spend_try(self, limit: str, user: Account | None, name: str = "") -> Tries:
        """Count a try before it is looked at.

        Raises: ValidationError — too often; `wait_of` reads how long to wait
        """
        tries = Tries(self.request, limit, account_id=user.pk if user else None, name=name)
        try:
            tries.spend()
        except TooOften as fault:
            raise too_often(fault) from fault
        return tries

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Check a password; only wrong ones stay counted. Known and unknown names count alike."""
        name = str(credentials.get("username", "")).strip().lower()
        found = queries.find_staff(name)
        tries = self.spend_try("login", found, "" if found else name)
        user = super().authenticate(request, **credentials)
        if user is not None:
            tries.give_back()
        return user

    # --- the log-in itself ---------------------------------------------------------------------------------
    def login(self, request: HttpRequest, user: Account) -> None:  # type: ignore[override]
        """Begin the session under a new key, and write down that it began."""
        at = clock.now()
        records = get_authentication_records(request, user)
        used = [str(one.get("type") or one["method"]) for one in records]
        super().login(request, user)
        ways = ",".join(dict.fromkeys("city" if one == "socialaccount" else one for one in used))
        device = device_words(request.META.get("HTTP_USER_AGENT", ""))
        request.session[BEGAN] = at.isoformat()
        request.session[DEVICE] = device
        request.session[WAYS] = ways
        request.session[FACTOR] = any(one["method"] == "mfa" for one in records)
        record_log_in(by=actor_of(user), at=at, account_id=user.pk, ways=ways, device=device)

    def post_login(self, request: HttpRequest, user: Account, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """Go on, and know this browser from now on."""
        answer = super().post_login(request, user, **kwargs)
        remember_device(request, answer, user.pk)
        return answer

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The inbox for staff, home for residents."""
        return reverse("desk:home") if getattr(request.user, "kind", "") == "staff" else reverse("portal:home")

    def respond_user_inactive(self, request: HttpRequest, user: Account) -> HttpResponse:  # type: ignore[override]
        """Back to the log-in page of their kind, with the reason."""
        return back_to("desk:login" if user.kind == "staff" else "portal:login", "inactive")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether the password must be given again: not right after the log-in."""
        began = self.request.session.get(BEGAN)
        if began and clock.now() - datetime.fromisoformat(began) < FRESH:
            return False
        return not did_recently_reauthenticate(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The password, for staff."""
        if getattr(user, "kind", "") != "staff":
            return []
        return [{"id": "reauthenticate", "description": "口令", "url": reverse("account_reauthenticate")}]

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what they have to say themselves."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Accounts have no mail addresses."""


def actor_of(user: Account) -> Actor:
    """Whoever logs in, before they act in a post."""
    via = "desk" if user.kind == "staff" else "portal"
    return Actor(kind=user.kind, name=user.display_name, via=via, account_id=user.pk)  # type: ignore[arg-type]


class SecondFactors(DefaultMFAAdapter):
    """The second-factor half: secrets sealed, names in Chinese."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "这次没有认出您的通行密钥，请再试一次，或换一种方式。",
    }

    def get_totp_issuer(self) -> str:
        """What the app shows above the digits."""
        return f"为民 {settings.WEIMIN_CITY}"

    def encrypt(self, text: str) -> str:
        """Seal a secret in a table of its own; gives its number."""
        return keep_secret(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret by its number."""
        return queries.open_secret(encrypted_text)

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        """The kind of device that is being used, which is where most passkeys live."""
        from allauth.core import context

        return device_words(context.request.META.get("HTTP_USER_AGENT", ""))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The platform as passkeys know it."""
        return super().get_public_key_credential_rp_entity() | {"name": self.get_totp_issuer()}
