"""Delegations against the database: their way, their periods, and the matters decided under them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from weimin.apps.delegation import access, actions, queries
from weimin.apps.delegation.models import Delegation
from weimin.apps.delegation.testing import (
    LETTER,
    SYSTEM,
    TOWN,
    attach,
    department,
    instrument,
    ready,
    run_delegation,
)
from weimin.apps.delegation.types import Readiness
from weimin.base import keeping
from weimin.base.errors import WeiminError
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.actions.authorities import NotInForce
from weimin.kernel.cases.models import Case, Paper, Step
from weimin.kernel.cases.queries import get_paper
from weimin.kernel.cases.testing import Cast, make_cast, officer, open_step
from weimin.kernel.catalogue.authority import decision_authority
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.record.actions import FileRefused
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
DAY = date(2026, 3, 2)
ITEM = "A9-51"


def propose(**changes: Any) -> str:
    return actions.propose_delegation(by=SYSTEM, at=AT, instrument=instrument(department_id=department(), **changes))


def forest(at: datetime = AT, **changes: Any) -> str:
    return run_delegation(
        at, **{"items": (ITEM,), "powers": ("permit",), "focus": "farming",
               "department_id": department("自然资源和规划局"), "basis": "森林法第五十七条", **changes}
    )  # fmt: skip


def test_a_banned_attempt_is_refused_and_on_record() -> None:
    with pytest.raises(actions.Reserved, match="行政强制法第十七条"):
        propose(powers=("coercive_measure",))
    entry = AuditEntry.objects.get(verb="delegation.attempt.refused")
    assert entry.subject_id == TOWN and "coercive_measure" in str(entry.changes)
    assert not Delegation.objects.exists()


def test_the_whole_way_to_running_and_its_evaluation() -> None:
    number = run_delegation(AT)
    row = queries.get_delegation(viewer=SYSTEM, number=number)
    assert row.state == "trial" and row.evaluate_on == date(2027, 3, 2)
    assert [one.what for one in row.steps.order_by("pk")] == [
        "提出", "评估承接条件", "附上书面决定（委托书）", "决定公布", "乡镇签确认书", "部门签确认书", "开始运行",
    ]  # fmt: skip
    assert list(queries.list_overdue(viewer=SYSTEM, on=date(2027, 3, 2))) == []
    assert [one.number for one in queries.list_overdue(viewer=SYSTEM, on=date(2027, 3, 3))] == [number]
    later = AT + timedelta(days=300)
    actions.evaluate_delegation(by=SYSTEM, at=later, number=number, result="full", text="办得又快又准")
    row.refresh_from_db()
    assert row.state == "full" and row.evaluate_on and row.evaluate_on > date(2027, 12, 1)


def test_no_step_before_its_turn() -> None:
    number = propose()
    for call in (
        lambda: actions.publish_decision(by=SYSTEM, at=AT, number=number, by_issuer="网", by_recipient="栏"),
        lambda: actions.begin_running(by=SYSTEM, at=AT, number=number),
        lambda: actions.withdraw_delegation(by=SYSTEM, at=AT, number=number, reason="试试看", open_matters="finish"),
        lambda: actions.evaluate_delegation(by=SYSTEM, at=AT, number=number, result="full", text="很好很好"),
    ):
        with pytest.raises(actions.WrongState):
            call()
    with pytest.raises(actions.Incomplete):
        actions.assess_readiness(by=SYSTEM, at=AT, number=number, readiness=Readiness())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"items": ("没有这一项",)}, "items"),
        ({"items": ("x" * 5000,)}, "items"),
        ({"township": "340321113200"}, "township"),
        ({"township": "340321000000"}, "township"),
        ({"township": "\x00"}, "township"),
        ({"kind": "gift"}, "kind"),
        ({"focus": ""}, "focus"),
        ({"powers": ("magic",)}, "powers"),
        ({"limits": "长" * 401}, "limits"),
        ({"township": "340302001000"}, "department"),
    ],
)
def test_bad_input_names_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(WeiminError) as told:
        propose(**changes)
    assert field in told.value.fields


def test_periods_of_one_matter_in_one_township_cannot_overlap() -> None:
    run_delegation(AT)
    second = propose(valid_from=date(2027, 12, 31), valid_until=date(2029, 1, 1))
    actions.assess_readiness(by=SYSTEM, at=AT, number=second, readiness=ready(DAY))
    attach(AT, second)
    with pytest.raises(actions.Overlapping):
        actions.publish_decision(by=SYSTEM, at=AT, number=second, by_issuer="网", by_recipient="栏")
    assert run_delegation(AT, valid_from=date(2028, 1, 1), valid_until=date(2029, 1, 1))


def test_only_keepers_above_and_leaders_of_both_sides() -> None:
    number = propose()
    clerk = officer(AT, "accepting", ("front_desk",))
    keeper = officer(AT, "township", ("list_keeper",))
    for who in (clerk, keeper, Actor.anonymous()):
        with pytest.raises(access.NotYours):
            actions.assess_readiness(by=who, at=AT, number=number, readiness=ready(DAY))
    actions.assess_readiness(by=officer(AT, "county", ("list_keeper",)), at=AT, number=number, readiness=ready(DAY))
    attach(AT, number)
    actions.publish_decision(by=SYSTEM, at=AT, number=number, by_issuer="网", by_recipient="栏")
    for who in (clerk, officer(AT, "county", ("leader",), lead="人社局")):
        with pytest.raises(access.NotYours):
            actions.sign_confirmation(by=who, at=AT, number=number, read=True)
    head = officer(AT, "county", ("leader",), lead="民政局")
    with pytest.raises(actions.Incomplete, match="先看完"):
        actions.sign_confirmation(by=head, at=AT, number=number, read=False)
    assert actions.sign_confirmation(by=head, at=AT, number=number, read=True) == "department"
    with pytest.raises(actions.WrongState, match="已经由"):
        actions.sign_confirmation(by=head, at=AT, number=number, read=True)
    with pytest.raises(actions.WrongState):
        actions.begin_running(by=SYSTEM, at=AT, number=number)


def test_nothing_is_published_without_its_written_letter() -> None:
    number = propose()
    actions.assess_readiness(by=SYSTEM, at=AT, number=number, readiness=ready(DAY))
    with pytest.raises(actions.Incomplete) as told:
        actions.publish_decision(by=SYSTEM, at=AT, number=number, by_issuer="网", by_recipient="栏")
    assert "行政处罚法第二十条第二款" in told.value.fields["letter"]
    with pytest.raises(FileRefused):
        actions.attach_letter(by=SYSTEM, at=AT, number=number, name="委托书.pdf", content=b"MZ not a paper")
    attach(AT, number)
    actions.publish_decision(by=SYSTEM, at=AT, number=number, by_issuer="网", by_recipient="栏")
    with pytest.raises(actions.WrongState):
        attach(AT, number)


def test_two_first_proposals_of_a_year_at_once_get_a_sentence_and_no_fault() -> None:
    stem, waiting = f"{TOWN[:9]}-2026-001", "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"

    def somebody_else() -> None:
        """Holds the year's first number until the other proposal waits for it."""
        try:
            with transaction.atomic():
                made = instrument(department_id=department())
                fields = {name: getattr(made, name) for name in ("kind", "list_kind", "focus", "valid_from", "basis")}
                Delegation.objects.create(
                    number=stem, township_id=TOWN, department_id=made.department_id, powers=["pay"], **fields
                )
                held.set()
                with connection.cursor() as cursor:
                    cursor.execute(waiting)
                    while cursor.fetchone() is None and not over.is_set():
                        cursor.execute(waiting)
        finally:
            held.set()
            connection.close()

    def clean() -> None:
        Delegation.objects.filter(number=stem).delete()
        connection.close()

    held, over = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(somebody_else)
        held.wait()
        try:
            with pytest.raises(actions.WrongState, match="再按一次"):
                propose()
            other.result()
        finally:
            over.set()
            pool.submit(clean).result()


