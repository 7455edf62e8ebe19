"""What people do about warnings: contest and judge, order and answer, say why a limit was overrun."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.types import Level
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import actions, queries
from weimin.kernel.supervision.actions.acting import OrderUnknown, TooLate, WarningUnknown
from weimin.kernel.supervision.models import Order, Warning
from weimin.kernel.supervision.testing import Watch, count_figures, look, warn
from weimin.kernel.supervision.tests.matters import AT, begins, day
from weimin.kernel.supervision.types import Figure, Filters

pytestmark = pytest.mark.django_db
WHY = "材料当天已办完，系统里晚录了半天。"
SAID = "经办人生病住院，已另外安排人手，三月二十日前办完。"
NOBODY = "找不到"


def contest(by: Actor, row: Warning, at: datetime = AT, reason: str = WHY) -> None:
    actions.contest_warning(by=by, at=at, warning_id=row.pk, reason=reason)


def judge(by: Actor, row: Warning, *, lift: bool, at: datetime = AT) -> None:
    actions.judge_contest(by=by, at=at, warning_id=row.pk, lift=lift, reason="查过收件记录，理由成立与否已核实。")


# --- contests ----------------------------------------------------------------------------------------------
def test_a_body_contests_its_warning_and_a_supervisor_has_five_days_to_judge(watch: Watch) -> None:
    row = warn(AT)
    contest(watch.clerk, row)
    row.refresh_from_db()
    assert (row.contest, row.contest_reason, row.contested_by) == ("contested", WHY, watch.clerk.label)
    clock = Clock.objects.get(pk=row.contest_clock_id)
    assert (clock.purpose, clock.committed_due_date, clock.state) == ("contest", date(2026, 3, 9), "running")
    assert queries.count_waiting(watch.county).contests == 1
    judge(watch.county, row, lift=True, at=day(3, 4))
    row.refresh_from_db()
    assert (row.contest, row.judged_by, row.judged_at) == ("lifted", watch.county.label, day(3, 4))
    assert Clock.objects.get(pk=clock.pk).stopped_on == date(2026, 3, 4)
    assert queries.count_waiting(watch.county).contests == 0
    verbs = AuditEntry.objects.filter(subject_type="warning", subject_id=str(row.pk)).order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["supervision.warning.contested", "supervision.warning.judged"]


@pytest.mark.parametrize(
    ("at", "late"),
    [(day(3, 5, hour=15), False), (begins(3, 6), True)],
    ids=["the last minute of the third working day", "the day after"],
)
def test_a_contest_has_three_working_days(watch: Watch, at: datetime, late: bool) -> None:
    row = warn(AT)
    if not late:
        contest(watch.clerk, row, at)
        return
    with pytest.raises(TooLate, match="到 2026年03月05日 为止"):
        contest(watch.clerk, row, at)
    row.refresh_from_db()
    assert (row.contest, row.contest_clock_id) == ("", None)


def test_only_the_body_and_who_leads_it_contest(watch: Watch) -> None:
    row = warn(AT)
    for stranger in (watch.elsewhere, watch.colleague, watch.office, watch.county_leader, watch.other_county):
        with pytest.raises(WarningUnknown, match=NOBODY):
            contest(stranger, row)
    for watcher in (watch.county, watch.city):
        with pytest.raises(Forbidden, match="由承办机构办理"):
            contest(watcher, row)
    contest(watch.leader, row)


def test_a_leader_sees_a_county_bodys_warning_in_the_township_and_may_not_contest_it(watch: Watch) -> None:
    row = warn(AT, body="340321000000-d01")
    with pytest.raises(Forbidden):
        contest(watch.leader, row)
    contest(watch.county_leader, row)


@pytest.mark.parametrize(
    ("reason", "says"),
    [("", "至少 10 个字"), ("　 不认可 ", "至少 10 个字"), ("字" * 401, "最多 400 个字，现在有 401 个字")],
)
def test_a_contest_says_why_and_loses_nothing(watch: Watch, reason: str, says: str) -> None:
    row = warn(AT)
    with pytest.raises(Invalid, match=says) as refused:
        contest(watch.clerk, row, reason=reason)
    assert set(refused.value.fields) == {"reason"}
    assert not Warning.objects.exclude(contest="").exists()


def test_a_warning_is_contested_and_judged_once(watch: Watch) -> None:
    row = warn(AT)
    with pytest.raises(Conflict, match="没有待复核的申诉"):
        judge(watch.county, row, lift=True)
    contest(watch.clerk, row)
    with pytest.raises(Conflict, match="已经申诉过"):
        contest(watch.clerk, row)
    judge(watch.county, row, lift=False)
    with pytest.raises(Conflict, match="没有待复核的申诉"):
        judge(watch.county, row, lift=True)
    with pytest.raises(Conflict, match="已经申诉过"):
        contest(watch.clerk, row)
    row.refresh_from_db()
    assert row.contest == "upheld"


def test_only_a_supervisor_of_the_place_judges(watch: Watch) -> None:
    row = warn(AT)
    contest(watch.clerk, row)
    for nobody in (watch.clerk, watch.leader, watch.county_leader):
        with pytest.raises(Forbidden, match="由监督员办理"):
            judge(nobody, row, lift=True)
    with pytest.raises(WarningUnknown, match=NOBODY):
        judge(watch.other_county, row, lift=True)
    judge(watch.city, row, lift=True)


def test_figures_keep_contested_upheld_and_lifted_apart(watch: Watch) -> None:
    """Five turned yellow, one of them red: two lifted, one upheld, one still waiting."""
    rows = [warn(AT, str(number)) for number in range(4)]
    red = warn(AT, "4", level=Level.RED)
    for row in (*rows[:3], red):
        contest(watch.clerk, row)
    judge(watch.county, rows[0], lift=True)
    judge(watch.county, rows[1], lift=False)
    judge(watch.county, red, lift=True)
    count_figures(AT)
    warned = queries.read_warned(watch.county, days=90, today=date(2026, 3, 2))
    assert warned.levels == [
        Figure(Level.YELLOW, raised=5, contested=1, upheld=1, lifted=1),
        Figure(Level.RED, raised=1, contested=0, upheld=0, lifted=1),
        Figure(Level.PROMISE, 0, 0, 0, 0),
        Figure(Level.LAW, 0, 0, 0, 0),
    ]
    assert [one.counted for one in warned.levels] == [4, 0, 0, 0]
    for contest_state, many in (("counted", 4), ("contested", 1), ("upheld", 1), ("lifted", 1), ("", 5)):
        chosen = replace(Filters(), level=1, contest=contest_state)
        assert len(queries.list_warnings(watch.county, chosen, today=date(2026, 3, 2))) == many, contest_state
    (body,) = warned.bodies
    assert (body.agency_id, body.yellow, body.red, body.contested, body.total) == (watch.clerk.agency_id, 4, 0, 1, 4)


# --- orders ------------------------------------------------------------------------------------------------
def test_beyond_the_law_an_order_goes_out_by_itself(watch: Watch) -> None:
    row = warn(AT, "340321113-260302-00001", kind="case", level=Level.LAW)
    order = Order.objects.get()
    assert (order.warning_id, order.agency_id, order.state) == (row.pk, watch.clerk.agency_id, "open")
    assert (order.issued_by, order.issued_agency_id, order.due_on) == ("系统", None, date(2026, 3, 5))
    with pytest.raises(Conflict, match="没办完的督办单"):
        actions.issue_order(by=watch.county, at=AT, warning_id=row.pk, text="两天内办完并答复")


@pytest.mark.parametrize("who", ["county", "city", "leader"])
def test_supervisors_and_leaders_issue_orders(watch: Watch, who: str) -> None:
    by: Actor = getattr(watch, who)
    row = warn(AT)
    order = Order.objects.get(pk=actions.issue_order(by=by, at=AT, warning_id=row.pk, text=" 两天内办完并答复 "))
    assert (order.text, order.issued_by, order.issued_agency_id) == ("两天内办完并答复", by.label, by.agency_id)
    assert (order.agency_id, order.place, order.title) == (row.agency_id, row.place, row.title)
    clock = Clock.objects.get(pk=order.clock_id)
    assert (clock.purpose, clock.agency_id, clock.committed_due_date) == ("order", row.agency_id, date(2026, 3, 5))
    assert order.due_on == date(2026, 3, 5)


def test_others_issue_none(watch: Watch) -> None:
    row = warn(AT)
    for who in (watch.clerk, watch.colleague, watch.elsewhere):
        with pytest.raises(Forbidden, match="由监督员或单位领导签发"):
            actions.issue_order(by=who, at=AT, warning_id=row.pk, text="两天内办完并答复")
    for who in (watch.other_county, watch.county_leader):
        with pytest.raises(WarningUnknown, match=NOBODY):
            actions.issue_order(by=who, at=AT, warning_id=row.pk, text="两天内办完并答复")
    with pytest.raises(Invalid, match="要做到什么"):
        actions.issue_order(by=watch.county, at=AT, warning_id=row.pk, text="快办")
    assert not Order.objects.exists()


def test_no_body_no_order(watch: Watch) -> None:
    """The clock of a contest is the supervisors' own: it belongs to no body."""
    row = warn(AT)
    contest(watch.clerk, row)
    look(day(3, 20))
    late = Warning.objects.filter(subject_type="warning", level=Level.PROMISE).get()
    assert late.agency_id is None
    with pytest.raises(Conflict, match="没有承办机构"):
        actions.issue_order(by=watch.county, at=day(3, 20), warning_id=late.pk, text="两天内办完并答复")


