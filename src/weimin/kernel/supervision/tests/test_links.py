"""A warning names its matter to everyone it goes to; only who may open the matter gets a link."""

from __future__ import annotations

from typing import Any

import pytest

from weimin.kernel.cases import actions
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import client_of, earlier_today, hand_in, make_cast, open_step, text_of
from weimin.kernel.supervision.models import Warning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
AT = earlier_today()


def test_a_matter_that_is_not_there_yet_is_a_number_and_no_link(settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)
    cast = make_cast(AT)
    done = hand_in(cast, AT)
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    case = Case.objects.get(pk=done.case_id)
    warning = Warning.objects.create(
        clock_id=case.clock_id,
        level=1,
        audience="own",
        subject_type="case",
        subject_id=case.number,
        title=case.item_name,
        agency_id=cast.decider.agency_id,
        place=case.township_id,
        due=case.due_on,
        raised_at=AT,
    )
    link = f'href="/desk/cases/{case.number}/"'
    for path in (f"/desk/warnings/{warning.pk}/", "/desk/warnings/"):
        page = text_of(client_of(cast.decider).get(path))
        assert case.number in page and link not in page, "the county decides, but the matter is in the township yet"
        assert link in text_of(client_of(cast.supervisor).get(path))
    assert client_of(cast.decider).get(f"/desk/cases/{case.number}/").status_code == 404