def test_the_letter_is_for_both_sides_and_those_above_them() -> None:
    number = run_delegation(AT)
    for who in (
        SYSTEM,
        officer(AT, "township", ("leader",)),
        officer(AT, "county", ("leader",), lead="民政局"),
        officer(AT, "county", ("list_keeper",)),
    ):
        assert queries.get_letter(viewer=who, number=number).content == LETTER
    for who in (Actor.anonymous(), officer(AT, "accepting", ("front_desk",))):
        with pytest.raises(access.DelegationUnknown):
            queries.get_letter(viewer=who, number=number)


@pytest.mark.parametrize(
    ("items", "why"),
    [(("A5-31",), "由县级决定"), (("A9-54",), "本来就由乡镇")],
)
def test_what_the_list_does_not_let_be_moved_is_refused(items: tuple[str, ...], why: str) -> None:
    with pytest.raises(actions.Incomplete) as told:
        propose(items=items)
    assert why in told.value.fields["items"]


def test_a_swap_keeps_where_the_power_came_from_and_waits_for_the_withdrawal() -> None:
    first = run_delegation(AT, origin="optional")
    assert Delegation.objects.get(number=first).first_origin == "optional"
    with pytest.raises(actions.Incomplete) as told:
        propose(origin="swap", items=(ITEM,))
    assert "replaces" in told.value.fields
    with pytest.raises(actions.Incomplete, match="改一下") as told:
        propose(origin="swap", items=(ITEM, "A4-19"), replaces=first)
    assert "事项数要一样" in told.value.fields["items"]
    with pytest.raises(actions.WrongState, match=first):
        forest(origin="swap", replaces=first)
    second = Delegation.objects.get(state="signed")
    assert (second.origin, second.first_origin, second.replaces.number) == ("swap", "optional", first)  # type: ignore[union-attr]
    actions.withdraw_delegation(by=SYSTEM, at=AT, number=first, reason="置换成别的", open_matters="finish")
    actions.begin_running(by=SYSTEM, at=AT, number=second.number)
    third = propose(origin="swap", replaces=second.number)
    assert Delegation.objects.get(number=third).first_origin == "optional", "kept however often it is swapped"


