"""Help for anyone's tests: an archive keeper, and matters that ended long ago."""

from __future__ import annotations

from datetime import UTC, datetime

from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import Cast, hand_in, officer, open_step
from weimin.kernel.record.types import Actor

#: Thirty-one years before the tests' days.
LONG_AGO = datetime(1995, 3, 1, 2, 0, tzinfo=UTC)


def archive_keeper(at: datetime) -> Actor:
    """Somebody who keeps the archive of the cast's township."""
    return officer(at, "accepting", ("archive_keeper",))


def township_leader(at: datetime) -> Actor:
    """The head of the cast's township."""
    return officer(at, "township", ("leader",), lead="政府办")


def end_long_ago(cast: Cast, at: datetime, ended_at: datetime = LONG_AGO) -> Case:
    """A matter of the applicant that was refused, as if on a day long ago."""
    done = hand_in(cast, at)
    cases.refuse_application(
        by=cast.clerk,
        at=at,
        case_id=done.case_id,
        step_id=open_step(done.case_id, cast.clerk),
        reasons="不在受理范围之内",
        basis="行政许可法第三十二条",
    )
    Case.objects.filter(pk=done.case_id).update(ended_at=ended_at)
    return Case.objects.get(pk=done.case_id)
