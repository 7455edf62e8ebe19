"""Writes of clocks: open, stop, pause, resume, extend, correct; each adds an entry and adds up anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from weimin.base.clock import local_date
from weimin.kernel.deadlines import access, queries, registry, rules
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.rules import ClockRefused, GroundRefused
from weimin.kernel.deadlines.rules.counting import cn_day
from weimin.kernel.deadlines.rules.levels import level_on, next_moment
from weimin.kernel.deadlines.types import (
    ClockRef,
    ClockSpec,
    Dates,
    Entry,
    Level,
    LevelChange,
    Limit,
    Move,
    Pause,
)
from weimin.kernel.record.types import Actor

#: What a recount may change on a clock's row.
COUNTED = (
    "start_date",
    "state",
    "due_date",
    "committed_due_date",
    "provisional",
    "yellow_on",
    "red_on",
    "level",
    "planned_until",
    "attention_at",
)
#: A start may lie ahead only as far as the next working day: what came after closing time counts from there.
FURTHEST_START_DAYS = 15
NO_DATES = Dates(None, None, True)


@dataclass(frozen=True, slots=True)
class Standing:
    """A pause to enter: its ground, its first day, the time needed as told, why, and the paper that told it."""

    ground: str
    on: date
    until: date | None
    reason: str
    notice: str


def shares_of(regime: str, on: date) -> tuple[float, float]:
    """What is left of a limit when it turns yellow and red, by kind of item.

    Raises: ParameterMissing — no row covers the day
    """
    return (
        queries.get_share(code=f"warning.{regime}.yellow", on=on),
        queries.get_share(code=f"warning.{regime}.red", on=on),
    )


def recount(clock: Clock, entries: Sequence[Entry], *, today: date, counting: rules.Counting | None = None) -> None:
    """Set a clock's dates, level and next moment from its entries; writes nothing."""
    counting = counting or rules.Counting(queries.get_calendar())
    summed = rules.sum_entries(entries)
    clock.start_date = summed.start
    if clock.state != "stopped":
        clock.state = "paused" if summed.stands else "running"
    extended = sum(one.value for one in summed.extensions)
    set_dates(clock, summed.pauses, extended, counting, today=today)


def set_dates(clock: Clock, pauses: tuple[Pause, ...], extended: int, counting: rules.Counting, *, today: date) -> None:
    """Set a clock's dates, level and next moment from its pauses and extension; writes nothing."""
    shares = shares_of(clock.regime, clock.start_date)
    law, promise = (_count(clock, which, pauses, extended, counting, shares) for which in ("statutory", "committed"))
    shown = promise if clock.committed_value is not None else law
    clock.due_date, clock.committed_due_date = law.due, promise.due
    clock.provisional = not (law.known and promise.known)
    clock.yellow_on, clock.red_on = shown.yellow_on, shown.red_on
    marks = {"yellow_on": shown.yellow_on, "red_on": shown.red_on, "promise": promise.due, "law": law.due}
    clock.level = int(level_on(today, **marks))
    clock.attention_at = None if clock.state == "paused" and shown.due is None else next_moment(today, **marks)


def _count(
    clock: Clock,
    which: str,
    pauses: tuple[Pause, ...],
    extended: int,
    counting: rules.Counting,
    shares: tuple[float, float],
) -> Dates:
    limit = queries.limit_of(clock, which)
    return counting.dates(limit, clock.start_date, pauses, extended, shares) if limit else NO_DATES


def open_clock(*, by: Actor, at: datetime, spec: ClockSpec) -> ClockRef:
    """Start a clock with its statutory and committed limit; the start day is not counted.

    Raises: ClockRefused — neither limit, or a start farther ahead than any next working day
            CommittedTooLong — the promise is longer than the law allows
    Law:    mfd-2020 art. 201; yhys-722 art. 36
    Cost:   two inserts
    """
    return turn_clocks(by=by, at=at, stop=(), on=local_date(at), specs=[spec])[0]


def stop_clock(*, by: Actor, at: datetime, clock_id: int, on: date) -> None:
    """End the count of a clock and its parts on a day; an ended or unknown clock stays as it is.

    Raises: ClockRefused — the day is before the start
    Cost:   two statements
    """
    turn_clocks(by=by, at=at, stop=(clock_id,), on=on, specs=())


