"""The command line as operators and scripts use it: answers, JSON, files, one-line errors, exit codes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from weimin.config import cli

pytestmark = pytest.mark.django_db


@pytest.fixture
def weimin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command; gives its exit code, what it printed, and its errors."""

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["weimin", *words])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def lines(out: str) -> list[Any]:
    return [json.loads(one) for one in out.splitlines()]


def test_search_finds_and_says_when_nothing_is_found(city: None, weimin: Any) -> None:
    code, out, _ = weimin("search", "老人补贴", "--json")
    assert code == 0
    assert json.loads(out)["results"][0]["code"] == "A5-31"
    assert weimin("search", "xqzvwk")[0] == 1


def test_item_by_its_code_whatever_the_case(city: None, weimin: Any) -> None:
    code, out, _ = weimin("item", "a5-31")
    assert code == 0
    assert "高龄津贴" in out
    code, _, err = weimin("item", "A0-00")
    assert code == 1
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "due"),
    [
        (("2026-09-18", "20", "workday"), "2026-10-22"),
        (("2026-03-02", "20", "workday", "--pause", "2026-03-09..2026-03-18"), "2026-04-10"),
        (("2026-09-16", "15", "day"), "2026-10-08"),
        (("2025-12-31", "1", "workday"), "2026-01-04"),
    ],
)
def test_due_prints_the_date_and_its_ledger(weimin: Any, words: tuple[str, ...], due: str) -> None:
    code, out, _ = weimin("due", *words, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["due"] == due
    assert found["ledger"][0]["kind"] == "start"
    assert weimin("due", *words)[1].startswith(due)


def test_due_counts_by_the_notices_in_force_when_asked(city: None, weimin: Any) -> None:
    code, out, _ = weimin("due", "2026-09-18", "5", "workday", "--live", "--json")
    assert (code, json.loads(out)["due"]) == (0, "2026-09-24")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("due", "2026-02-30", "5", "workday"), 1, "不是存在的日期"),
        (("due", "2026-03-02", "five", "workday"), 1, "不是天数"),
        (("due", "2026-03-02", "5", "week"), 2, "workday"),
        (("due", "2026-03-02", "5", "workday", "--pause", "2026-03-05"), 1, "两个日期"),
        (("due", "2026-03-02", "5", "workday", "--pause", "2026-03-08..2026-03-05"), 1, "早于"),
        (("due",), 2, "START COUNT"),
        (("due", "--file", "no-such.tsv"), 2, "找不到文件"),
        (("no-such-command",), 2, "no-such-command"),
        (("check-id", "34032119000228123"), 1, "无效"),
        (("load", "moon"), 2, "moon"),
        (("matter", "340321113-261101-99999"), 1, "找不到"),
        (("token", "nobody.here"), 1, "没有叫"),
    ],
    ids=lambda one: " ".join(one)[:40] if isinstance(one, tuple) else str(one),
)
def test_errors_are_one_line_with_a_code(weimin: Any, words: tuple[str, ...], code: int, told: str) -> None:
    got, out, err = weimin(*words)
    assert got == code
    said = err or out
    assert told in said
    assert said.count("\n") == 1, said


def test_a_port_that_somebody_has_is_told_before_anything_is_loaded(weimin: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, out, err = weimin("run", "--port", str(taken.getsockname()[1]))
    assert (code, out) == (2, "")
    assert "已经有程序在用" in err and "--port" in err and err.count("\n") == 1


@pytest.mark.parametrize(("before", "code"), [("SIG_DFL", 0), ("SIG_IGN", 3)], ids=["terminal closed", "nohup"])
def test_a_closed_terminal_stops_it_unless_nohup_said_otherwise(before: str, code: int) -> None:
    """Three: it went on until its child ended by itself."""
    script = (
        "import os, signal, subprocess, sys, threading; from weimin.config.cli import serving;"
        "signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]));"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGHUP)).start();"
        "sys.exit(serving._wait([subprocess.Popen(['sleep', '2'], process_group=0)]))"
    )
    assert subprocess.run([sys.executable, "-c", script, before], check=False).returncode == code


def test_a_file_is_answered_line_by_line_in_order(weimin: Any, tmp_path: Path) -> None:
    path = tmp_path / "cases.tsv"
    rows = [
        "2026-09-18\t5\tworkday",
        "",
        "2026-02-30\t5\tworkday",
        "2026-03-02\t20",
        "2026-03-02\t20\tworkday\t2026-03-09..2026-03-18",
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, out, _ = weimin("due", "--file", str(path))
    found = lines(out)
    assert code == 0
    assert len(found) == len(rows)
    assert [one.get("due") for one in found] == ["2026-09-24", None, None, None, "2026-04-10"]
    assert "应有 3 项" in found[1]["error"]
    assert "不是存在的日期" in found[2]["error"]
    assert "应有 3 项" in found[3]["error"]


def test_identifiers_from_a_file(weimin: Any, tmp_path: Path) -> None:
    path = tmp_path / "ids.tsv"
    path.write_text("340300190001010011\n３４０３００１９０００１０１００１１\n340321190002281230\n", encoding="utf-8")
    assert [one["valid"] for one in lines(weimin("check-id", "--file", str(path))[1])] == [True, True, False]
    path.write_text("11340321000000019A\n1134032100000001IA\n", encoding="utf-8")
    assert [one["valid"] for one in lines(weimin("check-uscc", "--file", str(path))[1])] == [True, False]


NEXT_YEAR = "日期,名称,类型\n" + "".join(
    f"2027-{month:02}-{day:02},{name},休\n"
    for name, month, days in (
        ("元旦", 1, (1, 2, 3)),
        ("春节", 2, (5, 6, 7, 8, 9, 10)),
        ("清明节", 4, (3, 4, 5)),
        ("劳动节", 5, (1, 2, 3, 4)),
        ("端午节", 6, (9,)),
        ("中秋节", 9, (15,)),
        ("国庆节", 10, (1, 2, 3, 4, 5)),
    )
    for day in days
)


def test_a_notice_is_proposed_or_put_in_force(city: None, weimin: Any, tmp_path: Path) -> None:
    path = tmp_path / "2027.csv"
    path.write_text(NEXT_YEAR, encoding="utf-8")
    code, out, _ = weimin("notice", str(path), "--number", "测试〔2026〕1号", "--json")
    assert (code, json.loads(out)["state"]) == (0, "previewed")
    code, out, _ = weimin("notice", str(path), "--number", "测试〔2026〕1号", "--approve", "--json")
    assert (code, json.loads(out)["state"]) == (0, "approved")
    path.write_text(NEXT_YEAR.replace("2027-06-09,端午节,休\n", ""), encoding="utf-8")
    code, _, err = weimin("notice", str(path), "--number", "测试〔2026〕2号")
    assert code == 1
    assert "没有写端午节" in err


def test_clocks_are_verified_and_scanned(city: None, weimin: Any) -> None:
    code, out, _ = weimin("clocks", "verify", "--json")
    assert (code, json.loads(out)["faults"]) == (0, [])
    code, out, _ = weimin("clocks", "scan", "--json")
    assert (code, json.loads(out)["flagged"]) == (0, 0)


def test_doctor_answers_in_json(city: None, weimin: Any) -> None:
    _, out, _ = weimin("doctor", "--json")
    assert {"good", "findings"} <= set(json.loads(out))


def test_every_command_has_help(weimin: Any) -> None:
    code, out, _ = weimin("--help")
    assert code == 0
    for name in cli.cli.commands:
        assert name in out
        code, said, _ = weimin(name, "--help")
        assert code == 0
        assert "Usage" in said
