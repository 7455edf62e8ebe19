"""Holiday notices from the file to the person: looked at, approved by another, carried out, corrected; at any stop."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.deadlines import actions, queries, rules
from weimin.kernel.deadlines.models import CalendarNotice, Clock, ClockEntry, NoticeShift
from weimin.kernel.deadlines.rules import shipped_calendar
from weimin.kernel.deadlines.testing import (
    KEEPER,
    LOADER,
    OF_2027,
    OTHER_KEEPER,
    apart,
    changed_2026,
    open_permit,
    owning,
    start_apart,
    sweep,
    take_in,
    text_of,
    watching,
    work_through,
)
from weimin.kernel.deadlines.types import Level, LevelChange, Limit, Move
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
START = date(2026, 6, 22)
NOW = datetime(2026, 6, 23, 3, tzinfo=UTC)
SETTLED = NOW + timedelta(minutes=1)
#: Made-up corrections of 2026: a day of July off, a Sunday of August worked instead.
FIRST, SUNDAY = date(2026, 7, 1), date(2026, 8, 2)
OFF_1 = changed_2026(off=[FIRST], work=[SUNDAY])
OFF_2 = changed_2026(off=[FIRST + timedelta(days=1)], work=[SUNDAY])
PLAIN = changed_2026()
#: Five working days end before the day off, twenty after it, thirty-five after both.
DUE = {5: date(2026, 6, 29), 20: date(2026, 7, 20), 35: date(2026, 8, 10)}
MOVED = {5: date(2026, 6, 29), 20: date(2026, 7, 21), 35: date(2026, 8, 10)}


@dataclass
class Owner:
    """Who hears of moved dates, and may fail at it."""

    moves: list[Move] = field(default_factory=list)
    fails: bool = False

    def hear(self, *, by: Actor, at: datetime, moves: list[Move]) -> None:
        if self.fails:
            raise RuntimeError("the process died")
        self.moves.extend(moves)

    @property
    def heard(self) -> list[int]:
        return [one.clock_id for one in self.moves]


def open_some(*values: int, **fields: Any) -> list[int]:
    fields = {"at": NOW, **fields}
    return [open_permit(START, statutory=Limit(one, "workday"), number=str(one), **fields).clock_id for one in values]


def approve(notice: int, *, at: datetime = NOW) -> None:
    actions.approve_notice(by=OTHER_KEEPER, at=at, notice_id=notice)


def carry_out(text: str, *, at: datetime = NOW) -> int:
    notice = take_in(text, at=at)
    approve(notice, at=at)
    work_through(at + timedelta(minutes=1))
    return notice


def put_in_force(text: str) -> None:
    """What the platform's own loading does: no look before."""
    actions.load_notice(by=LOADER, at=NOW, notice=rules.read_notice(text, name="测试"))


def due(*clocks: int) -> list[date | None]:
    found = dict(Clock.objects.values_list("pk", "due_date"))
    return [found[one] for one in clocks]


def rows() -> list[dict[str, Any]]:
    return list(Clock.objects.order_by("pk").values())


# --- from the file to the person ---------------------------------------------------------------------------
def test_a_notice_is_looked_at_approved_by_another_carried_out_in_two_passes_and_told() -> None:
    short, long, longest = open_some(5, 20, 35)
    (promised,) = open_some(30, committed=Limit(20, "workday"))
    owner = Owner()
    with owning("test", owner.hear):
        notice = take_in(OFF_1, at=NOW)
        row = queries.get_notice(notice)
        assert (row.state, row.version, row.looked, row.total, row.moved) == ("previewed", 2, 4, 4, 2)
        shifts = {one.clock_id: one for one in queries.list_shifts(notice)}
        assert set(shifts) == {long, promised}
        assert (shifts[long].old_due, shifts[long].new_due) == (DUE[20], MOVED[20])
        assert (shifts[promised].old_promise, shifts[promised].new_promise) == (DUE[20], MOVED[20])
        assert due(short, long, longest) == list(DUE.values()), "nothing moves before approval"
        approve(notice)
        assert due(long) == [DUE[20]], "approving itself recounts nothing"
        assert queries.count_from(start=START, limit=Limit(20, "workday")) == MOVED[20], "new clocks count by it"
        assert work_through(NOW) == 1
        assert due(short, long, longest) == list(MOVED.values())
        assert queries.get_notice(notice).pass_number == 2
        assert work_through(SETTLED - timedelta(seconds=50)) == 0, "the second pass waits until all processes know"
        assert work_through(SETTLED) == 1
    assert queries.get_notice(notice).state == "done"
    assert [(one.clock_id, one.old.shown, one.new.shown, one.told) for one in owner.moves] == [
        (long, DUE[20], MOVED[20], False),
        (promised, DUE[20], MOVED[20], False),
    ], "told once, though two passes were made"
    assert {one.why for one in owner.moves} == {"2026年放假安排（测试通知〔2026〕1号）"}