def turn_clocks(
    *, by: Actor, at: datetime, stop: Sequence[int], on: date, specs: Sequence[ClockSpec]
) -> list[ClockRef]:
    """Stop some clocks with their parts and open others, in one go.

    Raises: ClockRefused, CommittedTooLong — as `open_clock` and `stop_clock`
    Cost:   one update and two inserts, whatever the number
    """
    with transaction.atomic():
        entries = _stop(by, at, stop, on) if stop else []
        clocks = [_fresh(spec, at) for spec in specs]
        for clock in clocks:
            entry = ClockEntry(
                clock=clock, kind="start", on=clock.start_date, article=clock.article[:80], by_label=_label(by), at=at
            )
            recount(clock, [queries.to_entry(entry)], today=local_date(at))
            entries.append(entry)
        if clocks:
            Clock.objects.bulk_create(clocks)
            for entry in entries:
                entry.clock_id = entry.clock_id or entry.clock.pk
        if entries:
            ClockEntry.objects.bulk_create(entries)
    return [queries.to_ref(clock) for clock in clocks]


def _label(by: Actor) -> str:
    return by.label[:120] or "系统"


def _fresh(spec: ClockSpec, at: datetime) -> Clock:
    if spec.statutory is None and spec.committed is None:
        raise ClockRefused("没有期限可以计时。")
    if (spec.start_date - local_date(at)).days > FURTHEST_START_DAYS:
        raise ClockRefused("起算日离今天太远，请核对。")
    rules.check_promise(
        start=spec.start_date, statutory=spec.statutory, committed=spec.committed, calendar=queries.get_calendar()
    )
    law, promise = spec.statutory, spec.committed
    return Clock(
        purpose=spec.purpose,
        subject_type=spec.subject[0],
        subject_id=spec.subject[1],
        parent_id=spec.parent_id,
        label=spec.label[:60],
        regime=spec.regime,
        grounds=list(spec.grounds),
        extend_code=spec.extend,
        agency_id=spec.agency_id,
        place=spec.place,
        start_date=spec.start_date,
        statutory_value=law.value if law else None,
        statutory_unit=law.unit if law else "",
        committed_value=promise.value if promise else None,
        committed_unit=promise.unit if promise else "",
        article=(law.article if law else "")[:120],
        state="running",
    )


def _stop(by: Actor, at: datetime, stop: Sequence[int], on: date) -> list[ClockEntry]:
    """Stop clocks and their parts; the overrun that nobody attended to yet is told now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE deadlines_clock SET state = 'stopped', stopped_on = %s, stopped_at = %s, attention_at = NULL"
            " WHERE (id = ANY(%s) OR parent_id = ANY(%s)) AND state <> 'stopped' AND start_date <= %s"
            " RETURNING id, level, yellow_on, red_on, committed_due_date, due_date",
            [on, at, list(stop), list(stop), on],
        )
        ended = cursor.fetchall()
    if not ended and Clock.objects.filter(pk__in=list(stop)).exclude(state="stopped").exists():
        raise ClockRefused("结束的日期早于起算日，请核对。")
    late = {
        pk: now
        for pk, level, yellow, red, promise, law in ended
        if (now := level_on(on, yellow_on=yellow, red_on=red, promise=promise, law=law)) > max(level, Level.RED)
    }
    if late:
        set_levels(at=at, levels=late)
    return [ClockEntry(clock_id=row[0], kind="stop", on=on, by_label=_label(by), at=at) for row in ended]


def set_levels(*, at: datetime, levels: dict[int, Level]) -> None:
    """Write new levels of clocks and tell the watchers.

    Cost:   two statements beside what the watchers do
    """
    clocks = list(Clock.objects.filter(pk__in=list(levels)).order_by("id"))
    changes = [level_change(clock, Level(clock.level), levels[clock.pk]) for clock in clocks]
    for clock in clocks:
        clock.level = int(levels[clock.pk])
    Clock.objects.bulk_update(clocks, ["level"])
    registry.tell_changed(at=at, changes=changes)


def level_change(clock: Clock, old: Level, new: Level) -> LevelChange:
    """What watchers hear of a clock that passed a threshold."""
    due = clock.due_date if new is Level.LAW else clock.committed_due_date or clock.due_date
    return LevelChange(
        clock.pk,
        clock.subject_type,
        clock.subject_id,
        clock.purpose,
        clock.label,
        clock.agency_id,
        clock.place,
        old,
        new,
        due,
        clock.committed_value is not None,
    )


class Family:
    """A clock with its whole or its parts, locked, while an entry is added to it.

    A part that stands makes the whole stand, for what is waited for is not counted in the whole
    limit either; a whole that stands makes its parts stand.
    """

    def __init__(self, clock_id: int, *, by: Actor, at: datetime) -> None:
        self.by, self.at, self.today = by, at, local_date(at)
        found = Clock.objects.filter(pk=clock_id).values_list("parent_id", flat=True).first()
        lead = found or clock_id
        rows = Clock.objects.select_for_update().filter(pk=lead) | Clock.objects.select_for_update().filter(
            parent_id=lead
        )
        self.clocks = {one.pk: one for one in rows.order_by("id") if one.state != "stopped" or one.pk == clock_id}
        if clock_id not in self.clocks:
            raise queries.ClockUnknown("找不到这个时钟。")
        self.clock = self.clocks[clock_id]
        if self.clock.state == "stopped":
            raise ClockRefused("这个时钟已经结束，不能再记。")
        self.ledgers: dict[int, list[ClockEntry]] = {pk: [] for pk in self.clocks}
        for entry in ClockEntry.objects.filter(clock_id__in=list(self.clocks)).order_by("id"):
            self.ledgers[entry.clock_id].append(entry)
        self.changed: set[int] = set()

    @property
    def whole(self) -> Clock | None:
        """The whole that the clock is a part of; None when it is the whole."""
        return self.clocks.get(self.clock.parent_id) if self.clock.parent_id else None

    def others(self) -> list[Clock]:
        """The parts, or the whole, that an entry of the clock touches."""
        if self.clock.parent_id:
            return [self.whole] if self.whole else []
        return [one for one in self.clocks.values() if one.pk != self.clock.pk]

    def entries(self, clock: Clock) -> list[Entry]:
        """A clock's ledger as values."""
        return [queries.to_entry(row) for row in self.ledgers[clock.pk]]

    def add(self, clock: Clock, *, kind: str, on: date, **fields: Any) -> ClockEntry:
        """Check and write an entry."""
        if kind != "correct":
            rules.check_entry(self.entries(clock), kind=kind, on=on, today=self.today)
        entry = ClockEntry.objects.create(clock=clock, kind=kind, on=on, by_label=_label(self.by), at=self.at, **fields)
        self.ledgers[clock.pk].append(entry)
        self.changed.add(clock.pk)
        return entry

    def open_pause(self, clock: Clock) -> ClockEntry | None:
        """The entry of the pause in which a clock stands."""
        for row in reversed(self.ledgers[clock.pk]):
            if row.kind in ("pause", "resume"):
                return row if row.kind == "pause" and clock.state == "paused" else None
        return None

    def save(self, why: str, *, told: bool = True) -> ClockRef:
        """Add up what changed, write it, and tell owners and watchers."""
        moves: dict[str, list[Move]] = {}
        changes = []
        for pk in sorted(self.changed):
            clock = self.clocks[pk]
            old, level = queries.to_ref(clock), Level(clock.level)
            recount(clock, self.entries(clock), today=self.today)
            if clock.state != "paused":
                clock.planned_until = None
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


