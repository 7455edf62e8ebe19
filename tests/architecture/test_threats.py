"""The table of threats is true: every chapter is there, every test that it names exists, and nothing of ours calls out."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/explanation/threats.md"
SRC = ROOT / "src/weimin"
#: Modules that open connections to other machines, and ours that may.
CALLERS = {"http.client", "urllib.request", "requests", "httpx", "aiohttp", "smtplib", "ftplib", "urllib3"}
MAY_CALL = {"kernel/accounts/web/provider.py"}


def rows() -> list[list[str]]:
    """The cells of every row."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| V")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@cache
def names_in(path: str) -> set[str]:
    """The names of the tests of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_chapter_of_the_list_is_there() -> None:
    assert {row[0].split()[0] for row in rows()} == {f"V{n}" for n in range(1, 18)}
    assert all(len(row) == 4 and all(row) for row in rows())


def test_every_named_test_exists() -> None:
    missing, named = [], 0
    for row in rows():
        if row[3] == "none":
            continue
        for one in row[3].split(", "):
            path, _, name = one.partition("::")
            named += 1
            if not (ROOT / path).is_file() or name not in names_in(path):
                missing.append(one)
    assert named > 50
    assert not missing


def test_nothing_of_ours_calls_out() -> None:
    calling = {}
    for path in sorted(SRC.rglob("*.py")):
        if "tests" in path.parts or str(path.relative_to(SRC)) in MAY_CALL:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            if found := [
                one for one in names if one in CALLERS or re.match(r"(requests|httpx|aiohttp|urllib3)\.", one)
            ]:
                calling[str(path.relative_to(SRC))] = found
    assert not calling, (
        "bring a client that refuses private addresses, redirects and long answers, and say so in threats.md"
    )
