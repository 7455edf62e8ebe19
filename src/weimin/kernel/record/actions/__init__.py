"""Every write of the record: what accompanies a change, and what chains the trail."""

from weimin.kernel.record.actions.chaining import chain_entries
from weimin.kernel.record.actions.checking import check_chain, check_files, check_last_days, record_export
from weimin.kernel.record.actions.keeping import drop_blobs
from weimin.kernel.record.actions.lanes import deliver_outside, outside_topics
from weimin.kernel.record.actions.stores import (
    MAX_ATTEMPTS,
    MAX_FILE_BYTES,
    FileRefused,
    KeyReused,
    beat,
    deliver_outbox,
    do_once,
    forget_old,
    keep_answer,
    queue_event,
    queue_events,
    record_audit,
    remember,
    retry_failed,
    seal_file,
    store_blob,
    store_made,
)
from weimin.kernel.record.actions.years import YearOpen, YearUnknown, add_years, archive_year, drop_years

__all__ = [
    "MAX_ATTEMPTS",
    "MAX_FILE_BYTES",
    "FileRefused",
    "KeyReused",
    "YearOpen",
    "YearUnknown",
    "add_years",
    "archive_year",
    "beat",
    "chain_entries",
    "check_chain",
    "check_files",
    "check_last_days",
    "deliver_outbox",
    "deliver_outside",
    "do_once",
    "drop_blobs",
    "drop_years",
    "forget_old",
    "keep_answer",
    "outside_topics",
    "queue_event",
    "queue_events",
    "record_audit",
    "record_export",
    "remember",
    "retry_failed",
    "seal_file",
    "store_blob",
    "store_made",
]
