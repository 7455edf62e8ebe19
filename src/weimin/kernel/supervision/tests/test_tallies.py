"""Figures are the sum of their records: whatever becomes of the events, whoever asks, and whichever record is opened."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weimin.base.clock import local_date
from weimin.base.errors import WeiminError
from weimin.base.paging import page_key
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.rules import numbers
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN, Cast, apart, open_step
from weimin.kernel.cases.types import ENDED
from weimin.kernel.deadlines import actions as deadlines
from weimin.kernel.directory import queries as places
from weimin.kernel.evaluation import actions as evaluation
from weimin.kernel.evaluation.models import Rating
from weimin.kernel.record import actions as record
from weimin.kernel.record.models import AuditEntry, OutboxMessage
from weimin.kernel.record.types import Actor
from weimin.kernel.supervision import actions, registry
from weimin.kernel.supervision.access import PLACE_TALLIES, TALLIES
from weimin.kernel.supervision.actions import tallying
from weimin.kernel.supervision.actions.tallying import _compare
from weimin.kernel.supervision.models import Contribution, FigureCheck, PlaceTally, Recount, Tally, Warning
from weimin.kernel.supervision.queries import figures
from weimin.kernel.supervision.queries.figures import Which
from weimin.kernel.supervision.testing import COUNTY, OTHER_COUNTY, Watch
from weimin.kernel.supervision.tests.matters import AT, DECIDED, PENSION, accepted, apply_for, count_two_in

SYSTEM = Actor.system("测试")
SINCE, UNTIL = date(2026, 1, 1), date(2027, 1, 1)
LATER = datetime(2026, 12, 30, tzinfo=AT.tzinfo)

pytestmark = pytest.mark.django_db


def catch_up(at: datetime = LATER) -> None:
    """What the worker does until nothing waits."""
    OutboxMessage.objects.filter(delivered_at=None).update(due_at=at, failed_at=None)
    while record.deliver_outbox(at=at):
        pass
    while actions.fold_figures(at=at):
        pass


def told() -> Counter[tuple[str, date, str, int | None]]:
    """Every figure of matters, of all items together."""
    rows = Tally.objects.filter(kind="case", item="*").exclude(n=0)
    found: Counter[tuple[str, date, str, int | None]] = Counter()
    for one in rows:
        found[one.measure, one.day, one.place, one.agency_id] += one.n
    return found


def counted_by_hand() -> Counter[tuple[str, date, str, int | None]]:
    """The same from the records, one by one, in Python."""
    found: Counter[tuple[str, date, str, int | None]] = Counter()

    def add(measure: str, at: datetime, place: str, agency: int | None = None) -> None:
        found[measure, local_date(at).replace(day=1), place, agency] += 1

    for case in Case.objects.all():
        add("cases.received", case.submitted_at, case.township_id)
        if case.ended_at:
            add(f"cases.{case.state}", case.ended_at, case.township_id)
    for step in Step.objects.filter(state="done").select_related("case"):
        kind = "refuse" if step.kind == "accept" and step.outcome == "refuse" else step.kind
        assert step.done_at
        add(f"steps.{kind}", step.done_at, step.case.township_id, step.agency_id)
    for one in Rating.objects.select_related("case"):
        assert one.case.ended_at
        add(f"rated.{one.grade}", one.case.ended_at, one.case.township_id)
    return found


def told_above() -> Counter[tuple[str, date, str]]:
    """Every figure of a whole county, city or province, of all items together."""
    rows = PlaceTally.objects.filter(kind="case", item="*")
    found: Counter[tuple[str, date, str]] = Counter()
    for one in rows.exclude(n=0):
        found[one.measure, one.day, one.place] += one.n
    return found


def summed_by_hand() -> Counter[tuple[str, date, str]]:
    """The same from the records, one by one, in Python: what is no body's, in each place that the township lies in."""
    found: Counter[tuple[str, date, str]] = Counter()
    for (measure, day, place, agency), n in counted_by_hand().items():
        while agency is None and (place := places.get_division(place).parent_code):
            found[measure, day, place] += n
    return found


