"""The way text messages leave: an interface, with a console and a demonstration provider."""

from __future__ import annotations

import logging
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from weimin.base.identifiers import mask_phone

log = logging.getLogger("weimin.sms")


class SmsProvider(Protocol):
    """Sends one text to one number; raises when it could not be handed over."""

    def send(self, *, phone: str, text: str) -> None:
        """Hand over a text message."""


class ConsoleSms:
    """Writes the message to the log with the number masked; for trials without a gateway."""

    def send(self, *, phone: str, text: str) -> None:
        """Log the message."""
        log.warning("sms to %s: %d characters", mask_phone(phone), len(text))


def sms_provider() -> SmsProvider:
    """The provider that the settings name."""
    provider: SmsProvider = import_string(settings.WEIMIN_SMS_PROVIDER)()
    return provider
