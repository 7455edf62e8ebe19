"""The deployment checks: silent on a good one, each speaking up for its own fault."""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from weimin.config import checks, reference

GOOD = {
    "DEBUG": False,
    "WEIMIN_DEMO": False,
    "ALLOWED_HOSTS": ["weimin.example"],
    "WEIMIN_BASE_URL": "https://weimin.example",
    "SECURE_COOKIES": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31536000,
    "WEIMIN_PROXIES": 1,
    "WEIMIN_SMS_PROVIDER": "city.gateway.Provider",
}


@pytest.fixture
def good(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment as it should be; gives the folder of its secrets."""
    for name, value in GOOD.items():
        setattr(settings, name, value)
    for name, text in {"MASTER": f"2:{'ab' * 32}\nindex:{'cd' * 32}", "SECRET": "ef" * 32}.items():
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o600)
        monkeypatch.delenv(f"WEIMIN_{name}_KEY", raising=False)
        monkeypatch.setenv(f"WEIMIN_{name}_KEY_FILE", str(path))
    settings.WEIMIN_FILES = str(tmp_path / "files")
    (tmp_path / "files").mkdir(mode=0o700)
    return tmp_path


def found() -> set[str]:
    """The ids of what is found; the tests' own server is an embedded one or not."""
    return {one.code.removeprefix("weimin.") for one, _ in checks.look()} - {"W003", "W004"}


@pytest.mark.django_db
def test_a_good_deployment_passes(good: Path) -> None:
    assert found() == set()
    out = StringIO()
    call_command("check", deploy=True, stdout=out, stderr=out)
    assert "weimin.E" not in out.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("DEBUG", True, "E001"),
        ("WEIMIN_DEMO", True, "E002"),
        ("ALLOWED_HOSTS", ["localhost"], "E006"),
        ("ALLOWED_HOSTS", ["weimin.example", "*"], "E006"),
        ("ALLOWED_HOSTS", [".example"], "E006"),
        ("WEIMIN_BASE_URL", "http://weimin.example", "E007"),
        ("SECURE_COOKIES", False, "E008"),
        ("WEIMIN_SMS_PROVIDER", "weimin.kernel.accounts.registry.ConsoleSms", "E009"),
        ("WEIMIN_PROXIES", 0, "W002"),
    ],
)
def test_each_bad_setting_is_found(good: Path, settings: Any, name: str, value: Any, code: str) -> None:
    setattr(settings, name, value)
    assert found() == {code}


@pytest.mark.django_db
def test_trial_and_missing_and_open_keys_are_found(good: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (good / "MASTER").chmod(0o644)
    assert found() == {"E005"}
    (good / "MASTER").chmod(0o600)
    monkeypatch.delenv("WEIMIN_SECRET_KEY_FILE")
    assert found() == {"E004"}
    monkeypatch.setenv("WEIMIN_SECRET_KEY_FILE", str(good / "SECRET"))
    (good / "MASTER").write_text("ab" * 32)
    assert found() == {"W001"}, "the first master key is the index key, too"
    (good / "MASTER").write_text("nonsense")
    assert found() == {"E003"}
    monkeypatch.delenv("WEIMIN_MASTER_KEY_FILE")
    assert found() == {"E003"}
    settings.DATA = good
    (good / "weimin_master_key.secret").write_text(f"index:{'cd' * 32}\n1:{'ab' * 32}\n")
    (good / "weimin_master_key.secret").chmod(0o600)
    monkeypatch.setenv("WEIMIN_MASTER_KEY_FILE", str(good / "weimin_master_key.secret"))
    assert found() == {"E003"}


@pytest.mark.django_db
def test_a_folder_of_files_that_all_may_write_is_found(good: Path) -> None:
    os.chmod(good / "files", 0o777)  # noqa: S103 — the fault to find
    assert found() == {"E014"}


@pytest.mark.django_db
def test_django_refuses_with_the_id_and_what_to_do(good: Path, settings: Any) -> None:
    settings.WEIMIN_DEMO = True
    with pytest.raises(SystemCheckError, match=r"weimin\.E002") as fault:
        call_command("check", deploy=True, stdout=StringIO(), stderr=StringIO())
    assert "WEIMIN_DEMO=0" in str(fault.value)


def test_ids_are_single_and_documented() -> None:
    codes = [one.code for one in checks.CHECKS]
    assert len(codes) == len(set(codes))
    page = reference.PAGE.read_text(encoding="utf-8")
    assert [code for code in codes if f"| {code} |" not in page] == []