@pytest.mark.parametrize("days", [-3000, -1, 0, 1, 100, 730, 731, 5000])
def test_no_authority_outside_the_period(days: int) -> None:
    run_delegation(AT, valid_from=DAY, valid_until=DAY + timedelta(days=731))
    found = decision_authority("A4-23", TOWN, DAY + timedelta(days=days))
    assert (found is not None) == (0 <= days < 731)
    assert decision_authority("A4-23", "340321104000", DAY) is None
    assert decision_authority("A4-19", TOWN, DAY) is None


def test_nothing_runs_before_it_is_signed() -> None:
    number = propose()
    assert decision_authority("A4-23", TOWN, DAY) is None
    actions.assess_readiness(by=SYSTEM, at=AT, number=number, readiness=ready(DAY))
    attach(AT, number)
    actions.publish_decision(by=SYSTEM, at=AT, number=number, by_issuer="网", by_recipient="栏")
    assert decision_authority("A4-23", TOWN, DAY) is None


# --- matters -----------------------------------------------------------------------------------------
@pytest.fixture
def cast() -> Cast:
    return make_cast(AT)


def application(cast: Cast, at: datetime = AT) -> Case:
    """A matter of an item that a delegation may move, taken in at the window."""
    from weimin.config.examples import answers_of
    from weimin.kernel.catalogue import queries as catalogue

    spec = catalogue.get_current(code=ITEM)
    from weimin.kernel.cases.testing import current_notice
    from weimin.kernel.cases.types import Channel, Submission

    sent = Submission(
        item_code=ITEM, township_code=TOWN, applicant_id=cast.applicant.resident_id or 0, channel=Channel.WINDOW,
        answers=answers_of(spec, "2026-01-05"), waived_materials=tuple(one.code for one in spec.materials),
        notice=current_notice(at),
    )  # fmt: skip
    done = cases.submit(by=cast.clerk, at=at, key=f"k{at}", submission=sent)
    return Case.objects.get(pk=done.case_id)