class City:
    """Some matters on their way, and an outbox that misbehaves."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.at, self.lost = cast, AT + timedelta(days=1), False
        self.matters: list[int] = []

    def receive(self, pick: int) -> None:
        person = self.cast.applicant if pick % 2 else self.cast.neighbour
        done = apply_for(self.cast.clerk, self.at, PENSION, person.resident_id or 0)
        self.matters.append(done.case_id)

    def _one(self, pick: int) -> Case | None:
        return Case.objects.get(pk=self.matters[pick % len(self.matters)]) if self.matters else None

    def go_on(self, pick: int) -> None:
        """The next lawful thing that happens to a matter."""
        case, cast = self._one(pick), self.cast
        if case is None:
            return
        if case.state == "closed":
            evaluation.rate_case(by=cast.clerk, at=self.at, number=case.number, grade=1 + pick % 5)
            return
        step = case.steps.filter(state="open").first()
        if step is None:
            return
        now: dict[str, Any] = {"at": self.at, "case_id": case.pk, "step_id": step.pk}
        if step.kind == "accept":
            cases.accept_application(by=cast.clerk, **now)
        elif step.kind == "review":
            who = cast.reviewer if step.agency_id == cast.reviewer.agency_id else cast.county
            cases.complete_review(by=who, outcome="agree", opinion="属实", **now)
        elif step.kind == "decide":
            cases.decide_case(by=cast.decider, **now, **DECIDED)
        elif step.kind == "result":
            cases.make_result(by=cast.county, **now)
        else:
            cases.hand_out_result(by=cast.issuer, code=numbers.pickup_code(case.number), **now)

    def finish(self, pick: int) -> None:
        """All that happens to a matter until it is closed, and its rating."""
        case = self._one(pick)
        while case is not None and case.state not in ENDED:
            self.go_on(pick)
            self.at += timedelta(hours=1)
            case.refresh_from_db()
        self.go_on(pick)

    def withdraw(self, pick: int) -> None:
        case = self._one(pick)
        if case is not None and case.state in ("received", "handling"):
            cases.withdraw_application(by=self.cast.clerk, at=self.at, case_id=case.pk)

    def refuse(self, pick: int) -> None:
        case = self._one(pick)
        if case is not None and case.state == "received":
            cases.refuse_application(
                by=self.cast.clerk,
                at=self.at,
                case_id=case.pk,
                step_id=open_step(case.pk, self.cast.clerk),
                reasons="依法不属于本机关的职权范围。",
                basis="行政许可法第三十二条",
            )

    def deliver(self, pick: int) -> None:
        record.deliver_outbox(at=self.at, batch=1 + pick)

    def fold(self, pick: int) -> None:
        actions.fold_figures(at=self.at, batch=1 + pick)

    def work(self, pick: int) -> None:
        """A worker's turn."""
        self.deliver(50)
        self.fold(50)

    def repeat(self, pick: int) -> None:
        """What was delivered comes again."""
        OutboxMessage.objects.exclude(delivered_at=None).update(delivered_at=None)

    def turn_round(self, pick: int) -> None:
        """What waits comes in another order."""
        for place, one in enumerate(OutboxMessage.objects.filter(delivered_at=None).order_by("-pk")):
            OutboxMessage.objects.filter(pk=one.pk).update(due_at=AT + timedelta(seconds=place))

    def put_off(self, pick: int) -> None:
        """What waits comes much later."""
        OutboxMessage.objects.filter(delivered_at=None).update(due_at=LATER)

    def lose(self, pick: int) -> None:
        """What waits never comes."""
        self.lost = self.lost or OutboxMessage.objects.filter(delivered_at=None).exists()
        OutboxMessage.objects.filter(delivered_at=None).delete()


