"""Children under fourteen: a guardian acts, lists do not name them; the notice is shown before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from weimin.base.errors import Refused
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.actions.applying import ApplicationIncomplete
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.queries import get_paper
from weimin.kernel.cases.queries.drafts import open_guardian
from weimin.kernel.cases.testing import ANSWERS, ITEM, TOWN, Cast, current_notice, hand_in, make_cast
from weimin.kernel.cases.types import Channel, Guardian, Submission
from weimin.kernel.residents.models import Resident

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    settings.WEIMIN_FILES = str(tmp_path)
    yield make_cast(AT)


@pytest.mark.parametrize(
    ("guardian", "fields"),
    [
        (None, {"guardian_name", "guardian_relation"}),
        (Guardian("张母亲", ""), {"guardian_relation"}),
        (Guardian("", "母亲"), {"guardian_name"}),
    ],
)
def test_for_a_child_a_guardian_acts(cast: Cast, guardian: Guardian | None, fields: set[str]) -> None:
    Resident.objects.filter(pk=cast.applicant.resident_id).update(birth_date=date(2015, 5, 1))
    with pytest.raises(ApplicationIncomplete) as fault:
        hand_in(cast, AT, guardian=guardian)
    assert set(fault.value.fields) == fields
    done = hand_in(cast, AT, guardian=Guardian("张母亲", "母亲"))
    case = Case.objects.get(number=done.number)
    assert case.applicant_shown == "未成年人"
    assert "张母亲".encode() not in bytes(case.guardian_sealed or b"")
    assert open_guardian(case.guardian_sealed) == Guardian("张母亲", "母亲")


def test_at_fourteen_nobody_else_is_asked_for(cast: Cast) -> None:
    Resident.objects.filter(pk=cast.applicant.resident_id).update(birth_date=date(2012, 3, 2))
    assert Case.objects.get(number=hand_in(cast, AT).number).guardian_sealed is None


@pytest.mark.parametrize("channel", [Channel.PORTAL, Channel.WINDOW, Channel.AGENT, Channel.HOME])
@pytest.mark.parametrize("seen", ["", "1900-1"])
def test_nothing_is_sent_before_the_notice_in_force_was_seen(cast: Cast, channel: Channel, seen: str) -> None:
    one = Submission(ITEM, TOWN, cast.applicant.resident_id or 0, channel, ANSWERS, notice=seen)
    one = replace(one, waived_materials=("bank_card",))
    with pytest.raises(Refused, match="告知书"):
        cases.submit(by=cast.clerk, at=AT, key="k-1", submission=one)
    assert not Case.objects.exists()


def test_the_version_seen_is_kept_with_the_matter_and_on_the_receipt(cast: Cast) -> None:
    case = Case.objects.get(number=hand_in(cast, AT).number)
    assert case.notice == current_notice(AT)
    assert get_paper(cast.applicant, case.papers.get(kind="receipt").pk)[1]["notice"] == case.notice
