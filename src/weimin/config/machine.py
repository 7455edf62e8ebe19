"""What the machine says for itself: disks, clocks, backups, certificates, and PostgreSQL's own settings."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from django.conf import settings
from django.db import connection

GIB = 2**30
#: How old the newest backup and the last drill may be.
BACKUP_AGE = timedelta(hours=26)
DRILL_AGE = timedelta(days=35)
#: A certificate that ends within this is told of every day.
CERTIFICATE_AHEAD = timedelta(days=30)
#: Beyond this the clocks of the machine and of the database differ too much for due moments.
CLOCK_SKEW = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Backup:
    """What the backup scripts noted last; None where nothing was."""

    backup_at: datetime | None = None
    drill_at: datetime | None = None
    drill_good: bool = False


def read_backup() -> Backup:
    """What the backup scripts noted; nothing noted, or nothing readable, is no backup."""
    try:
        noted = json.loads(Path(settings.WEIMIN_BACKUP_MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Backup()
    if not isinstance(noted, dict):
        return Backup()
    return Backup(_moment(noted.get("backup_at")), _moment(noted.get("drill_at")), noted.get("drill_good") is True)


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def certificate_end(where: str) -> datetime:
    """When a certificate ends, of a PEM file or of a server as host:port.

    Raises: OSError, ValueError — it cannot be read
    """
    if "/" in where:
        pem = Path(where).read_bytes()
    else:
        host, _, port = where.rpartition(":")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((host, int(port)), timeout=3) as link, context.wrap_socket(link) as wrapped:
            der = wrapped.getpeercert(binary_form=True) or b""
        return x509.load_der_x509_certificate(der).not_valid_after_utc
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc


def database_facts() -> dict[str, float]:
    """Connections, replication and settings of the server that matter.

    Cost:   one query on the server's own views
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(numbackends) FROM pg_stat_database WHERE datname IS NOT NULL),"
            " current_setting('max_connections')::int, current_setting('random_page_cost')::float,"
            " (SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'),"
            " current_setting('autovacuum') = 'on', extract(epoch FROM clock_timestamp()),"
            " coalesce(CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())"
            " ELSE (SELECT extract(epoch FROM max(replay_lag)) FROM pg_stat_replication) END, 0),"
            " (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed')"
        )
        row = cursor.fetchone()
    names = ("connections", "connections_max", "random_page_cost", "shared_buffers", "autovacuum", "clock")
    return {name: float(value) for name, value in zip((*names, "replication_lag", "jobs_failed"), row, strict=True)}
