"""Ten thousand random ledgers: the rules give the date that the plain oracle gives.

Each is counted in both ways that the platform has: as it is explained, from pauses and extensions, and as
it is stored, from the entries that people wrote, wrong ones put right among them.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from weimin.kernel.deadlines.rules import Calendar, Counting, count_ledger, sum_entries
from weimin.kernel.deadlines.tests.oracle import BeyondNotices, Stand, oracle_due
from weimin.kernel.deadlines.types import Entry, Extension, Limit, Pause

FIRST_START, LAST_START = date(2024, 1, 1), date(2026, 9, 30)
#: The largest limit of each unit, and the largest extension.
MOST = {"workday": (90, 30), "day": (120, 60), "month": (6, 3)}


@dataclass(frozen=True)
class Case:
    """One ledger in plain values."""

    start: date
    value: int
    unit: str
    pauses: tuple[Stand, ...] = ()
    more: tuple[tuple[date, int], ...] = ()

    def by_oracle(self) -> date | None:
        return oracle_due(self.start, self.value, self.unit, self.pauses, [value for _, value in self.more])

    def by_rules(self, calendar: Calendar) -> date | None:
        return count_ledger(
            start=self.start,
            limit=Limit(self.value, self.unit),
            calendar=calendar,
            pauses=[Pause(since, until) for since, until in self.pauses],
            extensions=[Extension(on, value) for on, value in self.more],
        ).due

    def by_entries(self, counting: Counting, dice: random.Random) -> date | None:
        """From a ledger as it is written: some entries wrong at first, put right or struck by later ones."""
        book = Book(dice)
        book.write("start", self.start)
        for since, until in self.pauses:
            if dice.random() < 0.2:  # one that should not be there
                wrong = book.write("pause", since)
                if dice.random() < 0.5:
                    book.write("resume", since)
                book.correct(wrong, None)
            book.write("pause", since)
            if until is not None:
                book.write("resume", until)
        for on, value in self.more:
            book.write("extend", on, value)
        summed = sum_entries(book.entries)
        extended = sum(one.value for one in summed.extensions)
        return counting.dates(Limit(self.value, self.unit), summed.start, summed.pauses, extended, (0.3, 0.1)).due


class Book:
    """A ledger being written, by somebody who errs one time in five and puts it right."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.entries = dice, list[Entry]()

    def write(self, kind: str, on: date, value: int | None = None) -> int:
        errs = self.dice.random() < 0.2
        number = len(self.entries) + 1
        self.entries.append(Entry(number, kind, on + timedelta(days=errs * 3), value=value))
        if errs:
            self.correct(number, on)
        return number

    def correct(self, number: int, on: date | None) -> None:
        on_then = self.entries[number - 1].on
        entry = Entry(len(self.entries) + 1, "correct", on or on_then, corrects=number, struck=on is None)
        self.entries.append(entry)


def draw(dice: random.Random) -> Case:
    """A random case: up to three pauses, the last of them sometimes still open, up to one extension."""
    start = FIRST_START + timedelta(days=dice.randint(0, (LAST_START - FIRST_START).days))
    unit = dice.choice(("workday", "day", "month"))
    longest, most_added = MOST[unit]
    pauses: list[Stand] = []
    since = start + timedelta(days=dice.randint(0, 30))
    for _ in range(dice.randint(0, 3)):
        until = since + timedelta(days=dice.randint(0, 20))
        pauses.append((since, until))
        since = until + timedelta(days=dice.randint(1, 40))
    if pauses and dice.random() < 0.1:
        pauses[-1] = (pauses[-1][0], None)
    more = [(start + timedelta(days=dice.randint(0, 30)), dice.randint(1, most_added))] if dice.random() < 0.4 else []
    return Case(start, dice.randint(1, longest), unit, tuple(pauses), tuple(more))


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_random_ledgers_end_where_the_oracle_says(shipped: Calendar, seed: int) -> None:
    dice, counting = random.Random(seed), Counting(shipped)
    seen: Counter[str] = Counter()
    while seen["counted"] < 1000:
        case = draw(dice)
        try:
            expected = case.by_oracle()
        except BeyondNotices:
            continue
        found = case.by_rules(shipped)
        assert found == expected, f"rules say {found}, the oracle says {expected}: {case}"
        stored = case.by_entries(counting, dice)
        assert stored == expected, f"the entries give {stored}, the oracle says {expected}: {case}"
        seen.update(["counted", case.unit, f"{len(case.pauses)} pauses", f"{len(case.more)} extensions"])
        seen.update(["standing"] if expected is None else [])
    kinds = ("workday", "day", "month", "0 pauses", "1 pauses", "2 pauses", "3 pauses", "0 extensions", "1 extensions")
    assert min(seen[kind] for kind in kinds) >= 150, f"the draw is lopsided: {seen}"
    assert seen["standing"] >= 10, f"the draw is lopsided: {seen}"


@pytest.mark.parametrize(
    ("case", "due"),
    [
        (Case(date(2026, 9, 18), 20, "workday"), date(2026, 10, 22)),
        (Case(date(2025, 12, 31), 1, "workday"), date(2026, 1, 4)),
        (Case(date(2026, 3, 2), 20, "workday", ((date(2026, 3, 9), date(2026, 3, 18)),)), date(2026, 4, 10)),
        (Case(date(2026, 3, 2), 20, "workday", (), ((date(2026, 3, 20), 10),)), date(2026, 4, 14)),
        (Case(date(2026, 9, 16), 15, "day"), date(2026, 10, 8)),
        (Case(date(2024, 1, 31), 1, "month"), date(2024, 2, 29)),
        (Case(date(2025, 10, 31), 1, "month"), date(2025, 12, 1)),
        (Case(date(2025, 10, 31), 1, "month", (), ((date(2025, 11, 20), 1),)), date(2025, 12, 31)),
        (Case(date(2026, 3, 2), 5, "workday", ((date(2026, 3, 9), None),)), None),
        (Case(date(2026, 3, 2), 5, "workday", ((date(2026, 3, 10), None),)), date(2026, 3, 9)),
        (Case(date(2026, 9, 16), 15, "day", ((date(2026, 10, 3), None),)), None),
    ],
)
def test_the_oracle_itself_knows_dates_counted_by_hand(shipped: Calendar, case: Case, due: date | None) -> None:
    assert case.by_oracle() == due
    assert case.by_rules(shipped) == due
