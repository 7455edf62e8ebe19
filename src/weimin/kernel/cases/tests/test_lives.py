"""Lives of matters: the whole way, silence, lapse, refusal, withdrawal, correction, own motion."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weimin.base.clock import local_date
from weimin.kernel.cases import access, actions, queries
from weimin.kernel.cases.actions.checking import ReasonsMissing, SupplementAskedBefore, SupplementIncomplete
from weimin.kernel.cases.actions.issuing import PickupCodeWrong
from weimin.kernel.cases.actions.turning import PageStale, StepTakenAlready
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.rules import numbers, states
from weimin.kernel.cases.testing import (
    TOWN,
    Cast,
    hand_in,
    make_cast,
    officer,
    open_step,
    take_to_decision,
)
from weimin.kernel.cases.types import ENDED, Event, State, SupplementItem
from weimin.kernel.messages.models import Message
from weimin.kernel.record.actions import deliver_outbox

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
ASK = [SupplementItem("bank_card", "社会保障卡", "看不清，请重拍")]


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@given(st.lists(st.sampled_from(list(Event)), max_size=12))
def test_no_sequence_of_events_leaves_the_table(events: list[Event]) -> None:
    state = State.RECEIVED
    for event in events:
        if states.may(state, event):
            assert states.article(state, event)
            state = states.move(state, event)
        else:
            with pytest.raises(states.NotAllowed):
                states.move(state, event)
        if state in ENDED:
            assert not any(states.may(state, one) for one in Event)


def test_the_whole_way(cast: Cast) -> None:
    done = hand_in(cast, AT)
    case = Case.objects.get(pk=done.case_id)
    assert case.due_on == date(2026, 9, 24)
    take_to_decision(cast, AT, done.case_id)
    case.refresh_from_db()
    assert (case.due_on, case.statutory_due_on) == (date(2026, 10, 9), date(2026, 10, 22))
    actions.decide_case(
        by=cast.decider,
        at=AT,
        case_id=done.case_id,
        step_id=open_step(done.case_id, cast.decider),
        outcome="approve",
        reasons="符合条件，准予。",
        basis="社会保险经办条例第十八条",
    )
    actions.make_result(by=cast.county, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.county))
    step = open_step(done.case_id, cast.issuer)
    with pytest.raises(PickupCodeWrong):
        actions.hand_out_result(by=cast.issuer, at=AT, case_id=done.case_id, step_id=step, code="000000")
    code = numbers.pickup_code(done.number)
    actions.hand_out_result(by=cast.issuer, at=AT, case_id=done.case_id, step_id=step, code=code)
    view = queries.get_case(cast.applicant, done.number)
    assert view.case.state == State.CLOSED
    assert [one.kind for one in view.papers] == ["receipt", "acceptance", "decision", "delivery"]
    for paper in view.papers:
        assert queries.draw_paper(cast.applicant, paper.pk)[2].startswith(b"%PDF")
    assert queries.verify_receipt(number=done.number, code=done.receipt_code)["state_text"] == "已办结"
    assert queries.verify_receipt(number=done.number, code="AAAAAAAA") is None


def test_notices_are_made_once(cast: Cast) -> None:
    done = hand_in(cast, AT)
    assert deliver_outbox(at=AT) == 1
    assert deliver_outbox(at=AT) == 0
    message = Message.objects.get(number=done.number)
    assert "2026年9月24日" in message.body
    from weimin.kernel.messages.actions import notify
    from weimin.kernel.record.models import OutboxMessage

    row = OutboxMessage.objects.get(payload__number=done.number)
    notify(at=AT, payload={**row.payload, "topic": row.topic, "source": f"outbox:{row.pk}"})
    assert Message.objects.filter(number=done.number).count() == 1


def test_silence_is_acceptance_dated_back(cast: Cast) -> None:
    done = hand_in(cast, AT)
    assert actions.attend_due(at=datetime(2026, 9, 24, 15, 0, tzinfo=UTC)) == 0
    assert actions.attend_due(at=datetime(2026, 10, 3, 16, 1, tzinfo=UTC)) == 1
    case = Case.objects.get(pk=done.case_id)
    assert (case.state, case.accepted_how, case.accepted_at) == (State.HANDLING, "silence", case.submitted_at)
    assert case.statutory_due_on == date(2026, 10, 22)
    assert Step.objects.filter(case=case, kind="review", state="open").count() == 1
    assert actions.attend_due(at=datetime(2026, 10, 4, 16, 1, tzinfo=UTC)) == 0


def test_one_supplement_and_a_fresh_five_days(cast: Cast) -> None:
    done = hand_in(cast, AT)
    step = open_step(done.case_id, cast.clerk)
    with pytest.raises(ReasonsMissing):
        actions.ask_supplement(by=cast.clerk, at=AT, case_id=done.case_id, step_id=step, items=[])
    actions.ask_supplement(by=cast.clerk, at=AT, case_id=done.case_id, step_id=step, items=ASK)
    later = AT + timedelta(days=3)
    with pytest.raises(SupplementIncomplete) as missing:
        actions.answer_supplement(by=cast.applicant, at=later, case_id=done.case_id)
    assert "material_bank_card" in missing.value.fields
    actions.answer_supplement(
        by=cast.applicant, at=later, case_id=done.case_id, replies={"bank_card": "没有卡，用存折"}
    )
    case = Case.objects.get(pk=done.case_id)
    assert case.due_on == date(2026, 9, 29)
    with pytest.raises(SupplementAskedBefore):
        actions.ask_supplement(by=cast.clerk, at=later, case_id=done.case_id, step_id=step, items=ASK)


def test_an_unanswered_list_ends_the_matter(cast: Cast) -> None:
    done = hand_in(cast, AT)
    actions.ask_supplement(
        by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk), items=ASK
    )
    assert actions.attend_due(at=AT + timedelta(days=60)) == 1
    assert Case.objects.get(pk=done.case_id).state == State.LAPSED
    assert not Step.objects.filter(case_id=done.case_id, state__in=("open", "waiting")).exists()


def test_refusal_needs_reasons_and_names_the_remedies(cast: Cast) -> None:
    done = hand_in(cast, AT)
    step = open_step(done.case_id, cast.clerk)
    with pytest.raises(ReasonsMissing) as faults:
        actions.refuse_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=step, reasons="不行", basis="")
    assert set(faults.value.fields) == {"reasons", "basis"}
    actions.refuse_application(
        by=cast.clerk,
        at=AT,
        case_id=done.case_id,
        step_id=step,
        reasons="不属于本行政区域受理范围",
        basis="行政许可法第三十二条",
    )
    view = queries.get_case(cast.applicant, done.number)
    _, content = queries.get_paper(cast.applicant, view.papers[-1].pk)
    assert "60 日内" in content["remedy_text"] and "6 个月内" in content["remedy_text"]


def test_withdrawal_ends_it_and_only_before_the_decision(cast: Cast) -> None:
    done = hand_in(cast, AT)
    actions.withdraw_application(by=cast.applicant, at=AT, case_id=done.case_id)
    with pytest.raises(states.NotAllowed, match="已经结束"):
        actions.withdraw_application(by=cast.applicant, at=AT, case_id=done.case_id)


def test_a_slip_of_the_pen_is_a_further_row(cast: Cast) -> None:
    done = hand_in(cast, AT)
    take_to_decision(cast, AT, done.case_id)
    actions.decide_case(
        by=cast.decider,
        at=AT,
        case_id=done.case_id,
        step_id=open_step(done.case_id, cast.decider),
        outcome="deny",
        reasons="不符台件，不予批准。",
        basis="条例",
    )
    actions.correct_decision(by=cast.decider, at=AT, case_id=done.case_id, wrong="台件", right="条件")
    rows = list(Case.objects.get(pk=done.case_id).decisions.order_by("id"))
    assert [one.kind for one in rows] == ["decision", "erratum"]
    assert "台件" in rows[0].reasons
    assert rows[1].corrects_id == rows[0].pk


def test_of_two_clerks_the_second_is_told(cast: Cast) -> None:
    done = hand_in(cast, AT)
    other = officer(AT, "accepting", ("front_desk",))
    step = open_step(done.case_id, cast.clerk)
    seen = Case.objects.get(pk=done.case_id).revision
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=step, seen=seen)
    with pytest.raises(PageStale, match=cast.clerk.name):
        actions.accept_application(by=other, at=AT, case_id=done.case_id, step_id=step, seen=seen)
    with pytest.raises(StepTakenAlready, match=cast.clerk.name):
        actions.accept_application(by=other, at=AT, case_id=done.case_id, step_id=step)


def test_claiming_handing_back_and_handing_over(cast: Cast) -> None:
    done = hand_in(cast, AT)
    other = officer(AT, "accepting", ("front_desk",))
    step = open_step(done.case_id, cast.clerk)
    actions.claim_step(by=cast.clerk, at=AT, step_id=step)
    with pytest.raises(Exception, match="已由"):
        actions.claim_step(by=other, at=AT, step_id=step)
    with pytest.raises(StepTakenAlready, match="领办"):
        actions.accept_application(by=other, at=AT, case_id=done.case_id, step_id=step)
    actions.hand_back_step(by=cast.clerk, at=AT, step_id=step)
    actions.claim_step(by=other, at=AT, step_id=step)
    leader = officer(AT, "accepting", ("leader",))
    assert other.officer_id is not None
    moved = actions.hand_over_steps(
        by=leader, at=AT, from_officer_id=other.officer_id, to_officer_id=cast.clerk.officer_id
    )
    assert (moved.moved, moved.freed) == (1, 0)
    assert Step.objects.get(pk=step).assignee_id == cast.clerk.officer_id


def test_outsiders_see_and_do_nothing(cast: Cast) -> None:
    done = hand_in(cast, AT)
    step = open_step(done.case_id, cast.clerk)
    file_id = queries.get_case(cast.applicant, done.number).files[0].pk
    for who in (cast.stranger, cast.neighbour, cast.decider):
        with pytest.raises(access.CaseUnknown):
            queries.get_case(who, done.number)
        with pytest.raises(queries.FileUnknown):
            queries.get_file(who, file_id)
        with pytest.raises(access.CaseUnknown):
            actions.accept_application(by=who, at=AT, case_id=done.case_id, step_id=step)
    with pytest.raises(access.StepNotYours):
        actions.accept_application(by=cast.issuer, at=AT, case_id=done.case_id, step_id=step)
    assert queries.get_file(cast.clerk, file_id).pk == file_id


def test_own_motion_has_no_applicant_and_closes_at_the_archive(cast: Cast) -> None:
    reviewer = officer(AT, "township", ("reviewer", "decider"), lead="教育局")
    said = actions.register_own_motion(
        by=reviewer,
        at=AT,
        key="own-1",
        item_code="A1-04",
        answers={"child_name": "某童", "village": "340321100200", "reason": "tired", "visit": "已上门了解"},
    )
    again = actions.register_own_motion(
        by=reviewer,
        at=AT,
        key="own-1",
        item_code="A1-04",
        answers={"child_name": "某童", "village": "340321100200", "reason": "tired", "visit": "已上门了解"},
    )
    assert again.number == said.number
    step = open_step(said.case_id, reviewer)
    actions.complete_review(by=reviewer, at=AT, case_id=said.case_id, step_id=step, outcome="agree", opinion="属实")
    step = Step.objects.get(case_id=said.case_id, state="open")
    outcome = step.outcomes.split()[0]
    actions.decide_case(
        by=reviewer,
        at=AT,
        case_id=said.case_id,
        step_id=step.pk,
        outcome=outcome,
        reasons="情况属实，予以登记。",
        basis="义务教育法第十三条",
    )
    step = Step.objects.get(case_id=said.case_id, state="open")
    actions.make_result(by=reviewer, at=AT, case_id=said.case_id, step_id=step.pk)
    assert Case.objects.get(pk=said.case_id).state == State.CLOSED


def test_leaders_see_their_township(cast: Cast) -> None:
    done = hand_in(cast, AT)
    leader = officer(AT, "township", ("leader",), lead="司法局")
    assert queries.get_case(leader, done.number).case.township_id == TOWN
    assert local_date(AT) == date(2026, 9, 18)