def _one_at_a_time(watch: Watch, row: Warning) -> None:
    with pytest.raises(Conflict, match="没办完的督办单"):
        actions.issue_order(by=watch.county, at=AT, warning_id=row.pk, text="再发一份督办单")


def test_an_order_is_answered_returned_answered_again_and_accepted(watch: Watch) -> None:
    row = warn(AT)
    pk = actions.issue_order(by=watch.county, at=AT, warning_id=row.pk, text="两天内办完并答复")
    first = Order.objects.get(pk=pk).clock_id
    _one_at_a_time(watch, row)
    actions.answer_order(by=watch.clerk, at=day(3, 3), order_id=pk, answer=SAID)
    order = Order.objects.get(pk=pk)
    assert (order.state, order.answer, order.answered_by) == ("answered", SAID, watch.clerk.label)
    assert Clock.objects.get(pk=first).stopped_on == date(2026, 3, 3)
    assert queries.count_waiting(watch.county).answers == 1
    _one_at_a_time(watch, row)
    with pytest.raises(Invalid, match="退回时请写明哪里不行") as short:
        actions.review_order(by=watch.county, at=day(3, 4), order_id=pk, accept=False, words="不行")
    assert set(short.value.fields) == {"review"}
    actions.review_order(by=watch.county, at=day(3, 4), order_id=pk, accept=False, words="没写哪天能办完")
    order.refresh_from_db()
    assert (order.state, order.due_on) == ("returned", date(2026, 3, 9))
    assert order.clock_id != first
    _one_at_a_time(watch, row)
    actions.answer_order(by=watch.leader, at=day(3, 5), order_id=pk, answer=SAID + "三月六日办完。")
    actions.review_order(by=watch.city, at=day(3, 6), order_id=pk, accept=True)
    order.refresh_from_db()
    assert (order.state, order.reviewed_by, order.review) == ("accepted", watch.city.label, "")
    assert actions.issue_order(by=watch.county, at=day(3, 6), warning_id=row.pk, text="又停下来了，马上办") != pk


