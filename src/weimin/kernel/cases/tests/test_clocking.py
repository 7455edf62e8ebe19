"""A matter's clocks: stages, parallel bodies, standing, extension, correction, renewal by silence, moved dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml

from weimin.base.errors import Forbidden, Invalid
from weimin.config import examples
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.actions.applying import ApplicationIncomplete
from weimin.kernel.cases.actions.turning import ClockStands
from weimin.kernel.cases.models import Case, Decision, Paper, Step, TimelineEntry
from weimin.kernel.cases.testing import (
    TOWN,
    Cast,
    current_notice,
    hand_in,
    make_cast,
    officer,
    open_step,
    take_to_decision,
)
from weimin.kernel.cases.types import Channel, State, Submission, Submitted
from weimin.kernel.catalogue import actions as catalogue
from weimin.kernel.catalogue import queries as items
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines import queries as limits
from weimin.kernel.deadlines.access import ApproverWrong
from weimin.kernel.deadlines.testing import LOADER
from weimin.kernel.messages.models import Message
from weimin.kernel.procedures import queries as procedures
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
FELLING = "A9-51"


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


def apply_for(cast: Cast, at: datetime, code: str, **changes: Any) -> Submitted:
    spec = items.get_current(code=code)
    answers = {
        one.name: examples._answer(one, (at + timedelta(days=200)).date().isoformat())
        for one in spec.form.fields
        if one.type != "file" and one.required
    } | changes.pop("answers", {})
    needed = tuple(one.code for one in spec.materials if one.required and not one.shared)
    submission = Submission(
        item_code=code,
        township_code=TOWN,
        applicant_id=cast.applicant.resident_id or 0,
        channel=changes.pop("channel", Channel.WINDOW),
        answers=answers,
        waived_materials=needed,
        notice=current_notice(at),
    )
    return actions.submit(by=cast.clerk, at=at, key=f"{code}-{at.timestamp()}", submission=submission)


@pytest.fixture
def felling(cast: Cast) -> tuple[Submitted, Actor, Actor]:
    """An accepted felling permit, its township reviewer, and the county's head."""
    lead = items.get_current(code=FELLING).lead_key
    done = apply_for(cast, AT, FELLING)
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    reviewer = officer(AT, "township", ("reviewer",), lead=lead)
    head = officer(AT, "county", ("leader",), lead=lead)
    return done, reviewer, head


def case_of(done: Submitted) -> Case:
    return Case.objects.get(pk=done.case_id)


def standing(on: date, until: date | None, ground: str = "expert_review") -> deadlines.Standing:
    return deadlines.Standing(ground, on, until, "请林业专家现场评审", "")


def pause(done: Submitted, by: Actor, on: date, until: date | None = None, ground: str = "expert_review") -> None:
    at = datetime(on.year, on.month, on.day, 3, tzinfo=UTC)
    actions.pause_case(by=by, at=at, case_id=done.case_id, standing=standing(on, until, ground))


def test_expert_review_stops_a_permit_and_the_applicant_is_told_in_writing(felling: Any, cast: Cast) -> None:
    """Permit Law art. 45, with the worked date of 2026-03-02 and a review from 03-09 to 03-18."""
    done, reviewer, _ = felling
    assert case_of(done).statutory_due_on == date(2026, 3, 30)
    pause(done, reviewer, date(2026, 3, 9), date(2026, 3, 18))
    case = case_of(done)
    assert (case.due_on, case.statutory_due_on) == (None, None)
    assert Step.objects.get(case=case, state="open").due_on is None
    paper = Paper.objects.get(case=case, kind="pause")
    assert queries.draw_paper(cast.applicant, paper.pk)[2].startswith(b"%PDF")
    clock = limits.explain_clock(clock_id=case.clock_id or 0)
    assert clock.planned_until == date(2026, 3, 18)
    at = datetime(2026, 3, 18, 3, tzinfo=UTC)
    actions.resume_case(by=reviewer, at=at, case_id=done.case_id, on=date(2026, 3, 18))
    case = case_of(done)
    assert case.statutory_due_on == date(2026, 4, 10)
    assert Step.objects.get(case=case, state="open").due_on is not None
    deliver_outbox(at=at)
    bodies = [one.body for one in Message.objects.filter(number=done.number).order_by("id")]
    assert any("专家评审" in one for one in bodies) and any("继续办理" in one for one in bodies)


