"""What bad input gets: a sentence that says what to do, nothing lost, nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from weimin.base.errors import Invalid, WeiminError
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.actions.applying import ApplicationIncomplete, ItemChanged
from weimin.kernel.cases.models import Case
from weimin.kernel.cases.testing import (
    ANSWERS,
    ITEM,
    PICTURE,
    TOWN,
    Cast,
    apart,
    current_notice,
    hand_in,
    make_cast,
    sweep,
)
from weimin.kernel.cases.types import Channel, Submission, UploadedFile
from weimin.kernel.catalogue import actions as catalogue
from weimin.kernel.catalogue import queries as items
from weimin.kernel.catalogue.rules.forms import UnknownFields
from weimin.kernel.record.types import Actor

AT = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)


@pytest.fixture
def cast(db: None, city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("卡.jpg", PICTURE, "其实是 png"),
        ("卡.png", b"MZ\x90\x00 not a picture", "不是能打开的文件"),
        ("卡.png", b"", "空文件"),
        ("卡.pdf", b"%PDF-1.7 " + b"0" * (21 * 1024 * 1024), "超过 20 MB"),
        ("脚本.html", b"<script>alert(1)</script>", "不是能打开的文件"),
    ],
)
def test_files_that_lie(cast: Cast, name: str, content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        actions.add_file(
            by=cast.applicant,
            at=AT,
            material_code="bank_card",
            upload=UploadedFile(name, content),
            allowed=("jpg", "png", "pdf"),
        )


@pytest.mark.parametrize(
    ("answers", "field", "why"),
    [
        ({**ANSWERS, "account": "123"}, "account", "16 到 19 位"),
        ({**ANSWERS, "bank": "gold"}, "bank", "选项"),
        ({"bank": "social", "other": "no"}, "account", "请填写"),
        ({**ANSWERS, "other": "yes"}, "other_what", "请填写"),
    ],
)
def test_wrong_answers_name_the_field(cast: Cast, answers: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(ApplicationIncomplete) as fault:
        hand_in(cast, AT, answers=answers)
    assert why in fault.value.fields[field]


def test_a_missing_material_and_an_unknown_field(cast: Cast) -> None:
    with pytest.raises(ApplicationIncomplete) as fault:
        hand_in(cast, AT, file_ids=())
    assert "社会保障卡" in fault.value.fields["material_bank_card"]
    with pytest.raises(UnknownFields, match="没有这些内容"):
        hand_in(cast, AT, answers={**ANSWERS, "admin": "1"})


def test_somebody_elses_file_does_not_count(cast: Cast) -> None:
    photo = actions.add_file(
        by=cast.neighbour, at=AT, material_code="bank_card", upload=UploadedFile("卡.png", PICTURE), allowed=("png",)
    )
    with pytest.raises(ApplicationIncomplete):
        hand_in(cast, AT, file_ids=(photo,))


def test_an_item_changed_or_withdrawn_while_filling_in(cast: Cast) -> None:
    seen = items.get_current(code=ITEM)
    record = {**seen.doc, "plain": seen.plain + "（有更新）"}
    catalogue.publish_item(by=Actor.system(), at=AT + timedelta(days=1), record=record)
    submission = Submission(
        ITEM, TOWN, cast.applicant.resident_id or 0, Channel.PORTAL, ANSWERS, notice=current_notice(AT)
    )
    with pytest.raises(ItemChanged, match="新版本"):
        actions.submit(by=cast.applicant, at=AT, key="k-changed", submission=submission, seen_version=seen.version_id)
    items.Offer.objects.filter(item__code=ITEM, township_id=TOWN).update(valid_until=AT.date())
    with pytest.raises(items.NotOffered, match="现在不办"):
        actions.submit(by=cast.applicant, at=AT, key="k-gone", submission=submission)


def test_the_same_key_makes_one_matter_and_another_content_is_refused(cast: Cast) -> None:
    photo = actions.add_file(
        by=cast.applicant, at=AT, material_code="bank_card", upload=UploadedFile("卡.png", PICTURE), allowed=("png",)
    )
    one = Submission(
        ITEM, TOWN, cast.applicant.resident_id or 0, Channel.PORTAL, ANSWERS, (photo,), notice=current_notice(AT)
    )
    first = actions.submit(by=cast.applicant, at=AT, key="k-1", submission=one)
    again = actions.submit(by=cast.applicant, at=AT, key="k-1", submission=one)
    assert (first.number, first.receipt_code, again.repeated) == (again.number, again.receipt_code, True)
    other = Submission(
        ITEM, TOWN, cast.applicant.resident_id or 0, Channel.PORTAL, {**ANSWERS, "bank": "bank"}, (photo,)
    )
    with pytest.raises(WeiminError, match="另一份内容"):
        actions.submit(by=cast.applicant, at=AT, key="k-1", submission=other)


@pytest.mark.django_db
def test_a_double_click_at_the_same_moment_makes_one_matter(city: None, settings: Any, tmp_path: Any) -> None:
    settings.WEIMIN_FILES = str(tmp_path)

    def prepare() -> tuple[Cast, int]:
        cast = make_cast(AT)
        upload = UploadedFile("卡.png", PICTURE)
        return cast, actions.add_file(
            by=cast.applicant, at=AT, material_code="bank_card", upload=upload, allowed=("png",)
        )

    cast, photo = apart(prepare)
    try:
        one = Submission(
            ITEM, TOWN, cast.applicant.resident_id or 0, Channel.PORTAL, ANSWERS, (photo,), notice=current_notice(AT)
        )
        with ThreadPoolExecutor(4) as pool:
            clicks = [
                pool.submit(apart, lambda: actions.submit(by=cast.applicant, at=AT, key="double", submission=one))
                for _ in range(4)
            ]
        assert len({click.result().number for click in clicks}) == 1
        assert len({click.result().receipt_code for click in clicks}) == 1
        assert apart(Case.objects.count) == 1
    finally:
        apart(sweep)


def test_a_lost_session_leads_back_to_where_one_was(city: None, db: None) -> None:
    answer = Client().get("/my/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/my/")
    answer = Client().get("/desk/")
    assert (answer.status_code, answer["Location"]) == (302, "/desk/login/?next=/desk/")


def test_pages_of_others_are_not_found(cast: Cast) -> None:
    done = hand_in(cast, AT)
    from weimin.kernel.accounts.models import Account

    client = Client()
    client.force_login(
        Account.objects.get(pk=cast.stranger.account_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert client.get(f"/desk/cases/{done.number}/").status_code == 404
    assert client.post(f"/desk/cases/{done.number}/accept/", {"step": 1}).status_code == 404
    assert client.get("/desk/find/", {"q": "123"}).status_code == 422
    assert client.get("/desk/operations/").status_code == 403
    assert queries.get_inbox(cast.stranger).rows == []
