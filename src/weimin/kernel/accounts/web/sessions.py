"""Sessions in the database, sealed: a pending code and the phone number it went to are in them."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from weimin.base import crypto

PURPOSE = "accounts.session"


class SessionStore(DatabaseStore):
    """Django's database sessions with the content sealed instead of only signed."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Seal a session's content."""
        plain = self.serializer().dumps(session_dict).decode("latin-1")
        return base64.b64encode(crypto.seal(plain, purpose=PURPOSE)).decode("ascii")

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Open a session's content; what does not open is an empty session, so a new log-in."""
        try:
            plain = crypto.unseal(base64.b64decode(session_data, validate=True), purpose=PURPOSE)
            return dict(self.serializer().loads(plain.encode("latin-1")))
        except (binascii.Error, crypto.SealBroken, ValueError):
            return {}