def test_what_the_law_does_not_allow_is_refused(felling: Any, cast: Cast) -> None:
    done, reviewer, _ = felling
    with pytest.raises(deadlines.GroundRefused, match="第四十五条"):
        pause(done, reviewer, date(2026, 3, 9), date(2026, 3, 18), "applicant_request")
    with pytest.raises(deadlines.GroundRefused, match="书面告知"):
        pause(done, reviewer, date(2026, 3, 9), None)
    with pytest.raises(Forbidden):
        pause(done, cast.clerk, date(2026, 3, 9), date(2026, 3, 18))
    assert not Paper.objects.filter(case_id=done.case_id, kind="pause").exists()
    other = hand_in(cast, AT)
    take_to_decision(cast, AT, other.case_id)
    with pytest.raises(deadlines.GroundRefused, match="没有这一种停钟情形"):
        pause(other, cast.decider, date(2026, 3, 9), date(2026, 3, 18))


def test_nothing_is_decided_while_the_clock_stands(felling: Any, cast: Cast) -> None:
    done, reviewer, _ = felling
    lead = items.get_current(code=FELLING).lead_key
    county = officer(AT, "county", ("reviewer", "decider"), lead=lead)
    for who in (reviewer, county):
        actions.complete_review(
            by=who, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, who), outcome="agree", opinion=""
        )
    pause(done, county, date(2026, 3, 9), date(2026, 3, 18))
    decide = {"outcome": "approve", "reasons": "符合采伐条件，准予。", "basis": "森林法第五十七条"}
    step = open_step(done.case_id, county)
    with pytest.raises(ClockStands):
        actions.decide_case(by=county, at=AT + timedelta(days=8), case_id=done.case_id, step_id=step, **decide)
    actions.resume_case(by=county, at=AT + timedelta(days=8), case_id=done.case_id, on=date(2026, 3, 10))
    actions.decide_case(by=county, at=AT + timedelta(days=8), case_id=done.case_id, step_id=step, **decide)
    assert case_of(done).state == State.DECIDED


def test_extension_by_the_head_once_with_reasons_to_the_applicant(felling: Any, cast: Cast) -> None:
    done, reviewer, head = felling
    later = AT + timedelta(days=10)
    with pytest.raises(Invalid):
        actions.ask_extension(by=reviewer, at=later, case_id=done.case_id, reason="")
    actions.ask_extension(by=reviewer, at=later, case_id=done.case_id, reason="雨雪封山，现场看不了")
    with pytest.raises(Exception, match="正在等批准"):
        actions.ask_extension(by=reviewer, at=later, case_id=done.case_id, reason="雨雪封山，现场看不了")
    step = open_step(done.case_id, head)
    chosen = {"case_id": done.case_id, "step_id": step, "outcome": "extend", "reason": "情况属实，同意延长"}
    with pytest.raises(Exception, match="机构或岗位"):
        actions.decide_extension(by=reviewer, at=later, **chosen)
    actions.decide_extension(by=head, at=later, **chosen)
    case = case_of(done)
    assert case.statutory_due_on == date(2026, 4, 14)
    assert Paper.objects.filter(case=case, kind="extension").count() == 1
    deliver_outbox(at=later)
    assert "情况属实" in Message.objects.filter(number=done.number, title="办理期限延长").get().body
    with pytest.raises(Exception, match="只能延长一次"):
        actions.ask_extension(by=reviewer, at=later, case_id=done.case_id, reason="还是封山，再延一次")


def test_the_wrong_head_cannot_extend(felling: Any, cast: Cast) -> None:
    done, _, _ = felling
    stranger = officer(AT, "county", ("leader",), lead="人社局")
    with pytest.raises(ApproverWrong, match="本机关负责人"):
        deadlines.extend_clock(
            by=stranger, at=AT, clock_id=case_of(done).clock_id or 0, on=date(2026, 3, 2), reason="情况复杂需要延长"
        )


