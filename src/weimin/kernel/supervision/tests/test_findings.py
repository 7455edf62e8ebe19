"""Patterns that smell: each found with its evidence when it happens, and not on the honest work beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from weimin.base.errors import Forbidden, Invalid, NotFound
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.testing import Cast, officer, open_step
from weimin.kernel.cases.types import SupplementItem
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.deadlines.models import ClockEntry
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import actions
from weimin.kernel.supervision.models import Finding
from weimin.kernel.supervision.testing import SYSTEM, Watch, look, run_clocks
from weimin.kernel.supervision.tests.matters import (
    AT,
    DECIDED,
    FELLING,
    PENSION,
    accepted,
    apply_for,
    begins,
    day,
    extend,
    land_office,
    stand,
)
from weimin.kernel.supervision.types import PATTERN_TEXT, PATTERN_WHY

pytestmark = pytest.mark.django_db
FOURTH = day(3, 4)
ASK = [SupplementItem("form", "申请表", "少填了一栏，请补上")]


def found(at: datetime, pattern: str) -> list[Finding]:
    """What a look at the clocks lists of a pattern."""
    actions.scan_clocks(by=SYSTEM, at=at)
    return list(Finding.objects.filter(pattern=pattern).order_by("pk"))


@pytest.fixture
def felling(cast: Cast) -> tuple[Case, Actor, Actor]:
    """An accepted permit, its reviewer, its head: promised for 03-16, the last tenth begins on 03-13."""
    return accepted(cast, AT, FELLING), *land_office(AT)


# --- pauses ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "listed"),
    [(day(3, 5), False), (day(3, 12), False), (day(3, 13), True), (day(3, 18), True)],
    ids=["early", "the day before the last tenth", "in the last tenth", "beyond the promise"],
)
def test_a_pause_in_the_last_tenth_of_a_limit(felling: tuple[Case, Actor, Actor], at: datetime, listed: bool) -> None:
    case, reviewer, _ = felling
    on = at.date()
    stand(reviewer, at, case, on, on + timedelta(days=7))
    rows = found(at, "late_pause")
    assert len(rows) == listed
    for row in rows:
        assert (row.subject_id, row.clock_id, row.on) == (case.number, case.clock_id, on)
        assert f"{on.month}月{on.day}日停钟（专家评审：请专家现场评审）" in row.evidence
        assert "期限到2026年3月16日，2026年3月13日起已进入最后一段" in row.evidence
        assert reviewer.label in row.evidence
        assert row.agency_id != reviewer.agency_id, "the body that answers for the whole limit"


def test_an_extension_moves_the_last_tenth(felling: tuple[Case, Actor, Actor]) -> None:
    case, reviewer, head = felling
    extend(case, reviewer, head, day(3, 12))
    stand(reviewer, day(3, 13), case, date(2026, 3, 13), date(2026, 3, 20))
    assert not found(day(3, 13), "late_pause")


def test_a_pause_whose_notice_is_not_in_the_ledger(felling: tuple[Case, Actor, Actor]) -> None:
    """No action writes such an entry: it comes from elsewhere, or somebody took the notice out of the table."""
    case, reviewer, _ = felling
    stand(reviewer, day(3, 5), case, date(2026, 3, 5), date(2026, 3, 10))
    assert not found(day(3, 5), "bare_pause")
    entry = ClockEntry.objects.filter(clock_id=case.clock_id, kind="pause")
    entry.update(notice="")
    (row,) = found(day(3, 6), "bare_pause")
    assert row.subject_id == case.number
    assert "台账里没有书面告知" in row.evidence


def test_a_ground_that_asks_for_no_notice_needs_none(city: None) -> None:
    (clock,) = run_clocks(
        AT, ["1"], law=20, promise=15, regime="disclosure", grounds=("third_party",), purpose="handle"
    )
    standing = deadlines.Standing("third_party", date(2026, 3, 4), date(2026, 3, 10), "征求第三方意见", "")
    deadlines.pause_clock(by=SYSTEM, at=day(3, 4), clock_id=clock, standing=standing)
    assert not found(day(3, 5), "bare_pause")


def test_a_pause_that_outlasts_what_was_told(felling: tuple[Case, Actor, Actor]) -> None:
    """Told until Tuesday 03-10; who goes on the day after is in time."""
    case, reviewer, _ = felling
    stand(reviewer, day(3, 4), case, date(2026, 3, 4), date(2026, 3, 10))
    assert not found(day(3, 10), "long_pause")
    assert not found(day(3, 11), "long_pause")
    (row,) = found(day(3, 12), "long_pause")
    assert (row.subject_id, row.clock_id) == (case.number, case.clock_id), "once, not for each part that stands"
    assert row.evidence == "2026年3月4日停钟，告知到2026年3月10日，过了 2 个工作日还停着。"


def test_a_pause_that_went_on_in_time_is_none(felling: tuple[Case, Actor, Actor]) -> None:
    case, reviewer, _ = felling
    stand(reviewer, day(3, 4), case, date(2026, 3, 4), date(2026, 3, 10))
    cases.resume_case(by=reviewer, at=day(3, 11), case_id=case.pk, on=date(2026, 3, 10))
    for pattern in ("long_pause", "backdated", "late_pause", "bare_pause"):
        assert not found(day(3, 20), pattern), pattern


# --- entries dated back ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("at", "late"),
    [(day(3, 5), 0), (day(3, 6), 0), (day(3, 9), 2), (day(3, 10), 3)],
    ids=["the same day", "the next working day", "after the weekend", "a day later still"],
)
def test_an_entry_dated_back_more_than_a_working_day(
    felling: tuple[Case, Actor, Actor], at: datetime, late: int
) -> None:
    case, reviewer, _ = felling
    stand(reviewer, at, case, date(2026, 3, 5), date(2026, 3, 20))
    rows = found(at, "backdated")
    assert len(rows) == bool(late)
    for row in rows:
        assert row.evidence == (
            f"2026年3月{at.day}日才记2026年3月5日的停钟，晚了 {late} 个工作日。记录人：{reviewer.label}。"
        )


def test_what_law_dates_back_and_what_waits_for_morning_is_honest(cast: Cast) -> None:
    """Silence is acceptance from the day of receipt; after closing time the next working day counts."""
    silent = apply_for(cast.clerk, AT, PENSION, cast.applicant.resident_id or 0)
    evening = apply_for(cast.clerk, day(3, 6, hour=11), PENSION, cast.applicant.resident_id or 0)
    look(begins(3, 10))
    assert Case.objects.get(pk=silent.case_id).accepted_how == "silence"
    assert Case.objects.get(pk=evening.case_id).received_on == date(2026, 3, 9)
    assert not found(day(3, 10), "backdated")


# --- many at once ------------------------------------------------------------------------------------------
def reviewed(cast: Cast, count: int, seconds: float, *, first: datetime = FOURTH) -> list[str]:
    """Matters that one officer reviews so many seconds apart."""
    matters = [accepted(cast, AT + timedelta(minutes=place)) for place in range(count)]
    for place, case in enumerate(matters):
        step = Step.objects.get(case=case, kind="review", state="open")
        at = first + timedelta(seconds=seconds * place)
        cases.complete_review(
            by=cast.reviewer, at=at, case_id=case.pk, step_id=step.pk, outcome="agree", opinion="属实"
        )
    return [case.number for case in matters]


@pytest.mark.parametrize(
    ("count", "seconds", "first", "listed"),
    [
        (5, 7.5, FOURTH, 1),
        (5, 2, FOURTH + timedelta(seconds=25), 1),
        (9, 12, FOURTH, 0),
        (4, 1, FOURTH, 0),
        (12, 5, FOURTH, 1),
    ],
    ids=["five in thirty seconds", "whenever they begin", "at a walk", "four", "a long one is one"],
)
def test_many_finished_within_seconds(cast: Cast, count: int, seconds: float, first: datetime, listed: int) -> None:
    numbers = reviewed(cast, count, seconds, first=first)
    rows = found(day(3, 5), "burst")
    assert len(rows) == listed
    for row in rows:
        assert row.subject_id in numbers
        assert (row.agency_id, row.on) == (cast.reviewer.agency_id, date(2026, 3, 4))
        assert cast.reviewer.name in row.evidence
        assert "30 秒内办结了" in row.evidence


def test_few_matters_of_many_steps_are_no_burst(cast: Cast) -> None:
    """One officer of a township reviews and decides three of them at once: six steps, three matters."""
    officer_of_both = officer(AT, "township", ("reviewer", "decider"))
    for place in range(3):
        case = accepted(cast, AT + timedelta(minutes=place), "A2-11")
        who = {"by": officer_of_both, "at": FOURTH + timedelta(seconds=place), "case_id": case.pk}
        cases.complete_review(**who, step_id=open_step(case.pk, officer_of_both), outcome="agree", opinion="属实")
        cases.decide_case(**who, step_id=open_step(case.pk, officer_of_both), **DECIDED)
    assert Step.objects.filter(assignee_id=officer_of_both.officer_id, state="done").count() == 6
    assert not found(day(3, 5), "burst")


# --- begun anew --------------------------------------------------------------------------------------------
def asked(cast: Cast, at: datetime, person: Actor, code: str = PENSION) -> int:
    """An application whose papers were not whole; gives its id."""
    done = apply_for(cast.clerk, at, code, person.resident_id or 0)
    step = done.next_steps[0].step_id
    cases.ask_supplement(by=cast.clerk, at=at, case_id=done.case_id, step_id=step, items=ASK)
    return done.case_id


def test_a_supplement_asked_again_by_way_of_a_fresh_application(cast: Cast) -> None:
    first = asked(cast, AT, cast.applicant)
    look(begins(3, 24))
    assert Case.objects.get(pk=first).state == "lapsed"
    again = asked(cast, day(3, 26), cast.applicant)
    asked(cast, day(3, 26), cast.neighbour)
    asked(cast, day(3, 26), cast.applicant, "A3-15")
    (row,) = found(day(3, 27), "supplement_twice")
    numbers = {one.pk: one.number for one in Case.objects.all()}
    assert row.subject_id == numbers[again]
    assert row.evidence == f"{numbers[first]} 要求补正后终止（撤回），重新申请的 {numbers[again]} 又要求补正。"


def test_a_fresh_application_with_everything_is_honest(cast: Cast) -> None:
    """They were asked once, let it lapse, and came again days later with all that was missing."""
    asked(cast, AT, cast.applicant)
    look(begins(3, 24))
    accepted(cast, day(3, 26))
    actions.scan_clocks(by=SYSTEM, at=day(3, 27))
    assert not Finding.objects.exists(), "the applicant's own time was over, not an office's"


@pytest.mark.parametrize(
    ("withdrawn", "again", "listed"),
    [
        (day(3, 16), day(3, 18), True),
        (day(3, 4), day(3, 6), False),
        (day(3, 16), day(3, 26), False),
    ],
    ids=["red, and in again two days later", "early", "ten days later"],
)
def test_withdrawn_near_the_due_day_and_received_again(
    cast: Cast, withdrawn: datetime, again: datetime, listed: bool
) -> None:
    case = accepted(cast, AT)
    look(withdrawn)
    cases.withdraw_application(by=cast.applicant, at=withdrawn, case_id=case.pk)
    number = accepted(cast, again).number
    apply_for(cast.clerk, again, PENSION, cast.neighbour.resident_id or 0)
    rows = found(again, "reopened")
    assert [one.subject_id for one in rows] == [number] * listed
    for row in rows:
        assert row.evidence == f"{case.number} 在“超承诺期限”时撤回（终止），几天后同一人又收 {number}。"


# --- listed and explained ----------------------------------------------------------------------------------
def test_what_is_listed_is_listed_once_and_counted_each_time(felling: tuple[Case, Actor, Actor]) -> None:
    case, reviewer, _ = felling
    stand(reviewer, day(3, 13), case, date(2026, 3, 13), date(2026, 3, 20))
    first = actions.scan_clocks(by=SYSTEM, at=day(3, 13))
    second = actions.scan_clocks(by=SYSTEM, at=day(3, 14))
    assert first.by_pattern == second.by_pattern == {"late_pause": 1}
    assert (first.looked, first.flagged, first.since) == (3, 1, date(2026, 2, 11))
    assert first.share == pytest.approx(1 / 3)
    assert Finding.objects.get().found_at == day(3, 13)
    assert AuditEntry.objects.filter(verb="supervision.findings.scanned").count() == 1
    later = actions.scan_clocks(by=SYSTEM, at=day(6, 1))
    assert (later.flagged, later.by_pattern) == (1, {"long_pause": 1}), "only what still stands"
    assert actions.scan_clocks(by=SYSTEM, at=datetime(2026, 1, 5, tzinfo=AT.tzinfo)).share == 0


def test_a_supervisor_of_the_place_writes_what_it_was(cast: Cast, watch: Watch) -> None:
    run_clocks(AT, ["1"], start=date(2026, 2, 2))
    (row,) = found(AT, "backdated")
    explain = {"finding_id": row.pk, "sound": True, "words": "停电两天，次日补录，有记录"}
    for who in (watch.clerk, watch.leader, watch.county_leader, cast.applicant):
        with pytest.raises(Forbidden, match="由监督员办理"):
            actions.explain_finding(by=who, at=AT, **explain)
    with pytest.raises(NotFound, match="不归您监督"):
        actions.explain_finding(by=watch.other_county, at=AT, **explain)
    with pytest.raises(Invalid, match="至少 5 个字"):
        actions.explain_finding(by=watch.county, at=AT, **{**explain, "words": "没事"})
    assert Finding.objects.get().sound is None
    actions.explain_finding(by=watch.county, at=AT, **explain)
    actions.explain_finding(by=watch.city, at=day(3, 3), **{**explain, "sound": False, "words": "没有停电，是倒填"})
    row.refresh_from_db()
    assert (row.sound, row.explained, row.explained_by, row.explained_at) == (
        False,
        "没有停电，是倒填",
        watch.city.label,
        day(3, 3),
    )
    last = AuditEntry.objects.filter(verb="supervision.finding.explained").latest("pk")
    assert last.changes == {"sound": [True, False], "words": ["停电两天，次日补录，有记录", "没有停电，是倒填"]}
    actions.scan_clocks(by=SYSTEM, at=day(3, 4))
    row.refresh_from_db()
    assert row.sound is False, "another look takes nothing back"


def test_every_pattern_has_its_words() -> None:
    assert set(actions.scanning.PATTERNS) == set(PATTERN_TEXT) == set(PATTERN_WHY)


@pytest.mark.parametrize(("found", "explained", "gone"), [("over", True, 1), ("over", False, 0), ("not yet", True, 0)])
def test_findings_that_somebody_looked_at_go_three_years_after_their_year(
    db: None, found: str, explained: bool, gone: int
) -> None:
    moment = datetime(2022, 12, 31, 15 if found == "over" else 16, 59 if found == "over" else 0, tzinfo=UTC)
    Finding.objects.create(
        pattern="late_pause",
        key="k",
        subject_id="1",
        on=moment.date(),
        evidence="演示",
        found_at=moment,
        explained_at=moment if explained else None,
    )
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert actions.forget_findings(by=Actor.system(), at=now) == gone
    assert Finding.objects.count() == 1 - gone
    assert AuditEntry.objects.filter(verb="supervision.finding.forgotten").count() == gone
