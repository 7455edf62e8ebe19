"""Writes of clocks: open, stop, pause, resume, extend, correct; each adds an entry and adds up anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from weimin.base.clock import local_date
from weimin.kernel.deadlines import access, queries, registry, rules
from weimin.kernel.deadlines.actions.families import Family
from weimin.kernel.deadlines.actions.recounting import label_of, level_change, recount, set_levels
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.rules import ClockRefused, GroundRefused
from weimin.kernel.deadlines.rules.counting import cn_day
from weimin.kernel.deadlines.rules.levels import level_on
from weimin.kernel.deadlines.types import ClockRef, ClockSpec, Level, Limit
from weimin.kernel.record.types import Actor

#: A start may lie ahead only as far as the next working day: what came after closing time counts from there.
FURTHEST_START_DAYS = 15


@dataclass(frozen=True, slots=True)
class Standing:
    """A pause to enter: its ground, its first day, the time needed as told, why, and the paper that told it."""

    ground: str
    on: date
    until: date | None
    reason: str
    notice: str


def open_clock(*, by: Actor, at: datetime, spec: ClockSpec) -> ClockRef:
    """Start a clock with its statutory and committed limit; the start day is not counted.

    Raises: ClockRefused — neither limit, or a start farther ahead than any next working day
            CommittedTooLong — the promise is longer than the law allows
    Law:    mfd-2020 art. 201; yhys-722 art. 36
    Cost:   two inserts
    """
    return turn_clocks(by=by, at=at, stop=(), on=local_date(at), specs=[spec])[0]


def open_dated(*, by: Actor, at: datetime, code: str, spec: ClockSpec, by_law: bool = False) -> ClockRef:
    """Start a clock with the limit that a parameter says on the day it starts: as a promise, or as the law's own.

    A promise is the parameter's shorter one where it has one. Whatever limits the spec names are replaced.

    Raises: ParameterMissing — no row covers the day
    Cost:   that of `open_clock`
    """
    limit, promised = queries.get_limit(code=code, on=spec.start_date)
    statutory, committed = (limit, None) if by_law else (None, promised or limit)
    return open_clock(by=by, at=at, spec=replace(spec, statutory=statutory, committed=committed))


def stop_clocks_of(*, by: Actor, at: datetime, subject: tuple[str, str]) -> None:
    """Stop whatever still runs on a subject, on the day of the moment.

    Cost:   one query, and two statements for each clock
    """
    for clock in queries.list_running(subject_type=subject[0], subject_id=subject[1]):
        stop_clock(by=by, at=at, clock_id=clock.pk, on=local_date(at))


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

    A clock that starts in the past may have passed thresholds already; the watchers hear of it now.
    When a part ends that stands, its whole goes on; a part that opens under a whole that stands, stands.

    Raises: ClockRefused, CommittedTooLong — as `open_clock` and `stop_clock`
    Cost:   one update and two inserts, whatever the number; one query for new parts; beside what the watchers do
    """
    with transaction.atomic():
        entries, torn = _stop(by, at, stop, on) if stop else ([], {})
        clocks = [_fresh(spec, at) for spec in specs]
        for clock in clocks:
            entry = ClockEntry(
                clock=clock, kind="start", on=clock.start_date, article=clock.article[:80], by_label=label_of(by), at=at
            )
            recount(clock, [queries.to_entry(entry)], today=local_date(at))
            entries.append(entry)
        if clocks:
            Clock.objects.bulk_create(clocks)
            for clock, entry in zip(clocks, entries[-len(clocks) :], strict=True):
                entry.clock = clock  # again, now that it has its id: setting the id alone would fetch the row anew
        if entries:
            ClockEntry.objects.bulk_create(entries)
        passed = [one for one in clocks if one.level > Level.GREEN]
        registry.tell_changed(at=at, changes=[level_change(one, Level.GREEN, Level(one.level)) for one in passed])
        running = {one.parent_id for one in specs if one.parent_runs}
        settled = _settle(by, at, torn, entries, running)
    return [queries.to_ref(settled.get(clock.pk, clock)) for clock in clocks]


def _settle(
    by: Actor, at: datetime, torn: dict[int, int], entries: list[ClockEntry], running: set[int | None]
) -> dict[int, Clock]:
    """Put right the families that a standing part left, or a part joined while the whole stands; gives their clocks."""
    joined = {one.clock.parent_id: one for one in entries if one.kind == "start" and one.clock.parent_id}
    asked = [lead for lead in joined if lead not in running]
    standing = Clock.objects.filter(pk__in=asked, state="paused").values_list("pk", flat=True) if asked else ()
    late = [lead for lead, one in joined.items() if one.on < local_date(at)]
    causes = {lead: joined[lead] for lead in (*standing, *late)}
    causes |= {torn[one.clock_id]: one for one in entries if one.kind == "stop" and one.clock_id in torn}
    settled: dict[int, Clock] = {}
    for lead, cause in sorted(causes.items()):
        family = Family(lead, by=by, at=at)
        family.settle(cause)
        family.save("停钟的环节已经结束，恢复计时", told=False)
        settled |= family.clocks
    return settled


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