def test_each_order_waits_for_its_turn(watch: Watch) -> None:
    pk = actions.issue_order(by=watch.leader, at=AT, warning_id=warn(AT).pk, text="两天内办完并答复")
    with pytest.raises(Conflict, match="还没有答复"):
        actions.review_order(by=watch.leader, at=AT, order_id=pk, accept=True)
    for stranger in (watch.elsewhere, watch.colleague, watch.other_county):
        with pytest.raises(OrderUnknown, match=NOBODY):
            actions.answer_order(by=stranger, at=AT, order_id=pk, answer=SAID)
    with pytest.raises(Forbidden, match="由承办机构办理"):
        actions.answer_order(by=watch.county, at=AT, order_id=pk, answer=SAID)
    with pytest.raises(Invalid, match="至少 10 个字"):
        actions.answer_order(by=watch.clerk, at=AT, order_id=pk, answer="在办了")
    actions.answer_order(by=watch.clerk, at=AT, order_id=pk, answer=SAID)
    with pytest.raises(Conflict, match="已经答复"):
        actions.answer_order(by=watch.clerk, at=AT, order_id=pk, answer=SAID)
    with pytest.raises(Forbidden, match="由监督员或签发单位的领导认可"):
        actions.review_order(by=watch.clerk, at=AT, order_id=pk, accept=True)
    assert queries.count_waiting(watch.leader).answers == 1
    actions.review_order(by=watch.leader, at=AT, order_id=pk, accept=True, words="可以")


def test_a_leader_of_another_body_than_the_issuers_does_not_accept(watch: Watch) -> None:
    pk = actions.issue_order(by=watch.county, at=AT, warning_id=warn(AT).pk, text="两天内办完并答复")
    actions.answer_order(by=watch.clerk, at=AT, order_id=pk, answer=SAID)
    with pytest.raises(Forbidden):
        actions.review_order(by=watch.leader, at=AT, order_id=pk, accept=True)
    assert queries.count_waiting(watch.leader).answers == 0
