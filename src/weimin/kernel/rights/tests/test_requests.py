"""Requests about one's data: asked, answered with a reason by a day, carried out class by class; copies."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from weimin.base.errors import Forbidden, Invalid
from weimin.kernel.accounts.models import Account
from weimin.kernel.cases import actions as cases
from weimin.kernel.cases.models import Case, CaseFile, Draft
from weimin.kernel.cases.testing import ITEM, PICTURE, TOWN, Cast, hand_in, make_cast
from weimin.kernel.messages.models import Message
from weimin.kernel.record.access import acting
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.models import AuditEntry, Blob
from weimin.kernel.record.testing import Stored
from weimin.kernel.residents.models import Resident
from weimin.kernel.rights import actions, queries
from weimin.kernel.rights.actions.requests import AskedBefore
from weimin.kernel.rights.models import DataCopy, DataRequest

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    settings.WEIMIN_FILES = str(tmp_path)
    yield make_cast(AT)


def work() -> None:
    while deliver_outbox(at=AT):
        pass


def test_a_correction_is_answered_by_a_day_and_changes_the_person_not_the_papers(cast: Cast) -> None:
    done = hand_in(cast, AT)
    with acting(cast.applicant):
        asked = actions.ask(
            by=cast.applicant,
            at=AT,
            kind="correct",
            wish={"text": "名字写错了一个字", "name": "张更正"},
            evidence=("户口簿.png", PICTURE),
        )
        with pytest.raises(AskedBefore):
            actions.ask(by=cast.applicant, at=AT, kind="correct", wish={"text": "再提一次看看"})
    row = DataRequest.objects.get(pk=asked)
    assert row.due_on > AT.date() and b"\xe5\xbc\xa0" not in bytes(row.wish_sealed)
    with acting(cast.clerk):
        actions.answer_request(by=cast.clerk, at=AT, request_id=asked, outcome="granted", answer="已核对户口簿，更正。")
    assert Resident.objects.get(pk=cast.applicant.resident_id).name == "张更正"
    receipt = Case.objects.get(number=done.number).papers.get(kind="receipt")
    from weimin.kernel.cases.queries import get_paper

    assert get_paper(cast.applicant, receipt.pk)[1]["applicant"] == "张演示"
    work()
    assert Message.objects.filter(resident_id=cast.applicant.resident_id, title__contains="请求有答复").exists()
    with pytest.raises(Forbidden):
        actions.answer_request(by=cast.clerk, at=AT, request_id=asked, outcome="granted", answer="再答复一次。")


@pytest.mark.parametrize(
    ("outcome", "answer", "field"),
    [("refused", "不行", "answer"), ("partly", "短", "answer"), ("", "已经处理好了", "outcome")],
)
def test_an_answer_says_what_and_why(cast: Cast, outcome: str, answer: str, field: str) -> None:
    asked = actions.ask(by=cast.applicant, at=AT, kind="delete", wish={})
    with pytest.raises(Invalid) as fault:
        actions.answer_request(by=cast.clerk, at=AT, request_id=asked, outcome=outcome, answer=answer)
    assert field in fault.value.fields
    assert DataRequest.objects.get(pk=asked).answered_at is None


def test_only_the_body_that_is_asked_answers(cast: Cast) -> None:
    asked = actions.ask(by=cast.applicant, at=AT, kind="delete", wish={})
    for who in (cast.stranger, cast.reviewer, cast.neighbour):
        with pytest.raises(Forbidden):
            actions.answer_request(by=who, at=AT, request_id=asked, outcome="granted", answer="同意删除草稿。")


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({}, {"text", "dead_name", "relation", "evidence"}),
        ({"text": "查他的低保"}, {"dead_name", "relation", "evidence"}),
    ],
)
def test_a_relative_proves_who_died_and_who_asks(cast: Cast, wish: dict[str, str], fields: set[str]) -> None:
    with pytest.raises(Invalid) as fault:
        actions.ask(by=cast.applicant, at=AT, kind="relative", wish=wish)
    assert set(fault.value.fields) == fields


def _unsent(cast: Cast) -> None:
    cases.save_draft(by=cast.applicant, at=AT, item_code=ITEM, township_code=TOWN, answers={"account": "1"})


def test_a_deletion_takes_what_was_not_sent_and_says_why_the_rest_stays(cast: Cast) -> None:
    done = hand_in(cast, AT)
    _unsent(cast)
    asked = actions.ask(by=cast.applicant, at=AT, kind="delete", wish={})
    actions.answer_request(
        by=cast.clerk, at=AT, request_id=asked, outcome="partly", answer="草稿删除，办件按档案保管。"
    )
    work()
    assert not Draft.objects.filter(case=None).exists()
    assert Case.objects.get(number=done.number).applicant_id == cast.applicant.resident_id
    row = DataRequest.objects.get(pk=asked)
    said = {one["what"]: one for one in row.done_lines}
    assert said["没提交的草稿"]["deleted"] and not said["办件、材料、文书、评价"]["deleted"]
    assert "档案" in said["办件、材料、文书、评价"]["why"]
    assert AuditEntry.objects.filter(verb="rights.deletion.done").count() == 1


def test_a_closed_account_cannot_log_in_and_the_phone_is_free(cast: Cast) -> None:
    asked = actions.ask(by=cast.applicant, at=AT, kind="close", wish={})
    actions.answer_request(by=cast.clerk, at=AT, request_id=asked, outcome="granted", answer="同意注销。")
    work()
    account = Account.objects.get(pk=cast.applicant.account_id)
    assert (account.is_active, account.phone_index, account.phone_sealed) == (False, None, None)
    person = Resident.objects.get(pk=cast.applicant.resident_id)
    assert (person.account_id, person.phone_sealed, person.name) == (None, None, "张演示")


def test_a_copy_holds_everything_and_is_ones_own_only(cast: Cast) -> None:
    done = hand_in(cast, AT)
    _unsent(cast)
    work()
    with acting(cast.applicant):
        copy = actions.ask_copy(by=cast.applicant, at=AT)
        content = actions.fetch_copy(by=cast.applicant, at=AT, copy_id=copy)
    bundle = zipfile.ZipFile(io.BytesIO(content))
    data = json.loads(bundle.read("我的资料.json"))
    assert data["关于我"]["身份证号"] == "340300190001010011"
    assert [one["编号"] for one in data["办件"]] == [done.number]
    assert "6222000000000000001" in str(data["办件"][0]["填写的内容"])
    assert data["草稿"] and data["消息"]
    assert done.number in bundle.read("我的资料.html").decode()
    (file,) = [one for one in bundle.namelist() if one.startswith("文件/")]
    assert bundle.read(file) == PICTURE
    for other in (cast.neighbour, cast.clerk, cast.stranger):
        with acting(other), pytest.raises(queries.CopyUnknown):
            actions.fetch_copy(by=other, at=AT, copy_id=copy)
    with pytest.raises(queries.CopyUnknown):
        actions.fetch_copy(by=cast.applicant, at=AT + timedelta(days=8), copy_id=copy)


def test_a_copy_at_the_counter_is_made_by_the_worker_and_goes_after_a_week(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    hand_in(cast, AT)
    copy = actions.ask_copy(by=cast.clerk, at=AT, resident_id=cast.applicant.resident_id)
    work()
    assert zipfile.ZipFile(io.BytesIO(actions.fetch_copy(by=cast.clerk, at=AT, copy_id=copy))).testzip() is None
    blob = Blob.objects.get(pk=DataCopy.objects.get(pk=copy).blob_id)
    assert Stored(blob.sha256).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.forget_copies(at=AT + timedelta(days=8)) == 1
    assert not Stored(blob.sha256).exists() and not Blob.objects.filter(pk=blob.pk).exists()


def test_what_nobody_sent_is_swept_after_ninety_days(cast: Cast) -> None:
    hand_in(cast, AT)
    _unsent(cast)
    assert cases.sweep_unsent(at=AT + timedelta(days=89), keep=timedelta(days=90)) == (0, 0)
    assert cases.sweep_unsent(at=AT + timedelta(days=91), keep=timedelta(days=90))[0] == 1
    assert CaseFile.objects.filter(case__isnull=False).count() == 1


def test_a_counter_takes_requests_in_for_its_own_townships_people_only(cast: Cast) -> None:
    who = {"at": AT, "kind": "delete", "wish": {}, "resident_id": cast.applicant.resident_id}
    with pytest.raises(Forbidden, match="本人所在乡镇"):
        actions.ask(by=cast.stranger, **who)
    assert not DataRequest.objects.exists()
    actions.ask(by=cast.clerk, **who)
    assert DataRequest.objects.get().kind == "delete"