def pause_clock(*, by: Actor, at: datetime, clock_id: int, standing: Standing) -> ClockRef:
    """Let a clock stand from a day on a lawful ground; the day itself does not count.

    The whole stands with its part, and the parts with their whole.

    Raises: GroundRefused — the clock does not have the ground, no notice, longer than allowed
            ClockRefused — already standing, ended, before its cause, after the limit is over
    Law:    xkl-2019 art. 45
    Cost:   three queries, an insert and an update for each clock that stands
    """
    with transaction.atomic():
        family = Family(clock_id, by=by, at=at)
        clock = family.clock
        ground = rules.check_ground(
            queries.find_ground(regime=clock.regime, code=standing.ground, on=standing.on),
            allowed=clock.grounds,
            regime=clock.regime,
            on=standing.on,
            until=standing.until,
            notice=standing.notice,
        )
        rules.check_cap(ground, on=standing.on, until=standing.until, calendar=queries.get_calendar())
        _check_in_time(clock, standing.on)
        text = f"{ground.name}：{standing.reason}".rstrip("：")[:200]
        fields = {
            "until": standing.until,
            "ground": ground.code,
            "reason": text,
            "article": ground.article,
            "notice": standing.notice[:40],
        }
        first = family.add(clock, kind="pause", on=standing.on, **fields)
        clock.planned_until = standing.until
        for other in family.others():
            if other.state == "running" and standing.on >= other.start_date:
                family.add(other, kind="pause", on=_free_from(family, other, standing.on), cause=first, **fields)
                other.planned_until = standing.until
        return family.save(f"因{ground.name}停钟")


def _check_in_time(clock: Clock, on: date) -> None:
    last = clock.due_date or clock.committed_due_date
    if last is not None and on > last:
        raise ClockRefused(f"期限到 {cn_day(last)} 已经届满，之后不能再停钟。")


def _free_from(family: Family, clock: Clock, on: date) -> date:
    """The first day from which a clock may stand that stood before."""
    ends = [one.until for one in rules.sum_entries(family.entries(clock)).pauses if one.until]
    return max([on, *(date.fromordinal(one.toordinal() + 1) for one in ends)])


