"""A whole and its parts: each stands when the other does, for exactly those days; promise and law never cross."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import IntegrityError, connection

from weimin.kernel.deadlines import actions, queries, rules
from weimin.kernel.deadlines.models import Clock, ClockEntry
from weimin.kernel.deadlines.testing import LATER, LOADER, open_permit, owning, read_parameters, stand
from weimin.kernel.deadlines.types import Limit, Move
from weimin.kernel.record.types import Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
START = date(2026, 3, 2)
#: The records of the shipped items, read as they are: their package stands above this one.
ITEMS = sorted((Path(rules.__file__).parents[2] / "catalogue" / "data" / "items").glob("*.yaml"))
OFFICE = Actor("staff", "监督员", post_id=1, roles=frozenset({"supervisor"}))
Days = tuple[int, int | None]


def march(day: int) -> date:
    return date(2026, 3, day)


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def resume(clock_id: int, day: int, *, at: datetime = LATER) -> None:
    actions.resume_clock(by=LOADER, at=at, clock_id=clock_id, on=march(day))


def stop(clock_id: int, day: int) -> None:
    actions.stop_clock(by=LOADER, at=LATER, clock_id=clock_id, on=march(day))


def correct(clock_id: int, kind: str, day: int | None) -> None:
    entry = next(one for one in queries.list_entries(clock_id) if one.kind == kind)
    on = march(day) if day else None
    actions.correct_entry(
        by=OFFICE, at=LATER, clock_id=clock_id, entry_id=entry.pk, on=on, reason="日期记错了，按签收单"
    )


def part(whole: int, start: date = START, **fields: Any) -> int:
    return open_permit(start, parent_id=whole, purpose="body", extend="", **fields).clock_id


@pytest.fixture
def family() -> tuple[int, int, int]:
    """A whole of twenty working days from 2026-03-02 and two bodies side by side."""
    whole = open_permit(START).clock_id
    return whole, part(whole), part(whole)


def stood(clock_id: int) -> list[Days]:
    """The days of March on which a clock stands by its ledger."""
    pauses = rules.sum_entries([queries.to_entry(one) for one in queries.list_entries(clock_id)]).pauses
    spans = sorted((one.since, one.until or date.max) for one in pauses)
    return [(since.day, None if until == date.max else until.day) for since, until in spans]


def states(*clocks: int) -> list[str]:
    found = dict(Clock.objects.values_list("pk", "state"))
    return [found[one] for one in clocks]


def due(clock_id: int) -> date | None:
    return Clock.objects.get(pk=clock_id).due_date


def check_shown() -> None:
    """What is shown is what the ledgers give."""
    assert not [one for _, faults in queries.verify_clocks(today=march(20)) for one in faults]


# --- a part that stands ------------------------------------------------------------------------------------
def test_a_part_that_stands_makes_the_whole_stand_and_no_other_part(family: tuple[int, int, int]) -> None:
    whole, first, second = family
    stand(first, march(9), until=march(18))
    assert states(whole, first, second) == ["paused", "paused", "running"]
    assert (due(whole), due(first), due(second)) == (None, None, date(2026, 3, 30))
    assert Clock.objects.get(pk=whole).planned_until == march(18)
    mine, followed = ClockEntry.objects.filter(kind="pause").order_by("pk")
    assert (followed.clock_id, followed.cause_id, followed.ground) == (whole, mine.pk, "expert_review")
    assert (followed.reason, followed.notice, followed.article) == (mine.reason, mine.notice, mine.article)
    resume(first, 18)
    assert states(whole, first, second) == ["running"] * 3
    assert (due(whole), due(first), due(second)) == (date(2026, 4, 10), date(2026, 4, 10), date(2026, 3, 30))
    assert Clock.objects.get(pk=whole).planned_until is None


def test_the_whole_goes_on_when_no_part_stands_any_more(family: tuple[int, int, int]) -> None:
    whole, first, second = family
    stand(first, march(9))
    stand(second, march(12))
    resume(first, 13)
    assert states(whole, first, second) == ["paused", "running", "paused"]
    resume(second, 18)
    assert states(whole, first, second) == ["running"] * 3
    assert stood(whole) == [(9, 18)]
    check_shown()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("stand 1 9", "stand 2 16", "resume 1 11", "resume 2 18"), [(9, 11), (16, 18)]),
        (("stand 1 9", "stand 2 16", "resume 2 18", "resume 1 11"), [(9, 11), (16, 18)]),
        (("stand 1 9", "resume 1 18", "stand 2 5", "resume 2 6"), [(5, 6), (9, 18)]),
        (("stand 1 9", "resume 1 18", "stand 2 16", "resume 2 20"), [(9, 18), (19, 20)]),
        (("stand 1 9", "resume 1 18", "stand 2 12", "resume 2 13"), [(9, 18)]),
        (("stand 1 9", "stand 2 9", "resume 2 20", "resume 1 11"), [(9, 20)]),
        (("stand 1 9", "stand 2 12", "strike 1"), [(12, None)]),
        (("stand 1 9", "resume 1 13", "stand 2 12", "resume 2 18", "strike 1"), [(12, 18)]),
        (("stand 1 9", "resume 1 13", "stand 2 12", "resume 2 18", "move 1 11"), [(11, 18)]),
        (("stand 1 9", "stand 2 12", "stop 1 13", "resume 2 18"), [(9, 18)]),
        (("stand 1 9", "stand 2 16", "stop 1 11", "resume 2 18"), [(9, 11), (16, 18)]),
    ],
    ids=[
        "one written late, the other stands",
        "one written late, the other is over",
        "one before, written after",
        "one that overlaps the end",
        "one inside",
        "one inside, written late",
        "struck while the other stands",
        "struck when both are over",
        "moved when both are over",
        "ended while it stands and the other too",
        "ended long before the other stands",
    ],
)
def test_the_whole_stands_on_the_days_on_which_a_part_does_whatever_was_written_when(
    family: tuple[int, int, int], written: Sequence[str], expected: list[Days]
) -> None:
    for act, which, *day in (one.split() for one in written):
        clock, on = family[int(which)], int(day[0]) if day else 0
        {
            "stand": lambda clock=clock, on=on: stand(clock, march(on)),
            "resume": lambda clock=clock, on=on: resume(clock, on),
            "stop": lambda clock=clock, on=on: stop(clock, on),
            "strike": lambda clock=clock, on=on: correct(clock, "pause", None),
            "move": lambda clock=clock, on=on: correct(clock, "pause", on),
        }[act]()
    merged = rules.join_spans([(march(since), march(until) if until else None) for since, until in stood(family[0])])
    assert merged == rules.join_spans([(march(since), march(until) if until else None) for since, until in expected])
    check_shown()


def test_a_part_may_stand_on_the_day_on_which_another_goes_on(family: tuple[int, int, int]) -> None:
    whole, first, second = family
    stand(first, march(9), until=march(12), at=moment(march(9)))
    resume(first, 12, at=moment(march(12)))
    stand(second, march(12), at=moment(march(12)))
    assert states(whole, first, second) == ["paused", "running", "paused"]
    resume(second, 12, at=moment(march(12)))
    assert states(whole, first, second) == ["running"] * 3
    assert stood(whole) == [(9, 12)]
    check_shown()


def test_a_part_that_ends_while_it_stands_lets_the_whole_go_on_and_its_owner_hears_of_it(
    family: tuple[int, int, int],
) -> None:
    whole, first, _ = family
    stand(first, march(9))
    told: list[Move] = []
    with owning("test", lambda *, by, at, moves: told.extend(moves)):
        stop(first, 18)
    assert (states(whole), stood(whole), due(whole)) == (["running"], [(9, 18)], date(2026, 4, 10))
    assert [(one.clock_id, one.new.due_date, one.told) for one in told] == [(whole, date(2026, 4, 10), False)]
    stand(whole, march(20))
    check_shown()


# --- a whole that stands -----------------------------------------------------------------------------------
def test_a_whole_that_stands_makes_its_parts_stand_and_they_go_on_with_it(family: tuple[int, int, int]) -> None:
    whole, first, second = family
    stand(whole, march(9))
    assert states(*family) == ["paused"] * 3
    for clock in (first, second):
        with pytest.raises(actions.ClockRefused, match="随别的环节停的"):
            resume(clock, 12)
    resume(whole, 18)
    assert states(*family) == ["running"] * 3
    assert stood(first) == stood(second) == [(9, 18)]
    assert {due(one) for one in family} == {date(2026, 4, 10)}
    stand(first, march(20))
    with pytest.raises(actions.ClockRefused, match="随别的环节停的"):
        resume(whole, 24)


def test_a_part_that_opens_under_a_whole_that_stands_stands_and_one_that_is_over_is_left_alone(
    family: tuple[int, int, int],
) -> None:
    whole, first, _ = family
    stop(first, 5)
    stand(whole, march(9))
    assert stood(first) == []
    specs = open_permit(march(12), parent_id=whole, purpose="stage")
    assert (states(specs.clock_id), specs.due_date, stood(specs.clock_id)) == (["paused"], None, [(12, None)])
    resume(whole, 18)
    assert stood(specs.clock_id) == [(12, 18)]
    assert due(specs.clock_id) == date(2026, 4, 16)
    check_shown()


def test_a_part_that_is_opened_late_stands_on_the_days_on_which_the_whole_did(family: tuple[int, int, int]) -> None:
    whole = family[0]
    stand(whole, march(9))
    resume(whole, 18)
    late = part(whole, march(12))
    assert (states(late), stood(late), due(late)) == (["running"], [(12, 18)], date(2026, 4, 16))
    check_shown()


def test_a_correction_of_the_cause_reaches_what_followed_and_what_followed_is_not_corrected_by_itself(
    family: tuple[int, int, int],
) -> None:
    whole, first, second = family
    stand(whole, march(9))
    resume(whole, 18)
    with pytest.raises(actions.ClockRefused, match="随别的环节记的"):
        correct(first, "pause", 12)
    correct(whole, "resume", 13)
    assert stood(whole) == stood(first) == stood(second) == [(9, 13)]
    correct(whole, "pause", None)
    assert stood(whole) == stood(first) == stood(second) == []
    assert {due(one) for one in family} == {date(2026, 3, 30)}
    causes = ClockEntry.objects.filter(clock_id=first, kind="correct").values_list("cause__clock_id", "cause__kind")
    assert set(causes) == {(whole, "correct")}
    check_shown()


def test_the_whole_ends_with_its_parts() -> None:
    whole = open_permit(START).clock_id
    first = part(whole)
    stand(first, march(9))
    stop(whole, 18)
    assert states(whole, first) == ["stopped", "stopped"]
    assert [one.kind for one in queries.list_entries(whole)] == ["start", "pause", "stop"]


# --- promise and law ---------------------------------------------------------------------------------------
def test_limits_in_different_units_never_cross() -> None:
    """Five working days that stand move 21 working days by a week, and 30 days by five."""
    ref = open_permit(START, statutory=Limit(30, "day"), committed=Limit(21, "workday"), regime="service",
                      grounds=("appraisal",))  # fmt: skip
    assert (ref.due_date, ref.committed_due_date) == (date(2026, 4, 1), date(2026, 3, 31))
    stand(ref.clock_id, march(9), ground="appraisal")
    resume(ref.clock_id, 13)
    clock = Clock.objects.get(pk=ref.clock_id)
    assert (clock.due_date, clock.committed_due_date) == (date(2026, 4, 7), date(2026, 4, 7))
    why = queries.explain_clock(clock_id=ref.clock_id)
    assert why.committed and why.committed.due == date(2026, 4, 7)
    assert "不能晚于法定期限" in next(one.text for one in why.committed.lines if one.kind == "capped")
    assert why.committed.strip[-1].day == date(2026, 4, 7)
    check_shown()


def test_the_database_itself_refuses_a_promise_after_the_law() -> None:
    ref = open_permit(START, committed=Limit(10, "workday"))
    with pytest.raises(IntegrityError, match="deadlines_clock_promise"), connection.cursor() as cursor:
        cursor.execute("UPDATE deadlines_clock SET committed_due_date = '2026-03-31' WHERE id = %s", [ref.clock_id])


def check(law: Limit, promise: Limit, start: date) -> None:
    rules.check_promise(start=start, statutory=law, committed=promise, calendar=queries.get_calendar())


def counts(value: object, unit: object) -> bool:
    return isinstance(value, int) and unit in ("workday", "day", "month")


def test_no_limit_of_the_shipped_law_can_be_promised_longer() -> None:
    rows = [one for one in read_parameters() if counts(one["value"], one["unit"])]
    assert len(rows) > 100
    for row in rows:
        law, promised = queries.get_limit(code=row["code"], on=row["valid_from"])
        check(law, promised or law, START)
        with pytest.raises(rules.CommittedTooLong):
            check(law, Limit(law.value + 1, law.unit), START)


def test_no_shipped_item_promises_more_than_the_law_whenever_it_starts() -> None:
    items = [one["limits"] for path in ITEMS for one in yaml.safe_load(path.read_text(encoding="utf-8"))]
    pairs = [(one["statutory"], one["committed"]) for one in items]
    both = {
        (Limit(law["value"], law["unit"]), Limit(promise["value"], promise["unit"]))
        for law, promise in pairs
        if counts(law["value"], law["unit"]) and counts(promise["value"], promise["unit"])
    }
    assert len(both) >= 5
    for law, promise in both:
        for start in (START + timedelta(days=offset) for offset in range(0, 300, 7)):
            check(law, promise, start)
            assert queries.count_from(start=start, limit=promise) <= queries.count_from(start=start, limit=law)
