"""Walks every address with everybody and writes down what came of it: the access matrix."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.urls import get_resolver

from tests.architecture.matrix_world import (
    API_SENT,
    ASKED,
    CLIENTS,
    DO_ALL,
    PEOPLE,
    SENT,
    TAKES,
    Matrix,
    Member,
    picture,
)
from tests.architecture.test_reads import _operations, fill_address
from tests.architecture.test_structure import patterns

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/access-matrix.md"
LOGINS = ("/login/", "/desk/login/", "/desk/login/second/")
#: Where somebody is sent who owes a new password or a second factor, or has to show again who they are.
DUES = ("/desk/account/password/", "/desk/account/")
CONFIRM = "/desk/account/confirm/"
WORDS = {
    "ok": "an answer",
    "done": "done; goes on to another page",
    "on": "goes on to another page, which decides for itself",
    "log in": "sent to log in",
    "due": "sent to what is due first: a new password, a second factor, showing again who one is",
    "no token": "401, no valid token",
    "refused": "403",
    "not found": "404",
    "no way": "405, the address does not take this method",
    "not now": "409, the matter is not at a stage where this can be done",
    "not right": "400 or 422, what was sent does not do, or a rule of law forbids it",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One address called one way; `address` as in the code."""

    method: str
    address: str
    name: str = ""
    stage: str = ""
    body: Any = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """How the page names the row."""
        return f"{self.method} /{self.address}" + (f" · {self.name}" if self.name else "")


def page_rows() -> Iterator[Row]:
    """Every address of portal and desk, opened and sent to."""
    seen = {address: view for address, view in patterns(get_resolver()) if hasattr(view, "access_rule")}
    for address in sorted(seen):
        yield Row("GET", address)
        if address == "desk/cases/<str:number>/<str:take>/":
            for take, (stage, body) in TAKES.items():
                yield Row("POST", address, take, stage, {**DO_ALL, **body})
            continue
        for name, stage, body in SENT.get(address, [("", "", {})]):
            yield Row("POST", address, name, stage, body)


def api_rows() -> Iterator[Row]:
    """Every operation of the API."""
    for address, method in sorted(_operations()):
        stage, body = API_SENT[address] if method != "get" else ("", None)
        yield Row(method.upper(), address, "", stage, body)


def walk(matrix: Matrix, row: Row, member: Member) -> tuple[str, Any]:
    """Call an address as somebody; everything it wrote is undone. Gives what came of it, and the answer."""
    with transaction.atomic(), member.walking():
        answer = _call(matrix, row, member)
        said = judge(row, answer)
        transaction.set_rollback(True)
    return said, answer


def _call(matrix: Matrix, row: Row, member: Member) -> Any:
    values = matrix.values(row.stage, row.address)
    if row.name in TAKES:
        values["take"] = row.name
    path = fill_address(row.address, values)
    member.client.raise_request_exception = False
    if not row.address.startswith("api/"):
        if row.method == "GET":
            return member.client.get(path, matrix.fill(ASKED.get(row.address, {}), row.stage))
        return member.client.post(path, matrix.fill(row.body or {}, row.stage))
    headers = {"Idempotency-Key": "matrix-walk"}
    if member.token:
        headers["Authorization"] = f"Bearer {member.token}"
    if row.address.endswith("/files"):
        path += "?item_code=A3-13&material_code=bank_card"
        return member.client.post(path, {"file": picture()}, headers=headers)
    if row.method == "GET":
        return member.client.get(path, headers=headers)
    body = {name: int(one) if name == "step_id" else one for name, one in matrix.fill(row.body, row.stage).items()}
    return member.client.post(path, body, content_type="application/json", headers=headers)


def judge(row: Row, answer: Any) -> str:
    """Which kind of outcome an answer is; a fault of the server is one that no row may have."""
    status = answer.status_code
    if status in (301, 302, 303):
        path = urlsplit(answer["Location"]).path
        if path in LOGINS and "log" not in row.address:
            return "log in"
        if (path == CONFIRM and row.address != CONFIRM.strip("/") + "/") or (
            path in DUES and "account" not in row.address
        ):
            return "due"
        return "done" if row.method == "POST" else "on"
    if status < 300:
        return "ok"
    known = {401: "no token", 403: "refused", 404: "not found", 405: "no way", 409: "not now"}
    return known.get(status, "not right" if status in (400, 422) else str(status))


Outcomes = dict[Row, dict[str, str]]


def walk_all(matrix: Matrix) -> Outcomes:
    """Everybody at every address."""
    outcomes: Outcomes = {}
    logging.disable(logging.CRITICAL)
    for rows, cast in ((page_rows(), matrix.people), (api_rows(), matrix.clients)):
        for row in rows:
            outcomes[row] = {name: walk(matrix, row, member)[0] for name, member in cast.items()}
    logging.disable(logging.NOTSET)
    return {row: one for row, one in outcomes.items() if set(one.values()) != {"no way"}}


def render(outcomes: Outcomes) -> str:
    """The page: addresses with the same outcomes stand together."""
    lines = [
        "# Access matrix",
        "",
        "Written by `make matrix`, which walks every address as everybody; a test compares it with a fresh walk. Review",
        "its changes like code. How to read it: [Who sees what](../explanation/access.md#the-access-matrix).",
        "",
        "Every object belongs to one township; the cast are its own people and those of others (`far-…`), so each cell",
        "is somebody at their own or at another township's object.",
        "",
        "## Outcomes",
        "",
        *[f"- **{word}**: {text}" for word, text in WORDS.items()],
        "",
        "## Who",
        "",
        *[f"- `{name}`: {text}" for name, text in PEOPLE.items()],
        "",
        "Clients of the API:",
        "",
        *[f"- `{name}`: {text}" for name, text in CLIENTS.items()],
        "",
    ]
    pages = {row: one for row, one in outcomes.items() if not row.address.startswith("api/")}
    clients = {row: one for row, one in outcomes.items() if row.address.startswith("api/")}
    return "\n".join([*lines, *_part("Portal and desk", pages), *_part("API", clients)])


def _part(title: str, outcomes: Outcomes) -> list[str]:
    groups: dict[tuple[tuple[str, str], ...], list[Row]] = defaultdict(list)
    for row, one in outcomes.items():
        groups[tuple(one.items())].append(row)
    lines = [f"# {title}", ""]
    for cells, rows in groups.items():
        by_word: dict[str, list[str]] = defaultdict(list)
        for name, word in cells:
            by_word[word].append(name)
        most = max(by_word, key=lambda word: len(by_word[word])) if len(cells) > 3 else ""
        lines += [f"## {rows[0].title}", "", *[f"- `{row.title}`" for row in rows], ""]
        for word in [*WORDS, *sorted(set(by_word) - set(WORDS))]:
            if word in by_word:
                who = "everybody" if len(by_word) == 1 else "everybody else" if word == most else ""
                lines.append(f"- **{word}**: {who or ', '.join(by_word[word])}")
        lines.append("")
    return lines
