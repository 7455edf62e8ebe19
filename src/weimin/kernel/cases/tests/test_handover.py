"""Somebody leaves: a leader hands their open steps over and ends the post, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from weimin.base import clock
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.models import Step
from weimin.kernel.cases.testing import Cast, client_of, hand_in, make_cast, officer, open_step, text_of
from weimin.kernel.directory import queries as directory
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
AT = clock.now() - timedelta(days=2)
LIST = "/desk/handover/"


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.fixture
def leader(cast: Cast) -> Actor:
    """A head of the centre in which the clerks serve."""
    return officer(AT, "accepting", ("leader",))


def claimed(cast: Cast, who: Actor) -> int:
    """A fresh matter whose acceptance somebody has claimed; gives the step."""
    done = hand_in(cast, AT)
    step = open_step(done.case_id, who)
    actions.claim_step(by=who, at=AT, step_id=step)
    return step


def post_of(who: Actor) -> int:
    found = directory.list_staff(agency_ids=[who.agency], on=clock.local_date(AT))
    return next(one.post_id for one in found if one.officer_id == who.officer_id)


def test_a_leader_sees_who_holds_what_and_hands_it_over(cast: Cast, leader: Actor) -> None:
    leaver = officer(AT, "accepting", ("front_desk",))
    steps = [claimed(cast, leaver), claimed(cast, leaver)]
    client = client_of(leader)
    page = text_of(client.get(LIST))
    assert leaver.name in page and cast.clerk.name in page
    assert 'href="/desk/handover/"' in page, "it is in the menu"
    here = f"{LIST}{leaver.officer_id}/"
    page = text_of(client.get(here))
    assert "手上的工作（2 步）" in page and Step.objects.get(pk=steps[0]).case.number in page
    nobody = client.post(here, {"do": "hand"})
    assert (nobody.status_code, "请选择交给谁" in text_of(nobody)) == (422, True)
    done = client.post(here, {"do": "hand", "to": cast.clerk.officer_id})["Location"]
    assert "已移交 2 步" in text_of(client.get(done))
    assert set(Step.objects.filter(pk__in=steps).values_list("assignee_name", flat=True)) == {cast.clerk.name}
    actions.accept_application(by=cast.clerk, at=AT, case_id=Step.objects.get(pk=steps[0]).case_id, step_id=steps[0])
    trail = AuditEntry.objects.get(verb="cases.steps.handed_over")
    assert trail.changes == {"to": cast.clerk.officer_id, "steps": 2, "freed": 0}


def test_what_the_colleague_may_not_take_goes_back_to_all(cast: Cast, leader: Actor) -> None:
    leaver = officer(AT, "accepting", ("front_desk",))
    step = claimed(cast, leaver)
    client, here = client_of(leader), f"{LIST}{leaver.officer_id}/"
    done = client.post(here, {"do": "hand", "to": cast.issuer.officer_id})["Location"]
    page = text_of(client.get(done))
    assert "已移交 0 步" in page and "已放回待办" in page
    assert Step.objects.get(pk=step).assignee_id is None
    actions.claim_step(by=cast.clerk, at=AT, step_id=step)
    done = client.post(f"{LIST}{cast.clerk.officer_id}/", {"do": "hand", "to": "all"})["Location"]
    assert "已移交 1 步。" in text_of(client.get(done))
    assert Step.objects.get(pk=step).assignee_id is None


def test_a_post_ends_on_a_day_and_what_was_left_is_still_found(cast: Cast, leader: Actor) -> None:
    leaver = officer(AT, "accepting", ("front_desk",))
    claimed(cast, leaver)
    client, here = client_of(leader), f"{LIST}{leaver.officer_id}/"
    form = {"do": "end", "post": post_of(leaver)}
    for on, said in (("", "请填写从哪天起不再任职"), ("明天", "请填写从哪天起"), ("2000-01-01", "不晚于任职日期")):
        answer = client.post(here, {**form, "on": on})
        assert (answer.status_code, said in text_of(answer)) == (422, True)
        assert f'value="{form["post"]}" checked' in text_of(answer), "what was chosen stays chosen"
    today = clock.local_date(clock.now())
    done = client.post(here, {**form, "on": today.isoformat()})["Location"]
    assert "已登记离任" in text_of(client.get(done))
    assert client_of(leaver).get("/desk/").status_code == 403
    page = text_of(client.get(LIST))
    assert "已离任，手上还有工作" in page and leaver.name in page
    assert client.post(here, {"do": "hand", "to": cast.clerk.officer_id}).status_code == 302
    assert "已离任" not in text_of(client.get(LIST))


def test_only_leaders_and_only_their_own_people(cast: Cast, leader: Actor) -> None:
    step = claimed(cast, cast.clerk)
    for who in (cast.clerk, cast.supervisor):
        assert client_of(who).get(LIST).status_code == 403
    elsewhere = officer(AT, "accepting", ("leader",), town="340321104000")
    there = client_of(elsewhere)
    assert cast.clerk.name not in text_of(there.get(LIST))
    assert there.get(f"{LIST}{cast.clerk.officer_id}/").status_code == 404
    form = {"do": "end", "post": post_of(cast.clerk), "on": "2030-01-01"}
    assert there.post(f"{LIST}{cast.clerk.officer_id}/", form).status_code == 404
    mine = client_of(leader)
    stranger = mine.post(f"{LIST}{cast.clerk.officer_id}/", {"do": "hand", "to": cast.stranger.officer_id})
    assert stranger.status_code == 422
    own = mine.post(f"{LIST}{leader.officer_id}/", {"do": "end", "post": post_of(leader), "on": "2030-01-01"})
    assert (own.status_code, "自己的岗位不能自己结束" in text_of(own)) == (403, True)
    assert Step.objects.get(pk=step).assignee_id == cast.clerk.officer_id
    assert queries.count_held(leader) == [(cast.clerk.officer_id, cast.clerk.name, cast.clerk.agency_id, 1)]
