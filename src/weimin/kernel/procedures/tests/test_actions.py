"""Publishing and running procedures against the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from weimin.kernel.procedures import actions, queries
from weimin.kernel.procedures.access import NotKeeper
from weimin.kernel.procedures.models import Instance, ProcedureVersion
from weimin.kernel.procedures.rules.engine import StepGone
from weimin.kernel.procedures.testing import SHIPPED, SHIPPED_TABLES, load_shipped
from weimin.kernel.procedures.types import VersionView
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.testing import empty_tables
from weimin.kernel.record.types import Actor

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)
KEEPER = Actor(
    kind="staff",
    name="清单员",
    post_id=1,
    agency_id=1,
    agency_name="市政务服务局",
    roles=frozenset({"list_keeper"}),
)
CLERK = Actor(kind="staff", name="窗口员", post_id=2, agency_id=2, roles=frozenset({"front_desk"}))
XML = SHIPPED["promise"].read_text(encoding="utf-8")
OTHER = XML.replace("乡镇承诺办结", "乡镇限时办结")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty(db: None) -> None:
    """These tests begin without procedures, whatever a session has loaded; the test's end brings them back."""
    empty_tables("procedures_procedure", "procedures_decisiontable", "procedures_draftsave", "record_auditentry")


def publish(xml: str = XML, *, by: Actor = KEEPER, at: datetime = AT) -> VersionView:
    return actions.publish_procedure(by=by, at=at, code="promise", name="乡镇承诺办结", xml=xml)


def test_loading_is_idempotent_and_leaves_one_audit_entry_each() -> None:
    loaded = load_shipped(AT)
    assert [one.code for one in loaded.published] == [*sorted(SHIPPED), *sorted(SHIPPED_TABLES)]
    again = load_shipped(LATER)
    assert again.published == () and again.unchanged == (*sorted(SHIPPED), *sorted(SHIPPED_TABLES))
    assert AuditEntry.objects.filter(verb="procedures.version.published").count() == len(SHIPPED)
    assert [one.number for one in queries.list_current_versions()] == [1] * len(SHIPPED)


def test_loading_again_keeps_what_a_keeper_published_since() -> None:
    load_shipped(AT)
    changed = publish(OTHER, at=LATER)
    assert load_shipped(LATER).published == ()
    assert queries.get_current_version(code="promise") == changed


def test_a_new_version_retires_the_one_before_and_open_matters_keep_theirs() -> None:
    first = publish()
    started = actions.start_instance(by=CLERK, at=AT, version_id=first.version_id)
    second = publish(OTHER, at=LATER)
    assert (second.number, second.published_by_name) == (2, "市政务服务局 清单员")
    assert queries.get_current_version(code="promise") == second
    assert queries.get_version(first.version_id).status == "retired"
    progress = actions.complete_task(
        by=CLERK,
        at=LATER,
        instance_id=started.instance_id,
        task_id=started.ready[0].task_id,
        outcome="accept",
    )
    assert [task.task_id for task in progress.ready] == ["review#1"]
    assert Instance.objects.get().version_id == first.version_id
    assert queries.get_picture(first.version_id) == XML
    assert [one.number for one in queries.list_versions(code="promise")] == [2, 1]


def test_publishing_the_same_again_changes_nothing() -> None:
    assert publish() == publish(at=LATER)


def test_a_bad_drawing_is_refused_with_every_finding_and_nothing_is_kept() -> None:
    bad = XML.replace('weimin:role="decider"', 'weimin:role="reviewer"').replace('weimin:role="front_desk"', "")
    with pytest.raises(actions.ProcedureRefused) as refused:
        publish(bad)
    assert {one.rule for one in refused.value.findings} == {"task.role", "task.incomplete"}
    assert set(refused.value.fields) == {"accept", "decide"}
    assert refused.value.message.startswith("流程图不能发布，有 2 处问题：")
    assert not ProcedureVersion.objects.exists()


def test_only_list_keepers_change_procedures() -> None:
    with pytest.raises(NotKeeper):
        publish(by=CLERK)
    with pytest.raises(NotKeeper):
        actions.save_draft(by=CLERK, at=AT, code="promise", name="名称", xml=XML)
    with pytest.raises(NotKeeper):
        queries.find_draft(CLERK, code="promise")


def test_code_and_name_are_checked() -> None:
    with pytest.raises(actions.ProcedureNameBad) as bad:
        actions.publish_procedure(by=KEEPER, at=AT, code="../x", name=" ", xml=XML)
    assert set(bad.value.fields) == {"code", "name"}


