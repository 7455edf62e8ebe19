"""What the pages of supervision share: refusals, words and colours of levels, orders in lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from weimin.base.errors import Invalid, WeiminError
from weimin.kernel.cases import queries as cases
from weimin.kernel.deadlines.types import LEVEL_TEXT, Level
from weimin.kernel.supervision.models import Order
from weimin.ui.answers import status_of

#: The class that colours a level; its words always stand beside it.
LEVEL_CSS = {Level.GREEN: "good", Level.YELLOW: "yellow", Level.RED: "red", Level.PROMISE: "promise", Level.LAW: "law"}
LEVELS = [(level, LEVEL_TEXT[level]) for level in Level if level]
ORDER_CSS = {"open": "careful", "returned": "bad", "answered": "info", "accepted": "good"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a refused form answers: sentences by field, or one for the page, and the status."""

    errors: dict[str, str]
    problem: str = ""
    status: int = 200


FINE = Told({})


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list; `late` when its answer is overdue."""

    row: Order
    css: str
    is_case: bool
    late: bool


def is_number(text: str) -> bool:
    """Whether a subject is a matter: only those have a page of their own."""
    return len(text) == 22 and text.count("-") == 2


def told_of(fault: WeiminError) -> Told:
    """What a page says of a refusal."""
    return Told(fault.fields, "" if fault.fields else fault.message, status_of(fault))


def choose(post: Any, name: str, known: dict[str, bool], sentence: str) -> bool:
    """What a choice of two was.

    Raises: Invalid — neither
    """
    chosen = post.get(name, "")
    if chosen not in known:
        raise Invalid(sentence, fields={name: sentence})
    return known[chosen]


def lost(request: Any, shown: bool, *names: str) -> str:
    """What was typed into a form that the page no longer has."""
    if shown:
        return ""
    return next((request.POST[name] for name in names if request.POST.get(name, "").strip()), "")


def openable(request: Any, rows: Iterable[Any]) -> set[str]:
    """Which subjects of some rows are matters that the viewer may open: the others are numbers, not links.

    Cost:   one query
    """
    return cases.list_visible(request.actor, numbers=[one.subject_id for one in rows if is_number(one.subject_id)])


def order_row(row: Order, today: Any, opens: set[str]) -> OrderRow:
    """An order as lists show it."""
    waits = row.state in ("open", "returned")
    late = waits and row.due_on is not None and row.due_on < today
    return OrderRow(row, ORDER_CSS[row.state], row.subject_id in opens, late)
