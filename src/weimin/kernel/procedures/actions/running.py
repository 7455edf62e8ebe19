"""Running instances: begin one for a matter, finish its tasks, break it off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from weimin.base import counties
from weimin.base.errors import Conflict, NotFound
from weimin.kernel.procedures import queries
from weimin.kernel.procedures.models import Instance
from weimin.kernel.procedures.rules import engine
from weimin.kernel.procedures.types import Progress, Started
from weimin.kernel.record.types import Actor


class InstanceUnknown(NotFound):
    """No such instance."""

    code = "procedures.instance_unknown"


class InstanceFinished(Conflict):
    """The instance has come to its end."""

    code = "procedures.instance_finished"


def start_instance(
    *, by: Actor, at: datetime, version_id: int, data: Mapping[str, str] | None = None, place: str = ""
) -> Started:
    """Begin a version for one matter of a place; called inside the caller's transaction, which writes the audit entry.

    A retired version may still be started: an item keeps the version it was published with.

    Raises: ProcedureUnknown — no such version, or only a draft
            StartDataWrong — data is not what the procedure declares
    Cost:   one query; one more the first time in a process
    """
    progress = engine.start(queries.get_plan(version_id), data)
    instance = Instance.objects.create(
        version_id=version_id, state=progress.state, started_at=at, county=counties.county_of(place)
    )
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
