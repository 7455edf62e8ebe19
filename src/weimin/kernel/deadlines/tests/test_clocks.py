"""Clocks in the database: what each entry does to the dates, what is refused, what it costs."""

from __future__ import annotations

from datetime import date

import pytest

from weimin.kernel.deadlines import actions, queries
from weimin.kernel.deadlines.models import Clock
from weimin.kernel.deadlines.testing import LATER, LOADER, open_permit, stand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded")]
START = date(2026, 3, 2)


def test_pause_and_resume() -> None:
    ref = open_permit(START)
    assert ref.due_date == date(2026, 3, 30)
    assert stand(ref.clock_id, date(2026, 3, 9)).due_date is None
    after = actions.resume_clock(by=LOADER, at=LATER, clock_id=ref.clock_id, on=date(2026, 3, 18))
    assert after.due_date == date(2026, 4, 10)
    why = queries.explain_clock(clock_id=ref.clock_id)
    assert [line.kind for line in why.statutory.lines] == ["start", "limit", "pause"]
    assert Clock.objects.get(pk=ref.clock_id).level == 4