def test_a_refused_extension_changes_no_date(felling: Any, cast: Cast) -> None:
    done, reviewer, head = felling
    before = case_of(done).due_on
    actions.ask_extension(by=reviewer, at=AT, case_id=done.case_id, reason="人手不够，想延长")
    step = open_step(done.case_id, head)
    actions.decide_extension(
        by=head, at=AT, case_id=done.case_id, step_id=step, outcome="keep", reason="人手问题不是理由"
    )
    assert case_of(done).due_on == before
    assert TimelineEntry.objects.filter(case_id=done.case_id, kind="extension_refused", public_text="").exists()


def test_stages_township_notice_county_have_clocks_of_their_own(cast: Cast) -> None:
    """特困人员认定: township 15, notice 7 days, county 15."""
    lead = items.get_current(code="A4-22").lead_key
    done = apply_for(cast, AT, "A4-22")
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    reviewer = officer(AT, "township", ("reviewer",), lead=lead)
    county = officer(AT, "county", ("reviewer", "decider"), lead=lead)

    def stages() -> list[tuple[str, str, date | None]]:
        rows = limits.explain_subject(subject_type="case", subject_id=done.number)
        return [(one.label, one.state, one.statutory.due if one.statutory else None) for one in rows if one.label]

    assert stages() == [("乡镇调查和初审", "running", date(2026, 3, 23))]
    second = AT + timedelta(days=9)
    review = {"case_id": done.case_id, "outcome": "agree", "opinion": "属实"}
    actions.complete_review(by=reviewer, at=second, step_id=open_step(done.case_id, reviewer), **review)
    assert stages()[-1] == ("公示", "running", date(2026, 3, 18))
    third = AT + timedelta(days=17)
    actions.complete_review(by=reviewer, at=third, step_id=open_step(done.case_id, reviewer), **review)
    assert stages()[-1] == ("县级审核确认", "running", date(2026, 4, 10))
    actions.complete_review(by=county, at=third, step_id=open_step(done.case_id, county), **review)
    assert [one[1] for one in stages()] == ["stopped", "stopped", "running"], "one stage covers review and decision"
    actions.decide_case(
        by=county,
        at=third,
        case_id=done.case_id,
        step_id=open_step(done.case_id, county),
        outcome="approve",
        reasons="符合条件，准予。",
        basis="特困人员认定办法第十六条",
    )
    assert stages()[2][1] == "stopped"
    assert [one.purpose for one in limits.explain_subject(subject_type="case", subject_id=done.number)][:2] == [
        "受理审查期限",
        "办理期限",
    ]


def test_joint_bodies_run_side_by_side_under_the_whole(cast: Cast) -> None:
    spec = items.get_current(code="A9-48")
    done = apply_for(cast, AT, "A9-48", answers={"noticed_on": "2026-02-10"})
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    steps = list(Step.objects.filter(case_id=done.case_id, state="open").select_related("clock").order_by("id"))
    assert len(steps) == 3 and len({one.clock_id for one in steps}) == 3
    assert {one.clock.purpose for one in steps if one.clock} == {"body"}
    whole = case_of(done).clock_id
    assert {one.clock.parent_id for one in steps if one.clock} == {whole}
    planning = next(one.clock for one in steps if one.bpmn_id == "planning_review")
    assert planning is not None and (planning.statutory_value, planning.committed_value) == (20, 5)
    land = officer(AT, "township", ("reviewer",), lead=next(iter(spec.joint_bodies.values())))
    at = AT + timedelta(days=1)
    actions.pause_case(
        by=land,
        at=at,
        case_id=done.case_id,
        standing=standing(date(2026, 3, 3), date(2026, 3, 6), "appraisal"),
        clock_id=steps[0].clock_id,
    )
    states = {one.clock_id: one.state for one in limits.explain_subject(subject_type="case", subject_id=done.number)}
    assert states[whole or 0] == states[steps[0].clock_id or 0] == "paused"
    assert states[steps[1].clock_id or 0] == "running"
    assert case_of(done).due_on is None
    actions.resume_case(
        by=land, at=AT + timedelta(days=4), case_id=done.case_id, on=date(2026, 3, 6), clock_id=steps[0].clock_id
    )
    assert case_of(done).statutory_due_on == date(2026, 4, 3)