def test_what_a_notice_did_is_in_the_ledgers_and_on_record() -> None:
    short, long = open_some(5, 20)
    notice = carry_out(OFF_1)
    entry = ClockEntry.objects.get(kind="calendar")
    assert (entry.clock_id, entry.on, entry.until) == (long, date(2026, 6, 23), MOVED[20])
    assert (entry.article, entry.by_label) == ("fdjj-2024 art. 6", "乙")
    law = queries.explain_clock(clock_id=long).statutory
    assert law and law.due == MOVED[20]
    assert law.lines[-1].text == ("按2026年放假安排（测试通知〔2026〕1号）重算：2026年7月20日 → 2026年7月21日")
    trail = AuditEntry.objects.filter(subject_type="calendar", subject_id="2026").order_by("pk")
    last = [(one.verb, one.actor_name, one.changes["version"]) for one in trail][-2:]
    assert last == [("deadlines.notice.proposed", "甲", 2), ("deadlines.notice.approved", "乙", [None, 2])]
    assert queries.get_notice(notice).moved == 1
    assert not ClockEntry.objects.filter(clock_id=short, kind="calendar").exists()


def test_levels_that_change_with_a_notice_are_told_and_the_next_moment_moves() -> None:
    (clock,) = open_some(20)
    late = datetime(2026, 7, 20, 16, tzinfo=UTC)
    actions.attend_clocks(at=late)
    heard: list[LevelChange] = []
    with watching(lambda *, at, changes: heard.extend(changes)):
        carry_out(OFF_1, at=late)
    assert [(one.clock_id, one.old, one.new) for one in heard] == [(clock, Level.LAW, Level.RED)]
    row = Clock.objects.get(pk=clock)
    assert (row.level, row.attention_at) == (Level.RED, datetime(2026, 7, 21, 16, tzinfo=UTC))


# --- stops and crowds --------------------------------------------------------------------------------------
def test_a_pass_goes_on_after_a_stop_and_looks_at_every_clock_once() -> None:
    clocks = open_some(20, 5, 20, 20, 35)
    owner = Owner()
    with owning("test", owner.hear):
        notice = actions.propose_notice(by=KEEPER, at=NOW, text=OFF_1, name="x.csv", number="测试1号")
        assert actions.work_on_notices(at=NOW, chunk=2) == 2
        assert (queries.get_notice(notice).state, queries.get_notice(notice).cursor) == ("draft", clocks[1])
        assert work_through(NOW, chunk=2) == 2
        assert [one.clock_id for one in queries.list_shifts(notice)] == [clocks[0], clocks[2], clocks[3]]
        approve(notice)
        assert actions.work_on_notices(at=NOW, chunk=2) == 2
        assert due(clocks[0], clocks[2]) == [MOVED[20], DUE[20]], "half carried out"
        assert work_through(NOW, chunk=2) == 2
    assert owner.heard == [clocks[0], clocks[2], clocks[3]]


def test_a_worker_that_dies_within_a_chunk_leaves_everything_as_it_was() -> None:
    clocks = open_some(20, 20, 20)
    owner = Owner()
    with owning("test", owner.hear):
        notice = take_in(OFF_1, at=NOW)
        approve(notice)
        actions.work_on_notices(at=NOW, chunk=1)
        before, cursor, entries = rows(), queries.get_notice(notice).cursor, ClockEntry.objects.count()
        owner.fails = True
        with pytest.raises(RuntimeError, match="died"):
            actions.work_on_notices(at=NOW, chunk=1)
        assert (rows(), queries.get_notice(notice).cursor) == (before, cursor)
        assert ClockEntry.objects.count() == entries
        owner.fails = False
        work_through(NOW, chunk=1)
    assert owner.heard == clocks
    assert due(*clocks) == [MOVED[20]] * 3


