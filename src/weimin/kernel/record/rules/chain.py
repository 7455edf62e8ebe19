"""The chain of the audit trail: how a link follows another, how a day is summed up, and where a chain breaks.

Every digest is the SM3 of plain text, written as 64 small hex digits, so that anybody can recompute the
chain with a few lines of script:

    entry    SM3 of the entry's fields in canonical JSON
    chain n  SM3 of (chain n-1 + digest of entry n), both as text; chain 0 of a day is the digest of the day before
    day      SM3 of "weimin-audit-day 2026-11-24 COUNT PREVIOUS HEAD"
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from weimin.base.crypto import sm3_hex
from weimin.kernel.record.types import DayView, Fault, FaultKind, LinkRow, Stretch

#: What the first day follows.
GENESIS = "0" * 64
#: How many entries one look at the chain reads: bounds memory, and what one wrong order is searched in.
STRETCH = 5000
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def clean_changes(changes: dict[str, Any]) -> dict[str, Any]:
    """Changes as the database will give them back: keys are text, tuples lists, whole floats whole numbers.

    Raises: TypeError — a value that JSON does not know; ValueError — not a number, or an endless one
    """
    cleaned: dict[str, Any] = json.loads(json.dumps(changes), parse_float=_number, parse_constant=_refuse)
    return cleaned


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no number to keep")


def entry_digest(fields: dict[str, Any]) -> str:
    """The SM3 of an audit entry in canonical JSON: sorted keys, no spaces, UTF-8, the moment in UTC."""
    at: datetime = fields["at"]
    return sm3_hex(_write({**fields, "at": at.astimezone(UTC).isoformat()}).encode())


def link(before: str, digest: str) -> str:
    """The next value of the chain."""
    return sm3_hex((before + digest).encode())


def chain_all(before: str, digests: Iterable[str]) -> list[str]:
    """The chain through these digests, one value for each."""
    chain = []
    for digest in digests:
        before = link(before, digest)
        chain.append(before)
    return chain


def day_line(*, day: date, count: int, previous: str, head: str) -> str:
    """The text that a day's digest is taken of."""
    return f"weimin-audit-day {day.isoformat()} {count} {previous} {head}"


def day_digest(*, day: date, count: int, previous: str, head: str) -> str:
    """The digest of a closed day; a day without entries has the head it began with."""
    return sm3_hex(day_line(day=day, count=count, previous=previous, head=head).encode())


def check_day(view: DayView, *, expected: date, previous: str) -> FaultKind | None:
    """What is wrong with a day's own row, taken by itself and after the day before."""
    if view.day != expected:
        return FaultKind.DAY_MISSING
    if not view.count and view.head != view.previous:
        return FaultKind.DAY_HEAD
    if not view.closed:
        return FaultKind.DAY_PREVIOUS if view.previous != previous else None
    if view.digest != day_digest(day=view.day, count=view.count, previous=view.previous, head=view.head):
        return FaultKind.DAY_DIGEST
    if view.previous != previous:
        return FaultKind.DAY_PREVIOUS
    return None


def cut_day(view: DayView, *, size: int = STRETCH) -> list[Stretch]:
    """A day as stretches that can be checked by themselves, in order; none when it has no entries."""
    starts = range(1, view.count + 1, size)
    lasts = [min(one + size - 1, view.count) for one in starts]
    return [
        Stretch(view.day, first, last, view.previous, view.head if last == view.count else "")
        for first, last in zip(starts, lasts, strict=True)
    ]


def check_rows(rows: Sequence[LinkRow], stretch: Stretch, *, before: str) -> Fault | None:
    """Recompute a stretch of the chain from the entries' fields; the first thing that is wrong, or None.

    `before` is the value the stretch follows; a row after its last place only helps to tell what was done.
    """
    chain, place = before, stretch.first
    for number, row in enumerate(rows):
        if place > stretch.last:
            break
        if row.place != place:
            return Fault(FaultKind.LINK_MISSING, stretch.day, place)
        if row.digest is None:
            return Fault(FaultKind.ENTRY_MISSING, stretch.day, place, row.entry_id)
        after = link(chain, row.digest)
        if after != row.chain or entry_digest(row.fields()) != row.digest:
            return Fault(_diagnose(rows, number, chain, stretch), stretch.day, place, row.entry_id)
        chain, place = after, place + 1
    if place <= stretch.last:
        return Fault(FaultKind.LINK_MISSING, stretch.day, place)
    if stretch.end and stretch.end != chain:
        return Fault(FaultKind.DAY_HEAD, stretch.day)
    return None


def _diagnose(rows: Sequence[LinkRow], number: int, before: str, stretch: Stretch) -> FaultKind:
    """What was done to the link or the entry at a broken place, as far as the digests around it tell."""
    row = rows[number]
    content, stored = entry_digest(row.fields()), str(row.digest)
    if content != stored:
        if link(before, content) == row.chain:
            return FaultKind.DIGEST
        return FaultKind.CONTENT if link(before, stored) == row.chain else FaultKind.REPLACED
    following = rows[number + 1] if number + 1 < len(rows) else None
    right = link(before, stored)
    if following and following.digest and link(right, following.digest) == following.chain:
        return FaultKind.LINK
    if row.place == stretch.last and right == stretch.end:
        return FaultKind.LINK
    others = (one.digest for one in rows if one.digest and one.digest != stored)
    if any(link(before, one) == row.chain for one in others):
        return FaultKind.ORDER
    return FaultKind.REPLACED


def part_text(rows: Sequence[tuple[int, str, str]], *, head: Sequence[str]) -> str:
    """A part of a day as the file that anybody may download: comment lines, then place, digest, chain."""
    lines = [*(f"# {one}" for one in head), *(f"{place} {digest} {chain}" for place, digest, chain in rows)]
    return "\n".join(lines) + "\n"
