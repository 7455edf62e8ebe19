"""Contents that are no longer needed, that belong to nothing, or that move to another store."""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from weimin.base import contents
from weimin.base.contents import Store, StoreDown
from weimin.base.crypto import SealBroken
from weimin.base.errors import Refused
from weimin.kernel.record.actions.stores import lock_content
from weimin.kernel.record.models import Blob
from weimin.kernel.record.queries.stores import content_name, note_broken, open_raw

#: What this platform puts into a store beside notes: contents, and what a writer that died left of one.
_OURS = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/(?P<file>[0-9a-f]{64}|tmp\w+)|probe/[0-9a-f]{32}")
#: A content may be written long before its row is committed, but not this long.
SWEEP_AFTER = timedelta(days=1)
#: So many contents without a row are plausible at once, or one in ten of all.
_PLAUSIBLE = 100

log = logging.getLogger("weimin.files")


class SweepRefused(Refused):
    """So many contents have no row that the store is probably another database's."""

    code = "record.sweep_refused"


def drop_blobs(*, ids: list[int]) -> int:
    """Destroy contents that nothing refers to any more: their keys with the rows, the files once that is committed.

    A content that something still refers to stays. Gives how many went. Where the store does not answer, the sealed
    bytes stay without any key until the nightly sweep.

    Cost:   three queries a content, three more and one call of the store after the commit
    """
    gone: list[str] = []
    for blob in Blob.objects.filter(pk__in=ids).order_by("sha256"):
        lock_content(blob.sha256)
        try:
            with transaction.atomic():
                blob.delete()
        except ProtectedError:
            continue
        gone.append(blob.sha256)
    transaction.on_commit(lambda: _take_away(gone))
    return len(gone)


def _take_away(digests: list[str]) -> None:
    """Take away contents that nobody stored again meanwhile."""
    try:
        for sha256 in digests:
            with transaction.atomic():
                lock_content(sha256)
                if not Blob.objects.filter(sha256=sha256).exists():
                    contents.delete(content_name(sha256))
    except StoreDown:
        log.error("contents without a row stay until the nightly sweep: the store does not answer")


def sweep_contents(*, at: datetime, surely: bool = False) -> int:
    """Take away contents older than a day that no row knows: left by transactions that were abandoned.

    Raises: SweepRefused — over a hundred, and over one in ten, have no row, and nobody said `surely`
            StoreDown — the store does not answer; what is done is done
    Cost:   lists each store once; one query for five hundred contents, three more for each that goes
    """
    swept = 0
    for store in contents.stores():
        old = [one.name for one in store.walk() if one.at < at - SWEEP_AFTER and _OURS.fullmatch(one.name)]
        stray: list[str] = []
        for first in range(0, len(old), 500):
            digests = {one.rpartition("/")[2]: one for one in old[first : first + 500]}
            known = set(Blob.objects.filter(sha256__in=digests).values_list("sha256", flat=True))
            stray += [name for digest, name in digests.items() if digest not in known]
        if len(stray) > max(_PLAUSIBLE, len(old) // 10) and not surely:
            told = (
                f"文件库 {store.address} 里有 {len(stray)} 个文件在这个数据库里没有记录（共 {len(old)} 个），没有清理。"
            )
            raise SweepRefused(told + "请先确认数据库没有接错、不是恢复到了旧的时点；确认无误后加 --surely。")
        swept += sum(_sweep_one(store, name) for name in stray)
    return swept


def _sweep_one(store: Store, name: str) -> bool:
    sha256 = name.rpartition("/")[2]
    if len(sha256) != 64:
        store.delete(name)
        return True
    with transaction.atomic():
        lock_content(sha256)
        if Blob.objects.filter(sha256=sha256).exists():
            return False
        store.delete(name)
    return True


def move_content(*, blob_id: int, source: Store, target: Store, clear: bool = False) -> bool | None:
    """Copy one content to another store, read it back there, and with `clear` take it away here.

    Safe while others read, store and destroy it: its digest is locked meanwhile. What lies there already is left.

    Shape:  whether it was copied now; None when it is whole in neither store, which is noted
    Raises: StoreDown — a store does not answer; nothing was taken away
    Cost:   three queries; one call where it lies there already, three where it is copied
    """
    with transaction.atomic():
        blob = Blob.objects.filter(pk=blob_id).first()
        if blob is None:
            return False
        lock_content(blob.sha256)
        if not Blob.objects.filter(pk=blob_id).exists():
            return False
        name, copied = content_name(blob.sha256), False
        try:
            if not target.exists(name):
                raw = source.read(name)
                _check(blob, raw)
                target.write(name, raw)
                _check(blob, target.read(name))
                copied = True
            elif clear and source.exists(name):
                _check(blob, target.read(name))
            if clear:
                source.delete(name)
        except (OSError, SealBroken) as fault:
            note_broken(blob.sha256, type(fault).__name__)
            return None
    return copied


def _check(blob: Blob, raw: bytes) -> None:
    """Raises: SealBroken — what was read is not what was stored"""
    if hashlib.sha256(open_raw(blob, raw)).hexdigest() != blob.sha256:
        raise SealBroken("这个文件和存入时不同。")
