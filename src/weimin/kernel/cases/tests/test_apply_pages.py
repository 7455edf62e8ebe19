"""Applying over HTTP: files, post, sending twice, an item that changes, is withdrawn, or was never applied for."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from weimin.base import clock
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.models import Case, CaseFile, Draft
from weimin.kernel.cases.testing import (
    ANSWERS,
    ITEM,
    PICTURE,
    TOWN,
    Cast,
    apart,
    client_of,
    current_notice,
    earlier_today,
    make_cast,
    open_step,
    sweep,
    take_to_decision,
    text_of,
)
from weimin.kernel.catalogue import actions as catalogue
from weimin.kernel.catalogue import queries as items
from weimin.kernel.record.types import Actor

pytestmark = pytest.mark.django_db
AT = earlier_today()
NOTICE = current_notice(AT)
HERE = f"/apply/{ITEM}/{TOWN}/"
POST_TO = {"post_name": "张演示", "post_phone": "", "post_address": "榴城镇柳树村 3 组 12 号"}


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


def picture(name: str = "卡.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PICTURE, content_type="image/png")


def fill_in(client: Client) -> str:
    """Up to the review; gives the review form's key."""
    assert client.get(HERE)["Location"] == f"{HERE}1/"
    spec = items.get_current(code=ITEM)
    for number, page in enumerate(spec.form.pages, start=1):
        answers = {one.name: ANSWERS[one.name] for one in page.fields if one.name in ANSWERS}
        assert client.post(f"{HERE}{number}/", answers).status_code == 302
    assert client.post(f"{HERE}materials/", {"material_bank_card": [picture()]})["Location"] == f"{HERE}review/"
    found = re.search(r'name="key" value="([^"]+)"', text_of(client.get(f"{HERE}review/")))
    assert found
    return found.group(1)


# --- files -------------------------------------------------------------------------------------------------
def test_several_files_at_once_and_one_taken_out_again(cast: Cast) -> None:
    client = client_of(cast.applicant)
    client.get(HERE)
    wrong = SimpleUploadedFile("字.png", b"not a picture")
    answer = client.post(f"{HERE}materials/", {"material_bank_card": [picture("正面.png"), wrong, picture("反面.png")]})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "正面.png" in page and "反面.png" in page and "不是能打开的文件" in page
    first = CaseFile.objects.get(name="正面.png")
    again = client.post(f"{HERE}materials/", {"remove": first.pk, "material_bank_card": [picture("新的.png")]})
    assert again["Location"] == f"{HERE}materials/"
    page = text_of(client.get(f"{HERE}materials/"))
    assert "正面.png" not in page and "反面.png" in page and "新的.png" in page
    assert client.post(f"{HERE}materials/", {"remove": first.pk}).status_code == 404


def test_a_store_of_files_that_is_down_takes_nothing_and_loses_nothing(
    cast: Cast, settings: Any, tmp_path: Path
) -> None:
    client = client_of(cast.applicant)
    fill_in(client)
    good = settings.WEIMIN_FILES
    (tmp_path / "file").write_text("")
    settings.WEIMIN_FILES = str(tmp_path / "file" / "files")
    answer = client.post(f"{HERE}materials/", {"material_bank_card": [picture("反面.png")]})
    assert answer.status_code == 422 and "填写的内容没有丢" in text_of(answer)
    assert not CaseFile.objects.filter(name="反面.png").exists()
    settings.WEIMIN_FILES = good
    assert client.post(f"{HERE}materials/", {"material_bank_card": [picture("反面.png")]}).status_code == 302
    page = text_of(client.get(f"{HERE}materials/"))
    assert "卡.png" in page, "what was handed in before is still there"


def test_nobody_takes_out_the_file_of_another_or_of_a_matter(cast: Cast) -> None:
    client = client_of(cast.applicant)
    key = fill_in(client)
    file = CaseFile.objects.get()
    other = client_of(cast.neighbour)
    other.get(HERE)
    assert other.post(f"{HERE}materials/", {"remove": file.pk}).status_code == 404
    client.post(f"{HERE}review/", {"key": key, "delivery": "pickup", "notice": NOTICE})
    client.get(HERE)
    assert client.post(f"{HERE}materials/", {"remove": file.pk}).status_code == 404
    assert CaseFile.objects.get().case is not None


def test_a_field_that_the_form_does_not_have_is_refused_by_name(cast: Cast) -> None:
    client = client_of(cast.applicant)
    client.get(HERE)
    answer = client.post(f"{HERE}1/", {**ANSWERS, "is_admin": "1"})
    assert answer.status_code == 422
    assert "表单里没有“is_admin”这一项" in text_of(answer)
    assert ANSWERS["account"] in text_of(client.get(f"{HERE}1/"))


