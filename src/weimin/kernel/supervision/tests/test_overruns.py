"""Why a limit was overrun: who says it, to whom, what may stand in it, and what never reaches the public."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from weimin.base.errors import Conflict, Forbidden, Invalid, NotFound
from weimin.base.paging import page_key
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.models import Case, TimelineEntry
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN, Cast, hand_in, officer
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.types import Level
from weimin.kernel.messages.models import Message
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.models import Order, OverrunReason, Warning
from weimin.kernel.supervision.testing import Watch, look, owe_reason, run_clocks
from weimin.kernel.supervision.tests.matters import AT, accepted, apply_for, begins, day, register

pytestmark = pytest.mark.django_db
NUMBER = "340321113-260302-00001"
APRIL = day(4, 1)
BECAUSE = "档案要到县档案馆调取，等了八个工作日。"
NOBODY = "找不到"


def explain(by: Actor, row: OverrunReason, reason: str = BECAUSE, at: datetime = APRIL) -> None:
    actions.explain_overrun(by=by, at=at, reason_id=row.pk, reason=reason)


def test_the_applicant_is_told_why_and_everybody_may_read_it(cast: Cast, watch: Watch) -> None:
    case = accepted(cast, AT)
    look(begins(3, 17))
    row = OverrunReason.objects.get(subject_clock_id=case.clock_id)
    assert (row.public, row.agency_id, row.due_on) == (True, watch.office.agency_id, date(2026, 3, 20))
    assert queries.count_waiting(watch.office).reasons == 1
    assert not queries.list_public_reasons()
    explain(watch.office, row, at=day(3, 18))
    assert [one.pk for one in queries.list_public_reasons()] == [row.pk]
    assert [one.pk for one in queries.list_public_reasons(place=TOWN)] == [row.pk]
    assert not queries.list_public_reasons(place=OTHER_TOWN)
    assert Clock.objects.get(pk=row.clock_id).stopped_on == date(2026, 3, 18)
    line = TimelineEntry.objects.get(case=case, kind="overrun")
    assert BECAUSE in line.public_text
    deliver_outbox(at=day(3, 18))
    assert BECAUSE in Message.objects.get(number=case.number, title="为什么没有按期办结").body
    with pytest.raises(Conflict, match="已经说明过"):
        explain(watch.office, row)


@pytest.mark.parametrize(
    "written",
    [
        "办件 340321113-260302-00001 的材料没有转到",
        "办件340321113 260302 00001的材料没有转到县里",
        "申请人 340300190001010011 的档案没有调来",
        "申请人34030019000101002x的档案一直没有调来",
        "申请人 340300 19000101 0011 的档案没有调来",
        "打 13900000051 一直打不通，材料补不了",
        "打 139 0000 0051 一直打不通，材料补不了",
        "打 139-0000-0051 一直打不通，材料补不了",
        "打 １３９００００００５１ 一直打不通，材料补不了",
    ],
)
def test_what_names_a_person_is_refused(watch: Watch, written: str) -> None:
    row = owe_reason(AT, NUMBER)
    with pytest.raises(Invalid, match="去掉办件编号、身份证号和手机号码") as refused:
        explain(watch.clerk, row, written)
    assert set(refused.value.fields) == {"reason"}
    row.refresh_from_db()
    assert (row.reason, row.written_at) == ("", None)


@pytest.mark.parametrize(
    "written",
    ["2026年3月5日到2026年4月16日等专家评审，共 28 个工作日", "按皖政〔2024〕13号文，200000 元以上要报县里批"],
)
def test_days_sums_and_papers_are_no_persons(watch: Watch, written: str) -> None:
    row = owe_reason(AT, NUMBER)
    explain(watch.clerk, row, written)
    assert queries.get_reason(watch.clerk, row.pk).reason == written


def test_the_bodys_own_people_say_why(watch: Watch) -> None:
    row = owe_reason(AT, NUMBER)
    for stranger in (watch.elsewhere, watch.colleague, watch.county_leader):
        with pytest.raises(NotFound, match=NOBODY):
            explain(stranger, row)
    with pytest.raises(Forbidden):
        explain(watch.county, row)
    with pytest.raises(Invalid, match="至少 10 个字"):
        explain(watch.clerk, row, "太忙了")
    explain(watch.leader, row)


@pytest.mark.parametrize("code", ["A4-25", "A4-26", "A4-27", "A7-42"])
def test_children_and_family_hardship_never_reach_the_public(cast: Cast, watch: Watch, code: str) -> None:
    """The applicant is told all the same; of a matter begun by the office there is nobody to tell."""
    if code == "A4-27":
        done = register(officer(AT, "township", ("reviewer",), lead="民政局"), AT, code)
    else:
        done = apply_for(cast.clerk, AT, code, cast.applicant.resident_id or 0)
    row = owe_reason(AT, done.number)
    assert not row.public
    explain(watch.clerk, row)
    assert not queries.list_public_reasons()
    assert TimelineEntry.objects.filter(case_id=done.case_id, kind="overrun", public_text__contains=BECAUSE).exists()
    deliver_outbox(at=APRIL)
    told = Message.objects.filter(number=done.number, title="为什么没有按期办结").count()
    assert told == (code != "A4-27")


def test_public_reasons_are_paged_by_key(watch: Watch) -> None:
    made = [owe_reason(AT, f"x-{number}") for number in range(5)]
    OverrunReason.objects.update(public=True)
    for place, row in enumerate(made):
        explain(watch.clerk, row, at=APRIL + timedelta(minutes=place // 2))
    seen: list[int] = []
    after = ""
    while page := queries.list_public_reasons(after=after, limit=2):
        seen += [one.pk for one in page]
        last = page[-1]
        after = page_key(last.written_at, last.pk)
    assert seen == sorted((one.pk for one in made), reverse=True)


def test_an_overrun_of_what_is_no_matter_owes_no_reason(watch: Watch) -> None:
    run_clocks(AT, ["x"], start=date(2026, 1, 5))
    assert Warning.objects.filter(level=Level.LAW).exists()
    assert not OverrunReason.objects.exists()
    assert not Order.objects.exists()


def test_a_matter_in_time_owes_nothing(cast: Cast, watch: Watch) -> None:
    done = hand_in(cast, AT)
    cases.withdraw_application(by=cast.applicant, at=day(3, 3), case_id=done.case_id)
    look(day(5, 1))
    assert Case.objects.get(pk=done.case_id).state == "withdrawn"
    assert not OverrunReason.objects.exists()
