"""Numbers stand masked on the desk; one is shown whole for a reason that the person reads."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from weimin.base import clock
from weimin.kernel.cases.testing import ANSWERS, Cast, hand_in, make_cast
from weimin.kernel.residents.models import ReadEntry
from weimin.kernel.residents.queries import list_reads
from weimin.kernel.supervision.testing import browse, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
NUMBER, PHONE, ACCOUNT = "340300190001010011", "13900000051", ANSWERS["account"]
REASON = "核对银行卡是否本人"


@pytest.fixture
def cast() -> Cast:
    return make_cast(clock.now())


@pytest.fixture
def matter(cast: Cast) -> str:
    return hand_in(cast, clock.now()).number


@pytest.fixture
def desk(cast: Cast) -> Client:
    return browse(cast.clerk)


def reveal(desk: Client, matter: str, **sent: str) -> Any:
    return desk.post(f"/desk/cases/{matter}/reveal/", {"field": "id_number", "reason": REASON} | sent)


def test_the_case_page_offers_what_stands_masked(desk: Client, matter: str) -> None:
    page = text(desk.get(f"/desk/cases/{matter}/"))
    assert not [whole for whole in (NUMBER, PHONE, ACCOUNT) if whole in page]
    assert "6222***********0001" in page
    for field in ("id_number", "phone", "answer:account"):
        assert f'<option value="{field}">' in page
    assert 'value="answer:bank"' not in page


@pytest.mark.parametrize(
    ("field", "whole", "named"),
    [("id_number", NUMBER, "证件号"), ("phone", PHONE, "手机号"), ("answer:account", ACCOUNT, "卡号")],
)
def test_one_number_is_shown_and_the_person_reads_why(
    cast: Cast, desk: Client, matter: str, field: str, whole: str, named: str
) -> None:
    answer = reveal(desk, matter, field=field)
    page = text(answer)
    assert whole in page
    assert not [other for other in {NUMBER, PHONE, ACCOUNT} - {whole} if other in page]
    assert answer["Cache-Control"] == "private, no-store"
    (line,) = list_reads(resident_id=cast.applicant.resident_id or 0)
    assert (line.who, line.why, line.matters) == (cast.clerk.label, REASON, (matter,))
    assert named in line.revealed
    mine = text(browse(cast.applicant).get("/my/reads/"))
    assert REASON in mine
    assert "看了全号" in mine
    assert whole not in mine


@pytest.mark.parametrize("reason", ["", "看看", " 看 一 下 "])
def test_without_a_reason_nothing_is_shown_and_nothing_entered(desk: Client, matter: str, reason: str) -> None:
    answer = reveal(desk, matter, reason=reason, field="phone")
    page = text(answer)
    assert answer.status_code == 422
    assert "至少 5 个字" in page
    assert PHONE not in page
    assert '<option value="phone" selected>' in page
    assert not ReadEntry.objects.exists()


@pytest.mark.parametrize("field", ["", "name", "answer:none", "answer:", "account", "id_sealed"])
def test_what_is_not_masked_cannot_be_asked_for(desk: Client, matter: str, field: str) -> None:
    assert reveal(desk, matter, field=field).status_code == 404
    assert not ReadEntry.objects.exists()


def test_who_may_not_see_the_matter_sees_no_number(cast: Cast, matter: str) -> None:
    assert reveal(browse(cast.stranger), matter).status_code == 404
    assert reveal(browse(cast.applicant), matter).status_code == 403
    assert reveal(Client(), matter).status_code == 302
    assert browse(cast.clerk).get(f"/desk/cases/{matter}/reveal/").status_code == 405
    assert not ReadEntry.objects.exists()


def test_a_step_that_goes_on_shows_nobody_and_one_that_comes_back_does(cast: Cast, desk: Client, matter: str) -> None:
    assert desk.post(f"/desk/cases/{matter}/comment/", {"text": "请核对"}).status_code == 302
    assert not ReadEntry.objects.exists()
    assert desk.post(f"/desk/cases/{matter}/accept/", {"step": "0"}).status_code == 422
    entry = ReadEntry.objects.get()
    assert (entry.path, entry.matters, entry.residents) == ("desk:take", [matter], [cast.applicant.resident_id])
    assert desk.get(f"/desk/cases/{matter}x/").status_code == 404
    assert ReadEntry.objects.count() == 1
