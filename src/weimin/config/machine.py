"""What the machine says for itself: disks, clocks, backups, certificates, and PostgreSQL's own settings."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

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

#: fine; warn: told of; shed: what is only convenience is deleted; stop: files are taken in no more.
Pressure = Literal["fine", "warn", "shed", "stop"]


@dataclass(frozen=True, slots=True)
class Disk:
    """Free and whole space of the disk under a folder, in bytes."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class Backup:
    """What the backup scripts noted last; None where nothing was."""

    backup_at: datetime | None = None
    drill_at: datetime | None = None
    drill_good: bool = False


def disk_of(folder: str) -> Disk:
    """The disk under a folder, or under the nearest one above that exists."""
    root = Path(folder)
    while not root.exists():
        root = root.parent
    usage = shutil.disk_usage(root)
    return Disk(usage.free, usage.total)


def pressure_of(disk: Disk, limits: Mapping[str, float]) -> Pressure:
    """How pressing it is: by free gigabytes, or by a share of small disks, whichever is less.

    Shape:  limits as {"warn": 20, "shed": 8, "stop": 3}, in GiB; on a disk under 100 GiB the same number is percent
    """
    free = disk.free / GIB
    for level in ("stop", "shed", "warn"):
        if free < min(limits[level], disk.total / GIB * limits[level] / 100):
            return level  # type: ignore[return-value]
    return "fine"


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
