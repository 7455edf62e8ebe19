"""The pages of delegations over HTTP: read by everybody, kept by keepers, signed by leaders."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from weimin.apps.delegation import queries
from weimin.apps.delegation.models import Delegation
from weimin.apps.delegation.testing import LETTER, SYSTEM, TOWN, run_delegation
from weimin.apps.delegation.types import STATES
from weimin.base import clock
from weimin.config.examples import answers_of
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import client_of, make_cast, officer, text_of
from weimin.kernel.cases.types import Channel, Submission
from weimin.kernel.catalogue import queries as catalogue
from weimin.kernel.record.models import AuditEntry
from weimin.ui.testing import sheet

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
FORM = {
    "kind": "entrust", "list_kind": "permit", "origin": "base", "focus": "poverty", "township": TOWN, "lead": "民政局",
    "recipient": "government", "items": "A4-23", "powers": ["pay"], "issuer_level": "county", "issuer_name": "县民政局",
    "document": "怀民委〔2026〕1 号", "limits": "2000 元以下", "basis": "社会救助暂行办法第四十八条",
    "valid_from": "2026-01-01", "valid_until": "2030-01-01",
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_factor(settings: Any) -> None:
    settings.WEIMIN_SECOND_FACTOR = False


@pytest.fixture
def keeper() -> Client:
    return client_of(officer(clock.now(), "county", ("list_keeper",)))


def state() -> str:
    return Delegation.objects.get().state


def test_the_whole_way_on_the_desk(keeper: Client) -> None:
    made = keeper.post("/desk/delegations/new/", FORM)
    assert made.status_code == 302, text_of(made)
    page = made["Location"]
    lacking = keeper.post(page, {"do": "assess", "certificates": "皖03-001 2099-12-31"})
    assert lacking.status_code == 422 and "行政处罚法" in text_of(lacking) and "皖03-001 2099-12-31" in text_of(lacking)
    ready = {"legal_reviewer": "有", "equipment": "有", "training": "有", "seal": "有"}
    sent = {"do": "assess", "certificates": "皖03-001 2099-12-31\n皖03-002 2099-12-31", **ready}
    assert keeper.post(page, sent).status_code == 302
    assert keeper.post(page, {"do": "letter"}).status_code == 422
    assert keeper.get(f"{page}letter/").status_code == 404
    assert keeper.get(f"{page}draft.pdf").content.startswith(b"%PDF")
    paper = SimpleUploadedFile("委托书.pdf", LETTER)
    assert keeper.post(page, {"do": "letter", "letter": paper}).status_code == 302
    assert keeper.post(page, {"do": "decide", "published_by_issuer": "县政府网"}).status_code == 422
    published = {"do": "decide", "published_by_issuer": "县政府网", "published_by_recipient": "公示栏"}
    assert keeper.post(page, published).status_code == 302
    for where, lead in (("township", "司法局"), ("county", "民政局")):
        leader = client_of(officer(clock.now(), where, ("leader",), lead=lead))
        assert "签字确认" in text_of(leader.get(page))
        assert leader.get(f"{page}letter/").content == LETTER
        assert leader.post(page, {"do": "sign"}).status_code == 422
        assert leader.post(page, {"do": "sign", "read": "1"}).status_code == 302
        assert "签字确认" not in text_of(leader.get(page))
    assert state() == "signed" and keeper.post(page, {"do": "trial"}).status_code == 302
    assert "试运行" in text_of(Client().get("/delegations/")) and "临时救助" in text_of(Client().get("/delegations/"))
    evaluated = {"do": "evaluate", "result": "full", "text": "办得又快又准"}
    assert keeper.post(page, evaluated).status_code == 302 and state() == "full"
    assert keeper.post(page, {"do": "withdraw", "reason": "承接能力不足"}).status_code == 422
    gone = {"do": "withdraw", "reason": "承接能力不足", "open_matters": "hand_up"}
    assert keeper.post(page, {**gone, "on": "2029-13-01"}).status_code == 422
    assert keeper.post(page, {**gone, "on": "2029-12-01"}).status_code == 302 and state() == "full"
    assert "已定于 2029年12月1日（周六）收回" in text_of(keeper.get(page))
    assert "2029年12月1日（周六）起，在办件" in text_of(Client().get(page.replace("/desk", "")))
    assert keeper.post(page, gone).status_code == 302 and state() == "withdrawn"
    assert "已收回" in text_of(Client().get(page.replace("/desk", "")))


def test_a_banned_proposal_keeps_what_was_typed_and_stays_on_record(keeper: Client) -> None:
    answer = keeper.post("/desk/delegations/new/", {**FORM, "powers": ["liberty"], "limits": "写了很久的权限"})
    assert answer.status_code == 422
    assert "第十八条第三款" in text_of(answer) and "写了很久的权限" in text_of(answer)
    assert AuditEntry.objects.filter(verb="delegation.attempt.refused").count() == 1
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_from": "昨天"}, {"valid_from": ""}, {"valid_until": "2026-02-30"}, {"township": "x"}, {"lead": "没有的局"},
        {"items": ""}, {"items": "；；"}, {"kind": "<b>"}, {"powers": []}, {"document": "号" * 300}, {"focus": "'"},
    ],
)  # fmt: skip
def test_bad_input_answers_422_and_makes_nothing(keeper: Client, changes: dict[str, Any]) -> None:
    assert keeper.post("/desk/delegations/new/", {**FORM, **changes}).status_code == 422
    assert not Delegation.objects.exists()


@pytest.mark.parametrize("sent", [{"do": "nonsense"}, {}, {"do": "assess", "certificates": "只有号"}, {"do": "trial"}])
def test_a_wrong_step_is_refused_in_words(keeper: Client, sent: dict[str, str]) -> None:
    page = keeper.post("/desk/delegations/new/", FORM)["Location"]
    answer = keeper.post(page, sent)
    assert answer.status_code in (409, 422) and 'role="alert"' in text_of(answer)
    assert state() == "proposed"


def test_what_is_only_proposed_is_not_public(keeper: Client) -> None:
    page = keeper.post("/desk/delegations/new/", FORM)["Location"]
    assert Client().get(page.replace("/desk", "")).status_code == 404
    assert "临时救助" not in text_of(Client().get("/delegations/"))


def test_the_public_list_of_another_day_and_place() -> None:
    run_delegation(clock.now())
    assert "临时救助" in text_of(Client().get(f"/delegations/?on=2026-06-01&township={TOWN}"))
    assert "临时救助" not in text_of(Client().get("/delegations/?on=2025-12-31"))
    assert "临时救助" not in text_of(Client().get("/delegations/?township=340321104000"))
    assert Client().get("/delegations/?on=2026-99-01").status_code == 422
    assert f"/delegations.xlsx?on=2026-06-01&amp;township={TOWN}" in text_of(
        Client().get(f"/delegations/?on=2026-06-01&township={TOWN}")
    )
    (line,) = sheet(Client().get(f"/delegations.xlsx?on=2026-06-01&township={TOWN}"))[1:]
    assert "临时救助" in line[2]
    other = Client().get("/delegations.xlsx?on=2025-12-31")
    assert "20251231" in other["Content-Disposition"]
    assert sheet(other)[1:] == []
    assert Client().get("/delegations.xlsx?on=2026-99-01").status_code == 422


def test_pages_are_closed_to_those_without_the_post() -> None:
    number = run_delegation(clock.now())
    clerk = client_of(officer(clock.now(), "accepting", ("front_desk",)))
    leader = client_of(officer(clock.now(), "township", ("leader",)))
    for page in ("", "coverage/", f"{number}/", f"{number}/acts/", f"{number}/acts.xlsx"):
        assert clerk.get(f"/desk/delegations/{page}").status_code == 403
        assert leader.get(f"/desk/delegations/{page}").status_code == 200
    assert leader.get("/desk/delegations/new/").status_code == 403
    refused = leader.post(
        f"/desk/delegations/{number}/", {"do": "withdraw", "reason": "试一试看", "open_matters": "finish"}
    )
    assert refused.status_code == 403 and queries.get_delegation(viewer=SYSTEM, number=number).state == "trial"


def test_the_picture_leads_to_its_delegations(keeper: Client) -> None:
    number = run_delegation(clock.now())
    page = text_of(keeper.get("/desk/delegations/coverage/"))
    assert f"?township={TOWN}&amp;focus=poverty" in page and 'class="heat-4"' in page
    assert number in text_of(keeper.get(f"/desk/delegations/?township={TOWN}&focus=poverty"))
    assert number not in text_of(keeper.get(f"/desk/delegations/?township={TOWN}&focus=farming"))


def test_acts_as_a_spreadsheet(keeper: Client) -> None:
    number = run_delegation(clock.now())
    assert sheet(keeper.get(f"/desk/delegations/{number}/acts.xlsx"))[0][0] == "办件编号"


def test_the_list_as_a_spreadsheet_with_the_same_filters(keeper: Client) -> None:
    number = run_delegation(clock.now())
    assert f"/desk/delegations.xlsx?state=trial&amp;focus=&amp;township={TOWN}" in text_of(
        keeper.get(f"/desk/delegations/?state=trial&township={TOWN}")
    )
    (line,) = sheet(keeper.get(f"/desk/delegations.xlsx?state=trial&township={TOWN}"))[1:]
    assert line[0] == number
    assert "临时救助" in line[2]
    assert line[12] == STATES["trial"]
    assert sheet(keeper.get("/desk/delegations.xlsx?focus=farming"))[1:] == []
    assert (
        client_of(officer(clock.now(), "accepting", ("front_desk",))).get("/desk/delegations.xlsx").status_code == 403
    )


def test_a_withdrawal_on_the_desk_hands_open_matters_up(keeper: Client) -> None:
    at = clock.now()
    number, cast = run_delegation(at), make_cast(at)
    spec = catalogue.get_current(code="A4-23")
    from weimin.kernel.cases.testing import current_notice

    sent = Submission(
        notice=current_notice(at),
        item_code="A4-23",
        township_code=TOWN,
        applicant_id=cast.applicant.resident_id or 0,
        channel=Channel.WINDOW,
        answers=answers_of(spec, "2026-01-05"),
        waived_materials=tuple(one.code for one in spec.materials),
    )
    made = cases.submit(by=cast.clerk, at=at, key="one", submission=sent)
    listed = client_of(officer(at, "township", ("leader",), lead="司法局")).get(f"/desk/delegations/{number}/acts/")
    assert made.number in text_of(listed)
    gone = {"do": "withdraw", "reason": "承接能力不足", "open_matters": "hand_up"}
    assert keeper.post(f"/desk/delegations/{number}/", gone).status_code == 302
    assert "在办 1 件" in text_of(keeper.get(f"/desk/delegations/{number}/"))
    assert (Case.objects.get(pk=made.case_id).authority or {})["decider"] == "county"
