"""Made-up ledgers: open clocks as a city has them near the end of a year, filled in by COPY."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

DAY = timedelta(days=1)
#: Statutory and committed limits; the longer ones are what reaches into the next year.
LIMITS: tuple[tuple[tuple[int, str] | None, tuple[int, str] | None], ...] = (
    ((5, "workday"), None),
    ((20, "workday"), (10, "workday")),
    ((20, "workday"), (15, "workday")),
    ((30, "workday"), (20, "workday")),
    ((45, "workday"), (30, "workday")),
    ((60, "workday"), (45, "workday")),
    (None, (7, "workday")),
    ((30, "day"), (20, "day")),
    ((60, "day"), None),
    ((3, "month"), (2, "month")),
)
#: How far back clocks began, and since when nobody attended to those that are due.
BEGAN_DAYS, ASLEEP_DAYS = 110, 7
#: Of ten thousand: clocks with a pause that is over, with one that goes on, with an extension.
PAUSED, STANDING, EXTENDED = 1000, 100, 300
#: Of those beyond their limit one in so many is still open: the others were finished in time.
LATE_ONE_IN = 25
#: Every so manieth clock is a matter's.
MATTER_EVERY = 10
_OF_CLOCK = ("id", "subject_type", "subject_id", "place", "agency_id", "purpose", "label", "grounds", "attention_tries")
_OF_LEDGER = (
    *("regime", "start_date", "statutory_value", "statutory_unit", "committed_value", "committed_unit", "article"),
    *("extend_code", "state", "planned_until", "due_date", "committed_due_date", "provisional", "yellow_on", "red_on"),
)
_OF_MOMENT = ("level", "attention_at")
_OF_ENTRY = (
    "clock_id",
    "kind",
    '"on"',
    "until",
    "value",
    "ground",
    "reason",
    "notice",
    "struck",
    "article",
    "by_label",
    "at",
)
_MATTERS = """
SELECT c.number, c.township_id, o.handle_agency_id FROM cases_case c JOIN catalogue_offer o ON o.id = c.offer_id
WHERE c.number LIKE '%%-2001__-%%' ORDER BY c.id LIMIT %s
"""
_SHOW = (
    "UPDATE cases_case c SET clock_id = k.id, due_on = coalesce(k.committed_due_date, k.due_date),"
    " statutory_due_on = k.due_date, due_provisional = k.provisional, state = 'handling' FROM deadlines_clock k"
    " WHERE k.id >= %s AND k.subject_type = 'case' AND k.subject_id = c.number",
    "UPDATE cases_step s SET state = 'open', done_at = NULL, outcome = '', due_on = c.due_on FROM cases_case c"
    " WHERE c.id = s.case_id AND c.clock_id >= %s AND s.bpmn_id = 'review'",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A ledger as COPY wants it: the clock's columns, its level and moment now and some days ago, its entries."""

    columns: str
    awake: tuple[str, str]
    asleep: tuple[str, str]
    entries: tuple[str, ...]


class Maker:
    """Makes ledgers as of a moment; equal ones are counted once, by the product's own recount."""

    def __init__(self, at: datetime) -> None:
        from weimin.base.clock import local_date
        from weimin.kernel.deadlines import queries, rules

        self.today = local_date(at)
        self.counting = rules.Counting(queries.get_calendar())
        self.dice = random.Random(7)
        self.known: dict[tuple[Any, ...], Made | None] = {}

    def one(self) -> Made:
        """The next open clock's ledger."""
        while True:
            key = self._throw()
            if key not in self.known:
                self.known[key] = self._make(*key)
            made = self.known[key]
            if made is not None:
                return made

    def _throw(self) -> tuple[Any, ...]:
        """A start, a limit, a pause, an extension, and whether it may be beyond its limit."""
        dice, today = self.dice, self.today
        start = today - dice.randrange(BEGAN_DAYS) * DAY
        luck = dice.randrange(10_000)
        since = until = None
        if luck < PAUSED:
            since = start + dice.randint(1, 12) * DAY
            until = min(since + dice.randint(1, 20) * DAY, today)
        elif luck < PAUSED + STANDING:
            since = today - dice.randrange(20) * DAY
        extended = 10 if PAUSED + STANDING <= luck < PAUSED + STANDING + EXTENDED else 0
        return start, dice.randrange(len(LIMITS)), since, until, extended, dice.randrange(LATE_ONE_IN) == 0

    def _make(
        self, start: date, which: int, since: date | None, until: date | None, extended: int, late: bool
    ) -> Made | None:
        """The ledger as lines; None when its pause does not fit, or when it would have been finished."""
        from weimin.kernel.deadlines.actions.recounting import recount
        from weimin.kernel.deadlines.types import Entry

        if not self.counting.calendar.works(start) or (since and not start <= since <= self.today):
            return None
        entries = [Entry(1, "start", start, article="xkl-2019 art. 42")]
        if since:
            planned = until or self.today + 5 * DAY
            entries.append(Entry(2, "pause", since, planned, ground="expert_review", article="xkl-2019 art. 45"))
        if until:
            entries.append(Entry(3, "resume", until))
        if extended:
            entries.append(Entry(4, "extend", max(start, self.today - 10 * DAY), value=extended))
        clock = _clock(which, start)
        moments = []
        for day in (self.today - ASLEEP_DAYS * DAY, self.today):
            recount(clock, entries, today=day, counting=self.counting)
            moments.append((str(clock.level), _text(clock.attention_at)))
        clock.planned_until = entries[1].until if clock.state == "paused" else None
        shown = clock.committed_due_date or clock.due_date
        if shown is not None and ((since and since > shown) or (shown < self.today and not late)):
            return None
        columns = _text(*(getattr(clock, name) for name in _OF_LEDGER))
        return Made(columns, moments[1], moments[0], tuple(_entry(one) for one in entries))


