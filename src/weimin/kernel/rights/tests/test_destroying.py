"""The end of keeping: proposed, checked, approved by another, carried out, certified; the chain stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from weimin.base import clock
from weimin.base.errors import Conflict, Forbidden, Invalid
from weimin.kernel.cases import queries as case_queries
from weimin.kernel.cases.models import Case, CaseFile, Paper, TimelineEntry
from weimin.kernel.cases.rules.numbers import receipt_code
from weimin.kernel.cases.testing import OTHER_TOWN, Cast, apart, client_of, hand_in, make_cast, officer, sweep, text_of
from weimin.kernel.evaluation.actions import rate_case
from weimin.kernel.evaluation.models import Rating
from weimin.kernel.messages.models import Message
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.models import AuditEntry, Blob
from weimin.kernel.record.queries import verify_chain
from weimin.kernel.record.testing import Stored, empty_tables
from weimin.kernel.record.tests.chain_help import link_all
from weimin.kernel.rights import access, actions, queries
from weimin.kernel.rights.actions.assessing import AssessmentMissing
from weimin.kernel.rights.models import Assessment, Destruction, DestructionLine
from weimin.kernel.rights.testing import archive_keeper, end_long_ago, township_leader
from weimin.ui.testing import sheet

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


@pytest.fixture
def cast(city: None, db: Any, settings: Any, tmp_path: Any) -> Iterator[Cast]:
    settings.WEIMIN_FILES = str(tmp_path)
    yield make_cast(AT)


def propose(at: datetime = AT) -> int:
    from weimin.kernel.record.types import Actor

    return actions.propose_destructions(by=Actor.system("系统（保管期满）"), at=at)


def work() -> None:
    while deliver_outbox(at=AT):
        pass


def test_nothing_is_destroyed_before_two_people_decided(cast: Cast) -> None:
    old = end_long_ago(cast, AT)
    hand_in(cast, AT)
    keeper, leader = archive_keeper(AT), township_leader(AT)
    assert propose() == 1
    assert propose() == 0, "a matter stands on one list"
    (row,) = queries.list_destructions(keeper)
    assert [one.number for one in queries.get_destruction(keeper, row.number).lines] == [old.number]
    with pytest.raises(Conflict):
        actions.decide_destruction(by=leader, at=AT, number=row.number, approve=True)
    with pytest.raises(Forbidden):
        actions.check_destruction(by=leader, at=AT, number=row.number)
    actions.check_destruction(by=keeper, at=AT, number=row.number)
    with pytest.raises(Forbidden):
        actions.decide_destruction(by=keeper, at=AT, number=row.number, approve=True)
    work()
    assert bytes(Case.objects.get(pk=old.pk).answers_sealed)
    for outsider in (cast.stranger, cast.clerk):
        assert queries.list_destructions(outsider) == []


def test_whoever_checked_does_not_approve_even_as_leader(cast: Cast) -> None:
    from dataclasses import replace

    end_long_ago(cast, AT)
    propose()
    both = replace(archive_keeper(AT), roles=frozenset({"archive_keeper", "leader"}))
    number = Destruction.objects.get().number
    actions.check_destruction(by=both, at=AT, number=number)
    with pytest.raises(Forbidden, match="不能自己批准"):
        actions.decide_destruction(by=both, at=AT, number=number, approve=True)


def test_a_matter_of_31_years_ago_is_destroyed_and_its_trail_stays(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    old = end_long_ago(cast, AT)
    file = CaseFile.objects.get(case=old).blob
    rate_case(by=cast.applicant, at=AT, number=old.number, grade=5, comment="等了很久")
    work()
    assert Message.objects.filter(number=old.number).exists()
    keeper, leader = archive_keeper(AT), township_leader(AT)
    propose()
    number = Destruction.objects.get().number
    actions.check_destruction(by=keeper, at=AT, number=number)
    actions.decide_destruction(by=leader, at=AT, number=number, approve=True)
    before = AuditEntry.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        work()
    gone = Case.objects.get(pk=old.pk)
    assert (bytes(gone.answers_sealed), gone.post_sealed, gone.applicant_id) == (b"", None, None)
    assert (gone.applicant_shown, gone.destroyed_under) == ("已销毁", number)
    for table in (Paper, TimelineEntry, CaseFile):
        assert not table.objects.filter(case=old).exists()
    assert not Blob.objects.filter(pk=file.pk).exists() and not Stored(file.sha256).exists()
    assert {one.reasons for one in gone.decisions.all()} == {""}
    assert Rating.objects.get(case=old).comment == ""
    assert not Message.objects.filter(number=old.number).exists()
    assert AuditEntry.objects.filter(subject_id=old.number, verb="cases.case.received").exists()
    assert AuditEntry.objects.count() > before
    row = Destruction.objects.get()
    assert row.state == "done" and len(row.digest) == 64
    assert queries.draw_certificate(keeper, number).startswith(b"%PDF")
    assert case_queries.get_case(cast.supervisor, old.number).answers == {}
    work()
    actions.carry_out(at=AT, payload={"number": number})
    assert AuditEntry.objects.filter(verb="rights.destruction.done").count() == 1


def test_the_chain_verifies_after_a_destruction(
    city: None, settings: Any, tmp_path: Any, django_db_blocker: Any
) -> None:
    """Really committed: what was destroyed leaves its entries in the chain, and every digest still fits."""
    settings.WEIMIN_FILES = str(tmp_path)

    def destroy() -> str:
        cast = make_cast(AT)
        old = end_long_ago(cast, AT)
        keeper, leader = archive_keeper(AT), township_leader(AT)
        propose()
        number = Destruction.objects.get().number
        actions.check_destruction(by=keeper, at=AT, number=number)
        actions.decide_destruction(by=leader, at=AT, number=number, approve=True)
        work()
        link_all(AT)
        assert Case.objects.get(pk=old.pk).destroyed_under == number
        verdict = verify_chain()
        assert verdict.good and verdict.looked == AuditEntry.objects.count()
        return old.number

    with django_db_blocker.unblock():
        try:
            assert apart(destroy)
        finally:
            empty_tables("rights_destruction", "record_auditlink", "record_auditday", "record_chainstate")
            sweep()


def test_the_public_check_of_a_receipt_names_the_certificate(cast: Cast) -> None:
    from django.test import Client

    old = end_long_ago(cast, AT)
    Case.objects.filter(pk=old.pk).update(destroyed_under="XH1")
    page = text_of(Client().get("/verify/", {"n": old.number, "c": receipt_code(old.number)}))
    assert "销毁证书编号" in page and "XH1" in page


def test_a_held_matter_is_left_out_before_and_after_the_decision(cast: Cast) -> None:
    first, second = end_long_ago(cast, AT), end_long_ago(cast, AT)
    keeper, leader = archive_keeper(AT), township_leader(AT)
    propose()
    number = Destruction.objects.get().number
    with pytest.raises(Invalid):
        actions.place_hold(by=keeper, at=AT, number=first.number, kind="lawsuit", note="")
    actions.place_hold(by=keeper, at=AT, number=first.number, kind="lawsuit", note="(2026)皖行初1号")
    actions.check_destruction(by=keeper, at=AT, number=number)
    actions.decide_destruction(by=leader, at=AT, number=number, approve=True)
    work()
    assert Case.objects.get(pk=first.pk).destroyed_under == ""
    assert Case.objects.get(pk=second.pk).destroyed_under == number
    later = AT + timedelta(days=1)
    assert propose(later) == 0
    actions.lift_hold(by=keeper, at=later, number=first.number)
    assert propose(later) == 1


@pytest.mark.parametrize(
    ("ended", "lists"), [(datetime(1995, 12, 31, 4, tzinfo=UTC), 1), (datetime(2025, 1, 5, tzinfo=UTC), 0)]
)
def test_only_what_is_over_is_listed(cast: Cast, ended: datetime, lists: int) -> None:
    end_long_ago(cast, AT, ended)
    assert propose() == lists


def test_a_refused_list_says_why_and_rests_a_year(cast: Cast) -> None:
    end_long_ago(cast, AT)
    keeper, leader = archive_keeper(AT), township_leader(AT)
    propose()
    number = Destruction.objects.get().number
    actions.check_destruction(by=keeper, at=AT, number=number)
    with pytest.raises(Invalid):
        actions.decide_destruction(by=leader, at=AT, number=number, approve=False)
    actions.decide_destruction(by=leader, at=AT, number=number, approve=False, reason="移交县档案馆")
    assert propose(AT + timedelta(days=100)) == 0
    assert propose(AT + timedelta(days=400)) == 1


def test_the_pages_lead_from_list_to_certificate(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    end_long_ago(cast, AT)
    now = clock.now() - timedelta(hours=1)
    keeper, leader = archive_keeper(now), township_leader(now)
    propose()
    number = Destruction.objects.get().number
    here = f"/desk/retention/{number}/"
    desk = client_of(keeper)
    assert number in text_of(desk.get("/desk/retention/"))
    assert "已核对，报领导批准" in text_of(desk.get(here))
    assert desk.post(here, {"do": "check"}).status_code == 302
    assert desk.post(here, {"do": "approve"}).status_code == 403
    head = client_of(leader)
    assert "批准销毁" in text_of(head.get(here))
    assert head.post(here, {"do": "approve"}).status_code == 302
    while deliver_outbox(at=clock.now()):
        pass
    assert "销毁证书" in text_of(head.get(here))
    assert head.get(f"/desk/retention/{number}.pdf").content.startswith(b"%PDF")
    assert client_of(cast.clerk).get(here).status_code == 403
    (line,) = sheet(head.get(f"/desk/retention/{number}.xlsx"))[1:]
    assert line[0] == DestructionLine.objects.get().number
    assert line[5] is not None


# --- impact assessments --------------------------------------------------------------------------------
def _record(**changes: Any) -> dict[str, Any]:
    fields = [{"name": "account", "type": "text", "label": "银行账号"}]
    return {"code": "X-1", "area": "Z9", "form": {"pages": [{"title": "一", "fields": fields}]}, **changes}


def test_a_county_bodys_head_decides_on_no_townships_list(cast: Cast) -> None:
    end_long_ago(cast, AT)
    propose()
    head, number = township_leader(AT), Destruction.objects.get().number
    assert [one.number for one in queries.list_destructions(head)] == [number]
    above = replace(head, division_code=head.division_code[:6])
    assert queries.list_destructions(above) == []
    with pytest.raises(queries.DestructionUnknown):
        actions.decide_destruction(by=above, at=AT, number=number, approve=True)


@pytest.mark.parametrize("sent", [{}, {"do": "x"}, {"do": "hold", "kind": "x"}, {"do": "check"}])
def test_whoever_may_not_see_a_list_is_told_so_whatever_they_send(cast: Cast, sent: dict[str, str]) -> None:
    end_long_ago(cast, AT)
    propose()
    here = f"/desk/retention/{Destruction.objects.get().number}/"
    assert client_of(officer(AT, "accepting", ("archive_keeper",), town=OTHER_TOWN)).post(here, sent).status_code == 404
    mine = client_of(archive_keeper(AT)).post(here, sent)
    assert mine.status_code == (302 if sent == {"do": "check"} else 422)


def test_an_item_that_asks_sensitive_data_is_not_published_before_it_was_assessed(cast: Cast) -> None:
    from dataclasses import replace

    keeper = replace(cast.county, roles=frozenset({"list_keeper"}))
    with pytest.raises(AssessmentMissing, match="金融账户"):
        actions.check_assessed(by=keeper, at=AT, record=_record())
    actions.check_assessed(by=keeper, at=AT, record=_record(form={"pages": []}))
    texts = dict.fromkeys(("title", "processing", "necessity", "risks", "measures"), "演示评估的内容写在这里")
    with pytest.raises(access.AssessmentNotYours):
        actions.record_assessment(
            by=replace(cast.clerk, roles=keeper.roles),
            at=AT,
            scope="X-1",
            texts=texts,
            made_on=AT.date(),
            review_on=date(2027, 3, 1),
        )
    with pytest.raises(Invalid):
        actions.record_assessment(
            by=keeper, at=AT, scope="X-1", texts={}, made_on=date(2026, 3, 1), review_on=date(2026, 2, 1)
        )
    actions.record_assessment(
        by=keeper, at=AT, scope="X-1", texts=texts, made_on=date(2026, 3, 1), review_on=date(2027, 3, 1)
    )
    actions.check_assessed(by=keeper, at=AT, record=_record())
    with pytest.raises(AssessmentMissing):
        actions.check_assessed(by=keeper, at=AT + timedelta(days=600), record=_record())


def test_the_items_that_come_with_the_platform_are_assessed(cast: Cast) -> None:
    from weimin.kernel.catalogue.types import AREAS

    actions.load_assessments(by=cast.clerk, at=AT)
    assert actions.load_assessments(by=cast.clerk, at=AT) == 0
    assert set(Assessment.objects.values_list("scope", flat=True)) == set(AREAS)
