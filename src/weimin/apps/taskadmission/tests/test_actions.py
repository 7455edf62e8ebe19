"""The gate, the office, the townships and the right to take part, against the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from weimin.apps.taskadmission import access, actions, queries
from weimin.apps.taskadmission.models import Attempt, Matter, Opinion, Report, Target, Task
from weimin.apps.taskadmission.testing import county_body, form, head, office, town_head
from weimin.apps.taskadmission.types import Answer
from weimin.base.clock import local_date
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.testing import AT, COUNTY, TOWN
from weimin.kernel.record import registry
from weimin.kernel.record.actions import KeyReused
from weimin.kernel.record.types import Actor, Blocker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
#: Rows in force of the shipped lists: a service item for townships, a duty for villages.
ON_LIST, VILLAGE_ROW = "A3-13", "CW-02"
OTHER_TOWN = "340321100000"


def village() -> str:
    return directory.children_of(TOWN)[0].code


def ask(by: Actor, *, at: datetime = AT, key: str = "k1", **changes: Any) -> Answer:
    return actions.submit_task(by=by, at=at, wanted=form(**changes), key=key)


def asked(by: Actor, **changes: Any) -> Task:
    said = ask(by, **changes)
    assert said.outcome == "asked", said
    return Task.objects.get(pk=said.task_id)


# --- the gate ------------------------------------------------------------------------------------------------
def test_a_complete_task_on_the_list_is_admitted_at_once_under_the_version_of_that_day() -> None:
    said = ask(head(), row_code=ON_LIST)
    task = Task.objects.get(pk=said.task_id)
    assert (said.outcome, task.state, task.row_code, task.clock_id) == ("admitted", "admitted", ON_LIST, None)
    assert task.row is not None and task.row.item.code == ON_LIST
    assert "第" in task.reason


def test_a_task_on_no_list_waits_for_the_office_with_a_clock() -> None:
    task = asked(head())
    clock = Clock.objects.get(pk=task.clock_id)
    assert (task.state, clock.purpose, clock.committed_value, clock.agency_id) == (
        "asked",
        "tasks",
        10,
        county_body("编办"),
    )
    assert task.due_on is not None and task.due_on > local_date(AT)
    assert [one.pk for one in queries.list_waiting(office())] == [task.pk]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"row_code": "ZZ-99"}, "row_code"),
        ({"row_code": VILLAGE_ROW}, "row_code"),
        ({"places": ("340300000000",)}, "places"),
        ({"places": ("不存在",)}, "places"),
        ({"contact": ""}, "contact"),
    ],
)
def test_what_is_incomplete_makes_no_task_and_stays_on_record_as_it_was_typed(
    changes: dict[str, Any], field: str
) -> None:
    said = ask(head(), **changes)
    row = Attempt.objects.get()
    assert (said.outcome, list(said.faults), Task.objects.count()) == ("incomplete", [field], 0)
    assert (row.outcome, list(row.faults), row.typed["title"]) == ("incomplete", [field], form().title)


def test_what_law_bars_makes_no_task_and_is_on_record_with_its_clause() -> None:
    said = ask(head(), responsible="village", field="demolition")
    assert said.outcome == "barred"
    assert "责任主体" in Attempt.objects.get().faults["responsible"]
    assert not Task.objects.exists()


def test_the_same_key_asks_once_and_another_form_under_it_is_refused() -> None:
    by = head()
    first, again = ask(by), ask(by)
    assert first == again
    assert (Task.objects.count(), Attempt.objects.count()) == (1, 1)
    with pytest.raises(KeyReused):
        ask(by, title="另外一个任务")


def test_a_task_to_a_village_is_typed_and_hangs_on_its_township() -> None:
    said = ask(head(), target="village", form="assist", places=(village(),), row_code=VILLAGE_ROW)
    target = Target.objects.get(task_id=said.task_id)
    assert (said.outcome, target.township_id, target.task.form) == ("admitted", TOWN, "assist")


@pytest.mark.parametrize("who", ["reviewer", "town", "office", "resident"])
def test_only_the_head_of_a_county_body_brings_a_task(who: str) -> None:
    by = {
        "reviewer": lambda: head(roles=("reviewer",)),
        "town": town_head,
        "office": office,
        "resident": lambda: Actor(kind="resident", name="演示", resident_id=1, account_id=1),
    }[who]()
    with pytest.raises(access.NotYourPart):
        ask(by)
    assert not Attempt.objects.exists()


# --- the office ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("admit", "state"), [(True, "admitted"), (False, "refused")])
def test_the_office_decides_with_reasons_and_the_clock_stops(admit: bool, state: str) -> None:
    task = asked(head())
    later = AT + timedelta(days=3)
    actions.decide_task(by=office(), at=later, task_id=task.pk, admit=admit, reason="部门自己有人员和职责")
    task.refresh_from_db()
    assert (task.state, task.decided_at, task.clock.state) == (state, later, "stopped")  # type: ignore[union-attr]
    with pytest.raises(actions.TaskDone):
        actions.decide_task(by=office(), at=later, task_id=task.pk, admit=True, reason="再看一次")
    assert len(queries.list_tasks(town_head())) == (1 if admit else 0)


def test_a_refusal_without_reasons_and_a_decision_by_others_are_refused() -> None:
    by = head()
    task = asked(by)
    with pytest.raises(actions.TaskBroken) as fault:
        actions.decide_task(by=office(), at=AT, task_id=task.pk, admit=False, reason=" ")
    assert list(fault.value.fields) == ["reason"]
    for other in (by, town_head()):
        with pytest.raises(access.NotYourPart):
            actions.decide_task(by=other, at=AT, task_id=task.pk, admit=True, reason="我说可以就可以")
    far = head("编办", roles=("admission_office",), county="340322000000")
    with pytest.raises(actions.TaskUnknown):
        actions.decide_task(by=far, at=AT, task_id=task.pk, admit=True, reason="别的县的准入办")


def test_nobody_of_the_office_admits_what_they_brought_themselves() -> None:
    by = head("编办", roles=("leader", "admission_office"))
    task = asked(by)
    with pytest.raises(access.NotYourPart):
        actions.decide_task(by=by, at=AT, task_id=task.pk, admit=True, reason="我自己提的我自己批")


# --- townships ---------------------------------------------------------------------------------------------------
def admitted(**changes: Any) -> Target:
    return Target.objects.get(task_id=ask(head(), row_code=ON_LIST, **changes).task_id)


def test_a_township_sees_admitted_tasks_of_its_own_only_and_reports_done() -> None:
    target, mine, other = admitted(), town_head(), town_head(OTHER_TOWN)
    assert [one.pk for one in queries.list_tasks(mine)] == [target.task_id]
    assert not list(queries.list_tasks(other))
    with pytest.raises(actions.TaskUnknown):
        actions.report_done(by=other, at=AT, target_id=target.pk, note="别的乡镇报的")
    actions.report_done(by=mine, at=AT, target_id=target.pk, note="全部田块巡查完毕")
    target.refresh_from_db()
    assert (target.state, target.done_note) == ("done", "全部田块巡查完毕")
    with pytest.raises(actions.TaskDone):
        actions.object_to_task(by=mine, at=AT, target_id=target.pk, reason="办完了又不想办")


@pytest.mark.parametrize(("upheld", "state"), [(True, "released"), (False, "open")])
def test_an_objection_is_answered_by_a_day_and_made_once(upheld: bool, state: str) -> None:
    target, mine = admitted(), town_head()
    actions.object_to_task(by=mine, at=AT, target_id=target.pk, reason="镇里没有这方面的人")
    target.refresh_from_db()
    assert target.clock_id is not None and target.due_on is not None
    assert [one.pk for one in queries.list_objections(office())] == [target.pk]
    actions.answer_objection(by=office(), at=AT, target_id=target.pk, upheld=upheld, reply="已经核对过人员编制")
    target.refresh_from_db()
    assert (target.state, target.clock.state) == (state, "stopped")  # type: ignore[union-attr]
    with pytest.raises(actions.TaskDone):
        actions.object_to_task(by=mine, at=AT, target_id=target.pk, reason="再提一次异议")


def test_work_pushed_past_the_gate_is_reported_answered_and_counted() -> None:
    mine, body = town_head(), county_body()
    number = actions.report_bypass(by=mine, at=AT, agency_id=body, text="在工作群里发通知要求三天内报表", key="r")
    assert number == actions.report_bypass(
        by=mine, at=AT, agency_id=body, text="在工作群里发通知要求三天内报表", key="r"
    )
    assert Clock.objects.get(pk=Report.objects.get().clock_id).committed_value == 10
    assert not queries.list_reports(head())
    actions.answer_report(by=office(), at=AT, report_id=number, upheld=True, answer="已要求民政局撤回")
    day = local_date(AT)
    (count,) = queries.count_departments(county=COUNTY, since=day, until=day)
    assert (count.agency_id, count.bypassed, count.asked) == (body, 1, 0)
    with pytest.raises(actions.ReportBroken) as fault:
        actions.report_bypass(by=mine, at=AT, agency_id=0, text="短", key="s")
    assert set(fault.value.fields) == {"agency", "text"}


def test_the_public_figures_add_up_by_department_and_lead_to_their_records() -> None:
    by = head()
    ask(by, key="a", row_code=ON_LIST)
    refused, waiting = asked(by, key="b"), asked(by, key="c")
    ask(by, key="d", contact="")
    ask(by, key="e", responsible="village", field="enforcement")
    actions.decide_task(
        by=office(), at=AT + timedelta(days=4), task_id=refused.pk, admit=False, reason="部门自己的职责"
    )
    ask(head("农业农村局"), key="f", row_code=ON_LIST)
    day = local_date(AT)
    mine, other = queries.count_departments(county=COUNTY, since=day, until=day)
    assert (mine.asked, mine.admitted, mine.refused, mine.outside, mine.waiting, mine.incomplete) == (4, 1, 2, 2, 1, 1)
    assert mine.average_days == 4.0
    assert (other.asked, other.admitted, other.average_days) == (1, 1, None)
    for kind in ("asked", "admitted", "refused", "outside", "waiting", "incomplete", "bypassed"):
        rows = queries.list_public_records(county=COUNTY, since=day, until=day, agency_id=mine.agency_id, kind=kind)
        assert len(rows) == getattr(mine, kind), kind
    assert waiting.pk
    assert not queries.count_departments(county=COUNTY, since=day + timedelta(days=1), until=day + timedelta(days=9))


# --- the right to take part ------------------------------------------------------------------------------------
def matter(by: Actor, *towns: str, key: str = "m") -> Matter:
    number = actions.raise_matter(
        by=by,
        at=AT,
        kind="siting",
        title="新建区域养老服务中心",
        content="拟在两个镇交界处建一所养老服务中心，要占用一块空地。",
        townships=towns or (TOWN,),
        key=key,
    )
    return Matter.objects.get(pk=number)


def test_each_touched_township_is_asked_with_a_clock() -> None:
    rows = list(matter(head(), TOWN, OTHER_TOWN).opinions.order_by("township_id"))
    assert [one.township_id for one in rows] == sorted([TOWN, OTHER_TOWN])
    clock = rows[0].clock
    assert clock is not None
    assert (clock.purpose, clock.committed_value, rows[0].state) == ("opinion", 10, "asked")


def test_a_matter_with_a_missing_or_unanswered_opinion_cannot_pass_and_says_why_with_the_clause() -> None:
    by, mine = head(), town_head()
    row = matter(by)
    opinion = row.opinions.get()
    with pytest.raises(actions.MatterBlocked) as shut:
        actions.pass_matter(by=by, at=AT, matter_id=row.pk)
    assert [one.code for one in shut.value.blockers] == ["opinion_missing"]
    assert "参与权" in shut.value.blockers[0].clause
    actions.give_opinion(by=mine, at=AT, opinion_id=opinion.pk, stance="object", reasons="离村小学太近")
    with pytest.raises(actions.MatterBlocked) as shut:
        actions.pass_matter(by=by, at=AT, matter_id=row.pk)
    assert [one.code for one in shut.value.blockers] == ["opinion_unanswered"]
    actions.answer_opinion(by=by, at=AT, opinion_id=opinion.pk, taken=True, reply="改到镇东边，离学校三公里")
    actions.pass_matter(by=by, at=AT, matter_id=row.pk)
    row.refresh_from_db()
    assert row.state == "passed"
    with pytest.raises(actions.MatterPassed):
        actions.pass_matter(by=by, at=AT, matter_id=row.pk)


def test_silence_is_recorded_as_silence_after_the_day_and_blocks_no_longer() -> None:
    by = head()
    row = matter(by, TOWN, OTHER_TOWN)
    assert actions.record_silences(at=AT) == 0
    late = AT + timedelta(days=40)
    assert actions.record_silences(at=late) == 2
    assert actions.record_silences(at=late) == 0
    assert {(one.state, one.stance) for one in row.opinions.all()} == {("silent", "")}
    actions.give_opinion(
        by=town_head(),
        at=late,
        opinion_id=row.opinions.get(township_id=TOWN).pk,
        stance="suggest",
        reasons="晚了也要说一句",
    )
    with pytest.raises(actions.MatterBlocked):
        actions.pass_matter(by=by, at=late, matter_id=row.pk)


def test_passing_writes_down_the_silence_that_the_worker_has_not_yet() -> None:
    by = head()
    row = matter(by)
    actions.pass_matter(by=by, at=AT + timedelta(days=40), matter_id=row.pk)
    assert row.opinions.get().state == "silent"


def test_others_neither_speak_for_a_township_nor_answer_for_a_body() -> None:
    by, other = head(), head("农业农村局")
    opinion = matter(by).opinions.get()
    with pytest.raises(actions.MatterBroken) as fault:
        actions.give_opinion(by=town_head(), at=AT, opinion_id=opinion.pk, stance="", reasons="")
    assert set(fault.value.fields) == {"stance", "reasons"}
    with pytest.raises(access.NotYourPart):
        actions.give_opinion(by=by, at=AT, opinion_id=opinion.pk, stance="support", reasons="替乡镇说赞成")
    with pytest.raises(Exception, match="找不到"):
        actions.give_opinion(
            by=town_head(OTHER_TOWN), at=AT, opinion_id=opinion.pk, stance="support", reasons="替别的镇说赞成"
        )
    with pytest.raises(Exception, match="找不到"):
        actions.pass_matter(by=other, at=AT, matter_id=opinion.matter_id)
    assert Opinion.objects.get().state == "asked"


def test_further_checks_at_the_same_gate_add_up(monkeypatch: Any) -> None:
    by = head()
    row = matter(by)
    monkeypatch.setitem(
        registry._gates,
        "county_matter",
        [*registry._gates["county_matter"], lambda **_: [Blocker("legal", "没有合法性审查")]],
    )
    with pytest.raises(actions.MatterBlocked, match="合法性审查"):
        actions.pass_matter(by=by, at=AT + timedelta(days=40), matter_id=row.pk)
    row.refresh_from_db()
    assert row.state == "open"
