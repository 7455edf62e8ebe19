"""What the machine says for itself: disks, clocks, certificates, and PostgreSQL's own settings."""

from __future__ import annotations

import socket
import ssl
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
            # that failed and did not succeed since
            " (SELECT count(*) FROM procrastinate_jobs bad WHERE status = 'failed' AND NOT EXISTS (SELECT FROM"
            " procrastinate_jobs good WHERE good.task_name = bad.task_name AND good.status = 'succeeded'"
            " AND good.id > bad.id))"
        )
        row = cursor.fetchone()
    names = ("connections", "connections_max", "random_page_cost", "shared_buffers", "autovacuum", "clock")
    return {name: float(value) for name, value in zip((*names, "replication_lag", "jobs_failed"), row, strict=True)}