def test_a_correction_moves_the_date_and_tells_the_applicant(felling: Any, cast: Cast) -> None:
    done, reviewer, head = felling
    pause(done, reviewer, date(2026, 3, 9), date(2026, 3, 18))
    at = datetime(2026, 3, 18, 3, tzinfo=UTC)
    actions.resume_case(by=reviewer, at=at, case_id=done.case_id, on=date(2026, 3, 18))
    clock = case_of(done).clock_id or 0
    wrong = next(one for one in limits.list_entries(clock) if one.kind == "resume")
    fields = {"case_id": done.case_id, "clock_id": clock, "entry_id": wrong.pk, "reason": "评审其实十三日就结束了"}
    with pytest.raises(Forbidden):
        actions.correct_clock(by=reviewer, at=at, on=date(2026, 3, 13), **fields)
    actions.correct_clock(by=head, at=at, on=date(2026, 3, 13), **fields)
    assert case_of(done).statutory_due_on == date(2026, 4, 7)
    deliver_outbox(at=at)
    assert Message.objects.filter(number=done.number, title="期限有变化").count() == 1
    assert not [one for _, faults in limits.verify_clocks(today=date(2026, 3, 18)) for one in faults]


def test_after_closing_time_a_window_receives_on_the_next_working_day(cast: Cast) -> None:
    evening = datetime(2026, 9, 24, 10, 30, tzinfo=UTC)  # 18:30 on the day before the mid-autumn holiday
    window = apply_for(cast, evening, FELLING)
    assert case_of(window).received_on == date(2026, 9, 28)
    assert case_of(window).due_on == date(2026, 10, 10), "a make-up Saturday"
    online = hand_in(cast, evening)
    assert case_of(online).received_on == date(2026, 9, 24)
    actions.accept_application(
        by=cast.clerk, at=evening, case_id=window.case_id, step_id=open_step(window.case_id, cast.clerk)
    )
    assert case_of(window).state == State.HANDLING


@pytest.fixture
def renewal(cast: Cast) -> str:
    """A made-up item that renews a permit, offered by every township."""
    path = catalogue.loading.DATA / "items/a9.yaml"
    record = next(one for one in yaml.safe_load(path.read_text(encoding="utf-8")) if one["code"] == FELLING)
    record = {**record, "code": "T0-01", "name": "测试许可延续", "renewal": {"expires_field": "expires_on"}}
    field = {"name": "expires_on", "type": "date", "label": "原许可有效期到哪天", "required": True, "help": ""}
    record["form"] = {"pages": [{"title": "原许可", "fields": [field]}]}
    record["materials"] = []
    catalogue.load_items(by=LOADER, at=AT, records=[record])
    catalogue.load_offers(by=LOADER, at=AT)
    return "T0-01"


def test_no_decision_on_a_renewal_by_expiry_is_renewal(renewal: str, cast: Cast) -> None:
    """Permit Law art. 50: applied for in time, accepted, and nobody decided until the last day was over."""
    done = apply_for(cast, AT, renewal, answers={"expires_on": "2026-04-30"})
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    assert actions.attend_due(at=datetime(2026, 4, 30, 15, 0, tzinfo=UTC)) == 0
    down = datetime(2026, 5, 8, 1, 0, tzinfo=UTC)  # the worker was down over the moment
    assert actions.attend_due(at=down) == 1
    assert actions.attend_due(at=down) == 0
    case = case_of(done)
    assert (case.state, case.outcome) == (State.DECIDED, "approve")
    decision = Decision.objects.get(case=case)
    assert decision.kind == "tacit" and "五十条" in decision.basis
    assert queries.draw_paper(cast.applicant, Paper.objects.get(case=case, kind="renewal").pk)[2].startswith(b"%PDF")
    step = open_step(done.case_id, cast.issuer)
    actions.make_result(by=cast.issuer, at=down, case_id=done.case_id, step_id=step)
    step = open_step(done.case_id, cast.issuer)
    actions.hand_out_result(by=cast.issuer, at=down, case_id=done.case_id, step_id=step, signed_by="张演示")
    assert case_of(done).state == State.CLOSED
    deliver_outbox(at=down)
    assert Message.objects.filter(number=done.number, title="视为准予延续").count() == 1


