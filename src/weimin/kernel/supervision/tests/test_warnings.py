"""Warnings as real clocks run on: each level once and to whom, caught up, eased, raised again, at closing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from weimin.kernel.cases import actions
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import Cast, hand_in, open_step
from weimin.kernel.cases.types import State, SupplementItem
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.models import Clock, LegalParameter
from weimin.kernel.deadlines.types import Level, LevelChange
from weimin.kernel.messages.models import Message
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision.actions import watch_levels
from weimin.kernel.supervision.models import Order, OverrunReason, Warning
from weimin.kernel.supervision.testing import look, owe_reason, run_clocks
from weimin.kernel.supervision.tests.matters import (
    AT,
    DECIDED,
    FELLING,
    accepted,
    apply_for,
    begins,
    day,
    extend,
    just_before,
    land_office,
    review,
    stand,
    take_off,
    warned,
)

pytestmark = pytest.mark.django_db
YELLOW, RED, PROMISE, LAW = (int(one) for one in (Level.YELLOW, Level.RED, Level.PROMISE, Level.LAW))


def test_a_level_is_recorded_at_its_moment_and_goes_one_step_higher(cast: Cast) -> None:
    """Ten working days are promised and twenty allowed: three tenths left on 03-11, a tenth on 03-13."""
    case = accepted(cast, AT)
    moments = [
        (begins(3, 11), YELLOW, "clerk", date(2026, 3, 16)),
        (begins(3, 13), RED, "head", date(2026, 3, 16)),
        (begins(3, 17), PROMISE, "leader", date(2026, 3, 16)),
        (begins(3, 31), LAW, "supervisor", date(2026, 3, 30)),
    ]
    for place, (at, level, audience, due) in enumerate(moments):
        deadlines.attend_clocks(at=just_before(at))
        assert len(warned(case.clock_id)) == place, f"{level} came before its day"
        deadlines.attend_clocks(at=at)
        row = Warning.objects.filter(clock_id=case.clock_id).latest("pk")
        assert (row.level, row.audience, row.due, row.raised_at, row.eased_at) == (level, audience, due, at, None)
        assert row.title == "城乡居民基本养老保险待遇申领 · 办理"
        assert (row.subject_type, row.subject_id, row.place) == ("case", case.number, case.township_id)
    county = Clock.objects.get(pk=case.clock_id).agency_id
    assert county == cast.county.agency_id
    assert set(Warning.objects.filter(clock_id=case.clock_id).values_list("agency_id", flat=True)) == {county}


def test_looking_twice_changes_nothing(cast: Cast) -> None:
    case = accepted(cast, AT)
    look(day(4, 10))
    rows = list(Warning.objects.order_by("pk").values())
    assert rows
    look(day(4, 13))
    change = LevelChange(
        case.clock_id or 0, "case", case.number, "handle", "", cast.county.agency_id, case.township_id,
        Level.GREEN, Level.LAW, date(2026, 3, 30), promised=True, shown=date(2026, 3, 16),
    )  # fmt: skip
    watch_levels(at=day(4, 13), changes=[change])
    assert [row for row in Warning.objects.order_by("pk").values() if row["clock_id"] == case.clock_id] == [
        row for row in rows if row["clock_id"] == case.clock_id
    ]
    assert OverrunReason.objects.filter(subject_clock_id=case.clock_id).count() == 1
    assert Order.objects.filter(warning__clock_id=case.clock_id).count() == 1


def test_all_levels_at_once_when_the_worker_was_down(cast: Cast) -> None:
    case = accepted(cast, AT)
    look(day(4, 10))
    rows = Warning.objects.filter(clock_id=case.clock_id).order_by("level")
    assert [(one.level, one.due) for one in rows] == [
        (YELLOW, date(2026, 3, 16)),
        (RED, date(2026, 3, 16)),
        (PROMISE, date(2026, 3, 16)),
        (LAW, date(2026, 3, 30)),
    ]
    assert {one.raised_at for one in rows} == {day(4, 10)}
    reason = OverrunReason.objects.get(subject_clock_id=case.clock_id)
    assert (reason.level, reason.due, reason.due_on) == (LAW, date(2026, 3, 30), date(2026, 4, 15))
    assert Order.objects.get(warning__clock_id=case.clock_id).due_on == date(2026, 4, 15)


def test_an_overrun_of_the_promise_grows_into_one_of_the_law(cast: Cast) -> None:
    case = accepted(cast, AT)
    look(begins(3, 17))
    reason = OverrunReason.objects.get(subject_clock_id=case.clock_id)
    assert (reason.level, reason.due, reason.title, reason.opened_at) == (
        PROMISE,
        date(2026, 3, 16),
        case.item_name,
        begins(3, 17),
    )
    assert not Order.objects.exists()
    look(begins(3, 31))
    grown = OverrunReason.objects.get(pk=reason.pk)
    assert (grown.level, grown.due, grown.due_on) == (LAW, date(2026, 3, 30), reason.due_on)
    assert Order.objects.get().warning is not None


def test_without_a_promise_red_is_followed_by_the_law(cast: Cast) -> None:
    """The check of an application: five working days, and silence is acceptance."""
    done = hand_in(cast, AT)
    clock = Case.objects.get(pk=done.case_id).clock_id
    for at, levels in [(begins(3, 6), [1]), (begins(3, 9), [1, 2]), (begins(3, 10), [1, 2, 4])]:
        look(at)
        assert warned(clock) == levels
    case = Case.objects.get(pk=done.case_id)
    assert (case.state, case.accepted_how) == (State.HANDLING, "silence")
    assert Warning.objects.get(clock_id=clock, level=LAW).agency_id == cast.clerk.agency_id
    assert OverrunReason.objects.get(subject_clock_id=clock).agency_id == cast.clerk.agency_id


def test_a_clock_that_starts_beyond_its_promise_is_warned_of_at_once(cast: Cast) -> None:
    """Silence dates acceptance back to receipt: of a promise of five working days nothing is left."""
    done = apply_for(cast.clerk, AT, "A3-15", cast.applicant.resident_id or 0)
    look(begins(3, 10))
    case = Case.objects.get(pk=done.case_id)
    assert case.accepted_how == "silence"
    assert case.due_on == date(2026, 3, 9)
    assert warned(case.clock_id) == [YELLOW, RED, PROMISE]
    assert OverrunReason.objects.get(subject_clock_id=case.clock_id).level == PROMISE


def test_a_stage_warns_the_body_whose_turn_it_is_and_owes_no_reason(cast: Cast) -> None:
    """The township's review has five working days by the procedure."""
    case = accepted(cast, AT)
    stage = Clock.objects.get(subject_id=case.number, purpose="stage")
    look(begins(3, 10))
    assert warned(stage.pk) == [YELLOW, RED, PROMISE]
    row = Warning.objects.get(clock_id=stage.pk, level=PROMISE)
    assert (row.agency_id, row.title) == (cast.reviewer.agency_id, f"{case.item_name} · 乡镇初审")
    assert not OverrunReason.objects.exists()


