"""Limits, devices in words, one-time passwords and breached lists: decisions without a database."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.kernel.accounts import rules
from weimin.kernel.accounts.rules import devices
from weimin.kernel.accounts.rules.onetime import code_at
from weimin.kernel.accounts.types import Rate

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


# --- limits ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("10/5m", (Rate(10, 300),)),
        ("1/s", (Rate(1, 1),)),
        ("5/10m, 20/d", (Rate(5, 600), Rate(20, 86400))),
        ("3/2h", (Rate(3, 7200),)),
    ],
)
def test_a_limit_is_read(text: str, rates: tuple[Rate, ...]) -> None:
    assert rules.parse_rates(text) == rates


@pytest.mark.parametrize("text", ["", "10", "0/m", "-1/m", "10/5x", "10/m/ip", "1.5/m", "10/5m,"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a limit"):
        rules.parse_rates(text)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 秒"),
        (119, "119 秒"),
        (120, "2 分钟"),
        (121, "3 分钟"),
        (7199, "120 分钟"),
        (7200, "2 小时"),
        (86400, "24 小时"),
    ],
)
def test_a_wait_is_told_in_words(seconds: int, words: str) -> None:
    assert rules.wait_words(seconds) == words


# --- devices -----------------------------------------------------------------------------------------------
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/140.0 Safari/537.36",
            "Windows 电脑上的 Chrome 浏览器",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {_KIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Windows 电脑上的 Edge 浏览器"),
        (
            f"Mozilla/5.0 (Linux; Android 14) {_KIT} Version/4.0 Chrome/126 Mobile Safari/537.36 MicroMessenger/8.0",
            "安卓手机上的微信",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "苹果手机上的 Safari 浏览器",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Linux 电脑上的火狐浏览器"),
        ("", "不认识的设备"),
        ("curl/8.5", "不认识的设备"),
        ("<script>alert(1)</script>", "不认识的设备"),
    ],
)
def test_a_device_is_told_in_words(agent: str, words: str) -> None:
    assert rules.device_words(agent) == words
    assert len(words) <= 40


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(0), "刚刚在用"),
        (timedelta(minutes=19), "刚刚在用"),
        (timedelta(minutes=20), "一小时内用过"),
        (timedelta(hours=1), "一天内用过"),
        (timedelta(days=3, hours=2), "3 天前用过"),
    ],
)
def test_the_last_use_is_told_roughly(ago: timedelta, words: str) -> None:
    assert rules.seen_words(AT - ago, at=AT) == words


def test_a_device_cookie_knows_the_accounts_that_were_logged_into() -> None:
    one = rules.seal_devices({}, account_id=7, at=AT)
    two = rules.seal_devices(rules.open_devices(one, at=AT), account_id=8, at=AT + timedelta(days=1))
    known = rules.open_devices(two, at=AT + timedelta(days=2))
    assert set(known) == {7, 8}
    assert known[7] == rules.open_devices(one, at=AT)[7]


def test_a_new_log_in_draws_a_new_number() -> None:
    one = rules.open_devices(rules.seal_devices({}, account_id=7, at=AT), at=AT)
    two = rules.open_devices(rules.seal_devices(one, account_id=7, at=AT), at=AT)
    assert one[7] != two[7]


def test_a_device_is_forgotten_after_half_a_year() -> None:
    text = rules.seal_devices({}, account_id=7, at=AT)
    assert rules.open_devices(text, at=AT + devices.KEEP)
    assert not rules.open_devices(text, at=AT + devices.KEEP + timedelta(seconds=1))


def test_a_shared_machine_remembers_the_latest_accounts() -> None:
    known: devices.Devices = {}
    for pk in range(1, 20):
        at = AT + timedelta(minutes=pk)
        known = rules.open_devices(rules.seal_devices(known, account_id=pk, at=at), at=at)
    assert set(known) == set(range(8, 20))


@given(st.text(max_size=200))
def test_no_other_text_is_a_device_cookie(text: str) -> None:
    assert rules.open_devices(text, at=AT) == {}


def test_a_changed_device_cookie_is_none() -> None:
    text = rules.seal_devices({}, account_id=7, at=AT)
    for place in range(0, len(text), 7):
        other = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert rules.open_devices(other, at=AT) == {}


# --- one-time passwords (RFC 6238 appendix B, SHA-1, last six digits) -----------------------------------------
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("moment", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_digits_are_those_of_the_standard(moment: int, digits: str) -> None:
    assert code_at(RFC_SECRET, moment // 30) == digits
    assert rules.find_step(secret=RFC_SECRET, code=digits, at=datetime.fromtimestamp(moment, UTC)) == moment // 30


@pytest.mark.parametrize(("seconds", "found"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_off(seconds: int, found: bool) -> None:
    at = datetime.fromtimestamp(1111111095, UTC)
    step = rules.find_step(secret=RFC_SECRET, code="081804", at=at + timedelta(seconds=seconds))
    assert (step is not None) is found


@pytest.mark.parametrize("code", ["", "08180", "0818040", "abcdef", "٠٨١٨٠٤", "081 805"])
def test_other_digits_belong_to_no_step(code: str) -> None:
    assert rules.find_step(secret=RFC_SECRET, code=code, at=datetime.fromtimestamp(1111111109, UTC)) is None


def test_digits_may_be_typed_in_two_groups() -> None:
    assert rules.find_step(secret=RFC_SECRET, code=" 081 804 ", at=datetime.fromtimestamp(1111111109, UTC))


# --- breached passwords ------------------------------------------------------------------------------------------
def line(password: str, seen: int) -> str:
    return f"{hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()}:{seen}"


@pytest.fixture(scope="module", params=["\r\n", "\n"], ids=["crlf", "lf"])
def breached(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("breached") / "list.txt"
    lines = sorted(line(f"pass-{number}", 10 ** (number % 8)) for number in range(3000))
    path.write_bytes(request.param.join(lines).encode() + request.param.encode())
    return path


def test_every_line_of_the_list_is_found(breached: Path) -> None:
    assert all(rules.is_breached(breached, f"pass-{number}") for number in range(3000))


def test_nothing_else_is_found(breached: Path) -> None:
    assert not any(rules.is_breached(breached, f"other-{number}") for number in range(3000))


def test_the_last_line_counts_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("\n".join(sorted(line(one, 1) for one in ("a", "b", "c"))))
    assert [rules.is_breached(path, one) for one in "abcd"] == [True, True, True, False]


def test_an_empty_list_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("")
    assert not rules.is_breached(path, "a")
    assert not rules.looks_sorted(path)


def test_a_list_is_recognised(breached: Path, tmp_path: Path) -> None:
    assert rules.looks_sorted(breached)
    other = tmp_path / "other.txt"
    other.write_bytes(b"\n".join(reversed(breached.read_bytes().split())))
    assert not rules.looks_sorted(other)
    other.write_text("password\n123456\n" * 50)
    assert not rules.looks_sorted(other)