# --- post --------------------------------------------------------------------------------------------------
def test_post_without_an_address_is_asked_for_and_nothing_typed_is_lost(cast: Cast) -> None:
    client = client_of(cast.applicant)
    key = fill_in(client)
    send = {"key": key, "delivery": "post", "notice": NOTICE}
    answer = client.post(f"{HERE}review/", {**send, "post_name": "张演示", "post_address": "柳树村"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert "请填写收件地址" in page and 'value="柳树村"' in page
    assert 'value="post" checked' in page
    assert 'value="柳树村"' in text_of(client.get(f"{HERE}review/"))
    answer = client.post(f"{HERE}review/", {**send, **POST_TO, "post_phone": "123"})
    assert (answer.status_code, "手机号应为 11 位" in text_of(answer)) == (422, True)
    done = client.post(f"{HERE}review/", {**send, **POST_TO})["Location"]
    assert POST_TO["post_address"] in text_of(client.get(done))
    case = Case.objects.get()
    assert queries.open_post(case.post_sealed) is not None
    assert POST_TO["post_address"].encode() not in bytes(case.post_sealed or b"")


def test_who_posts_the_result_sees_where_to_and_nobody_else(cast: Cast) -> None:
    client = client_of(cast.applicant)
    client.post(f"{HERE}review/", {"key": fill_in(client), "delivery": "post", "notice": NOTICE, **POST_TO})
    case = Case.objects.get()
    where = f"/desk/cases/{case.number}/"
    assert POST_TO["post_address"] not in text_of(client_of(cast.clerk).get(where))
    take_to_decision(cast, AT, case.pk)
    form = {
        "step": open_step(case.pk, cast.decider),
        "outcome": "approve",
        "reasons": "符合条件。",
        "basis": "第十八条",
    }
    client_of(cast.decider).post(f"{where}decide/", form)
    actions.make_result(by=cast.county, at=AT, case_id=case.pk, step_id=open_step(case.pk, cast.county))
    issuer = client_of(cast.issuer)
    page = text_of(issuer.get(where))
    assert POST_TO["post_address"] in page and "13900000051" in page
    assert POST_TO["post_address"] not in text_of(client_of(cast.clerk).get(where))
    issuer.post(f"{where}send/", {"step": open_step(case.pk, cast.issuer), "tracking": "EM123"})
    issuer.post(f"{where}confirm/", {})
    slip = next(one for one in queries.get_case(cast.issuer, case.number).papers if one.kind == "delivery")
    content = queries.get_paper(cast.issuer, slip.pk)[1]
    assert content["address"] == f"{POST_TO['post_address']}　张演示"
    assert issuer.get(f"/desk/papers/{slip.pk}/").content.startswith(b"%PDF")


# --- sending twice -----------------------------------------------------------------------------------------
def test_a_repeat_shows_the_matter_that_was_made(cast: Cast) -> None:
    client = client_of(cast.applicant)
    send = {"key": fill_in(client), "delivery": "pickup", "notice": NOTICE}
    first = client.post(f"{HERE}review/", send)["Location"]
    number = Case.objects.get().number
    assert first == f"/my/matters/{number}/?sent=1"
    again = client.post(f"{HERE}review/", send)["Location"]
    assert again == f"/my/matters/{number}/?again=1"
    assert "没有重复提交" in text_of(client.get(again))
    for old in ("1", "materials", "review"):
        assert client.get(f"{HERE}{old}/")["Location"] == again, "the Back button"
        assert client.post(f"{HERE}{old}/", {"bank": "social"})["Location"] == again
    assert client.get(HERE)["Location"] == f"{HERE}1/", "from the guide one may apply anew"
    assert client.post(f"{HERE}review/", send)["Location"] == again, "an old review beside a new draft"
    assert Case.objects.count() == 1


def test_two_sends_at_the_same_moment_both_end_at_the_matter(city: None, settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)

    def prepare() -> tuple[Client, str]:
        client = client_of(make_cast(AT).applicant)
        return client, fill_in(client)

    client, key = apart(prepare)
    try:
        cookies = client.cookies.output(attrs=[], header="", sep=";")

        def send() -> str:
            answer = Client(headers={"cookie": cookies}).post(
                f"{HERE}review/", {"key": key, "delivery": "pickup", "notice": NOTICE}
            )
            return str(answer["Location"]).split("?")[0]

        with ThreadPoolExecutor(4) as pool:
            ends = {click.result() for click in [pool.submit(apart, send) for _ in range(4)]}
        number = apart(lambda: Case.objects.get().number)
        assert ends == {f"/my/matters/{number}/"}
    finally:
        apart(sweep)


# --- the item changes ----------------------------------------------------------------------------------------
def publish(**changes: Any) -> None:
    record = {**items.get_current(code=ITEM).doc, **changes}
    catalogue.publish_item(by=Actor.system(), at=AT, record=record)


@pytest.fixture
def published(cast: Cast) -> Any:
    """Forget the versions that a test published."""
    yield publish
    items.forget_specs()


def test_a_new_version_takes_over_answers_files_and_the_page_being_sent(cast: Cast, published: Any) -> None:
    client = client_of(cast.applicant)
    key = fill_in(client)
    published(plain="新的说明")
    answer = client.post(f"{HERE}1/", {**ANSWERS, "account": "6222000000000000099"})
    assert answer["Location"] == f"{HERE}1/?newer=1"
    page = text_of(client.get(answer["Location"]))
    assert "有了新版本" in page and "6222000000000000099" in page
    assert "卡.png" in text_of(client.get(f"{HERE}materials/"))
    assert Draft.objects.count() == 1
    page = text_of(client.get(f"{HERE}review/"))
    assert key not in page
    new_key = re.search(r'name="key" value="([^"]+)"', page)
    assert new_key
    assert (
        "sent=1"
        in client.post(f"{HERE}review/", {"key": new_key.group(1), "delivery": "pickup", "notice": NOTICE})["Location"]
    )
    assert queries.get_case(cast.applicant, Case.objects.get().number).answers["account"] == "6222000000000000099"


@pytest.mark.parametrize("sent", ["materials", "review"])
def test_files_and_an_address_sent_to_an_old_version_are_kept(cast: Cast, published: Any, sent: str) -> None:
    client = client_of(cast.applicant)
    key = fill_in(client)
    published(plain=f"新的说明 {sent}")
    typed: dict[str, Any] = {
        "materials": {"material_bank_card": [picture("第二张.png")]},
        "review": {"key": key, "delivery": "post", "notice": NOTICE, **POST_TO},
    }[sent]
    assert "newer=1" in client.post(f"{HERE}{sent}/", typed)["Location"]
    shown = text_of(client.get(f"{HERE}materials/")) + text_of(client.get(f"{HERE}review/"))
    assert ("第二张.png" if sent == "materials" else POST_TO["post_address"]) in shown
    assert not Case.objects.exists()


def test_a_withdrawn_item_shows_what_was_typed_and_whom_to_ask(cast: Cast) -> None:
    client = client_of(cast.applicant)
    key = fill_in(client)
    items.Offer.objects.filter(item__code=ITEM, township_id=TOWN).update(valid_until=clock.local_date(AT))
    for answer, status in (
        (client.get(HERE), 200),
        (client.get(f"{HERE}1/"), 200),
        (client.post(f"{HERE}1/", {**ANSWERS, "account": "6222000000000000088"}), 422),
        (client.post(f"{HERE}review/", {"key": key, "delivery": "pickup", "notice": NOTICE}), 422),
    ):
        page = text_of(answer)
        assert answer.status_code == status
        assert "现在不能申请" in page and "便民服务中心" in page and "卡.png" in page
    assert "6222000000000000088" in page
    assert client_of(cast.neighbour).get(HERE).status_code == 422, "who typed nothing is told why"
    assert not Case.objects.exists()


# --- doors ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", ["A1-04", "A4-27"])
def test_what_an_office_begins_is_not_applied_for(cast: Cast, code: str) -> None:
    answer = client_of(cast.applicant).get(f"/apply/{code}/{TOWN}/")
    assert (answer.status_code, "由机关主动办理" in text_of(answer)) == (422, True)
    assert "网上申请" not in text_of(Client().get(f"/items/{code}/", {"township": TOWN}))
    assert not Draft.objects.exists()


def test_what_is_not_online_is_refused_on_the_portal_only(cast: Cast) -> None:
    code = next(one.item.code for one in items.list_in_force() if one.applied and not one.online)
    answer = client_of(cast.applicant).get(f"/apply/{code}/{TOWN}/")
    assert (answer.status_code, "不能网上申请" in text_of(answer)) == (422, True)
    assert client_of(cast.clerk).get(f"/desk/new/{code}/").status_code == 200


def test_a_receipt_says_only_what_was_handed_in(cast: Cast) -> None:
    client = client_of(cast.applicant)
    client.post(f"{HERE}review/", {"key": fill_in(client), "delivery": "pickup", "notice": NOTICE})
    receipt = queries.get_case(cast.applicant, Case.objects.get().number).papers[0]
    content = queries.get_paper(cast.applicant, receipt.pk)[1]
    assert content["materials"] == ["社会保障卡（上传 1 份）"], json.dumps(content, ensure_ascii=False)