@pytest.fixture
def felling(cast: Cast) -> tuple[Case, Actor, Actor]:
    """An accepted permit on 03-11, when its clock turns yellow; its reviewer and its head."""
    reviewer, head = land_office(AT)
    case = accepted(cast, AT, FELLING)
    look(begins(3, 11))
    assert warned(case.clock_id) == [YELLOW]
    return case, reviewer, head


def test_a_pause_eases_a_warning_and_the_record_stays(felling: tuple[Case, Actor, Actor]) -> None:
    case, reviewer, _ = felling
    stand(reviewer, day(3, 11), case, date(2026, 3, 11), date(2026, 3, 18))
    row = Warning.objects.get(clock_id=case.clock_id)
    assert (row.raised_at, row.eased_at, row.due) == (begins(3, 11), day(3, 11), date(2026, 3, 16))
    look(day(3, 18))
    assert warned(case.clock_id) == [YELLOW], "a clock that stands passes nothing"
    actions.resume_case(by=reviewer, at=day(3, 18), case_id=case.pk, on=date(2026, 3, 18))
    look(begins(3, 19))
    again = Warning.objects.get(pk=row.pk)
    assert (again.raised_at, again.eased_at) == (begins(3, 19), None), "it holds again, and counts from now"
    assert again.due == date(2026, 3, 24)


@pytest.mark.parametrize(("before", "after"), [("upheld", ""), ("lifted", ""), ("contested", "contested"), ("", "")])
def test_a_warning_that_holds_again_can_be_contested_again(
    before: str, after: str, felling: tuple[Case, Actor, Actor]
) -> None:
    case, reviewer, _ = felling
    Warning.objects.filter(clock_id=case.clock_id).update(contest=before, judged_at=day(3, 11))
    stand(reviewer, day(3, 11), case, date(2026, 3, 11), date(2026, 3, 18))
    actions.resume_case(by=reviewer, at=day(3, 18), case_id=case.pk, on=date(2026, 3, 18))
    look(begins(3, 19))
    row = Warning.objects.get(clock_id=case.clock_id)
    assert (row.contest, row.judged_at is None) == (after, before != "contested")


def test_an_extension_eases_a_warning_and_the_record_stays(felling: tuple[Case, Actor, Actor]) -> None:
    case, reviewer, head = felling
    look(begins(3, 13))
    extend(case, reviewer, head, day(3, 13))
    rows = list(Warning.objects.filter(clock_id=case.clock_id).order_by("level"))
    assert [(one.level, one.eased_at) for one in rows] == [(YELLOW, day(3, 13)), (RED, day(3, 13))]
    look(begins(3, 23))
    assert Warning.objects.get(clock_id=case.clock_id, level=YELLOW).eased_at is None
    assert Warning.objects.get(clock_id=case.clock_id, level=RED).eased_at == day(3, 13)


