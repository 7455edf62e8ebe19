"""The case page over HTTP: who sees it, what a refused form keeps, and what an old page may do."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.models import Case, Step
from weimin.kernel.cases.testing import (
    PICTURE,
    Cast,
    client_of,
    earlier_today,
    hand_in,
    make_cast,
    open_step,
    take_to_decision,
    text_of,
)
from weimin.kernel.cases.types import UploadedFile

pytestmark = pytest.mark.django_db
AT = earlier_today()


@pytest.fixture
def cast(city: None, settings: Any, tmp_path: Any) -> Cast:
    settings.WEIMIN_FILES = str(tmp_path)
    return make_cast(AT)


def checked(page: str, name: str) -> list[str]:
    """The values of a page's ticked boxes of one name."""
    return re.findall(rf'<input type="(?:radio|checkbox)" name="{name}" value="([^"]+)" checked>', page)


# --- who sees a matter -------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["clerk", "supervisor", "leader"])
def test_everybody_who_answers_for_a_matter_opens_each_of_its_pages(cast: Cast, who: str) -> None:
    done = hand_in(cast, AT)
    take_to_decision(cast, AT, done.case_id)
    view = queries.get_case(cast.applicant, done.number)
    here = f"/desk/cases/{done.number}/"
    client = client_of(getattr(cast, who))
    assert done.number in text_of(client.get(here))
    paths = [
        f"{here}clocks/{view.case.clock_id}/",
        f"{here}clocks/{view.case.clock_id}.pdf",
        f"/desk/papers/{view.papers[0].pk}/",
        f"/desk/files/{view.files[0].pk}/",
        "/desk/",
        "/desk/figures/",
        "/desk/inbox.xlsx",
    ]
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    full_width = str.maketrans("0123456789-", "０１２３４５６７８９－")
    for typed in (done.number, done.number.replace("-", ""), done.number.translate(full_width)):
        assert client.get("/desk/find/", {"q": f" {typed} "})["Location"] == here
    assert client.post(f"{here}comment/", {"text": "请抓紧"})["Location"] == here


@pytest.mark.parametrize("who", ["stranger", "neighbour", "applicant"])
def test_nobody_else_opens_any(cast: Cast, who: str) -> None:
    done = hand_in(cast, AT)
    view = queries.get_case(cast.applicant, done.number)
    client = client_of(getattr(cast, who))
    for path in (f"cases/{done.number}/", f"papers/{view.papers[0].pk}/", f"files/{view.files[0].pk}/"):
        assert client.get(f"/desk/{path}").status_code in (302, 404)


def test_a_supervisor_of_another_county_sees_nothing(cast: Cast) -> None:
    done = hand_in(cast, AT)
    assert queries.find_case(cast.supervisor, done.number)
    Case.objects.filter(pk=done.case_id).update(township_id="340322100000")
    assert client_of(cast.supervisor).get(f"/desk/cases/{done.number}/").status_code == 404


# --- the inbox, page after page ----------------------------------------------------------------------------
@pytest.mark.parametrize("dated", [0, 20, 45, 70])
def test_a_list_of_what_waits_shows_every_step_once_with_a_day_or_without(cast: Cast, dated: int) -> None:
    done = hand_in(cast, AT)
    first = Step.objects.get(case_id=done.case_id, state="open")
    day = first.due_on
    assert day
    for place in range(69):
        first.pk, first.task_id = None, f"copy-{place}"
        first.due_on = day - timedelta(days=place % 2) if place < dated else None
        first.save()
    seen, after = list[int](), ""
    while True:
        page = queries.get_inbox(cast.clerk, after=after)
        seen += [row.step_id for row in page.rows]
        after = page.after
        if not after:
            break
    rows = sorted(Step.objects.filter(case_id=done.case_id), key=lambda one: (one.due_on or date.max, one.pk))
    assert seen == [one.pk for one in rows]
    assert len(seen) == 70
    assert queries.get_inbox(cast.clerk, after="undated_x").rows == queries.get_inbox(cast.clerk).rows


# --- what a refused form keeps -----------------------------------------------------------------------------
def decision(cast: Cast) -> tuple[str, dict[str, Any]]:
    """The address of a matter that waits for its decision, and what the form sends."""
    done = hand_in(cast, AT)
    take_to_decision(cast, AT, done.case_id)
    case = Case.objects.get(pk=done.case_id)
    step = open_step(done.case_id, cast.decider)
    return f"/desk/cases/{done.number}/", {"step": step, "revision": case.revision, "basis": "条例第十八条"}


@pytest.mark.parametrize("outcome", ["approve", "deny"])
def test_a_denial_without_reasons_stays_a_denial(cast: Cast, outcome: str) -> None:
    here, form = decision(cast)
    client = client_of(cast.decider)
    assert checked(text_of(client.get(here)), "outcome") == []
    answer = client.post(f"{here}decide/", {**form, "outcome": outcome, "reasons": ""})
    assert answer.status_code == 422
    assert checked(text_of(answer), "outcome") == [outcome]
    assert "决定要写明理由和依据" in text_of(answer)


