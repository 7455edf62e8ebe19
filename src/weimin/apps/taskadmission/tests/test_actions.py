"""The gate, the office, the townships and the right to take part, against the database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from weimin.apps.taskadmission import access, actions, queries
from weimin.apps.taskadmission.models import Attempt, Matter, Opinion, Report, Target, Task
from weimin.apps.taskadmission.testing import county_body, form, head, office, town_body, town_head, village_agent
from weimin.apps.taskadmission.types import Answer, Upload
from weimin.base.clock import local_date
from weimin.kernel.cases.testing import PICTURE
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.directory import queries as directory
from weimin.kernel.directory.testing import AT, COUNTY, TOWN
from weimin.kernel.record import registry
from weimin.kernel.record.actions import FileRefused, KeyReused
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


def test_the_same_task_for_the_same_place_and_time_is_sent_back_and_on_record() -> None:
    by = head()
    first = asked(by)
    again = ask(by, key="k2", content="换一种说法，还是每天巡查两次。")
    assert (again.outcome, list(again.faults)) == ("repeated", ["title"])
    assert str(first.pk) in again.faults["title"]
    assert Attempt.objects.latest("pk").outcome == "repeated"
    later = {"starts": "2026-07-01", "ends": "2026-08-01"}
    assert ask(by, key="k3", **later).outcome == "asked"
    assert ask(by, key="k4", places=(OTHER_TOWN,)).outcome == "asked"
    assert ask(head("农业农村局"), key="k5").outcome == "asked"


def test_a_dead_law_of_the_register_is_no_basis(monkeypatch: Any) -> None:
    from weimin.kernel.deadlines import queries as law

    dead = {"title": "旧演示法", "short": "旧演示法", "from": date(2000, 1, 1), "until": date(2020, 1, 1)}
    monkeypatch.setattr(law, "list_laws", lambda: (dead,))
    said = ask(head(), basis="《旧演示法》第二条", row_code=ON_LIST)
    assert (said.outcome, list(said.faults)) == ("incomplete", ["basis"])


def test_somebodys_number_does_not_go_public_with_a_refused_form() -> None:
    assert ask(head(), title="找 34032119000101001X 谈话").outcome == "incomplete"
    row = Attempt.objects.get()
    assert "34032119000101001X" not in row.title
    assert row.typed["title"] == "找 34032119000101001X 谈话"


def test_what_was_typed_opens_again_for_the_heads_body_and_nobody_else() -> None:
    by = head()
    ask(by, contact="")
    (row,) = queries.list_own_attempts(by)
    assert queries.get_typed(by, row.pk) == form(contact="")
    for other in (head("农业农村局"), office(), town_head(), head(roles=("reviewer",))):
        assert not queries.list_own_attempts(other)
        with pytest.raises(queries.NotHere):
            queries.get_typed(other, row.pk)


@pytest.mark.parametrize("row_code", ["", ON_LIST])
def test_the_body_takes_back_what_waits_or_was_admitted_and_it_stays_on_record(row_code: str) -> None:
    by, mine = head(), town_head()
    task = Task.objects.get(pk=ask(by, row_code=row_code).task_id)
    for other in (head("农业农村局"), mine, head(roles=("reviewer",))):
        with pytest.raises((access.NotYourPart, actions.TaskUnknown)):
            actions.withdraw_task(by=other, at=AT, task_id=task.pk, reason="别人想撤回")
    with pytest.raises(actions.TaskBroken):
        actions.withdraw_task(by=by, at=AT, task_id=task.pk, reason="")
    actions.withdraw_task(by=by, at=AT, task_id=task.pk, reason="已经由部门自己做完")
    task.refresh_from_db()
    assert (task.state, task.withdrawn_at) == ("withdrawn", AT)
    assert [one.pk for one in queries.list_tasks(mine)] == ([task.pk] if row_code else [])
    with pytest.raises(actions.TaskDone):
        actions.withdraw_task(by=by, at=AT, task_id=task.pk, reason="再撤回一次")
    if row_code:
        with pytest.raises(actions.TaskDone):
            actions.report_done(by=mine, at=AT, target_id=task.targets.get().pk, note="已经撤回了还报")
    else:
        assert task.clock is not None
        assert task.clock.state == "stopped"
        with pytest.raises(actions.TaskDone):
            actions.decide_task(by=office(), at=AT, task_id=task.pk, admit=True, reason="已经撤回了还批")


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
    with pytest.raises(access.NotYourPart):
        actions.decide_task(by=by, at=AT, task_id=task.pk, admit=True, reason="我说可以就可以")
    with pytest.raises(actions.TaskUnknown):
        actions.decide_task(by=town_head(), at=AT, task_id=task.pk, admit=True, reason="没有下来的乡镇看不到")
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
    with pytest.raises(actions.TaskDone):
        actions.withdraw_task(by=head(), at=AT, task_id=target.task_id, reason="都办完了才撤回")


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


def report(by: Actor, agency: int, *, key: str = "v") -> int:
    return actions.report_bypass(by=by, at=AT, agency_id=agency, text="在村群里要求三天内报一张表", key=key)


def test_what_a_village_says_of_its_own_township_the_township_does_not_see_and_the_office_does() -> None:
    """The village's code begins like another township's: neither its own nor that one may be told by cutting it."""
    agent, mine, other = village_agent(), town_head(), town_head(OTHER_TOWN)
    assert agent.division_code.startswith(OTHER_TOWN[:9])
    of_town = report(agent, town_body())
    assert [one.pk for one in queries.list_reports(agent)] == [of_town]
    assert [one.pk for one in queries.list_reports(office())] == [of_town]
    for who in (mine, other, village_agent(directory.children_of(TOWN)[1].code), head()):
        assert not queries.list_reports(who), who.agency_name
    actions.answer_report(by=office(), at=AT, report_id=of_town, upheld=True, answer="已要求镇里撤回")
    assert not queries.list_reports(mine)


def test_what_a_village_says_of_a_county_body_its_township_sees_and_no_other() -> None:
    of_county = report(village_agent(), county_body())
    assert [one.pk for one in queries.list_reports(town_head())] == [of_county]
    assert not queries.list_reports(town_head(OTHER_TOWN))


def test_a_village_names_bodies_of_its_own_county_and_township_only_and_a_township_no_township() -> None:
    for by, agency in ((village_agent(), town_body(OTHER_TOWN)), (town_head(), town_body())):
        with pytest.raises(actions.ReportBroken) as fault:
            report(by, agency)
        assert list(fault.value.fields) == ["agency"]
    with pytest.raises(access.NotYourPart):
        report(head(), county_body())


def test_only_the_office_of_the_county_answers_a_report() -> None:
    number = report(village_agent(), county_body())
    far = head("编办", roles=("admission_office",), county="340322000000")
    with pytest.raises(access.NotYourPart):
        actions.answer_report(by=town_head(), at=AT, report_id=number, upheld=False, answer="我们自己来答复")
    with pytest.raises(Exception, match="找不到"):
        actions.answer_report(by=far, at=AT, report_id=number, upheld=False, answer="别的县的来答复")
    actions.answer_report(by=office(), at=AT, report_id=number, upheld=False, answer="查过，没有这回事")
    with pytest.raises(actions.ReportDone):
        actions.answer_report(by=office(), at=AT, report_id=number, upheld=True, answer="再答复一次")


def test_a_village_sees_the_tasks_let_down_to_it_and_its_neighbour_does_not() -> None:
    said = ask(head(), target="village", form="assist", places=(village(),), row_code=VILLAGE_ROW)
    agent, neighbour = village_agent(), village_agent(directory.children_of(TOWN)[1].code)
    assert [one.pk for one in queries.list_tasks(agent)] == [said.task_id]
    assert not queries.list_tasks(neighbour)
    target = Target.objects.get(task_id=said.task_id)
    with pytest.raises(access.NotYourPart):
        actions.object_to_task(by=agent, at=AT, target_id=target.pk, reason="村里代办员提异议")


def test_the_public_figures_add_up_by_department_and_lead_to_their_records() -> None:
    by = head()
    ask(by, key="a", row_code=ON_LIST)
    refused, waiting = asked(by, key="b"), asked(by, key="c", title="另外一个任务")
    back = asked(by, key="g", title="撤回的任务")
    actions.withdraw_task(by=by, at=AT, task_id=back.pk, reason="已经由部门自己做完")
    assert ask(by, key="h", title="另外一个任务").outcome == "repeated"
    ask(by, key="d", contact="")
    ask(by, key="e", responsible="village", field="enforcement")
    actions.decide_task(
        by=office(), at=AT + timedelta(days=4), task_id=refused.pk, admit=False, reason="部门自己的职责"
    )
    ask(head("农业农村局"), key="f", row_code=ON_LIST)
    day = local_date(AT)
    mine, other = queries.count_departments(county=COUNTY, since=day, until=day)
    assert (mine.asked, mine.admitted, mine.refused, mine.outside) == (5, 1, 2, 3)
    assert (mine.waiting, mine.withdrawn, mine.incomplete) == (1, 1, 2)
    assert mine.average_days == 4.0
    assert (other.asked, other.admitted, other.average_days) == (1, 1, None)
    for kind in ("asked", "admitted", "refused", "outside", "waiting", "withdrawn", "incomplete", "bypassed"):
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


def test_files_on_an_opinion_are_for_body_township_and_office_only(settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    by, mine, other = head(), town_head(), town_head(OTHER_TOWN)
    row = matter(by, TOWN, OTHER_TOWN)
    opinion = row.opinions.get(township_id=TOWN)
    give: dict[str, Any] = {"by": mine, "at": AT, "opinion_id": opinion.pk, "stance": "object", "reasons": "离学校太近"}
    with pytest.raises(FileRefused):
        actions.give_opinion(**give, files=[Upload("表.exe", b"MZ")])
    with pytest.raises(actions.MatterBroken):
        actions.give_opinion(**give, files=[Upload("图.png", PICTURE)] * 6)
    opinion.refresh_from_db()
    assert opinion.state == "asked"
    actions.give_opinion(**give, files=[Upload("图.png", PICTURE)])
    for who, sees in ((by, True), (mine, True), (office(), True), (other, False), (head("农业农村局"), False)):
        assert bool(queries.list_opinion_files(who, row.pk)) is sees, who.agency_name


def test_a_matter_that_is_taken_back_asks_nobody_any_more_and_keeps_what_was_said() -> None:
    by, mine = head(), town_head()
    row = matter(by, TOWN, OTHER_TOWN)
    said = row.opinions.get(township_id=TOWN)
    actions.give_opinion(by=mine, at=AT, opinion_id=said.pk, stance="object", reasons="离村小学太近")
    with pytest.raises(access.NotYourPart):
        actions.withdraw_matter(by=mine, at=AT, matter_id=row.pk, reason="乡镇想让它撤回")
    actions.withdraw_matter(by=by, at=AT, matter_id=row.pk, reason="选址改到别的县区")
    row.refresh_from_db()
    assert row.state == "withdrawn"
    assert {one.clock.state for one in row.opinions.all() if one.clock} == {"stopped"}
    assert actions.record_silences(at=AT + timedelta(days=40)) == 0
    said.refresh_from_db()
    assert said.reasons == "离村小学太近"
    for late in (
        lambda: actions.pass_matter(by=by, at=AT, matter_id=row.pk),
        lambda: actions.answer_opinion(by=by, at=AT, opinion_id=said.pk, taken=True, reply="已经撤回了"),
    ):
        with pytest.raises(actions.MatterPassed):
            late()


@pytest.mark.parametrize("text", ["找 139 0000 0101 谈", "身份证 34032119000101001X"])
def test_nobodys_number_goes_into_what_is_public(text: str) -> None:
    by, mine = head(), town_head()
    sent: dict[str, Any] = {"kind": "siting", "title": "新建养老服务中心", "townships": [TOWN], "key": "p"}
    with pytest.raises(actions.MatterBroken) as fault:
        actions.raise_matter(by=by, at=AT, content=f"拟在镇东建，{text}", **sent)
    assert list(fault.value.fields) == ["content"]
    opinion = matter(by).opinions.get()
    with pytest.raises(actions.MatterBroken) as fault:
        actions.give_opinion(by=mine, at=AT, opinion_id=opinion.pk, stance="object", reasons=f"不行，{text}")
    assert list(fault.value.fields) == ["reasons"]
    task = asked(by)
    with pytest.raises(actions.TaskBroken):
        actions.decide_task(by=office(), at=AT, task_id=task.pk, admit=False, reason=f"不行，{text}")


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