def test_two_workers_at_once_the_second_leaves_the_notice_to_the_first() -> None:
    working, may_end, owner = Event(), Event(), Owner()

    def prepare() -> list[int]:
        clocks = open_some(20, 20)
        approve(take_in(OFF_1, at=NOW))
        return clocks

    def hear(**heard: Any) -> None:
        working.set()
        assert may_end.wait(30)
        owner.hear(**heard)

    try:
        clocks = apart(prepare)
        with owning("test", hear), ThreadPoolExecutor(1) as pool:
            first = start_apart(pool, lambda: actions.work_on_notices(at=NOW, chunk=2))
            assert working.wait(30)
            assert apart(lambda: actions.work_on_notices(at=NOW, chunk=2)) == 0
            may_end.set()
            assert first.result(30) == 2
            assert apart(lambda: work_through(SETTLED, chunk=2)) == 3
        assert owner.heard == clocks
        assert apart(lambda: due(*clocks)) == [MOVED[20]] * 2
    finally:
        may_end.set()
        apart(sweep)


# --- corrections -------------------------------------------------------------------------------------------
def test_a_correction_undoes_a_notice_exactly() -> None:
    open_some(5, 20, 35, committed=Limit(5, "workday"))
    before = rows()
    carry_out(OFF_1)
    assert rows() != before
    last = carry_out(PLAIN, at=SETTLED)
    assert rows() == before
    assert queries.get_calendar() == shipped_calendar()
    assert queries.get_notice(last).moved == 1
    assert [one.version for one in queries.list_notices() if one.year == 2026 and not one.replaced_at] == [3]


def test_a_notice_replaced_before_it_is_carried_out_moves_nothing_more() -> None:
    clocks = open_some(20, 20, 20)
    owner = Owner()
    with owning("test", owner.hear):
        approve(take_in(OFF_1, at=NOW))
        actions.work_on_notices(at=NOW, chunk=1)
        assert due(*clocks) == [MOVED[20], DUE[20], DUE[20]]
        put_in_force(PLAIN)
        work_through(SETTLED)
    assert due(*clocks) == [DUE[20]] * 3
    assert owner.heard == [clocks[0], clocks[0]], "there and back; the others heard nothing"
    assert {one.state for one in queries.list_notices()} == {"done"}


def test_what_a_replaced_notice_left_undone_is_done_by_the_next() -> None:
    """Both take the same day off; they differ on days that no open clock reaches."""
    clocks = open_some(20, 20)
    approve(take_in(OFF_1, at=NOW))
    put_in_force(changed_2026(off=[FIRST], work=[SUNDAY + timedelta(days=7)]))
    work_through(SETTLED)
    assert due(*clocks) == [MOVED[20]] * 2


def test_a_look_is_taken_anew_when_another_notice_is_approved_meanwhile() -> None:
    """As it is, the calendar moves nothing; once a day is off it moves a clock back, and another day off none."""
    (long,) = open_some(20)
    plain, other, first = take_in(PLAIN, at=NOW), take_in(OFF_2, at=NOW), take_in(OFF_1, at=NOW)
    assert [queries.get_notice(one).moved for one in (plain, other)] == [0, 1]
    approve(first)
    with pytest.raises(Conflict, match="还没有算出影响"):
        approve(plain)
    assert actions.work_on_notices(at=NOW, chunk=1) == 1
    assert due(long) == [MOVED[20]], "first what is in force, though others are older"
    work_through(SETTLED)
    shifts = [[(one.clock_id, one.old_due, one.new_due) for one in queries.list_shifts(one)] for one in (plain, other)]
    assert shifts == [[(long, MOVED[20], DUE[20])], []]


