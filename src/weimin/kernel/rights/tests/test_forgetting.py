"""Looks end three full years after the year they were written in, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from weimin.kernel.cases.testing import Cast, hand_in, make_cast
from weimin.kernel.evaluation.actions import answer_read_query, ask_about_read
from weimin.kernel.evaluation.models import ReadQuery
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.residents.actions import record_read
from weimin.kernel.residents.models import ReadEntry
from weimin.kernel.rights import actions
from weimin.kernel.rights.testing import township_leader

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
#: The last moment of 2022 here is over, the first of 2023 is not.
OVER, NOT_OVER = datetime(2022, 12, 31, 15, 59, tzinfo=UTC), datetime(2022, 12, 31, 16, 0, tzinfo=UTC)


@pytest.fixture
def cast(city: None, db: Any, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


def look(cast: Cast, at: datetime, number: str = "") -> int:
    shown = [(cast.applicant.resident_id or 0, number)]
    return record_read(by=cast.clerk, at=at, shown=shown, why="办理", path="desk:case") or 0


def test_looks_go_when_three_years_after_their_year_are_over(cast: Cast) -> None:
    old, young = look(cast, OVER), look(cast, NOT_OVER)
    assert actions.forget_over(at=AT) == 1
    assert list(ReadEntry.objects.values_list("pk", flat=True)) == [young]
    entry = AuditEntry.objects.get(verb="rights.log.forgotten")
    assert entry.changes == {"questions": 0, "looks": 1}
    assert entry.subject_id == "2023-01-01"
    assert old != young
    assert actions.forget_over(at=AT) == 0
    assert AuditEntry.objects.filter(verb="rights.log.forgotten").count() == 1


def test_a_look_that_is_asked_about_stays_until_the_answer_is_old_too(cast: Cast) -> None:
    done = hand_in(cast, AT)
    entry = look(cast, OVER, done.number)
    ask_about_read(by=cast.applicant, at=AT, entry_id=entry, question="为什么看我的资料")
    assert actions.forget_over(at=AT) == 0
    asked = ReadQuery.objects.get()
    answer_read_query(by=township_leader(AT), at=AT, query_id=asked.pk, answer="办理您的申请时核对资料")
    assert actions.forget_over(at=AT) == 0
    assert actions.forget_over(at=AT.replace(year=2030)) == 2
    assert not ReadEntry.objects.filter(pk=entry).exists()


def test_the_database_refuses_to_forget_sooner(cast: Cast) -> None:
    look(cast, datetime.now(UTC))
    with pytest.raises(ProgrammingError, match="kept for three years"), transaction.atomic():
        ReadEntry.objects.all().delete()