def resume_clock(*, by: Actor, at: datetime, clock_id: int, on: date) -> ClockRef:
    """Let the count go on; `on` is the last day that does not count.

    Raises: ClockRefused — the clock does not stand, or stands because of another
    Law:    xkl-2019 art. 45
    Cost:   three queries, an insert and an update for each clock that goes on
    """
    with transaction.atomic():
        family = Family(clock_id, by=by, at=at)
        clock = family.clock
        pause = family.open_pause(clock)
        if pause is not None and pause.cause_id:
            raise ClockRefused("这个时钟是随别的环节停的，请到停钟的那个环节恢复。")
        entry = family.add(clock, kind="resume", on=on)
        clock.state = "running"
        for other in family.others():
            held = family.open_pause(other)
            if held is None or not held.cause_id:
                continue
            if clock.parent_id is None and held.cause_id != (pause.pk if pause else 0):
                continue
            if clock.parent_id and any(one.state == "paused" for one in family.clocks.values() if one.parent_id):
                continue
            family.add(other, kind="resume", on=max(on, held.on), cause=entry)
        return family.save("恢复计时")


def extend_clock(*, by: Actor, at: datetime, clock_id: int, on: date, reason: str) -> ClockRef:
    """Add days to the limit, once, by the post that the law names; how many is the law's too.

    Raises: ClockRefused — nothing allows it, extended before, ended, or the limit is over
            ApproverWrong — another post must approve
    Law:    xkl-2019 art. 42
    Cost:   five queries, an insert and an update
    """
    if len(reason.strip()) < 5:
        raise ClockRefused("请写明延长的理由（至少 5 个字），申请人会看到。")
    with transaction.atomic():
        family = Family(clock_id, by=by, at=at)
        clock = family.clock
        if not clock.extend_code:
            raise ClockRefused("这个事项没有可以延长期限的规定。")
        row = queries.get_parameter(code=clock.extend_code, on=clock.start_date)
        access.check_approver(by, clock, row.approver)
        last = clock.due_date or clock.committed_due_date
        if last is not None and on > last:
            raise ClockRefused(f"期限到 {cn_day(last)} 已经届满，之后不能再延长。")
        family.add(clock, kind="extend", on=on, value=row.value, reason=reason.strip()[:200], article=row.article)
        return family.save(f"批准延长 {Limit(row.value, row.unit).text}")


def correct_entry(*, by: Actor, at: datetime, clock_id: int, entry_id: int, on: date | None, reason: str) -> ClockRef:
    """Put an entry right by a further one: with another date, or struck when `on` is None.

    The wrong entry stays in the ledger. What follows from a struck pause elsewhere is struck with it.

    Raises: ClockRefused — no reason, an unknown entry, a start that would be struck, or entries that no
            longer follow each other
            Forbidden — not the body's leader or a supervisor
    Cost:   four queries, an insert and an update for each clock that changes
    """
    if len(reason.strip()) < 5:
        raise ClockRefused("更正台账请写明理由（至少 5 个字）。")
    with transaction.atomic():
        family = Family(clock_id, by=by, at=at)
        access.check_corrector(by, family.clock)
        wrong = next((row for row in family.ledgers[clock_id] if row.pk == entry_id), None)
        if wrong is None or wrong.kind not in ("start", "pause", "resume", "extend"):
            raise ClockRefused("只能更正起算、停钟、恢复和延长的记录。")
        if on is None and wrong.kind == "start":
            raise ClockRefused("起算不能取消，只能改日期。")
        if on is not None and on > family.today:
            raise ClockRefused("更正后的日期不能在今天以后。")
        first = _correct(family, family.clock, wrong, on, reason.strip(), None)
        for other in family.others():
            for row in [one for one in family.ledgers[other.pk] if one.cause_id == wrong.pk]:
                _correct(family, other, row, on, reason.strip(), first)
        try:
            return family.save("台账更正", told=False)
        except rules.LedgerBroken as broken:
            raise ClockRefused(f"这样更正后台账前后矛盾：{broken.message}") from broken


def _correct(
    family: Family, clock: Clock, wrong: ClockEntry, on: date | None, reason: str, cause: ClockEntry | None
) -> ClockEntry:
    return family.add(
        clock,
        kind="correct",
        on=on or wrong.on,
        corrects=wrong,
        struck=on is None,
        reason=reason[:200],
        cause=cause,
    )


__all__ = [
    "ClockRefused",
    "GroundRefused",
    "Standing",
    "correct_entry",
    "extend_clock",
    "open_clock",
    "pause_clock",
    "resume_clock",
    "stop_clock",
    "turn_clocks",
]