def test_a_chunk_counts_by_what_was_approved_meanwhile() -> None:
    """The notice of 2027 is half carried out when 2026 is corrected: the other half needs no correction."""
    later, forty = NOW + timedelta(days=170), Limit(40, "workday")
    clocks = [open_permit(date(2026, 12, 1), statutory=forty, at=later).clock_id for _ in range(2)]
    approve(take_in(text_of(OF_2027), at=NOW))
    actions.work_on_notices(at=NOW, chunk=1)
    put_in_force(changed_2026(off=[date(2026, 12, 2)], work=[SUNDAY]))
    assert due(*clocks) == [queries.count_from(start=date(2026, 12, 1), limit=forty)] * 2
    told = [ClockEntry.objects.filter(clock_id=one, kind="calendar").count() for one in clocks]
    assert told == [2, 1]


def test_an_ended_clock_keeps_its_dates_and_is_explained_by_the_calendar_of_its_end() -> None:
    old, new = open_some(20, 20)
    actions.stop_clock(by=LOADER, at=NOW, clock_id=old, on=date(2026, 6, 23))
    carry_out(OFF_1, at=SETTLED)
    actions.stop_clock(by=LOADER, at=SETTLED + timedelta(hours=1), clock_id=new, on=date(2026, 6, 23))
    carry_out(OFF_2, at=SETTLED + timedelta(hours=2))
    assert due(old, new) == [DUE[20], MOVED[20]]
    for clock, last in ((old, DUE[20]), (new, MOVED[20])):
        law = queries.explain_clock(clock_id=clock).statutory
        assert law and law.due == last
        assert law.lines[-1].kind == "stop"


# --- who and when ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("by", [Actor("staff", "丙", roles=frozenset({"leader"})), Actor.anonymous()])
def test_only_keepers_load_approve_and_reject(by: Actor) -> None:
    notice = take_in(OFF_1, at=NOW)
    before = list(CalendarNotice.objects.order_by("pk").values())
    for act in (
        lambda: actions.propose_notice(by=by, at=NOW, text=OFF_1, name="x.csv", number="测试1号"),
        lambda: actions.approve_notice(by=by, at=NOW, notice_id=notice),
        lambda: actions.reject_notice(by=by, at=NOW, notice_id=notice, reason="和原文对不上"),
    ):
        with pytest.raises(Forbidden, match="由规则管理员维护"):
            act()
    assert list(CalendarNotice.objects.order_by("pk").values()) == before


def test_approval_is_by_another_after_a_look_once_and_never_of_an_older_version() -> None:
    first = actions.propose_notice(by=KEEPER, at=NOW, text=OFF_1, name="x.csv", number="测试1号")
    with pytest.raises(Conflict, match="还没有算出影响"):
        approve(first)
    work_through(NOW)
    with pytest.raises(Forbidden, match="要由两个人办"):
        actions.approve_notice(by=KEEPER, at=NOW, notice_id=first)
    second = take_in(OFF_2, at=NOW)
    approve(second)
    work_through(NOW)
    for notice, says in ((second, "已经处理过"), (first, "已经有更新的一版生效"), (0, "刷新页面")):
        with pytest.raises(Conflict, match=says):
            approve(notice)
    assert [one.pk for one in queries.list_years() if one.year == 2026] == [second]
    assert (
        AuditEntry.objects.filter(verb="deadlines.notice.approved", changes__number="测试通知〔2026〕1号").count() == 1
    )


def test_a_rejected_notice_says_why_and_never_counts() -> None:
    notice = take_in(OFF_1, at=NOW)
    with pytest.raises(Invalid, match="至少 5 个字"):
        actions.reject_notice(by=OTHER_KEEPER, at=NOW, notice_id=notice, reason=" 不对 ")
    actions.reject_notice(by=KEEPER, at=NOW, notice_id=notice, reason="和原文对不上")
    row = queries.get_notice(notice)
    assert (row.state, row.reason) == ("rejected", "不采用：和原文对不上")
    for act in (approve, lambda notice: actions.reject_notice(by=KEEPER, at=NOW, notice_id=notice, reason="再说一遍")):
        with pytest.raises((Conflict, Invalid)):
            act(notice)
    assert work_through(SETTLED) == 0
    assert queries.get_calendar() == shipped_calendar()
    assert NoticeShift.objects.filter(notice_id=notice).count() == 0
