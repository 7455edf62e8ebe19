"""Fixtures of the whole house: a database with the city in it, made once a session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quick_passwords(request: Any, settings: Any) -> None:
    """Accounts of a test's cast need no slow hash; the log-in's own tests and the journeys keep the real one."""
    if not {"accounts", "journeys"} & set(request.path.parts):
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def own_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files of this process of tests: another that stores the same file meanwhile seals it by its own keys."""
    from django.conf import settings

    settings.WEIMIN_FILES = str(tmp_path_factory.getbasetemp() / "files")


@pytest.fixture(autouse=True)
def no_maintenance(monkeypatch: pytest.MonkeyPatch) -> None:
    """No maintenance is known to be arranged, and nobody asks; a test that arranges one is asked of the database."""
    from weimin.base.keeping import Kept
    from weimin.kernel.record.queries import upkeep

    known = Kept(upkeep._maintenance.__wrapped__, float("inf"))
    known.give(None)
    monkeypatch.setattr(upkeep, "_maintenance", known)


@pytest.fixture(autouse=True)
def kept_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process keeps for some seconds stands to the end of a test: none that counts statements meets its end."""
    from weimin.base import keeping

    began = keeping.monotonic()
    monkeypatch.setattr(keeping, "monotonic", lambda: began)


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    """What a process counts by itself is no test's inheritance."""
    from weimin.kernel.accounts.actions import rates

    rates.forget_here()


@pytest.fixture(autouse=True)
def open_turnstile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests log in one after the other, with nothing between: the turnstile's own tests have one of their own."""
    from weimin.kernel.accounts.web import turnstile

    for gate in (turnstile.passwords, turnstile.codes):
        monkeypatch.setattr(gate, "enter", lambda *, now: None)


@pytest.fixture(scope="session")
def city(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    """Divisions, agencies, calendar, parameters, procedures, items and offers of the real city."""
    with django_db_blocker.unblock():
        from django.core.management import call_command

        from weimin.config import city as loading

        call_command("createcachetable", verbosity=0)
        at = datetime(2026, 1, 5, tzinfo=UTC)
        loading.load_city(at=at)
        loading.load_calendar(at=at)
        loading.load_items(at=at)
    yield