def to_decision(cast: Cast, case: Case, rule: str, at: datetime = AT) -> tuple[Actor, int]:
    """Accept and review up to the decision; gives who decides and the step."""
    cases.accept_application(by=cast.clerk, at=at, case_id=case.pk, step_id=open_step(case.pk, cast.clerk))
    lead = "自然资源和规划局"
    for where in ("township", rule):
        who = officer(at, where, ("reviewer",), lead=lead)
        cases.complete_review(
            by=who, at=at, case_id=case.pk, step_id=open_step(case.pk, who), outcome="agree", opinion="属实"
        )
    step = Step.objects.get(case=case, kind="decide", state="open")
    return officer(at, rule, ("decider",), lead=lead), step.pk


def decide(who: Actor, case: Case, step: int, at: datetime = AT) -> None:
    cases.decide_case(
        by=who,
        at=at,
        case_id=case.pk,
        step_id=step,
        outcome="approve",
        reasons="符合条件，属实。",
        basis="森林法第五十七条",
    )


def printed(case: Case) -> dict[str, Any]:
    paper = Paper.objects.get(case=case, kind="decision")
    return get_paper(SYSTEM, paper.pk)[1]


def test_without_a_delegation_the_county_decides(cast: Cast) -> None:
    case = application(cast)
    assert case.authority == {"decider": "county"} and case.delegation == ""
    who, step = to_decision(cast, case, "county")
    decide(who, case, step)


@pytest.mark.parametrize(
    ("kind", "changes", "name"),
    [("entrust", {}, "怀远县"), ("empower", {"issuer_level": "province", "powers": ("penalty",)}, "人民政府")],
)
def test_under_a_delegation_the_township_decides_in_the_right_name(
    cast: Cast, kind: str, changes: dict[str, Any], name: str
) -> None:
    number = forest(kind=kind, **changes)
    case = application(cast)
    assert case.delegation == number and case.authority and case.authority["kind"] == kind
    who, step = to_decision(cast, case, "township")
    decide(who, case, step)
    paper = printed(case)
    assert paper["agency"] == case.authority["name_of"] and name in paper["agency"]
    assert number in paper["authority_text"]


def test_a_decision_under_a_delegation_costs_no_further_statement(cast: Cast) -> None:
    counts = []
    for place, rule in enumerate(("county", "township")):
        at = AT + timedelta(minutes=place)
        if rule == "township":
            forest()
        case = application(cast, at)
        who, step = to_decision(cast, case, rule, at)
        keeping.forget()  # what is read anew every ten seconds is read in both
        with CaptureQueriesContext(connection) as asked:
            decide(who, case, step, at)
        counts.append(len([one for one in asked.captured_queries if "SAVEPOINT" not in one["sql"]]))
    assert counts[1] <= counts[0] <= 21, counts  # four of them are asked every ten seconds only


def test_a_matter_keeps_what_it_started_with(cast: Cast) -> None:
    case = application(cast)
    forest()
    who, step = to_decision(cast, case, "county")
    decide(who, case, step)


def test_a_decision_after_the_term_is_refused_in_words(cast: Cast) -> None:
    number = forest(valid_until=DAY + timedelta(days=1))
    case = application(cast)
    who, step = to_decision(cast, case, "township")
    with pytest.raises(NotInForce, match=number):
        decide(who, case, step, AT + timedelta(days=1))
    actions.withdraw_delegation(
        by=SYSTEM, at=AT + timedelta(days=1), number=number, reason="期限已满", open_matters="finish"
    )
    decide(who, case, step, AT + timedelta(days=1))


@pytest.mark.parametrize("open_matters", ["finish", "hand_up"])
def test_a_withdrawal_says_what_happens_to_open_matters(cast: Cast, open_matters: str) -> None:
    number = forest(valid_from=date(2026, 1, 1))
    case = application(cast)
    who, step = to_decision(cast, case, "township")
    later = AT + timedelta(days=3)
    moved = actions.withdraw_delegation(
        by=SYSTEM, at=later, number=number, reason="承接能力不足", open_matters=open_matters
    )
    assert moved == 1 and decision_authority(ITEM, TOWN, DAY + timedelta(days=3)) is None
    assert decision_authority(ITEM, TOWN, DAY) is None, "nothing new starts under it, whatever the day"
    if open_matters == "hand_up":
        with pytest.raises(WeiminError):
            decide(who, case, step, later)
        decide(officer(later, "county", ("decider",), lead="自然资源和规划局"), case, step, later)
        assert "authority_text" not in printed(case)
    else:
        decide(who, case, step, later)
        assert number in printed(case)["authority_text"]


