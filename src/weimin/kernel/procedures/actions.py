"""Writes of procedures: draft, publish, and run instances for matters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Max

from weimin.base.crypto import sm3_hex
from weimin.base.errors import Conflict, Invalid, NotFound, Refused
from weimin.kernel.procedures import queries
from weimin.kernel.procedures.access import check_keep
from weimin.kernel.procedures.models import Instance, Procedure, ProcedureVersion
from weimin.kernel.procedures.rules import engine
from weimin.kernel.procedures.rules.check import Checked, check_xml
from weimin.kernel.procedures.types import (
    Finding,
    Loaded,
    Progress,
    Started,
    VersionView,
)
from weimin.kernel.record.actions import record_audit
from weimin.kernel.record.types import Actor

DATA = Path(__file__).parent / "data"
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


class ProcedureRefused(Refused):
    """The checker found errors in a drawing; `findings` holds all it found."""

    code = "procedures.refused"

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        errors = [one for one in findings if one.level == "error"]
        fields: dict[str, str] = {}
        for one in errors:
            told = one.message_zh + (f"走法：{one.path}。" if one.path else "")
            fields[one.where or "xml"] = fields.get(one.where or "xml", "") + told
        shown = "".join(one.message_zh for one in errors[:3])
        more = f"另有 {len(errors) - 3} 处，请逐条看。" if len(errors) > 3 else ""
        super().__init__(f"流程图不能发布，有 {len(errors)} 处问题：{shown}{more}", fields=fields)
        self.findings = findings


class ProcedureNameBad(Invalid):
    """The code or name of a procedure cannot be used."""

    code = "procedures.name_bad"


class InstanceUnknown(NotFound):
    """No such instance."""

    code = "procedures.instance_unknown"


class InstanceFinished(Conflict):
    """The instance has come to its end."""

    code = "procedures.instance_finished"


def load_procedures(*, by: Actor, at: datetime, folder: Path = DATA) -> Loaded:
    """Publish each shipped drawing that differs from the version in force; idempotent.

    The file's name is the procedure's code, the name in the drawing is its name.

    Raises: NotKeeper — the actor may not
            ProcedureRefused — a drawing has errors; nothing of the folder is published then
    Cost:   one query for each file, six more for each one that changed
    """
    check_keep(by)
    published: list[VersionView] = []
    unchanged: list[str] = []
    with transaction.atomic():
        for path in sorted(folder.glob("*.bpmn")):
            xml = path.read_text(encoding="utf-8")
            digest = sm3_hex(xml.encode())
            same = ProcedureVersion.objects.filter(procedure__code=path.stem, status="published", digest=digest)
            if same.exists():
                unchanged.append(path.stem)
                continue
            checked = check_xml(xml)
            _refuse_errors(checked)
            assert checked.graph is not None
            published.append(_publish(by, at, path.stem, checked.graph.name, xml))
    return Loaded(tuple(published), tuple(unchanged))


def save_draft(*, by: Actor, at: datetime, code: str, name: str, xml: str) -> tuple[Finding, ...]:
    """Keep a drawing as the one draft of its procedure, and tell what is still wrong with it.

    A draft may have errors, but not unsafe XML.

    Raises: NotKeeper — the actor may not
            ProcedureNameBad — the code or name cannot be used
            ProcedureRefused — the text is not a safe BPMN file
    Cost:   five queries
    """
    check_keep(by)
    _check_names(code, name)
    checked = check_xml(xml)
    if any(one.rule.startswith("xml.") for one in checked.errors):
        raise ProcedureRefused(checked.findings)
    digest = sm3_hex(xml.encode())
    with transaction.atomic():
        procedure = _lock_procedure(code, name)
        draft = ProcedureVersion.objects.filter(procedure=procedure, status="draft").first()
        if draft is None:
            ProcedureVersion.objects.create(procedure=procedure, xml=xml, digest=digest, status="draft")
        else:
            ProcedureVersion.objects.filter(pk=draft.pk).update(xml=xml, digest=digest)
        record_audit(
            by=by,
            at=at,
            verb="procedures.draft.saved",
            subject_type="procedure",
            subject_id=code,
            changes={"digest": [draft.digest if draft else None, digest]},
        )
    return checked.findings


def publish_procedure(*, by: Actor, at: datetime, code: str, name: str, xml: str) -> VersionView:
    """Put a drawing in force as the next version of its procedure, and retire the one before.

    Open matters keep the version they started with. Publishing what is in force already changes nothing. A draft
    with the same content becomes the version; any other draft stays.

    Raises: NotKeeper — the actor may not
            ProcedureNameBad — the code or name cannot be used
            ProcedureRefused — the checker found errors; it carries all findings
    Law:    xkl-2019 art. 32, 34, 38, 44
    Cost:   about seven queries; locks the procedure until commit
    """
    check_keep(by)
    _check_names(code, name)
    _refuse_errors(check_xml(xml))
    with transaction.atomic():
        return _publish(by, at, code, name, xml)


def _check_names(code: str, name: str) -> None:
    fields = {}
    if not _CODE.fullmatch(code):
        fields["code"] = "代码由小写字母、数字和下划线组成，2 到 40 个字符。"
    if not name.strip() or len(name.strip()) > 60:
        fields["name"] = "名称要填写，最多 60 个字。"
    if fields:
        raise ProcedureNameBad("流程的代码或名称不能用，请改一下。", fields=fields)


def _refuse_errors(checked: Checked) -> None:
    if checked.errors:
        raise ProcedureRefused(checked.findings)


def _lock_procedure(code: str, name: str) -> Procedure:
    Procedure.objects.bulk_create([Procedure(code=code, name=name.strip())], ignore_conflicts=True)
    return Procedure.objects.select_for_update().get(code=code)


def _next_number(procedure: Procedure) -> int:
    found = ProcedureVersion.objects.filter(procedure=procedure).aggregate(last=Max("number"))
    return int(found["last"] or 0) + 1


def _publish(by: Actor, at: datetime, code: str, name: str, xml: str) -> VersionView:
    digest = sm3_hex(xml.encode())
    procedure = _lock_procedure(code, name)
    versions = ProcedureVersion.objects.filter(procedure=procedure)
    before = versions.filter(status="published").only("pk", "number", "digest").first()
    if procedure.name != name.strip():
        procedure.name = name.strip()
        procedure.save(update_fields=["name"])
    if before is not None and before.digest == digest:
        return queries.get_current_version(code=code)
    if before is not None:
        versions.filter(pk=before.pk).update(status="retired")
    fields: dict[str, Any] = {
        "xml": xml,
        "digest": digest,
        "status": "published",
        "published_at": at,
        "published_by_name": by.label[:120],
        "number": _next_number(procedure),
    }
    if not versions.filter(status="draft", digest=digest).update(**fields):
        ProcedureVersion.objects.create(procedure=procedure, **fields)
    current = queries.get_current_version(code=code)
    record_audit(
        by=by,
        at=at,
        verb="procedures.version.published",
        subject_type="procedure",
        subject_id=code,
        changes={"number": [before.number if before else None, current.number], "digest": digest},
    )
    return current


def start_instance(*, by: Actor, at: datetime, version_id: int, data: Mapping[str, str] | None = None) -> Started:
    """Begin a version for one matter; called inside the caller's transaction, which writes the audit entry.

    A retired version may still be started: an item keeps the version it was published with.

    Raises: ProcedureUnknown — no such version, or only a draft
            StartDataWrong — data is not what the procedure declares
    Cost:   one query; one more the first time in a process
    """
    progress = engine.start(queries.get_plan(version_id), data)
    instance = Instance.objects.create(version_id=version_id, state=progress.state, started_at=at)
    return Started(instance.pk, progress.ready)


def complete_task(*, by: Actor, at: datetime, instance_id: int, task_id: str, outcome: str) -> Progress:
    """Finish an open task and run on; called inside the caller's transaction, which writes the audit entry.

    Raises: InstanceUnknown — no such instance
            InstanceFinished — it has come to its end
            StepGone — the task is not open, as when a colleague was quicker
            OutcomeUnknown — the task does not offer the outcome
    Cost:   two queries; locks the instance row until commit
    """
    instance = _lock_running(instance_id)
    plan = queries.get_plan(instance.version_id)
    progress = engine.complete(plan, instance.state, task_id, outcome)
    _save(instance, at, progress)
    return progress


def stop_instance(*, by: Actor, at: datetime, instance_id: int, reason: str) -> Progress:
    """Break an instance off, as when the matter is withdrawn or lapses; inside the caller's transaction.

    Shape:  cancelled holds the ids of the tasks that were open
    Raises: InstanceUnknown — no such instance
            InstanceFinished — it has come to its end
    Cost:   two queries; locks the instance row until commit
    """
    instance = _lock_running(instance_id)
    progress = engine.stop(queries.get_plan(instance.version_id), instance.state, reason=reason)
    _save(instance, at, progress)
    return progress


def _lock_running(instance_id: int) -> Instance:
    instance = Instance.objects.select_for_update().filter(pk=instance_id).first()
    if instance is None:
        raise InstanceUnknown("没有这个流程实例。")
    if instance.finished_at is not None:
        raise InstanceFinished("这个办件的流程已经走完，请重新打开办件看最新情况。")
    return instance


def _save(instance: Instance, at: datetime, progress: Progress) -> None:
    instance.state = progress.state
    instance.finished_at = at if progress.finished else None
    instance.save(update_fields=["state", "finished_at"])
