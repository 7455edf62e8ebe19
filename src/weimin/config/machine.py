"""What the machine says for itself: disks, clocks, certificates, and PostgreSQL's own settings."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from django.db import connection

GIB = 2**30
#: A certificate that ends within this is told of every day.
CERTIFICATE_AHEAD = timedelta(days=30)
#: Beyond this the clocks of the machine and of the database differ too much for due moments.
CLOCK_SKEW = timedelta(seconds=5)


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
    """Connections and settings of the server that matter.

    Cost:   one query on the server's own views
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(numbackends) FROM pg_stat_database WHERE datname IS NOT NULL),"
            " current_setting('max_connections')::int, current_setting('random_page_cost')::float,"
            " (SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'),"
            " current_setting('autovacuum') = 'on', extract(epoch FROM clock_timestamp()),"
            # that failed and did not succeed since
            " (SELECT count(*) FROM procrastinate_jobs bad WHERE status = 'failed' AND NOT EXISTS (SELECT FROM"
            " procrastinate_jobs good WHERE good.task_name = bad.task_name AND good.status = 'succeeded'"
            " AND good.id > bad.id))"
        )
        row = cursor.fetchone()
    names = ("connections", "connections_max", "random_page_cost", "shared_buffers", "autovacuum", "clock")
    return {name: float(value) for name, value in zip((*names, "jobs_failed"), row, strict=True)}


@dataclass(frozen=True, slots=True)
class Replication:
    """What the server that is asked says of its standbys, as far as the role that asks may see it."""

    #: Whether it is a standby itself: `lag_seconds` is then its own, of its primary's others it knows nothing.
    is_standby: bool
    #: All that take its log, also what only copies it.
    connected: int
    #: The standbys that follow without a gap; None where that is hidden.
    following: int | None
    #: How far the slowest is behind; None without one, and where that is hidden.
    lag_seconds: float | None


def replication() -> Replication:
    """How the server is copied. A role without pg_read_all_stats sees a row for each that is connected, all but empty.

    Cost:   one query on the server's own views
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_is_in_recovery(), extract(epoch FROM now() - pg_last_xact_replay_timestamp()), count(*),"
            " coalesce(bool_or(state IS NULL), FALSE), count(*) FILTER (WHERE follows),"
            # one that has caught up with a primary where nothing happens has no lag to tell of
            " extract(epoch FROM max(coalesce(replay_lag, interval '0')) FILTER (WHERE follows))"
            # a program that only takes the log, for a base backup, replays nothing
            " FROM (SELECT *, state = 'streaming' AND replay_lsn IS NOT NULL AS follows FROM pg_stat_replication) walk"
        )
        is_standby, own, connected, hidden, following, slowest = cursor.fetchone()
    lag = own if is_standby else slowest
    return Replication(
        is_standby, connected, None if hidden or is_standby else following, None if lag is None else float(lag)
    )
