"""A new matter at the counter over HTTP: papers seen, files, the same page twice, names the form does not have."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from weimin.base import clock
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import log_in_by_phone
from weimin.kernel.cases import queries
from weimin.kernel.cases.models import Case, CaseFile
from weimin.kernel.cases.testing import PICTURE, TOWN, current_notice, earlier_today, officer, text_of
from weimin.kernel.directory import queries as places
from weimin.kernel.record.types import Actor
from weimin.kernel.residents.models import Resident
from weimin.kernel.residents.testing import make_id_number

pytestmark = pytest.mark.django_db
AT = earlier_today()
NEW = "/desk/new/A3-13/"


@pytest.fixture
def clerk(city: None, settings: Any, tmp_path: Any) -> Client:
    settings.WEIMIN_FILES = str(tmp_path)
    client = Client()
    me = officer(AT, "accepting", ("front_desk",))
    client.force_login(Account.objects.get(pk=me.account_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def person(serial: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "key": f"key-{serial}",
        "name": "王秀英",
        "id_number": make_id_number(serial=serial),
        "phone": "13900000001",
        "division": places.children_of(TOWN)[0].code,
        "channel": "window",
        "bank": "social",
        "account": "6222000000000000001",
        "other": "no",
        "notice": current_notice(AT),
        **more,
    }


def picture(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PICTURE, content_type="image/png")


def sealed(case: Case) -> dict[str, Any]:
    """The content of a matter's receipt, as its applicant would read it."""
    me = Actor(kind="resident", name="", resident_id=case.applicant_id)
    return queries.get_paper(me, case.papers.get(kind="receipt").pk)[1]


def test_a_paper_seen_is_kept_with_who_and_when_and_told_to_everyone(clerk: Client) -> None:
    answer = clerk.post(NEW, person(seen=["bank_card"]))
    assert answer.status_code == 302
    case = Case.objects.get()
    (seen,) = case.seen_papers
    assert (seen["code"], seen["name"]) == ("bank_card", "社会保障卡")
    assert "便民服务中心 演示front_desk" in seen["by"] and seen["at"].startswith(f"{clock.now():%Y-%m-%d}")
    assert sealed(case)["materials"] == ["社会保障卡（纸质，窗口已核对）"]
    page = text_of(clerk.get(answer["Location"]))
    assert "纸质，窗口已核对" in page and seen["by"] in page
    mine = Client()
    Resident.objects.filter(pk=case.applicant_id).update(account_id=log_in_by_phone(mine, "13900000001"))
    assert seen["by"] in text_of(mine.get(f"/my/matters/{case.number}/"))


def test_a_receipt_does_not_certify_what_was_never_handed_in(clerk: Client) -> None:
    clerk.post("/desk/new/A7-40/", person(key="plain"))
    for case in Case.objects.all():
        assert sealed(case)["materials"] == []
    with_file = person(material_bank_card=[picture("正面.png"), picture("反面.png")], seen=["bank_card"])
    assert clerk.post(NEW, with_file).status_code == 302
    newest = Case.objects.order_by("-pk").first()
    assert newest
    assert sealed(newest)["materials"] == ["社会保障卡（上传 2 份；纸质，窗口已核对）"]


def test_a_paper_that_the_item_does_not_ask_for_cannot_be_seen(clerk: Client) -> None:
    answer = clerk.post(NEW, person(seen=["bank_card", "wedding"]))
    assert (answer.status_code, "没有这些材料：wedding" in text_of(answer)) == (422, True)


def test_files_taken_in_are_kept_over_a_refusal_and_can_be_left_out(clerk: Client) -> None:
    wrong = person(division="", material_bank_card=[picture("正面.png"), picture("糊了.png")])
    page = text_of(clerk.post(NEW, wrong))
    assert "正面.png" in page and "糊了.png" in page
    kept = re.findall(r'name="kept" value="(\d+)" checked', page)
    assert len(kept) == 2
    blurred = CaseFile.objects.get(name="糊了.png").pk
    again = person(kept=[one for one in kept if int(one) != blurred], taken=kept)
    again["material_bank_card"] = ""  # what a browser sends where no file is chosen
    assert clerk.post(NEW, again).status_code == 302
    assert [one.name for one in CaseFile.objects.filter(case=Case.objects.get())] == ["正面.png"]
    assert not CaseFile.objects.filter(pk=blurred).exists()


def test_the_same_page_twice_shows_the_matter_and_somebody_elses_is_new(clerk: Client) -> None:
    first = clerk.post(NEW, person(material_bank_card=[picture("卡.png")]))["Location"]
    again = clerk.post(NEW, person(material_bank_card=[picture("卡.png")]))["Location"]
    assert again == f"{first}?again=1"
    assert "没有重复收件" in text_of(clerk.get(again))
    other = clerk.post(NEW, person(3, key="key-2", name="李玉兰", phone="13900000002", seen=["bank_card"]))
    assert other["Location"] not in (first, again)
    assert Case.objects.count() == 2


def test_a_name_that_the_form_does_not_have_is_refused(clerk: Client) -> None:
    answer = clerk.post(NEW, person(seen=["bank_card"], is_admin="1"))
    page = text_of(answer)
    assert (answer.status_code, "没有“is_admin”这一项" in page, "6222000000000000001" in page) == (422, True, True)