def _stop(by: Actor, at: datetime, stop: Sequence[int], on: date) -> tuple[list[ClockEntry], dict[int, int]]:
    """Stop clocks and their parts; the overrun that nobody attended to yet is told now.

    Shape:  the entries to write, and the wholes of parts that stood when they ended, by part
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH old AS (SELECT id, state FROM deadlines_clock WHERE (id = ANY(%s) OR parent_id = ANY(%s))"
            " AND state <> 'stopped' AND start_date <= %s ORDER BY id FOR UPDATE)"
            " UPDATE deadlines_clock AS c SET state = 'stopped', stopped_on = %s, stopped_at = %s, attention_at = NULL"
            " FROM old WHERE c.id = old.id RETURNING c.id, c.level, c.yellow_on, c.red_on, c.committed_due_date,"
            " c.due_date, c.parent_id, old.state, c.county",
            [list(stop), list(stop), on, on, at],
        )
        ended = cursor.fetchall()
    if not ended and Clock.objects.filter(pk__in=list(stop)).exclude(state="stopped").exists():
        raise ClockRefused("结束的日期早于起算日，请核对。")
    late = {
        pk: now
        for pk, level, yellow, red, promise, law, *_ in ended
        if (now := level_on(on, yellow_on=yellow, red_on=red, promise=promise, law=law)) > max(level, Level.RED)
    }
    if late:
        set_levels(at=at, levels=late)
    gone = {row[0] for row in ended}
    torn = {row[0]: row[6] for row in ended if row[7] == "paused" and row[6] and row[6] not in gone}
    common: dict[str, Any] = {"kind": "stop", "on": on, "by_label": label_of(by), "at": at}
    # the county is given: asking each clock for it would cost a query
    return [ClockEntry(clock_id=row[0], county=row[8], **common) for row in ended], torn


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
        entry = family.add(
            clock,
            kind="pause",
            on=standing.on,
            until=standing.until,
            ground=ground.code,
            reason=text,
            article=ground.article,
            notice=standing.notice[:40],
        )
        family.settle(entry)
        return family.save(f"因{ground.name}停钟")


def _check_in_time(clock: Clock, on: date) -> None:
    last = clock.due_date or clock.committed_due_date
    if last is not None and on > last:
        raise ClockRefused(f"期限到 {cn_day(last)} 已经届满，之后不能再停钟。")


def resume_clock(*, by: Actor, at: datetime, clock_id: int, on: date) -> ClockRef:
    """Let the count go on; `on` is the last day that does not count.

    Raises: ClockRefused — the clock does not stand, or stands because of another
            GroundRefused — longer than the ground allows; with the last day that it does
    Law:    xkl-2019 art. 45
    Cost:   three queries, an insert and an update for each clock that goes on
    """
    with transaction.atomic():
        family = Family(clock_id, by=by, at=at)
        clock = family.clock
        row = family.standing_row(clock)
        if row is not None and row.cause_id:
            raise ClockRefused("这个时钟是随别的环节停的，请到停钟的那个环节恢复。")
        ground = queries.find_ground(regime=clock.regime, code=row.ground, on=row.on) if row else None
        if row is not None and ground is not None:
            rules.check_cap(ground, on=row.on, until=on, calendar=queries.get_calendar())
        family.settle(family.add(clock, kind="resume", on=on))
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
        if clock.statutory_unit and clock.statutory_unit != row.unit:
            raise ClockRefused(f"延长的单位（{Limit(row.value, row.unit).text}）和期限的单位不同，请联系规则管理员。")
        last = clock.due_date or clock.committed_due_date
        if last is not None and on > last:
            raise ClockRefused(f"期限到 {cn_day(last)} 已经届满，之后不能再延长。")
        family.add(clock, kind="extend", on=on, value=row.value, reason=reason.strip()[:200], article=row.article)
        return family.save(f"批准延长 {Limit(row.value, row.unit).text}")


def correct_entry(*, by: Actor, at: datetime, clock_id: int, entry_id: int, on: date | None, reason: str) -> ClockRef:
    """Put an entry right by a further one: with another date, or struck when `on` is None.

    The wrong entry stays in the ledger. What follows from it in the whole or the parts follows the right one.

    Raises: ClockRefused — no reason, an unknown entry, one that another clock brought, a start that would be
            struck, or entries that no longer follow each other
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
        if wrong.cause_id:
            raise ClockRefused("这一条是随别的环节记的，请到那个环节更正，这里会跟着改。")
        if on is None and wrong.kind == "start":
            raise ClockRefused("起算不能取消，只能改日期。")
        if on is not None and on > family.today:
            raise ClockRefused("更正后的日期不能在今天以后。")
        entry = family.add(
            family.clock,
            kind="correct",
            on=on or wrong.on,
            corrects=wrong,
            struck=on is None,
            reason=reason.strip()[:200],
        )
        try:
            family.settle(entry)
            return family.save("台账更正", told=False)
        except rules.LedgerBroken as broken:
            raise ClockRefused(f"这样更正后台账前后矛盾：{broken.message}") from broken


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
