"""What plugs into accounts: the way text messages leave, and who tells that an account is another person's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from weimin.base.identifiers import mask_phone

log = logging.getLogger("weimin.sms")


class SmsProvider(Protocol):
    """Sends one text to one number; raises when it could not be handed over.

    A call may come twice with the same key, when the answer to the first was lost: a gateway that takes a key of
    the sender's is given it, and sends once. An empty key is that of a text which is never handed over again.
    """

    def send(self, *, phone: str, text: str, key: str = "") -> None:
        """Hand over a text message."""


class ConsoleSms:
    """Writes the message to the log with the number masked; for trials without a gateway."""

    def send(self, *, phone: str, text: str, key: str = "") -> None:
        """Log the message."""
        log.warning("sms to %s: %d characters", mask_phone(phone), len(text))


def sms_provider() -> SmsProvider:
    """The provider that the settings name."""
    provider: SmsProvider = import_string(settings.WEIMIN_SMS_PROVIDER)()
    return provider


#: Told an account and an identity number: whether the account is somebody else's.
OtherPerson = Callable[..., bool]
_other_person: list[OtherPerson] = []


def register_other_person(check: OtherPerson) -> None:
    """Have a package say whether an account belongs to somebody with another identity number."""
    if check not in _other_person:
        _other_person.append(check)


def is_other_person(*, account_id: int, id_number: str) -> bool:
    """Whether anybody knows the account as another person's."""
    return any(check(account_id=account_id, id_number=id_number) for check in _other_person)
