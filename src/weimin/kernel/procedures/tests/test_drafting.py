"""Drafts: nothing is lost when two save, one proposes and another publishes, for drawings and tables alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from weimin.kernel.procedures import actions, queries
from weimin.kernel.procedures.access import NotKeeper
from weimin.kernel.procedures.models import DecisionTableVersion, DraftSave
from weimin.kernel.procedures.registry import Kind
from weimin.kernel.procedures.testing import SHIPPED, SHIPPED_TABLES, load_shipped
from weimin.kernel.procedures.tests.test_actions import CLERK, KEEPER
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.testing import empty_tables

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
ANNA, BELA, CILI = (replace(KEEPER, name=name, account_id=place) for place, name in enumerate(("安", "贝", "齐"), 71))
REASON = "名称写清楚一些。"
TEXTS: dict[Kind, tuple[str, str, str]] = {
    "procedure": (
        "promise",
        SHIPPED["promise"].read_text(encoding="utf-8").replace("受理审查", "当场受理审查"),
        SHIPPED["promise"].read_text(encoding="utf-8").replace('weimin:role="decider"', 'weimin:role="reviewer"'),
    ),
    "table": (
        "self_care",
        SHIPPED_TABLES["self_care"].read_text(encoding="utf-8").replace("六项全部达到", "六项都达到"),
        SHIPPED_TABLES["self_care"].read_text(encoding="utf-8").replace("[1..3]", "[1..2]"),
    ),
}
KINDS = pytest.mark.parametrize("kind", TEXTS)


@pytest.fixture(autouse=True)
def _empty(db: None) -> None:
    empty_tables("procedures_procedure", "procedures_decisiontable", "procedures_draftsave", "record_auditentry")
    load_shipped(AT)


def save(kind: Kind, *, by: Any = ANNA, xml: str = "", revision: int = 0) -> Any:
    code, good, _ = TEXTS[kind]
    return actions.save_draft(by=by, at=AT, kind=kind, code=code, name="名称", xml=xml or good, revision=revision)


def call(kind: Kind, revision: int = 1) -> dict[str, Any]:
    return {"at": AT, "kind": kind, "code": TEXTS[kind][0], "revision": revision}


@KINDS
def test_one_proposes_another_publishes(kind: Kind) -> None:
    code, good, _ = TEXTS[kind]
    before = queries.get_current(kind, code=code)
    save(kind)
    with pytest.raises(actions.DraftNotReady):
        actions.approve_draft(by=BELA, **call(kind))
    actions.propose_draft(by=ANNA, reason=REASON, **call(kind))
    with pytest.raises(actions.DraftNotReady):
        actions.propose_draft(by=BELA, reason=REASON, **call(kind))
    with pytest.raises(actions.SameHands):
        actions.approve_draft(by=ANNA, **call(kind))
    version = actions.approve_draft(by=BELA, **call(kind))
    assert (version.number, version.status) == (before.number + 1, "published")
    assert version.published_by_name.endswith("贝")
    assert queries.get_text(BELA, kind=kind, code=code, which=str(version.number)) == good
    assert queries.find_draft_view(BELA, kind=kind, code=code) is None
    with pytest.raises(actions.DraftMissing):
        actions.approve_draft(by=BELA, **call(kind))
    middle = "draft" if kind == "procedure" else "table"
    done = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {f"procedures.{middle}.saved", f"procedures.{middle}.proposed"} <= done


@KINDS
def test_who_saved_what_another_proposed_cannot_publish_it_either(kind: Kind) -> None:
    save(kind)
    actions.propose_draft(by=BELA, reason=REASON, **call(kind))
    for one in (ANNA, BELA):
        with pytest.raises(actions.SameHands):
            actions.approve_draft(by=one, **call(kind))
    assert actions.approve_draft(by=CILI, **call(kind)).number == 2


@KINDS
def test_the_second_of_two_who_save_is_told_and_both_texts_can_be_kept(kind: Kind) -> None:
    code, good, _ = TEXTS[kind]
    save(kind)
    mine = good.replace("\n</", "\n\n</")
    with pytest.raises(actions.DraftMoved) as moved:
        save(kind, by=BELA, xml=mine)
    assert "安" in moved.value.message and "没有保存" in moved.value.message
    assert queries.get_text(ANNA, kind=kind, code=code, which="draft") == good
    save(kind, by=BELA, xml=mine, revision=1)
    assert queries.get_text(ANNA, kind=kind, code=code, which="draft") == mine
    assert queries.get_text(ANNA, kind=kind, code=code, which="save-1") == good
    assert [one.revision for one in queries.list_saves(ANNA, kind=kind, code=code)] == [2, 1]


@KINDS
def test_saving_again_takes_the_proposal_back(kind: Kind) -> None:
    code, good, _ = TEXTS[kind]
    save(kind)
    actions.propose_draft(by=ANNA, reason=REASON, **call(kind))
    save(kind, xml=good.replace("\n</", "\n\n</"), revision=1)
    draft = queries.find_draft_view(ANNA, kind=kind, code=code)
    assert draft is not None and (draft.revision, draft.proposed_at) == (2, None)
    with pytest.raises(actions.DraftMoved):
        actions.approve_draft(by=BELA, **call(kind))


@KINDS
def test_saving_the_same_again_changes_nothing(kind: Kind) -> None:
    save(kind)
    actions.propose_draft(by=ANNA, reason=REASON, **call(kind))
    save(kind, revision=1)
    draft = queries.find_draft_view(ANNA, kind=kind, code=TEXTS[kind][0])
    assert draft is not None and draft.revision == 1 and draft.proposed_at == AT
    assert DraftSave.objects.count() == 1


@KINDS
def test_a_faulty_draft_is_kept_but_not_proposed(kind: Kind) -> None:
    bad = TEXTS[kind][2]
    assert any(one.level == "error" for one in save(kind, xml=bad))
    with pytest.raises(actions.ProcedureRefused) as refused:
        actions.propose_draft(by=ANNA, reason=REASON, **call(kind))
    assert refused.value.message.startswith(("流程图不能发布", "决策表不能发布"))
    assert queries.get_text(ANNA, kind=kind, code=TEXTS[kind][0], which="draft") == bad


@KINDS
def test_a_draft_is_given_back_with_a_reason(kind: Kind) -> None:
    save(kind)
    with pytest.raises(actions.DraftNotReady):
        actions.return_draft(by=BELA, reason=REASON, **call(kind))
    actions.propose_draft(by=ANNA, reason=REASON, **call(kind))
    with pytest.raises(actions.ReasonMissing):
        actions.return_draft(by=BELA, reason="不行", **call(kind))
    actions.return_draft(by=BELA, reason="县里的环节漏了，请补上。", **call(kind))
    draft = queries.find_draft_view(ANNA, kind=kind, code=TEXTS[kind][0])
    assert draft is not None and draft.returned_reason == "县里的环节漏了，请补上。" and draft.proposed_at is None


@KINDS
def test_only_keepers_touch_or_see_drafts(kind: Kind) -> None:
    save(kind)
    code = TEXTS[kind][0]
    for forbidden in (
        lambda: save(kind, by=CLERK, revision=1),
        lambda: actions.propose_draft(by=CLERK, reason=REASON, **call(kind)),
        lambda: actions.approve_draft(by=CLERK, **call(kind)),
        lambda: actions.return_draft(by=CLERK, reason=REASON, **call(kind)),
        lambda: queries.find_draft_view(CLERK, kind=kind, code=code),
        lambda: queries.get_text(CLERK, kind=kind, code=code, which="draft"),
        lambda: queries.list_kept(CLERK, kind=kind),
        lambda: queries.get_impact(CLERK, kind=kind, code=code, xml=""),
        lambda: queries.list_saves(CLERK, kind=kind, code=code),
        lambda: queries.get_kept(CLERK, kind=kind, code=code),
    ):
        with pytest.raises(NotKeeper):
            forbidden()


@pytest.mark.parametrize("change", [{"xml": "x"}, {"number": 9}, {"reason": "x"}, {"status": "draft"}])
def test_the_database_itself_keeps_a_published_table(change: dict[str, object]) -> None:
    rows = DecisionTableVersion.objects.filter(table__code="self_care")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows._raw_delete("default")


def test_impact_counts_matters_by_the_version_they_run_on() -> None:
    code, good, _ = TEXTS["procedure"]
    old = queries.get_current("procedure", code=code)
    for _ in range(2):
        actions.start_instance(by=CLERK, at=AT, version_id=old.version_id)
    save("procedure")
    actions.propose_draft(by=ANNA, reason=REASON, **call("procedure"))
    new = actions.approve_draft(by=BELA, **call("procedure"))
    actions.start_instance(by=CLERK, at=AT, version_id=new.version_id)
    impact = queries.get_impact(ANNA, kind="procedure", code=code, xml=good)
    assert impact.running == ((2, 1), (1, 2)) and impact.open_matters == 3
    row = next(one for one in queries.list_kept(ANNA, kind="procedure") if one.code == code)
    assert (row.open_matters, row.older_matters, row.number) == (3, 2, 2)


def test_a_table_is_read_in_its_version_in_force() -> None:
    verdict = queries.decide_by_table(code="self_care", answers={"ability": ["eat"]})
    assert (verdict.number, verdict.answer.row) == (1, 2)
    with pytest.raises(queries.ProcedureUnknown):
        queries.decide_by_table(code="nothing", answers={})
    assert queries.list_verdicts(("nothing",), answers={}) == ()
