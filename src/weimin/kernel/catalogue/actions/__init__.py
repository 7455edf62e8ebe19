"""Writes of the catalogue: loading files, drafting and publishing versions of list rows, offers of townships."""

from weimin.kernel.catalogue.actions.drift import DriftNotYours, request_drift, work_on_drift
from weimin.kernel.catalogue.actions.importing import (
    BatchElsewhere,
    ImportUnknown,
    Workbook,
    move_batch,
    start_import,
    work_on_imports,
)
from weimin.kernel.catalogue.actions.loading import (
    OfferHasNoBody,
    load_items,
    load_life_events,
    load_lists,
    load_offers,
    publish_item,
    read_item_files,
)
from weimin.kernel.catalogue.actions.misses import MissUnknown, count_miss, drop_miss, forget_misses
from weimin.kernel.catalogue.actions.offers import LocalFields, OfferBroken, change_offer, end_offer
from weimin.kernel.catalogue.actions.prints import PrintNotYours, note_print
from weimin.kernel.catalogue.actions.proposals import ProposalDone, answer_proposal, propose_change
from weimin.kernel.catalogue.actions.versions import (
    DraftChanged,
    Drafting,
    DraftStands,
    EndingOnly,
    RowBroken,
    StageNotYours,
    begin_draft,
    bring_into_force,
    drop_draft,
    publish_version,
    review_version,
    save_draft,
    submit_draft,
)

__all__ = [
    "BatchElsewhere",
    "DraftChanged",
    "DraftStands",
    "Drafting",
    "DriftNotYours",
    "EndingOnly",
    "ImportUnknown",
    "LocalFields",
    "MissUnknown",
    "OfferBroken",
    "OfferHasNoBody",
    "PrintNotYours",
    "ProposalDone",
    "RowBroken",
    "StageNotYours",
    "Workbook",
    "answer_proposal",
    "begin_draft",
    "bring_into_force",
    "change_offer",
    "count_miss",
    "drop_draft",
    "drop_miss",
    "end_offer",
    "forget_misses",
    "load_items",
    "load_life_events",
    "load_lists",
    "load_offers",
    "move_batch",
    "note_print",
    "propose_change",
    "publish_item",
    "publish_version",
    "read_item_files",
    "request_drift",
    "review_version",
    "save_draft",
    "start_import",
    "submit_draft",
    "work_on_drift",
    "work_on_imports",
]
