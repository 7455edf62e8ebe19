"""The disk guard: while the disk is pressing it deletes what is only convenience, in a fixed order, and says so.

Old log files go first, then what uploads left behind, then rows that nobody asks for any more, only as far as needed.
Audit, files and matters are never touched; when that does not help, files are taken in no more and all else goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from weimin.base import contents
from weimin.kernel.record import actions, queries
from weimin.kernel.record.types import Actor, Disk

log = logging.getLogger("weimin.disk")
BY = Actor.system("系统（磁盘保护）")
#: A day's log and a day's leftovers stay: somebody may be reading, or uploading.
_FRESH = timedelta(days=1)
_KEEP_ROWS = timedelta(days=7)
#: Ends of the names of log files that were rotated; the one that is being written has none of them.
_ROTATED = (".gz", ".xz", ".zst", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9")


def guard_disk(at: datetime, *, look: Callable[[], Disk] = queries.read_disk) -> dict[str, int]:
    """Delete step by step until the disk is no longer pressing; gives what went in each step that was taken.

    Cost:   one look at the disk when nothing is pressing
    """
    gone: dict[str, int] = {}
    while step := queries.next_shed(pressure=look().pressure, done=tuple(gone)):
        gone[step] = _STEPS[step](at)
        if gone[step]:
            log.warning("the disk fills: %s of %s deleted", gone[step], step)
            actions.record_shed(by=BY, at=at, step=step, gone=gone[step])
    return gone


def _logs(at: datetime) -> int:
    """Rotated log files in the folder of WEIMIN_LOGS, the oldest first; never anything outside of it."""
    if not settings.WEIMIN_LOGS:
        return 0
    folder = Path(settings.WEIMIN_LOGS)
    return _unlink(at, (one for one in folder.glob("*") if one.name.endswith(_ROTATED)))


def _temporary(at: datetime) -> int:
    """What uploads that broke off left beside the files."""
    folder = contents.folder_of_machine()
    return _unlink(at, folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/tmp*")) if folder else 0


def _unlink(at: datetime, paths: Iterable[Path]) -> int:
    gone = 0
    for one in paths:
        try:
            if one.is_file() and not one.is_symlink() and at.timestamp() - one.stat().st_mtime > _FRESH.total_seconds():
                one.unlink()
                gone += 1
        except OSError as fault:
            log.warning("a file could not be deleted: %s", type(fault).__name__)
    return gone


def _delivered(at: datetime) -> int:
    return actions.shed_rows(step="delivered", at=at, keep=_KEEP_ROWS)


def _answers(at: datetime) -> int:
    return actions.shed_rows(step="answers", at=at, keep=_KEEP_ROWS)


_STEPS: dict[str, Callable[[datetime], int]] = {
    "logs": _logs,
    "temporary": _temporary,
    "delivered": _delivered,
    "answers": _answers,
}
