"""Writes of procedures and decision tables: drafts, publishing by two people, running instances for matters."""

from weimin.kernel.procedures.actions.drafting import (
    DraftMissing,
    DraftMoved,
    DraftNotReady,
    ReasonMissing,
    SameHands,
    approve_draft,
    propose_draft,
    return_draft,
    save_draft,
)
from weimin.kernel.procedures.actions.running import (
    InstanceFinished,
    InstanceUnknown,
    complete_task,
    start_instance,
    stop_instance,
)
from weimin.kernel.procedures.actions.versions import (
    ProcedureNameBad,
    ProcedureRefused,
    load_procedures,
    publish_procedure,
)

__all__ = [
    "DraftMissing",
    "DraftMoved",
    "DraftNotReady",
    "InstanceFinished",
    "InstanceUnknown",
    "ProcedureNameBad",
    "ProcedureRefused",
    "ReasonMissing",
    "SameHands",
    "approve_draft",
    "complete_task",
    "load_procedures",
    "propose_draft",
    "publish_procedure",
    "return_draft",
    "save_draft",
    "start_instance",
    "stop_instance",
]