def _clock(which: int, start: date) -> Any:
    from weimin.kernel.deadlines.models import Clock

    law, promise = LIMITS[which]
    return Clock(
        regime="permit" if which % 2 else "service",
        start_date=start,
        statutory_value=law and law[0],
        statutory_unit=law[1] if law else "",
        committed_value=promise and promise[0],
        committed_unit=promise[1] if promise else "",
        article="xkl-2019 art. 42",
        extend_code="permit.decision.extend" if which % 2 else "",
    )


def _entry(one: Any) -> str:
    written = f"{datetime.combine(one.on, time(2))}+00"
    return _text(one.kind, one.on, one.until, one.value, one.ground, "", "", "f", one.article, "演示人员", written)


def _text(*values: Any) -> str:
    return "\t".join("\\N" if one is None else str(one) for one in values)


def fill(count: int, due: int, *, at: datetime) -> int:
    """Fill in open clocks; `due` of them are due at the moment, as many again an hour later.

    Every tenth is the clock of a made-up matter, of which there must be enough.

    Shape:  the first clock's id; the others follow without a gap
    """
    from django.db import connection

    maker = Maker(at)
    plan = [maker.one() for _ in range(count)]
    with connection.cursor() as cursor:
        cursor.execute(_MATTERS, [count // MATTER_EVERY])
        matters = cursor.fetchall()
        assert len(matters) == count // MATTER_EVERY, "too few matters"
        cursor.execute("SELECT nextval('deadlines_clock_id_seq')")
        first = int(cursor.fetchone()[0])
        columns = (*_OF_CLOCK, *_OF_LEDGER, *_OF_MOMENT)
        _copy(cursor, "deadlines_clock", columns, _clock_lines(plan, matters, first, due, at + timedelta(hours=1)))
        _copy(cursor, "deadlines_clockentry", _OF_ENTRY, _entry_lines(plan, first))
        cursor.execute("SELECT setval('deadlines_clock_id_seq', %s)", [first + count])
        for sql in _SHOW:
            cursor.execute(sql, [first])
        for table in ("deadlines_clock", "deadlines_clockentry", "cases_case", "cases_step"):
            cursor.execute(f"VACUUM ANALYZE {table}")
    return first


def _copy(cursor: Any, table: str, columns: tuple[str, ...], lines: Iterator[str]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for line in lines:
            copy.write(line)


def _clock_lines(plan: list[Made], matters: list[Any], first: int, due: int, later: datetime) -> Iterator[str]:
    crossed = 0
    for place, made in enumerate(plan):
        number, town, agency = matters[place // MATTER_EVERY]
        subject = f"case\t{number}" if place % MATTER_EVERY == 0 else f"bench\t{place}"
        level, moment = made.awake
        if made.asleep[0] != level and crossed < 2 * due:
            crossed += 1
            level, moment = made.asleep
            moment = moment if crossed % 2 else str(later)
        yield (
            f"{first + place}\t{subject}\t{town}\t{agency}\thandle\t\t{{expert_review}}\t0\t"
            f"{made.columns}\t{level}\t{moment}\n"
        )
    assert crossed == 2 * due, f"only {crossed} clocks cross a threshold"


def _entry_lines(plan: list[Made], first: int) -> Iterator[str]:
    for place, made in enumerate(plan):
        for one in made.entries:
            yield f"{first + place}\t{one}\n"


def make_up_notice(year: int) -> str:
    """A year's notice as CSV: the thirteen holidays, those on a weekend made up for on a weekday after.

    What the moon decides is invented.
    """
    named = {
        "元旦": [(1, 1)],
        "春节": [(2, 5), (2, 6), (2, 7), (2, 8)],
        "清明节": [(4, 5)],
        "劳动节": [(5, 1), (5, 2)],
        "端午节": [(6, 9)],
        "中秋节": [(9, 15)],
        "国庆节": [(10, 1), (10, 2), (10, 3)],
    }
    off = {date(year, month, day): name for name, days in named.items() for month, day in days}
    for day, name in sorted(off.items()):
        spare = day
        while day.weekday() >= 5 and (spare.weekday() >= 5 or spare in off):
            spare += DAY
        off[spare] = name
    return "\n".join(f"{day},{name},休" for day, name in sorted(off.items()))