LIVING, DISTURBING = ("receive", "go_on", "finish", "withdraw", "refuse"), ("repeat", "turn_round", "put_off", "lose")
DOINGS = (*LIVING, "work", "work", "work", "deliver", "fold", *DISTURBING)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    story=st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(0, 6), st.integers(0, 20)), min_size=4, max_size=20)
)
def test_whatever_becomes_of_the_events_the_figures_are_the_records(
    cast: Cast, story: list[tuple[str, int, int]]
) -> None:
    mark = transaction.savepoint()
    try:
        town = City(cast)
        town.receive(0)
        for what, pick, days in story:
            town.at += timedelta(days=days, minutes=1)
            try:
                with transaction.atomic():
                    getattr(town, what)(pick)
            except WeiminError:
                continue
            if not town.lost:
                assert _compare(SINCE, UNTIL) == []  # what waits is no difference
        catch_up()
        if town.lost:
            actions.reconcile_figures(by=SYSTEM, at=LATER, since=SINCE, until=UNTIL, fix=True)
        assert told() == counted_by_hand()
        assert told_above() == summed_by_hand()
        assert _compare(SINCE, UNTIL) == []
    finally:
        transaction.savepoint_rollback(mark)


def test_a_whole_life_is_counted_step_by_step(cast: Cast) -> None:
    town = City(cast)
    town.receive(0)
    town.finish(3)
    catch_up()
    assert told() == counted_by_hand()
    assert {"cases.closed", "rated.4", "steps.decide", "steps.issue"} <= {one[0] for one in told()}
    closed = Tally.objects.get(measure="cases.closed", item="*")
    assert (closed.n, closed.late) == (1, 0)
    assert closed.allowed > closed.used >= 0


def test_what_is_late_adds_up_from_count_to_count(cast: Cast) -> None:
    town = City(cast)
    town.receive(0)
    town.receive(1)
    town.at += timedelta(days=15)
    for pick in (0, 1):
        town.go_on(pick)
        town.work(0)
    accepted_late = Tally.objects.get(measure="steps.accept", item="*")
    assert (accepted_late.n, accepted_late.late) == (2, 2)
    assert accepted_late.used == 30 > accepted_late.allowed > 0
    assert _compare(SINCE, UNTIL) == []


