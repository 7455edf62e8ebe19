"""Clocks in the database: entries add up, and what cannot follow is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.types import ClockRef, Limit
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
BY = Actor.system("测试")
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(city: None) -> ClockRef:
    return actions.open_clock(
        by=BY,
        at=AT,
        purpose="handle",
        subject=("case", "1"),
        start_date=date(2026, 3, 2),
        statutory=Limit(20, "workday", "xkl-2019 art. 42"),
        committed=Limit(10, "workday", "承诺"),
    )


def test_statutory_and_committed_stand_apart(clock: ClockRef) -> None:
    assert (clock.due_date, clock.committed_due_date) == (date(2026, 3, 30), date(2026, 3, 16))


def test_pause_and_resume_move_both_dates(clock: ClockRef) -> None:
    stood = actions.pause_clock(
        by=BY, at=AT, clock_id=clock.clock_id, on=date(2026, 3, 9), reason="专家评审", article="xkl-2019 art. 45"
    )
    assert stood.due_date is None
    again = actions.resume_clock(by=BY, at=AT, clock_id=clock.clock_id, on=date(2026, 3, 18))
    assert again.due_date == date(2026, 4, 10)
    why = queries.explain_clock(clock_id=clock.clock_id)
    assert why.statutory is not None
    assert [line.kind for line in why.statutory.lines] == ["start", "limit", "pause"]
    assert why.statutory.due == again.due_date


def test_extension_once(clock: ClockRef) -> None:
    longer = actions.extend_clock(
        by=BY,
        at=AT,
        clock_id=clock.clock_id,
        on=date(2026, 3, 20),
        value=10,
        reason="情况复杂",
        article="xkl-2019 art. 42",
    )
    assert longer.due_date == date(2026, 4, 14)
    with pytest.raises(actions.ClockRefused, match="只能延长一次"):
        actions.extend_clock(
            by=BY, at=AT, clock_id=clock.clock_id, on=date(2026, 3, 20), value=10, reason="", article=""
        )


def test_what_cannot_follow_is_refused(clock: ClockRef) -> None:
    one = {"by": BY, "at": AT, "clock_id": clock.clock_id}
    with pytest.raises(actions.ClockRefused, match="没有停"):
        actions.resume_clock(**one, on=date(2026, 3, 9))
    with pytest.raises(actions.ClockRefused, match="早于起算日"):
        actions.pause_clock(**one, on=date(2026, 3, 1), reason="", article="")
    actions.stop_clock(**one, on=date(2026, 3, 10))
    with pytest.raises(actions.ClockRefused, match="已经结束"):
        actions.pause_clock(**one, on=date(2026, 3, 11), reason="", article="")


def test_parameters_are_dated_and_never_guessed(city: None) -> None:
    row = queries.get_parameter(code="permit.accept_check", on=date(2026, 3, 2))
    assert (row.value, row.unit) == (5, "workday")
    with pytest.raises(queries.ParameterMissing, match="补录"):
        queries.get_parameter(code="permit.accept_check", on=date(1999, 1, 1))
    with pytest.raises(queries.ParameterMissing):
        queries.get_parameter(code="no.such", on=date(2026, 3, 2))


def test_a_notice_that_contradicts_itself_is_refused(city: None) -> None:
    bad = {"year": 2026, "notice": "x", "source": "x", "off": {"元旦": [date(2026, 1, 1)]}, "work": [date(2026, 1, 1)]}
    with pytest.raises(actions.NoticeBroken, match="矛盾"):
        actions.load_calendar(by=BY, at=AT, year_data=bad)
