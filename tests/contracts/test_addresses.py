"""The database's address is read as libpq reads it: several servers, its options, odd passwords."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from weimin.config.addresses import PATIENCE, database

CASES = {
    "one server": ("postgres://u:p@h:5433/weimin", ("weimin", "u", "p", "h", "5433"), {}),
    "no port": ("postgresql://u@h/weimin", ("weimin", "u", "", "h", ""), {}),
    "no name": ("postgres://u:p@h", ("weimin", "u", "p", "h", ""), {}),
    "odd password": ("postgres://u:a%40b%2Fc%25@h/w", ("w", "u", "a@b/c%", "h", ""), {}),
    "two servers": (
        "postgres://u:p@h1:5432,h2:5433/w?target_session_attrs=read-write",
        ("w", "u", "p", "h1,h2", "5432,5433"),
        {"target_session_attrs": "read-write"},
    ),
    "options": (
        "postgres://u@h/w?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.crt&connect_timeout=2",
        ("w", "u", "", "h", ""),
        {"sslmode": "verify-full", "sslrootcert": "/etc/ca.crt", "connect_timeout": "2"},
    ),
    "a socket": ("postgres:///w?host=/run/postgresql", ("w", "", "", "/run/postgresql", ""), {}),
    "words": ("host=h dbname=w user=u", ("w", "u", "", "h", ""), {}),
}


@pytest.mark.parametrize(("url", "named", "options"), CASES.values(), ids=CASES.keys())
def test_an_address_is_read_as_libpq_reads_it(
    url: str, named: tuple[str, ...], options: dict[str, str], tmp_path: Path
) -> None:
    found = database(url, tmp_path)
    assert tuple(found[one] for one in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == named
    assert found["OPTIONS"] == PATIENCE | options


def test_an_address_that_cannot_be_read_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as fault:
        database("postgres://u:verysecret@h/w?no_such_option=1", tmp_path)
    assert "DATABASE_URL" in str(fault.value) and "verysecret" not in str(fault.value)
    assert fault.value.__suppress_context__


def test_without_an_address_it_is_the_embedded_one(tmp_path: Path) -> None:
    assert database("", tmp_path)["HOST"] == "127.0.0.1"