@pytest.mark.parametrize("stretch", [1, 50_000])
def test_counting_anew_gives_the_same_as_counting_on(cast: Cast, stretch: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(tallying, "STRETCH", stretch)
    accepted(cast, AT)
    town = City(cast)
    town.receive(1)
    town.withdraw(0)
    catch_up()
    before = sorted(Tally.objects.values_list("measure", "day", "place", "agency", "item", "public", "n", "late"))
    assert before
    heard: list[tuple[int, int]] = []
    counted = actions.rebuild_figures(by=SYSTEM, at=LATER, progress=lambda *pair: heard.append(pair))
    assert counted == Contribution.objects.count() > 0
    assert heard[-1][0] == heard[-1][1] > 0
    rows = Tally.objects.exclude(n=0).values_list("measure", "day", "place", "agency", "item", "public", "n", "late")
    assert sorted(rows, key=str) == sorted((one for one in before if one[6]), key=str)


def test_what_changes_while_all_is_counted_anew_follows(cast: Cast) -> None:
    accepted(cast, AT)
    actions.rebuild_figures(by=SYSTEM, at=AT)
    accepted(cast, AT)  # its events wait
    assert _compare(SINCE, UNTIL) == []
    assert Tally.objects.get(measure="cases.received", item="*").n == 1
    catch_up()
    assert Tally.objects.get(measure="cases.received", item="*").n == 2


def test_a_figure_that_was_changed_by_hand_is_named_and_mended(cast: Cast) -> None:
    accepted(cast, AT)
    catch_up()
    Tally.objects.filter(measure="cases.received", item=PENSION).update(n=41)
    (found,) = actions.reconcile_figures(by=SYSTEM, at=LATER, since=SINCE, until=UNTIL)
    assert (found.measure, found.place, found.item, found.told, found.true) == ("cases.received", TOWN, PENSION, 41, 1)
    assert figures.list_bad_checks(since=LATER)
    sums = sorted(PlaceTally.objects.values_list("place", "item", "n"))
    assert actions.check_months(by=SYSTEM, at=LATER, today=AT.date()) == 1
    assert sorted(PlaceTally.objects.values_list("place", "item", "n")) == sums  # not made as wrong by the night
    actions.reconcile_figures(by=SYSTEM, at=LATER + timedelta(minutes=1), since=SINCE, until=UNTIL, fix=True)
    assert Tally.objects.get(measure="cases.received", item=PENSION).n == 1
    assert figures.list_bad_checks(since=LATER) == []
    assert FigureCheck.objects.count() == 4


def test_a_comparison_that_found_differences_stands_until_its_months_are_true(cast: Cast) -> None:
    def look(minute: int, since: date, *, fix: bool = False) -> int:
        at = LATER + timedelta(minutes=minute)
        actions.reconcile_figures(by=SYSTEM, at=at, since=since, until=UNTIL, fix=fix)
        return len(figures.list_bad_checks(since=LATER))

    accepted(cast, AT)
    catch_up()
    Tally.objects.filter(measure="cases.received", item=PENSION).update(n=41)
    assert look(0, SINCE) == 1
    Tally.objects.filter(measure="cases.received", item=PENSION).update(n=1)
    assert look(1, figures.month_of(UNTIL, 1), fix=True) == 1  # it looked at fewer months
    assert look(2, SINCE) == 0


def test_a_lost_event_is_named_and_mended_by_its_record_alone(cast: Cast) -> None:
    accepted(cast, AT)
    OutboxMessage.objects.all().delete()
    catch_up()
    found = actions.reconcile_figures(by=SYSTEM, at=LATER, since=SINCE, until=UNTIL, fix=True)
    assert {(one.told, one.true) for one in found} == {(0, 1)}
    assert _compare(SINCE, UNTIL) == []
    assert Contribution.objects.filter(kind="case").count() == 1


def test_the_nightly_check_looks_at_every_month_of_three_years(db: Any) -> None:
    for turn in range(40):
        today = date(2026, 6, 1) + timedelta(days=turn)
        assert actions.check_months(by=SYSTEM, at=LATER + timedelta(days=turn), today=today) == 0
    seen = set(FigureCheck.objects.values_list("since", flat=True))
    assert len(seen) >= 34


@pytest.mark.parametrize(
    ("measure", "subjects"),
    [
        ("cases.received", ["c.submitted_at"]),
        ("cases.closed", ["c.ended_at"]),
        ("steps.decide", ["s.done_at"]),
        ("x", []),
    ],
)
def test_a_measure_is_sought_only_where_it_may_be(measure: str, subjects: list[str]) -> None:
    """What was received is not sought among all that ended: a city's month of them would be read for nothing."""
    assert [one.moment for one in registry.parts_of(measure)] == subjects


def test_each_figure_opens_the_records_it_was_counted_from(cast: Cast) -> None:
    for turn in range(3):
        accepted(cast, AT + timedelta(minutes=turn))
    catch_up()
    for one in Tally.objects.exclude(n=0).filter(kind="case"):
        which = Which((one.measure,), one.day, "" if one.item == "*" else one.item, one.agency_id or 0, one.place)
        rows = figures.list_counted(SYSTEM, which)
        assert len(rows) == figures.total_of(SYSTEM, which) == one.n
    which = Which(("cases.received",), AT.date().replace(day=1))
    first = figures.list_counted(SYSTEM, which, limit=2)
    rest = figures.list_counted(SYSTEM, which, after=page_key(first[-1].at, first[-1].subject))
    assert len(first) == 2
    assert len({one.subject for one in first + rest}) == 3


def test_a_viewer_counts_and_opens_only_what_their_place_shows(cast: Cast, watch: Watch) -> None:
    accepted(cast, AT)
    catch_up()
    month = AT.date().replace(day=1)
    which = Which(("cases.received",), month)
    seen = {
        name: (figures.total_of(who, which), len(figures.list_counted(who, which)))
        for name, who in vars_of(watch).items()
    }
    assert seen["county"] == seen["city"] == seen["leader"] == (1, 1)
    assert seen["other_county"] == seen["elsewhere"] == seen["clerk"] == (0, 0)
    mine = figures.read_figures(cast.clerk, month=month, at=LATER)
    assert not mine.matters
    assert mine.months[month].of("steps.accept") == 1
    assert list(mine.bodies) == [cast.clerk.agency_id]
    assert figures.read_figures(cast.stranger, month=month, at=LATER).bodies == {}
    assert not TALLIES.visible(cast.applicant).exists()


def vars_of(watch: Watch) -> dict[str, Actor]:
    return {name: getattr(watch, name) for name in watch.__dataclass_fields__}


def test_the_public_sees_closed_items_only_where_they_may_be_listed(cast: Cast) -> None:
    accepted(cast, AT)
    catch_up()
    month = AT.date().replace(day=1)
    assert figures.read_public(place=TOWN, month=month, at=LATER).months[month].of("cases.received") == 1
    assert figures.read_public(place=OTHER_TOWN, month=month, at=LATER).months[month].of("cases.received") == 0
    Tally.objects.update(public=False)
    assert figures.read_public(place=TOWN, month=month, at=LATER).months[month].of("cases.received") == 0


def test_figures_say_up_to_when_they_tell_everything(cast: Cast) -> None:
    assert figures.as_of(LATER) == LATER
    accepted(cast, AT)
    assert figures.as_of(LATER) == AT
    record.deliver_outbox(at=LATER)
    assert Recount.objects.exists()
    assert figures.as_of(LATER) <= LATER
    catch_up()
    assert figures.as_of(LATER) == LATER


def test_a_place_is_told_by_what_it_consists_of(cast: Cast, watch: Watch) -> None:
    """A city by its counties where several have figures; where one has, by that one's townships, as a county is."""
    accepted(cast, AT)
    catch_up()
    month = AT.date().replace(day=1)

    def places_of(viewer: Actor, place: str = "") -> tuple[list[str], int]:
        found = figures.read_figures(viewer, month=month, at=LATER, place=place)
        return sorted(found.places), found.months[month].of("cases.received")

    assert places_of(watch.city) == places_of(watch.city, COUNTY) == places_of(watch.county) == ([TOWN], 1)
    assert places_of(watch.county, places.get_division(COUNTY).parent_code) == ([TOWN], 1)  # their own
    far = places.children_of(OTHER_COUNTY)[0].code
    count_two_in(far, Tally.objects.get(measure="cases.received", item=PENSION))
    assert places_of(watch.city) == (sorted([COUNTY, OTHER_COUNTY]), 3)
    assert places_of(watch.city, OTHER_COUNTY) == ([far], 2)
    assert places_of(watch.other_county) == ([far], 2)
    assert places_of(watch.county) == ([TOWN], 1)
    assert figures.read_public(place=OTHER_COUNTY, month=month, at=LATER).months[month].of("cases.received") == 2


def test_a_sum_that_differs_from_its_tallies_is_named_and_added_up_anew_at_night(cast: Cast) -> None:
    accepted(cast, AT)
    catch_up()
    PlaceTally.objects.filter(place=COUNTY, measure="cases.received", item="*").update(n=41)
    (found,) = actions.reconcile_figures(by=SYSTEM, at=LATER, since=SINCE, until=UNTIL)
    assert (found.measure, found.place, found.item, found.told, found.true) == ("cases.received", COUNTY, "*", 41, 1)
    assert found.of_sum
    assert actions.check_months(by=SYSTEM, at=LATER, today=LATER.date()) == 0
    assert _compare(SINCE, UNTIL) == []
    assert PlaceTally.objects.get(place=COUNTY, measure="cases.received", item="*").n == 1
    assert figures.list_bad_checks(since=LATER) == []
    assert AuditEntry.objects.get(verb="supervision.figures.recounted").changes == {"sums": 1}


def test_sums_alone_are_mended_without_counting_records_again(cast: Cast, monkeypatch: Any) -> None:
    accepted(cast, AT)
    catch_up()
    PlaceTally.objects.filter(place=COUNTY, measure="cases.received", item="*").update(n=41)
    monkeypatch.setattr(tallying, "_count_again", None)
    assert actions.reconcile_figures(by=SYSTEM, at=LATER, since=SINCE, until=UNTIL, fix=True)
    assert _compare(SINCE, UNTIL) == []


def test_an_upgrade_adds_up_the_tallies_there_are(cast: Cast) -> None:
    accepted(cast, AT)
    catch_up()
    before = PlaceTally.objects.count()
    PlaceTally.objects.all().delete()
    assert _compare(SINCE, UNTIL)
    with connection.cursor() as cursor:
        cursor.execute(import_module("weimin.kernel.supervision.migrations.0005_keep_place_tallies").ADD_UP)
    assert PlaceTally.objects.count() == before > 0
    assert _compare(SINCE, UNTIL) == []


def test_an_offices_leader_is_not_told_of_the_whole_county(cast: Cast, watch: Watch) -> None:
    accepted(cast, AT)
    catch_up()
    assert PlaceTally.objects.filter(place=COUNTY).exists()
    seen = {name for name, who in vars_of(watch).items() if PLACE_TALLIES.visible(who).filter(place=COUNTY).exists()}
    assert seen == {"county", "city"}


@pytest.mark.parametrize(
    ("who", "far", "queries"), [("leader", False, 8), ("county", False, 7), ("city", False, 8), ("city", True, 6)]
)
def test_reading_costs_the_same_however_many_there_are(
    cast: Cast, watch: Watch, who: str, far: bool, queries: int, django_assert_num_queries: Any
) -> None:
    accepted(cast, AT)
    catch_up()
    if far:
        count_two_in(
            places.children_of(OTHER_COUNTY)[0].code, Tally.objects.get(measure="cases.received", item=PENSION)
        )
    month, viewer = AT.date().replace(day=1), getattr(watch, who)
    figures.read_figures(viewer, month=month, at=LATER)
    for more in (0, 3):
        for turn in range(more):
            accepted(cast, AT + timedelta(minutes=turn))
        catch_up()
        with django_assert_num_queries(queries):
            figures.read_figures(viewer, month=month, at=LATER)


def test_warnings_are_counted_by_day_and_move_with_their_contest(cast: Cast) -> None:
    case = accepted(cast, AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM supervision_tally WHERE kind = 'warning'")
        assert cursor.fetchone()[0] == 0
    while deadlines.attend_clocks(at=LATER):
        pass
    while actions.fold_figures(at=LATER):
        pass
    many = Warning.objects.filter(subject_id=case.number).count()
    assert many
    figures_of = Tally.objects.filter(kind="warning", item="*", place=TOWN).values_list("n", flat=True)
    assert sum(figures_of) == Warning.objects.filter(place=TOWN).count()
    assert _compare(SINCE, UNTIL) == []


def test_something_that_was_never_counted_is_told(cast: Cast) -> None:
    assert not figures.was_never_counted()
    accepted(cast, AT)
    assert figures.was_never_counted()
    catch_up()
    assert not figures.was_never_counted()


def test_while_one_counts_another_leaves_the_notes_alone(db: Any) -> None:
    def hold(what: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {what}(%s)", [tallying._LOCK])

    apart(lambda: tallying.note_changed("case", [1, 2], at=AT))
    try:
        hold("pg_advisory_lock")
        assert apart(lambda: actions.fold_figures(at=AT)) == 0
        hold("pg_advisory_unlock")
        assert apart(lambda: actions.fold_figures(at=AT)) == 2
    finally:
        apart(lambda: Recount.objects.all().delete())
