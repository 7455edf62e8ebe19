"""Writes of the catalogue: loading files, drafting and publishing versions of list rows, offers of townships."""

from weimin.kernel.catalogue.actions.loading import (
    OfferHasNoBody,
    load_items,
    load_life_events,
    load_lists,
    load_offers,
    publish_item,
    read_item_files,
)
from weimin.kernel.catalogue.actions.offers import LocalFields, OfferBroken, change_offer, end_offer
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
    "DraftChanged",
    "DraftStands",
    "Drafting",
    "EndingOnly",
    "LocalFields",
    "OfferBroken",
    "OfferHasNoBody",
    "ProposalDone",
    "RowBroken",
    "StageNotYours",
    "answer_proposal",
    "begin_draft",
    "bring_into_force",
    "change_offer",
    "drop_draft",
    "end_offer",
    "load_items",
    "load_life_events",
    "load_lists",
    "load_offers",
    "propose_change",
    "publish_item",
    "publish_version",
    "read_item_files",
    "review_version",
    "save_draft",
    "submit_draft",
]