def test_who_applies_too_late_gets_no_tacit_renewal_and_an_expired_permit_cannot_be_renewed(
    renewal: str, cast: Cast
) -> None:
    late = apply_for(cast, AT, renewal, answers={"expires_on": "2026-03-20"})
    actions.accept_application(by=cast.clerk, at=AT, case_id=late.case_id, step_id=open_step(late.case_id, cast.clerk))
    assert actions.attend_due(at=datetime(2026, 5, 8, 1, 0, tzinfo=UTC)) == 0
    with pytest.raises(ApplicationIncomplete, match="已经到期"):
        apply_for(cast, AT + timedelta(minutes=1), renewal, answers={"expires_on": "2026-03-01"})


def test_a_decision_in_time_leaves_nothing_to_happen_by_itself(renewal: str, cast: Cast) -> None:
    lead = items.get_current(code=renewal).lead_key
    done = apply_for(cast, AT, renewal, answers={"expires_on": "2026-04-30"})
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    county = officer(AT, "county", ("reviewer", "decider"), lead=lead)
    for who in (officer(AT, "township", ("reviewer",), lead=lead), county):
        actions.complete_review(
            by=who, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, who), outcome="agree", opinion=""
        )
    actions.decide_case(
        by=county,
        at=AT,
        case_id=done.case_id,
        step_id=open_step(done.case_id, county),
        outcome="deny",
        reasons="不再符合条件，不予延续。",
        basis="行政许可法第五十条",
    )
    assert case_of(done).attention_at is None
    assert actions.attend_due(at=datetime(2026, 6, 1, tzinfo=UTC)) == 0


def test_one_failing_matter_does_not_block_the_others(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = hand_in(cast, AT), hand_in(cast, AT + timedelta(seconds=1))
    Case.objects.filter(pk=first.case_id).update(instance=None)
    due = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    assert actions.attend_due(at=due, batch=1) == 0
    assert actions.attend_due(at=due, batch=1) == 1, "the failing one was put off"
    assert case_of(second).accepted_how == "silence"
    stuck = queries.list_stuck()
    assert [one.pk for one in stuck] == [first.case_id] and stuck[0].attention_tries == 1
    assert case_of(first).state == State.RECEIVED
    Case.objects.filter(pk=first.case_id).update(instance=case_of(second).instance)
    assert procedures.get_current_version(code="tacit_renewal")


def test_a_notice_moves_matters_steps_silence_and_people(cast: Cast) -> None:
    """A made-up correction of 2026 takes 2026-03-04 off: the five days of the check end a day later."""
    done = hand_in(cast, AT)
    assert case_of(done).due_on == date(2026, 3, 9)
    present = next(one for one in limits.list_years() if one.year == 2026)
    days = [[day, works, name] for day, works, name in present.days] + [["2026-03-04", False, "测试"]]
    days += [["2026-03-14", True, "测试调休"]]
    keeper = Actor(kind="staff", name="甲", account_id=1, post_id=1, roles=frozenset({"procedure_keeper"}))
    other = Actor(kind="staff", name="乙", account_id=2, post_id=2, roles=frozenset({"procedure_keeper"}))
    text = "日期,名称,类型\n" + "\n".join(f"{day},{name},{'班' if works else '休'}" for day, works, name in days)
    notice = deadlines.propose_notice(by=keeper, at=AT, text=text, name="x.csv", number="测试〔2026〕1号")
    while deadlines.work_on_notices(at=AT):
        pass
    assert case_of(done).due_on == date(2026, 3, 9), "nothing moves before approval"
    assert [one.subject_id for one in limits.list_shifts(notice)] == [done.number]
    deadlines.approve_notice(by=other, at=AT, notice_id=notice)
    later = AT + timedelta(minutes=1)
    while deadlines.work_on_notices(at=later):
        pass
    case = case_of(done)
    assert (case.due_on, case.attention_at) == (date(2026, 3, 10), datetime(2026, 3, 10, 16, 0, tzinfo=UTC))
    assert Step.objects.get(case=case, state="open").due_on == date(2026, 3, 10)
    deliver_outbox(at=later)
    assert "3月10日" in Message.objects.get(number=done.number, title="期限有变化").body
    assert not [one for _, faults in limits.verify_clocks(today=date(2026, 3, 2)) for one in faults]
    limits.forget()
