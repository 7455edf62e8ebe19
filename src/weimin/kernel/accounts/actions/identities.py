"""Writes that follow a log-in at the city's identity provider: which account somebody is."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from weimin.base import crypto
from weimin.base.errors import Invalid, Refused
from weimin.base.identifiers import check_phone
from weimin.kernel.accounts.actions.logins import ensure_resident_account
from weimin.kernel.accounts.models import Account, CityLink
from weimin.kernel.accounts.registry import is_other_person
from weimin.kernel.accounts.types import CityIdentity
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor


class CityIdentityRefused(Refused):
    """The provider's word does not say which account this is."""

    code = "accounts.city_identity_refused"


def link_city_identity(*, by: Actor, at: datetime, identity: CityIdentity) -> Account:
    """The account of somebody whom the city's identity provider vouches for; linked at the first time.

    Found by the provider's own name for the person, else by their verified phone; made when the phone is new. One
    phone is one account, whichever way somebody comes first. A phone whose account is another person's at the same
    provider was passed on to a new owner: the counter sorts that out.

    Raises: CityIdentityRefused — a new person without a verified mobile number, or a number passed on
    Cost:   one query for somebody known, about six for somebody new
    """
    index = crypto.blind_index(f"{identity.issuer}|{identity.subject}", purpose="accounts.city")
    known = CityLink.objects.filter(subject_index=index).select_related("account").first()
    if known:
        return known.account
    try:
        phone = check_phone(identity.phone)
    except Invalid as fault:
        raise CityIdentityRefused(
            "市统一身份认证没有给出已验证的手机号，请用手机验证码登录。", code="accounts.city_no_phone"
        ) from fault
    try:
        with transaction.atomic():
            return _link(by, at, identity, index, phone)
    except IntegrityError as clash:  # the same person at the same moment, or another one with this phone
        known = CityLink.objects.filter(subject_index=index).select_related("account").first()
        if known:
            return known.account
        raise _passed_on() from clash


def _passed_on() -> CityIdentityRefused:
    return CityIdentityRefused(
        "这个手机号已经是另一个人的登录账号，请带身份证到便民服务中心窗口办理。", code="accounts.city_phone_taken"
    )


def _link(by: Actor, at: datetime, identity: CityIdentity, index: bytes, phone: str) -> Account:
    account = ensure_resident_account(at=at, phone=phone)
    if identity.id_number and is_other_person(account_id=account.pk, id_number=identity.id_number):
        raise _passed_on()
    issuer = identity.issuer
    CityLink.objects.create(account=account, issuer=issuer, subject_index=index, linked_at=at)
    if not account.phone_verified:
        account.phone_verified = True
        account.save(update_fields=["phone_verified"])
    record_audit(
        by=by,
        at=at,
        verb="accounts.city.linked",
        subject_type="account",
        subject_id=account.pk,
        changes={"issuer": issuer},
    )
    return account
