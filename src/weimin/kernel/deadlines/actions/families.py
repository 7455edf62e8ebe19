"""A clock with its whole or its parts: entries are added to it, and what follows from them in the others.

A part that stands makes the whole stand, for what is waited for is not counted in the whole limit
either; a whole that stands makes its parts stand. So a clock stands on the days on which it stands by
itself, and on those on which its parts, or its whole, do: no more and no fewer, whatever the order in
which people wrote it down.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from weimin.base.clock import local_date
from weimin.kernel.deadlines import queries, registry, rules
from weimin.kernel.deadlines.actions.recounting import COUNTED, label_of, level_change, recount
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.rules import ClockRefused, Span
from weimin.kernel.deadlines.types import ClockRef, Entry, Level, Move, Pause
from weimin.kernel.record.types import Actor


class Family:
    """A clock with its whole or its parts, locked, while entries are added.

    Raises: ClockUnknown — no such clock; ClockRefused — it ended
    Cost:   three queries
    """

    def __init__(self, clock_id: int, *, by: Actor, at: datetime) -> None:
        self.by, self.at, self.today = by, at, local_date(at)
        found = Clock.objects.filter(pk=clock_id).values_list("parent_id", flat=True).first()
        lead = found or clock_id
        rows = Clock.objects.select_for_update().filter(pk=lead) | Clock.objects.select_for_update().filter(
            parent_id=lead
        )
        self.clocks = {one.pk: one for one in rows.order_by("id")}
        if clock_id not in self.clocks:
            raise queries.ClockUnknown("找不到这个时钟。")
        self.clock = self.clocks[clock_id]
        if self.clock.state == "stopped":
            raise ClockRefused("这个时钟已经结束，不能再记。")
        self.ledgers: dict[int, list[ClockEntry]] = {pk: [] for pk in self.clocks}
        for entry in ClockEntry.objects.filter(clock_id__in=list(self.clocks)).order_by("id"):
            self.ledgers[entry.clock_id].append(entry)
        self.changed: set[int] = set()

    def entries(self, clock: Clock) -> list[Entry]:
        """A clock's ledger as values."""
        return [queries.to_entry(row) for row in self.ledgers[clock.pk]]

    def pauses(self, clock: Clock) -> tuple[Pause, ...]:
        """A clock's pauses, corrections applied."""
        return rules.sum_entries(self.entries(clock)).pauses

    def add(self, clock: Clock, *, kind: str, on: date, **fields: Any) -> ClockEntry:
        """Check and write an entry; what follows from another's, and corrections, are not checked."""
        if kind != "correct" and "cause" not in fields:
            rules.check_entry(self.entries(clock), kind=kind, on=on, today=self.today)
        entry = ClockEntry.objects.create(
            clock=clock, kind=kind, on=on, by_label=label_of(self.by), at=self.at, **fields
        )
        self.ledgers[clock.pk].append(entry)
        self.changed.add(clock.pk)
        return entry

    def standing_row(self, clock: Clock) -> ClockEntry | None:
        """The entry of the pause in which a clock stands; None while it runs."""
        held = rules.sum_entries(self.entries(clock)).standing
        return self._row(clock, held) if held else None

    def settle(self, cause: ClockEntry) -> None:
        """Let every clock of the family stand on the days on which its whole or parts do; `cause` is named."""
        for clock in self.clocks.values():
            if clock.state != "stopped":
                self._match(clock, cause)

    def save(self, why: str, *, told: bool = True) -> ClockRef:
        """Add up what changed, write it, and tell owners and watchers."""
        moves: dict[str, list[Move]] = {}
        changes = []
        for pk in sorted(self.changed):
            clock = self.clocks[pk]
            old, level = queries.to_ref(clock), Level(clock.level)
            recount(clock, self.entries(clock), today=self.today)
            clock.planned_until = self._planned(clock)
            clock.save(update_fields=COUNTED)
            new = queries.to_ref(clock)
            if (old.due_date, old.committed_due_date) != (new.due_date, new.committed_due_date):
                moves.setdefault(clock.subject_type, []).append(
                    Move(pk, clock.subject_id, clock.purpose, old, new, why, told)
                )
            if level != clock.level:
                changes.append(level_change(clock, level, Level(clock.level)))
        for kind, some in moves.items():
            registry.tell_moved(kind, by=self.by, at=self.at, moves=some)
        registry.tell_changed(at=self.at, changes=changes)
        return queries.to_ref(self.clock)

    def _row(self, clock: Clock, pause: Pause) -> ClockEntry:
        return next(row for row in self.ledgers[clock.pk] if row.pk == pause.entry_id)

    def _planned(self, clock: Clock) -> date | None:
        """Until when a clock that stands will stand, as far as people were told."""
        open_rows = [self._row(clock, one) for one in self.pauses(clock) if one.until is None]
        return max((row.until for row in open_rows if row.until), default=None)

    def _sources(self, clock: Clock) -> list[Clock]:
        """The clocks whose own standing makes a clock stand: its whole, or its parts."""
        if clock.parent_id:
            return [one for one in self.clocks.values() if one.pk == clock.parent_id]
        return [one for one in self.clocks.values() if one.parent_id == clock.pk]

    def _own(self, clock: Clock) -> list[tuple[Span, Pause]]:
        """The spans on which a clock stands by itself; one that ended stood no longer than that day."""
        found: list[tuple[Span, Pause]] = []
        for one in self.pauses(clock):
            until = clock.stopped_on if one.until is None and clock.state == "stopped" else one.until
            if not one.caused and (until is None or until >= one.since):
                found.append(((one.since, until), one))
        return found

    def _match(self, clock: Clock, cause: ClockEntry) -> None:
        """Add and strike entries until a clock stands because of others on exactly the days on which they do."""
        sources = [(one, span, pause) for one in self._sources(clock) for span, pause in self._own(one)]
        start = rules.sum_entries(self.entries(clock)).start
        closed = [(date.min, start - timedelta(days=1)), *(span for span, _ in self._own(clock))]
        wanted = rules.without_spans((span for _, span, _ in sources), closed)
        had = [one for one in self.pauses(clock) if one.caused]
        for one in had:
            self._shorten(clock, one, rules.without_spans([_span(one)], wanted), cause)
        stands = [_span(one) for one in self.pauses(clock) if one.caused]
        for since, until in rules.without_spans(wanted, stands):
            source = next(row for row in self._covering(sources, since))
            self.add(
                clock,
                kind="pause",
                on=since,
                until=source.until,
                ground=source.ground,
                reason=source.reason,
                article=source.article,
                notice=source.notice,
                cause=cause,
            )
            if until is not None:
                self.add(clock, kind="resume", on=until, cause=cause)

    def _covering(self, sources: list[tuple[Clock, Span, Pause]], day: date) -> Iterable[ClockEntry]:
        for clock, (since, until), pause in sources:
            if since <= day and (until is None or day <= until):
                yield self._row(clock, pause)

    def _shorten(self, clock: Clock, pause: Pause, extra: list[Span], cause: ClockEntry) -> None:
        """Take days from a pause that another clock brought: end it, or strike it."""
        if not extra:
            return
        since, until = extra[0]
        if len(extra) == 1 and pause.until is None and until is None and since > pause.since:
            self.add(clock, kind="resume", on=since - timedelta(days=1), cause=cause)
            return
        self.add(
            clock,
            kind="correct",
            on=pause.since,
            corrects=self._row(clock, pause),
            struck=True,
            reason=cause.reason or "随起因的那一条更正",
            cause=cause,
        )


def _span(pause: Pause) -> Span:
    return pause.since, pause.until
