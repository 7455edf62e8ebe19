"""A bad deployment is refused with what to set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from weimin.kernel.accounts.manifest import check_deployment, check_settings
from weimin.kernel.accounts.rules import LIMITS


def test_the_shipped_settings_are_good(settings: Any) -> None:
    assert check_settings() == []
    assert set(settings.WEIMIN_RATES) == LIMITS


@pytest.mark.parametrize("rates", [{"serach": "1/m"}, {"search": "many"}, {"search": "10"}])
def test_limits_that_cannot_be_read_are_named(settings: Any, rates: dict[str, str]) -> None:
    settings.WEIMIN_RATES = dict(settings.WEIMIN_RATES) | rates
    found = check_settings()
    assert [one.id for one in found] == ["accounts.E001"]
    assert next(iter(rates)) in found[0].msg


@pytest.mark.parametrize("content", [None, "", "password\n123456\n"])
def test_a_list_of_breached_passwords_that_is_none_is_named(settings: Any, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "list.txt"
    if content is not None:
        path.write_text(content)
    settings.WEIMIN_BREACHED_PASSWORDS = str(path)
    assert [one.id for one in check_settings()] == ["accounts.E002"]


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"WEIMIN_DEMO": True, "WEIMIN_SECOND_FACTOR": False}, ["accounts.W001"]),
        ({"WEIMIN_DEMO": False, "WEIMIN_SECOND_FACTOR": False}, ["accounts.W002"]),
        ({"WEIMIN_DEMO": False, "WEIMIN_SECOND_FACTOR": True}, []),
        (
            {"WEIMIN_DEMO": False, "WEIMIN_SECOND_FACTOR": True, "WEIMIN_OIDC_ISSUER": "http://id.example"},
            ["accounts.E003", "accounts.E004"],
        ),
    ],
    ids=str,
)
def test_what_real_people_need_is_asked_for(settings: Any, given: dict[str, Any], ids: list[str]) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    assert [one.id for one in check_deployment()] == ids