def test_a_decision_needs_a_choice(cast: Cast) -> None:
    here, form = decision(cast)
    client = client_of(cast.decider)
    answer = client.post(f"{here}decide/", {**form, "reasons": "不符合年龄条件。"})
    assert (answer.status_code, checked(text_of(answer), "outcome")) == (422, [])
    assert "请先选择结论" in text_of(answer)
    assert "不符合年龄条件。" in text_of(answer)
    both = text_of(client.post(f"{here}decide/", form))
    assert "请先选择结论" in both and "请写明理由" in both
    assert Case.objects.get().outcome == ""


def test_a_disagreeing_review_without_words_stays_disagreeing(cast: Cast) -> None:
    done = hand_in(cast, AT)
    actions.accept_application(by=cast.clerk, at=AT, case_id=done.case_id, step_id=open_step(done.case_id, cast.clerk))
    form = {"step": open_step(done.case_id, cast.reviewer)}
    client = client_of(cast.reviewer)
    answer = client.post(f"/desk/cases/{done.number}/review/", {**form, "outcome": "disagree"})
    assert (answer.status_code, checked(text_of(answer), "outcome")) == (422, ["disagree"])
    answer = client.post(f"/desk/cases/{done.number}/review/", {**form, "opinion": "材料属实"})
    assert "请先选择结论" in text_of(answer) and "材料属实" in text_of(answer)


def test_a_refused_supplement_list_keeps_ticks_texts_and_note(cast: Cast) -> None:
    done = hand_in(cast, AT)
    client = client_of(cast.clerk)
    form = {
        "step": open_step(done.case_id, cast.clerk),
        "ask": ["bank_card", "other"],
        "what_bank_card": "看不清，请重拍",
        "note": "周五前补来",
    }
    answer = client.post(f"/desk/cases/{done.number}/ask/", form)
    page = text_of(answer)
    assert (answer.status_code, checked(page, "ask")) == (422, ["bank_card", "other"])
    assert "请一次列全" in page and 'value="看不清，请重拍"' in page and 'value="周五前补来"' in page
    wrong = client.post(f"/desk/cases/{done.number}/ask/", {**form, "ask": ["wedding"], "what_wedding": "交来"})
    assert (wrong.status_code, "没有这些材料：wedding" in text_of(wrong)) == (422, True)
    assert client.post(f"/desk/cases/{done.number}/ask/", {**form, "what_other": "户口簿"}).status_code == 302
    asked = queries.get_case(cast.applicant, done.number).supplement.items
    assert [(one["name"], one["what"]) for one in asked] == [
        ("社会保障卡", "看不清，请重拍"),
        ("其他", "户口簿"),
    ]


def test_a_wrong_pickup_code_keeps_what_was_typed(cast: Cast) -> None:
    here, form = decision(cast)
    assert client_of(cast.decider).post(f"{here}decide/", {**form, "outcome": "approve", "reasons": "符合条件。"})
    number = here.split("/")[3]
    case = Case.objects.get(number=number)
    actions.make_result(by=cast.county, at=AT, case_id=number, step_id=open_step(case.pk, cast.county))
    form = {"step": open_step(case.pk, cast.issuer), "code": "00OOPS", "signed_by": "张演示"}
    page = text_of(client_of(cast.issuer).post(f"{here}hand-out/", form))
    assert 'value="00OOPS"' in page and 'value="张演示"' in page


# --- old pages -----------------------------------------------------------------------------------------------
def test_a_stale_page_leads_to_the_matter_as_it_is(cast: Cast) -> None:
    done = hand_in(cast, AT)
    here, client = f"/desk/cases/{done.number}/", client_of(cast.clerk)
    form = {"step": open_step(done.case_id, cast.clerk), "revision": 1}
    assert client.post(f"{here}accept/", form).status_code == 302
    stale = client.post(f"{here}accept/", form)
    assert stale.status_code == 409
    assert f'<a href="{here}">重新打开这个办件' in text_of(stale)
    assert "刷新" not in text_of(stale)
    assert client.get(f"{here}accept/")["Location"] == here


# --- what decision tables say ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("unable", "told"),
    [
        ([], "具备生活自理能力"),
        (["eat", "bath"], "部分丧失生活自理能力"),
        (["eat", "dress", "bed", "toilet"], "完全丧失生活自理能力"),
    ],
)
def test_who_handles_a_matter_sees_what_the_table_says_and_that_it_decides_nothing(
    cast: Cast, unable: list[str], told: str
) -> None:
    """Law: tkbf-2021 art. 21, 22"""
    statement = actions.add_file(
        by=cast.applicant,
        at=AT,
        material_code="statement",
        upload=UploadedFile("声明.png", PICTURE),
        allowed=("jpg", "png", "pdf"),
    )
    answers = {"who_for": "self", "kind": "old", "ability": unable, "live": "home"}
    done = hand_in(cast, AT, item_code="A4-22", answers=answers, file_ids=(statement,))
    page = text_of(client_of(cast.clerk).get(f"/desk/cases/{done.number}/"))
    assert f"自理能力：<strong>{told}</strong>" in page
    assert "特困人员认定办法第二十二条" in page and "核实和认定由经办人作出" in page
    assert "特困人员自理能力" not in text_of(client_of(cast.clerk).get(f"/desk/cases/{hand_in(cast, AT).number}/"))
