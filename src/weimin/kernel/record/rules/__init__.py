"""Pure decisions on records: what a file really is; the digest of an audit entry, and its chain."""

from weimin.kernel.record.rules.chain import (
    GENESIS,
    STRETCH,
    chain_all,
    check_day,
    check_rows,
    clean_changes,
    cut_day,
    day_digest,
    day_line,
    entry_digest,
    link,
    part_text,
)
from weimin.kernel.record.rules.files import MEDIA_TYPES, clean_name, extension_of, find_danger, picture_size, sniff

__all__ = [
    "GENESIS",
    "MEDIA_TYPES",
    "STRETCH",
    "chain_all",
    "check_day",
    "check_rows",
    "clean_changes",
    "clean_name",
    "cut_day",
    "day_digest",
    "day_line",
    "entry_digest",
    "extension_of",
    "find_danger",
    "link",
    "part_text",
    "picture_size",
    "sniff",
]
