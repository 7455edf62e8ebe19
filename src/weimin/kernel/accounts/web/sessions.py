"""Sessions in the database: sealed, kept under the digest of their key, and with an end that does not move.

A pending code and the phone number it went to are in a session, so its content is sealed. The key in the cookie is
kept only as a digest: a copy of the table, such as a backup, opens nobody's session. A session ends twelve hours
after its log-in however much it is used, and earlier when it is not used.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from weimin.base import clock, crypto
from weimin.kernel.accounts.models import Session

PURPOSE = "accounts.session"
#: What a log-in puts into the session: when it was, on what device, by what ways, and whether a second factor was used.
BEGAN, DEVICE, WAYS, FACTOR = "began", "device", "ways", "second_factor"
#: How exactly the last use is known.
SEEN_EVERY = timedelta(minutes=10)


def digest(key: str | None) -> str:
    """Under what a session is kept."""
    return crypto.sm3_hex(f"session|{key or ''}".encode())


class SessionStore(DatabaseStore):
    """Django's database sessions over our own table."""

    @classmethod
    def get_model_class(cls) -> Any:
        """Our table."""
        return Session

    def _get_session_from_db(self) -> Session | None:
        now = clock.now()
        row = Session.objects.filter(pk=digest(self.session_key), expire_date__gt=now).first()
        if row is None or (row.account_id and now - row.seen_at > timedelta(minutes=settings.WEIMIN_IDLE_MINUTES)):
            self._session_key = None
            return None
        if row.account_id and now - row.seen_at > SEEN_EVERY:
            Session.objects.filter(pk=row.pk).update(seen_at=now)
        return row

    def exists(self, session_key: str) -> bool:
        """Whether there is a session of this key."""
        return Session.objects.filter(pk=digest(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """The row of the session as it stands."""
        now = clock.now()
        began = datetime.fromisoformat(data[BEGAN]) if BEGAN in data else now
        account = data.get(SESSION_KEY)
        ends = self.get_expiry_date()
        return Session(
            session_key=digest(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=min(ends, began + timedelta(seconds=settings.SESSION_COOKIE_AGE)) if account else ends,
            account_id=int(account) if account else None,
            device=data.get(DEVICE, ""),
            ways=data.get(WAYS, ""),
            began_at=began,
            seen_at=now,
        )

    def delete(self, session_key: str | None = None) -> None:
        """Delete the session of a key, or this one."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(pk=digest(key)).delete()

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
