"""The address of the database as libpq reads it: one server or several, with any of its options.

`postgres://weimin@h1:5432,h2:5432/weimin?target_session_attrs=read-write` finds the primary by itself after a
fail-over; `sslmode`, `sslrootcert`, `passfile` and the rest are passed on.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from weimin.base import embedded

#: A server that vanished with its machine answers nothing, so we say when to give it up; the address may say otherwise.
#: Without these a process hangs for a quarter of an hour on a connection whose other end is gone.
PATIENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


def parts_of(url: str) -> dict[str, str]:
    """What an address says, by libpq's names; several hosts and ports are parted by commas.

    Raises: ImproperlyConfigured — it cannot be read; the fault names no password
    """
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError:
        raise ImproperlyConfigured("DATABASE_URL 的写法不对，应为 postgres://用户:口令@主机:端口/库名。") from None


def database(url: str, data: Path) -> dict[str, Any]:
    """Django's settings of the database at an address; the embedded one's when it is empty."""
    parts = parts_of(url or embedded.url_of(data))
    named = {name: parts.pop(name, "") for name in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": named["dbname"] or "weimin",
        "USER": named["user"],
        "PASSWORD": named["password"],
        "HOST": named["host"],
        "PORT": named["port"],
        "OPTIONS": PATIENCE | parts,
        "CONN_MAX_AGE": 600,
        # asking first would cost every request a round trip; outages.let_go looks at the socket instead
        "CONN_HEALTH_CHECKS": False,
    }