@pytest.mark.parametrize("open_matters", ["finish", "hand_up"])
def test_a_withdrawal_on_a_later_day_is_carried_out_on_that_day(cast: Cast, open_matters: str) -> None:
    number = forest(valid_from=date(2026, 1, 1))
    before = application(cast)
    last = DAY + timedelta(days=10)
    told = actions.withdraw_delegation(
        by=SYSTEM, at=AT, number=number, reason="承接能力不足", open_matters=open_matters, on=last
    )
    assert told is None and Delegation.objects.get(number=number).state == "trial"
    assert decision_authority(ITEM, TOWN, last - timedelta(days=1)) is not None
    assert decision_authority(ITEM, TOWN, last) is None
    during = application(cast, AT + timedelta(days=2))
    assert during.delegation == number and (during.authority or {})["until"] == last.isoformat()
    who, step = to_decision(cast, before, "township")
    assert actions.carry_out_withdrawals(at=AT + timedelta(days=9)) == 0
    on_the_day = AT + timedelta(days=10)
    with pytest.raises(NotInForce):
        decide(who, before, step, on_the_day)
    assert actions.carry_out_withdrawals(at=on_the_day) == 1
    assert actions.carry_out_withdrawals(at=on_the_day) == 0
    row = Delegation.objects.get(number=number)
    assert (row.state, row.valid_until, row.clock_id) == ("withdrawn", last, None)
    assert "在办 2 件" in row.steps.order_by("-pk")[0].note  # type: ignore[attr-defined]
    before.refresh_from_db()
    if open_matters == "hand_up":
        with pytest.raises(WeiminError):
            decide(who, before, step, on_the_day)
        who = officer(on_the_day, "county", ("decider",), lead="自然资源和规划局")
    decide(who, before, step, on_the_day)


@pytest.mark.parametrize(("days", "fault"), [(-1, "过去"), (20, "只能提前"), (900, "只能提前")])
def test_a_withdrawal_that_was_announced_can_only_come_sooner(days: int, fault: str) -> None:
    number = run_delegation(AT)

    def withdraw(on: date) -> int | None:
        return actions.withdraw_delegation(
            by=SYSTEM, at=AT, number=number, reason="承接能力不足", open_matters="finish", on=on
        )

    withdraw(DAY + timedelta(days=10))
    with pytest.raises(actions.Incomplete) as told:
        withdraw(DAY + timedelta(days=days))
    assert fault in told.value.fields["on"]
    withdraw(DAY + timedelta(days=5))
    assert withdraw(DAY) == 0
    assert Delegation.objects.get(number=number).state == "withdrawn"


def test_one_broken_withdrawal_holds_up_no_other() -> None:
    first, second = run_delegation(AT), run_delegation(AT, items=(ITEM,), powers=("permit",))
    for number in (first, second):
        actions.withdraw_delegation(
            by=SYSTEM, at=AT, number=number, reason="承接能力不足", open_matters="finish", on=DAY + timedelta(days=1)
        )
    Delegation.objects.filter(number=first).update(open_matters="nowhere")
    assert actions.carry_out_withdrawals(at=AT + timedelta(days=1), batch=1) == 1
    assert Delegation.objects.get(number=first).state == "trial"
    assert Delegation.objects.get(number=second).state == "withdrawn"


def test_the_evaluation_is_a_promise_and_not_the_laws_own_limit() -> None:
    row = Delegation.objects.get(number=run_delegation(AT))
    clock = Clock.objects.get(pk=row.clock_id)
    assert clock.due_date is None and clock.committed_due_date == row.evaluate_on


def test_coverage_counts_by_township_and_field() -> None:
    run_delegation(AT)
    row = next(one for one in queries.coverage(on=DAY) if one.township == TOWN)
    assert row.total == 1 and ("poverty", 1, 4) in row.cells
    assert sum(one.total for one in queries.coverage(on=DAY)) == 1
    assert sum(one.total for one in queries.coverage(on=date(2025, 12, 31))) == 0
