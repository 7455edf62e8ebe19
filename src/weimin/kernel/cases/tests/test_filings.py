"""Filings end with a receipt or go back for correction; nobody approves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.actions.handling import OutcomeUnknown
from weimin.kernel.cases.models import Case, Paper, Step
from weimin.kernel.cases.testing import Cast, make_cast, officer, open_step
from weimin.kernel.cases.tests.test_clocking import apply_for
from weimin.kernel.cases.types import State

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
CODE = "A9-56"


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.fixture
def decider(cast: Cast) -> tuple[int, Any]:
    """A filing up to where the station receives it, and who does."""
    done = apply_for(cast, AT, CODE, answers={"meeting_date": "2026-02-10"})
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    lead = queries.get_case(cast.clerk, done.number).spec.lead_key
    reviewer = officer(AT, "township", ("reviewer",), lead=lead)
    actions.complete_review(
        by=reviewer,
        at=AT,
        case_id=done.case_id,
        step_id=open_step(done.case_id, reviewer),
        outcome="agree",
        opinion="齐全",
    )
    return done.case_id, officer(AT, "township", ("decider",), lead=lead)


@pytest.mark.parametrize(("outcome", "title"), [("file", "备案回执"), ("send_back", "备案退回更正通知书")])
def test_a_filing_is_received_or_sent_back(decider: Any, outcome: str, title: str) -> None:
    case_id, who = decider
    step = Step.objects.get(case_id=case_id, state="open")
    assert step.outcomes.split() == ["file", "send_back"]
    actions.decide_case(
        by=who,
        at=AT,
        case_id=case_id,
        step_id=step.pk,
        outcome=outcome,
        reasons="会议决议和文本齐全",
        basis="村委会组织法第三十一条",
    )
    assert Case.objects.get(pk=case_id).state == State.DECIDED
    paper = Paper.objects.get(case_id=case_id, kind="decision")
    named, _, drawn = queries.draw_paper(who, paper.pk)
    assert named == title
    assert drawn.startswith(b"%PDF")


def test_a_filing_cannot_be_approved_or_denied(decider: Any) -> None:
    case_id, who = decider
    step = Step.objects.get(case_id=case_id, state="open")
    for outcome in ("approve", "deny"):
        with pytest.raises(OutcomeUnknown, match="退回更正"):
            actions.decide_case(
                by=who,
                at=AT,
                case_id=case_id,
                step_id=step.pk,
                outcome=outcome,
                reasons="材料齐全，符合条件",
                basis="某条",
            )