def test_a_draft_may_be_wrong_but_not_unsafe_and_becomes_the_version() -> None:
    wrong = XML.replace('weimin:role="decider"', 'weimin:role="reviewer"')
    found = actions.save_draft(by=KEEPER, at=AT, code="promise", name="乡镇承诺办结", xml=wrong)
    assert [one.rule for one in found] == ["task.role"]
    with pytest.raises(queries.ProcedureUnknown):
        queries.get_current_version(code="promise")
    draft_id = ProcedureVersion.objects.get().pk
    with pytest.raises(queries.ProcedureUnknown):
        queries.get_picture(draft_id)
    assert actions.save_draft(by=KEEPER, at=AT, code="promise", name="乡镇承诺办结", xml=XML) == ()
    assert queries.find_draft(KEEPER, code="promise") == XML
    assert publish().version_id == draft_id
    assert queries.find_draft(KEEPER, code="promise") is None
    with pytest.raises(actions.ProcedureRefused):
        actions.save_draft(by=KEEPER, at=AT, code="promise", name="名称", xml="<!DOCTYPE a>" + XML)


def test_loading_leaves_a_different_draft_alone() -> None:
    actions.save_draft(by=KEEPER, at=AT, code="promise", name="乡镇承诺办结", xml=OTHER)
    load_shipped(AT)
    assert queries.find_draft(KEEPER, code="promise") == OTHER
    assert publish(OTHER).number == 2


@pytest.mark.parametrize("change", [{"xml": "x"}, {"digest": "x"}, {"number": 9}, {"status": "draft"}])
def test_the_database_itself_keeps_what_was_published(change: dict[str, object]) -> None:
    version = publish()
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcedureVersion.objects.filter(pk=version.version_id).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcedureVersion.objects.filter(pk=version.version_id)._raw_delete("default")
    assert queries.get_version(version.version_id) == version


def test_an_instance_runs_in_one_and_two_queries(django_assert_num_queries: Any) -> None:
    version = publish()
    queries.get_plan(version.version_id)
    with django_assert_num_queries(1):
        started = actions.start_instance(by=CLERK, at=AT, version_id=version.version_id, data={})
    assert queries.list_ready(started.instance_id) == started.ready
    path = [
        ("accept", "accept"),
        ("review", "agree"),
        ("decide", "deny"),
        ("result", "done"),
        ("issue", "done"),
    ]
    for bpmn_id, outcome in path:
        with django_assert_num_queries(2):
            progress = actions.complete_task(
                by=CLERK, at=LATER, instance_id=started.instance_id, task_id=f"{bpmn_id}#1", outcome=outcome
            )
    assert progress.finished and progress.end_name == "办结"
    assert Instance.objects.get().finished_at == LATER
    with pytest.raises(actions.InstanceFinished):
        actions.complete_task(by=CLERK, at=LATER, instance_id=started.instance_id, task_id="issue#1", outcome="done")


def test_the_second_of_two_clerks_is_told() -> None:
    started = actions.start_instance(by=CLERK, at=AT, version_id=publish().version_id)
    call: dict[str, Any] = {
        "by": CLERK,
        "at": AT,
        "instance_id": started.instance_id,
        "task_id": "accept#1",
        "outcome": "accept",
    }
    actions.complete_task(**call)
    with pytest.raises(StepGone):
        actions.complete_task(**call)


def test_a_withdrawn_matter_stops_its_instance() -> None:
    started = actions.start_instance(by=CLERK, at=AT, version_id=publish().version_id)
    stopped = actions.stop_instance(by=CLERK, at=LATER, instance_id=started.instance_id, reason="撤回")
    assert stopped.cancelled == ("accept#1",)
    assert queries.list_ready(started.instance_id) == ()
    with pytest.raises(actions.InstanceFinished):
        actions.stop_instance(by=CLERK, at=LATER, instance_id=started.instance_id, reason="撤回")


def test_unknown_ids_are_not_found() -> None:
    with pytest.raises(queries.ProcedureUnknown):
        actions.start_instance(by=CLERK, at=AT, version_id=10**12)
    with pytest.raises(actions.InstanceUnknown):
        actions.complete_task(by=CLERK, at=AT, instance_id=10**12, task_id="a#1", outcome="done")
    with pytest.raises(queries.ProcedureUnknown):
        queries.list_tasks(10**12)