@pytest.mark.usefixtures("nothing_kept")
def test_a_holiday_notice_eases_what_no_longer_holds(felling: tuple[Case, Actor, Actor]) -> None:
    """A made-up correction of 2026 takes 03-04 off and 03-14 in: red comes a day later, yellow is past all the same."""
    case, *_ = felling
    look(begins(3, 13))
    later = take_off("2026-03-04", day(3, 13))
    eased = Warning.objects.filter(clock_id=case.clock_id).order_by("level").values_list("level", "eased_at")
    assert list(eased) == [(YELLOW, None), (RED, later)]
    look(begins(3, 14))
    red = Warning.objects.get(clock_id=case.clock_id, level=RED)
    assert (red.eased_at, red.raised_at) == (None, begins(3, 14))


@pytest.mark.usefixtures("city", "nothing_kept")
def test_a_holiday_notice_moves_the_days_of_orders_and_reasons() -> None:
    reason = owe_reason(AT, "340321113-260302-00001", level=Level.LAW)
    assert (reason.due_on, Order.objects.get().due_on) == (date(2026, 3, 5), date(2026, 3, 5))
    take_off("2026-03-04", day(3, 3))
    reason.refresh_from_db()
    assert (reason.due_on, Order.objects.get().due_on) == (date(2026, 3, 6), date(2026, 3, 6))


def test_the_applicants_own_time_is_a_reminder_and_no_warning(cast: Cast) -> None:
    done = hand_in(cast, AT)
    ask = [SupplementItem("bank_card", "社会保障卡", "看不清，请重拍")]
    step = open_step(done.case_id, cast.clerk)
    actions.ask_supplement(by=cast.clerk, at=AT, case_id=done.case_id, step_id=step, items=ask)
    answer = Case.objects.get(pk=done.case_id).clock_id
    deadlines.attend_clocks(at=begins(3, 17))
    deliver_outbox(at=begins(3, 17))
    assert Message.objects.filter(number=done.number, title="补正快到期了").count() == 1
    look(day(4, 10))
    assert Case.objects.get(pk=done.case_id).state == State.LAPSED
    assert Clock.objects.get(pk=answer).level == PROMISE
    assert not Warning.objects.exists()
    assert not OverrunReason.objects.exists()


@pytest.mark.parametrize(
    ("at", "levels"),
    [(day(3, 16, hour=15), []), (begins(3, 17), [1, 2, 3]), (day(3, 31), [1, 2, 3, 4])],
    ids=["in time", "beyond the promise", "beyond the law"],
)
def test_an_overrun_at_the_very_moment_of_closing_is_recorded(cast: Cast, at: object, levels: list[int]) -> None:
    """Nobody looked at the clock before the decision ended it; in time, nothing is left to record."""
    case = accepted(cast, AT)
    review(case, at, cast.reviewer, cast.county)
    actions.decide_case(by=cast.decider, at=at, case_id=case.pk, step_id=open_step(case.pk, cast.decider), **DECIDED)
    assert Clock.objects.get(pk=case.clock_id).state == "stopped"
    assert warned(case.clock_id) == levels
    assert OverrunReason.objects.filter(subject_clock_id=case.clock_id).count() == bool(levels)
    assert Order.objects.filter(warning__clock_id=case.clock_id).count() == (LAW in levels)
    look(day(4, 1))
    assert warned(case.clock_id) == levels


def test_an_order_left_unanswered_is_warned_of_itself(cast: Cast) -> None:
    case = accepted(cast, AT)
    look(begins(3, 31))
    order = Order.objects.get(warning__clock_id=case.clock_id)
    assert order.due_on == date(2026, 4, 3)
    look(begins(4, 7))
    rows = Warning.objects.filter(subject_type="order", subject_id=str(order.pk))
    assert sorted(one.level for one in rows) == [YELLOW, RED, PROMISE]
    assert {one.agency_id for one in rows} == {order.agency_id}
    assert OverrunReason.objects.filter(subject_clock_id=order.clock_id).count() == 0


@pytest.mark.usefixtures("city", "nothing_kept")
def test_a_clock_whose_watcher_fails_is_put_off_and_the_others_are_warned() -> None:
    """The list has no row for how soon a reason is due: only the overrun cannot be recorded."""
    (late,) = run_clocks(AT, ["340321113-260302-00001"], kind="case", promise=1)
    (other,) = run_clocks(AT, ["2"], law=None, promise=2)
    missing = LegalParameter.objects.filter(code="overrun.publish")
    kept = list(missing)
    missing.delete()
    limits.forget()
    at = begins(3, 4)
    assert deadlines.attend_clocks(at=at) == 1
    assert (warned(late), warned(other)) == ([], [YELLOW, RED])
    assert [one.pk for one in limits.list_stuck()] == [late]
    LegalParameter.objects.bulk_create(kept)
    limits.forget()
    look(at + timedelta(hours=1))
    assert warned(late) == [YELLOW, RED, PROMISE]
    assert not limits.list_stuck()
